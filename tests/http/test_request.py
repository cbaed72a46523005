from __future__ import annotations

import codecs
from collections.abc import Awaitable, Callable
from typing import Any, assert_type

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus import errors, http
from trio_helianthus.http._accept import best_media_type, encoding_weights
from trio_helianthus.http._cookie_field import parse_cookies
from trio_helianthus.http._media_type import parse_parameters

from .conftest import Connect, Serve


def a_request(body: bytes = b"", content_type: str | None = None) -> http.Request:
    headers = {} if content_type is None else {"Content-Type": content_type}
    return http.Request("POST", "/", headers=headers, body=body)


def in_pieces(*pieces: bytes, **options: Any) -> http.RequestBody:
    left = [*pieces, b""]

    async def receive() -> bytes:
        await trio.lowlevel.checkpoint()
        return left.pop(0)

    return http.RequestBody(receive, max_bytes=options.pop("max_bytes", 100), **options)


@pytest.mark.parametrize(
    ("target", "raw_path", "path", "query"),
    [
        ("/", "/", "/", {}),
        ("/a/b?x=1&y=2", "/a/b", "/a/b", {"x": "1", "y": "2"}),
        ("/caf%C3%A9%20au%2Flait", "/caf%C3%A9%20au%2Flait", "/café au/lait", {}),
        ("http://example.org/a?x=1", "/a", "/a", {"x": "1"}),
        ("http://example.org", "/", "/", {}),
        ("http://example.org?x=1", "/", "/", {"x": "1"}),
        ("*", "*", "*", {}),
    ],
)
def test_the_target_is_taken_apart(
    target: str, raw_path: str, path: str, query: dict[str, str]
) -> None:
    request = http.Request("GET", target)
    assert (request.raw_path, request.path, dict(request.query)) == (raw_path, path, query)


def test_a_path_that_is_not_utf_8_is_a_bad_request() -> None:
    with pytest.raises(http.HTTPError) as caught:
        _ = http.Request("GET", "/%ff").path
    assert caught.value.status == 400


async def test_the_body_as_bytes_text_and_json() -> None:
    assert await a_request(b"raw").read() == b"raw"
    assert await a_request("Grüße".encode()).text() == "Grüße"
    assert await a_request(b"Gr\xfc\xdfe", 'text/plain; charset="ISO-8859-1"').text() == "Grüße"
    assert await a_request(b'{"a": [1, 2.5, null]}').json() == {"a": [1, 2.5, None]}


Read = Callable[[http.Request], Awaitable[object]]


@pytest.mark.parametrize(
    ("body", "content_type", "read", "status"),
    [
        (b"\xff", None, http.Request.text, 400),
        (b"x", "text/plain; charset=klingon", http.Request.text, 415),
        (b"x", "text/plain; charset=punycode", http.Request.text, 415),
        (b"x", "text/plain; charset=hex", http.Request.text, 415),
        (b"", None, http.Request.json, 400),
        (b"{", None, http.Request.json, 400),
        (b"\xff", None, http.Request.json, 400),
        (b"NaN", None, http.Request.json, 400),
        (b"[1e999]", None, http.Request.json, 400),
        (b"[" * 100_000, None, http.Request.json, 400),
        (b"1" * 10_000, None, http.Request.json, 400),
    ],
)
async def test_a_body_that_is_not_what_was_asked_for(
    body: bytes, content_type: str | None, read: Read, status: int
) -> None:
    with pytest.raises(http.HTTPError) as caught:
        await read(a_request(body, content_type))
    assert caught.value.status == status


async def test_a_peer_cannot_fill_the_registry_of_codecs() -> None:
    asked: list[str] = []
    codecs.register(asked.append)
    try:
        for number in range(10):
            with pytest.raises(http.HTTPError):
                await a_request(b"x", f"text/plain; charset=klingon-{number}").text()
            assert await a_request(b"x", f"text/plain; charset=utf{'-' * number}8").text() == "x"
    finally:
        codecs.unregister(asked.append)
    assert asked == []


async def test_the_body_is_a_stream() -> None:
    body = in_pieces(b"abc", b"defg", length=7)
    assert body.length == 7
    assert await body.receive_some(2) == b"ab"
    assert await body.receive_some() == b"c"
    async for piece in body:
        assert assert_type(piece, bytes) == b"defg"
    assert await body.receive_some() == b""


async def test_a_body_above_the_cap_is_refused_whether_announced_or_not() -> None:
    for body in [in_pieces(b"x" * 101), in_pieces(length=101), in_pieces(b"x" * 60, b"x" * 60)]:
        with pytest.raises(http.HTTPError) as caught:
            await body.read()
        assert caught.value.status == 413


async def test_a_cap_for_one_call() -> None:
    for body in [in_pieces(b"12345"), in_pieces(length=5)]:
        with pytest.raises(http.HTTPError, match="longer than 4 bytes"):
            await http.Request("POST", "/", body=body).read(max_bytes=4)
    assert await in_pieces(b"1234").read(max_bytes=4) == b"1234"


