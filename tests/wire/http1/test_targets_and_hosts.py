from __future__ import annotations

import pytest

from trio_helianthus.wire import NEED_DATA, PAUSED
from trio_helianthus.wire.http1 import (
    BadMessage,
    Engine,
    Event,
    HTTP1Connection,
    Request,
    server_connection,
)


def events_of(connection: HTTP1Connection, data: bytes) -> list[Event]:
    connection.receive_data(data)
    events = []
    while (event := connection.next_event()) is not NEED_DATA and event is not PAUSED:
        events.append(event)
    return events


@pytest.mark.parametrize(
    "host",
    [
        *(b"a", b"", b"a.b:80", b"a:", b"[::1]", b"[::1]:80", b"[::ffff:1.2.3.4]", b"a_b"),
        *(b"1.2.3.4", b"xn--bcher-kva.example", b"a%20b", b"a:65535", b"a:00080", b"a~b"),
    ],
)
def test_every_kind_of_host_is_taken(engine: Engine, host: bytes) -> None:
    [head, _] = events_of(
        server_connection(engine=engine), b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"
    )
    assert isinstance(head, Request)
    assert head.headers == ((b"host", host),)


@pytest.mark.parametrize(
    "host",
    [
        *(b"a,b", b"a, b", b"a b", b"a/b", b"a?b", b"a#b", b"u@a", b"http://a", b"a:b", b"a:-1"),
        *(
            b":80",
            b":",
            b"a:65536",
            b"a:000080",
            b"a:80:80",
            b"[::1",
            b"::1",
            b"[]",
            b"[::g]",
            b"[1]",
            b"[::1]a",
        ),
        *(
            b"[fe80::1%25eth0]",
            b"a%zz",
            b"a%2",
            b"\xe4",
            b"a\\b",
            b"a\tb",
            b"<a>",
            b'"a"',
            b"a\x00",
        ),
    ],
)
@pytest.mark.parametrize("start", [b"GET / HTTP/1.1", b"GET / HTTP/1.0", b"GET http://a/ HTTP/1.1"])
def test_a_malformed_host_is_refused_wherever_it_stands(
    engine: Engine, start: bytes, host: bytes
) -> None:
    with pytest.raises(BadMessage):
        events_of(server_connection(engine=engine), start + b"\r\nHost: " + host + b"\r\n\r\n")


@pytest.mark.parametrize(
    ("method", "target"),
    [
        (b"OPTIONS", b"*"),
        (b"OPTIONS", b"/"),
        (b"GET", b"http://a/b?c"),
        (b"GET", b"http://a"),
        (b"GET", b"HTTPS://a:443/"),
        (b"GET", b"http://[::1]:80/"),
        (b"GET", b"http://a?b"),
        (b"GET", b"git+ssh://a/b"),
        (b"GET", b"//"),
        (b"GET", b"/%00%"),
        (b"GET", b'/a?b=[1]|{2}^`\\"<>'),
        (b"CONNECT", b"a:80"),
        (b"CONNECT", b"[::1]:443"),
        (b"M-SEARCH", b"/"),
        (b"get", b"/"),
        (b"SOURCE", b"/"),
        (b"!#$%&'*+-.^_`|~09aZ", b"/"),
    ],
)
def test_every_form_of_target_is_taken_with_a_method_that_it_goes_with(
    engine: Engine, method: bytes, target: bytes
) -> None:
    [head, _] = events_of(
        server_connection(engine=engine), b"%b %b HTTP/1.1\r\nHost: a\r\n\r\n" % (method, target)
    )
    assert isinstance(head, Request)
    assert (head.method.encode(), head.target) == (method, target)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        *[
            (b"GET", target)
            for target in (b"*", b"a", b"a:80", b"a/b", b"?a", b"a.b", b"", b"http:")
        ],
        *[
            (b"GET", target)
            for target in (b"/#", b"/a#b", b"#", b"/\xe4", b"/a\tb", b"/\x7f", b"/\x00")
        ],
        *[
            (b"GET", target)
            for target in (b"http:/a", b"http://", b"http:///a", b"http://:80/", b"1://a")
        ],
        *[
            (b"GET", target)
            for target in (b"http://u@a/", b"http://a:x/", b"http://a:99999/", b"://a")
        ],
        *[
            (b"CONNECT", target)
            for target in (b"/", b"a", b"a:", b":80", b"a:0", b"a:x", b"a:65536")
        ],
        *[(b"CONNECT", target) for target in (b"http://a:80", b"a:80/", b"u@a:80", b"*", b"a:+80")],
        *[(b"OPTIONS", target) for target in (b"**", b"*/", b"/ ", b"a:80")],
        *[
            (method, b"/")
            for method in (b"G(T", b"G\xe4T", b"G\tT", b"GET:", b"", b"G@T", b"{GET}", b"G,T")
        ],
    ],
)
def test_a_target_or_method_that_is_none_is_refused(
    engine: Engine, method: bytes, target: bytes
) -> None:
    with pytest.raises(BadMessage):
        events_of(
            server_connection(engine=engine),
            b"%b %b HTTP/1.1\r\nHost: a\r\n\r\n" % (method, target),
        )


@pytest.mark.parametrize("framing", [b"Content-Length: 3", b"Transfer-Encoding: chunked"])
def test_connect_with_a_body_has_two_readings(engine: Engine, framing: bytes) -> None:
    with pytest.raises(BadMessage):
        events_of(
            server_connection(engine=engine),
            b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n\r\nabc",
        )
