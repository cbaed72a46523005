"""The app of test_frameworks in FastAPI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import (
    BackgroundTasks,
    FastAPI,
    Request,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
)
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, StreamingResponse

from tests.asgi._framework_apps import Events


async def produce() -> AsyncIterator[str]:
    for number in range(3):
        yield f"{number}\n"


def make(events: Events, file: Path) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        events.happened.append("startup")
        yield
        events.happened.append("shutdown")

    app = FastAPI(lifespan=lifespan)

    @app.api_route("/items/{number}", methods=["GET", "HEAD"])
    async def item(number: int, q: str) -> dict[str, Any]:
        return {"id": number, "q": q}

    @app.post("/echo", response_class=PlainTextResponse)
    async def echo(request: Request) -> bytes:
        return await request.body()

    @app.get("/ticks", response_class=StreamingResponse)
    async def ticks() -> StreamingResponse:
        return StreamingResponse(produce())

    @app.get("/file", response_class=FileResponse)
    async def whole_file() -> str:
        return str(file)

    @app.get("/thread")
    def in_a_thread() -> str:
        return "thread"

    async def work() -> None:
        events.background.set()

    @app.get("/later", response_class=PlainTextResponse)
    async def later(background: BackgroundTasks) -> str:
        background.add_task(work)
        return "now"

    add_websockets(app, events)
    return app


def add_websockets(app: FastAPI, events: Events) -> None:
    @app.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.accept("second" if "second" in socket.scope["subprotocols"] else None)
        async for text in socket.iter_text():
            await socket.send_text(text)

    @app.websocket("/add/{more}")
    async def add(socket: WebSocket, more: int) -> None:
        await socket.accept()
        async for number in socket.iter_json():
            await socket.send_json({"sum": number + more})

    @app.websocket("/refuse")
    async def refuse(socket: WebSocket) -> None:
        raise WebSocketException(1008)

    @app.websocket("/deny")
    async def deny(socket: WebSocket) -> None:
        await socket.send_denial_response(JSONResponse({"why": "closed"}, 418))

    @app.websocket("/fail")
    async def fail(socket: WebSocket) -> None:
        await socket.accept()
        raise KeyError("oops")

    @app.websocket("/end")
    async def note_end(socket: WebSocket) -> None:
        await socket.accept()
        try:
            await socket.receive_bytes()
        except WebSocketDisconnect as exc:
            events.note_end(exc.code, exc.reason)
