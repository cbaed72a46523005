"""A pool: so many things at most that are slow to open, lent to one task at a time."""

from __future__ import annotations

from collections import OrderedDict, deque
from inspect import isawaitable, iscoroutine
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import outcome
import trio
from trio.lowlevel import enable_ki_protection

from trio_helianthus.errors import HelianthusError, ResourceClosed, ResourceFull, ServiceDraining

from ._acquiring import Acquiring
from ._checkpoint import checkpoint_budget
from ._limits import limit
from ._pool_closing import Closing
from ._pool_limits import CloseReason, PoolLimits, PoolStatistics
from ._pool_upkeep import Entry, Upkeep, chance
from ._service import DRAIN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._nursery import BackgroundNursery
    from ._token import CancelToken

_T = TypeVar("_T")
_DEFAULT_LIMITS: Final = PoolLimits()
_BAD_HEALTH: Final = (
    HelianthusError,
    OSError,
    EOFError,
    trio.BrokenResourceError,
    trio.ClosedResourceError,
)
"""What a check raises of a broken connection."""


class Pool(Generic[_T]):
    """Lends items, such as connections, and keeps those that come back for the next task.

    Made by :func:`open_pool`. Laws that it keeps:

    1. What happens is decided synchronously; only opening, checking, closing and waiting await,
       and what was reserved for them is given back on any exception. So there are never more than
       ``max_size`` items, and a cancelled task leaves nothing behind.
    2. Tasks wait in the order in which they came. What is released, and each place that becomes
       free, is handed to the first of them and not to whoever comes by: while a task waits,
       nothing is idle.
    3. An item is opened in the task that wants it. If that fails, or is cancelled, the place goes
       to the next.
    4. The item that was used last is lent first, so that those which are not needed get old.
    """

    def __init__(
        self,
        nursery: trio.Nursery | BackgroundNursery,
        open_item: Callable[[], Awaitable[_T]],
        close_item: Callable[[_T], object],
        *,
        limits: PoolLimits = _DEFAULT_LIMITS,
        check: Callable[[_T], bool | Awaitable[bool]] | None = None,
        is_reusable: Callable[[_T], bool] | None = None,
    ) -> None:
        """Make a pool whose :meth:`close` is called before ``nursery`` is left.

        :param nursery: where items are closed that need to wait for it, and where ``min_size`` of
            them are kept open.

        The other arguments are those of :func:`open_pool`.
        """
        self.limits = limits
        """What it is held to."""
        self._open_item = open_item
        self._closing = Closing(nursery, close_item, limits.close_timeout, self._free_place)
        self._check = check
        self._check_waits = False  # whether the check has turned out to be asynchronous
        self._is_reusable = is_reusable
        self._max_idle = limits.max_size if limits.max_idle is None else limits.max_idle
        self._size = 0
        self._lent: dict[int, Entry[_T]] = {}
        self._idle: deque[Entry[_T]] = deque()
        self._waiters: OrderedDict[trio.lowlevel.Task, None] = OrderedDict()
        self._under_way: set[trio.CancelScope] = set()  # what is being opened or checked
        self._opening = 0
        self._opened = self._open_failures = self._reused = self._waits = 0
        self._wait_seconds = 0.0
        self._draining = self._closed = False
        self._empty = trio.Event()
        self._upkeep = Upkeep(self)
        self._budget = checkpoint_budget()
        if limits.min_size:
            nursery.start_soon(self._upkeep.keep_open)

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{len(self._lent)} of {self._size} lent"
        return f"<Pool: {state}>"

    def acquire(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> Acquiring[_T]:
        """Borrow an item: ``async with pool.acquire() as item``, or ``await pool.acquire()``.

        After the body of ``async with`` it is released; if the body raised it is discarded,
        unless ``is_reusable`` finds that nothing has happened to it. After ``await`` call
        :meth:`release` or :meth:`discard`, in a ``finally``.

        :param timeout: seconds until it is there; ``None`` means ``acquire_timeout``.
        :param token: gives up.
        :raises OperationTimeout: there was none in time.
        :raises OperationCancelled: the token was cancelled.
        :raises ResourceFull: ``max_waiting`` tasks wait already.
        :raises ResourceClosed: the pool was closed.
        :raises ServiceDraining: the pool drains.

        What opening raises comes out as it is. A task that is cancelled has not acquired anything.
        """
        return Acquiring(self, timeout, token)

    @enable_ki_protection
    def acquire_nowait(self) -> _T:
        """Borrow an item that is idle and needs no waiting, not even for a check.

        :raises ResourceFull: there is none.
        :raises ResourceClosed: the pool was closed.
        :raises ServiceDraining: the pool drains.
        """
        entry = self._take_ready()
        if entry is None:
            self._refuse_at_the_end()
            raise ResourceFull("no item is idle", limit_name="max_size", limit=self.limits.max_size)
        return entry.item

    @enable_ki_protection
    def release(self, item: _T) -> None:
        """Give an item back that can be used again.

        Nothing happens if the pool was closed, since it has closed the item then.

        :raises ValueError: it is not lent.
        """
        entry = self._lent.pop(id(item), None)
        if entry is None:
            self._refuse_stranger(item)
        elif self._is_reusable is not None and not self._is_fit(entry):
            self._retire(entry, CloseReason.DISCARDED)
        elif entry.expires <= (now := trio.current_time()):
            self._retire(entry, CloseReason.LIFETIME)
        else:
            self._give(entry, now)

    @enable_ki_protection
    def discard(self, item: _T) -> None:
        """Give an item back that must not be used again; it is closed.

        :raises ValueError: it is not lent.
        """
        entry = self._lent.pop(id(item), None)
        if entry is None:
            self._refuse_stranger(item)
        else:
            self._retire(entry, CloseReason.DISCARDED)

    def _end_loan(self, item: _T, *, failed: bool) -> None:
        if id(item) not in self._lent:  # its user has discarded it
            return
        if failed and self._is_reusable is None:
            self.discard(item)
        else:
            self.release(item)

    def statistics(self) -> PoolStatistics:
        """Return what the pool has now, and what it has done so far."""
        return PoolStatistics(
            size=self._size,
            acquired=len(self._lent),
            idle=len(self._idle),
            opening=self._opening,
            closing=self._closing.under_way,
            waiting=len(self._waiters),
            opened=self._opened,
            open_failures=self._open_failures,
            reused=self._reused,
            closed=dict(self._closing.counts),
            waits=self._waits,
            wait_seconds=self._wait_seconds,
        )

    async def drain(self, timeout: float = DRAIN_SECONDS) -> int:
        """Lend nothing to newcomers, wait until all items are back, and close the pool.

        Tasks that wait already still get theirs. Being cancelled leaves the pool draining.

        :param timeout: seconds after which the items that are still lent are closed, too; what
            closing them takes (``close_timeout`` at most) comes on top.
        :returns: how many those were.
        """
        self._draining = True
        while self._idle:
            self._retire(self._idle.pop(), CloseReason.POOL_CLOSED)
        self._note_if_empty()
        with trio.move_on_after(timeout):
            await self._empty.wait()
        cut = len(self._lent)
        self.close()
        await self._empty.wait()
        return cut

    @enable_ki_protection
    def close(self) -> None:
        """Close all items, also those that are lent; who waits gets a :exc:`ResourceClosed`.

        Items that need to wait for it are closed in the nursery. Idempotent.
        """
        if self._closed:
            return
        self._closed = self._draining = True
        self._upkeep.end()
        for scope in list(self._under_way):
            scope.cancel(reason="the pool was closed")
        for task in self._waiters:
            trio.lowlevel.reschedule(task, outcome.Error(_closed_error()))
        self._waiters.clear()
        entries = [*self._idle, *self._lent.values()]
        self._idle.clear()
        self._lent.clear()
        for entry in entries:
            self._retire(entry, CloseReason.POOL_CLOSED)

    # How a task gets an item

    async def _acquire(self, timeout: float | None, token: CancelToken | None) -> _T:
        await trio.lowlevel.checkpoint_if_cancelled()
        if token is not None:
            token.check()
        self._refuse_at_the_end()
        if (entry := self._take_ready()) is not None:
            if self._budget.spend():
                await self._budget.refill()
            return entry.item
        if timeout is None:
            timeout = self.limits.acquire_timeout
        with limit(timeout, token):
            return await self._acquire_slowly()

    async def _acquire_slowly(self) -> _T:
        goes_first = False
        while True:
            self._refuse_at_the_end()
            if (entry := self._take_ready()) is not None:
                return entry.item
            if self._idle:
                entry = self._lend(self._idle.pop())
            elif self._size < self.limits.max_size:
                self._size += 1
                self._opening += 1
                return (await self._open()).item
            else:
                entry = await self._wait(goes_first)
                if entry is None:  # but there is a place for one
                    return (await self._open()).item
                return entry.item
            if await self._is_healthy(entry):
                self._reused += 1
                return entry.item
            # Nobody can have been waiting when it was idle.
            goes_first = True

    @enable_ki_protection
    def _take_ready(self) -> Entry[_T] | None:
        """Lend the idle item that was used last, if that needs no waiting."""
        idle, check = self._idle, self._check
        while idle:
            if check is None or not self._is_due_for_check(idle[-1]):
                entry = idle.pop()
                self._lent[id(entry.item)] = entry
                self._reused += 1
                return entry
            if self._check_waits:
                return None
            entry = self._lend(idle.pop())
            healthy: bool | Awaitable[bool] = False
            try:
                healthy = check(entry.item)
            except _BAD_HEALTH:
                pass
            finally:
                if not healthy:
                    self._drop(entry, CloseReason.UNHEALTHY)
            if isawaitable(healthy):
                _forget(healthy)
                self._check_waits = True
                del self._lent[id(entry.item)]
                idle.append(entry)
                return None
            if healthy:
                self._reused += 1
                return entry
        return None

    def _is_due_for_check(self, entry: Entry[_T]) -> bool:
        after = self.limits.check_after
        return after == 0 or trio.current_time() - entry.idle_since >= after

    async def _is_healthy(self, entry: Entry[_T]) -> bool:
        """Check an item that was lent, and close it if it is not healthy."""
        assert self._check is not None
        scope = trio.CancelScope()
        self._under_way.add(scope)
        healthy = False
        try:
            with scope:
                verdict = self._check(entry.item)
                healthy = await verdict if isawaitable(verdict) else verdict
        except _BAD_HEALTH:
            pass
        finally:
            self._under_way.discard(scope)
            if not healthy:
                self._drop(entry, CloseReason.UNHEALTHY)
        if self._closed:
            raise _closed_error()
        return healthy

    async def _wait(self, goes_first: bool) -> Entry[_T] | None:
        """Wait for an item that is lent then, or for ``None``, a place for one."""
        limits, waiters = self.limits, self._waiters
        if len(waiters) >= limits.max_waiting:
            raise ResourceFull(limit_name="max_waiting", limit=limits.max_waiting)
        task, began = trio.lowlevel.current_task(), trio.current_time()

        def abort(_: object) -> trio.lowlevel.Abort:
            del waiters[task]
            return trio.lowlevel.Abort.SUCCEEDED

        waiters[task] = None
        if goes_first:
            waiters.move_to_end(task, last=False)
        self._waits += 1
        entry: Entry[_T] | None = await trio.lowlevel.wait_task_rescheduled(abort)
        self._wait_seconds += trio.current_time() - began
        if entry is not None and self._closed:
            raise _closed_error()
        return entry

    async def _open(self) -> Entry[_T]:
        """Open an item at a place that is reserved for it, and lend it."""
        scope = trio.CancelScope()
        self._under_way.add(scope)
        entry: Entry[_T] | None = None
        try:
            with scope:
                if not self._closed:
                    entry = self._make_entry(await self._open_item())
        finally:
            self._under_way.discard(scope)
            self._opening -= 1
            if entry is None:
                self._open_failures += 1
                self._free_place()
        if entry is None:
            raise _closed_error()
        self._opened += 1
        if self._closed:
            await self._closing.close_here(entry.item, CloseReason.POOL_CLOSED)
            raise _closed_error()
        return self._lend(entry)

    def _make_entry(self, item: _T) -> Entry[_T]:
        age = self.limits.max_lifetime * (1 - self.limits.lifetime_jitter * chance())
        return Entry(item, trio.current_time() + age)

    def _refuse_at_the_end(self) -> None:
        if self._closed:
            raise _closed_error()
        if self._draining:
            raise ServiceDraining("the pool is draining and lends nothing more")

    # Where an item goes

    def _lend(self, entry: Entry[_T]) -> Entry[_T]:
        self._lent[id(entry.item)] = entry
        return entry

    def _refuse_stranger(self, item: _T) -> None:
        if not self._closed:
            raise ValueError(f"the pool has not lent {item!r}, or has it back already")

    def _is_fit(self, entry: Entry[_T]) -> bool:
        assert self._is_reusable is not None
        try:
            return self._is_reusable(entry.item)
        except BaseException:
            self._retire(entry, CloseReason.DISCARDED)
            raise

    def _give(self, entry: Entry[_T], now: float) -> None:
        """Hand an item to the task that has waited longest, or keep it for the next."""
        if self._waiters:
            task, _ = self._waiters.popitem(last=False)
            self._reused += 1
            trio.lowlevel.reschedule(task, outcome.Value(self._lend(entry)))
        elif self._draining:
            self._retire(entry, CloseReason.POOL_CLOSED)
        elif len(self._idle) >= self._max_idle:
            self._retire(entry, CloseReason.SURPLUS)
        else:
            entry.idle_since = now
            self._idle.append(entry)
            self._upkeep.note_idle(entry, now)

    def _free_place(self) -> None:
        """Hand a place to the task that has waited longest, or have one item less."""
        if self._waiters:
            task, _ = self._waiters.popitem(last=False)
            self._opening += 1
            trio.lowlevel.reschedule(task, outcome.Value(None))
            return
        self._size -= 1
        self._note_if_empty()
        if self._size < self.limits.min_size:
            self._upkeep.note_too_few()

    def _note_if_empty(self) -> None:
        if self._draining and not self._size:
            self._empty.set()

    def _drop(self, entry: Entry[_T], reason: CloseReason) -> None:
        """Close an item that was lent, unless the pool was closed meanwhile, and it with it."""
        if self._lent.pop(id(entry.item), None) is not None:
            self._retire(entry, reason)

    def _retire(self, entry: Entry[_T], reason: CloseReason) -> None:
        self._closing.close(entry.item, reason)


def _closed_error() -> ResourceClosed:
    return ResourceClosed("the pool is closed")


def _forget(awaitable: Awaitable[object]) -> None:
    """Let go of a coroutine that is not going to be awaited."""
    if iscoroutine(awaitable):
        awaitable.close()
