from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus.errors import LocalProtocolError
from trio_helianthus.wire import NEED_DATA, PAUSED
from trio_helianthus.wire.http1 import (
    BadMessage,
    Data,
    EndOfMessage,
    Event,
    HTTP1Connection,
    InformationalResponse,
    Request,
    RequestHead,
    Response,
    client_connection,
    encode_request,
    encode_response,
    server_connection,
)

HEAD = encode_response(200, [(b"Content-Type", b"text/plain")])
NOT_FOUND = encode_response(404, [])
LINES = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
ASK = encode_request("GET", b"/", [(b"Host", b"a")])


def events_of(connection: HTTP1Connection) -> list[Event]:
    events = []
    while (event := connection.next_event()) is not NEED_DATA and event is not PAUSED:
        events.append(event)
    return events


def asked(data: bytes) -> HTTP1Connection:
    connection = server_connection()
    connection.receive_data(data)
    events_of(connection)
    return connection


def get(*fields: bytes, method: str = "GET", version: str = "1.1") -> bytes:
    lines = [f"{method} / HTTP/{version}".encode(), b"Host: a", *fields, b"", b""]
    return b"\r\n".join(lines)


def test_the_head_of_a_response_is_its_status_line_and_its_fields() -> None:
    assert HEAD == LINES
    assert encode_response(404, [(b"A", b"b"), (b"a", b"")]) == (
        b"HTTP/1.1 404 Not Found\r\nA: b\r\na: \r\n"
    )


@pytest.mark.parametrize(
    ("status", "reason", "line"),
    [
        (200, None, b"HTTP/1.1 200 OK\r\n"),
        (200, b"", b"HTTP/1.1 200 \r\n"),
        (200, b"Fine by me", b"HTTP/1.1 200 Fine by me\r\n"),
        (799, None, b"HTTP/1.1 799 \r\n"),
    ],
)
def test_a_reason_is_the_usual_one_unless_given(
    status: int, reason: bytes | None, line: bytes
) -> None:
    assert encode_response(status, [], reason) == line


@pytest.mark.parametrize("status", [0, 99, 100, 101, 199, 1000, -200])
def test_a_head_has_the_status_of_a_final_response(status: int) -> None:
    with pytest.raises(LocalProtocolError):
        encode_response(status, [])


@pytest.mark.parametrize(
    "field",
    [
        (b"Content-Length", b"1"),
        (b"transfer-encoding", b"chunked"),
        (b"Connection", b"close"),
        (b"a b", b"c"),
        (b"", b"c"),
        (b"a\r\n", b"c"),
        (b"a:", b"c"),
        (b"a", b"b\r\nc: d"),
        (b"a", b"b\x00"),
        (b"a", b" b"),
        (b"a", b"b\t"),
    ],
)
def test_what_does_not_belong_into_a_head_is_misuse(field: tuple[bytes, bytes]) -> None:
    with pytest.raises(LocalProtocolError):
        encode_response(200, [field])
    with pytest.raises(LocalProtocolError):
        encode_request("GET", b"/", [(b"Host", b"a"), field])


def test_a_reason_in_two_lines_is_misuse() -> None:
    with pytest.raises(LocalProtocolError):
        encode_response(200, [], b"OK\r\nSet-Cookie: a=b")


