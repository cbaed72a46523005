"""A chat for browsers: rooms, who is there, what was said before, and what was missed meanwhile.

python examples/chat_service.py                       lets three programs chat, and ends
python examples/chat_service.py --serve               stays up for browsers, until Ctrl-C
python examples/chat_service.py --serve --host 0.0.0.0 --origin http://chat.example:8000

The page is plain HTML, CSS and JavaScript, in the folder ``chat_page``, and speaks the rooms
protocol with ``rooms.js``. Who somebody is, is what they say: a service with accounts looks at a
session cookie instead, in ``chat``.
"""

from __future__ import annotations

import argparse
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus import core, http, websocket
from trio_helianthus.http import middleware
from trio_helianthus.websocket import RoomError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HERE: Final = Path(__file__).parent
ROOMS: Final = ("garden", "kitchen", "workshop")
LONGEST_NAME: Final = 24
LONGEST_TEXT: Final = 1000
DEEDS_A_SECOND: Final = 5
HISTORY: Final = websocket.HistoryLimits(max_messages=200, keep_seconds=3600)
ROOM_LIMITS: Final = websocket.RoomLimits(
    max_name_length=LONGEST_NAME, max_members=500, max_body_bytes=8_000, max_outstanding=8
)
CONNECTION_LIMITS: Final = websocket.WebSocketLimits(max_message_bytes=16_000)


class Names:
    """Which names are taken: one belongs to whoever came with it, and may have several tabs."""

    def __init__(self) -> None:
        self._holders: dict[str, tuple[str, int]] = {}

    @contextmanager
    def hold(self, name: str, key: str) -> Iterator[bool]:
        """Hold a name, and tell whether it is to be had."""
        folded = unicodedata.normalize("NFKC", name).casefold()  # a name that looks the same
        holder, tabs = self._holders.get(folded, (key, 0))
        if holder != key:
            yield False
            return
        self._holders[folded] = holder, tabs + 1
        try:
            yield True
        finally:
            holder, tabs = self._holders.pop(folded)
            if tabs > 1:
                self._holders[folded] = holder, tabs - 1


class House(websocket.RoomHooks):
    """The rules, for one client."""

    def __init__(self, *, name_is_free: bool) -> None:
        self._name_is_free = name_is_free
        self._pace = core.RateLimiter(DEEDS_A_SECOND, burst=20)

    async def check_join(self, session: websocket.RoomSession, room: str) -> None:
        await self._pace.acquire()  # all others are told of it
        if not self._name_is_free:
            raise RoomError(f"Somebody else here is called {session.member}")
        if room not in ROOMS:
            raise RoomError(f"There is no room {room}")

    async def check_message(
        self, session: websocket.RoomSession, room: str, body: object
    ) -> object:
        await self._pace.acquire()  # its client waits, and nobody else
        match body:
            case {"text": str(text)} if text.strip() and len(text) <= LONGEST_TEXT:
                return {"text": text, "at": round(time.time(), 3)}
        raise RoomError(f"A message has 1 to {LONGEST_TEXT} characters")

    async def answer(self, session: websocket.RoomSession, body: object) -> object:
        if body == "rooms":
            return ROOMS
        raise RoomError("Ask for the rooms")


def chat_of(rooms: websocket.Rooms, origins: Sequence[str]) -> http.Router:
    """The routes: the page, and the chat.

    :param origins: where the page may come from. A request without an origin is of a program.
    """
    policy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    router = http.Router(middleware=[middleware.SecurityHeaders(content_security_policy=policy)])
    names = Names()

    @router.get("/chat")
    async def chat(request: http.Request) -> http.Response:
        name, key = request.query.get("name", "").strip(), request.query.get("key", "")
        if not (0 < len(name) <= LONGEST_NAME and name.isprintable() and len(key) <= 64):
            raise http.HTTPError(400, f"a name has 1 to {LONGEST_NAME} printable characters")

        async def talk(connection: websocket.ServerConnection) -> None:
            with names.hold(name, key) as is_free:
                await rooms.serve(connection, member=name, hooks=House(name_is_free=is_free))

        return websocket.accept(request, talk, origins=origins, limits=CONNECTION_LIMITS)

    @router.get("/rooms.js")
    async def protocol(request: http.Request) -> http.Response:
        return await http.Response.file(HERE / "rooms.js", request)

    router.static("", HERE / "chat_page", cache_control="no-cache")
    return router


