"""A bus within one process."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import attrs
import trio
from trio.lowlevel import checkpoint, checkpoint_if_cancelled

from trio_helianthus.core import Broadcast, Overflow, Subscription, checkpoint_budget
from trio_helianthus.errors import ResourceFull, SubscriberTooSlow

from ._bus import BusEvent, BusLost, BusSnapshot, Entered, Gone, Position, Present, Published
from ._history import History, HistoryTotal
from ._room_limits import HistoryLimits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["MemoryBus"]

_DEFAULT_HISTORY: Final = HistoryLimits()


@attrs.define(eq=False)
class _Log:
    """One room."""

    name: str
    history: History
    events: Broadcast[BusEvent] = attrs.field(factory=Broadcast)
    present: dict[str, Present] = attrs.field(factory=dict)
    feeds: int = 0
    unused_since: float = 0.0

    @property
    def unused(self) -> bool:
        return not self.feeds and not self.present


class _MemoryFeed:
    """See :class:`RoomFeed`."""

    def __init__(self, subscription: Subscription[BusEvent], snapshot: BusSnapshot) -> None:
        self._subscription = subscription
        self.snapshot: Final = snapshot

    async def receive(self) -> BusEvent:
        try:
            return await self._subscription.receive()
        except SubscriberTooSlow as exc:
            raise BusLost("the feed was not read quickly enough") from exc


class MemoryBus:
    """A :class:`Bus` for rooms of one process, or for tests with several :class:`Rooms`.

    It belongs to one trio run. It keeps rooms in which nobody is for ``history.keep_seconds``.

    :param history: what is kept of each room's messages.
    :param max_rooms: rooms that it knows. Where there are more, those are forgotten in which
        nobody has been for longest; where somebody is in all of them, :exc:`ResourceFull` is
        raised.
    :param max_bytes: bytes of the messages of all rooms. Where there are more, the oldest are
        forgotten of those rooms in which nothing was said for longest.
    :param feed_events: events that a feed holds that is not read, until it is lost.
    :raises ValueError: one of the numbers is less than 1.
    """

    def __init__(
        self,
        *,
        history: HistoryLimits = _DEFAULT_HISTORY,
        max_rooms: int = 10_000,
        max_bytes: int = 64 * 1024 * 1024,
        feed_events: int = 1_000,
    ) -> None:
        numbers = {"max_rooms": max_rooms, "max_bytes": max_bytes, "feed_events": feed_events}
        for name, value in numbers.items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        self.history: Final = history
        """What is kept of each room's messages."""
        self._max_rooms = max_rooms
        self._total = HistoryTotal(max_bytes)
        self._feed_events = feed_events
        self._logs: dict[str, _Log] = {}
        self._unused: OrderedDict[str, _Log] = OrderedDict()  # the longest unused is first
        self._leases: dict[str, float] = {}  # when they run out

    def __repr__(self) -> str:
        return f"<MemoryBus: {len(self._logs)} rooms>"

    @asynccontextmanager
    async def open_feed(self, room: str) -> AsyncIterator[_MemoryFeed]:
        """Listen to a room while the body runs; see :meth:`Bus.open_feed`."""
        await checkpoint()
        log = self._log_of(room)
        log.feeds += 1
        self._note_use(log)
        try:
            with log.events.subscribe(
                max_items=self._feed_events, overflow=Overflow.DISCONNECT
            ) as subscription:
                history = log.history
                snapshot = BusSnapshot(
                    history.position, history.messages, tuple(log.present.values())
                )
                yield _MemoryFeed(subscription, snapshot)
        finally:
            log.feeds -= 1
            self._note_use(log)

    async def publish(self, room: str, data: str) -> Position:
        """Tell a message to all feeds of a room, and keep it; see :meth:`Bus.publish`."""
        await checkpoint_if_cancelled()
        log = self._log_of(room)
        published = Published(log.history.position.offset + 1, data)
        log.history.append(published)
        position = log.history.position
        self._tell(log, published)
        await self._let_others_run()
        return position

    async def enter(self, room: str, present: Present) -> None:
        """Enter somebody into the list of a room; see :meth:`Bus.enter`."""
        await checkpoint_if_cancelled()
        log = self._log_of(room)
        if present.ref not in log.present:
            log.present[present.ref] = present
            self._tell(log, Entered(present))
        await self._let_others_run()

    async def leave(self, room: str, ref: str) -> None:
        """Take somebody out of the list of a room; see :meth:`Bus.leave`."""
        await checkpoint_if_cancelled()
        log = self._logs.get(room)
        if log is not None and log.present.pop(ref, None) is not None:
            self._tell(log, Gone(ref))
        await self._let_others_run()

    async def renew(self, node: str, seconds: float) -> bool:
        """Give a sign of life of a process; see :meth:`Bus.renew`."""
        await checkpoint_if_cancelled()
        now = trio.current_time()
        was_running = self._leases.get(node, now) > now
        for other in [other for other, until in self._leases.items() if until <= now]:
            self._take_all_out(other)
        self._leases[node] = now + seconds
        self._forget_old_rooms(now)
        await self._let_others_run()
        return was_running

    async def forget(self, node: str) -> None:
        """Take a process's connections out of all lists; see :meth:`Bus.forget`."""
        await checkpoint_if_cancelled()
        self._take_all_out(node)
        await self._let_others_run()

    def _take_all_out(self, node: str) -> None:
        self._leases.pop(node, None)
        for log in self._logs.values():
            for ref in [ref for ref, present in log.present.items() if present.node == node]:
                del log.present[ref]
                self._tell(log, Gone(ref))

    def _tell(self, log: _Log, event: BusEvent) -> None:
        log.events.publish_nowait(event)  # there is a feed for each process, not for each member
        self._note_use(log)

    async def _let_others_run(self) -> None:
        """Be a schedule point, now and then. The operation has happened."""
        if (budget := checkpoint_budget()).spend():
            await budget.refill()

    def _log_of(self, room: str) -> _Log:
        log = self._logs.get(room)
        if log is None:
            if len(self._logs) >= self._max_rooms:
                if not self._unused:
                    raise ResourceFull(limit_name="max_rooms", limit=self._max_rooms)
                self._forget_unused()
            epoch = secrets.token_hex(6)
            history = History(self.history, Position(epoch, 0), total=self._total)
            log = self._logs[room] = _Log(room, history)
        return log

    def _note_use(self, log: _Log) -> None:
        """Remember since when nobody is in a room, if so. Whoever uses a log calls it."""
        if log.unused:
            log.unused_since = trio.current_time()
            self._unused[log.name] = log
            self._unused.move_to_end(log.name)
        else:
            self._unused.pop(log.name, None)

    def _forget_unused(self) -> None:
        """Forget the room in which nobody has been for longest."""
        name, log = self._unused.popitem(last=False)
        del self._logs[name]
        log.history.clear()

    def _forget_old_rooms(self, now: float) -> None:
        keep = self.history.keep_seconds
        while self._unused and now - next(iter(self._unused.values())).unused_since >= keep:
            self._forget_unused()
