"""What is sent: at once where the system takes it, by a flusher where the peer is slow."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.core import OverflowQueue, Parking
from trio_helianthus.errors import NetworkError, ResourceClosed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Iterator
    from typing import TypeAlias

    from trio_helianthus.net import ByteStream
    from trio_helianthus.wire.websocket import PreparedMessage, WebSocketConnection

    from ._ending import Ending
    from ._limits import WebSocketLimits

    StartTask: TypeAlias = Callable[[Callable[[], Awaitable[object]]], object]

PIECE_BYTES: Final = 65 * 1024
"""How much the flusher sends in one piece: a frame of 64 KiB, a usual size, with its header."""


class Outgoing:
    """The frames of one connection on their way to the peer.

    Laws:

    1. A frame leaves whole, in the order in which it was encoded: compression depends on it.
    2. Nobody's cancellation cuts a frame: what cannot leave at once belongs to the flusher, a task
       of the connection's, which is started when it is needed first.
    3. Frames wait in ``_queue``, whose senders wait above the high-water mark. Broadcast messages
       wait in ``_feed``, behind those, not yet encoded, and are dropped as its policy says.
    4. Pongs go in front of all that, since the peer gives up on one that does not come in time;
       only the latest waits, so that a peer which does not read gets no more of them.

    :param ending: is told when sending has failed; also for a peer that did not take a piece in
        time.
    """

    __slots__ = (
        "_ending",
        "_feed",
        "_flusher",
        "_limits",
        "_pongs",
        "_queue",
        "_rest_first",
        "_start_task",
        "_started",
        "_stream",
        "_waiting",
        "_wire",
        "buffered",
        "busy",
        "closed",
        "ended",
        "held",
        "messages",
        "ready",
    )

    def __init__(
        self,
        stream: ByteStream,
        wire: WebSocketConnection,
        limits: WebSocketLimits,
        start_task: StartTask,
        ending: Ending,
    ) -> None:
        self._stream = stream
        self._wire = wire
        self._limits = limits
        self._start_task = start_task
        self._ending: Ending | None = ending
        self._queue: deque[bytes] | None = None  # an idle connection has neither
        self._pongs: bytes | None = None
        self._rest_first = False  # what is first in the queue is the rest of a frame
        self._feed: OverflowQueue[tuple[PreparedMessage, Hashable]] | None = None
        self._flusher: Parking | None = None
        self._started = False
        self._waiting: trio.lowlevel.ParkingLot | None = None
        self.buffered = 0
        """Bytes of frames that wait or are being sent; without the feed's."""
        self.ready = True
        """Whether a message may be sent at once: none of the next four."""
        self.busy = False
        """Whether anything waits."""
        self.held = False
        """Whether a message is being sent in fragments."""
        self.ended = False
        """Whether no message may be sent any more."""
        self.closed = False
        """Whether nothing at all is sent any more."""
        self.messages = 0
        """How many messages have been sent, or taken for sending."""

    @property
    def feed(self) -> OverflowQueue[tuple[PreparedMessage, Hashable]] | None:
        """The broadcast messages that wait, if there ever were any."""
        return self._feed

    def put(self, frame: bytes) -> None:
        """Send a frame, or have it sent. This is no checkpoint.

        :raises NetworkError: the connection failed.
        :raises ResourceClosed: it was closed.
        """
        if self.busy:
            self._append(frame)
            return
        try:
            sent = self._stream.send_nowait(frame)
        except (NetworkError, ResourceClosed) as exc:
            self._note_loss(exc)
            raise
        if sent != len(frame):
            self.put_rest(frame, sent)

    def put_pongs(self, frames: bytes) -> None:
        """Send pongs, or have them sent, instead of those that wait; otherwise as :meth:`put`."""
        if not self.busy:
            self.put(frames)
            return
        self.buffered += len(frames) - len(self._pongs or b"")
        self._pongs = frames

    def put_rest(self, frame: bytes, sent: int) -> None:
        """Have the rest of a frame sent, of which so many bytes have been."""
        self._rest_first = sent > 0
        self._append(frame[sent:] if sent else frame)

    def offer(self, message: PreparedMessage, key: Hashable) -> bool:
        """Let a broadcast message wait in the feed. This is no checkpoint.

        :returns: false where the feed is full, and its policy is to disconnect.
        """
        feed = self._feed
        if feed is None:
            limits = self._limits
            feed = self._feed = OverflowQueue(
                limits.feed_max_messages,
                limits.feed_overflow,
                key=_key_of,
                max_size=limits.feed_max_bytes,
                size=_size_of,
            )
        feed.offer((message, key))
        return not feed.over

    def queue_feed(self) -> None:
        """Encode what waits in the feed, in front of a goodbye."""
        feed = self._feed
        while feed and not self.held:  # else they cannot leave any more
            self._append(self._wire.send_prepared(feed.popleft()[0]))

    def end(self) -> None:
        """Take no message any more, and drop those in the feed: nothing can be encoded now."""
        self.ended = True
        self.ready = False
        if self._feed is not None:
            self._feed.clear()
        self._let_go_on()

    def hold(self) -> None:
        """Let all other messages wait for one that is sent in fragments."""
        self.held = True
        self.ready = False

    def release(self) -> None:
        """Let them go on."""
        self.held = False
        self._settle()
        self._let_go_on()
        if self._feed and not self.busy:
            self._wake()

    async def wait_for_turn(self) -> None:
        """Wait until a message may be sent, or none may any more; a checkpoint if it has to."""
        high_water = self._limits.send_high_water
        while (self.buffered >= high_water or self.held) and not self.ended:
            await self.wait_for_room()

    async def wait_for_room(self) -> None:
        """Wait until the senders may go on; a checkpoint."""
        if self._waiting is None:
            self._waiting = trio.lowlevel.ParkingLot()
        await self._waiting.park()

    async def wait_sent(self) -> None:
        """Wait until nothing waits any more; a checkpoint only if something does."""
        while self.busy and not self.closed:
            await self.wait_for_room()

    def drop(self) -> None:
        """Drop what waits, but for a frame that has been sent in part."""
        queue = self._queue
        self.buffered -= len(self._pongs or b"")
        self._pongs = None
        while queue and len(queue) > self._rest_first:
            self.buffered -= len(queue.pop())
        if self._feed is not None:
            self._feed.clear()

    def close(self) -> None:
        """Send nothing any more, and let go of all."""
        self.closed = True
        self.end()
        self.drop()
        self._let_go_on()
        self._ending = None  # it knows; and refers to this
        if self._flusher is not None:
            self._flusher.wake()

    def _append(self, frame: bytes) -> None:
        if self._queue is None:
            self._queue = deque()
        self._queue.append(frame)
        self.buffered += len(frame)
        if not self.busy:
            self._wake()

    def _wake(self) -> None:
        self.busy = True
        self.ready = False
        if not self._started:
            self._started = True
            self._start_task(self._flush)
        elif self._flusher is not None:
            self._flusher.wake()

    async def _flush(self) -> None:
        """Send what waits, until closed."""
        flusher = self._flusher = Parking()
        timeout = self._limits.write_timeout
        try:
            while not self.closed:
                batch = self._next_batch()
                if not batch:
                    self.busy = False
                    self._settle()
                    self._let_go_on()
                    await flusher
                    continue
                with trio.move_on_after(timeout) as scope:
                    for piece in in_pieces(batch):
                        await self._stream.send_all(piece)
                        self.buffered -= len(piece)
                        if self.buffered <= self._limits.send_low_water:
                            self._let_go_on()
                        if len(piece) < len(batch):
                            scope.deadline = trio.current_time() + timeout
                if scope.cancelled_caught:
                    self._note_loss(TimeoutError(f"the peer took too little in {timeout:g} s"))
                    return
        except (NetworkError, ResourceClosed) as exc:
            self._note_loss(exc)
        finally:
            flusher.clear()

    def _next_batch(self) -> bytes:
        """Take what is sent next, in one piece; it stays counted until it is sent."""
        queue, feed, pongs = self._queue, self._feed, self._pongs
        if pongs is not None and not self._rest_first:
            self._pongs = None
            return pongs
        if not queue and feed and not self.held:
            batch, size = list[bytes](), 0
            while feed and size < PIECE_BYTES:
                batch.append(self._wire.send_prepared(feed.popleft()[0]))
                size += len(batch[-1])
            self.buffered += size
            return batch[0] if len(batch) == 1 else b"".join(batch)
        if not queue:
            return b""
        frame = queue.popleft()
        self._rest_first = False
        if not queue or pongs is not None or len(frame) >= PIECE_BYTES:
            return frame
        batch, size = [frame], len(frame)
        while queue and size + len(queue[0]) <= PIECE_BYTES:
            frame = queue.popleft()
            batch.append(frame)
            size += len(frame)
        return b"".join(batch)

    def _note_loss(self, error: Exception) -> None:
        if self._ending is not None:
            self._ending.lose_sending(error)

    def _settle(self) -> None:
        self.ready = not (self.busy or self.held or self.ended)

    def _let_go_on(self) -> None:
        if self._waiting:
            self._waiting.unpark_all()


def in_pieces(batch: bytes) -> Iterator[bytes | memoryview]:
    """Cut what is long, so that there is something to be seen of how fast the peer takes it."""
    if len(batch) <= PIECE_BYTES:
        yield batch
        return
    view = memoryview(batch)
    for begin in range(0, len(batch), PIECE_BYTES):
        yield view[begin : begin + PIECE_BYTES]


def _key_of(entry: tuple[PreparedMessage, Hashable]) -> Hashable:
    return entry[1]


def _size_of(entry: tuple[PreparedMessage, Hashable]) -> int:
    return len(entry[0])
