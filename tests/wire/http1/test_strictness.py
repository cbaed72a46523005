from __future__ import annotations

import pytest

from trio_helianthus.wire import NEED_DATA, PAUSED
from trio_helianthus.wire.http1 import (
    BadMessage,
    Data,
    EndOfMessage,
    Engine,
    Event,
    HTTP1Connection,
    Request,
    Response,
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
        pytest.param(request(b"Content-Length: 1, 1", body=b"a"), id="list of one length"),
        pytest.param(request(b"Content-Length: 1,", body=b"a"), id="list that goes on"),
        pytest.param(
            request(b"Content-Length: 1", b"Content-Length: 1", body=b"a"), id="one length twice"
        ),
        pytest.param(request(b"Content-Length: -1", body=b"a"), id="negative length"),
        pytest.param(request(b"Content-Length: 1 1", body=b"a"), id="space in length"),
        pytest.param(request(b"Content-Length: '1'", body=b"a"), id="quoted length"),
        pytest.param(request(b"Content-Length: \xd9\xa1", body=b"a"), id="Arabic length"),
        pytest.param(request(b"Content-Length: \xb2", body=b"a"), id="superscript length"),
        pytest.param(request(b"Content-Length : 1", body=b"a"), id="space behind Content-Length"),
        pytest.param(request(b"Content_Length: 1", b"Content-Length", body=b"a"), id="no value"),
        pytest.param(request(b"Content-Length: 18446744073709551616"), id="length beyond 64 bits"),
        pytest.param(request(b"Content-Length: 1\x0b", body=b"a"), id="vertical tab"),
        pytest.param(request(b"Content-Length:\x0c1", body=b"a"), id="form feed"),
        pytest.param(request(b"A: b\nTransfer-Encoding: chunked"), id="coding behind bare LF"),
        pytest.param(request(b"A: b\rTransfer-Encoding: chunked"), id="coding behind bare CR"),
        pytest.param(request(b"Transfer-Encoding : chunked"), id="space behind Transfer-Encoding"),
        pytest.param(request(b"Transfer-Encoding:\x0bchunked"), id="coding behind vertical tab"),
        pytest.param(request(b"Transfer-Encoding\x00: chunked"), id="NUL in name"),
        pytest.param(request(b"\xefA: b"), id="byte order mark"),
        pytest.param(b"GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", id="tab before the first field"),
        pytest.param(b"GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", id="tabs for spaces"),
        pytest.param(b"GET /\x0bHTTP/1.1\r\nHost: a\r\n\r\n", id="vertical tab for space"),
        pytest.param(b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", id="LF in front"),
        pytest.param(b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", id="two CR behind version"),
        pytest.param(b"GET http://a/ HTTP/1.1\r\n\r\n", id="no Host beside a URL"),
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
def test_a_request_with_two_readings_is_a_bad_request(engine: Engine, data: bytes) -> None:
    with pytest.raises(BadMessage) as refusal:
        events_of(server_connection(engine=engine), data)
    assert refusal.value.status_hint == 400


@pytest.mark.parametrize(
    "coding",
    [
        b"gzip",
        b"gzip, chunked",
        b"chunked, gzip",
        b"chunked, chunked",
        b"chunked,",
        b",chunked",
        b'"chunked"',
        b"chunked;a=b",
        b"identity",
        b"xchunked",
        b"chunkedx",
        b"chu nked",
        b"\x0bchunked",
        b"chunked\xa0",
        b"",
        b"chunked\r\nTransfer-Encoding: chunked",
        b"chunked\r\nTransfer-Encoding: identity",
        b"identity\r\nTransfer-Encoding: chunked",
    ],
)
@pytest.mark.parametrize("body", [b"", b"0\r\n\r\n"])
def test_a_transfer_coding_other_than_chunked_has_no_end_that_we_could_find(
    engine: Engine, coding: bytes, body: bytes
) -> None:
    with pytest.raises(BadMessage) as refusal:
        events_of(
            server_connection(engine=engine), request(b"Transfer-Encoding: " + coding, body=body)
        )
    assert refusal.value.status_hint == 400


@pytest.mark.parametrize(
    "version",
    [
        *(b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/9.9", b"HTTP/1", b"HTTP/1.", b"HTTP/.1"),
        *(
            b"HTTP/11",
            b"HTTP/1.01",
            b"HTTP/01.1",
            b"HTTP/1,1",
            b"HTTP/-1.1",
            b"HTTP/1.1.1",
            b"HTTP",
        ),
        *(b"http/1.1", b"Http/1.1", b"HTTPS/1.1", b"HTTP 1.1", b"RTSP/1.0", b"ICE/1.0", b"", b"x"),
        *(
            b"HTTP/1.1 ",
            b" HTTP/1.1",
            b"HTTP/1.1\t",
            b"HTTP/1.1 x",
            b"HTTP/1.1\x00",
            b"HTTP/\xb9.1",
        ),
    ],
)
def test_another_version_is_a_bad_request_and_no_fault_of_the_server(
    engine: Engine, version: bytes
) -> None:
    with pytest.raises(BadMessage) as refusal:
        events_of(server_connection(engine=engine), b"GET / " + version + b"\r\nHost: a\r\n\r\n")
    assert refusal.value.status_hint == 400


def test_the_preface_of_http2_is_a_bad_request(engine: Engine) -> None:
    with pytest.raises(BadMessage) as refusal:
        events_of(server_connection(engine=engine), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert refusal.value.status_hint == 400


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
def test_malformed_chunks_are_refused(engine: Engine, body: bytes) -> None:
    with pytest.raises(BadMessage):
        events_of(
            server_connection(engine=engine), request(b"Transfer-Encoding: chunked", body=body)
        )


@pytest.mark.parametrize(
    "line",
    [
        b"A:b",
        b"A:",
        b"A: \t b\tc \t",
        b"A: \xe4\xff",
        b"!#$%&'*+-.^_`|~09aZ: b",
        b"Content-Length: 0",
        b"Content-Length: 000",
        b"A:\r\nB:\r\nA: c",
        b"Connection: close, keep-alive, upgrade",
        b"Connection: ,,",
        b"Upgrade: nonsense",
        b"Expect: the-unexpected",
        b"TE: trailers, deflate;q=0.5",
        b"Connection: keep-alive",
    ],
)
def test_what_has_one_reading_is_taken(engine: Engine, line: bytes) -> None:
    events = events_of(server_connection(engine=engine), request(line))
    assert [type(event) for event in events] == [Request, EndOfMessage]


def test_one_empty_line_before_a_request_is_forgiven_each_time(engine: Engine) -> None:
    connection = server_connection(engine=engine)
    for _ in range(2):
        assert len(events_of(connection, b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")) == 2
        connection.send(Response(204), EndOfMessage())
        connection.start_next_cycle()


def test_small_chunks_that_came_together_are_joined_a_few_at_a_time(engine: Engine) -> None:
    body = b"1\r\na\r\n" * 1000 + b"0\r\n\r\n"
    events = events_of(
        server_connection(engine=engine), request(b"Transfer-Encoding: chunked", body=body)
    )
    pieces = [event.data for event in events if isinstance(event, Data)]
    assert b"".join(pieces) == b"a" * 1000
    assert 10 < len(pieces) < 100
