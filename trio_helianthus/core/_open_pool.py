"""Opens a pool around a block of code."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from ._nursery import open_background_nursery
from ._pool import Pool
from ._pool_limits import PoolLimits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

_T = TypeVar("_T")
_DEFAULT_LIMITS = PoolLimits()


@asynccontextmanager
async def open_pool(
    open_item: Callable[[], Awaitable[_T]],
    close_item: Callable[[_T], object],
    *,
    limits: PoolLimits = _DEFAULT_LIMITS,
    check: Callable[[_T], bool | Awaitable[bool]] | None = None,
    is_reusable: Callable[[_T], bool] | None = None,
) -> AsyncIterator[Pool[_T]]:
    """Open a pool of items that one task at a time may use, such as connections.

    ::

        async with core.open_pool(connect, Connection.aclose, check=Connection.ping) as pool:
            async with pool.acquire() as connection:
                await connection.query("SELECT 1")

    When the block is left the pool is closed with all of its items, also those that are lent; call
    :meth:`Pool.drain` before that to wait for them.

    :param open_item: opens an item, a new object each time. It runs in the task that wants it.
    :param close_item: closes an item that nobody uses any more, also while it is cancelled. What
        it raises is reported (:func:`report_error`). If it returns something to await, that is
        shielded, and limited by ``close_timeout``.
    :param limits: how many items there are, and for how long.
    :param check: tells whether an item that was idle for ``check_after`` seconds still works; a
        false result, a :exc:`HelianthusError`, an :exc:`OSError`, or one of trio's errors of
        broken and closed resources, says that it does not, and the next one is tried. So does
        a check that takes longer than ``check_timeout``.
    :param is_reusable: tells, of an item that is released, whether it is in a state to be lent
        again; by default it is, unless the body of ``async with pool.acquire()`` raised.
    """
    async with open_background_nursery() as nursery:
        pool = Pool(
            nursery, open_item, close_item, limits=limits, check=check, is_reusable=is_reusable
        )
        try:
            yield pool
        finally:
            pool.close()
