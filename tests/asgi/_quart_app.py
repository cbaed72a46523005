"""The app of test_frameworks in Quart, whose trio form is a package of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from quart import Response, request, send_file
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

    return app
