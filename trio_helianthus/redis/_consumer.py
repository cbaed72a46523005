"""A consumer of a group: receives entries of streams, and sees to it that none gets lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import attrs
import trio

from trio_helianthus.core import limit, operation, report_error
from trio_helianthus.errors import ResourceClosed

from ._stream_entry import StreamEntry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio_helianthus.core import CancelToken

    from ._consuming import Consuming

__all__ = ["ConsumerStatistics", "StreamConsumer"]

T = TypeVar("T", bytes, str)


@attrs.frozen(kw_only=True)
class ConsumerStatistics:
    """What one :class:`StreamConsumer` has done so far, and has now."""

    received: int
    """Entries that were handed to this consumer by the server."""
    claimed: int
    """Of those, how many another consumer had before, or this one before a failure or restart."""
    acked: int
    """Entries that were acknowledged."""
    failed: int
    """Entries that are to be handed out again."""
    dead: int
    """Entries that went to the dead letters."""
    lost: int
    """Entries that another consumer has claimed while this one had them."""
    buffered: int
    """Entries that wait to be received."""
    held: int
    """All that are ours, whose end the server does not know yet: ``max_items`` at most."""


class StreamConsumer(trio.abc.ReceiveChannel[StreamEntry[T]], Generic[T]):
    """Receives entries of streams as one of a group; made by :meth:`Redis.consumer`.

    Several tasks may receive. Each entry comes to one of them, and has to be settled:
    ``async with entry``, :meth:`StreamEntry.ack` or :meth:`StreamEntry.fail`. Until then it counts
    against ``max_items``, and is kept from being claimed by others.
    """

    def __init__(self, consuming: Consuming) -> None:
        self._consuming: Consuming = consuming
        self._ledger = consuming.ledger

    @property
    def name(self) -> str:
        """Its name in the group."""
        return self._consuming.name

    async def receive(self) -> StreamEntry[T]:
        """Return the next entry.

        :raises trio.EndOfChannel: the consumer drains.
        :raises ResourceClosed: it was closed.
        :raises RedisError: the server refuses to go on, such as for a key of another type.

        Being cancelled loses nothing.
        """
        consuming = self._consuming
        try:
            entry: StreamEntry[T] = await consuming.inbox.receive()
        except trio.EndOfChannel:
            if consuming.error is not None:
                raise consuming.error  # noqa: B904 - it has causes of its own
            raise
        except trio.ClosedResourceError:
            raise ResourceClosed("the consumer was closed") from None
        self._ledger.note_received()
        return entry

    async def run(
        self, handler: Callable[[StreamEntry[T]], Awaitable[object]], *, concurrency: int = 10
    ) -> None:
        """Call a function with each entry, for several at a time, until :meth:`drain` is called.

        ::

            await consumer.run(bill, concurrency=20)

        An entry is acknowledged when the function returns. What it raises is reported
        (:func:`~trio_helianthus.core.report_error`), and the entry comes again later.

        :param handler: async, called with the entry.
        :param concurrency: how many run at a time.
        :raises ValueError: ``concurrency`` is less than 1.
        :raises RedisError: see :meth:`receive`.

        Being cancelled cancels what runs, and gives those entries back.
        """
        if concurrency < 1:
            raise ValueError(f"concurrency must be at least 1, not {concurrency}")
        errors: list[Exception] = []

        async def work(scope: trio.CancelScope) -> None:
            try:
                await self._work(handler)
            except Exception as exc:  # it ends all workers, and comes out once
                errors.append(exc)
                scope.cancel(reason="the consumer has failed")

        async with trio.open_nursery() as nursery:
            for _ in range(concurrency):
                nursery.start_soon(work, nursery.cancel_scope)
        if errors:
            raise errors[0]

    async def _work(self, handler: Callable[[StreamEntry[T]], Awaitable[object]]) -> None:
        async for entry in self:
            try:
                async with entry:
                    with operation("redis.consume"):
                        await handler(entry)
            except Exception as exc:  # a handler's mistake ends only its entry
                report_error(exc, where=f"a consumer of {entry.stream!r}")

    def drain(self) -> None:
        """Take no more entries; idempotent.

        Those that nobody has received are given back, and :meth:`receive` raises
        :exc:`trio.EndOfChannel`. Those that were received go on.
        """
        self._consuming.drain()

    async def flush(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Wait until the server knows what has become of all entries that were settled so far.

        :param timeout: seconds.
        :param token: gives up waiting.
        """
        with limit(timeout, token):
            await self._consuming.flush()

    async def aclose(self) -> None:
        """Take no more entries; leaving ``async with r.consumer()`` does the rest."""
        self.drain()
        await trio.lowlevel.checkpoint()

    def statistics(self) -> ConsumerStatistics:
        """Return what it has done so far, and has now."""
        consuming, ledger = self._consuming, self._ledger
        return ConsumerStatistics(
            received=consuming.received,
            claimed=consuming.claimed,
            acked=ledger.acked,
            failed=ledger.failed,
            dead=ledger.dead,
            lost=ledger.lost,
            buffered=ledger.buffered,
            held=len(ledger),
        )
