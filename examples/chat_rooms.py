"""A chat: rooms on the server, two programs that talk in one of them, and what each of them sees.

It starts the server that it talks to by itself, and ends. A browser speaks the same protocol with
``rooms.js``, which lies beside this file.
"""

from __future__ import annotations

import sys
from functools import partial

import trio

from trio_helianthus import core, http, websocket
from trio_helianthus.websocket import RoomError


class House(websocket.RoomHooks):
    """The rules of this chat."""

    async def check_join(self, session: websocket.RoomSession, room: str) -> None:
        if room == "kitchen" and session.member != "ann":
            raise RoomError("only the cook may come in")

    async def check_message(
        self, session: websocket.RoomSession, room: str, body: object
    ) -> object:
        if not isinstance(body, str):
            raise RoomError("say it in words")
        return body.replace("damn", "****")

    async def answer(self, session: websocket.RoomSession, body: object) -> object:
        return {"rooms": ["lobby", "kitchen"], "you": session.member}


def chat_of(rooms: websocket.Rooms) -> http.Router:
    """The routes of the chat."""
    router = http.Router()

    @router.get("/chat")
    @websocket.endpoint
    async def chat(connection: websocket.ServerConnection) -> None:
        name = connection.request.query.get("name") or "somebody"  # use a session cookie instead
        await rooms.serve(connection, member=name, hooks=House())

    return router


async def ann(url: str, there: trio.Event) -> None:
    async with websocket.open_room_client(f"{url}?name=ann") as client:
        print("ann: the rooms are", await client.ask("what is there?"))
        async with client.join("lobby", info={"colour": "red"}) as room:
            there.set()
            async for update in room:
                print("ann:", update)
                if isinstance(update, websocket.MemberJoined):
                    await room.send(f"hello {update.member}, damn cold today")
                elif isinstance(update, websocket.MemberLeft):
                    break


async def bob(url: str) -> None:
    async with websocket.open_room_client(f"{url}?name=bob") as client:
        try:
            async with client.join("kitchen"):
                pass
        except RoomError as error:
            print("bob: not into the kitchen,", error)
        async with client.join("lobby") as room:
            print("bob: there are", room.members)
            print("bob:", await room.receive())
            await room.send("hello ann")


async def main() -> None:
    if "--serve" in sys.argv:
        async with websocket.open_rooms() as rooms:
            await http.serve(chat_of(rooms), port=8000)
        return
    async with websocket.open_rooms() as rooms, trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(partial(http.serve, chat_of(rooms)))
        url = f"{server.url}/chat"
        async with trio.open_nursery() as talk:
            there = trio.Event()
            talk.start_soon(ann, url, there)
            await there.wait()
            talk.start_soon(bob, url)
        await server.drain(timeout=1)


if __name__ == "__main__":
    core.run(main)