@pytest.mark.parametrize("length", [None, 5])
async def test_what_was_read_can_be_read_again_in_every_way(length: int | None) -> None:
    request = a_request(content_type="application/x-www-form-urlencoded")
    request.body = in_pieces(b"a=", b"123", length=length)
    assert await request.read() == b"a=123"
    assert await request.text() == "a=123"
    assert (await request.form()).pairs == [("a", "123")]
    assert [chunk async for chunk in request.body] == [b"a=123"]
    assert await request.read() == b"a=123"
    assert await request.body.receive_some() == b""
    with pytest.raises(http.HTTPError) as caught:
        await request.read(max_bytes=4)
    assert caught.value.status == 413
    request.body.close()
    with pytest.raises(errors.ResourceClosed):
        await request.read()


async def test_of_a_body_that_was_read_in_part_the_rest_can_be_read_again() -> None:
    body = in_pieces(b"hello ", b"world")
    assert await body.receive_some(2) == b"he"
    for _ in range(2):
        assert await body.read() == b"llo world"


@pytest.mark.parametrize(
    "message",
    [
        b"Content-Length: 7\r\n\r\n" + b'{"a":1}',
        b"Transfer-Encoding: chunked\r\n\r\n3\r\n" + b'{"a' + b"\r\n4\r\n" + b'":1}\r\n0\r\n\r\n',
    ],
)
async def test_middleware_may_look_at_a_body_before_its_handler_does(
    serve: Serve, connect: Connect, message: bytes, no_errors: None
) -> None:
    async def look(request: http.Request, call_next: http.CallNext) -> http.Response:
        assert await request.read() == b'{"a":1}'
        return await call_next(request)

    async def mounted(request: http.Request) -> Any:
        assert b"".join([chunk async for chunk in request.body]) == b'{"a":1}'
        return await request.json()

    router = http.Router(middleware=[look, look])
    router.post("/")(mounted)
    router.mount("/below", mounted)
    client = await connect(await serve(router))
    for path in (b"/", b"/below/x"):
        await client.send(b"POST " + path + b" HTTP/1.1\r\nHost: x\r\n" + message)
        assert (await client.answer()).body == b'{"a":1}'


async def test_misusing_the_body() -> None:
    body = in_pieces(b"x")
    with pytest.raises(ValueError, match="at least 1"):
        await body.receive_some(0)
    await body.aclose()
    with pytest.raises(errors.ResourceClosed):
        await body.receive_some()


async def test_two_tasks_cannot_read_one_body(autojump_clock: trio.testing.MockClock) -> None:
    async def never() -> bytes:
        await trio.sleep_forever()
        raise AssertionError

    body = http.RequestBody(never, max_bytes=1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(body.receive_some)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(errors.ResourceBusy):
            await body.receive_some()
        nursery.cancel_scope.cancel()


async def test_cancellation_reaches_every_read() -> None:
    body = in_pieces(b"abc")
    await body.receive_some(1)
    with trio.CancelScope() as scope:
        scope.cancel()
        await body.receive_some(1)
    assert scope.cancelled_caught
    assert await body.read() == b"bc"


def test_the_repr_names_method_and_target() -> None:
    assert repr(http.Request("GET", "/a?b")) == "<Request GET /a?b>"


# ---- what the head says


@pytest.mark.parametrize(
    ("target", "host", "scheme", "url"),
    [
        ("/a?b=c", "Example.org:8080", "http", "http://example.org:8080/a?b=c"),
        ("/", "[::1]:80", "https", "https://[::1]:80/"),
        ("http://other.org?x", "example.org", "http", "http://other.org/?x"),
        ("/%C3%BC?", "example.org", "http", "http://example.org/%C3%BC?"),
    ],
)
def test_the_url_as_the_client_used_it(target: str, host: str, scheme: str, url: str) -> None:
    request = http.Request("GET", target, headers={"Host": host})
    request.scheme = scheme
    assert (request.url, request.is_secure) == (url, scheme == "https")


@pytest.mark.parametrize("host", ["", "a b", "a/b", "a@b", "[x]", "a:b", "a:123456", "a?b"])
def test_a_host_that_is_none(host: str) -> None:
    with pytest.raises(http.HTTPError) as caught:
        _ = http.Request("GET", "/", headers={"Host": host}).host
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("field", "cookies"),
    [
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ("a=1;b=2;", {"a": "1", "b": "2"}),
        ("a=1; a=2", {"a": "1"}),
        ('a="x y"; b="', {"a": "x y", "b": '"'}),
        ("a=b=c; d", {"a": "b=c", "": "d"}),
        ("=x; ;; =", {"": "x"}),
        ("a = 1 ;\tb=", {"a": "1", "b": ""}),
        ("a=1,b=2", {"a": "1,b=2"}),
        ("a=%20", {"a": "%20"}),
        ("a=\u00c3\u00bc; b=\u00ff", {"a": "ü", "b": "\ufffd"}),
        ('{"a":1}=[]', {'{"a":1}': "[]"}),
        ("", {}),
    ],
)
def test_cookies_as_browsers_send_them(field: str, cookies: dict[str, str]) -> None:
    assert http.Request("GET", "/", headers={"Cookie": field}).cookies == cookies