@asynccontextmanager
async def open_chat(origins: Sequence[str]) -> AsyncIterator[http.Router]:
    """The chat, while the body runs."""
    bus = websocket.MemoryBus(history=HISTORY)
    async with websocket.open_rooms(bus, limits=ROOM_LIMITS) as rooms:
        yield chat_of(rooms, origins)


# Three programs that chat.


async def ann(url: str, at_home: trio.Event) -> None:
    async with websocket.open_room_client(f"{url}?name=ann&key=a") as client:
        print("ann: there are the rooms", *list_of(await client.ask("rooms")))
        async with client.join("garden") as garden:
            await garden.send({"text": "The sunflowers are up!"})
            print("ann: my message was delivered")
            at_home.set()
            async for update in garden:
                print("ann:", said(update))
                match update:
                    case websocket.MemberJoined(member="bob"):
                        await garden.send({"text": "Hello bob"})
                    case websocket.MemberLeft(member="bob"):
                        return


async def bob(url: str) -> None:
    async with (
        websocket.open_room_client(f"{url}?name=bob&key=b") as client,
        client.join("garden") as garden,
    ):
        print("bob: here are", *garden.members)
        for _ in range(2):
            print("bob:", said(await garden.receive()))
        await garden.send({"text": "How tall? <b>Tell me!</b>"})
        try:
            await garden.send({"text": "so " * LONGEST_TEXT})
        except RoomError as error:
            print("bob: was told:", error)


async def another_ann(url: str) -> None:
    async with websocket.open_room_client(f"{url}?name=Ann&key=c") as client:
        try:
            async with client.join("garden"):
                pass
        except RoomError as error:
            print("another ann: was told:", error)


def list_of(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def said(update: websocket.RoomUpdate) -> str:
    match update:
        case websocket.RoomMessage(sender=sender, body={"text": text}):
            return f"{sender} says {text!r}"
        case websocket.MemberJoined(member=member):
            return f"{member} has joined"
        case websocket.MemberLeft(member=member):
            return f"{member} has left"
    return "messages are missing here"


async def chat_among_yourselves() -> None:
    async with open_chat([]) as router, trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 0)
        url = f"{server.url}/chat"
        async with trio.open_nursery() as people:
            at_home = trio.Event()
            people.start_soon(ann, url, at_home)
            await at_home.wait()
            await another_ann(url)
            people.start_soon(bob, url)
        await server.drain(timeout=1)


async def stay_up(host: str, port: int, origins: Sequence[str]) -> None:
    limits = http.ServerLimits(half_close_grace=0)  # no browser ends its side of a connection alone
    allowed = list(origins)
    async with open_chat(allowed) as router, trio.open_nursery() as nursery:
        serve = partial(http.serve, router, port, host=host, limits=limits)
        server: http.Server = await nursery.start(serve)
        allowed += [f"http://{name}:{server.port}" for name in ("127.0.0.1", "localhost")]
        print(f"open {server.url} in two browsers or more      (Ctrl-C ends)", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", action="store_true", help="stay up for browsers")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--origin", action="append", default=[], help="where browsers see the page")
    options = parser.parse_args()
    if not options.serve:
        return core.run(chat_among_yourselves)
    if options.host != "127.0.0.1" and not options.origin:
        parser.error("name the --origin under which browsers see the page")
    return core.run(stay_up, options.host, options.port, options.origin)


if __name__ == "__main__":
    sys.exit(main())