def test_the_head_of_a_request_begins_with_its_host() -> None:
    assert encode_request("PUT", b"/a?b", [(b"A", b"b"), (b"Host", b"c:80")]) == (
        b"PUT /a?b HTTP/1.1\r\nHost: c:80\r\nA: b\r\n"
    )


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("GET", b"/", []),
        ("GET", b"/", [(b"Host", b"a"), (b"host", b"a")]),
        ("GET", b"/", [(b"Host", b"a/b")]),
        ("GET", b"/ /", [(b"Host", b"a")]),
        ("GET", b"/#a", [(b"Host", b"a")]),
        ("GET", b"*", [(b"Host", b"a")]),
        ("GET", b"a", [(b"Host", b"a")]),
        ("CONNECT", b"/", [(b"Host", b"a")]),
        ("G T", b"/", [(b"Host", b"a")]),
        ("", b"/", [(b"Host", b"a")]),
        ("GET\udc80", b"/", [(b"Host", b"a")]),
    ],
)
def test_a_malformed_head_of_a_request_is_misuse(
    method: str, target: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    with pytest.raises(LocalProtocolError):
        encode_request(method, target, headers)


def test_a_whole_response_says_how_long_it_is() -> None:
    connection = asked(get())
    assert connection.send_whole(200, HEAD, b"ok") == LINES + b"Content-Length: 2\r\n\r\nok"
    assert connection.can_reuse
    assert not connection.can_answer


def test_one_head_answers_cycle_after_cycle() -> None:
    connection = server_connection()
    for number in range(5):
        connection.receive_data(get())
        assert [type(event) for event in events_of(connection)] == [Request, EndOfMessage]
        body = b"x" * number
        assert connection.send_whole(200, HEAD, body).endswith(
            b"Content-Length: %d\r\n\r\n%b" % (number, body)
        )
        connection.start_next_cycle()
    assert connection.next_event() is NEED_DATA


def test_pipelined_requests_are_answered_in_a_row() -> None:
    connection = server_connection()
    connection.receive_data(get() * 16)
    sent = b""
    for _ in range(16):
        assert len(events_of(connection)) == 2
        sent += connection.send_whole(404, NOT_FOUND, b"")
        connection.start_next_cycle()
    assert sent == (NOT_FOUND + b"Content-Length: 0\r\n\r\n") * 16
    assert connection.buffered == 0


@pytest.mark.parametrize(
    ("method", "status", "body", "end"),
    [
        ("HEAD", 200, b"ok", b"Content-Length: 2\r\n\r\n"),
        ("HEAD", 200, b"", b"Content-Length: 0\r\n\r\n"),
        ("HEAD", 204, b"", b"No Content\r\n\r\n"),
        ("GET", 204, b"", b"No Content\r\n\r\n"),
        ("GET", 304, b"ok", b"Content-Length: 2\r\n\r\n"),
        ("GET", 304, b"", b"Not Modified\r\n\r\n"),
        ("POST", 205, b"", b"Content-Length: 0\r\n\r\n"),
    ],
)
def test_a_whole_response_without_a_body_ends_at_its_head(
    method: str, status: int, body: bytes, end: bytes
) -> None:
    connection = asked(get(method=method))
    sent = connection.send_whole(status, encode_response(status, []), body)
    assert sent.endswith(end)
    assert sent.count(b"\r\n\r\n") == 1
    assert connection.can_reuse


@pytest.mark.parametrize(
    ("request_", "close"),
    [
        (get(), True),
        (get(b"Connection: close"), False),
        (get(version="1.0"), False),
        (get(b"Connection: close, keep-alive", version="1.0"), False),
    ],
)
def test_the_last_response_says_that_it_is(request_: bytes, close: bool) -> None:
    connection = asked(request_)
    sent = connection.send_whole(200, HEAD, b"ok", close=close)
    assert sent == LINES + b"Content-Length: 2\r\nConnection: close\r\n\r\nok"
    assert connection.must_close
    assert not connection.can_reuse


def test_an_old_client_that_asks_for_it_is_kept() -> None:
    connection = asked(get(b"Connection: Keep-Alive", version="1.0"))
    assert connection.keep_alive
    assert not connection.must_close
    sent = connection.send_whole(200, HEAD, b"ok")
    assert sent == LINES + b"Content-Length: 2\r\nConnection: keep-alive\r\n\r\nok"
    connection.start_next_cycle()
    assert not connection.keep_alive
    connection.receive_data(get(version="1.0"))
    assert len(events_of(connection)) == 2
    assert connection.must_close


@pytest.mark.parametrize(
    ("response", "kept"),
    [
        (Response(200, [(b"Content-Length", b"0")]), True),
        (Response(204), True),
        (Response(304), True),
        (Response(200), False),
        (Response(200, [(b"Transfer-Encoding", b"chunked")]), False),
        (Response(200, [(b"Content-Length", b"0"), (b"Connection", b"close")]), False),
    ],
)
def test_an_old_client_is_kept_if_it_can_find_the_end(response: Response, kept: bool) -> None:
    connection = asked(get(b"Connection: keep-alive", version="1.0"))
    sent = connection.send(response, EndOfMessage())
    assert (b"\r\nConnection: keep-alive\r\n" in sent) is kept
    assert (b"\r\nConnection: close\r\n" in sent) is not kept
    assert b"chunked" not in sent
    assert connection.can_reuse is kept


def test_an_old_client_hears_no_hints() -> None:
    connection = asked(get(b"Connection: keep-alive, upgrade", b"Upgrade: x", version="1.0"))
    assert connection.send(InformationalResponse(103)) == b""
    with pytest.raises(LocalProtocolError):
        connection.send(InformationalResponse(101))
    assert connection.can_answer


def test_a_broken_request_is_refused_in_one_piece() -> None:
    connection = server_connection()
    connection.receive_data(b"NONSENSE\r\n\r\n")
    with pytest.raises(BadMessage):
        connection.next_event()
    sent = connection.send_whole(400, encode_response(400, []), b"no")
    assert sent == b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
    assert not connection.can_answer


def test_a_client_that_said_nothing_is_told_408() -> None:
    connection = server_connection()
    sent = connection.send_whole(408, encode_response(408, []), b"")
    assert b"Connection: close" in sent
    assert connection.must_close


@pytest.mark.parametrize(
    ("request_", "status", "body"),
    [
        (get(), 204, b"x"),
        (get(), 101, b""),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 200, b""),
    ],
)
def test_a_whole_response_that_would_be_none_is_misuse_and_another_can_be_sent(
    request_: bytes, status: int, body: bytes
) -> None:
    connection = asked(request_)
    with pytest.raises(LocalProtocolError):
        connection.send_whole(status, HEAD, body)
    assert connection.send_whole(404, NOT_FOUND, b"")
    assert connection.can_reuse


