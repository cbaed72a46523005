"""How a pool closes its items: counted, and timed where it has to wait."""

from __future__ import annotations

from collections import Counter
from inspect import isawaitable
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import trio

from ._instrument import report_error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._nursery import BackgroundNursery
    from ._pool_limits import CloseReason

_T = TypeVar("_T")
_WHERE: Final = "closing an item of a pool"


class Closing(Generic[_T]):
    """Closes items, shielded where it awaits, and tells when the place of one is free.

    :param close_item: may return something to await, for which the place stays taken.
    :param timeout: seconds for that.
    :param on_closed: called for each item, when it is closed or given up.
    """

    def __init__(
        self,
        nursery: trio.Nursery | BackgroundNursery,
        close_item: Callable[[_T], object],
        timeout: float,
        on_closed: Callable[[], None],
    ) -> None:
        self._nursery = nursery
        self._close_item = close_item
        self._timeout = timeout
        self._on_closed = on_closed
        self.under_way = 0
        """How many are being closed."""
        self.counts: Counter[CloseReason] = Counter()
        """How many were closed for each reason, those included that are being closed."""

    def close(self, item: _T, reason: CloseReason) -> None:
        """Close an item, in the nursery where that has to wait."""
        if (closing := self._begin(item, reason)) is not None:
            self._nursery.start_soon(self._finish, closing)

    async def close_here(self, item: _T, reason: CloseReason) -> None:
        """Close an item before this returns, even if the caller is cancelled."""
        if (closing := self._begin(item, reason)) is not None:
            await self._finish(closing)

    def _begin(self, item: _T, reason: CloseReason) -> Awaitable[object] | None:
        self.counts[reason] += 1
        self.under_way += 1
        closing: object = None
        try:
            closing = self._close_item(item)
        except Exception as exc:
            report_error(exc, where=_WHERE)
        finally:
            if not isawaitable(closing):
                self._note_closed()
        return closing if isawaitable(closing) else None

    @trio.lowlevel.enable_ki_protection
    async def _finish(self, closing: Awaitable[object]) -> None:
        try:
            with trio.move_on_after(self._timeout, shield=True):
                await closing
        except Exception as exc:
            report_error(exc, where=_WHERE)
        finally:
            self._note_closed()

    def _note_closed(self) -> None:
        self.under_way -= 1
        self._on_closed()
