"""An ASGI app, and a Starlette app where that is installed, served on trio and called.

python examples/asgi_app.py            calls itself and ends
python examples/asgi_app.py --serve    stays up for a browser or curl, until Ctrl-C
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from trio_helianthus import asgi, core, http


async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
    if scope["type"] == "lifespan":
        await receive()
        scope["state"]["greeting"] = "Hello"
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "http":
        text = f"{scope['state']['greeting']} from {scope['path']}\n"
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text.encode()})


def starlette_app() -> asgi.ASGIApp:
    """The same with Starlette, whose lifespan has a trio nursery for background work."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, trio.Nursery]]:
        async with trio.open_nursery() as nursery:
            yield {"nursery": nursery}
            nursery.cancel_scope.cancel()

    async def hello(request: Request) -> JSONResponse:
        request.state.nursery.start_soon(trio.sleep, 60)  # ends with the app
        return JSONResponse({"hello": request.path_params["name"]})

    return Starlette(routes=[Route("/hello/{name}", hello)], lifespan=lifespan)


async def call(app: asgi.ASGIApp, path: str) -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(asgi.serve, app, 0)
        async with http.open_client(server.url) as client:
            answer = await client.get(path)
            print(answer.status, answer.text.strip())
        await server.drain()


async def call_yourself() -> None:
    await call(app, "/a/socket")

    async with (
        asgi.transport(app) as transport,
        http.open_client("http://app", transport=transport) as client,
    ):
        answer = await client.get("/no/socket/at/all")
        print(answer.status, answer.text.strip())

    try:
        app_of_starlette = starlette_app()
    except ImportError:
        print("(Starlette is not installed)")
    else:
        await call(app_of_starlette, "/hello/World")


async def stay_up() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(asgi.serve, app, 8000)
        print(f"curl {server.url}/hello      (Ctrl-C drains and ends)")


if __name__ == "__main__":
    sys.exit(core.run(stay_up if "--serve" in sys.argv else call_yourself))
