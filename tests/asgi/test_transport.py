"""An app is called without a socket, and told of its start and its end all the same."""

from __future__ import annotations

import pytest
import trio

from tests.asgi.conftest import reply
from trio_helianthus import asgi, http


class App:
    """Counts, and says what it has counted."""

    def __init__(self) -> None:
        self.happened: list[str] = []

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                self.happened.append(step)
                await send({"type": f"lifespan.{step}.complete"})
            return
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message["more_body"]:
                break
        self.happened.append(scope["path"])
        await reply(send, body or b"hello")


async def test_a_client_calls_an_app_without_a_socket() -> None:
    app = App()
    async with (
        asgi.transport(app) as transport,
        http.open_client("http://app", transport=transport) as client,
    ):
        assert (await client.get("/one")).text == "hello"
        assert (await client.post("/two", content=b"x" * 200_000)).content == b"x" * 200_000
    assert app.happened == ["startup", "/one", "/two", "shutdown"]


async def test_the_limits_are_the_callers() -> None:
    limits = http.ServerLimits(max_body_bytes=10)
    async with (
        asgi.transport(App(), limits=limits) as transport,
        http.open_client("http://app", transport=transport) as client,
    ):
        assert (await client.post("/", content=bytes(11))).status == 413


async def test_the_app_may_be_mounted(no_errors: None) -> None:
    scopes = []

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        scopes.append(scope)
        await reply(send)

    async with (
        asgi.transport(app, root_path="/api", lifespan="off") as transport,
        http.open_client("https://app", transport=transport) as client,
    ):
        await client.get("/users")
    assert scopes[0]["path"] == "/api/users"


async def test_a_failed_startup_is_raised() -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(asgi.LifespanFailed, match="no database"):
        async with asgi.transport(app):
            pytest.fail("the body must not run")


async def test_a_call_that_is_given_up_cancels_the_app(no_errors: None) -> None:
    cancelled = trio.Event()

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        try:
            await trio.sleep_forever()
        finally:
            cancelled.set()

    async with (
        asgi.transport(app, lifespan="off") as transport,
        http.open_client("http://app", transport=transport) as client,
    ):
        with trio.move_on_after(0.05):
            await client.get("/")
        with trio.fail_after(5):
            await cancelled.wait()
