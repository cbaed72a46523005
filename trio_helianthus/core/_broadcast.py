"""A broadcast: what one task publishes reaches many, and nobody waits for the slowest."""

from __future__ import annotations

from collections import deque
from itertools import islice
from operator import length_hint
from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

import attrs
import trio
from trio.lowlevel import checkpoint_if_cancelled, enable_ki_protection

from trio_helianthus.errors import ChannelEnded, ResourceClosed, ResourceFull

from ._checkpoint import checkpoint_budget
from ._instrument import report_error
from ._overflow import Overflow, OverflowQueue
from ._subscription import Inbox, Subscription

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from types import TracebackType
    from typing import TypeAlias

_T = TypeVar("_T")
if TYPE_CHECKING:
    Sink: TypeAlias = Callable[[_T], object]

SINKS_PER_TURN: Final = 100
"""To how many subscribers :meth:`Broadcast.publish` gives an item before other tasks may run."""
SUBSCRIPTION_ITEMS: Final = 256
"""How many items a subscription holds by default."""


@attrs.frozen
class BroadcastStatistics:
    """What a broadcast has now, and what it has done so far."""

    subscriptions: int
    """How many subscriptions there are."""
    sinks: int
    """How many sinks are attached."""
    published: int
    """Items that were published."""
    delivered: int
    """How often an item was taken, by a subscription's queue or by a sink."""
    dropped: int
    """How often an item was dropped, as a subscription's queue was full."""
    conflated: int
    """How often an item was replaced in a subscription's queue by a newer one of its key."""


class _Delivery(Generic[_T]):
    """One item on its way; ``left`` is shared by all who go on with it."""

    __slots__ = ("delivered", "done", "item", "left", "sinks")

    def __init__(self, item: _T, sinks: tuple[Sink[_T], ...]) -> None:
        self.item = item
        self.sinks = sinks
        self.left = iter(sinks)
        self.delivered = 0
        self.done = False


