"""Framed channels: whole messages over a stream of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.core import SEAM, checkpoint_budget, limit, operation
from trio_helianthus.errors import (
    ChannelEnded,
    IncompleteReceive,
    LimitExceeded,
    RemoteProtocolError,
    ResourceClosed,
)
from trio_helianthus.wire import END_OF_STREAM

from ._any_stream import AnyStream
from ._buffers import MAX_JOINED_BYTES, joined, view_bytes
from ._stream import MAX_RECEIVE_BYTES, RECEIVE_BYTES, ByteStream

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from trio_helianthus.core import CancelToken, Operation

    from ._buffers import Buffer
    from ._framing import Framing


class FramedChannel(trio.abc.Channel[bytes]):
    """Whole frames, as ``bytes``, over a stream that is cut into them by a framing.

    ::

        channel = net.FramedChannel(stream, net.LengthPrefix(4))
        await channel.send(b"hello")
        async for frame in channel:
            ...

    One task may receive while another sends. The channel owns the stream, and nothing else may
    receive from it before :meth:`detach`: what arrives is read in large pieces, and what stands
    behind a frame waits in the channel. Frames that are there already are delivered without a
    schedule point, within the checkpoint budget.

    On cancellation, by scope, token or timeout:

    * a receive has taken nothing: what arrived, half a frame too, stays for the next receive;
    * a send may have sent a part. The channel is broken for sending then, further sends raise
      :exc:`ConnectionBroken`, and closing it resets the connection, as for the stream itself.

    :param stream: any :class:`ByteStream`, or another :class:`trio.abc.Stream`, which then raises
        its own errors. What it has received and nobody has taken comes first.
    :param framing: a :class:`LengthPrefix`, :class:`Varint`, :class:`Netstring`, :class:`Header`,
        :class:`Delimiter`, or :class:`Lines`.
    :param send_framing: how frames are sent, if not as they are received: with another limit, for
        a server that answers short requests at length, or in another format.
    """

    def __init__(
        self, stream: trio.abc.Stream, framing: Framing, *, send_framing: Framing | None = None
    ) -> None:
        self.stream: Final = stream
        """The stream underneath, for its addresses and state."""
        self.framing: Final = framing
        """How frames are received."""
        self.send_framing: Final = framing if send_framing is None else send_framing
        """How frames are sent."""
        self._stream = stream if isinstance(stream, ByteStream) else AnyStream(stream)
        self._protocol = framing.protocol()
        self._sent_protocol = self.send_framing.protocol()
        self._budget = checkpoint_budget()
        self._more_may_be_there = False  # frames, in the protocol
        self._detached = False

    def __repr__(self) -> str:
        return f"<FramedChannel with {self.framing!r} over {self.stream!r}>"

    async def send(
        self, value: Buffer, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Send a frame. A large one is not copied.

        :param value: the frame; an empty one is a frame as well.
        :raises LocalProtocolError: the framing cannot say it: it is too long, for the limit or
            for the prefix, or the delimiter is in it. Nothing was sent.
        :raises NetworkError: the connection failed.
        """
        if (
            type(value) is bytes
            and len(value) <= MAX_JOINED_BYTES
            and timeout is None
            and token is None
            and SEAM.instrument is None
            and not self._detached
        ):
            await self._stream.send_all(self._sent_protocol.send(value))
        else:
            await self.send_many((value,), timeout=timeout, token=token)

    async def send_many(
        self,
        values: Iterable[Buffer],
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Send several frames, in as few pieces as possible: cheaper than one by one.

        :param values: the frames, in their order.
        :raises LocalProtocolError: as for :meth:`send`. Nothing was sent of any of them.
        :raises NetworkError: the connection failed.
        """
        if timeout is None and token is None and SEAM.instrument is None:
            await self._send_frames(values)
            return
        with self._report("send") as report, limit(timeout, token):
            count, size = await self._send_frames(values)
            if report is not None:
                report.bytes_sent = size
                report.attributes["net.frames"] = count

    async def receive(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> bytes:
        """Receive the next frame. Iterating receives until the peer ends.

        :raises ChannelEnded: the peer has ended, between two frames; also a
            :exc:`trio.EndOfChannel`. A server's handler that lets it pass has made a mistake.
        :raises IncompleteReceive: the peer ended in the middle of a frame; ``partial`` has what
            came of it.
        :raises LimitExceeded: the peer sent, or announced, a longer frame than the framing's
            ``max_frame_bytes``. Nothing more can be received.
        :raises RemoteProtocolError: the peer broke the format. Nothing more can be received.
        :raises NetworkError: the connection failed.
        """
        if timeout is None and token is None and SEAM.instrument is None:
            return await self._receive()
        with self._report("receive") as report, limit(timeout, token):
            frame = await self._receive()
            if report is not None:
                report.bytes_received = len(frame)
                report.attributes["net.frames"] = 1
            return frame

    async def receive_many(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[bytes]:
        """Receive all frames that are there, or wait until one is: for answers in one piece.

        :returns: at least one frame, and at most what one receive brought.
        :raises: what :meth:`receive` raises.
        """
        if timeout is None and token is None and SEAM.instrument is None:
            return await self._receive_many()
        with self._report("receive") as report, limit(timeout, token):
            frames = await self._receive_many()
            if report is not None:
                report.bytes_received = sum(map(len, frames))
                report.attributes["net.frames"] = len(frames)
            return frames

    async def send_eof(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """End this side of the connection, so that the peer's channel ends; the other goes on.

        :raises TypeError: the stream cannot, as TLS cannot: close the channel instead.
        :raises ConnectionBroken: an earlier send was cut half-way.
        :raises NetworkError: the connection failed.
        """
        if not isinstance(self.stream, trio.abc.HalfCloseableStream):
            raise TypeError(f"a {type(self.stream).__name__} cannot end one side alone")
        self._check_attached()
        stream = self.stream if isinstance(self._stream, ByteStream) else self._stream
        with limit(timeout, token):
            await stream.send_eof()

    def detach(self) -> ByteStream:
        """Let go of the stream, for an upgrade or for another framing, and return it.

        What was received behind the last frame goes back to the stream, and is what it receives
        next: nothing is lost, and :func:`start_tls` refuses what came too early. The channel is
        as good as closed then, and closing it leaves the stream open.

        :raises ResourceBusy: a task is sending or receiving.
        :raises ResourceClosed: it was done before.
        :raises TypeError: the stream is no :class:`ByteStream`, so it takes nothing back.
        """
        stream = self._stream
        if not isinstance(stream, ByteStream):
            raise TypeError(f"a {type(self.stream).__name__} takes nothing back")
        self._check_attached()
        for direction in (stream._receiver, stream._sender):
            if direction.busy:
                raise direction.refusal()
        rest, _ = self._protocol.trailing_data
        stream.push_back(rest)
        self._detached = True
        self._forget_received()
        return stream

    async def aclose(self) -> None:
        """Close the channel and its stream; frames that nobody received are dropped.

        Cancelled, it closes the stream all the same, as that does: at once.
        """
        if self._detached:
            await trio.lowlevel.checkpoint()
            return
        self._forget_received()
        await self._stream.aclose()

    def _report(self, verb: str) -> AbstractContextManager[Operation | None]:
        if SEAM.instrument is None:
            return operation("")
        stream = self._stream
        return operation(
            f"net.frame.{verb}", connection_id=stream.connection_id, peer=stream.remote_address
        )

    async def _send_frames(self, values: Iterable[Buffer]) -> tuple[int, int]:
        """Send frames; return how many they were, and how many bytes of their own they had."""
        self._check_attached()
        frames = [it if type(it) is bytes else view_bytes(it) for it in values]
        try:
            buffers: list[Buffer] = []
            for frame in frames:
                buffers += self._sent_protocol.send_buffers(frame)
            pieces = list(joined(buffers))
            if len(pieces) == 1:
                await self._stream.send_all(pieces[0])
            else:
                await self._stream.send_vectored(pieces)
            return len(frames), sum(map(len, frames))
        finally:
            for frame in frames:  # else a traceback would keep the caller's bytearrays locked
                if isinstance(frame, memoryview):
                    frame.release()

    async def _receive(self) -> bytes:
        self._check_attached()
        if self._more_may_be_there:
            await trio.lowlevel.checkpoint_if_cancelled()
            if self._budget.spend():
                await self._budget.refill()
            frame = self._next_frame()
            if frame is not None:
                return frame
        while True:
            await self._receive_data()
            frame = self._next_frame()
            if frame is not None:
                return frame

    async def _receive_many(self) -> list[bytes]:
        return [await self._receive(), *self._protocol.next_frames()]

    async def _receive_data(self) -> None:
        protocol = self._protocol
        missing = protocol.missing
        size = RECEIVE_BYTES if missing <= RECEIVE_BYTES else min(missing, MAX_RECEIVE_BYTES)
        data = await self._stream.receive_some(size)
        if data:
            protocol.receive_data(data)
        else:
            protocol.receive_eof()

    def _next_frame(self) -> bytes | None:
        """Take the next frame, or none where it is not all there, or raise why none will come."""
        protocol = self._protocol
        try:
            event = protocol.next_event()
        except RemoteProtocolError as exc:
            self._more_may_be_there = True  # the refusal again
            partial, ended = protocol.trailing_data
            if not ended or isinstance(exc, LimitExceeded):
                self._stream._failed(exc)
                raise
            raise self._stream._failed(
                IncompleteReceive(
                    f"the peer ended the stream in a frame, after {len(partial)} bytes of it",
                    partial=partial,
                    operation="receive",
                    address=self._stream.remote_address,
                )
            ) from exc
        if isinstance(event, bytes):
            self._more_may_be_there = protocol.buffered > 0
            return event
        self._more_may_be_there = False
        if event is END_OF_STREAM:
            raise ChannelEnded
        return None

    def _check_attached(self) -> None:
        if self._detached:
            raise ResourceClosed("the channel was detached from its stream")

    def _forget_received(self) -> None:
        self._protocol = self.framing.protocol()  # without what it received or refused
        self._more_may_be_there = False
