from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus.wire import NEED_DATA
from trio_helianthus.wire.http1 import (
    BadMessage,
    EndOfMessage,
    Engine,
    HTTP1Connection,
    Limits,
    MessageTooLarge,
    Request,
    Response,
    client_connection,
    encode_request,
    encode_response,
    server_connection,
)
from trio_helianthus.wire.http1._h11_parser import H11Parser
from trio_helianthus.wire.http1._heads import RequestReader

FIELDS = b"Host: a\r\nAccept: */*\r\nCookie: b=c\r\n\r\n"
OK = encode_response(200, [])
ASK = encode_request("GET", b"/", [(b"Host", b"a")])


def ask(connection: HTTP1Connection, data: bytes) -> Request:
    """Hand a request over, and answer it."""
    connection.receive_data(data)
    request = connection.next_event()
    assert isinstance(request, Request)
    while not isinstance(connection.next_event(), EndOfMessage):
        pass
    connection.send_whole(200, OK, b"")
    if connection.can_reuse:
        connection.start_next_cycle()
    return request


def test_the_same_head_again_is_the_same_event(engine: Engine) -> None:
    connection = server_connection(engine=engine)
    first = ask(connection, b"GET / HTTP/1.1\r\n" + FIELDS)
    assert ask(connection, b"GET / HTTP/1.1\r\n" + FIELDS) is first


def test_the_same_fields_again_are_the_same_tuple(engine: Engine) -> None:
    connection = server_connection(engine=engine)
    first = ask(connection, b"GET / HTTP/1.1\r\n" + FIELDS)
    for line in (b"GET /b HTTP/1.1", b"DELETE /c?d HTTP/1.1", b"M-SEARCH / HTTP/1.1"):
        other = ask(connection, line + b"\r\n" + FIELDS)
        assert other.headers is first.headers
        assert (other.method.encode(), other.target) == tuple(line.split()[:2])


def test_other_fields_are_read_afresh(engine: Engine) -> None:
    connection = server_connection(engine=engine)
    first = ask(connection, b"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n")
    second = ask(connection, b"GET / HTTP/1.1\r\nHost: a\r\nA: c\r\n\r\n")
    assert dict(first.headers)[b"a"] == b"b"
    assert dict(second.headers)[b"a"] == b"c"
    third = ask(connection, b"GET / HTTP/1.1\r\nHost: a\r\nA: c\r\nD: e\r\n\r\n")
    assert len(third.headers) == 3


def test_remembered_fields_mean_what_the_version_makes_of_them(engine: Engine) -> None:
    connection = server_connection(engine=engine)
    fields = b"Host: a\r\nConnection: keep-alive\r\n\r\n"
    ask(connection, b"GET / HTTP/1.1\r\n" + fields)
    assert ask(connection, b"GET / HTTP/1.0\r\n" + fields).http_version == "1.0"
    assert ask(connection, b"GET / HTTP/1.1\r\n" + fields).http_version == "1.1"
    ask(connection, b"GET / HTTP/1.1\r\n" + FIELDS)
    ask(connection, b"GET / HTTP/1.0\r\n" + FIELDS)
    assert connection.must_close


@pytest.mark.parametrize(
    "line",
    [
        *(
            b"GET /",
            b"GET  / HTTP/1.1",
            b"GET / HTTP/1.1 ",
            b"GET / HTTP/1.2",
            b"G\x00T / HTTP/1.1",
        ),
        *(b"GET /\x01 HTTP/1.1", b"GET /\xe4 HTTP/1.1", b"GET /\n HTTP/1.1", b"GET * HTTP/1.1"),
        *(b"GET /\tHTTP/1.1", b"GET /\r HTTP/1.1", b" GET / HTTP/1.1", b"GET /#a HTTP/1.1", b""),
        *(b"G(T / HTTP/1.1", b"CONNECT / HTTP/1.1", b"GET /\x0b HTTP/1.1", b"GET / HTTP/1.1\r"),
    ],
)
def test_a_line_above_remembered_fields_is_read_as_strictly(engine: Engine, line: bytes) -> None:
    connection = server_connection(engine=engine)
    ask(connection, b"GET / HTTP/1.1\r\n" + FIELDS)
    connection.receive_data(b"\r\n" * (not line) + line + b"\r\n" + FIELDS)
    with pytest.raises(BadMessage):
        connection.next_event()


