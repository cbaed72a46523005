from __future__ import annotations

import pytest

from trio_helianthus.wire import NEED_DATA, PAUSED
from trio_helianthus.wire.http1 import (
    BadMessage,
    EndOfMessage,
    Event,
    HTTP1Connection,
    Request,
    Response,
    client_connection,
    server_connection,
)


def events_of(connection: HTTP1Connection, data: bytes) -> list[Event]:
    connection.receive_data(data)
    events = []
    while (event := connection.next_event()) is not NEED_DATA and event is not PAUSED:
        events.append(event)
    return events


def request(*lines: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join([b"POST / HTTP/1.1", b"Host: a", *lines, b"", body])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="no Host"),
        pytest.param(request(b"Host: a"), id="two Hosts"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", id="space in Host"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", id="path in Host"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", id="user in Host"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", id="port in Host"),
        pytest.param(b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", id="two Hosts in 1.0"),
        pytest.param(request(b"A: b", b" c"), id="obs-fold with space"),
        pytest.param(request(b"A: b", b"\tc"), id="obs-fold with tab"),
        pytest.param(b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", id="obs-fold of nothing"),
        pytest.param(b"GET / HTTP/1.1\nHost: a\n\n", id="bare LF"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\n\r\n", id="one bare LF"),
        pytest.param(request(b"A: b\rc"), id="bare CR"),
        pytest.param(request(b"A: b\r\rc"), id="two CR"),
        pytest.param(request(b"A: b\x00c"), id="NUL"),
        pytest.param(request(b"A: b\x7fc"), id="DEL"),
        pytest.param(request(b"A : b"), id="space before colon"),
        pytest.param(request(b"A\t: b"), id="tab before colon"),
        pytest.param(request(b"A"), id="no colon"),
        pytest.param(request(b": b"), id="no name"),
        pytest.param(request(b"A(: b"), id="no token"),
        pytest.param(request("ä: b".encode()), id="name beyond ASCII"),
        pytest.param(b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", id="target beyond ASCII"),
        pytest.param(b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", id="two spaces"),
        pytest.param(b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", id="space behind version"),
        pytest.param(b"GET / http/1.1\r\nHost: a\r\n\r\n", id="lower-case version"),
        pytest.param(b"GET / HTTP/1.10\r\nHost: a\r\n\r\n", id="long version"),
        pytest.param(b"GET /\r\n\r\n", id="HTTP/0.9"),
        pytest.param(b" GET / HTTP/1.1\r\nHost: a\r\n\r\n", id="space in front"),
        pytest.param(b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", id="two empty lines"),
        pytest.param(b"\x16\x03\x01\x02\x00", id="TLS"),
        pytest.param(
            request(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
            id="length and chunks",
        ),
        pytest.param(
            request(b"Content-Length: 1", b"Content-Length: 2", body=b"ab"), id="two lengths"
        ),
        pytest.param(request(b"Content-Length: 1, 2", body=b"ab"), id="list of lengths"),
        pytest.param(request(b"Content-Length: +1", body=b"a"), id="signed length"),
        pytest.param(request(b"Content-Length: 0x1", body=b"a"), id="hexadecimal length"),
        pytest.param(request(b"Content-Length: 1_0", body=b"a"), id="underscore in length"),
        pytest.param(request(b"Content-Length: 1.0", body=b"a"), id="decimal point in length"),
        pytest.param(request(b"Content-Length:", body=b"a"), id="empty length"),
        pytest.param(request(b"Content-Length: " + b"9" * 21, body=b"a"), id="endless length"),
        pytest.param(
            b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="chunks in 1.0"
        ),
    ],
)
def test_a_request_with_two_readings_is_a_bad_request(data: bytes) -> None:
    with pytest.raises(BadMessage) as refusal:
        events_of(server_connection(), data)
    assert refusal.value.status_hint == 400


@pytest.mark.parametrize(
    "coding", [b"gzip", b"gzip, chunked", b"chunked, chunked", b"identity", b"xchunked", b""]
)
def test_an_unknown_transfer_coding_is_not_implemented(coding: bytes) -> None:
    with pytest.raises(BadMessage) as refusal:
        events_of(server_connection(), request(b"Transfer-Encoding: " + coding))
    assert refusal.value.status_hint == 501


@pytest.mark.parametrize("version", [b"0.9", b"1.2", b"2.0", b"9.9"])
def test_another_version_is_not_supported(version: bytes) -> None:
    with pytest.raises(BadMessage) as refusal:
        events_of(server_connection(), b"GET / HTTP/" + version + b"\r\nHost: a\r\n\r\n")
    assert refusal.value.status_hint == 505


def test_the_preface_of_http2_is_not_supported() -> None:
    with pytest.raises(BadMessage) as refusal:
        events_of(server_connection(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert refusal.value.status_hint == 505


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"5\nhello\r\n0\r\n\r\n", id="bare LF behind size"),
        pytest.param(b"5\r\nhello\n0\r\n\r\n", id="bare LF behind chunk"),
        pytest.param(b"5\r\nhelloXX0\r\n\r\n", id="junk behind chunk"),
        pytest.param(b"5 \r\nhello\r\n0\r\n\r\n", id="space behind size"),
        pytest.param(b"5 ;a\r\nhello\r\n0\r\n\r\n", id="space before extension"),
        pytest.param(b"0x5\r\nhello\r\n0\r\n\r\n", id="prefix"),
        pytest.param(b"+5\r\nhello\r\n0\r\n\r\n", id="sign"),
        pytest.param(b"\r\nhello\r\n0\r\n\r\n", id="no size"),
        pytest.param(b"1" + b"0" * 16 + b"\r\nhello", id="size beyond 64 bits"),
        pytest.param(b"5;a\rb\r\nhello\r\n0\r\n\r\n", id="bare CR in extension"),
        pytest.param(b"5;a\x00\r\nhello\r\n0\r\n\r\n", id="NUL in extension"),
        pytest.param(b"0\r\nA: b\n\r\n", id="bare LF in trailers"),
        pytest.param(b"0\r\nA: b\r\n c\r\n\r\n", id="obs-fold in trailers"),
        pytest.param(b"0\r\n A: b\r\n\r\n", id="space before trailers"),
        pytest.param(b"0\r\nContent-Length: 5\r\n\r\n", id="length in trailers"),
        pytest.param(b"0\r\nTransfer-Encoding: chunked\r\n\r\n", id="coding in trailers"),
        pytest.param(b"0\r\nHost: b\r\n\r\n", id="Host in trailers"),
    ],
)
def test_malformed_chunks_are_refused(body: bytes) -> None:
    with pytest.raises(BadMessage):
        events_of(server_connection(), request(b"Transfer-Encoding: chunked", body=body))


@pytest.mark.parametrize(
    "line",
    [
        b"A:b",
        b"A:",
        b"A: \t b\tc \t",
        b"A: \xe4\xff",
        b"!#$%&'*+-.^_`|~09aZ: b",
        b"Content-Length: 0",
        b"Content-Length: 0\r\nContent-Length: 0",
        b"Connection: keep-alive",
    ],
)
def test_what_has_one_reading_is_taken(line: bytes) -> None:
    events = events_of(server_connection(), request(line))
    assert [type(event) for event in events] == [Request, EndOfMessage]


@pytest.mark.parametrize("host", [b"a", b"", b"a.b:80", b"[::1]", b"[::1]:80", b"a_b", b"1.2.3.4"])
def test_every_kind_of_host_is_taken(host: bytes) -> None:
    [head, _] = events_of(server_connection(), b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    assert isinstance(head, Request)
    assert head.headers == ((b"host", host),)


@pytest.mark.parametrize("target", [b"*", b"http://a/b?c", b"a:80", b"//", b"/%00"])
def test_every_form_of_target_is_taken(target: bytes) -> None:
    [head, _] = events_of(
        server_connection(), b"OPTIONS " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    assert isinstance(head, Request)
    assert head.target == target


def test_one_empty_line_before_a_request_is_forgiven_each_time() -> None:
    connection = server_connection()
    for _ in range(2):
        assert len(events_of(connection, b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")) == 2
        connection.send(Response(204), EndOfMessage())
        connection.start_next_cycle()


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
        pytest.param(b"HTTP/2.0 200 OK\r\n\r\n", id="version"),
        pytest.param(b"HTTP/1.1 20 OK\r\n\r\n", id="short status"),
        pytest.param(b"HTTP/1.1 099 OK\r\n\r\n", id="low status"),
        pytest.param(b"HTTP/1.1 200 O\rK\r\n\r\n", id="bare CR"),
        pytest.param(b"HTTP/1.1 200 OK\n\n", id="bare LF"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", id="obs-fold"),
        pytest.param(b"HTTP/1.1 101 Go\r\n\r\n", id="an upgrade that nobody asked for"),
    ],
)
def test_a_client_is_as_strict(data: bytes) -> None:
    connection = client_connection()
    connection.send(Request("GET", b"/", [(b"Host", b"a")]), EndOfMessage())
    with pytest.raises(BadMessage):
        events_of(connection, data)
