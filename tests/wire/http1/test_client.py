from __future__ import annotations

import pytest

from trio_helianthus.errors import LocalProtocolError
from trio_helianthus.wire import NEED_DATA, PAUSED
from trio_helianthus.wire.http1 import (
    BadMessage,
    ConnectionClosed,
    Data,
    EndOfMessage,
    Event,
    HTTP1Connection,
    InformationalResponse,
    Request,
    Response,
    Role,
    client_connection,
)

HOST = [(b"Host", b"a")]
LENGTH_AND_CHUNKS = [(b"Content-Length", b"1"), (b"Transfer-Encoding", b"chunked")]


def client_that_sent(method: str = "GET") -> HTTP1Connection:
    connection = client_connection()
    connection.send(Request(method, b"/", HOST), EndOfMessage())
    return connection


def events_of(connection: HTTP1Connection, data: bytes) -> list[Event]:
    connection.receive_data(data)
    events = []
    while (event := connection.next_event()) is not NEED_DATA and event is not PAUSED:
        events.append(event)
    return events


def test_a_client_knows_its_role() -> None:
    assert client_connection().role is Role.CLIENT


def test_a_request_leaves_with_its_host_first_and_names_as_they_were_given() -> None:
    sent = client_connection().send(
        Request("POST", b"/a", [(b"content-LENGTH", b"2"), (b"Host", b"a")]),
        Data(b"hi"),
        EndOfMessage(),
    )
    assert sent == b"POST /a HTTP/1.1\r\nHost: a\r\ncontent-LENGTH: 2\r\n\r\nhi"


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", b"/"),
        Request("GET", b"/ /", HOST),
        Request("GET", b"/\xff", HOST),
        Request("G T", b"/", HOST),
        Request("ü", b"/", HOST),
        Request("GET", b"/", [*HOST, *HOST]),
        Request("GET", b"/", [*HOST, *LENGTH_AND_CHUNKS]),
    ],
)
def test_a_malformed_request_is_misuse_and_another_can_be_sent(request_: Request) -> None:
    connection = client_connection()
    with pytest.raises(LocalProtocolError):
        connection.send(request_)
    connection.send(Request("GET", b"/", HOST))


def test_a_request_without_a_length_has_no_body() -> None:
    connection = client_connection()
    connection.send(Request("GET", b"/", HOST))
    with pytest.raises(LocalProtocolError):
        connection.send(Data(b"a"))


def test_a_client_is_never_asked_to_answer() -> None:
    assert not client_connection().can_answer


def test_hints_come_before_the_response() -> None:
    connection = client_that_sent()
    assert events_of(
        connection,
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ) == [
        InformationalResponse(103, [(b"link", b"</a>")], b"Early Hints"),
        Response(200, [(b"content-length", b"2")], b"OK"),
        Data(b"ok"),
        EndOfMessage(),
    ]
    assert connection.can_reuse
    connection.start_next_cycle()
    assert connection.send(Request("GET", b"/", HOST))


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n"),
    ],
)
def test_a_response_without_a_body_ends_at_its_head(method: str, head: bytes) -> None:
    connection = client_that_sent(method)
    assert [type(event) for event in events_of(connection, head)] == [Response, EndOfMessage]
    assert connection.can_reuse


def test_a_response_without_a_length_ends_with_the_stream() -> None:
    connection = client_that_sent()
    assert len(events_of(connection, b"HTTP/1.1 200 OK\r\n\r\nun")) == 2
    assert connection.must_close
    assert events_of(connection, b"til") == [Data(b"til")]
    connection.receive_eof()
    assert connection.next_event() == EndOfMessage()
    assert connection.next_event() == ConnectionClosed()
    assert not connection.can_reuse


def test_a_stream_that_ends_before_the_answer_is_the_peers_error() -> None:
    connection = client_that_sent()
    connection.receive_eof()
    with pytest.raises(BadMessage):
        connection.next_event()


def test_a_response_to_no_request_is_refused() -> None:
    connection = client_connection()
    connection.receive_data(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n")
    with pytest.raises(BadMessage):
        connection.next_event()


def test_bytes_behind_a_response_spoil_the_connection_for_reuse() -> None:
    connection = client_that_sent()
    events_of(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200")
    assert connection.next_event() is PAUSED
    assert not connection.can_reuse


def test_what_is_no_response_is_refused_at_its_first_bytes() -> None:
    connection = client_that_sent()
    connection.receive_data(b"220 smtp")
    with pytest.raises(BadMessage):
        connection.next_event()


@pytest.mark.parametrize("goodbye", ["header", "old", "eof"])
def test_a_server_that_closes_is_not_asked_again(goodbye: str) -> None:
    connection = client_that_sent()
    connection.receive_data(
        b"HTTP/1.%d 200 OK\r\n%sContent-Length: 0\r\n\r\n"
        % (goodbye != "old", b"Connection: close\r\n" if goodbye == "header" else b"")
    )
    if goodbye == "eof":
        connection.receive_eof()
    assert isinstance(connection.next_event(), Response)
    assert connection.next_event() == EndOfMessage()
    assert connection.must_close
    assert not connection.can_reuse


def test_a_client_that_expects_100_continue_knows_when_to_go_on() -> None:
    connection = client_connection()
    connection.send(
        Request("POST", b"/", [*HOST, (b"Expect", b"100-continue"), (b"Content-Length", b"2")])
    )
    assert connection.expects_continue
    events = events_of(connection, b"HTTP/1.1 100 Continue\r\n\r\n")
    assert events == [InformationalResponse(100, (), b"Continue")]
    assert not connection.expects_continue
    connection.send(Data(b"hi"), EndOfMessage())