def test_no_second_answer_is_sent() -> None:
    connection = asked(get())
    connection.send_whole(200, HEAD, b"ok")
    with pytest.raises(LocalProtocolError):
        connection.send_whole(200, HEAD, b"ok")
    assert connection.can_reuse


@pytest.mark.parametrize("left", ["ended", "client"])
def test_who_has_nobody_to_answer_sends_no_whole_response(left: str) -> None:
    connection = client_connection() if left == "client" else server_connection()
    connection.receive_eof()
    connection.next_event()
    with pytest.raises(LocalProtocolError):
        connection.send_whole(200, HEAD, b"ok")


def test_a_declined_upgrade_leads_back_to_http() -> None:
    connection = asked(get(b"Connection: upgrade", b"Upgrade: x") + get())
    assert connection.next_event() is PAUSED
    connection.send_whole(404, NOT_FOUND, b"")
    connection.start_next_cycle()
    assert len(events_of(connection)) == 2


@pytest.mark.parametrize("fields", [[b"Upgrade: x"], [b"Connection: upgrade"]])
def test_half_a_proposal_to_upgrade_is_none(fields: list[bytes]) -> None:
    connection = asked(get(*fields))
    assert connection.next_event() is NEED_DATA
    with pytest.raises(LocalProtocolError):
        connection.send(InformationalResponse(101))


def test_an_early_answer_in_one_piece_leaves_the_rest_to_be_read() -> None:
    connection = asked(get(b"Content-Length: 4", b"Expect: 100-continue", method="POST"))
    assert connection.expects_continue
    connection.send_whole(404, NOT_FOUND, b"")
    assert not connection.expects_continue
    assert not connection.can_reuse
    connection.receive_data(b"late")
    assert events_of(connection) == [Data(b"late"), EndOfMessage()]
    assert connection.can_reuse


