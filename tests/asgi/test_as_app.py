"""A router of ours is an ASGI app, under our server and under others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import trio

from tests.asgi.conftest import Reports, ServeApp, get, raw_answer
from trio_helianthus import asgi, http


def make_router() -> http.Router:
    router = http.Router()

    @router.get("/hello/{name}")
    async def hello(request: http.Request) -> dict[str, Any]:
        return {"hello": request.path_params["name"], "q": request.query["q"]}

    @router.post("/echo")
    async def echo(request: http.Request) -> bytes:
        return await request.read()

    @router.get("/pieces")
    async def pieces(request: http.Request) -> http.Response:
        async def produce() -> AsyncIterator[bytes]:
            yield b"one "
            yield b"two"

        return http.Response(produce(), trailers={"x-sum": "2"})

    @router.get("/pushed")
    async def pushed(request: http.Request) -> http.ResponseWriter:
        writer = await request.start_response(http.Response(content_type="text/plain"))
        await writer.send_all(b"pushed ")
        await writer.send_all(b"on")
        return writer

    @router.get("/nothing")
    async def nothing(request: http.Request) -> http.Response:
        return http.Response(status=204)

    @router.get("/tunnel")
    async def tunnel(request: http.Request) -> http.Response:
        return http.Response.upgrade("other", lambda stream: stream.aclose())

    return router


async def ask_everything(url: str) -> None:
    """Call a server that runs :func:`make_router`."""
    async with http.open_client(url) as client:
        answer = await client.get("/hello/W%C3%B6rld?q=1")
        assert answer.json() == {"hello": "Wörld", "q": "1"}
        answer = await client.post("/echo", content=b"x" * 100_000)
        assert answer.content == b"x" * 100_000
        assert (await client.get("/pieces")).text == "one two"
        assert (await client.get("/pushed")).text == "pushed on"
        answer = await client.head("/hello/x?q=")
        assert (answer.status, answer.content) == (200, b"")
        assert (await client.get("/nothing")).status == 204
        answer = await client.get("/missing")
        assert (answer.status, answer.text) == (404, "Not Found\n")
        assert (await client.post("/pieces", content=b"")).headers["allow"] == "GET, HEAD, OPTIONS"
        assert (await client.get("/tunnel")).status == 501


async def test_our_server_runs_it(serve_app: ServeApp, no_errors: None) -> None:
    server = await serve_app(asgi.as_app(make_router()), lifespan="on")
    await ask_everything(server.url)
    answer = await raw_answer(server, get("/pieces", "TE: trailers"))
    assert b"x-sum: 2" in answer.lower()


async def test_a_body_over_the_limit_is_413(serve_app: ServeApp, no_errors: None) -> None:
    limits = http.ServerLimits(max_body_bytes=10)
    server = await serve_app(asgi.as_app(make_router(), limits=limits))
    async with http.open_client(server.url) as client:
        assert (await client.post("/echo", content=bytes(11))).status == 413


async def test_a_handler_that_fails_is_the_servers_business(
    serve_app: ServeApp, reports: Reports
) -> None:
    async def fail(request: http.Request) -> str:
        raise KeyError("oops")

    server = await serve_app(asgi.as_app(fail))
    async with http.open_client(server.url) as client:
        assert (await client.get("/")).status == 500
    assert [repr(error) for error in reports.errors] == ["KeyError('oops')"]


async def test_a_handler_is_cancelled_when_the_server_says_that_its_client_is_gone() -> None:
    cancelled = trio.Event()
    messages: list[asgi.Message] = [
        {"type": "http.request", "body": b""},
        {"type": "http.disconnect"},
    ]

    async def receive() -> asgi.Message:
        await trio.lowlevel.checkpoint()
        return messages.pop(0)

    async def send(message: asgi.Message) -> None:
        pytest.fail("nobody is there")

    async def wait(request: http.Request) -> str:
        try:
            await trio.sleep_forever()
        finally:
            cancelled.set()
        return ""

    scope = {"type": "http", "method": "GET", "path": "/ü", "query_string": b"", "headers": []}
    await asgi.as_app(wait)({**scope, "http_version": "2"}, receive, send)
    assert cancelled.is_set()


async def test_what_a_server_may_leave_out_is_not_missed() -> None:
    sent: list[asgi.Message] = []
    seen: list[http.Request] = []

    async def receive() -> asgi.Message:
        await trio.sleep_forever()
        raise AssertionError

    async def send(message: asgi.Message) -> None:
        sent.append(message)

    async def note(request: http.Request) -> str:
        seen.append(request)
        return "x"

    scope = {"type": "http", "method": "GET", "path": "/app/ü", "query_string": b"a=b"}
    unusual = {"headers": [[b"Host", b"h"]], "http_version": "2", "root_path": "/app"}
    await asgi.as_app(note)({**scope, **unusual}, receive, send)
    (request,) = seen
    assert (request.path, request.root_path, request.target) == ("/ü", "/app", "/%C3%BC?a=b")
    assert (request.client_address, request.headers["host"]) == (None, "h")
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


async def test_an_unknown_scope_is_an_error() -> None:
    with pytest.raises(asgi.AppError, match="'smtp'"):
        await asgi.as_app(make_router())({"type": "smtp"}, None, None)  # type: ignore[arg-type]


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(TypeError, match="handler"):
        asgi.as_app("router")  # type: ignore[arg-type]


async def test_hypercorn_runs_it_on_trio(nursery: trio.Nursery) -> None:
    pytest.importorskip("hypercorn", reason="the foreign server")
    from hypercorn.config import Config
    from hypercorn.trio import serve

    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = config.accesslog = None
    app: Any = asgi.as_app(make_router())  # hypercorn has types of its own for it
    bound = await nursery.start(partial(serve, app, config, shutdown_trigger=trio.sleep_forever))
    await ask_everything(bound[0])


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGTERM")
async def test_uvicorn_says_why_it_cannot_run_it() -> None:
    pytest.importorskip("uvicorn", reason="the foreign server")
    program = (
        "import uvicorn; from trio_helianthus import asgi, http; "
        "uvicorn.run(asgi.as_app(http.Router()), port=0)"
    )
    with trio.fail_after(30):
        done = await trio.run_process(
            [sys.executable, "-c", program],
            capture_stdout=True,
            stderr=subprocess.STDOUT,
            check=False,
        )
    assert b"hypercorn --worker-class trio" in done.stdout
    assert done.returncode != 0


def test_without_a_lifespan_asyncio_is_refused_at_the_first_request() -> None:
    import asyncio

    app = asgi.as_app(make_router())
    with pytest.raises(RuntimeError, match="runs on trio"):
        asyncio.run(app({"type": "http"}, None, None))  # type: ignore[arg-type]


async def test_a_client_that_leaves_ends_its_request_and_nothing_around_it() -> None:
    async def slow(_: http.Request) -> str:
        await trio.sleep_forever()
        return "never"

    app, told, returned = asgi.as_app(slow), [False], trio.Event()
    scope: asgi.Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "client": None,
        "server": None,
    }

    async def receive() -> dict[str, Any]:
        await trio.lowlevel.checkpoint()
        if told[0]:
            return {"type": "http.disconnect"}
        told[0] = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Any) -> None:
        await trio.lowlevel.checkpoint()

    async def serve_one() -> None:
        await app(scope, receive, send)
        returned.set()

    async with trio.open_nursery() as foreign_server:
        foreign_server.start_soon(serve_one)
        with trio.fail_after(5):
            await returned.wait()
        assert not foreign_server.cancel_scope.cancel_called
