"""An application for ``helianthus serve``; as a script it serves itself, asks, and ends.

cd examples && helianthus serve serve_me:app --workers 2      (Ctrl-C drains and ends)
python examples/serve_me.py
"""

from __future__ import annotations

import os
import sys

import trio

from trio_helianthus import core, http

app = http.Router()


@app.get("/")
async def index(request: http.Request) -> str:
    return f"process {os.getpid()} answers {request.headers.get('user-agent', 'you')}\n"


@app.post("/echo")
async def echo(request: http.Request) -> bytes:
    return await request.read()


@app.get("/slow")
async def slow(_: http.Request) -> str:
    await trio.sleep(1)
    return "done\n"


async def ask_yourself() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, app)
        async with http.open_client(server.url) as client:
            print((await client.get("/")).text, end="")
            print((await client.post("/echo", content=b"and back\n")).text, end="")
        await server.drain()


if __name__ == "__main__":
    sys.exit(core.run(ask_yourself))
