"""Apps and clients that do not keep up with each other, and what comes from outside of both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import pytest
import trio
from outcome import Outcome

from trio_helianthus import asgi, http, websocket
from trio_helianthus.errors import WebSocketClosed

pytestmark = pytest.mark.usefixtures("no_errors")

MESSAGE = bytes(10_000)


@asynccontextmanager
async def opened(app: asgi.ASGIApp, **options: Any) -> AsyncIterator[websocket.ClientConnection]:
    """A WebSocket of an app, without a socket."""
    async with (
        asgi.transport(app, lifespan="off", websocket_deflate=None, **options) as transport,
        http.open_client("http://app", transport=transport) as client,
        websocket.open_websocket("/", client=client) as connection,
    ):
        yield connection


async def accept(receive: asgi.Receive, send: asgi.Send) -> None:
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})


async def echo(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
    await accept(receive, send)
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


async def test_a_client_that_floods_an_app_is_held_back_and_nothing_is_lost(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await accept(receive, send)
        await trio.sleep(10)
        while (message := await receive())["type"] == "websocket.receive":
            received.append(message["bytes"][:4])
        ended.set()

    received: list[bytes] = []
    ended = trio.Event()
    async with opened(app) as connection:
        sent = 0
        with trio.move_on_after(5):
            while sent < 10_000:
                await connection.send(sent.to_bytes(4) + MESSAGE)
                sent += 1
        assert sent * len(MESSAGE) < 10_000_000
        await trio.sleep(10)
        await connection.aclose()
        await ended.wait()
    assert received == [number.to_bytes(4) for number in range(sent)]


async def test_an_app_whose_client_reads_nothing_waits_and_then_hears_that_it_is_gone(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await accept(receive, send)
        try:
            for number in range(10_000):
                sent.append(number)
                await send({"type": "websocket.send", "bytes": MESSAGE})
        except OSError:
            ended.set()
            raise  # which is no mistake

    sent: list[int] = []
    ended = trio.Event()
    limits = websocket.WebSocketLimits(write_timeout=30)
    async with opened(app, websocket_limits=limits) as connection:
        began = trio.current_time()
        await ended.wait()
        assert trio.current_time() - began == pytest.approx(30, abs=1)
        assert len(sent) * len(MESSAGE) < 10_000_000
        with pytest.raises(WebSocketClosed):
            while True:
                await connection.receive()


async def test_a_receive_that_is_given_up_loses_no_message(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await accept(receive, send)
        while True:
            with trio.move_on_after(0.001):
                message = await receive()
                if message["type"] != "websocket.receive":
                    return
                received.append(message["text"])

    received: list[str] = []
    async with opened(app) as connection:
        for number in range(200):
            await connection.send(str(number))
            await trio.sleep(0.0007)
        await trio.sleep(1)
    assert received == [str(number) for number in range(200)]


async def test_the_app_has_the_context_of_the_middleware_around_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    user: ContextVar[str] = ContextVar("user")

    async def name_user(request: http.Request, call_next: http.CallNext) -> http.HandlerResult:
        token = user.set("me")
        try:
            return await call_next(request)
        finally:
            user.reset(token)

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await accept(receive, send)
        await send({"type": "websocket.send", "text": user.get()})

    router = http.Router(middleware=[name_user])
    router.mount("/", asgi.as_handler(app))
    async with opened(asgi.as_app(router)) as connection:
        assert await connection.receive() == "me"


def test_an_interrupt_in_an_app_ends_the_program() -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await accept(receive, send)
        await receive()
        raise KeyboardInterrupt

    async def main() -> None:
        async with opened(app) as connection:
            await connection.send("go on")
            await trio.sleep_forever()

    with pytest.raises(KeyboardInterrupt):
        trio.run(main)


def test_a_websocket_works_where_another_loop_is_the_host() -> None:
    async def main() -> str | bytes:
        async with opened(asgi.as_app(websocket_router())) as connection:
            await connection.send("x")
            return await connection.receive()

    async def host() -> str | bytes:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Outcome[str | bytes]] = loop.create_future()
        trio.lowlevel.start_guest_run(
            main,
            run_sync_soon_threadsafe=loop.call_soon_threadsafe,
            done_callback=ended.set_result,
        )
        return (await ended).unwrap()

    assert asyncio.run(host()) == "x"


def websocket_router() -> http.Router:
    """An app of messages in a router of ours, which is an app itself."""
    router = http.Router()
    router.mount("/", asgi.as_handler(echo))
    return router
