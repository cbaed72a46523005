from __future__ import annotations

import pytest

from trio_helianthus.errors import LocalProtocolError, RemoteProtocolError
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
    server_connection,
)

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
TWO = [(b"Content-Length", b"2")]


def server_that_received(data: bytes) -> HTTP1Connection:
    connection = server_connection()
    connection.receive_data(data)
    return connection


def events_of(connection: HTTP1Connection) -> list[Event]:
    events = []
    while (event := connection.next_event()) is not NEED_DATA and event is not PAUSED:
        events.append(event)
        if isinstance(event, ConnectionClosed):
            break
    return events


def answering(data: bytes) -> HTTP1Connection:
    """A server that has read the request in ``data``, which is a complete one."""
    connection = server_that_received(data)
    assert isinstance(events_of(connection)[-1], EndOfMessage)
    return connection


def test_a_server_knows_its_role() -> None:
    connection = server_connection()
    assert connection.role is Role.SERVER
    assert "server" in repr(connection)


def test_a_request_is_its_head_its_data_and_its_end() -> None:
    connection = server_that_received(
        b"POST /a%20b?c HTTP/1.1\r\nHost: a\r\nX-Long:  two words \r\nContent-Length: 2\r\n\r\nhi"
    )
    assert events_of(connection) == [
        Request(
            "POST",
            b"/a%20b?c",
            [(b"host", b"a"), (b"x-long", b"two words"), (b"content-length", b"2")],
            "1.1",
        ),
        Data(b"hi"),
        EndOfMessage(),
    ]
    assert connection.buffered == 0


def test_trailers_of_a_chunked_request_come_with_its_end() -> None:
    connection = server_that_received(
        b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nhi\r\n0\r\nSum: 1\r\nSign: 2\r\n\r\n"
    )
    assert events_of(connection)[1:] == [
        Data(b"hi"),
        EndOfMessage([(b"sum", b"1"), (b"sign", b"2")]),
    ]


def test_pipelined_requests_wait_for_the_next_cycle() -> None:
    connection = answering(GET + GET)
    assert connection.next_event() is PAUSED
    assert connection.buffered == len(GET)
    assert not connection.can_reuse
    connection.send(Response(200, TWO), Data(b"ok"), EndOfMessage())
    assert connection.can_reuse
    connection.start_next_cycle()
    assert len(events_of(connection)) == 2
    assert connection.next_event() is NEED_DATA


def test_head_and_body_leave_in_one_piece() -> None:
    connection = answering(GET)
    sent = connection.send(Response(200, TWO, b"OK"), Data(b"ok"), EndOfMessage())
    assert sent == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_a_body_of_unknown_length_is_chunked_for_a_client_of_today() -> None:
    connection = answering(GET)
    sent = connection.send(Response(200), Data(b"ok"), Data(b""), EndOfMessage([(b"A", b"b")]))
    assert sent == (
        b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n\r\n"
    )
    assert connection.can_reuse


