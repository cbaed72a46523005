from __future__ import annotations

import codecs
from collections.abc import Awaitable, Callable
from typing import Any, assert_type

import pytest
import trio

from trio_helianthus import errors, http


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
