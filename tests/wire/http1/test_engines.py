"""Both engines, the same bytes: the same events, or a refusal at the same place."""

from __future__ import annotations

import random
import sys
from typing import Any, Final

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trio_helianthus.errors import MissingExtraError
from trio_helianthus.wire import NEED_DATA, PAUSED
from trio_helianthus.wire.http1 import (
    BadMessage,
    Data,
    EndOfMessage,
    Engine,
    Event,
    HTTP1Connection,
    Limits,
    Request,
    client_connection,
    encode_response,
    server_connection,
)

LIMITS: Final = Limits(max_head_bytes=2000, max_headers=20, max_target_bytes=300)

START_LINES: Final = [
    *(b"GET / HTTP/1.1", b"POST /a?b=%20 HTTP/1.1", b"GET / HTTP/1.0", b"HEAD / HTTP/1.1"),
    *(b"OPTIONS * HTTP/1.1", b"CONNECT a:80 HTTP/1.1", b"GET http://a/b HTTP/1.1"),
    *(b"PATCH / HTTP/1.1", b"M-SEARCH / HTTP/1.1", b"get / HTTP/1.1", b"PRI * HTTP/2.0"),
    *(b"GET  / HTTP/1.1", b"GET /", b"GET / HTTP/1.2", b"SOURCE / ICE/1.0", b"GET /# HTTP/1.1"),
    b"FOO /\xe4 HTTP/1.1",
]
STATUS_LINES: Final = [
    *(b"HTTP/1.1 200 OK", b"HTTP/1.1 200", b"HTTP/1.1 404 ", b"HTTP/1.0 200 OK"),
    *(b"HTTP/1.1 100 Continue", b"HTTP/1.1 101 Switch", b"HTTP/1.1 204 None", b"HTTP/1.1 304 Not"),
    *(b"HTTP/1.1 999 \xe4", b"HTTP/1.1 099 no", b"HTTP/1.1  200 OK", b"HTTP/2.0 200 OK"),
    *(b"HTTP/1.1 20 OK", b"HTTP/1.1 2000", b"ICY 200 OK", b"HTTP/1.1 200 a\tb"),
]
FIELDS: Final = [
    *(b"Host: a", b"Host: a", b"Host: a", b"host:a:80", b"Host: a, b", b"Host:"),
    *(b"Content-Length: 3", b"Content-Length: 3", b"content-length:\t3 ", b"Content-Length: 03"),
    *(b"Content-Length: 3, 3", b"Content-Length: +3", b"Content-Length:", b"Content-Length : 3"),
    *(b"Transfer-Encoding: chunked", b"transfer-encoding: CHUNKED\t", b"Transfer-Encoding: gzip"),
    *(b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding:", b"Connection: close"),
    *(b"Connection: keep-alive", b"Connection: Upgrade", b"Upgrade: websocket", b"Upgrade:"),
    *(b"Expect: 100-continue", b"X:", b"X: \t", b"X: \xe4\xff \t b", b'x-y: 1;2,3="4"', b"X-: :"),
    *(
        b"X",
        b": x",
        b"X y: z",
        b" X: folded",
        b"X\xe4: y",
        b"X: \x00",
        b"X: \x0b",
        b"X: a\rb",
        b"X: a\nb",
    ),
    *(b"Proxy-Connection: close", b"Keep-Alive: 5", b"TE: trailers", b"Trailer: x", b"Cookie: a=b"),
]
BODIES: Final = [
    *(b"", b"abc", b"0\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n", b"3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\n"),
    *(b"3;\r\nabc\r\n0\r\n\r\n", b"3 \r\nabc\r\n0\r\n\r\n", b"3\nabc\r\n0\r\n\r\n", b"g\r\n\r\n"),
    *(
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"0\r\nHost: a\r\n\r\n",
        b"0\r\nA : b\r\n\r\n",
        b"0\r\n A: b\r\n\r\n",
    ),
    *(b"0\r\nConnection: close\r\nUpgrade: x\r\n\r\n", b"0\r\nA\r\n\r\n", b"0\r\nA: b\n\r\n"),
    *(b"fffffffffffffffff\r\n", b'1;a="\r\nb"\r\n', b"\r\n", b"\r\n\r\n"),
]


@pytest.fixture
def both() -> None:
    pytest.importorskip("httptools", reason="needs the extra 'speed'")


@st.composite
def streams(draw: st.DrawFn, start_lines: list[bytes]) -> bytes:
    """Some messages, most of them with something odd, of which a few bytes may be spoiled."""
    parts: list[bytes] = []
    for _ in range(draw(st.integers(1, 3))):
        fields = draw(st.lists(st.sampled_from(FIELDS), max_size=5))
        if draw(st.integers(0, 4)):
            fields.insert(0, b"Host: a")
        parts += [draw(st.sampled_from(start_lines)), b"\r\n"]
        parts += [field + b"\r\n" for field in fields]
        parts += [b"\r\n", draw(st.sampled_from(BODIES))]
    data = b"".join(parts)
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(data)))
        put = draw(
            st.binary(max_size=2) | st.sampled_from([b"\r", b"\n", b" ", b"\t", b":", b"\x00"])
        )
        data = data[:at] + put + data[at + draw(st.integers(0, 2)) :]
    return data


