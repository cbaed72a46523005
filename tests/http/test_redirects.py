"""Where redirects lead, and what goes along."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
import trio

from trio_helianthus import errors, http
from trio_helianthus.http import Request, Response, Router, open_client
from trio_helianthus.http._call import Call
from trio_helianthus.http._redirects import redirected
from trio_helianthus.http._url import parse_url
from trio_helianthus.testing import cancel_sweep

if TYPE_CHECKING:
    from tests.http.conftest import Serve, ServeScript

METHODS = ["GET", "POST", "PUT", "DELETE", "OPTIONS"]


def make_router() -> Router:
    router = Router()

    @router.route("/to/{status}", methods=METHODS)
    async def redirect(request: Request) -> Response:
        await request.read()
        location = request.query.get("where", "/show")
        return Response(
            b"moved", status=int(request.path_params["status"]), headers={"Location": location}
        )

    @router.route("/show", methods=METHODS)
    async def show(request: Request) -> dict[str, Any]:
        return {
            "method": request.method,
            "headers": {name.lower(): value for name, value in request.headers.pairs},
            "body": (await request.read()).decode(),
        }

    @router.get("/loop")
    async def loop(request: Request) -> Response:
        return Response.redirect("/loop")

    @router.get("/count/{left}")
    async def count(request: Request) -> Response:
        left = int(request.path_params["left"])
        return Response.redirect(f"/count/{left - 1}" if left else "/show", status=302)

    return router


@pytest.mark.parametrize(
    ("status", "before", "after"),
    [
        (301, "GET", "GET"),
        (301, "HEAD", "HEAD"),
        (301, "POST", "GET"),
        (301, "PUT", "PUT"),
        (302, "POST", "GET"),
        (302, "DELETE", "DELETE"),
        (303, "GET", "GET"),
        (303, "HEAD", "HEAD"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "DELETE", "GET"),
        (307, "POST", "POST"),
        (308, "PUT", "PUT"),
    ],
)
async def test_the_method_that_follows(serve: Serve, status: int, before: str, after: str) -> None:
    server = await serve(make_router())
    async with open_client(server.url, follow_redirects=True) as client:
        options: Any = {} if before in {"GET", "HEAD"} else {"json": 1}
        answer = await client.request(before, f"/to/{status}", **options)
        assert (answer.status, answer.url, answer.method) == (200, f"{server.url}/show", after)
        assert [one.status for one in answer.history] == [status]
        assert answer.request.method == after
        if after != "HEAD":
            shown = answer.json()
            kept = after == before and before != "GET"
            assert shown["body"] == ("1" if kept else "")
            assert ("content-type" in shown["headers"]) == kept
            assert ("content-length" in shown["headers"]) == kept


async def test_they_are_followed_only_if_asked_for(serve: Serve) -> None:
    server = await serve(make_router())
    async with open_client(server.url) as client:
        answer = await client.get("/to/302")
        assert (answer.status, answer.is_redirect, answer.history) == (302, True, ())
        assert (await client.get("/to/302", follow_redirects=True)).status == 200
    async with open_client(server.url, follow_redirects=True) as client:
        assert (await client.get("/to/302")).status == 200
        assert (await client.get("/to/302", follow_redirects=False)).status == 302
        for no_redirect in (300, 305):
            assert (await client.get(f"/to/{no_redirect}")).status == no_redirect


async def test_a_stream_follows_too(serve: Serve) -> None:
    server = await serve(make_router())
    async with open_client(server.url) as client:
        async with client.stream("GET", "/count/3", follow_redirects=True) as response:
            assert (response.status, len(response.history)) == (200, 4)
            assert b'"method":"GET"' in await response.read()
        assert client.statistics().idle == 1


async def test_too_many(serve: Serve) -> None:
    server = await serve(make_router())
    async with open_client(server.url, follow_redirects=True, max_redirects=3) as client:
        assert (await client.get("/count/2")).status == 200
        for path, said in (("/count/3", "more than 3 times, at last"), ("/loop", "in a loop")):
            with pytest.raises(errors.LimitExceeded, match=said) as caught:
                await client.get(path)
            assert (caught.value.limit_name, caught.value.limit) == ("max_redirects", 3)
        with pytest.raises(errors.LimitExceeded):
            async with client.stream("GET", "/loop"):
                pytest.fail("there is no answer")
        assert client.statistics().active == 0


async def test_the_answers_on_the_way_together_are_bounded(serve: Serve) -> None:
    async def handler(request: Request) -> Response:
        return Response(bytes(1000), status=302, headers={"Location": request.target + "a"})

    server = await serve(handler)
    limits = http.ClientLimits(max_response_bytes=2500)
    async with open_client(server.url, limits=limits, follow_redirects=True) as client:
        with pytest.raises(errors.LimitExceeded) as caught:
            await client.get("/")
        assert (caught.value.limit_name, caught.value.limit) == ("max_response_bytes", 2500)
        assert client.statistics().active == 0


async def test_credentials_stay_with_their_origin(serve: Serve) -> None:
    there, here = await serve(make_router()), await serve(make_router())
    away = {"where": f"{there.url}/show"}
    secrets = {"Authorization": "Bearer x", "Cookie": "a=b", "Host": "me", "X-Other": "kept"}
    async with open_client(here.url, follow_redirects=True) as client:
        shown = (await client.get("/to/302", headers=secrets)).json()["headers"]
        assert secrets == {name: shown[name.lower()] for name in secrets}
        shown = (await client.get("/to/302", params=away, headers=secrets)).json()["headers"]
        assert shown.keys().isdisjoint(["authorization", "cookie"])
        assert (shown["host"], shown["x-other"]) == (there.url.removeprefix("http://"), "kept")
        shown = (
            await client.get("/to/302", params=away, auth=("a", "b"), cookies={"c": "d"})
        ).json()["headers"]
        assert shown.keys().isdisjoint(["authorization", "cookie"])


def test_when_credentials_may_go_along() -> None:
    def kept(before: str, after: str) -> bool:
        headers = http.Headers({"Authorization": "x"})
        call = Call("GET", parse_url(before), headers, b"")
        return "authorization" in redirected(call, 302, after).headers

    assert kept("https://h/a", "https://h/b")
    assert kept("http://h/", "https://h/")
    assert kept("http://h:80/", "https://h:443/")
    assert not kept("https://h/", "http://h/")
    assert not kept("http://h:8080/", "https://h/")
    assert not kept("http://h/", "http://h:8080/")
    assert not kept("http://h/", "http://sub.h/")
    assert not kept("http://h/", "//H.evil/")


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("b", "http://h/dir/b#frag"),
        ("?q=1", "http://h/dir/a?q=1#frag"),
        ("/b#other", "http://h/b#other"),
        ("/b#", "http://h/b"),
        ("//other/b", "http://other/b#frag"),
        ("http://user:secret@h/b", "http://h/b#frag"),
        ("/gr\xc3\xbc\xc3\x9f e", "http://h/gr%C3%BC%C3%9F%20e#frag"),
        ("/gr\xfc\xdf", "http://h/gr%FC%DF#frag"),
    ],
)
def test_locations(location: str, leads_to: str) -> None:
    call = Call("GET", parse_url("http://h/dir/a?x=1#frag"), http.Headers(), b"")
    after = redirected(call, 302, location).url
    assert str(after) == leads_to
    assert after.credentials is None


@pytest.mark.parametrize(
    "location",
    [
        "ftp://h/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://",
        "http://h:99999/",
        "\\\\h",
    ],
)
async def test_nowhere_to_go(serve_script: ServeScript, location: str) -> None:
    async def script(stream: Any) -> None:
        await stream.receive_until(b"\r\n\r\n")
        head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        await stream.send_all(head.encode())

    async with open_client(await serve_script(script)) as client:
        with pytest.raises(errors.RemoteProtocolError, match="cannot be followed"):
            await client.get("/", follow_redirects=True)
        assert (await client.get("/")).status == 302


async def test_only_what_can_be_sent_again_is_sent_again(serve: Serve) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"once"

    server = await serve(make_router())
    async with open_client(server.url, follow_redirects=True) as client:
        with pytest.raises(errors.LocalProtocolError, match="cannot be sent again"):
            await client.post("/to/307", content=pieces())
        assert (await client.post("/to/303", content=pieces())).json()["method"] == "GET"
        file = io.BytesIO(b"skipped, twice")
        file.seek(9)
        assert (await client.post("/to/307", content=file)).json()["body"] == "twice"
        answer = await client.post("/to/308", files={"f": ("n", file)}, data={"a": "b"})
        assert answer.json()["body"].count("Content-Disposition") == 2


async def test_two_places_at_once(serve_script: ServeScript) -> None:
    async def script(stream: Any) -> None:
        await stream.receive_until(b"\r\n\r\n")
        await stream.send_all(
            b"HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
        )

    async with open_client(await serve_script(script)) as client:
        with pytest.raises(errors.RemoteProtocolError, match="several places"):
            await client.get("/", follow_redirects=True)


async def test_cookies_set_on_the_way(serve: Serve) -> None:
    router = make_router()

    @router.get("/login")
    async def login(request: Request) -> Response:
        return Response.redirect("/show", headers={"Set-Cookie": "session=1"})

    server = await serve(router)
    async with open_client(server.url, follow_redirects=True) as client:
        assert (await client.get("/login")).json()["headers"]["cookie"] == "session=1"
        assert dict(client.cookies) == {"session": "1"}


async def test_a_place_that_is_not_there(serve: Serve) -> None:
    server = await serve(make_router())
    async with open_client(server.url, follow_redirects=True) as client:
        with pytest.raises(errors.ConnectionRefused):
            await client.get("/to/302", params={"where": "http://127.0.0.1:1/"})
        assert (await client.get("/show")).status == 200


async def test_a_long_answer_on_the_way_costs_its_connection(serve: Serve) -> None:
    router = make_router()

    @router.get("/long")
    async def long(request: Request) -> Response:
        return Response(bytes(10_000_000), status=302, headers={"Location": "/show"})

    server = await serve(router)
    async with open_client(server.url, follow_redirects=True) as client:
        async with client.stream("GET", "/long") as response:
            assert response.status == 200
            await response.read()
        assert client.statistics().active == 0


async def test_the_timeout_is_for_the_whole_journey(
    serve: Serve, autojump_clock: trio.testing.MockClock
) -> None:
    async def handler(request: Request) -> Response:
        await trio.sleep(2)
        return Response.redirect("/again")

    server = await serve(handler)
    async with open_client(server.url, follow_redirects=True) as client:
        begin = trio.current_time()
        with pytest.raises(errors.OperationTimeout):
            await client.get("/", timeout=5)
        assert trio.current_time() - begin == pytest.approx(5)


@pytest.mark.sweep
def test_cancelled_anywhere() -> None:
    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            server: http.Server = await nursery.start(http.serve, make_router(), 0)
            async with open_client(server.url, follow_redirects=True) as client:
                assert (await client.post("/to/307", content=io.BytesIO(b"x"))).status == 200
                async with client.stream("GET", "/count/1") as response:
                    await response.read()
            assert (await server.drain(5)).clean

    assert cancel_sweep(scenario).points > 20