def test_connect_above_remembered_framing_is_refused(engine: Engine) -> None:
    connection = server_connection(engine=engine)
    fields = b"Host: a\r\nContent-Length: 2\r\n\r\nhi"
    ask(connection, b"PUT / HTTP/1.1\r\n" + fields)
    connection.receive_data(b"CONNECT a:80 HTTP/1.1\r\n" + fields)
    with pytest.raises(BadMessage):
        connection.next_event()


def test_remembered_framing_frames_the_next_body(engine: Engine) -> None:
    connection = server_connection(engine=engine)
    for line in (b"PUT /a HTTP/1.1\r\n", b"PUT /a HTTP/1.1\r\n", b"PUT /b HTTP/1.1\r\n"):
        ask(connection, line + b"Host: a\r\nContent-Length: 2\r\n\r\nhi")
        ask(connection, line + b"Host: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n")
    assert connection.buffered == 0


@pytest.mark.parametrize(
    ("limits", "status"),
    [(Limits(max_head_bytes=len(FIELDS) + 30), 431), (Limits(max_target_bytes=20), 414)],
)
def test_limits_hold_above_remembered_fields(limits: Limits, status: int, engine: Engine) -> None:
    connection = server_connection(limits=limits, engine=engine)
    ask(connection, b"GET /a HTTP/1.1\r\n" + FIELDS)
    connection.receive_data(b"GET /" + b"a" * 30 + b" HTTP/1.1\r\n" + FIELDS)
    with pytest.raises(MessageTooLarge) as refusal:
        connection.next_event()
    assert refusal.value.status_hint == status


def read_one(connection: HTTP1Connection, data: bytes) -> Request | int:
    """Hand one request over, and take it or its refusal."""
    try:
        return ask(connection, data)
    except BadMessage as refusal:
        return refusal.status_hint


LINES: Final = [
    *(b"A: b", b"A: c", b"a:b ", b"Cookie: d", b"Accept:", b"Host: b", b"Content-Length: 0"),
    *(b"Connection: keep-alive", b"connection: x", b"Transfer-Encoding: CHUNKED", b"Upgrade: x"),
    *(b" folded", b"\tfolded", b"A", b"A : b", b": b", b"A: \x00", b"A: \r", b"A: b\nC: d", b"\r"),
]


GOOD: Final = LINES[:11]


@st.composite
def blocks(draw: st.DrawFn) -> list[list[bytes]]:
    """Header fields that are like those before them but for a few lines, which may be bad."""
    lines = draw(st.lists(st.sampled_from(GOOD), max_size=5))
    lines.insert(draw(st.integers(0, len(lines))), b"Host: a")
    those = [list(lines)]
    for _ in range(draw(st.integers(1, 4))):
        for _ in range(draw(st.integers(0, 2))):
            at = draw(st.integers(0, len(lines)))
            other = draw(st.lists(st.sampled_from(LINES), max_size=2))
            lines[at : at + draw(st.integers(0, 2))] = other
        those.append(list(lines))
    return those


@given(st.sampled_from([Engine.H11, Engine.AUTO]), blocks())
def test_what_came_before_changes_nothing(engine: Engine, blocks: list[list[bytes]]) -> None:
    limits = Limits(max_headers=6)
    connection = server_connection(limits=limits, engine=engine)
    for lines in blocks:
        data = b"".join([line + b"\r\n" for line in (b"GET / HTTP/1.1", *lines, b"")])
        if b"Transfer-Encoding: CHUNKED" in lines:
            data += b"0\r\n\r\n"
        fresh = server_connection(limits=limits, engine=Engine.H11)
        assert read_one(connection, data) == read_one(fresh, data)
        if connection.must_close:
            connection = server_connection(limits=limits, engine=engine)


