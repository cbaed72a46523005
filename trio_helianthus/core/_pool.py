"""A pool: so many things at most that are slow to open, lent to one task at a time."""

from __future__ import annotations

import math
from inspect import isawaitable, iscoroutine
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import trio
from trio.lowlevel import enable_ki_protection

from trio_helianthus.errors import HelianthusError, ResourceFull

from ._acquiring import Acquiring
from ._checkpoint import checkpoint_budget
from ._limits import limit
from ._pool_limits import CloseReason, PoolLimits
from ._pool_stock import Stock, closed_error
from ._service import DRAIN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._nursery import BackgroundNursery
    from ._pool_limits import PoolStatistics
    from ._pool_stock import Entry
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
        self.limits: Final = limits
        """What it is held to."""
        self._open_item = open_item
        self._check = check
        self._check_waits = False  # whether the check has turned out to be asynchronous
        self._is_reusable = is_reusable
        self._stock = Stock(nursery, close_item, limits)
        self._under_way: set[trio.CancelScope] = set()  # what is being opened or checked
        self._budget = checkpoint_budget()
        if limits.min_size:
            nursery.start_soon(self._stock.upkeep.keep_open, self._open)

    def __repr__(self) -> str:
        stock = self._stock
        state = "closed" if stock.closed else f"{len(stock.lent)} of {stock.size} lent"
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
            self._stock.refuse_newcomers()
            raise ResourceFull("no item is idle", limit_name="max_size", limit=self.limits.max_size)
        return entry.item

    @enable_ki_protection
    def release(self, item: _T) -> None:
        """Give an item back that can be used again.

        Nothing happens if the pool was closed, since it has closed the item then.

        :raises ValueError: it is not lent.
        """
        entry = self._stock.lent.pop(id(item), None)
        if entry is None:
            self._refuse_stranger(item)
        elif self._is_reusable is None or self._is_fit(entry, self._is_reusable):
            self._stock.give(entry)
        else:
            self._stock.retire(entry, CloseReason.DISCARDED)

    @enable_ki_protection
    def discard(self, item: _T) -> None:
        """Give an item back that must not be used again; it is closed.

        :raises ValueError: it is not lent.
        """
        entry = self._stock.lent.pop(id(item), None)
        if entry is None:
            self._refuse_stranger(item)
        else:
            self._stock.retire(entry, CloseReason.DISCARDED)

    @enable_ki_protection
    def _end_loan(self, item: _T, *, failed: bool) -> None:
        if id(item) not in self._stock.lent:  # its user has discarded it
            return
        if failed and self._is_reusable is None:
            self.discard(item)
        else:
            self.release(item)

    def _refuse_stranger(self, item: _T) -> None:
        if not self._stock.closed:
            raise ValueError(f"the pool has not lent {item!r}, or has it back already")

    def _is_fit(self, entry: Entry[_T], is_reusable: Callable[[_T], bool]) -> bool:
        try:
            return is_reusable(entry.item)
        except BaseException:
            self._stock.retire(entry, CloseReason.DISCARDED)
            raise

    def statistics(self) -> PoolStatistics:
        """Return what the pool has now, and what it has done so far."""
        return self._stock.statistics()

    @property
    def idle_since(self) -> float:
        """Since when, in trio's time, the item that was used last is idle; ``inf`` for none."""
        idle = self._stock.idle
        return idle[-1].idle_since if idle else math.inf

    async def drain(self, timeout: float = DRAIN_SECONDS) -> int:
        """Lend nothing to newcomers, wait until all items are back, and close the pool.

        Tasks that wait already still get theirs. Being cancelled leaves the pool draining.

        :param timeout: seconds after which the items that are still lent are closed, too; what
            closing them takes (``close_timeout`` at most) comes on top.
        :returns: how many those were.
        """
        stock = self._stock
        stock.drain()
        with trio.move_on_after(timeout):
            await stock.empty.wait()
        cut = len(stock.lent)
        self.close()
        await stock.empty.wait()
        return cut

    @enable_ki_protection
    def close(self) -> None:
        """Close all items, also those that are lent; who waits gets a :exc:`ResourceClosed`.

        Items that need to wait for it are closed in the nursery. Idempotent.
        """
        if self._stock.closed:
            return
        for scope in list(self._under_way):
            scope.cancel(reason="the pool was closed")
        self._stock.close()

    # How a task gets an item. An interrupt (Ctrl+C) comes before or after, like a cancellation.

    @enable_ki_protection
    async def _acquire(self, timeout: float | None, token: CancelToken | None) -> _T:
        await trio.lowlevel.checkpoint_if_cancelled()
        if token is not None:
            token.check()
        self._stock.refuse_newcomers()
        if (entry := self._take_ready()) is not None:
            if self._budget.spend():
                await self._budget.refill()
            return entry.item
        if timeout is None:
            timeout = self.limits.acquire_timeout
        with limit(timeout, token):
            return await self._acquire_slowly()

    async def _acquire_slowly(self) -> _T:
        stock, goes_first = self._stock, False
        while True:
            stock.refuse_newcomers()
            if (entry := self._take_ready()) is not None:
                return entry.item
            if stock.idle:
                entry = stock.lend(stock.idle.pop())
            elif stock.reserve():
                return (await self._open()).item
            else:
                entry = await self._wait(goes_first)
                if entry is None:  # but there is a place for one
                    return (await self._open()).item
                return entry.item
            if await self._is_healthy(entry):
                stock.reused += 1
                return entry.item
            # Nobody can have been waiting when it was idle.
            goes_first = True

    @enable_ki_protection
    def _take_ready(self) -> Entry[_T] | None:
        """Lend the idle item that was used last, if that needs no waiting."""
        stock, check = self._stock, self._check
        idle = stock.idle
        while idle:
            if check is None or not self._is_due_for_check(idle[-1]):
                entry = idle.pop()
                stock.lent[id(entry.item)] = entry
                stock.reused += 1
                return entry
            if self._check_waits:
                return None
            entry = stock.lend(idle.pop())
            healthy: bool | Awaitable[bool] = False
            try:
                healthy = check(entry.item)
            except _BAD_HEALTH:
                pass
            finally:
                if not healthy:
                    stock.drop(entry, CloseReason.UNHEALTHY)
            if isawaitable(healthy):
                _forget(healthy)
                self._check_waits = True
                del stock.lent[id(entry.item)]
                idle.append(entry)
                return None
            if healthy:
                stock.reused += 1
                return entry
        return None

    def _is_due_for_check(self, entry: Entry[_T]) -> bool:
        after = self.limits.check_after
        return after == 0 or trio.current_time() - entry.idle_since >= after

    async def _is_healthy(self, entry: Entry[_T]) -> bool:
        """Check an item that was lent, and close it if it is not healthy."""
        assert self._check is not None
        scope = trio.CancelScope(relative_deadline=self.limits.check_timeout)
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
                self._stock.drop(entry, CloseReason.UNHEALTHY)
        if self._stock.closed:
            raise closed_error()
        return healthy

    async def _wait(self, goes_first: bool) -> Entry[_T] | None:
        """Wait for an item that is lent then, or for ``None``, a place for one."""
        stock, task, began = self._stock, trio.lowlevel.current_task(), trio.current_time()

        def abort(_: object) -> trio.lowlevel.Abort:
            stock.leave_line(task)
            return trio.lowlevel.Abort.SUCCEEDED

        stock.join_line(task, goes_first=goes_first)
        with limit(self.limits.wait_timeout, None):
            entry: Entry[_T] | None = await trio.lowlevel.wait_task_rescheduled(abort)
        stock.note_wait(trio.current_time() - began)
        if entry is not None and stock.closed:
            raise closed_error()
        return entry

    async def _open(self) -> Entry[_T]:
        """Open an item at a place that is reserved for it, and lend it."""
        stock, scope = self._stock, trio.CancelScope()
        self._under_way.add(scope)
        entry: Entry[_T] | None = None
        try:
            with scope:
                if not stock.closed:
                    entry = stock.note_opened(await self._open_item())
        finally:
            self._under_way.discard(scope)
            if entry is None:
                stock.note_failure()
        if entry is None:
            raise closed_error()
        if stock.closed:
            del stock.lent[id(entry.item)]
            await stock.closing.close_here(entry.item, CloseReason.POOL_CLOSED)
            raise closed_error()
        return entry


def _forget(awaitable: Awaitable[object]) -> None:
    """Let go of a coroutine that is not going to be awaited."""
    if iscoroutine(awaitable):
        awaitable.close()
