"""One program with all operations of rooms, to be cancelled anywhere."""

from __future__ import annotations

import trio

from tests.websocket.conftest import running, ws_url
from trio_helianthus import core, errors, websocket
from trio_helianthus.testing import open_virtual_network
from trio_helianthus.websocket import (
    Present,
    RoomError,
    RoomHooks,
    RoomMessage,
    RoomSession,
    open_room_client,
    open_rooms,
)

AT_ONCE = core.RetryPolicy(max_attempts=1000, initial_delay=0.01, max_delay=0.05)


class Hooks(RoomHooks):
    """Asks back."""

    async def check_join(self, session: RoomSession, room: str) -> None:
        self.session = session
        await super().check_join(session, room)

    async def check_message(self, session: RoomSession, room: str, body: object) -> object:
        return await super().check_message(session, room, body)

    async def answer(self, session: RoomSession, body: object) -> object:
        if body == "?":
            return await session.ask(body)
        return await super().answer(session, body)


async def answer(body: object) -> object:
    await trio.sleep(0.01)
    return [body]


async def all_of_rooms() -> None:
    """Two programs in a room, a connection that is lost, and a bus by itself."""
    bus, hooks = websocket.MemoryBus(), Hooks()

    async def chat(connection: websocket.ServerConnection) -> None:
        await rooms.serve(connection, member="ann", hooks=hooks)

    async with open_rooms(bus) as rooms, open_virtual_network():
        try:
            async with (
                running(chat) as server,
                open_room_client(ws_url(server), policy=AT_ONCE, answer=answer) as ann,
                open_room_client(ws_url(server), policy=AT_ONCE) as bob,
                ann.join("lobby", timeout=60) as here,
                bob.join("lobby") as there,
            ):
                await rooms.send("lobby", "tea is ready")
                await here.send("x")
                while not isinstance(update := await there.receive(), RoomMessage):
                    pass
                assert update.body in {"x", "tea is ready"}
                hooks.session.connection.close_nowait(1012)
                await here.send("y")
                assert await ann.ask("?") == ["?"]
                try:
                    await bob.ask("!")
                except (RoomError, errors.WebSocketBroken):
                    pass  # it is refused, or was on its way when the connection was lost
                await trio.sleep(20)  # in which a lease is renewed
        finally:
            assert not rooms.rooms
            assert not rooms.statistics().sessions
    await a_room_without_a_client()


async def a_room_without_a_client() -> None:
    bus = websocket.MemoryBus()

    class Nobody:
        def offer(self, message: websocket.PreparedMessage, key: object = None) -> bool:
            return True

    try:
        async with (
            open_rooms(bus) as rooms,
            rooms.join("lobby", Nobody(), member="ann") as membership,
            bus.open_feed("lobby") as feed,
        ):
            await membership.send("x")
            await feed.receive()
            await membership.leave()
            await bus.renew("node", 5)
            await bus.enter("lobby", Present("r", "bob", "node"))
            await bus.leave("lobby", "r")
            await bus.forget("node")
    finally:
        assert not any(log.feeds for log in bus._logs.values())
        left = {present.node for log in bus._logs.values() for present in log.present.values()}
        assert left | set(bus._leases) <= {"node"}, "whose lease runs out"
