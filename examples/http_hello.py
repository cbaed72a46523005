"""A first HTTP service, and a client that calls it, in one process.

python examples/http_hello.py            calls itself and ends
python examples/http_hello.py --serve    stays up for a browser or curl, until Ctrl-C
"""

from __future__ import annotations

import sys

import trio

from trio_helianthus import core, http

router = http.Router()


@router.get("/hello/{name}")
async def hello(request: http.Request) -> str:
    return f"Hello, {request.path_params['name']}!\n"


@router.post("/sum")
async def add_up(request: http.Request) -> dict[str, float]:
    numbers = await request.json()
    try:
        return {"sum": sum(numbers)}
    except TypeError:
        raise http.HTTPError(422, "send a list of numbers") from None


async def call_yourself() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 0)
        async with http.open_client(server.url) as client:
            answer = await client.get("/hello/World")
            print(answer.status, answer.text, end="")

            answer = await client.post("/sum", json=[1, 2, 3.5])
            print(answer.status, answer.json())
        await server.drain()


async def stay_up() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 8000)
        print(f"curl {server.url}/hello/World      (Ctrl-C drains and ends)")


if __name__ == "__main__":
    sys.exit(core.run(stay_up if "--serve" in sys.argv else call_yourself))
