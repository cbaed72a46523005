"""The demonstration's HTTP service: its routes, its middleware, and the page that uses them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import trio

from trio_helianthus import http, websocket
from trio_helianthus.errors import WebSocketBroken
from trio_helianthus.http import middleware

from ._demo_board import Board

SLOW_SECONDS: Final = 30.0
"""How long the slow handler takes, if nobody cancels it."""
BRIEF_SECONDS: Final = 0.1
"""How long the brief handler takes."""
PIECE: Final = bytes(64 * 1024)
"""What the streamed answer consists of."""
MAX_PIECES: Final = 1024
MIN_SECONDS_BETWEEN_EVENTS: Final = 0.01
SOCKET_LIMITS: Final = websocket.WebSocketLimits(max_message_bytes=1024)

PLANETS: Final = ["Mercury", "Venus", "Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune"]
PAGE: Final = Path(__file__).parent / "demo_page"


def make_router(board: Board) -> http.Router:
    """The service.

    :param board: is told what the handlers do.
    """
    router = http.Router(
        middleware=[
            middleware.RequestID(),
            middleware.SecurityHeaders(content_security_policy="default-src 'self'"),
            time_handler,
        ]
    )
    router.static("", PAGE, cache_control="no-cache")
    _add_plain_routes(router)
    _add_streams(router, board)
    _add_slow_routes(router, board)
    _add_websockets(router, board)
    return router


async def time_handler(request: http.Request, call_next: http.CallNext) -> http.Response:
    """Say how long the handler took, in ``Server-Timing``, where browsers show it."""
    began = trio.current_time()
    response = await call_next(request)
    milliseconds = (trio.current_time() - began) * 1000
    response.headers["Server-Timing"] = f"handler;dur={milliseconds:.3f}"
    return response


def _add_plain_routes(router: http.Router) -> None:
    @router.get("/hello/{name}")
    async def hello(request: http.Request) -> str:
        return f"Hello, {request.path_params['name']}!\n"

    @router.get("/planets/{number:int}")
    async def planet(request: http.Request) -> dict[str, object]:
        number = request.path_params["number"]
        if not 1 <= number <= len(PLANETS):
            raise http.HTTPError(404, f"there is no planet {number}")
        return {"number": number, "name": PLANETS[number - 1]}

    @router.post("/reverse")
    async def reverse(request: http.Request) -> bytes:
        return (await request.read())[::-1]

    @router.post("/words")
    async def words(request: http.Request) -> dict[str, object]:
        match await request.json(max_bytes=100_000):
            case {"text": str(text)}:
                return {"words": len(text.split()), "backwards": text[::-1]}
        raise http.HTTPError(422, "send an object with a text")


def _add_streams(router: http.Router, board: Board) -> None:
    @router.post("/uploads")
    async def upload(request: http.Request) -> dict[str, object]:
        """Look at the file as it arrives; nothing of it is kept."""
        began = trio.current_time()
        async for part in request.multipart():
            if part.filename is not None:
                sha256, size, pieces = hashlib.sha256(), 0, 0
                async for piece in part:
                    sha256.update(piece)
                    size += len(piece)
                    pieces += 1
                return {
                    "name": part.filename,
                    "bytes": size,
                    "pieces": pieces,
                    "sha256": sha256.hexdigest(),
                    "seconds": trio.current_time() - began,
                }
        raise http.HTTPError(422, "there is no file in the form")

    @router.get("/stream/{pieces:int}")
    async def stream(request: http.Request) -> http.Response:
        pieces = min(request.path_params["pieces"], MAX_PIECES)

        async def produce() -> AsyncIterator[bytes]:
            for _ in range(pieces):
                yield PIECE

        return http.Response(produce(), headers={"Cache-Control": "no-store"})

    @router.get("/events")
    async def events(request: http.Request) -> http.Response:
        try:
            every = float(request.query.get("every", "0.5"))
        except ValueError:
            raise http.HTTPError(400, "every how many seconds?") from None
        if not every >= MIN_SECONDS_BETWEEN_EVENTS:
            raise http.HTTPError(400, f"not more often than every {MIN_SECONDS_BETWEEN_EVENTS} s")
        return http.Response.events(board.follow(every), retry=1)


def _add_slow_routes(router: http.Router, board: Board) -> None:
    @router.get("/brief")
    async def brief(_: http.Request) -> str:
        board.brief_started.release()
        await trio.sleep(BRIEF_SECONDS)
        return "done\n"

    @router.get("/slow")
    async def slow(request: http.Request) -> str:
        with board.slow_call(request.query.get("name", ""), request.deadline):
            await trio.sleep(SLOW_SECONDS)
        return "at last\n"

    @router.get("/status")
    async def status(_: http.Request) -> dict[str, int]:
        return {
            "slow calls running": board.running,
            "slow calls finished": board.finished,
            "slow calls cancelled": board.cancelled,
        }


def _add_websockets(router: http.Router, board: Board) -> None:
    audience: set[websocket.ServerConnection] = set()

    async def echo(connection: websocket.ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async def wall(connection: websocket.ServerConnection) -> None:
        """Tell who comes how many look at the wall, and all of them what somebody writes on it."""
        audience.add(connection)
        try:
            await connection.send_json({"pages": len(audience)})
            async for message in connection:
                text = message if isinstance(message, str) else "(these were bytes)"
                reached = await websocket.broadcast(audience, json.dumps({"text": text}))
                await connection.send_json({"reached": reached})
        finally:
            audience.discard(connection)

    async def slow(connection: websocket.ServerConnection) -> None:
        """Work for as long as somebody is there."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(leave_with_client, connection, nursery.cancel_scope)
            with board.slow_call("WebSocket", math.inf):
                await trio.sleep(SLOW_SECONDS)

    async def leave_with_client(
        connection: websocket.ServerConnection, scope: trio.CancelScope
    ) -> None:
        with suppress(WebSocketBroken):
            async for _ in connection:
                pass
        scope.cancel()

    for handler in (echo, wall, slow):
        router.add(f"/sockets/{handler.__name__}", _for_this_page(handler))


def _for_this_page(handler: websocket.Handler) -> http.Handler:
    """A WebSocket's handler as one of requests; it lets in pages of this service, and programs."""

    async def accept(request: http.Request) -> http.Response:
        address = request.server_address
        port = address[1] if address else 80
        origins = [f"http://127.0.0.1:{port}", f"http://localhost:{port}"]
        return websocket.accept(request, handler, origins=origins, limits=SOCKET_LIMITS)

    return accept