VALUES: Final = st.one_of(
    st.sampled_from(
        [b"", b"a", b"a b", b"a\tb", b"\xe4", b" a", b"a ", b"a\r", b"a\x0b", b"\x0ba"]
    ),
    st.lists(st.sampled_from(list(b"ab: \t\r\n\x00\x0b\x1c\x7f\x80\xff")), max_size=5).map(bytes),
)


@given(
    st.sampled_from([Engine.H11, Engine.AUTO]),
    st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=6),
    st.booleans(),
)
def test_a_value_that_varies_is_read_as_if_it_were_the_first(
    engine: Engine, values: list[tuple[bytes, bytes]], split: bool
) -> None:
    connection = server_connection(engine=engine)
    for number, (one, other) in enumerate(values):
        data = b"GET /%d HTTP/1.1\r\nA:%b\r\nHost: a\r\nB: %b\r\n\r\n" % (number, one, other)
        fresh = server_connection(engine=Engine.H11)
        expected = read_one(fresh, data)
        if split:
            connection.receive_data(data[:20])
            if not isinstance(expected, int):
                assert connection.next_event() is NEED_DATA
            data = data[20:]
        assert read_one(connection, data) == expected
        if connection.must_close:
            connection = server_connection(engine=engine)


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_coding_is_in_lower_case_however_its_head_comes_again(engine: Engine, cut: int) -> None:
    connection = server_connection(engine=engine)
    head = b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\nA: b\r\n\r\n0\r\n\r\n"
    for _ in range(3):
        connection.receive_data(head[:cut])
        assert connection.next_event() is NEED_DATA
        assert (b"transfer-encoding", b"chunked") in ask(connection, head[cut:]).headers


def test_a_name_that_changes_its_place_is_judged_where_it_is(engine: Engine) -> None:
    connection = server_connection(engine=engine)
    for a, b in [(b"A", b"Content-Length"), (b"Content-Length", b"A"), (b"A", b"Content-Length")]:
        for number in (b"1", b"2", b"3"):
            data = b"PUT / HTTP/1.1\r\nHost: a\r\n%b: %b\r\n%b: %b\r\n\r\n" % (a, number, b, number)
            ask(connection, data + b"x" * int(number))
            assert connection.buffered == 0


def test_too_long_a_head_is_refused_though_it_is_like_the_last_one(engine: Engine) -> None:
    connection = server_connection(limits=Limits(max_head_bytes=100), engine=engine)
    head = b"GET / HTTP/1.1\r\nHost: a\r\nA: %b\r\nB: c\r\n\r\n"
    for value in (b"a", b"b", b"c"):
        ask(connection, head % value)
    connection.receive_data(head % (b"x" * 80))
    with pytest.raises(MessageTooLarge) as refusal:
        connection.next_event()
    assert refusal.value.status_hint == 431


@pytest.mark.parametrize(
    "line", [b" folded", b"\tfolded", b"A", b"A : b", b": b", b"A: \x0b", b"\n"]
)
@pytest.mark.parametrize("at", range(5))
def test_a_bad_line_among_remembered_ones_is_refused(engine: Engine, line: bytes, at: int) -> None:
    lines = [b"Host: a", b"A: b", b"C: d", b"E: f"]
    other = [*lines[:at], line, *lines[at:]]
    for spoiled in (other, other[: at + 1] + other[at + 2 :]):
        connection = server_connection(engine=engine)
        for known in (lines, [*lines[:2], b"C: e", lines[3]]):
            ask(connection, b"\r\n".join([b"GET / HTTP/1.1", *known, b"", b""]))
        connection.receive_data(b"\r\n".join([b"GET / HTTP/1.1", *spoiled, b"", b""]))
        with pytest.raises(BadMessage):
            connection.next_event()


