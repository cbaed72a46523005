from __future__ import annotations

import copy
import pickle
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus import http

from .conftest import Connect, Serve


async def pieces() -> AsyncIterator[bytes]:
    yield b"x"


def test_the_constructors_say_what_they_carry() -> None:
    assert http.Response(b"x").headers["content-type"] == "application/octet-stream"
    assert http.Response(b"x", content_type="image/png").headers["content-type"] == "image/png"
    assert http.Response(pieces()).headers["content-type"] == "application/octet-stream"
    assert "content-type" not in http.Response().headers
    text = http.Response.text("Grüße", status=201, headers={"X-A": "1"})
    assert (text.status, text.body, text.headers["X-A"]) == (201, "Grüße".encode(), "1")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert http.Response.html("<p>").headers["content-type"] == "text/html; charset=utf-8"
    answer = http.Response.json({"ü": [1, None]})
    assert answer.body == '{"ü":[1,null]}'.encode()
    assert answer.headers["content-type"] == "application/json"


def test_a_content_type_among_the_headers_wins() -> None:
    headers = iter([("content-type", "application/problem+json")])
    assert http.Response.json({}, headers=headers).headers.pairs == [
        ("content-type", "application/problem+json")
    ]


def test_text_that_utf_8_cannot_carry() -> None:
    assert http.Response.text("a\ud800").body == b"a?"
    assert http.Response.json("a\ud800").body == b'"a\\ud800"'


def test_a_redirect() -> None:
    response = http.Response.redirect("/elsewhere", status=303)
    assert (response.status, response.headers["location"]) == (303, "/elsewhere")


def test_a_redirect_leads_to_no_host_that_only_browsers_see() -> None:
    for trick, location in (("/\\evil.example", "/%5Cevil.example"), ("/\t/evil", "/%09/evil")):
        assert http.Response.redirect(trick).headers["location"] == location


@pytest.mark.parametrize("status", [0, 100, 199, 600])
def test_an_impossible_status(status: int) -> None:
    with pytest.raises(ValueError, match="status"):
        http.Response(status=status)


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body(status: int) -> None:
    assert http.Response(status=status).body == b""
    with pytest.raises(ValueError, match="has no body"):
        http.Response(b"x", status=status)


def test_what_cannot_be_an_answer() -> None:
    with pytest.raises(TypeError, match=r"Response\.text"):
        http.Response("text")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected str"):
        http.Response.text(b"x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="JSON"):
        http.Response.json(float("nan"))
    with pytest.raises(TypeError):
        http.Response.json(object())
    with pytest.raises(ValueError, match="not the status of a redirect"):
        http.Response.redirect("/", status=200)
    with pytest.raises(ValueError, match="percent-encoded"):
        http.Response.redirect("/ü")
    with pytest.raises(ValueError, match="invalid value"):
        http.Response.redirect("/a\r\nX: y")


def test_bytes_in_any_wrapping() -> None:
    assert http.Response(bytearray(b"x")).body == b"x"
    assert http.Response(memoryview(b"x")).body == b"x"
    assert repr(http.Response(b"abc")) == "<Response 200, 3 bytes>"
    assert repr(http.Response(pieces())) == "<Response 200, streamed>"


def test_an_http_error_explains_itself() -> None:
    assert str(http.HTTPError(404)) == "404 Not Found"
    assert str(http.HTTPError(413)) == "413 Content Too Large"
    assert http.HTTPError(499).detail == "Error"
    error = http.HTTPError(429, "later", {"Retry-After": "3"})
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (twin.status, twin.detail, twin.headers) == (429, "later", error.headers)
    with pytest.raises(ValueError, match="between 400 and 599"):
        http.HTTPError(200)


# ---- cookies


def cookie_of(*args: Any, **options: Any) -> str:
    response = http.Response()
    response.set_cookie(*args, **options)
    return response.headers["set-cookie"]


def test_cookies_are_set_with_care() -> None:
    assert cookie_of("a", "1") == "a=1; Path=/; HttpOnly; SameSite=Lax"
    assert cookie_of("a", "", path=None, http_only=False, same_site=None) == "a="
    assert (
        cookie_of(
            "__Secure-id",
            "x/y=z",
            max_age=60,
            expires=datetime(1994, 11, 6, 9, 49, 37, tzinfo=timezone(timedelta(hours=1))),
            path="/a b",
            domain="example.org",
            secure=True,
            same_site="none",
            partitioned=True,
        )
        == "__Secure-id=x/y=z; Max-Age=60; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Path=/a b; "
        "Domain=example.org; Secure; HttpOnly; SameSite=None; Partitioned"
    )
    assert "__Host-id=1; Path=/; Secure" in cookie_of("__Host-id", "1", secure=True)


def test_each_cookie_has_its_own_field() -> None:
    response = http.Response.text("x")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    response.delete_cookie("c")
    assert len(response.headers.get_all("set-cookie")) == 3
    assert response.headers.get_all("set-cookie")[2] == (
        "c=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; HttpOnly; SameSite=Lax"
    )
    assert http.Response.text("y").headers.get_all("set-cookie") == []


@pytest.mark.parametrize(
    ("name", "value", "options"),
    [
        ("", "1", {}),
        ("a b", "1", {}),
        ("a=b", "1", {}),
        ("ü", "1", {}),
        ("a", "1; Domain=evil.example", {}),
        ("a", "1\r\nX: y", {}),
        ("a", "ü", {}),
        ("a", "x y", {}),
        ("a", '"', {}),
        ("a", "x" * 5000, {}),
        ("a", "1", {"path": "/;x"}),
        ("a", "1", {"path": "x"}),
        ("a", "1", {"path": "/\n"}),
        ("a", "1", {"path": "/" * 2000}),
        ("a", "1", {"domain": "a;b"}),
        ("a", "1", {"domain": ""}),
        ("a", "1", {"same_site": "Sometimes"}),
        ("a", "1", {"same_site": "none"}),
        ("a", "1", {"partitioned": True}),
        ("a", "1", {"expires": datetime(2030, 1, 1)}),  # noqa: DTZ001
        ("__Secure-a", "1", {}),
        ("__Host-a", "1", {}),
        ("__host-a", "1", {"secure": True, "domain": "a.example"}),
        ("__Host-a", "1", {"secure": True, "path": "/x"}),
        ("__Http-a", "1", {"secure": True, "http_only": False}),
    ],
)
def test_what_no_cookie_can_be(name: str, value: str, options: dict[str, Any]) -> None:
    response = http.Response()
    with pytest.raises(ValueError):
        response.set_cookie(name, value, **options)
    assert "set-cookie" not in response.headers


@given(st.text(), st.text())
def test_what_is_set_comes_back(name: str, value: str) -> None:
    response = http.Response()
    try:
        response.set_cookie(name, value)
    except ValueError:
        return
    pair = response.headers["set-cookie"].partition(";")[0]
    assert http.Request("GET", "/", headers={"Cookie": pair}).cookies == {name: value}


# ---- more kinds


def test_answers_share_no_fields() -> None:
    one, other = http.Response.text("x"), http.Response.text("y")
    assert one.raw_headers is other.raw_headers
    one.headers["X-A"] = "1"
    assert one.raw_headers[-1] == (b"X-A", b"1")
    assert "x-a" not in other.headers
    assert "x-a" not in http.Response.text("z").headers
    assert http.Response().raw_headers == ()


def test_subclasses_are_made_by_their_constructor() -> None:
    class Loud(http.Response):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.loud = True

    assert Loud.text("x").loud  # type: ignore[attr-defined]
    assert Loud.json({}).loud  # type: ignore[attr-defined]


def test_a_value_that_contains_itself_is_no_json() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="contains itself"):
        http.Response.json(endless)


