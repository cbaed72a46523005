"""A client that loses its connection again and again, and misses nothing; and a feed of one's own.

It starts the servers that it talks to by itself, and ends.
"""

from __future__ import annotations

import json
from functools import partial

import trio

from trio_helianthus import core, http, websocket

SOON = core.RetryPolicy(max_attempts=1000, initial_delay=0.02, max_delay=1)


# With rooms: the client does it by itself.


async def count_in(rooms: websocket.Rooms, connections: list[websocket.Connection]) -> None:
    """Say numbers, and lose all clients now and then."""
    for number in range(10):
        await rooms.send("numbers", number)
        if number % 4 == 2:
            for connection in connections:
                connection.close_nowait(websocket.CloseCode.SERVICE_RESTART, "back in a moment")
            connections.clear()
        await trio.sleep(0.02)


async def follow(url: str, started: trio.Event) -> str | None:
    heard: list[object] = []
    async with (
        websocket.open_room_client(url, policy=SOON) as client,
        client.join("numbers") as room,
    ):
        started.set()
        async for update in room:
            match update:
                case websocket.RoomMessage(body=body):
                    heard.append(body)
                case websocket.MessagesMissed():
                    print("something is missing: read it anew from where it is kept")
            if heard[-1:] == [9]:
                break
    print("heard", heard)
    return room.last_id


async def with_rooms() -> None:
    connections: list[websocket.Connection] = []
    async with websocket.open_rooms() as rooms, trio.open_nursery() as nursery:

        async def handler(connection: websocket.ServerConnection) -> None:
            connections.append(connection)
            await rooms.serve(connection, member="ann")

        server: http.Server = await nursery.start(partial(websocket.serve_websocket, handler))
        url = server.url
        started = trio.Event()

        async def speak() -> None:
            await started.wait()
            await count_in(rooms, connections)

        nursery.start_soon(speak)
        last_id = await follow(url, started)
        print("a later program goes on with last_seen =", last_id)
        await server.drain(timeout=1)


# Without rooms: the client says what it has, and the server goes on behind that.

LINES = [f"line {number}" for number in range(6)]


async def send_lines(connection: websocket.ServerConnection) -> None:
    after = (await connection.receive_json(timeout=5))["after"]
    for number in range(after, len(LINES)):
        await connection.send_json({"number": number + 1, "text": LINES[number]})
        if number % 3 == 1:
            await connection.aclose(websocket.CloseCode.SERVICE_RESTART)
            return


async def read_lines(url: str) -> list[str]:
    got: list[str] = []

    async def read(connection: websocket.ClientConnection) -> None:
        await connection.send_json({"after": len(got)})
        async for message in connection:
            got.append(json.loads(message)["text"])
            print("got", got[-1])

    await websocket.keep_connected(url, read, policy=SOON)
    return got


async def without_rooms() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(partial(websocket.serve_websocket, send_lines))
        assert await read_lines(server.url) == LINES
        await server.drain(timeout=1)


async def main() -> None:
    await with_rooms()
    await without_rooms()


if __name__ == "__main__":
    trio.run(main)
