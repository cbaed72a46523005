"""The app of test_frameworks in Litestar."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from litestar import Litestar, MediaType, Request, Response, WebSocket, get, post, route, websocket
from litestar.background_tasks import BackgroundTask
from litestar.exceptions import NotAuthorizedException, WebSocketDisconnect
from litestar.response import File, Stream

from tests.asgi._framework_apps import Events


@route("/items/{number:int}", http_method=["GET", "HEAD"])
async def item(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    found = {"id": request.path_params["number"], "q": request.query_params["q"]}
    return Response(found if request.method == "GET" else {})


@post("/echo", status_code=200)
async def echo(request: Request[Any, Any, Any]) -> Response[bytes]:
    return Response(await request.body(), media_type=MediaType.TEXT)


async def produce() -> AsyncIterator[str]:
    for number in range(3):
        yield f"{number}\n"


@get("/ticks")
async def ticks() -> Stream:
    return Stream(produce())


@get("/thread", sync_to_thread=True, media_type=MediaType.JSON)
def in_a_thread() -> str:
    return "thread"


@websocket("/talk")
async def talk(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept(subprotocols="second" if "second" in socket.scope["subprotocols"] else None)
    async for text in socket.iter_data("text"):
        await socket.send_data(text)


@websocket("/add/{more:int}")
async def add(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    async for number in socket.iter_json():
        await socket.send_json({"sum": number + socket.path_params["more"]})


@websocket("/refuse")
async def refuse(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.close()


@websocket("/deny")
async def deny(socket: WebSocket[Any, Any, Any]) -> None:
    raise NotAuthorizedException("closed")


@websocket("/fail")
async def fail(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    raise KeyError("oops")


def make(events: Events, file: Path) -> Litestar:
    async def startup() -> None:
        events.happened.append("startup")

    async def shutdown() -> None:
        events.happened.append("shutdown")

    @get("/file")
    async def whole_file() -> File:
        return File(file)

    async def work() -> None:
        events.background.set()

    @get("/later")
    async def later() -> Response[str]:
        return Response("now", media_type=MediaType.TEXT, background=BackgroundTask(work))

    @websocket("/end")
    async def note_end(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        try:
            await socket.receive_data(mode="binary")
        except WebSocketDisconnect as exc:
            events.note_end(exc.code, None)

    sockets = [talk, add, refuse, deny, fail, note_end]
    return Litestar(
        [item, echo, ticks, whole_file, in_a_thread, later, *sockets],
        on_startup=[startup],
        on_shutdown=[shutdown],
        openapi_config=None,
    )
