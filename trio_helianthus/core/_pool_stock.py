"""The books of a pool: which items there are, who has them, who is next. Nothing here waits."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import outcome
import trio

from trio_helianthus.errors import ResourceClosed, ResourceFull, ServiceDraining

from ._pool_closing import Closing
from ._pool_limits import CloseReason, PoolLimits, PoolStatistics
from ._pool_upkeep import Upkeep, chance

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._nursery import BackgroundNursery

_T = TypeVar("_T")


class Entry(Generic[_T]):
    """An open item, and until when."""

    __slots__ = ("expires", "idle_since", "item")

    def __init__(self, item: _T, expires: float) -> None:
        self.item = item
        self.expires = expires
        self.idle_since = -math.inf


class Stock(Generic[_T]):
    """Where each item is. Whatever happens to one is a single synchronous step.

    So between two steps it always adds up: what is lent, idle, being opened and being closed makes
    ``size``, and while a task stands in line nothing is idle and no place is free.

    :param nursery: where items are closed.
    """

    def __init__(
        self,
        nursery: trio.Nursery | BackgroundNursery,
        close_item: Callable[[_T], object],
        limits: PoolLimits,
    ) -> None:
        self.limits: Final = limits
        self.closing: Final = Closing(nursery, close_item, limits.close_timeout, self.free_place)
        self.upkeep: Final = Upkeep(self)
        self.idle: Final = deque[Entry[_T]]()
        """Those that nobody uses, the one that was used last at the end."""
        self.lent: Final = dict[int, Entry[_T]]()
        """Those that are used or checked, by the identity of the item."""
        self.size = 0
        """How many there are, in any state."""
        self.opening = 0
        """How many of them are being opened."""
        self.reused = 0
        self.draining = self.closed = False
        self.empty: Final = trio.Event()
        """Set when nothing is left of a pool that drains."""
        self._line: Final = OrderedDict[trio.lowlevel.Task, None]()
        self._max_idle = limits.max_size if limits.max_idle is None else limits.max_idle
        self._opened = self._open_failures = self._waits = 0
        self._wait_seconds = 0.0

    @property
    def staying(self) -> int:
        """How many there are that are not being closed."""
        return self.size - self.closing.under_way

    def statistics(self) -> PoolStatistics:
        """Return what there is now, and what has been done so far."""
        return PoolStatistics(
            size=self.size,
            acquired=len(self.lent),
            idle=len(self.idle),
            opening=self.opening,
            closing=self.closing.under_way,
            waiting=len(self._line),
            opened=self._opened,
            open_failures=self._open_failures,
            reused=self.reused,
            closed=dict(self.closing.counts),
            waits=self._waits,
            wait_seconds=self._wait_seconds,
        )

    def refuse_newcomers(self) -> None:
        """Raise what is raised at the end, if that has come."""
        if self.closed:
            raise closed_error()
        if self.draining:
            raise ServiceDraining("the pool is draining and lends nothing more")

    # How there come to be items

    def reserve(self) -> bool:
        """Take a place for an item that is going to be opened, if one is free."""
        if self.size >= self.limits.max_size:
            return False
        self.size += 1
        self.opening += 1
        return True

    def note_opened(self, item: _T) -> Entry[_T]:
        """Put an item at the place that was reserved for it, lent to whoever has opened it."""
        age = self.limits.max_lifetime * (1 - self.limits.lifetime_jitter * chance())
        entry = Entry(item, trio.current_time() + age)
        self.opening -= 1
        self._opened += 1
        return self.lend(entry)

    def note_failure(self) -> None:
        """Pass on the place for an item that could not be opened."""
        self.opening -= 1
        self._open_failures += 1
        self.free_place()

    # Who gets them

    def lend(self, entry: Entry[_T]) -> Entry[_T]:
        """Note that an item, which was idle or was just opened, is used or checked."""
        self.lent[id(entry.item)] = entry
        return entry

    def give(self, entry: Entry[_T]) -> None:
        """Hand an item to the task that has waited longest, or keep it for the next."""
        now = trio.current_time()
        if entry.expires <= now:
            self.retire(entry, CloseReason.LIFETIME)
        elif self._line:
            task, _ = self._line.popitem(last=False)
            self.reused += 1
            trio.lowlevel.reschedule(task, outcome.Value(self.lend(entry)))
        elif self.draining:
            self.retire(entry, CloseReason.POOL_CLOSED)
        elif len(self.idle) >= self._max_idle:
            self.retire(entry, CloseReason.SURPLUS)
        else:
            entry.idle_since = now
            self.idle.append(entry)
            self.upkeep.note_idle(entry, now)

    def free_place(self) -> None:
        """Hand a place to the task that has waited longest, or have one item less."""
        if self._line:
            task, _ = self._line.popitem(last=False)
            self.opening += 1
            trio.lowlevel.reschedule(task, outcome.Value(None))
            return
        self.size -= 1
        self.note_if_empty()
        if self.size < self.limits.min_size:
            self.upkeep.note_too_few()

    def join_line(self, task: trio.lowlevel.Task, *, goes_first: bool) -> None:
        """Have a task wait for its turn.

        :raises ResourceFull: too many do so already.
        """
        most = self.limits.max_waiting
        if len(self._line) >= most:
            raise ResourceFull(limit_name="max_waiting", limit=most)
        self._line[task] = None
        if goes_first:
            self._line.move_to_end(task, last=False)
        self._waits += 1

    def leave_line(self, task: trio.lowlevel.Task) -> None:
        """Forget a task that has given up."""
        del self._line[task]

    def note_wait(self, seconds: float) -> None:
        """Count the time of a task whose turn has come."""
        self._wait_seconds += seconds

    # How they go

    def retire(self, entry: Entry[_T], reason: CloseReason) -> None:
        """Close an item that is neither idle nor lent any more; its place is free after that."""
        self.closing.close(entry.item, reason)

    def drop(self, entry: Entry[_T], reason: CloseReason) -> None:
        """Close an item that was lent, unless the pool was closed meanwhile, and it with it."""
        if self.lent.pop(id(entry.item), None) is not None:
            self.retire(entry, reason)

    def drain(self) -> None:
        """Keep nothing any more that comes back."""
        self.draining = True
        while self.idle:
            self.retire(self.idle.pop(), CloseReason.POOL_CLOSED)
        self.note_if_empty()

    def close(self) -> None:
        """Close everything, and send those away who stand in line."""
        self.closed = self.draining = True
        self.upkeep.end()
        for task in self._line:
            trio.lowlevel.reschedule(task, outcome.Error(closed_error()))
        self._line.clear()
        entries = [*self.idle, *self.lent.values()]
        self.idle.clear()
        self.lent.clear()
        for entry in entries:
            self.retire(entry, CloseReason.POOL_CLOSED)

    def note_if_empty(self) -> None:
        """Tell who drains the pool, if this was the last item."""
        if self.draining and not self.size:
            self.empty.set()


def closed_error() -> ResourceClosed:
    """Return what is raised after the end."""
    return ResourceClosed("the pool is closed")
