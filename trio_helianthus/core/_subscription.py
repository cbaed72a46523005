"""One subscriber of a broadcast, with a queue of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

import attrs
import trio
from trio.lowlevel import checkpoint_if_cancelled

from trio_helianthus.errors import ResourceClosed, SubscriberTooSlow

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


class Inbox(Generic[_T]):
    """What the source of a subscription knows of it: the queue, and who waits for it.

    For sources of one's own: a :class:`Subscription` is made of an inbox, which the source fills.
    It does not refer to the :class:`Subscription`, which says so when nobody has it any more.

    :param queue: what waits to be received.
    :param leave: is called with the inbox when it takes nothing more, maybe several times.
    """

    __slots__ = ("_leave", "abandoned", "end", "parking", "queue")

    def __init__(self, queue: OverflowQueue[_T], leave: Callable[[Inbox[_T]], object]) -> None:
        self.queue: Final = queue
        self.parking: Final = Parking()
        self.end: Exception | None = None  # what is raised behind what is queued
        self.abandoned: bool = False
        self._leave = leave

    def take(self, item: _T) -> bool:
        """Queue an item, and wake who waits for one; return whether that was done."""
        if self.abandoned:
            self._leave(self)
            return False
        queue = self.queue
        try:
            taken = queue.offer(item)
        except Exception as exc:  # the key function's: it belongs to the subscriber
            self.finish(exc)
            return False
        if self.parking.task is not None:
            self.parking.wake()
        if queue.over:
            self.finish(SubscriberTooSlow(limit_name="max_items", limit=queue.max_items))
        return taken

    def finish(self, end: Exception) -> None:
        """Unsubscribe, and raise ``end`` behind what is queued; who waits gets it now."""
        self._leave(self)
        if self.end is None:
            self.end = end
        self.parking.wake()
        self.parking.clear()


class Subscription(trio.abc.ReceiveChannel[_T]):
    """Receives what is published from now on; made by :meth:`Broadcast.subscribe`.

    ::

        with prices.subscribe(max_items=100, overflow=Overflow.DROP_OLDEST) as subscription:
            async for price in subscription:
                ...

    One task at a time receives. Close it when it is not needed any more: until then it costs up
    to ``max_items`` items. One that nobody has any more is left out from the next item on.
    """

    def __init__(self, inbox: Inbox[_T]) -> None:
        self._inbox = inbox
        self._queue = inbox.queue
        self._closed = False  # by the subscriber

    def __del__(self) -> None:
        # No more than that: it may happen anywhere, also in the middle of publishing.
        self._inbox.abandoned = True

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open" if self._inbox.end is None else "ended"
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
            self._inbox.finish(ResourceClosed("the subscription was closed"))
            self._queue.clear()

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
            await self._inbox.parking
        return queue.popleft()

    def _check(self) -> None:
        if self._closed:
            raise ResourceClosed("the subscription was closed")
        if (end := self._inbox.end) is not None:
            raise end.with_traceback(None)