@pytest.mark.parametrize(
    ("head", "length"),
    [
        (get(), 0),
        (get(b"Content-Length: 12"), 12),
        (get(b"Content-Length: 0"), 0),
        (get(b"Transfer-Encoding: chunked"), None),
    ],
)
def test_a_server_knows_how_long_the_body_will_be(head: bytes, length: int | None) -> None:
    connection = server_connection()
    assert connection.body_length is None
    connection.receive_data(head)
    connection.next_event()
    assert connection.body_length == length


@pytest.mark.parametrize(
    ("method", "head", "length"),
    [
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 5),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 0),
        ("GET", b"HTTP/1.1 304 Not\r\nContent-Length: 5\r\n\r\n", 0),
        ("GET", b"HTTP/1.1 204 No\r\n\r\n", 0),
        ("GET", b"HTTP/1.1 200 OK\r\n\r\n", None),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", None),
    ],
)
def test_a_client_knows_how_long_the_body_will_be(
    method: str, head: bytes, length: int | None
) -> None:
    connection = client_connection()
    connection.send_request_whole(encode_request(method, b"/", [(b"Host", b"a")]))
    connection.receive_data(head)
    connection.next_event()
    assert connection.body_length == length


@pytest.mark.parametrize(
    ("body", "close", "end"),
    [
        (None, False, b"Host: a\r\n\r\n"),
        (b"", False, b"Host: a\r\nContent-Length: 0\r\n\r\n"),
        (b"hi", False, b"Host: a\r\nContent-Length: 2\r\n\r\nhi"),
        (b"hi", True, b"Host: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
        (None, True, b"Host: a\r\nConnection: close\r\n\r\n"),
    ],
)
def test_a_whole_request_says_how_long_it_is(body: bytes | None, close: bool, end: bytes) -> None:
    connection = client_connection()
    assert connection.send_request_whole(ASK, body, close=close) == b"GET / HTTP/1.1\r\n" + end
    assert connection.must_close is close
    with pytest.raises(LocalProtocolError):
        connection.send_request_whole(ASK)


def test_whole_requests_and_whole_responses_go_round() -> None:
    client, server = client_connection(), server_connection()
    for number in range(3):
        server.receive_data(client.send_request_whole(ASK, b"x" * number))
        assert isinstance(events_of(server)[-1], EndOfMessage)
        client.receive_data(server.send_whole(200, HEAD, b"y" * number))
        assert isinstance(events_of(client)[-1], EndOfMessage)
        client.start_next_cycle()
        server.start_next_cycle()


def test_a_whole_request_to_connect_opens_a_tunnel() -> None:
    client, server = client_connection(), server_connection()
    head = encode_request("CONNECT", b"b:443", [(b"Host", b"b:443")])
    with pytest.raises(LocalProtocolError):
        client.send_request_whole(head, b"")
    server.receive_data(client.send_request_whole(head))
    assert len(events_of(server)) == 2
    with pytest.raises(LocalProtocolError):
        server.send(Response(200, [(b"Content-Length", b"0")]))
    client.receive_data(server.send(Response(200)) + b"tunnel")
    assert isinstance(client.next_event(), Response)
    assert client.switched
    assert client.trailing_data == (b"tunnel", False)


def test_a_server_sends_no_whole_request() -> None:
    with pytest.raises(LocalProtocolError):
        server_connection().send_request_whole(ASK)


def test_an_old_server_that_says_so_is_asked_again() -> None:
    connection = client_connection()
    connection.send_request_whole(ASK)
    connection.receive_data(
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"
    )
    assert len(events_of(connection)) == 3
    assert connection.can_reuse


tokens = st.text("!#$%&'*+-.^_`|~09azAZ", min_size=1, max_size=8).map(
    lambda name: b"x" + name.encode()
)
values = st.binary(max_size=12).map(lambda v: bytes(b for b in v if b >= 32 and b != 127).strip())
fields = st.lists(st.tuples(tokens, values), max_size=5)


@given(fields, st.binary(max_size=40), st.integers(200, 999), st.booleans())
def test_what_is_sent_whole_is_received(
    headers: list[tuple[bytes, bytes]], body: bytes, status: int, close: bool
) -> None:
    client, server = client_connection(), server_connection()
    head = encode_request("POST", b"/", [(b"Host", b"a"), *headers])
    server.receive_data(client.send_request_whole(head, body))
    request = server.next_event()
    assert isinstance(request, Request)
    lower = [(name.lower(), value) for name, value in headers]
    assert list(request.headers[1:-1]) == lower
    assert Data(body) in events_of(server) or not body
    if status == 204:
        body = b""
    client.receive_data(
        server.send_whole(status, encode_response(status, headers), body, close=close)
    )
    response = client.next_event()
    assert isinstance(response, Response)
    assert response.status == status
    assert list(response.headers[: len(lower)]) == lower
    got = events_of(client)
    assert got[-1] == EndOfMessage()
    assert got[:-1] == ([Data(body)] if body and status != 304 else [])
    assert client.must_close is close


@pytest.mark.parametrize("fields", [(), (b"Content-Length: 0",), (b"Connection: close",)])
def test_a_request_without_a_body_can_be_taken_with_its_end(fields: tuple[bytes, ...]) -> None:
    connection = server_connection()
    assert connection.next_request() is NEED_DATA
    connection.receive_data(get(*fields))
    head = connection.next_request()
    assert isinstance(head, RequestHead)
    assert (head.method, head.target, head.length) == ("GET", "/", 0)
    assert connection.next_request() is None
    assert connection.next_event() is NEED_DATA
    connection.send_whole(200, HEAD, b"")
    assert connection.next_cycle() == (fields != (b"Connection: close",))


@pytest.mark.parametrize("field", [b"Content-Length: 1", b"Transfer-Encoding: chunked"])
def test_the_body_of_a_request_that_was_taken_comes_as_events(field: bytes) -> None:
    connection = server_connection()
    connection.receive_data(get(field))
    head = connection.next_request()
    assert isinstance(head, RequestHead)
    assert head.length == (1 if field.endswith(b"1") else -1)
    assert connection.next_request() is None
    connection.receive_data(b"1" if field.endswith(b"1") else b"1\r\n1\r\n0\r\n\r\n")
    assert events_of(connection) == [Data(b"1"), EndOfMessage()]


def test_an_upgrade_that_was_taken_waits_for_its_answer() -> None:
    connection = server_connection()
    connection.receive_data(get(b"Connection: upgrade", b"Upgrade: x") + b"more")
    assert isinstance(connection.next_request(), RequestHead)
    assert connection.next_event() is PAUSED
    connection.send(InformationalResponse(101, [(b"Upgrade", b"x")]))
    assert connection.trailing_data == (b"more", False)


def test_a_request_that_is_taken_is_refused_as_its_event_would_be() -> None:
    connection = server_connection()
    connection.receive_data(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(BadMessage, match="Host"):
        connection.next_request()
    with pytest.raises(BadMessage, match="nothing can be read after"):
        connection.next_event()
    assert connection.can_answer


def test_a_client_has_no_request_to_take() -> None:
    connection = client_connection()
    connection.send_request_whole(ASK)
    connection.receive_data(b"HTTP/1.1 200 OK\r\n\r\n")
    assert connection.next_request() is None
    assert isinstance(connection.next_event(), Response)


def test_the_head_of_a_request_is_what_its_event_says() -> None:
    taken, told = server_connection(), server_connection()
    data = b"PUT /a?b HTTP/1.0\r\nA: b\r\nContent-Length: 3\r\n\r\n"
    taken.receive_data(data)
    told.receive_data(data)
    head = taken.next_request()
    assert isinstance(head, RequestHead)
    assert head.event == told.next_event()
    assert head.event is head.event
    assert (head.fields, head.http_version) == (head.event.headers, "1.0")


def test_a_cycle_that_is_not_over_has_no_next() -> None:
    connection = server_connection()
    with pytest.raises(LocalProtocolError):
        connection.next_cycle()
    connection.receive_data(get())
    connection.next_request()
    with pytest.raises(LocalProtocolError):
        connection.next_cycle()
