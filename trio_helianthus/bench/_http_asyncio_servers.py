"""HTTP servers on asyncio and uvloop: uvicorn, with either of its parsers, and aiohttp."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from ._asyncio_servers import run
from ._being_measured import announce, leave_room_in_heap, listen
from ._http_apps import make_starlette_app, plain_app
from ._http_loads import HTTPLoad
from ._open_files import allow_open_files


async def serve_uvicorn(parser: str, load: HTTPLoad) -> None:
    """Serve with uvicorn until the one who measures has gone."""
    import uvicorn

    app: Any = make_starlette_app() if load is HTTPLoad.ASGI else plain_app
    config = uvicorn.Config(
        app, http=parser, log_config=None, access_log=False, lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    listener = listen()
    announce(listener.getsockname()[1])
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = server.force_exit = True
    await serving


async def serve_aiohttp() -> None:
    """Serve with aiohttp until the one who measures has gone."""
    from aiohttp import web

    async def hello(request: web.Request) -> web.Response:
        request.headers.get("user-agent")
        return web.Response(text=f"Hello, {request.match_info['name']}!")

    async def length(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    app = web.Application()
    app.add_routes([web.get("/hello/{name}", hello), web.post("/length", length)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = listen()
    await web.SockSite(runner, listener).start()
    announce(listener.getsockname()[1])
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    allow_open_files()
    leave_room_in_heap()
    name, loop, *rest, load = sys.argv[1:]
    if name == "uvicorn":
        run(loop, serve_uvicorn(rest[0], HTTPLoad(load)))
    else:
        run(loop, serve_aiohttp())
