"""One connection in one room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import trio

from trio_helianthus.core import limit
from trio_helianthus.errors import ResourceClosed
from trio_helianthus.wire.websocket import PreparedMessage

from . import _envelope as envelope
from ._bus import Position
from ._room_error import RoomError, RoomProblem

if TYPE_CHECKING:
    from collections.abc import Hashable

    from trio_helianthus.core import CancelToken

    from ._bus import Present
    from ._room import ChatRoom, RoomEvent

__all__ = ["Listener", "Membership"]


class Listener(Protocol):
    """Who is told what happens in a room: a :class:`Connection`, or something like it."""

    def offer(self, message: PreparedMessage, key: Hashable = None) -> bool:
        """Take a message without waiting; ``False`` if that cannot be done any more."""


class Membership:
    """A connection that is in a room; made by :meth:`Rooms.join`."""

    def __init__(
        self, room: ChatRoom, present: Present, listener: Listener, last_seen: str | None
    ) -> None:
        self.room = room
        """The room."""
        self.present = present
        """What the others know of it."""
        self._listener = listener
        self._last_seen = last_seen
        self._position: Position | None = None
        self._unconfirmed: list[tuple[Position, envelope.Ref]] = []
        self._all_confirmed: trio.Event | None = None  # where somebody waits for it
        self._welcomed = trio.Event()
        self._failure: Exception | None = None  # the listener's, at the welcome
        self._welcome_ref: envelope.Ref = None
        self._has_entered = False  # the list of the bus
        self._left = False

    def __repr__(self) -> str:
        state = "left" if self._left else "joined" if self._welcomed.is_set() else "joining"
        return f"<Membership of {self.present.member!r} in {self.room.name!r}: {state}>"

    @property
    def member(self) -> str:
        """Who it is."""
        return self.present.member

    @property
    def last_id(self) -> str | None:
        """The id of the last message that this connection was given; ``None`` before any."""
        return None if self._position is None else str(self._position)

    @property
    def left(self) -> bool:
        """Whether it has left."""
        return self._left

    async def send(
        self,
        body: object,
        *,
        tag: str | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> str:
        """Say something to all in the room but this connection.

        It waits where the room is ``max_behind`` with telling what was said before. What was
        cancelled, or ran out of time, may have been said, or not.

        :param body: anything that JSON can say.
        :param tag: goes with the message, so that its sender can recognize it.
        :returns: the id of the message.
        :raises RoomError: it is too large, or nested too deeply.
        :raises ResourceClosed: it has left the room.
        :raises BusLost: the bus cannot be reached; it may have been said, or not.
        """
        text = envelope.dump_body(body, self.room.limits)
        with limit(timeout, token):
            if not self._left:
                await self.room._wait_told()
            return str(await self._publish(text, tag))

    async def leave(self) -> None:
        """Leave the room; the others are told once. Idempotent.

        It waits for the bus for up to ``leave_timeout``, whatever is cancelled. Where that is not
        enough, the room goes on trying in the background.
        """
        if not self._left:
            self._left = True
            waiting, self._unconfirmed = self._unconfirmed, []
            self._note_all_confirmed()
            try:
                await self.room._leave(self)
            finally:
                for _, ref in waiting:
                    self._refuse(ref)

    async def _publish(self, text: str, tag: str | None) -> Position:
        if self._left:
            raise ResourceClosed("this member has left the room")
        data = envelope.bus_data(self.present.ref, self.member, text, tag)
        return await self.room._publish(data)

    async def _wait_confirmed(self) -> None:
        """Wait until all that it has sent is confirmed; for up to ``leave_timeout``."""
        with trio.move_on_after(self.room.limits.leave_timeout):
            while self._unconfirmed:
                self._all_confirmed = trio.Event()
                await self._all_confirmed.wait()

    def _refuse(self, ref: envelope.Ref) -> None:
        """Tell of a message that nobody can tell its place of any more: it may have been said."""
        text = envelope.error(ref, RoomError(problem=RoomProblem.UNAVAILABLE))
        self._listener.offer(PreparedMessage(text))

    # What the room calls: never waits.

    def _take(self, event: RoomEvent) -> bool:
        """Pass something on; a message of its own is only confirmed."""
        taken = event.by != self.present.ref and self._listener.offer(event.prepared)
        if event.position is not None:
            self._position = event.position
            if self._unconfirmed:
                self._confirm_what_is_behind()
        return taken

    def _welcome(self, text: str, position: Position) -> None:
        self._position = position
        try:
            self._listener.offer(PreparedMessage(text))
        except Exception as exc:  # it is told to the one who joins, whose listener it is
            self._failure = exc
        self._welcomed.set()

    def _confirm(self, position: Position, ref: envelope.Ref) -> None:
        """Reply with the id of its own message, behind all messages that stand before it."""
        if ref is None:
            return
        if self._left:  # while it was being sent
            self._refuse(ref)
            return
        self._unconfirmed.append((position, ref))
        self._confirm_what_is_behind()

    def _confirm_what_is_behind(self) -> None:
        here = self._position
        waiting, self._unconfirmed = self._unconfirmed, []
        for position, ref in waiting:
            if here is None or (here.epoch == position.epoch and here.offset < position.offset):
                self._unconfirmed.append((position, ref))
            else:
                text = envelope.reply(ref, room=self.room.name, id=str(position))
                self._listener.offer(PreparedMessage(text))
        if not self._unconfirmed:
            self._note_all_confirmed()

    def _note_all_confirmed(self) -> None:
        if self._all_confirmed is not None:
            self._all_confirmed.set()
