"""HTTP servers on trio: ours, with either engine, our ASGI host, and hypercorn."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import trio

from trio_helianthus import asgi, http
from trio_helianthus.wire.http1 import Engine

from ._being_measured import announce, leave_room_in_heap, listen
from ._http_apps import make_router, make_starlette_app, plain_app
from ._http_loads import ROUTE_STEP, ROUTES, HTTPLoad
from ._open_files import allow_open_files

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

FOR_EVER: Final = 1 << 60
"""In place of a limit on the requests of a connection."""
LIMITS: Final = http.ServerLimits(max_requests_per_connection=FOR_EVER)


async def serve_ours(nursery: trio.Nursery, engine: str, router: http.Router) -> None:
    """Start ours as it is by default, with all of its timeouts."""
    serve = partial(http.serve, router, limits=LIMITS, engine=Engine(engine))
    server: http.Server = await nursery.start(serve)
    announce(server.port)


async def serve_asgi(nursery: trio.Nursery) -> None:
    """Start our ASGI host."""
    server: http.Server = await nursery.start(
        partial(asgi.serve, make_starlette_app(), limits=LIMITS)
    )
    announce(server.port)


async def serve_hypercorn(nursery: trio.Nursery) -> None:
    """Start hypercorn."""
    from hypercorn.config import Config
    from hypercorn.trio import serve

    listener = listen()
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_max_requests = FOR_EVER
    config.errorlog = None
    app: Any = plain_app
    start: Callable[..., Awaitable[object]] = nursery.start
    await start(partial(serve, app, config, mode="asgi"))
    announce(listener.getsockname()[1])
    listener.detach()


async def main(words: list[str]) -> None:
    """Serve until the one who measures has gone."""
    name, *rest, load = words
    async with trio.open_nursery() as nursery:
        match name:
            case "ours":
                routes = range(ROUTES if load == HTTPLoad.ROUTES else 0)
                await serve_ours(nursery, rest[0], make_router(routes))
            case "few":
                await serve_ours(nursery, "httptools", make_router(range(0, ROUTES, ROUTE_STEP)))
            case "asgi":
                await serve_asgi(nursery)
            case _:
                await serve_hypercorn(nursery)
        await trio.to_thread.run_sync(sys.stdin.read)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    allow_open_files()
    leave_room_in_heap()
    trio.run(main, sys.argv[1:])