def test_a_body_of_unknown_length_ends_with_the_connection_for_an_old_client() -> None:
    connection = answering(b"GET / HTTP/1.0\r\n\r\n")
    assert connection.must_close
    sent = connection.send(Response(200), Data(b"ok"), EndOfMessage())
    assert sent == b"HTTP/1.1 200 \r\nConnection: close\r\n\r\nok"
    assert not connection.can_reuse
    with pytest.raises(LocalProtocolError):
        connection.start_next_cycle()


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304), ("HEAD", 404)]
)
def test_responses_without_a_body_end_at_their_head(method: str, status: int) -> None:
    connection = answering(f"{method} / HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    head = connection.send(Response(status, TWO if status != 204 else []), EndOfMessage())
    assert head.endswith(b"\r\n\r\n")
    assert connection.can_reuse


def test_a_body_where_none_may_be_is_misuse() -> None:
    connection = answering(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    connection.send(Response(200, TWO))
    with pytest.raises(LocalProtocolError):
        connection.send(Data(b"ok"))
    assert connection.must_close


@pytest.mark.parametrize("data", [Data(b"o"), Data(b"okay")])
def test_a_body_of_another_length_than_announced_is_misuse(data: Data) -> None:
    connection = answering(GET)
    connection.send(Response(200, TWO))
    with pytest.raises(LocalProtocolError):
        connection.send(data, EndOfMessage())
    assert not connection.can_answer


@pytest.mark.parametrize(
    "response",
    [
        Response(199),
        Response(1000),
        InformationalResponse(200),
        Response(200, [(b"a b", b"")]),
        Response(200, [(b"a", b"b\r\nc: d")]),
        Response(200, [(b"a", b"\x01")]),
        Response(200, [(b"a", b" padded ")]),
        Response(200, reason=b"OK\r\nSet-Cookie: a"),
        Response(200, [(b"content-length", b"-1")]),
        Response(200, [*TWO, (b"Content-Length", b"3")]),
        Response(200, [*TWO, (b"Transfer-Encoding", b"chunked")]),
        Response(200, [(b"Transfer-Encoding", b"gzip, chunked")]),
        Response(204, TWO),
        InformationalResponse(103, [(b"Transfer-Encoding", b"chunked")]),
        Request("GET", b"/", [(b"Host", b"\xff\n")]),
    ],
)
def test_a_malformed_head_is_refused_and_another_can_be_sent_instead(response: Event) -> None:
    connection = answering(GET)
    with pytest.raises(LocalProtocolError):
        connection.send(response)
    assert connection.can_answer
    connection.send(Response(500, [(b"Content-Length", b"0")]), EndOfMessage())
    assert connection.can_reuse


@pytest.mark.parametrize("name", [b"Content-Length", b"transfer-encoding", b"Host"])
def test_trailers_that_would_change_the_message_are_misuse(name: bytes) -> None:
    connection = answering(GET)
    connection.send(Response(200))
    with pytest.raises(LocalProtocolError):
        connection.send(EndOfMessage([(name, b"1")]))
    with pytest.raises(LocalProtocolError):
        connection.send(EndOfMessage())


def test_trailers_without_chunks_are_misuse() -> None:
    connection = answering(GET)
    connection.send(Response(200, TWO), Data(b"ok"))
    with pytest.raises(LocalProtocolError):
        connection.send(EndOfMessage([(b"a", b"b")]))


def test_a_malformed_head_behind_another_event_ends_the_sending() -> None:
    connection = answering(GET)
    with pytest.raises(LocalProtocolError):
        connection.send(InformationalResponse(103), Response(1000))
    assert not connection.can_answer
    assert connection.must_close


def test_a_server_sends_no_request() -> None:
    with pytest.raises(LocalProtocolError):
        server_connection().send(Request("GET", b"/", [(b"Host", b"a")]))


def test_nothing_is_sent_after_misuse_half_way() -> None:
    connection = answering(GET)
    with pytest.raises(LocalProtocolError):
        connection.send(Data(b"no head yet"))
    with pytest.raises(LocalProtocolError):
        connection.send(Response(500))


@pytest.mark.parametrize("header", [b"Connection: close", b"Connection: x, CLOSE", b"A: b"])
def test_a_client_that_wants_to_close_is_taken_at_its_word(header: bytes) -> None:
    connection = answering(b"GET / HTTP/1.1\r\nHost: a\r\n" + header + b"\r\n\r\n")
    wants_to_close = header != b"A: b"
    assert connection.must_close is wants_to_close
    sent = connection.send(Response(200, TWO), Data(b"ok"), EndOfMessage())
    assert (b"Connection: close\r\n" in sent) is wants_to_close
    assert connection.can_reuse is not wants_to_close


def test_a_server_may_close_by_saying_so() -> None:
    connection = answering(GET + GET)
    assert not connection.must_close
    connection.send(Response(200, [*TWO, (b"connection", b"Close")]), Data(b"ok"), EndOfMessage())
    assert connection.must_close
    assert not connection.can_reuse
    assert connection.next_event() is PAUSED


def test_a_client_that_expects_100_continue_waits_until_it_comes() -> None:
    connection = server_that_received(
        b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    )
    assert not connection.expects_continue
    connection.next_event()
    assert connection.next_event() is NEED_DATA
    assert connection.expects_continue
    assert connection.send(InformationalResponse(100)) == b"HTTP/1.1 100 \r\n\r\n"
    assert not connection.expects_continue
    connection.receive_data(b"hi")
    assert events_of(connection) == [Data(b"hi"), EndOfMessage()]
    assert connection.can_answer


def test_an_early_answer_leaves_the_rest_of_the_request_to_be_read() -> None:
    connection = server_that_received(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nhi")
    events_of(connection)
    connection.send(Response(200, TWO), Data(b"no"), EndOfMessage())
    assert not connection.can_reuse
    assert not connection.must_close
    connection.receive_data(b"ya")
    assert events_of(connection) == [Data(b"ya"), EndOfMessage()]
    assert connection.can_reuse


def test_a_client_that_leaves_between_requests_is_no_error() -> None:
    connection = server_connection()
    connection.receive_eof()
    assert connection.next_event() == ConnectionClosed()
    assert connection.next_event() == ConnectionClosed()
    assert connection.must_close
    assert not connection.can_answer
    assert connection.send(ConnectionClosed()) == b""


def test_a_client_may_end_its_stream_and_still_be_answered() -> None:
    connection = server_that_received(GET)
    connection.receive_eof()
    assert [type(event) for event in events_of(connection)] == [
        Request,
        EndOfMessage,
        ConnectionClosed,
    ]
    sent = connection.send(Response(200, TWO), Data(b"ok"), EndOfMessage())
    assert b"Connection: close" in sent
    assert not connection.can_reuse


def test_requests_that_came_before_the_end_of_the_stream_are_still_answered() -> None:
    connection = server_that_received(GET + GET)
    connection.receive_eof()
    assert len(events_of(connection)) == 2
    connection.send(Response(200, TWO), Data(b"ok"), EndOfMessage())
    connection.start_next_cycle()
    assert len(events_of(connection)) == 3


@pytest.mark.parametrize(
    "data",
    [
        b"G",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        b"\r",
        b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nh",
        b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA:",
    ],
)
def test_a_stream_that_ends_within_a_message_is_the_peers_error(data: bytes) -> None:
    connection = server_that_received(data)
    connection.receive_eof()
    with pytest.raises(RemoteProtocolError):
        events_of(connection)
    assert connection.must_close


def test_a_refused_request_can_be_answered_once_and_the_connection_ends() -> None:
    connection = server_that_received(b"NONSENSE\r\n\r\n")
    with pytest.raises(BadMessage) as refusal:
        connection.next_event()
    assert refusal.value.status_hint == 400
    assert connection.can_answer
    assert connection.must_close
    sent = connection.send(Response(400, TWO), Data(b"no"), EndOfMessage())
    assert b"Connection: close\r\n" in sent
    assert not connection.can_answer
    assert not connection.can_reuse
    with pytest.raises(BadMessage):
        connection.next_event()


def test_a_slow_client_can_be_told_408_before_its_request_is_there() -> None:
    connection = server_that_received(b"GET / HT")
    assert connection.next_event() is NEED_DATA
    assert connection.can_answer
    sent = connection.send(Response(408, [(b"Connection", b"close")]), EndOfMessage())
    assert sent == b"HTTP/1.1 408 \r\nConnection: close\r\n\r\n"


def test_a_message_that_breaks_within_its_body_cannot_be_answered_twice() -> None:
    connection = server_that_received(
        b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nX\r\n"
    )
    assert isinstance(connection.next_event(), Request)
    connection.send(Response(200))
    with pytest.raises(BadMessage):
        connection.next_event()
    assert not connection.can_answer


def test_a_body_that_the_caller_sends_itself_is_counted() -> None:
    connection = answering(GET)
    with pytest.raises(LocalProtocolError):
        connection.send_apart(1)
    connection.send(Response(200, TWO))
    assert not connection.sends_chunks
    assert connection.send_apart(1)
    with pytest.raises(LocalProtocolError):
        connection.send_apart(2)
    assert connection.send_apart(1)
    connection.send(EndOfMessage())
    assert connection.can_reuse


def test_a_body_in_chunks_cannot_be_sent_apart() -> None:
    connection = answering(GET)
    connection.send(Response(200))
    assert connection.sends_chunks
    assert not connection.send_apart(2)
    assert connection.send(Data(b"ok"), EndOfMessage())


def test_who_is_kept_by_nobody_is_not_told_keep_alive() -> None:
    connection = answering(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    sent = connection.send(Response(204, [(b"Connection", b"keep-alive")]), EndOfMessage())
    assert sent == b"HTTP/1.1 204 \r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("event", [ConnectionClosed(), Request("GET", b"/", [(b"Host", b"a")])])
def test_within_a_message_nothing_else_begins(event: Event) -> None:
    connection = answering(GET)
    connection.send(Response(200))
    with pytest.raises(LocalProtocolError):
        connection.send(event)


def test_hints_before_the_request_are_misuse() -> None:
    with pytest.raises(LocalProtocolError):
        server_connection().send(InformationalResponse(103))


def test_no_second_response_is_sent() -> None:
    connection = answering(GET)
    connection.send(Response(200, TWO), Data(b"ok"), EndOfMessage())
    with pytest.raises(LocalProtocolError):
        connection.send(Response(200, TWO))


def test_a_connection_that_waits_keeps_none_of_what_was_read() -> None:
    connection = answering(
        b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n" + bytes(9000)
    )
    connection.send(Response(204), EndOfMessage())
    connection.start_next_cycle()
    assert connection.next_event() is NEED_DATA
    assert connection.trailing_data == (b"", False)