def test_a_remembered_field_that_goes_takes_with_it_what_it_said(engine: Engine) -> None:
    connection = server_connection(engine=engine)
    ask(connection, b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nA: b\r\n\r\nhi")
    ask(connection, b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Type: a\r\nA: b\r\n\r\n")
    ask(connection, b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nA: b\r\n\r\nyou")
    assert connection.buffered == 0
    connection.receive_data(b"PUT / HTTP/1.1\r\nContent-Length: 3\r\nA: b\r\n\r\n")
    with pytest.raises(BadMessage, match="Host"):
        connection.next_event()


def test_fields_of_the_same_name_are_all_read(engine: Engine) -> None:
    connection = server_connection(engine=engine)
    fields = b"Host: a\r\nCookie: a\r\nCookie: b \r\ncookie: a\r\n\r\n"
    request = ask(connection, b"GET / HTTP/1.1\r\n" + fields)
    assert request.headers[1:] == ((b"cookie", b"a"), (b"cookie", b"b"), (b"cookie", b"a"))


def test_a_client_reads_answers_that_differ_in_a_few_lines(engine: Engine) -> None:
    connection = client_connection(engine=engine)
    for number in range(3):
        connection.send_request_whole(ASK)
        connection.receive_data(
            b"HTTP/1.1 200 OK\r\nDate: %d\r\nServer: a\r\nContent-Length: %d\r\n\r\n%b"
            % (number, number, b"a" * number)
        )
        response = connection.next_event()
        assert isinstance(response, Response)
        assert response.headers[0] == (b"date", b"%d" % number)
        assert connection.body_length == number
        while not isinstance(connection.next_event(), EndOfMessage):
            pass
        connection.start_next_cycle()


def test_an_empty_line_is_forgiven_before_a_remembered_head_but_no_second_one() -> None:
    connection = server_connection()
    head = b"GET / HTTP/1.1\r\n" + FIELDS
    for _ in range(3):
        ask(connection, b"\r\n" + head)
    connection.receive_data(b"\r\n\r\n" + head)
    with pytest.raises(BadMessage):
        connection.next_event()


def test_a_remembered_head_may_come_byte_by_byte(engine: Engine) -> None:
    connection = server_connection(engine=engine)
    first = ask(connection, b"GET / HTTP/1.1\r\n" + FIELDS)
    for byte in b"GET / HTTP/1.1\r\n" + FIELDS:
        assert connection.next_event() is NEED_DATA
        connection.receive_data(bytes([byte]))
    assert connection.next_event() is first


def test_a_client_knows_a_head_again(engine: Engine) -> None:
    connection = client_connection(engine=engine)
    seen = []
    for _ in range(2):
        connection.send_request_whole(ASK)
        connection.receive_data(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        seen.append(connection.next_event())
        while not isinstance(connection.next_event(), EndOfMessage):
            pass
        connection.start_next_cycle()
    assert seen[0] is seen[1]


def test_a_head_known_from_a_get_has_no_body_when_it_answers_a_head() -> None:
    connection = client_connection()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    connection.send_request_whole(ASK)
    connection.receive_data(answer + b"ok")
    while not isinstance(connection.next_event(), EndOfMessage):
        pass
    connection.start_next_cycle()
    connection.send_request_whole(encode_request("HEAD", b"/", [(b"Host", b"a")]))
    connection.receive_data(answer)
    connection.next_event()
    assert connection.body_length == 0
    assert connection.next_event() == EndOfMessage()


class Copied(bytearray):
    """Tells when all of it is copied."""

    def __bytes__(self) -> bytes:
        raise AssertionError("a buffer was copied for one head of the many in it")


def test_a_value_is_taken_out_of_a_buffer_that_is_not_copied() -> None:
    reader = RequestReader(Limits(), H11Parser())
    lines = b"GET / HTTP/1.1\r\nHost: a\r\nCookie: %d\r\n\r\n"
    buffer = Copied(b"".join([lines % number for number in range(4)]))
    heads = [reader.read(buffer, place * len(lines % 0)) for place in range(4)]
    cookies = [head.fields[1][1] for head in heads if head is not None]
    assert cookies == [b"0", b"1", b"2", b"3"]
    assert {type(cookie) for cookie in cookies} == {bytes}
