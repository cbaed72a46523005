"""What is received: by the task that asks for a message, or by an attendant while none asks."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import trio
from trio.lowlevel import checkpoint_if_cancelled

from trio_helianthus.core import Parking, checkpoint_budget
from trio_helianthus.errors import (
    NetworkError,
    RemoteProtocolError,
    ResourceBusy,
    ResourceClosed,
)
from trio_helianthus.wire.websocket import Binary, Close, Ping, Pong, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trio_helianthus.net import ByteStream
    from trio_helianthus.wire.websocket import Event, WebSocketConnection

    from ._ending import Ending
    from ._keepalive import Keepalive
    from ._limits import WebSocketLimits
    from ._outgoing import Outgoing, StartTask

Item: TypeAlias = "str | bytes | Text | Binary"
"""A whole message, or a fragment of one."""
RECEIVE_BYTES: Final = 65 * 1024
"""How much one receive asks for: a frame of 64 KiB, which is a usual size, with its header."""
LONG_PART: Final = 16 * 1024
"""How much of a message has to come at a time for the rest of it to be expected at once."""
MAX_PONGS: Final = 16
"""How many of the pings that come at a time are answered, the latest: one would be enough
(RFC 6455, 5.5.3), but some peers ask for several and wait for all."""


class Reader:
    """Receives and parses for one connection.

    Laws:

    1. The task that wants a message receives by itself: no other task in between.
    2. While no task does, for a while, an attendant receives, so that pings are answered and the
       end is noticed. It ends as soon as it has something for a task that waits again.
    3. What nobody has taken waits in the inbox; above its limits nothing more is received.
    4. What the peer sent before its end is taken, and can be answered, before that end counts;
       only while nobody receives it counts at once.
    5. A message in fragments belongs to the one who has begun to receive it, as ``parts`` or by
       ``streaming``, until it is complete or left.
    """

    __slots__ = (
        "_attending",
        "_budget",
        "_ending",
        "_full",
        "_inbox",
        "_keepalive",
        "_limits",
        "_outgoing",
        "_peers_end",
        "_room",
        "_size",
        "_start_task",
        "_stream",
        "_taker",
        "_wire",
        "busy",
        "dropping",
        "messages",
        "parts",
        "streaming",
    )

    def __init__(
        self,
        stream: ByteStream,
        wire: WebSocketConnection,
        limits: WebSocketLimits,
        start_task: StartTask,
        outgoing: Outgoing,
        ending: Ending,
        keepalive: Keepalive,
    ) -> None:
        self._stream = stream
        self._wire = wire
        self._limits = limits
        self._start_task = start_task
        self._outgoing = outgoing
        self._ending = ending
        self._keepalive = keepalive
        self._budget = checkpoint_budget()
        self._inbox: deque[Item] | None = None  # an idle connection has none
        self._size = 0
        self._full = False
        self._attending = False
        self._taker: Parking | None = None  # who waits for what the attendant receives
        self._room: Parking | None = None  # where the attendant waits
        self._peers_end: Close | RemoteProtocolError | None = None  # behind what is in the inbox
        self.parts: list[Any] | None = None
        """Fragments of a message that is not all there."""
        self.streaming: object = None
        """Who receives the fragments of a message, between two of them too."""
        self.busy = False
        """Whether a task wants a message."""
        self.dropping = False
        """Whether messages are thrown away, as nobody will ask for them any more."""
        self.messages = 0
        """How many messages, or fragments, have come."""

    @property
    def queued(self) -> int:
        """How many messages, or fragments, have come that nobody has taken."""
        return len(self._inbox) if self._inbox else 0

    @property
    def full(self) -> bool:
        """Whether nothing is received, as too much waits to be taken."""
        return self._full

    @property
    def receiving(self) -> bool:
        """Whether a task is receiving, which finds out what comes last."""
        return (self.busy or self._attending) and not self._full

    async def take_message(self, *, iterating: bool = False) -> str | bytes:
        """Return the next message, put together of its fragments.

        What was put together when this was cancelled stays for the next time.

        :param iterating: whether an end in good order is a :exc:`StopAsyncIteration`.
        :raises ResourceBusy: another task is waiting for one.
        """
        # The hot path: nothing waits, and what is received is one whole message.
        if not (
            self.busy
            or self._inbox
            or self._peers_end
            or self._attending
            or self.streaming
            or self.dropping
            or self._wire.more
            or self._ending.code is not None
        ):
            self.busy = True
            try:
                batch = self._parse(await self._stream.receive_some(RECEIVE_BYTES))
                if len(batch) == 1 and not self._wire.refused:
                    message = batch[0]
                    if message.__class__ is str or message.__class__ is bytes:
                        self.messages += 1
                        return message
                self._sort(batch)
            except (NetworkError, ResourceClosed) as exc:
                self._ending.lose(exc)
            finally:
                self.busy = False
                if not self._keepalive.watching:
                    self._keepalive.watch()
        try:
            return await self._put_together()
        except trio.EndOfChannel:
            if iterating:
                raise StopAsyncIteration from None
            raise

    async def _put_together(self) -> str | bytes:
        """Take items until they are a message."""
        while True:
            item = await self.take()
            if isinstance(item, (str, bytes)):
                return item
            if item.start:
                self.parts = []
            if self.parts is not None:  # else of a message that somebody has left
                self.parts.append(item.data)
                if item.end:
                    parts, self.parts = self.parts, None
                    return "".join(parts) if isinstance(item, Text) else b"".join(parts)

    def check_free(self, owner: object = None) -> None:
        """Check that nobody else receives.

        :raises ResourceBusy: somebody does.
        """
        if self.busy:
            raise ResourceBusy("another task is receiving from this WebSocket")
        if self.streaming is not None and self.streaming is not owner:
            raise ResourceBusy("a message is being received in fragments from this WebSocket")

    async def take(self, owner: object = None) -> Item:
        """Return the next message, or fragment of one.

        :param owner: who receives the fragments of a message, if that is who asks.
        :raises ResourceBusy: somebody else receives.
        """
        self.check_free(owner)
        self.busy = True
        try:
            while True:
                if self._inbox:
                    await checkpoint_if_cancelled()
                    item = self._take_first()
                    if self._budget.spend():
                        await self._budget.refill()
                    return item
                if self._peers_end is not None:
                    self._note_end()
                if self._ending.code is not None or self.dropping:
                    raise self._ending.why_no_message()
                if self._attending:
                    if self._taker is None:
                        self._taker = Parking()
                    await self._taker
                else:
                    self._sort(await self._receive())
        finally:
            self.busy = False
            if not self._keepalive.watching:
                self._keepalive.watch()

    def attend(self) -> None:
        """See to it that somebody receives, and that the end counts.

        While a task receives, that is when it stops: then it calls ``Keepalive.watch()``.
        """
        if self._peers_end is not None:
            if not self.busy:
                self._note_end()
        elif self._attending:
            if self.dropping:
                self._go_on()
        elif self.busy:
            self._keepalive.watching = False
        elif self._ending.code is None:
            self._attending = True
            self._start_task(self._attend)

    def take_last_words(self) -> None:
        """Take what had come before the connection was lost, as far as there is room for it."""
        if self._attending or self.busy:
            return  # who takes it by himself
        wire = self._wire
        try:
            while not (self._full or self._peers_end):
                if not wire.more:
                    data = self._stream.receive_nowait(RECEIVE_BYTES)
                    if not data:
                        break
                    wire.receive_data(data)
                self._sort(wire.next_batch())
        except (NetworkError, ResourceClosed):
            pass
        if isinstance(self._peers_end, Close):
            self._note_end()

    def drop_all(self) -> None:
        """Throw away what has come and what will."""
        self.dropping = True
        self._inbox = None
        self._size = 0
        self._go_on()
        if self._peers_end is not None:
            self._note_end()

    def close(self) -> None:
        """Let go of all who wait."""
        self._go_on()
        for parking in (self._taker, self._room):
            if parking is not None:
                parking.wake()
                parking.clear()

    async def _receive(self) -> Sequence[str | bytes | Event]:
        """Receive once, unless there is something left to parse; return what it has brought."""
        if self._wire.more:
            await checkpoint_if_cancelled()
            if self._budget.spend():
                await self._budget.refill()
            return self._wire.next_batch()
        try:
            return self._parse(await self._stream.receive_some(RECEIVE_BYTES))
        except (NetworkError, ResourceClosed) as exc:
            self._ending.lose(exc)
            return ()

    def _parse(self, data: bytes) -> Sequence[str | bytes | Event]:
        """Parse what one receive has brought.

        With a part of a long frame goes what has come of it meanwhile: most likely the rest.
        """
        wire = self._wire
        if not data:
            wire.receive_eof()
        else:
            wire.receive_data(data)
            if len(data) >= LONG_PART and (missing := wire.missing):
                more = self._stream.receive_nowait(min(missing, RECEIVE_BYTES))
                if more:
                    wire.receive_data(more)
        return wire.next_batch()

    def _note_end(self) -> None:
        end, self._peers_end = self._peers_end, None
        if isinstance(end, Close):
            self._ending.note_close(end)
        elif end is not None:
            self._ending.refuse(end)

    def _sort(self, batch: Sequence[str | bytes | Event]) -> None:
        """Put messages into the inbox, and deal with the rest."""
        pings: list[bytes] | None = None
        for item in batch:
            if isinstance(item, Ping):
                if pings is None:
                    pings = []
                pings.append(item.payload)
            elif isinstance(item, Pong):
                self._keepalive.note_pong(item.payload)
            elif isinstance(item, Close):
                self._peers_end = item
            else:
                self.messages += 1
                if not self.dropping:
                    self._put(item)
        if pings is not None:
            self._answer_pings(pings)
        if self._wire.refused:
            try:
                self._wire.next_event()
            except RemoteProtocolError as exc:
                self._peers_end = exc.with_traceback(None)  # which refers to this

    def _answer_pings(self, payloads: list[bytes]) -> None:
        if self._ending.sent is not None:
            return
        pongs = [self._wire.send(Pong(payload)) for payload in payloads[-MAX_PONGS:]]
        try:
            self._outgoing.put_pongs(b"".join(pongs))
        except (NetworkError, ResourceClosed):
            pass  # which has been noted

    def _put(self, item: Item) -> None:
        if self._inbox is None:
            self._inbox = deque()
        self._inbox.append(item)
        self._size += size_of(item)
        limits = self._limits
        if (
            len(self._inbox) >= limits.max_queued_messages
            or self._size >= limits.receive_high_water
        ):
            self._full = True

    def _take_first(self) -> Item:
        assert self._inbox
        item = self._inbox.popleft()
        self._size -= size_of(item)
        if not self._inbox:
            self._inbox = None
            self._go_on()
        elif self._size <= self._limits.receive_low_water:
            self._go_on()
        return item

    def _go_on(self) -> None:
        if self._full:
            self._full = False
            if self._room is not None:
                self._room.wake()

    async def _attend(self) -> None:
        try:
            while self._ending.code is None:
                if self._peers_end is not None:
                    if self._taker is None or self._taker.task is None:
                        self._note_end()
                    break
                if self._full:
                    if self._room is None:
                        self._room = Parking()
                    await self._room
                    continue
                self._sort(await self._receive())
                if self._taker is not None and self._taker.task is not None:
                    break
        finally:
            self._attending = False
            if self._taker is not None:
                self._taker.wake()


def size_of(item: Item) -> int:
    """Return how much a message, or a fragment of one, counts."""
    return len(item) if isinstance(item, (str, bytes)) else len(item.data)
