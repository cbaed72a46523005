"""A send queue: many tasks send through one stream, and a slow peer pushes back on them all."""

from __future__ import annotations

import copy
from collections import deque
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.core import SEAM, checkpoint_budget, limit, operation
from trio_helianthus.errors import (
    ConnectionAborted,
    ConnectionBroken,
    HelianthusError,
    NetworkError,
    ResourceClosed,
    ResourceFull,
)

from ._buffers import view_bytes
from ._send_batch import GATHER_BYTES, BatchSize, take_batch
from ._send_policy import SendQueueStatistics, WhenFull
from ._socket_stream import SocketStream
from ._waiting_tasks import WaitingTasks

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from trio_helianthus.core import CancelToken, Operation

    from ._buffers import Buffer
    from ._stream import ByteStream

INLINE_SENDS: Final = 16
"""How many messages in a row are sent without the writer, until it looks for company again."""


class SendQueue:
    """A queue in front of a stream's sending side; :func:`open_send_queue` makes it.

    Any number of tasks may send. A message is sent whole or not at all, never inside another,
    and those of one task stay in their order. What is queued while a send is on its way leaves
    in the next one, together.

    The queue is full from ``high_water`` bytes on; senders who wait go on, in their order, when
    no more than ``low_water`` are left. A message is taken whole whenever the queue is not full,
    however long it is, so there are never more than ``high_water`` bytes and one message; under
    ``DROP_OLDEST`` one more, as what is being sent cannot be dropped.
    """

    def __init__(
        self,
        stream: ByteStream,
        *,
        high_water: int,
        low_water: int,
        when_full: WhenFull,
        max_batch_bytes: int,
        flush_timeout: float,
    ) -> None:
        if not 0 <= low_water < high_water:
            raise ValueError(f"low_water={low_water} must be below high_water={high_water}")
        if not isinstance(when_full, WhenFull):
            raise TypeError(f"when_full has to be a WhenFull, not {when_full!r}")
        if max_batch_bytes < 1:
            raise ValueError(f"max_batch_bytes must be at least 1, not {max_batch_bytes}")
        if not flush_timeout >= 0:  # this way round it catches NaN as well
            raise ValueError(f"flush_timeout must be at least 0, not {flush_timeout}")
        self.stream: Final = stream
        """The stream. Sending to it is the queue's, as long as the queue is open."""
        self._high_water = high_water
        # Who does not wait gets in as soon as there is any room.
        self._room_from = low_water if when_full is WhenFull.WAIT else high_water - 1
        self._when_full = when_full
        self._flush_timeout = flush_timeout
        self._queue: deque[bytes] = deque()
        self._rest: memoryview | None = None  # of a message that the system took in part
        self._buffered = 0
        self._full = False
        self._accepted = 0  # messages, ever
        self._settled = 0  # the first so many of them were sent or dropped
        self._senders = WaitingTasks[bytes]()  # with their messages
        self._flushers = WaitingTasks[int]()  # with how many messages have to be settled
        self._batch_size = BatchSize(max_batch_bytes)
        self._inline_stream = stream if isinstance(stream, SocketStream) else None
        self._inline_left = INLINE_SENDS
        self._budget = checkpoint_budget()
        self._parked_writer: trio.lowlevel.Task | None = None
        # Kept from outer cancellation: a shielded goodbye in the body needs the writer.
        self._writer_scope = trio.CancelScope(shield=True)
        self._failure: HelianthusError | None = None
        self._failure_told = False
        self._closed = False
        self._messages = self._bytes = self._batches = self._largest_batch = 0
        self._waits = self._drops = self._highest_buffered = 0

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{self._buffered} bytes"
        return f"<SendQueue of {self.stream!r}: {state}>"

    @property
    def buffered(self) -> int:
        """How many bytes wait to be sent, or are being sent."""
        return self._buffered

    @property
    def above_high_water(self) -> bool:
        """Whether the queue is full."""
        return self._full

    def statistics(self) -> SendQueueStatistics:
        """Return what the queue has done so far."""
        return SendQueueStatistics(
            messages=self._messages,
            bytes=self._bytes,
            batches=self._batches,
            largest_batch=self._largest_batch,
            waits=self._waits,
            drops=self._drops,
            buffered=self._buffered,
            highest_buffered=max(self._highest_buffered, self._buffered),
            waiting_senders=len(self._senders),
        )

    async def send(
        self, data: Buffer, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> bool:
        """Queue a message, or send it at once; where the queue is full, what its policy says.

        Cancelled while it waits for room, by scope, token or timeout, it has queued nothing.
        Once it has returned the message is sent, unless the connection breaks.

        :param data: the message; anything but :class:`bytes` is copied, so it may be changed
            afterwards.
        :returns: whether the message was taken; it is not under ``DROP_NEWEST``.
        :raises ResourceFull: the queue is full, under ``FAIL``.
        :raises ResourceClosed: the queue, or the stream, was closed.
        :raises NetworkError: the connection failed, now or in an earlier send of the queue.
        """
        if timeout is None and token is None and SEAM.instrument is None:
            return await self._send(_message(data))
        with self._report("queue_send") as report, limit(timeout, token):
            message = _message(data)
            taken = await self._send(message)
            if report is not None and taken:
                report.bytes_sent = len(message)
            return taken

    def send_nowait(self, data: Buffer) -> bool:
        """Queue a message, or send it at once; never wait.

        As :meth:`send`, except that it raises under ``WAIT``, too. A caller with many messages
        should be at a checkpoint now and then, so that the writer gets its turn.

        :param data: the message; it is copied unless it is ``bytes``.
        :returns: whether it was taken; ``False`` under ``DROP_NEWEST`` only.
        :raises ResourceFull: the queue is full, under ``WAIT`` and ``FAIL``.
        """
        self._check_open()
        return self._take(_message(data))

    async def wait_for_room(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Wait until the queue is not full: where a message is better not made before.

        Works under every policy, in one line with the senders who wait. Somebody else may be
        quicker to fill the room.

        :raises ResourceClosed: the queue, or the stream, was closed.
        :raises NetworkError: the connection failed.
        """
        with limit(timeout, token):
            self._check_open()
            if not self._full:
                await trio.lowlevel.checkpoint()
                return
            await self._wait_among_senders(b"")

    async def flush(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Wait until the system has taken all that was queued before.

        That is no sign that the peer has got it. Cancellation changes nothing.

        :raises ResourceClosed: the queue, or the stream, was closed.
        :raises NetworkError: the connection failed.
        """
        with self._report("queue_flush"), limit(timeout, token):
            self._check_open()
            if not await self._wait_settled():
                raise self._why_not()

    async def aclose(self) -> None:
        """Send what is queued, for a limited time, and close the queue; the stream stays open.

        Senders who wait for room get :exc:`ResourceClosed`. What the peer does not take within
        ``flush_timeout``, or before cancellation, breaks the connection: the stream is reset.

        :raises ConnectionAborted: the time was up before everything was sent.
        :raises NetworkError: the connection failed, and no operation has told so yet.
        """
        if not self._closed:
            self._closed = True
            self._senders.turn_away()
            try:
                if self._failure is None:
                    with trio.move_on_after(self._flush_timeout):
                        await self._wait_settled()
                self._check_all_sent()
            finally:
                self._writer_scope.cancel(reason="the send queue was closed")
                self._flushers.turn_away()
                if self._settled < self._accepted:
                    self.stream.reset()
        await trio.lowlevel.checkpoint()

    async def _send(self, message: bytes) -> bool:
        self._check_open()
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._full and self._when_full is WhenFull.WAIT and message:
            self._waits += 1
            await self._wait_among_senders(message)
            return True
        taken = self._take(message)
        if self._budget.spend():
            await self._budget.refill()
        return taken

    def _take(self, message: bytes) -> bool:
        if not message:
            return True
        if self._full and not self._make_room():
            return False
        if not (self._inline_left and self._send_inline(message)):
            self._append(message)
        return True

    def _make_room(self) -> bool:
        """Do what the policy says; return whether the message is to be taken."""
        if self._when_full is WhenFull.DROP_NEWEST:
            self._drops += 1
            return False
        if self._when_full is WhenFull.CLOSE:
            self._break(
                ConnectionAborted(
                    f"the peer did not take {self._buffered} bytes, so it was given up",
                    operation="send",
                    address=self.stream.remote_address,
                )
            )
            self.stream.reset()
            raise self._why_not()
        if self._when_full is not WhenFull.DROP_OLDEST:
            raise ResourceFull(
                f"{self._buffered} bytes wait to be sent already",
                limit_name="high_water",
                limit=self._high_water,
            )
        self._note_highest()
        while self._queue and self._full:
            self._buffered -= len(self._queue.popleft())
            self._drops += 1
            self._full = self._buffered > self._room_from
        return True

    def _append(self, message: bytes) -> None:
        self._queue.append(message)
        self._add(len(message))

    def _add(self, size: int) -> None:
        self._accepted += 1
        self._buffered += size
        if self._buffered >= self._high_water:
            self._full = True
        writer = self._parked_writer
        if writer is not None:
            self._parked_writer = None
            trio.lowlevel.reschedule(writer)

    def _send_inline(self, message: bytes) -> bool:
        """Send without the writer, which is idle; return whether the message is taken care of."""
        stream = self._inline_stream
        if (
            stream is None
            or self._parked_writer is None
            or stream._cut_send
            or stream._eof_sent
            or SEAM.instrument is not None
        ):
            return False
        self._inline_left -= 1
        try:
            with stream._sender:
                sent = stream._send_now([memoryview(message)])
        except (NetworkError, ResourceClosed) as exc:
            self._break(exc)
            self._failure_told = True
            raise
        stream.bytes_sent += sent
        if sent == len(message):
            self._count_batch(1, sent)
            return True
        self._inline_left = 0
        if sent:
            self._bytes += sent
            self._rest = memoryview(message)[sent:]
            self._add(len(self._rest))
        return sent > 0

    async def _wait_among_senders(self, message: bytes) -> None:
        """Wait until there is room, and the message is queued."""
        has_room = await self._senders.wait(message)
        self._budget.reset()
        if not has_room:
            raise self._why_not()

    async def _wait_settled(self) -> bool:
        """Wait until all that was taken so far has left; return whether it has."""
        target = self._accepted
        if self._settled == target or self._failure is not None:
            await trio.lowlevel.checkpoint()
            return self._settled >= target
        has_left = await self._flushers.wait(target)
        self._budget.reset()
        return has_left

    async def _write(self) -> None:
        """Send what is queued, until cancelled."""
        with self._writer_scope:
            try:
                while True:
                    if not self._queue and self._rest is None:
                        self._parked_writer = trio.lowlevel.current_task()
                        await trio.lowlevel.wait_task_rescheduled(self._abort_parked_writer)
                    await self._send_batch()
            except (NetworkError, ResourceClosed) as exc:
                self._break(exc)  # the next operation tells it
            except Exception as exc:
                self._break(ConnectionBroken(f"the queue's writer failed: {exc!r}"))
                raise

    def _abort_parked_writer(self, _: object) -> trio.lowlevel.Abort:
        self._parked_writer = None
        return trio.lowlevel.Abort.SUCCEEDED

    async def _send_batch(self) -> None:
        if self._rest is not None:
            rest, self._rest = self._rest, None
            await self.stream.send_all(rest)
            self._settle(1, len(rest))
            return
        batch, size = take_batch(self._queue, self._buffered, self._batch_size)
        if len(batch) == 1:
            await self.stream.send_all(batch[0])
        elif size < len(batch) * GATHER_BYTES:
            await self.stream.send_all(b"".join(batch))
        else:
            await self.stream.send_vectored(batch)
        self._settle(len(batch), size)

    def _settle(self, count: int, size: int) -> None:
        """Take note that a batch was sent, and let in and go on who waited for that."""
        self._note_highest()
        self._count_batch(count, size)
        self._inline_left = INLINE_SENDS if count == 1 else 0
        self._buffered -= size
        self._settled = self._accepted - len(self._queue)
        if self._buffered <= self._room_from:
            self._full = False
            while self._senders and not self._full:
                message = self._senders.release_first()
                if message:
                    self._append(message)
        while self._flushers and self._flushers.first <= self._settled:
            self._flushers.release_first()

    def _count_batch(self, count: int, size: int) -> None:
        self._messages += count
        self._bytes += size
        self._batches += 1
        self._largest_batch = max(self._largest_batch, count)

    def _note_highest(self) -> None:
        self._highest_buffered = max(self._highest_buffered, self._buffered)

    def _check_open(self) -> None:
        if self._closed:
            raise ResourceClosed("the send queue was closed")
        if self._failure is not None:
            raise self._why_not()

    def _why_not(self) -> HelianthusError:
        """Return the error of an operation that can have no success any more."""
        if self._failure is None:
            return ResourceClosed("the send queue was closed")
        self._failure_told = True
        error = copy.copy(self._failure)
        return self.stream._failed(error) if isinstance(error, NetworkError) else error

    def _check_all_sent(self) -> None:
        if self._failure is not None and not self._failure_told:
            raise self._why_not()
        if self._failure is None and self._settled < self._accepted:
            raise ConnectionAborted(
                f"the peer did not take {self._buffered} bytes within {self._flush_timeout:g} s",
                operation="send",
                address=self.stream.remote_address,
            )

    def _break(self, error: HelianthusError) -> None:
        """Let every waiting and later operation fail with ``error``."""
        if self._failure is None:
            self._failure = copy.copy(error)  # without the traceback, which refers to the queue
            self._senders.turn_away()
            self._flushers.turn_away()

    def _report(self, verb: str) -> AbstractContextManager[Operation | None]:
        if SEAM.instrument is None:
            return operation("")
        stream = self.stream
        return operation(
            f"net.{verb}", connection_id=stream.connection_id, peer=stream.remote_address
        )


def _message(data: Buffer) -> bytes:
    return data if type(data) is bytes else bytes(view_bytes(data))