class Broadcast(Generic[_T]):
    """One to many: everybody who has subscribed gets each item that is published afterwards.

    Laws that it keeps:

    1. Publishing never waits for a subscriber. Each has a bounded queue of its own, and a policy
       for when it is full; what that drops is counted.
    2. All subscribers get the items in the same order, that in which they were published,
       whatever tasks published them. An item reaches all who had subscribed by then and have not
       left meanwhile, or, if publishing was cancelled before it began, nobody.
    3. A subscriber's mistake is its own: a sink that raises is detached, and that is reported.

    It belongs to one trio run, and to its thread; another one publishes by
    :func:`trio.from_thread.run_sync`. The items are not copied: publish what nobody changes.

    :param max_subscribers: how many subscriptions and sinks there may be.
    :raises ValueError: that is less than 1.
    """

    def __init__(self, *, max_subscribers: int = 100_000) -> None:
        if max_subscribers < 1:
            raise ValueError(f"max_subscribers must be at least 1, not {max_subscribers}")
        self.max_subscribers: Final = max_subscribers
        """How many subscriptions and sinks there may be."""
        self._sinks: dict[Sink[_T], Inbox[_T] | None] = {}
        self._as_tuple: tuple[Sink[_T], ...] | None = ()  # None: they have changed
        self._line: deque[_Delivery[_T]] = deque()  # the first is on its way
        self._closed = False
        self._published = 0
        self._delivered = 0
        self._dropped = 0  # with subscriptions that have ended
        self._conflated = 0

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{len(self._sinks)} subscribers"
        return f"<Broadcast: {state}>"

    @enable_ki_protection
    def publish_nowait(self, item: _T) -> int:
        """Give an item to all subscribers now.

        What other tasks are in the middle of publishing reaches all subscribers first. With many
        subscribers use :meth:`publish`, which lets other tasks run meanwhile.

        :returns: how many have taken it.
        :raises ResourceClosed: the broadcast was closed.
        """
        delivery = self._begin(item)
        self._finish(delivery)
        return delivery.delivered

    @enable_ki_protection
    async def publish(self, item: _T) -> int:
        """Give an item to all subscribers, with a checkpoint after each :data:`SINKS_PER_TURN`.

        Cancellation is looked at before it begins. An item that was begun is finished for all.

        :returns: how many have taken it.
        :raises ResourceClosed: the broadcast was closed.
        """
        await checkpoint_if_cancelled()
        delivery = self._begin(item)
        self._advance(SINKS_PER_TURN)
        while not delivery.done:
            await trio.lowlevel.cancel_shielded_checkpoint()
            if not delivery.done:  # else others have gone on with it
                self._advance(SINKS_PER_TURN)
        if (budget := checkpoint_budget()).spend():
            await budget.refill()
        return delivery.delivered

    def subscribe(
        self,
        *,
        max_items: int = SUBSCRIPTION_ITEMS,
        overflow: Overflow = Overflow.DISCONNECT,
        key: Callable[[_T], Hashable] | None = None,
    ) -> Subscription[_T]:
        """Return a channel that receives what is published from now on.

        :param max_items: how many items its queue holds.
        :param overflow: what happens when it is full. By default the subscription ends: its
            subscriber receives what is queued, and then :exc:`SubscriberTooSlow`.
        :param key: tells for ``CONFLATE`` which items replace each other.
        :raises ValueError: one of them makes no sense, or ``CONFLATE`` has no ``key``.
        :raises ResourceClosed: the broadcast was closed.
        :raises ResourceFull: there are ``max_subscribers`` already.
        """
        inbox = Inbox(OverflowQueue(max_items, overflow, key=key), self._unsubscribe)
        self._add(inbox.take, inbox)
        return Subscription(inbox)

    def attach(self, sink: Sink[_T]) -> None:
        """Have ``sink`` called with each item, for those who have queues of their own.

        It has to be quick, must not wait and should not raise: what it raises is reported by
        :func:`report_error`, and detaches it. If it returns ``False`` it has not taken the item.

        :raises ValueError: it is attached already.
        :raises ResourceClosed: the broadcast was closed.
        :raises ResourceFull: there are ``max_subscribers`` already.
        """
        if sink in self._sinks:
            raise ValueError(f"{sink!r} is attached already")
        self._add(sink, None)

    def detach(self, sink: Sink[_T]) -> bool:
        """Call ``sink`` no more, not even with what is being published.

        :returns: whether it was attached.
        """
        if sink not in self._sinks:
            return False
        del self._sinks[sink]
        self._as_tuple = None
        return True

    def statistics(self) -> BroadcastStatistics:
        """Return what it has now, and what it has done so far."""
        queues = [inbox.queue for inbox in self._sinks.values() if inbox is not None]
        return BroadcastStatistics(
            subscriptions=len(queues),
            sinks=len(self._sinks) - len(queues),
            published=self._published,
            delivered=self._delivered,
            dropped=self._dropped + sum(queue.dropped for queue in queues),
            conflated=self._conflated + sum(queue.conflated for queue in queues),
        )

    @enable_ki_protection
    def close(self) -> None:
        """Publish nothing any more; what was begun is finished for all. Idempotent.

        Subscribers receive what is queued, and then a :exc:`ChannelEnded`. Sinks are detached.
        """
        if self._closed:
            return
        self._closed = True
        while self._line:
            self._advance(len(self._line[0].sinks))
        for inbox in list(self._sinks.values()):
            if inbox is not None:
                inbox.finish(ChannelEnded("the broadcast was closed"))
        self._sinks.clear()
        self._as_tuple = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _add(self, sink: Sink[_T], inbox: Inbox[_T] | None) -> None:
        if self._closed:
            raise ResourceClosed("the broadcast was closed")
        if len(self._sinks) >= self.max_subscribers:
            raise ResourceFull(limit_name="max_subscribers", limit=self.max_subscribers)
        self._sinks[sink] = inbox
        self._as_tuple = None

    def _unsubscribe(self, inbox: Inbox[_T]) -> None:
        if self.detach(inbox.take):
            self._dropped += inbox.queue.dropped
            self._conflated += inbox.queue.conflated

    def _begin(self, item: _T) -> _Delivery[_T]:
        """Put an item into the line, for all who have subscribed by now."""
        if self._closed:
            raise ResourceClosed("the broadcast was closed")
        if self._as_tuple is None:
            self._as_tuple = tuple(self._sinks)
        delivery = _Delivery(item, self._as_tuple)
        self._line.append(delivery)
        self._published += 1
        return delivery

    def _finish(self, delivery: _Delivery[_T]) -> None:
        """Deliver an item, and those before it, to all who have not got them yet."""
        while not delivery.done:
            self._advance(len(self._line[0].sinks))

    def _advance(self, most: int) -> None:
        """Go on with the item that is first in the line, for up to ``most`` sinks.

        A sink may publish, detach and close: its call then goes on with this very item.
        """
        delivery = self._line[0]
        item, sinks, delivered = delivery.item, delivery.sinks, 0
        try:
            for sink in islice(delivery.left, most):
                if self._as_tuple is not sinks and sink not in self._sinks:
                    continue  # it was detached meanwhile
                try:
                    if sink(item) is not False:
                        delivered += 1
                except Exception as exc:
                    self.detach(sink)
                    report_error(exc, where=f"broadcast: {_name_of(sink)}, now detached")
        finally:
            delivery.delivered += delivered
            self._delivered += delivered
            if not delivery.done and not length_hint(delivery.left):
                delivery.done = True
                self._line.popleft()


def _name_of(sink: object) -> str:
    """Tell which it is, without its repr(), which may be long, or raise in its turn."""
    return getattr(sink, "__qualname__", type(sink).__qualname__)
