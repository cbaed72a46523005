"""One subscriber of a broadcast, with a queue of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

import attrs
import trio
from trio.lowlevel import checkpoint_if_cancelled

from trio_helianthus.errors import ChannelEnded, ResourceClosed, SubscriberTooSlow

from ._checkpoint import checkpoint_budget
from ._limits import limit
from ._parking import Parking

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from ._overflow import OverflowQueue
    from ._token import CancelToken

_T = TypeVar("_T")


@attrs.frozen
class SubscriptionStatistics:
    """What one subscription holds, and what its subscriber was too slow for."""

    queued: int
    """Items that wait to be received."""
    dropped: int
    """Items that were dropped, as the queue was full."""
    conflated: int
    """Items that were replaced by newer ones of their key."""


class Subscription(trio.abc.ReceiveChannel[_T]):
    """Receives what is published from now on; made by :meth:`Broadcast.subscribe`.

    ::

        with prices.subscribe(max_items=100, overflow=Overflow.DROP_OLDEST) as subscription:
            async for price in subscription:
                ...

    One task at a time receives. Close it when it is not needed any more: until then it costs up
    to ``max_items`` items.
    """

    def __init__(
        self, queue: OverflowQueue[_T], on_close: Callable[[Subscription[_T]], object]
    ) -> None:
        self._queue = queue
        self._on_close = on_close
        self._parking = Parking()
        self._closed = False  # by the subscriber
        self._end: Exception | None = None  # what is raised behind what is queued

    def __repr__(self) -> str:
        state = "closed" if self._closed else "ended" if self._end is not None else "open"
        return f"<Subscription: {state}, {len(self._queue)} of {self._queue.max_items} queued>"

    @property
    def dropped(self) -> int:
        """How many items were dropped; where it has grown, something is missing."""
        return self._queue.dropped

    def statistics(self) -> SubscriptionStatistics:
        """Return what it holds, and what its subscriber was too slow for."""
        queue = self._queue
        return SubscriptionStatistics(len(queue), queue.dropped, queue.conflated)

    async def receive(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> _T:
        """Receive the next item.

        :param timeout: seconds to wait; ``None`` is no limit.
        :param token: gives up.
        :raises ChannelEnded: the broadcast was closed, and nothing is queued any more.
        :raises SubscriberTooSlow: the queue was full, the policy is ``DISCONNECT``, and nothing
            is queued any more.
        :raises ResourceClosed: the subscription was closed.
        :raises ResourceBusy: another task is waiting for an item.

        What ``key`` has raised comes out as it is. Who is cancelled has received nothing.
        """
        if timeout is None and token is None:
            return await self._receive()
        with limit(timeout, token):
            return await self._receive()

    def receive_nowait(self) -> _T:
        """Return the next item, if one is queued; otherwise as :meth:`receive`.

        :raises trio.WouldBlock: none is.
        """
        if self._queue:
            return self._queue.popleft()
        self._check()
        raise trio.WouldBlock

    @trio.lowlevel.enable_ki_protection
    def close(self) -> None:
        """Unsubscribe, and forget what is queued; who waits gets a :exc:`ResourceClosed`."""
        if not self._closed:
            self._closed = True
            self._on_close(self)
            self._queue.clear()
            self._wake()

    async def aclose(self) -> None:
        """As :meth:`close`; a checkpoint."""
        self.close()
        await trio.lowlevel.checkpoint()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def _receive(self) -> _T:
        await checkpoint_if_cancelled()
        queue = self._queue
        if queue:
            item = queue.popleft()
            if (budget := checkpoint_budget()).spend():
                await budget.refill()
            return item
        while not queue:
            self._check()
            await self._parking
        return queue.popleft()

    def _check(self) -> None:
        if self._closed:
            raise ResourceClosed("the subscription was closed")
        if self._end is not None:
            raise self._end.with_traceback(None)

    # What the broadcast calls.

    def _take(self, item: _T) -> bool:
        queue = self._queue
        try:
            taken = queue.offer(item)
        except Exception as exc:  # the key function's: it belongs to the subscriber
            self._finish(exc)
            self._on_close(self)
            return False
        if self._parking.task is not None:
            self._parking.wake()
        if queue.over:
            self._finish(SubscriberTooSlow(limit_name="max_items", limit=queue.max_items))
            self._on_close(self)
        return taken

    def _finish(self, end: Exception | None = None) -> None:
        if self._end is None:
            self._end = end or ChannelEnded("the broadcast was closed")
        self._wake()

    def _wake(self) -> None:
        self._parking.wake()
        self._parking.clear()
