"""An application with something open around it; as a script it serves itself, asks, and ends.

cd examples && helianthus serve serve_factory:open_app --factory --workers 2
python examples/serve_factory.py
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from trio_helianthus import core, http

warehouse = http.Router()  # in truth a service elsewhere, and a URL of it below


@warehouse.get("/stock/{item}")
async def stock(request: http.Request) -> http.Response:
    return http.Response.json({"left": len(request.path_params["item"])})


class Shop:
    """What the handlers of one worker share."""

    def __init__(self, client: http.Client) -> None:
        self.client = client
        self.left = 0
        self.looked = trio.Event()

    async def look(self) -> None:
        """Ask the warehouse every ten seconds, beside the requests."""
        while True:
            answer = await self.client.get("/stock/helianthus")
            self.left = answer.json()["left"]
            self.looked.set()
            await trio.sleep(10)

    async def index(self, _: http.Request) -> str:
        await self.looked.wait()
        return f"{self.left} left\n"


@asynccontextmanager
async def open_app() -> AsyncIterator[http.Router]:
    async with (
        http.in_process(warehouse) as transport,
        http.open_client("http://warehouse", transport=transport) as client,
        core.open_background_nursery() as background,
    ):
        shop = Shop(client)
        background.start_soon(shop.look)
        router = http.Router()
        router.get("/")(shop.index)
        yield router  # serves until told to stop, and until the requests that run are done


async def ask_yourself() -> None:
    async with open_app() as router, trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router)
        async with http.open_client(server.url) as client:
            print((await client.get("/")).text, end="")
        await server.drain()


if __name__ == "__main__":
    sys.exit(core.run(ask_yourself))
