from __future__ import annotations

import pytest

from trio_helianthus.wire import NEED_DATA, PAUSED
from trio_helianthus.wire.http1 import (
    BadMessage,
    EndOfMessage,
    Engine,
    Event,
    HTTP1Connection,
    InformationalResponse,
    Request,
    Response,
    client_connection,
)


def events_of(connection: HTTP1Connection, data: bytes) -> list[Event]:
    connection.receive_data(data)
    events = []
    while (event := connection.next_event()) is not NEED_DATA and event is not PAUSED:
        events.append(event)
    return events


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            id="length and chunks",
        ),
        pytest.param(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", id="chunks in 1.0"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", id="two"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", id="one twice"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n", id="a list"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", id="negative"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n", id="no length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", id="gzip"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", id="twice"),
        pytest.param(b"HTTP/1.1 204 No\r\nContent-Length: 1\r\n\r\n", id="204 with a length"),
        pytest.param(b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", id="204 in chunks"),
        pytest.param(b"HTTP/1.1 103 Hi\r\nContent-Length: 1\r\n\r\n", id="103 with a length"),
        pytest.param(b"HTTP/1.1 100 Go\r\nTransfer-Encoding: chunked\r\n\r\n", id="100 in chunks"),
        pytest.param(b"HTTP/2.0 200 OK\r\n\r\n", id="version"),
        pytest.param(b"HTTP/1.2 200 OK\r\n\r\n", id="minor version"),
        pytest.param(b"HTTP/1.10 200 OK\r\n\r\n", id="long version"),
        pytest.param(b"http/1.1 200 OK\r\n\r\n", id="lower case"),
        pytest.param(b"HTTP/1.1  200 OK\r\n\r\n", id="two spaces"),
        pytest.param(b"HTTP/1.1\t200 OK\r\n\r\n", id="tab"),
        pytest.param(b"HTTP/1.1 200\tOK\r\n\r\n", id="tab behind status"),
        pytest.param(b"HTTP/1.1 200OK\r\n\r\n", id="no space"),
        pytest.param(b"HTTP/1.1 2000 OK\r\n\r\n", id="long status"),
        pytest.param(b"HTTP/1.1 +20 OK\r\n\r\n", id="signed status"),
        pytest.param(b"HTTP/1.1 2\xb20 OK\r\n\r\n", id="superscript status"),
        pytest.param(b"HTTP/1.1 OK\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1\r\n\r\n", id="only a version"),
        pytest.param(b" HTTP/1.1 200 OK\r\n\r\n", id="space in front"),
        pytest.param(b"\r\nHTTP/1.1 200 OK\r\n\r\n", id="empty line in front"),
        pytest.param(b"<html>hello</html>", id="HTTP/0.9"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", id="space before colon"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA\r\n\r\n", id="no colon"),
        pytest.param(b"HTTP/1.1 200 O\x00K\r\n\r\n", id="NUL in reason"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\x00\r\n\r\n", id="NUL in value"),
        pytest.param(b"HTTP/1.1 20 OK\r\n\r\n", id="short status"),
        pytest.param(b"HTTP/1.1 099 OK\r\n\r\n", id="low status"),
        pytest.param(b"HTTP/1.1 200 O\rK\r\n\r\n", id="bare CR"),
        pytest.param(b"HTTP/1.1 200 OK\n\n", id="bare LF"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", id="obs-fold"),
        pytest.param(b"HTTP/1.1 101 Go\r\n\r\n", id="an upgrade that nobody asked for"),
    ],
)
def test_a_client_is_as_strict(engine: Engine, data: bytes) -> None:
    connection = client_connection(engine=engine)
    connection.send(Request("GET", b"/", [(b"Host", b"a")]), EndOfMessage())
    with pytest.raises(BadMessage):
        events_of(connection, data)


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        (b"HTTP/1.1 200 OK", 200, b"OK"),
        (b"HTTP/1.1 200 ", 200, b""),
        (b"HTTP/1.1 200", 200, b""),
        (b"HTTP/1.1 299 \xe4 \t?", 299, b"\xe4 \t?"),
        (b"HTTP/1.1 999 ok", 999, b"ok"),
        (b"HTTP/1.0 600 ok", 600, b"ok"),
    ],
)
def test_a_client_takes_every_status_of_three_digits(
    engine: Engine, line: bytes, status: int, reason: bytes
) -> None:
    connection = client_connection(engine=engine)
    connection.send(Request("GET", b"/", [(b"Host", b"a")]), EndOfMessage())
    head = events_of(connection, line + b"\r\nA: b\r\n\r\n")[0]
    assert head == Response(status, [(b"a", b"b")], reason, line[5:8].decode())


def test_a_client_forgives_a_204_that_says_it_is_empty(engine: Engine) -> None:
    connection = client_connection(engine=engine)
    connection.send(Request("GET", b"/", [(b"Host", b"a")]), EndOfMessage())
    events = events_of(connection, b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
    assert [type(event) for event in events] == [Response, EndOfMessage]
    assert connection.can_reuse


def test_hints_without_end_are_one_event_each(engine: Engine) -> None:
    connection = client_connection(engine=engine)
    connection.send(Request("GET", b"/", [(b"Host", b"a")]), EndOfMessage())
    events = events_of(connection, b"HTTP/1.1 103 Hi\r\n\r\n" * 1000)
    assert [type(event) for event in events] == [InformationalResponse] * 1000
    assert connection.buffered == 0
