from __future__ import annotations

import pytest

from trio_helianthus.wire import NEED_DATA, PAUSED
from trio_helianthus.wire.http1 import (
    EndOfMessage,
    HTTP1Connection,
    InformationalResponse,
    Request,
    Response,
    client_connection,
    server_connection,
)

HOST = (b"host", b"a")
UPGRADE = Request("GET", b"/", [HOST, (b"connection", b"upgrade"), (b"upgrade", b"websocket")])
CONNECT = Request("CONNECT", b"b:443", [HOST])
ANSWERS: dict[str, InformationalResponse | Response] = {
    "GET": InformationalResponse(101, [(b"upgrade", b"websocket")], b"Switching Protocols"),
    "CONNECT": Response(200, (), b"Connection established"),
}


def asked(request: Request, *, more: bytes = b"") -> tuple[HTTP1Connection, HTTP1Connection]:
    """A client that sent ``request``, and the server that has read it."""
    client, server = client_connection(), server_connection()
    server.receive_data(client.send(request, EndOfMessage()) + more)
    assert server.next_event() == request
    assert server.next_event() == EndOfMessage()
    assert server.next_event() is PAUSED
    assert not server.switched
    return client, server


@pytest.mark.parametrize("request_", [UPGRADE, CONNECT])
def test_both_sides_hand_over_what_came_behind_the_switch(request_: Request) -> None:
    client, server = asked(request_, more=b"\x00first")
    answer = ANSWERS[request_.method]
    client.receive_data(server.send(answer) + b"\nsecond")
    assert client.next_event() == answer
    assert client.next_event() is PAUSED
    client.receive_data(b" third")
    client.receive_eof()
    assert client.next_event() is PAUSED
    assert server.next_event() is PAUSED
    for side in (client, server):
        assert side.switched
        assert side.must_close
        assert not side.can_reuse
    assert server.trailing_data == (b"\x00first", False)
    assert client.trailing_data == (b"\nsecond third", True)


@pytest.mark.parametrize("request_", [UPGRADE, CONNECT])
def test_a_declined_switch_leads_back_to_http(request_: Request) -> None:
    client, server = asked(request_, more=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    client.receive_data(server.send(Response(404, [(b"content-length", b"0")]), EndOfMessage()))
    assert isinstance(client.next_event(), Response)
    assert client.next_event() == EndOfMessage()
    assert client.next_event() is NEED_DATA
    for side in (client, server):
        assert not side.switched
        assert side.can_reuse
        side.start_next_cycle()
    assert isinstance(server.next_event(), Request)
