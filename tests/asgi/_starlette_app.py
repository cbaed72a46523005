"""The app of test_frameworks in Starlette."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.asgi._framework_apps import Events


class Marking(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.headers["x-marked"] = "yes"
        return response


async def item(request: Request) -> Response:
    assert isinstance(request.state.nursery, trio.Nursery)
    assert not await request.is_disconnected()
    return JSONResponse({"id": request.path_params["id"], "q": request.query_params["q"]})


async def echo(request: Request) -> Response:
    return Response(await request.body())


async def produce() -> AsyncIterator[str]:
    for number in range(3):
        yield f"{number}\n"
        await trio.lowlevel.checkpoint()


async def ticks(request: Request) -> Response:
    return StreamingResponse(produce())


def in_a_thread(request: Request) -> Response:
    return JSONResponse("thread")


async def talk(socket: WebSocket) -> None:
    assert isinstance(socket.state.nursery, trio.Nursery)
    await socket.accept("second" if "second" in socket.scope["subprotocols"] else None)
    async for text in socket.iter_text():
        await socket.send_text(text)


async def add(socket: WebSocket) -> None:
    await socket.accept()
    async for number in socket.iter_json():
        await socket.send_json({"sum": number + int(socket.path_params["more"])})


async def refuse(socket: WebSocket) -> None:
    await socket.close(4001)


async def deny(socket: WebSocket) -> None:
    await socket.send_denial_response(JSONResponse({"why": "closed"}, 418))


async def fail(socket: WebSocket) -> None:
    await socket.accept()
    raise KeyError("oops")


def make(events: Events, file: Path) -> Starlette:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, trio.Nursery]]:
        events.happened.append("startup")
        async with trio.open_nursery() as nursery:
            yield {"nursery": nursery}
            nursery.cancel_scope.cancel()
        events.happened.append("shutdown")

    async def whole_file(request: Request) -> Response:
        return FileResponse(file)

    async def work() -> None:
        await trio.lowlevel.checkpoint()
        events.background.set()

    async def later(request: Request) -> Response:
        return Response(b"now", background=BackgroundTask(work))

    async def note_end(socket: WebSocket) -> None:
        await socket.accept()
        try:
            await socket.receive_bytes()
        except WebSocketDisconnect as exc:
            events.note_end(exc.code, exc.reason)

    routes = [
        WebSocketRoute("/talk", talk),
        WebSocketRoute("/add/{more}", add),
        WebSocketRoute("/refuse", refuse),
        WebSocketRoute("/deny", deny),
        WebSocketRoute("/fail", fail),
        WebSocketRoute("/end", note_end),
        Route("/items/{id:int}", item),
        Route("/echo", echo, methods=["POST"]),
        Route("/ticks", ticks),
        Route("/file", whole_file),
        Route("/thread", in_a_thread),
        Route("/later", later),
    ]
    return Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(Marking)])
