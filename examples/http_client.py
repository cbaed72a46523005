"""What the HTTP client does: JSON, errors, timeouts, cancellation and streams both ways.

It starts the server that it talks to by itself, on a free port, and ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import trio

from trio_helianthus import core, errors, http

router = http.Router()


@router.get("/planets/{name}")
async def planet(request: http.Request) -> dict[str, object]:
    name = request.path_params["name"]
    if name != "saturn":
        raise http.HTTPError(404, f"no planet called {name}")
    return {"name": name, "rings": True}


@router.get("/slow")
async def slow(request: http.Request) -> str:
    try:
        await trio.sleep(10)
    finally:
        print("  the handler on the other side has stopped")
    return "at last"


@router.post("/count")
async def count(request: http.Request) -> dict[str, int]:
    size = 0
    async for chunk in request.body:
        size += len(chunk)
    return {"bytes": size}


@router.get("/lines")
async def lines(request: http.Request) -> http.Response:
    async def produce() -> AsyncIterator[bytes]:
        for number in range(3):
            yield b"line %d\n" % number

    return http.Response(produce(), content_type="text/plain")


async def ask(client: http.Client) -> None:
    answer = await client.get("/planets/saturn")
    print("json:", answer.json())

    answer = await client.get("/planets/vulcan")
    try:
        answer.raise_for_status()
    except http.HTTPStatusError as error:
        print("status error:", error)


async def give_up(client: http.Client) -> None:
    try:
        await client.get("/slow", timeout=0.05)
    except errors.OperationTimeout as error:
        print("timeout:", error)

    token = core.CancelToken()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(cancel_soon, token)
        try:
            await client.get("/slow", token=token)
        except errors.OperationCancelled as error:
            print("cancelled:", error)


async def cancel_soon(token: core.CancelToken) -> None:
    await trio.sleep(0.05)
    token.cancel("changed my mind")


async def stream(client: http.Client) -> None:
    async def produce() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield bytes(10_000)

    answer = await client.post("/count", content=produce())
    print("uploaded:", answer.json())

    async with client.stream("GET", "/lines") as download:
        async for chunk in download.body:
            print("received:", chunk)


async def main() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 0)
        async with http.open_client(server.url) as client:
            await ask(client)
            await give_up(client)
            await stream(client)
        await server.drain()


if __name__ == "__main__":
    trio.run(main)
