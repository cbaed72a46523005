"""A WebSocket beside HTTP routes, and its client.

python examples/websocket_echo.py            calls itself and ends
python examples/websocket_echo.py --serve    stays up, until Ctrl-C
"""

from __future__ import annotations

import sys

import trio

from trio_helianthus import core, errors, http, websocket

router = http.Router()


@router.get("/")
async def index(request: http.Request) -> str:
    return "There is a WebSocket at /shout/{name}\n"


@router.get("/shout/{name}")
@websocket.endpoint
async def shout(connection: websocket.ServerConnection) -> None:
    name = connection.request.path_params["name"]
    async for message in connection:  # ends when the client leaves in good order
        if not isinstance(message, str):
            await connection.aclose(websocket.CloseCode.UNSUPPORTED_DATA, "text, please")
            return
        await connection.send_json({"name": name, "said": message.upper()})


async def call(url: str) -> None:
    async with websocket.open_websocket(f"{url}/shout/ann", timeout=5) as connection:
        await connection.send("hello")
        print(await connection.receive_json(timeout=5))
        print(f"a ping took less than {1 + await connection.ping(timeout=5):.0f} s")
        await connection.send(b"bytes")
        try:
            await connection.receive(timeout=5)
        except errors.WebSocketBroken as error:
            print(error.code, error.reason)


async def call_yourself() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 0)
        await call(server.url)
        await server.drain()


async def stay_up() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 8000)
        print(f"{server.url.replace('http', 'ws', 1)}/shout/you      (Ctrl-C ends)")


if __name__ == "__main__":
    sys.exit(core.run(stay_up if "--serve" in sys.argv else call_yourself))
