"""Rooms: who says something in one, says it to all who are there, in whichever process."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING, Final

import attrs
import trio

from trio_helianthus import core
from trio_helianthus.errors import ResourceClosed

from . import _envelope as envelope
from ._bus import BusLost, Present
from ._history import HistoryTotal
from ._membership import Membership
from ._memory_bus import MemoryBus
from ._room import ChatRoom
from ._room_error import RoomError, RoomProblem
from ._room_limits import RoomLimits
from ._room_session import RoomHooks, RoomSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from ._bus import Bus
    from ._connection import Connection
    from ._membership import Listener

__all__ = ["Rooms", "RoomsStatistics", "open_rooms"]

_DEFAULT_LIMITS: Final = RoomLimits()
_SIGNS_OF_LIFE: Final = 3
"""How often in a lease's time it is renewed."""
_MOST_FORSAKEN: Final = 100_000


@attrs.frozen
class RoomsStatistics:
    """What the rooms of one process have now."""

    rooms: int
    """Rooms that somebody of this process has joined."""
    memberships: int
    """Connections in them, each counted once for each room."""
    sessions: int
    """Clients that :meth:`Rooms.serve` serves."""


class Rooms:
    """The rooms of one process; made by :func:`open_rooms`."""

    def __init__(
        self, nursery: core.BackgroundNursery, bus: Bus, limits: RoomLimits, *, presence: bool
    ) -> None:
        self.limits: Final = limits
        """What they are held to."""
        self._nursery = nursery
        self._bus = bus
        self._presence = presence
        self._node = secrets.token_hex(8)
        self._numbers = count(1)
        self._rooms: dict[str, ChatRoom] = {}
        self._history_total = HistoryTotal(limits.max_history_bytes)
        self._forsaken: dict[tuple[str, str], None] = {}  # still to be taken out of lists
        self._forgotten = False  # whether the bus has forgotten who is here
        self._sessions = 0
        self.closed: bool = False
        """Whether they take nobody any more."""

    def __repr__(self) -> str:
        return f"<Rooms: {len(self._rooms)}>"

    @property
    def rooms(self) -> Mapping[str, ChatRoom]:
        """The rooms that somebody of this process has joined, by their names."""
        return dict(self._rooms)

    def statistics(self) -> RoomsStatistics:
        """Return what they have now."""
        memberships = sum(len(room._joined) for room in self._rooms.values())
        return RoomsStatistics(len(self._rooms), memberships, self._sessions)

    @asynccontextmanager
    async def join(
        self,
        room: str,
        connection: Listener,
        *,
        member: str,
        last_seen: str | None = None,
        info: object = None,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> AsyncIterator[Membership]:
        """Be in a room while the body runs.

        ::

            async with rooms.join("lobby", connection, member="ann") as membership:
                async for text in connection:
                    await membership.send(text)

        The connection is given a ``welcome``, and from then on what happens in the room, but for
        its own messages, as the protocol has it; it is never waited for. However the body ends,
        the membership does, and the others are told so.

        :param room: its name. It is made when the first member comes.
        :param member: who it is; several connections may be the same member.
        :param last_seen: the id of the last message that the member has seen. It gets those
            behind it, or is told that some are gone. ``None``: it gets all that are kept.
        :param info: what the others are told beside the name; anything that JSON can say.
        :param timeout: seconds until it has joined.
        :param token: gives up, until then.
        :raises RoomError: a name is none, or there are too many rooms or members.
        :raises BusLost: the bus cannot be reached.
        :raises ResourceClosed: the rooms are closed.
        """
        with core.limit(timeout, token):
            membership = await self._join(
                room, connection, member=member, last_seen=last_seen, info=info
            )
        try:
            yield membership
        finally:
            await membership.leave()  # noqa: ASYNC102 it shields itself, for a limited time

    async def send(
        self,
        room: str,
        body: object,
        *,
        sender: str | None = None,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> str:
        """Say something to all in a room, from outside.

        It waits where the room is ``max_behind`` with telling what was said before. What was
        cancelled, or ran out of time, may have been said, or not.

        :param sender: whom it is from; ``None`` for the server.
        :param timeout: seconds; ``None`` for no limit.
        :param token: gives up.
        :returns: the id of the message.
        :raises RoomError: the name is none, or the body is too large, or nested too deeply.
        :raises BusLost: the bus cannot be reached; it may have been said, or not.
        :raises ResourceFull: the bus has too many rooms to open this one.
        """
        envelope.check_name(room, self.limits, "room")
        text = envelope.dump_body(body, self.limits)
        data = envelope.bus_data("-", sender, text, None)
        with core.limit(timeout, token):
            here = self._rooms.get(room)
            if here is None:
                return str(await self._bus.publish(room, data))
            await here._wait_told()
            return str(await here._publish(data))

    async def serve(
        self, connection: Connection, *, member: str, hooks: RoomHooks | None = None
    ) -> None:
        """Speak the rooms protocol with a client, until its connection ends.

        ::

            @router.get("/chat")
            @websocket.endpoint
            async def chat(connection: websocket.ServerConnection) -> None:
                await rooms.serve(connection, member=name_of(connection.request))

        The client joins and leaves, sends, makes requests and answers ours. Whatever it does
        wrong is answered with an ``error``. At the end it has left all rooms.

        :param member: who the client is; find that out before.
        :param hooks: what the application says to it.
        :raises WebSocketBroken: the connection was lost, or closed because of an error.
        :raises RoomError: the member's name is none.
        """
        envelope.check_name(member, self.limits, "member")
        session = RoomSession(self, connection, member, hooks or RoomHooks())
        self._sessions += 1
        try:
            await session.run()
        finally:
            self._sessions -= 1

    async def _join(
        self,
        name: str,
        listener: Listener,
        *,
        member: str,
        last_seen: str | None,
        info: object = None,
        info_text: str | None = None,
        ref: envelope.Ref = None,
    ) -> Membership:
        limits = self.limits
        envelope.check_name(name, limits, "room")
        envelope.check_name(member, limits, "member")
        if info_text is None:
            info_text = envelope.dump_info(info, limits)
        if self.closed:
            raise ResourceClosed("the rooms are closed")
        room = self._rooms.get(name)
        if room is None:
            room = self._open_room(name)
        present = Present(f"{self._node}.{next(self._numbers)}", member, self._node, info_text)
        membership = Membership(room, present, listener, last_seen)
        try:
            await room._join(membership, ref)
        finally:
            self._close_if_unused(room)
        return membership

    def _open_room(self, name: str) -> ChatRoom:
        if len(self._rooms) >= self.limits.max_rooms:
            raise RoomError(problem=RoomProblem.TOO_MANY_ROOMS)
        room = self._rooms[name] = ChatRoom(
            name,
            self._bus,
            self.limits,
            self._history_total,
            tells_presence=self._presence,
            forsake=self._forsake,
            release=self._close_if_unused,
        )
        self._nursery.start_soon(room.run)
        return room

    def _close_if_unused(self, room: ChatRoom) -> None:
        if room.unused and self._rooms.get(room.name) is room:
            del self._rooms[room.name]
            room.scope.cancel(reason="nobody is in the room")

    def _forsake(self, room: str, ref: str) -> None:
        if len(self._forsaken) < _MOST_FORSAKEN:
            self._forsaken[room, ref] = None

    async def _stay_alive(self) -> None:
        """Renew the lease again and again. Nothing else may take its time."""
        while True:
            await trio.sleep(self.limits.lease / _SIGNS_OF_LIFE)
            try:
                if not await self._renew():
                    self._forgotten = True
            except BusLost:
                pass  # it is tried again

    async def _renew(self) -> bool:
        return await self._bus.renew(self._node, self.limits.lease)

    async def _make_up(self) -> None:
        """See to what could not be done at its time, until it is done."""
        while True:
            await trio.sleep(self.limits.lease / _SIGNS_OF_LIFE)
            try:
                if self._forgotten:
                    await self._enter_all_again()
                for name, ref in list(self._forsaken):
                    await self._bus.leave(name, ref)
                    del self._forsaken[name, ref]
            except BusLost:
                pass  # it is tried again

    async def _enter_all_again(self) -> None:
        self._forgotten = False
        try:
            for room in list(self._rooms.values()):
                await room._enter_all_again()
        except BusLost:
            self._forgotten = True
            raise

    async def _forget(self) -> None:
        with trio.move_on_after(self.limits.leave_timeout, shield=True):
            try:
                await self._bus.forget(self._node)
            except BusLost:
                pass  # then its lease runs out


@asynccontextmanager
async def open_rooms(
    bus: Bus | None = None, *, limits: RoomLimits = _DEFAULT_LIMITS, presence: bool = True
) -> AsyncIterator[Rooms]:
    """Open the rooms of this process, which end with the body.

    ::

        async with websocket.open_rooms() as rooms:
            ...

    :param bus: connects them with those of other processes; ``None`` means a
        :class:`MemoryBus` of its own.
    :param limits: what members and clients may cost.
    :param presence: whether members are told who is there, who comes and who leaves. In a room of
        thousands that is most of what is sent.
    :raises BusLost: the bus cannot be reached.
    """
    async with core.open_background_nursery() as nursery:
        rooms = Rooms(nursery, MemoryBus() if bus is None else bus, limits, presence=presence)
        try:
            await rooms._renew()
            nursery.start_soon(rooms._stay_alive)
            nursery.start_soon(rooms._make_up)
            yield rooms
        finally:
            rooms.closed = True
            nursery.cancel_scope.cancel(reason="the rooms are closed")
            await rooms._forget()  # noqa: ASYNC102 it shields itself, for a limited time
