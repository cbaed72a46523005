"""Streams without sockets: a pair of connected ends in memory, inside of one trio run."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.core import Parking, limit
from trio_helianthus.errors import ConnectionBroken, ConnectionReset, NetworkError, ResourceClosed

from ._buffers import drop_sent
from ._peer_state import PeerState
from ._stream import ByteStream

if TYPE_CHECKING:
    from trio_helianthus.core import CancelToken

    from ._address import SocketAddress
    from ._buffers import Buffer
    from ._peer_state import PeerWatcher

MEMORY_STREAM_BYTES: Final = 64 * 1024
"""How much one end of a memory stream takes that the other has not received, unless told
otherwise."""
_ADDRESS: Final = "memory"


def memory_stream_pair(
    *, max_buffered: int = MEMORY_STREAM_BYTES
) -> tuple[MemoryStream, MemoryStream]:
    """Make two ends of a connection that needs no socket and no system call.

    What one end sends the other receives, as over TCP: in order, in pieces of any size, half
    closeable, and with backpressure. Both ends belong to one trio run.

    :param max_buffered: bytes; a sender waits while so many were not received yet.
    :raises ValueError: ``max_buffered`` is below 1.
    """
    if max_buffered < 1:
        raise ValueError(f"max_buffered must be at least 1, not {max_buffered}")
    there, back = _Direction(max_buffered), _Direction(max_buffered)
    return MemoryStream(there, back), MemoryStream(back, there)


class _Direction:
    """What is under way from one end to the other, and who waits at its ends."""

    __slots__ = ("data", "ended", "given_up", "lost", "receiver", "sender", "size", "watcher")

    def __init__(self, size: int) -> None:
        self.size: int = size
        self.data: bytearray = bytearray()
        self.ended: bool = False
        """Whether the sending end has said that no more comes."""
        self.lost: bool = False
        """Whether it was reset; what is under way is lost with it."""
        self.given_up: bool = False
        """Whether the receiving end was closed, so that nobody will ever receive."""
        self.receiver: Parking = Parking()
        self.sender: Parking = Parking()
        self.watcher: PeerWatcher | None = None
        """Whom to tell at the receiving end that the sending one has left."""

    @property
    def state(self) -> PeerState:
        if self.lost:
            return PeerState.GONE
        return PeerState.ENDED if self.ended else PeerState.PRESENT

    def end(self, *, lost: bool) -> None:
        """Let no more come; the receiving end hears of it at once."""
        before = self.state
        self.ended = True
        if lost:
            self.lost = True
            self.data.clear()
        self.receiver.wake()
        self.sender.wake()
        if self.watcher is not None and self.state is not before:
            self.watcher(self.state)

    def give_up(self) -> None:
        """Throw away what is under way, and what will be: nobody receives it."""
        self.given_up = True
        self.data.clear()
        self.sender.wake()
        self.receiver.wake()


class MemoryStream(ByteStream, trio.abc.HalfCloseableStream):
    """One end of :func:`memory_stream_pair`."""

    def __init__(self, outgoing: _Direction, incoming: _Direction) -> None:
        super().__init__()
        self._outgoing = outgoing
        self._incoming = incoming
        self._closed = False
        self._eof_sent = False

    def __repr__(self) -> str:
        return f"<MemoryStream {self.connection_id}{' closed' if self._closed else ''}>"

    @property
    def local_address(self) -> SocketAddress:
        """Always ``"memory"``."""
        return _ADDRESS

    @property
    def remote_address(self) -> SocketAddress:
        """Always ``"memory"``."""
        return _ADDRESS

    @property
    def peer_state(self) -> PeerState:
        """Whether the other end has left."""
        return self._incoming.state

    @property
    def watches_peer(self) -> bool:
        """Always true: the other end tells."""
        return True

    def watch_peer(self, watcher: PeerWatcher | None) -> None:
        """Have ``watcher`` called when the other end leaves."""
        self._incoming.watcher = watcher

    async def wait_send_all_might_not_block(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Wait until there is room for some bytes to send.

        :raises NetworkError: the other end is closed.
        """
        with limit(timeout, token), self._sender:
            self._check_open()
            if self._room():
                await self._checkpoint()
            while not self._room():
                await self._outgoing.sender
                self._check_open()

    def is_broken(self) -> bool:
        """Tell whether this end was closed, or the other reset."""
        return self._closed or self._incoming.lost

    async def is_quiet(self) -> bool:
        """Tell whether nothing has come that nobody received, and the other end is there."""
        await self._checkpoint()
        return self.seems_quiet()

    def seems_quiet(self) -> bool:
        """As :meth:`is_quiet`, without a checkpoint."""
        return not (self._closed or self._received or self._incoming.data or self._incoming.ended)

    def send_nowait(self, data: Buffer) -> int:
        """Send as much of ``data`` as there is room for. This is no checkpoint.

        :returns: how many bytes were sent; sending the rest is the caller's duty.
        :raises ResourceBusy: a task is sending.
        :raises NetworkError: the other end is closed.
        """
        if self._sender.busy:
            raise self._sender.refusal()
        self._check_may_send()
        return self._put(memoryview(data).cast("B"))

    async def send_eof(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """End this side of the connection; the other goes on. Doing it twice is fine.

        :raises ConnectionBroken: an earlier send was cut half-way.
        """
        with limit(timeout, token), self._sender:
            self._check_open()
            self._check_not_cut()
            await self._checkpoint()
            self._eof_sent = True
            self._outgoing.end(lost=False)

    async def aclose(self) -> None:
        """Close this end; what was sent is still delivered.

        Nothing is waited for, so cancellation makes no difference. After a send that was cut the
        connection is reset instead.
        """
        self._close(lost=self._cut_send)
        await trio.lowlevel.checkpoint()

    def reset(self) -> None:
        """Close at once, so that the other end gets a :exc:`ConnectionReset`."""
        self._close(lost=True)

    async def _receive(self, max_bytes: int) -> bytes:
        self._check_open()
        max_bytes = index(max_bytes)
        incoming = self._incoming
        if incoming.data or incoming.ended:
            await self._checkpoint()
        while not (incoming.data or incoming.ended or self._closed):
            await incoming.receiver
            self._budget.reset()
        self._check_open()
        if incoming.lost:
            raise self._failed(ConnectionReset(operation="receive", address=_ADDRESS))
        data = bytes(incoming.data[:max_bytes])
        del incoming.data[:max_bytes]
        self.bytes_received += len(data)
        incoming.sender.wake()
        return data

    async def _send(self, buffers: list[memoryview]) -> None:
        self._check_may_send()
        await trio.lowlevel.checkpoint_if_cancelled()
        waited = part_sent = False
        try:
            while buffers:
                self._cut_send = part_sent  # as another task may close the stream meanwhile
                if sent := self._put(buffers[0]):
                    part_sent = True
                    drop_sent(buffers, sent)
                    continue
                waited = True
                await self._outgoing.sender
                self._check_may_send(part_sent)
        except BaseException:
            buffers.clear()  # else a traceback would keep the caller's bytearray locked
            raise
        self._cut_send = False
        if waited:
            self._budget.reset()
        elif self._budget.spend():
            await self._budget.refill()

    def _put(self, data: memoryview) -> int:
        outgoing = self._outgoing
        taken = data[: outgoing.size - len(outgoing.data)]
        if taken:
            outgoing.data += taken
            self.bytes_sent += len(taken)
            outgoing.receiver.wake()
        return len(taken)

    def _room(self) -> bool:
        outgoing = self._outgoing
        return outgoing.given_up or len(outgoing.data) < outgoing.size

    def _close(self, *, lost: bool) -> None:
        if not self._closed:
            self._closed = True
            self._received.clear()
            self._incoming.watcher = None
            self._incoming.give_up()
            self._outgoing.end(lost=lost)

    def _check_open(self) -> None:
        if self._closed:
            raise ResourceClosed("the stream was closed")

    def _check_may_send(self, part_sent: bool = False) -> None:
        self._check_open()
        if self._eof_sent:
            raise ResourceClosed("this side of the stream was ended with send_eof")
        if not part_sent:
            self._check_not_cut()
        if self._incoming.lost or self._outgoing.given_up:
            raise self._failed(self._gone())

    def _gone(self) -> NetworkError:
        kind = ConnectionReset if self._incoming.lost else ConnectionBroken
        return kind(operation="send", address=_ADDRESS)