def test_trailers_and_upgrades() -> None:
    async def go_on(_: Any) -> None: ...

    response = http.Response(pieces(), trailers={"X-Sum": "1"})
    assert isinstance(response.trailers, http.Headers)
    assert http.Response(pieces(), trailers=lambda: [("X-Sum", "1")]).trailers is not None
    assert http.Response().trailers is http.Response.text("x").trailers is None
    response = http.Response.upgrade("echo", go_on, headers={"X-A": "1"})
    assert response.status == 101
    assert response.upgrade_handler is not None
    assert response.headers.pairs == [("X-A", "1"), ("Upgrade", "echo"), ("Connection", "Upgrade")]
    assert http.Response.tunnel(go_on).status == 200


async def test_trailers_on_the_wire(serve: Serve, connect: Connect) -> None:
    seen = []

    async def counted() -> AsyncIterator[bytes]:
        for piece in (b"ab", b"c"):
            seen.append(piece)
            yield piece

    async def handler(request: http.Request) -> http.Response:
        return http.Response(counted(), trailers=lambda: {"X-Count": str(len(seen))})

    client = await connect(await serve(handler))
    await client.send(b"GET / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\n\r\n")
    await client.stream.receive_until(b"\r\n\r\n")
    rest = await client.stream.receive_until(b"0\r\nX-Count: 2\r\n\r\n")
    assert rest.startswith(b"2\r\nab\r\n1\r\nc\r\n")


async def test_a_channel_as_the_body(serve: Serve, connect: Connect) -> None:
    async def handler(request: http.Request) -> http.Response:
        send, receive = trio.open_memory_channel[bytes](2)
        send.send_nowait(b"one ")
        send.send_nowait(b"two")
        send.close()
        return http.Response(receive, content_type="text/plain")

    async with http.open_client((await serve(handler)).url) as client:
        assert (await client.get("/")).text == "one two"


async def test_a_client_that_leaves_a_generator_with_a_nursery(
    serve: Serve, connect: Connect, no_errors: None
) -> None:
    ended = trio.Event()

    async def nested() -> AsyncIterator[bytes]:
        try:
            async with trio.open_nursery():
                while True:
                    yield bytes(5_000_000)  # noqa: ASYNC101, ASYNC119 - it must end all the same
        finally:
            ended.set()

    async def handler(request: http.Request) -> http.Response:
        return http.Response(nested()) if request.path == "/nested" else http.Response.text("up")

    server = await serve(handler)
    client = await connect(server)
    await client.send(b"GET /nested HTTP/1.1\r\nHost: x\r\n\r\n")
    await client.stream.receive_some()
    await trio.testing.wait_all_tasks_blocked()
    client.stream.reset()
    with trio.fail_after(5):
        await ended.wait()
    assert (await (await connect(server)).get("/")).body == b"up"
