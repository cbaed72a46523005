"""The app of test_frameworks in Quart, whose trio form is a package of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import trio
from quart import Response, abort, request, send_file, websocket
from quart_trio import QuartTrio

from tests.asgi._framework_apps import Events


async def produce() -> AsyncIterator[bytes]:
    for number in range(3):
        yield b"%d\n" % number


def make(events: Events, file: Path) -> QuartTrio:
    app = QuartTrio(__name__)

    @app.before_serving
    async def startup() -> None:
        events.happened.append("startup")

    @app.after_serving
    async def shutdown() -> None:
        events.happened.append("shutdown")

    @app.route("/items/<int:number>")
    async def item(number: int) -> dict[str, Any]:
        return {"id": number, "q": request.args["q"]}

    @app.route("/echo", methods=["POST"])
    async def echo() -> Response:
        return Response(await request.get_data(as_text=False))

    @app.route("/ticks")
    async def ticks() -> tuple[AsyncIterator[bytes], int]:
        return produce(), 200

    @app.route("/file")
    async def whole_file() -> Response:
        return await send_file(file)

    @app.route("/thread")
    def in_a_thread() -> str:
        return '"thread"'

    async def work() -> None:
        events.background.set()

    @app.route("/later")
    async def later() -> str:
        app.add_background_task(work)
        return "now"

    add_websockets(app, events)
    return app


def add_websockets(app: QuartTrio, events: Events) -> None:
    @app.websocket("/talk")
    async def talk() -> None:
        offered = websocket.requested_subprotocols
        await websocket.accept(subprotocol="second" if "second" in offered else None)
        while True:
            await websocket.send(await websocket.receive())

    @app.websocket("/add/<int:more>")
    async def add(more: int) -> None:
        while True:
            number = await websocket.receive_json()
            await websocket.send_json({"sum": number + more})

    @app.websocket("/refuse")
    async def refuse() -> None:
        await websocket.close(4001)

    @app.websocket("/deny")
    async def deny() -> None:
        abort(418)

    @app.websocket("/fail")
    async def fail() -> None:
        await websocket.accept()
        raise KeyError("oops")

    @app.websocket("/end")
    async def note_end() -> None:
        await websocket.accept()
        try:
            await websocket.receive()
        except trio.Cancelled:  # which is how it tells
            events.note_end(0, None)
            raise