def test_cookies_in_several_fields() -> None:
    headers = [("Cookie", "a=1"), ("Cookie", "b=2")]
    assert http.Request("GET", "/", headers=headers).cookies == {"a": "1", "b": "2"}


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\0\r\n")))
def test_no_cookie_is_refused(field: str) -> None:
    parse_cookies([field])


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        (None, "text/html"),
        ("*/*", "text/html"),
        ("application/json", "application/json"),
        ("text/*;q=0.5, application/json;q=0.6", "application/json"),
        ("text/html;q=0, */*", "application/json"),
        ("text/html;q=0.5, application/json;q=0.5", "text/html"),
        ("image/png", None),
        ("application/json;version=2, text/html;q=0.1", "text/html"),
        ("", None),
        ("TEXT/HTML ; Q=1.0", "text/html"),
        ("text/html;q=nonsense", None),
        ("text/html;q=1.5", None),
        ('text/html;a="x,y;q=0", application/json;q=0.3', "application/json"),
        ("*;q=0.1", "text/html"),
        (",,text/html", "text/html"),
    ],
)
def test_what_the_client_likes_best(accept: str | None, best: str | None) -> None:
    request = http.Request("GET", "/", headers={} if accept is None else {"Accept": accept})
    assert request.accepts("text/html", "application/json") == best


def test_offers_with_parameters() -> None:
    headers = {"Accept": "text/html;level=1, text/html;level=2;q=0.4, text/*;q=0.3"}
    request = http.Request("GET", "/", headers=headers)
    assert request.accepts("text/html;level=2", "text/html; level=1") == "text/html; level=1"
    assert request.accepts("text/html;level=2", "text/plain") == "text/html;level=2"
    assert request.accepts() is None


@given(st.text(st.characters(max_codepoint=255)))
def test_no_accept_is_refused(field: str) -> None:
    best_media_type(field, ["text/html"])
    encoding_weights(field)
    parse_parameters(field)


def test_the_type_of_the_body_and_what_is_there_from_the_start() -> None:
    request = a_request(content_type='Application/JSON ; charset="utf-8"')
    assert request.content_type == "application/json"
    assert a_request().content_type == ""
    assert (request.state, dict(request.path_params), request.root_path) == ({}, {}, "")
    assert (request.scheme, request.tls, request.deadline) == ("http", None, float("inf"))
    assert (request.client_address, request.server_address) == (None, None)


async def test_without_a_server_there_is_nobody_to_answer() -> None:
    request = http.Request("GET", "/")
    with pytest.raises(RuntimeError, match="server"):
        await request.start_response(http.Response())
    with pytest.raises(RuntimeError, match="server"):
        await request.wait_disconnect()


def test_below_a_prefix() -> None:
    request = http.Request("POST", "/api/v1/x?y=1", body=b"body", headers={"Host": "h"})
    request.state["user"] = "ada"
    inner = request.below("/api").below("/v1")
    assert (inner.path, inner.root_path, dict(inner.query)) == ("/x", "/api/v1", {"y": "1"})
    assert inner.url == "http://h/api/v1/x?y=1"
    assert (inner.body, inner.state, inner.headers) == (
        request.body,
        request.state,
        request.headers,
    )
    assert inner.body is request.body
    assert request.below("/api/v1/x").target == "/?y=1"


async def test_what_is_to_be_done_when_the_request_was_answered(
    serve: Serve, connect: Connect
) -> None:
    done = []

    async def handler(request: http.Request) -> str:
        request.when_answered(lambda: done.append("first"))
        request.when_answered(lambda: done.append("last"))
        await request.body.aclose()
        assert done == []
        return "x"

    client = await connect(await serve(handler))
    await client.get("/")
    await client.get("/")
    assert done[:2] == ["last", "first"]
    request = http.Request("GET", "/")
    request.body.close()
    request.when_answered(lambda: done.append("at once"))
    assert done[-1] == "at once"


async def test_trailers_of_a_request(serve: Serve, connect: Connect) -> None:
    async def handler(request: http.Request) -> str:
        assert request.trailers.pairs == []
        await request.read()
        return request.trailers["x-sum"]

    client = await connect(await serve(handler))
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    await client.send(head + b"1\r\na\r\n0\r\nX-Sum: 97\r\n\r\n")
    assert (await client.answer()).body == b"97"


async def test_where_a_request_came_from(serve: Serve, connect: Connect) -> None:
    async def handler(request: http.Request) -> str:
        assert isinstance(request.client_address, tuple)
        assert isinstance(request.server_address, tuple)
        return f"{request.client_address[0]} {request.server_address[1]} {request.scheme}"

    server = await serve(handler)
    client = await connect(server)
    assert (await client.get("/")).body == f"127.0.0.1 {server.port} http".encode()
