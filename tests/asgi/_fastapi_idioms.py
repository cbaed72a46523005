"""WebSockets as FastAPI's manual has them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import trio
from fastapi import Depends, FastAPI, Query, WebSocket, WebSocketDisconnect, WebSocketException


def make_chat() -> tuple[FastAPI, list[WebSocket]]:
    """A chat, and the sockets that are in it."""
    app = FastAPI()
    sockets: list[WebSocket] = []

    async def broadcast(message: str) -> None:
        for socket in sockets:
            await socket.send_text(message)

    @app.websocket("/ws/{client}")
    async def chat(socket: WebSocket, client: int) -> None:
        await socket.accept()
        sockets.append(socket)
        try:
            while True:
                await broadcast(f"{client} says: {await socket.receive_text()}")
        except WebSocketDisconnect:
            sockets.remove(socket)
            await broadcast(f"{client} has left")

    return app, sockets


class Sessions:
    """What a dependency has opened."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.left = trio.Event()


sessions = Sessions()


async def get_user(token: Annotated[str | None, Query()] = None) -> str:
    if token is None:
        raise WebSocketException(1008, "no token")
    return token


async def get_session(user: Annotated[str, Depends(get_user)]) -> AsyncIterator[str]:
    sessions.open.append(user)
    try:
        yield user
    finally:
        sessions.open.remove(user)
        sessions.left.set()


def in_a_thread() -> int:
    return 42


def make_shop() -> tuple[FastAPI, Sessions]:
    """An app whose routes depend on a user and a session."""
    app = FastAPI()

    @app.websocket("/items/{item}")
    async def items(
        socket: WebSocket,
        item: int,
        session: Annotated[str, Depends(get_session)],
        number: Annotated[int, Depends(in_a_thread)],
    ) -> None:
        await socket.accept()
        await socket.send_json([item, session, number])
        await socket.receive_text()
        raise WebSocketException(4003, "not so")

    return app, sessions
