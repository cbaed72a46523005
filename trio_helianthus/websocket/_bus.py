"""A bus: what connects the rooms of several processes, and keeps what was said in them."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol, TypeAlias

import attrs
import trio

from trio_helianthus.errors import HelianthusError

from ._room_limits import HistoryLimits

__all__ = [
    "Bus",
    "BusEvent",
    "BusLost",
    "BusSnapshot",
    "Entered",
    "Gone",
    "Position",
    "Present",
    "Published",
    "RoomFeed",
]

_LONGEST_ID: Final = 128
_LONGEST_OFFSET: Final = 15  # digits: what every JSON parser reads exactly


class BusLost(HelianthusError, trio.BrokenResourceError):
    """The bus, or one feed of it, was lost; it may be tried again."""

    _default_message = "the bus was lost"


@attrs.frozen
class Position:
    """A place in a room's messages. As a string it is the id of the message that stands there."""

    epoch: str
    """Names the row of messages, by letters and digits. Where a bus has lost them it begins
    another row."""
    offset: int
    """The message's number in it; the first has 1."""

    def __str__(self) -> str:
        return f"{self.epoch}-{self.offset}"

    @classmethod
    def parse_untrusted(cls, text: str) -> Position | None:
        """Read the id of a message, from whoever; ``None`` if it cannot be one."""
        epoch, _, digits = text.rpartition("-")
        if not epoch or len(text) > _LONGEST_ID or len(digits) > _LONGEST_OFFSET:
            return None
        if not (digits.isascii() and digits.isdigit()):
            return None
        return cls(epoch, int(digits))


@attrs.frozen
class Present:
    """One connection of a member in a room."""

    ref: str
    """Unique among all connections of all processes, for all time."""
    member: str
    node: str
    """The process, whose lease it depends on."""
    info: str = "null"
    """What the member tells of itself, as JSON."""


@attrs.frozen
class Published:
    """A message."""

    offset: int
    data: str


@attrs.frozen
class Entered:
    """A connection has come."""

    present: Present


@attrs.frozen
class Gone:
    """A connection has left, or its process is lost."""

    ref: str


BusEvent: TypeAlias = Published | Entered | Gone


@attrs.frozen
class BusSnapshot:
    """A room at the moment at which a feed begins."""

    position: Position
    """Of the last message."""
    history: tuple[Published, ...]
    """The last messages, the oldest first, without a gap."""
    present: tuple[Present, ...]
    """Who is there."""


class RoomFeed(Protocol):
    """What happens in one room, from a moment on."""

    @property
    def snapshot(self) -> BusSnapshot:
        """The room at that moment."""

    async def receive(self) -> BusEvent:
        """Return what has happened next; being cancelled takes nothing.

        :raises BusLost: something was lost, or may have been.
        """


class Bus(Protocol):
    """What a bus has to do; ``tests/websocket/_bus_contract.py`` checks it of any.

    1. **Order.** All feeds of a room, in all processes, tell the same events in the same order.
       Events of one caller, each made after the one before had returned, keep their order.
    2. **Ids.** Messages of a room have offsets that grow by 1, within an epoch. Whoever cannot
       go on with a row of messages begins a new epoch; an epoch never comes again.
    3. **Feeds.** A feed tells every event behind its snapshot, none of those before it, each once.
       Where it cannot, because it is too slow or the connection was lost, it raises
       :exc:`BusLost`; its reader opens another one, and compares the snapshots.
    4. **Nobody waits for the slowest.** A feed that is not read costs a bounded amount of memory.
    5. **Presence.** :meth:`enter` and :meth:`leave` are told once, and change nothing when they
       are repeated. What a process has entered depends on its lease: once that has run out, it is
       told as gone, at the latest when another process renews its own.
    6. **Loss.** An operation that raises :exc:`BusLost` may have happened, or not, and so may one
       that was cancelled; but it does not happen behind one that its caller has begun afterwards.
       No operation waits for ever: where the bus does not answer, it is lost.
    """

    @property
    def history(self) -> HistoryLimits:
        """What it keeps of a room's messages."""

    def open_feed(self, room: str) -> AbstractAsyncContextManager[RoomFeed]:
        """Listen to a room while the body runs.

        :raises BusLost: the bus cannot be reached.
        :raises ResourceFull: it has too many rooms.
        """

    async def publish(self, room: str, data: str) -> Position:
        """Tell a message to all feeds of a room, and keep it; return where it stands.

        :raises BusLost: the bus cannot be reached.
        :raises ResourceFull: it has too many rooms.
        """

    async def enter(self, room: str, present: Present) -> None:
        """Enter somebody into the list of a room; its process has renewed its lease before."""

    async def leave(self, room: str, ref: str) -> None:
        """Take somebody out of the list of a room."""

    async def renew(self, node: str, seconds: float) -> bool:
        """Give a sign of life of a process, which is good for so many seconds.

        :returns: whether its lease was still running. Where it was not, as at the first time,
            nothing is left of what it has entered before, and is to be entered again.
        """

    async def forget(self, node: str) -> None:
        """Take a process's connections out of all lists, and its lease."""
