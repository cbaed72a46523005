from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trio_helianthus.errors import LocalProtocolError
from trio_helianthus.wire.http1 import (
    Data,
    EndOfMessage,
    Event,
    HTTP1Connection,
    Limits,
    Request,
    Response,
    client_connection,
    server_connection,
)

GET = b"GET /a?b=c HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n\r\n"
POST = b"POST /form HTTP/1.1\r\nhost: [::1]:80\r\nContent-Length: 11\r\n\r\nhello world"
CHUNKED = (
    b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\nTrailer: sum\r\n\r\n"
    b'5\r\nhello\r\n6;name="x"\r\n world\r\n0\r\nSum: 1\r\n\r\n'
)
CONTINUE = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"
OLD = b"GET / HTTP/1.0\r\n\r\n"
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00more"
)
EMPTY_LINE = b"\r\n" + GET
REQUESTS = [GET, POST, CHUNKED, CONTINUE, OLD, EMPTY_LINE]

RESPONSES = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nA: b\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 304 \r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200\r\n\r\nuntil the end",
    b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nuntil the end",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x00",
]

PIECES = [
    *(b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b"\x00", b":", b";", b",", b"0", b"5"),
    *(b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"GET ", b"/", b"Host: a", b"hello", b"chunked"),
    *(b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Connection: close", b"\xff"),
]


def join(first: Event, second: Event) -> Event | None:
    if isinstance(first, Data) and isinstance(second, Data):
        return Data(first.data + second.data)
    return None


def answer_and_go_on(connection: HTTP1Connection, event: Event) -> None:
    if isinstance(event, EndOfMessage) and connection.can_answer:
        connection.send(Response(200, [(b"content-length", b"2")]), Data(b"ok"), EndOfMessage())
        if connection.can_reuse:
            connection.start_next_cycle()


def waiting_client() -> HTTP1Connection:
    connection = client_connection()
    upgrade = [(b"Host", b"a"), (b"Connection", b"upgrade"), (b"Upgrade", b"websocket")]
    connection.send(Request("GET", b"/", upgrade), EndOfMessage())
    return connection


cuts = st.lists(st.integers(min_value=0, max_value=500), max_size=5)


@st.composite
def spoiled(draw: st.DrawFn, messages: list[bytes]) -> bytes:
    """Valid messages one after another, in which some places were overwritten."""
    data = b"".join(draw(st.lists(st.sampled_from(messages), min_size=1, max_size=3)))
    for _ in range(draw(st.integers(min_value=0, max_value=3))):
        at = draw(st.integers(min_value=0, max_value=len(data)))
        removed = draw(st.integers(min_value=0, max_value=4))
        put = draw(st.sampled_from(PIECES) | st.binary(max_size=2))
        data = data[:at] + put + data[at + removed :]
    return data


@given(st.lists(st.sampled_from([GET, POST, CHUNKED, CONTINUE]), max_size=4), cuts)
def test_pipelined_requests_come_out_alike_however_they_are_cut(
    check_protocol: Any, messages: list[bytes], cuts: list[int]
) -> None:
    outcome = check_protocol(
        server_connection, b"".join(messages), cuts=cuts, join=join, react=answer_and_go_on
    )
    assert not outcome.refused
    assert sum(isinstance(event, Request) for event in outcome.events) == len(messages)
    assert sum(isinstance(event, EndOfMessage) for event in outcome.events) == len(messages)


@pytest.mark.parametrize("message", REQUESTS)
def test_every_request_comes_out_alike_byte_by_byte(check_protocol: Any, message: bytes) -> None:
    outcome = check_protocol(server_connection, message, join=join, react=answer_and_go_on)
    assert not outcome.refused


def test_what_follows_an_upgrade_is_left_alone_byte_by_byte(check_protocol: Any) -> None:
    outcome = check_protocol(server_connection, UPGRADE, join=join)
    assert len(outcome.events) == 2
    assert outcome.trailing == b"\x81\x00more"


@pytest.mark.parametrize("message", RESPONSES)
def test_every_response_comes_out_alike_byte_by_byte(check_protocol: Any, message: bytes) -> None:
    assert not check_protocol(waiting_client, message, join=join).refused


@given(spoiled([*REQUESTS, UPGRADE]), cuts)
@example(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r\n", [])
@example(b"\r", [])
def test_a_server_takes_or_refuses_spoiled_requests_alike(
    check_protocol: Any, data: bytes, cuts: list[int]
) -> None:
    check_protocol(server_connection, data, cuts=cuts, join=join, react=answer_and_go_on)


@given(spoiled(RESPONSES), cuts)
def test_a_client_takes_or_refuses_spoiled_responses_alike(
    check_protocol: Any, data: bytes, cuts: list[int]
) -> None:
    check_protocol(waiting_client, data, cuts=cuts, join=join)


@given(st.binary(max_size=80) | st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
def test_junk_is_only_ever_refused(check_protocol: Any, data: bytes) -> None:
    check_protocol(server_connection, data, join=join, react=answer_and_go_on)
    check_protocol(waiting_client, data, join=join)
    check_protocol(client_connection, data, join=join)


@given(spoiled([*REQUESTS, UPGRADE]))
def test_tight_limits_do_not_make_the_cutting_matter(check_protocol: Any, data: bytes) -> None:
    limits = Limits(
        max_head_bytes=70, max_headers=2, max_target_bytes=6, max_chunk_extension_bytes=5
    )
    check_protocol(
        lambda: server_connection(limits=limits), data, join=join, react=answer_and_go_on
    )


texts = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8)
events = st.one_of(
    st.builds(Request, st.sampled_from(["GET", "HEAD", "CONNECT", "", "ü"]), texts.map(str.encode)),
    st.builds(
        Request,
        st.sampled_from(["GET", "POST"]),
        st.just(b"/"),
        st.just([(b"Host", b"a"), (b"Content-Length", b"3")]),
    ),
    st.builds(Response, st.integers(min_value=90, max_value=1010)),
    st.builds(Data, st.binary(max_size=4)),
    st.just(EndOfMessage()),
    st.just(EndOfMessage([(b"A", b"b")])),
)


@given(st.booleans(), st.lists(events, max_size=6))
def test_misuse_is_only_ever_a_local_error(as_server: bool, sent: list[Event]) -> None:
    connection = server_connection() if as_server else client_connection()
    if as_server:
        connection.receive_data(GET)
        connection.next_event()
    for event in sent:
        try:
            connection.send(event)
            connection.start_next_cycle()
        except LocalProtocolError:
            continue
