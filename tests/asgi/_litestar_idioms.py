"""WebSockets as Litestar's manual has them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import trio
from litestar import Litestar, WebSocket, websocket
from litestar.handlers import WebsocketListener, send_websocket_stream, websocket_listener


class Steps:
    """What has happened."""

    def __init__(self) -> None:
        self.left = trio.Event()
        self.stopped = trio.Event()


@websocket_listener("/add")
async def add(data: dict[str, int]) -> dict[str, int]:
    return {"sum": data["a"] + data["b"]}


async def numbers() -> AsyncGenerator[str, None]:
    for number in range(3):
        yield str(number)


async def again() -> AsyncGenerator[str, None]:
    while True:
        yield "again"
        await trio.sleep(0.01)


@websocket("/count")
async def count(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    await send_websocket_stream(socket, numbers(), listen_for_disconnect=True)


def make() -> tuple[Litestar, Steps]:
    """An app, and what happens to it."""
    steps = Steps()

    class Shout(WebsocketListener):
        path = "/shout"

        async def on_disconnect(self, socket: WebSocket[Any, Any, Any]) -> None:
            steps.left.set()

        async def on_receive(self, data: str) -> str:
            return data.upper()

    @websocket("/forever")
    async def forever(socket: WebSocket[Any, Any, Any]) -> None:
        # In websocket_stream() two tasks accept it, and on trio it is chance which is the first.
        await socket.accept()
        async with aclosing(again()) as stream:
            await send_websocket_stream(socket, stream, listen_for_disconnect=True)
        steps.stopped.set()

    return Litestar([add, Shout, count, forever], openapi_config=None), steps