def join(first: Event, second: Event) -> Event | None:
    if isinstance(first, Data) and isinstance(second, Data):
        return Data(first.data + second.data)
    return None


def answer_and_go_on(connection: HTTP1Connection, event: Event) -> None:
    if isinstance(event, EndOfMessage) and connection.can_answer:
        connection.send_whole(404, encode_response(404, []), b"no")
        if connection.can_reuse:
            connection.start_next_cycle()


def server(engine: Engine) -> HTTP1Connection:
    return server_connection(limits=LIMITS, engine=engine)


def client(engine: Engine) -> HTTP1Connection:
    connection = client_connection(limits=LIMITS, engine=engine)
    fields = [(b"Host", b"a"), (b"Connection", b"upgrade"), (b"Upgrade", b"any")]
    connection.send(Request("GET", b"/", fields), EndOfMessage())
    return connection


cuts = st.lists(st.integers(0, 400), max_size=5)


@pytest.mark.usefixtures("both")
@given(streams(START_LINES), cuts)
@example(
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    [],
)
@example(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.0\r\nHost: a\r\n\r\n", [30])
@example(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n", [30])
@example(b"GET / HTTP/1.0\r\n\r\nGET / HTTP/1.1\r\n\r\n", [])
def test_servers_read_the_same(check_protocol: Any, data: bytes, cuts: list[int]) -> None:
    said = [
        check_protocol(
            lambda e=engine: server(e), data, cuts=cuts, join=join, react=answer_and_go_on
        )
        for engine in (Engine.H11, Engine.HTTPTOOLS)
    ]
    assert said[0] == said[1]


@pytest.mark.usefixtures("both")
@given(streams(STATUS_LINES), cuts)
def test_clients_read_the_same(check_protocol: Any, data: bytes, cuts: list[int]) -> None:
    said = [
        check_protocol(lambda e=engine: client(e), data, cuts=cuts, join=join)
        for engine in (Engine.H11, Engine.HTTPTOOLS)
    ]
    assert said[0] == said[1]


@pytest.mark.usefixtures("both")
@given(streams(START_LINES))
def test_what_h11_as_a_whole_refuses_we_refuse(data: bytes) -> None:
    reference = h11.Connection(h11.SERVER)
    reference.receive_data(data)
    theirs: list[type] = []
    refused = False
    try:
        while (event := reference.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            theirs.append(type(event))
    except h11.RemoteProtocolError as exc:
        # What follows a last message we leave where it is.
        refused = "expecting EOF" not in str(exc)
    connection = server(Engine.HTTPTOOLS)
    connection.receive_data(data)
    events: list[Event] = []
    try:
        while (got := connection.next_event()) is not NEED_DATA and got is not PAUSED:
            events.append(got)
    except BadMessage:
        return
    assert not refused
    heads = sum(isinstance(event, Request) for event in events)
    assert heads == theirs.count(h11.Request)
    assert events.count(EndOfMessage()) <= theirs.count(h11.EndOfMessage)


GOOD: Final = (
    b"POST /a?b=c HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\nTransfer-Encoding: chunked\r\n"
    b'\r\n5;a="b"\r\nhello\r\n3\r\nabc\r\n0\r\nSum: 1\r\n\r\n'
    b"PUT / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 5\r\nConnection: x\r\n\r\nhello"
    b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"
)


@pytest.mark.usefixtures("both")
def test_damage_is_refused_or_read_and_nothing_else() -> None:
    chance = random.Random(5)
    for _ in range(1500):
        data = bytearray(GOOD)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            data[at : at + chance.randint(0, 3)] = chance.choice(
                [chance.randbytes(chance.randint(0, 3)), GOOD[at % 40 : at % 40 + 6], b"\r\n"]
            )
        outcomes = [play(server(engine), bytes(data)) for engine in (Engine.H11, Engine.HTTPTOOLS)]
        assert outcomes[0] == outcomes[1], bytes(data)
        assert outcomes[0][-1] not in range(500, 600)


def play(connection: HTTP1Connection, data: bytes) -> list[object]:
    connection.receive_data(data)
    said: list[object] = []
    try:
        while (event := connection.next_event()) is not NEED_DATA and event is not PAUSED:
            said.append(event)
            answer_and_go_on(connection, event)
    except BadMessage as refusal:
        said.append(refusal.status_hint)
    return said


@pytest.mark.parametrize(
    "data",
    [
        b"GET /",
        b"GET / HTTP/1.1\r\nA: ",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 9,
        b"\r\n" * 9,
        b"A",
    ],
)
def test_no_head_is_kept_for_longer_than_its_limit(engine: Engine, data: bytes) -> None:
    connection = server(engine)
    connection.receive_data(data)
    with pytest.raises(BadMessage):
        for _ in range(LIMITS.max_head_bytes + 1):
            connection.next_event()
            connection.receive_data(b"a")
    assert connection.buffered <= LIMITS.max_head_bytes + 1


def test_what_is_not_installed_is_named_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httptools", None)
    monkeypatch.delitem(sys.modules, "trio_helianthus.wire.http1._httptools_parser", raising=False)
    with pytest.raises(MissingExtraError, match="speed"):
        server_connection(engine=Engine.HTTPTOOLS)
    connection = client_connection(engine=Engine.AUTO)
    assert connection.send(Request("GET", b"/", [(b"Host", b"a")]), EndOfMessage())


def test_an_engine_is_known_by_its_name() -> None:
    assert [Engine(name) for name in ("auto", "h11", "httptools")] == list(Engine)


@pytest.mark.parametrize("fields", [b"Content-Length: x\r\n", b"A : b\r\n", b"Host: a b\r\n"])
@pytest.mark.parametrize("known", [True, False])
def test_too_long_a_target_is_what_is_told_by_either_engine(
    engine: Engine, fields: bytes, known: bool
) -> None:
    connection = server_connection(limits=LIMITS, engine=engine)
    if known:
        connection.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.next_request()
        connection.send_whole(200, encode_response(200, []), b"")
        connection.next_cycle()
    target = b"/" + b"a" * LIMITS.max_target_bytes
    connection.receive_data(b"GET %b HTTP/1.1\r\n%b\r\n" % (target, fields))
    with pytest.raises(BadMessage) as refusal:
        connection.next_event()
    assert refusal.value.status_hint == 414
