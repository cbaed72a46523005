"""The app of test_frameworks in FastAPI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import BackgroundTasks, FastAPI, Request
from fastapi.responses import FileResponse, PlainTextResponse, StreamingResponse

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

    return app
