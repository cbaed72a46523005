"""The byte stream that TCP and TLS share: exact reads, limits and reports around raw I/O."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Final, TypeVar
from weakref import WeakSet, ref

import trio

from trio_helianthus.core import SEAM, checkpoint_budget, limit, next_connection_id, operation
from trio_helianthus.errors import (
    ConnectionBroken,
    HelianthusError,
    IncompleteReceive,
    LimitExceeded,
)

from ._buffers import view_bytes
from ._exclusive import Exclusive
from ._file_part import FilePart
from ._peer_state import PeerState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from trio_helianthus.core import CancelToken, Operation

    from ._address import SocketAddress
    from ._buffers import Buffer, WritableBuffer
    from ._file_part import BinaryFile
    from ._peer_state import PeerWatcher

_E = TypeVar("_E", bound=HelianthusError)

RECEIVE_BYTES: Final = 64 * 1024
"""How much one receive asks the system for."""
MAX_RECEIVE_BYTES: Final = 1024 * 1024
"""How much one receive asks for at most, however much is missing."""
MAX_UNTIL_BYTES: Final = 64 * 1024
"""What :meth:`ByteStream.receive_until` takes at most, unless told otherwise."""
MAX_ALL_BYTES: Final = 16 * 1024 * 1024
"""What :meth:`ByteStream.receive_all` takes at most, unless told otherwise."""

SYSTEM_ERRORS: Final = (OSError,)
"""What :attr:`ByteStream.socket_send` raises, not translated; to catch it and ask again."""


class ByteStream(trio.abc.Stream):
    """A connection that carries bytes both ways.

    A :class:`trio.abc.Stream` with exact reads, gathered writes, and the two limits on every
    operation: ``timeout`` in seconds for the whole operation (``None`` and ``math.inf``: no
    limit) and ``token``. One task may receive while another sends; two in the same direction
    are a mistake that raises :exc:`ResourceBusy`.

    On cancellation, by scope, token or timeout:

    * a receive has taken nothing: what arrived stays for the next receive;
    * a send may have sent a part. The stream is broken for sending then: further sends raise
      :exc:`ConnectionBroken`, as the peer cannot know where the next message begins, and closing
      it resets it, as an end of stream could pass for completeness.
    """

    socket_send: Callable[[Buffer], int] | None = None
    """The system's own send, for a loop over many connections in which each call counts; ``None``
    where there is none. It may be called when :meth:`send_nowait` might be, for the same; whoever
    does adds what was sent to :attr:`bytes_sent`, and on :data:`SYSTEM_ERRORS` calls that, which
    tells what is the matter."""

    def __init__(self, *, connection_id: int | None = None) -> None:
        self.connection_id: Final = next_connection_id() if connection_id is None else connection_id
        """Unique in this process; operations report it."""
        self.activity = ""
        """What the connection is busy with, for reports; whoever handles it may set it."""
        self.bytes_sent = 0
        self.bytes_received = 0
        self._last_error: ref[HelianthusError] | None = None
        self._errors: WeakSet[HelianthusError] | None = None
        self._received = bytearray()
        self._budget = checkpoint_budget()
        self._cut_send = False
        self._receiver = Exclusive("receiving from this stream")
        self._sender = Exclusive("sending to this stream")

    @property
    def last_error(self) -> HelianthusError | None:
        """The network's or the peer's error that an operation on this stream raised last.

        ``None`` as well when nobody holds that error any more.
        """
        return None if self._last_error is None else self._last_error()

    def has_raised(self, error: BaseException) -> bool:
        """Tell whether this very error is one of the network's or the peer's on this stream.

        Where several tasks share a connection that is lost, each of them gets its own.
        """
        return self._errors is not None and error in self._errors

    @property
    @abstractmethod
    def local_address(self) -> SocketAddress:
        """This side's address."""

    @property
    @abstractmethod
    def remote_address(self) -> SocketAddress:
        """The other side's address."""

    @abstractmethod
    async def wait_send_all_might_not_block(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Wait until sending is likely not to wait; see :class:`trio.abc.SendStream`.

        :raises NetworkError: the connection failed.
        """

    @abstractmethod
    def is_broken(self) -> bool:
        """Tell whether the connection has failed or was closed, as far as the system knows.

        Needs nobody to receive; an end of stream is no failure.
        """

    @abstractmethod
    async def is_quiet(self) -> bool:
        """Tell whether an idle connection may be used again.

        It may if it has not failed, the peer has not ended it, and nothing has come that nobody
        received. Does not wait for the peer.
        """

    def seems_quiet(self) -> bool | None:
        """Tell what :meth:`is_quiet` would, if that takes no waiting. This is no checkpoint.

        :returns: ``None`` where it would have to wait; then ask :meth:`is_quiet`.
        """
        return None

    @property
    def peer_state(self) -> PeerState:
        """What is known of the peer without receiving; says more while :attr:`watches_peer`."""
        return PeerState.PRESENT

    @property
    def watches_peer(self) -> bool:
        """Whether the system tells by itself when the peer leaves, even if nobody receives.

        It does while many connections are waited for at a time; see the hub in the architecture.
        Elsewhere only a receive finds out. It stays so until the next receive.
        """
        return False

    def watch_peer(self, watcher: PeerWatcher | None) -> None:
        """Have ``watcher`` called when :attr:`peer_state` changes, while :attr:`watches_peer`.

        :param watcher: is called from the scheduler, so it must neither wait nor raise; ``None``
            takes the last one away.
        """

    def send_nowait(self, data: Buffer) -> int:
        """Send as much of ``data`` as can be sent at once. This is no checkpoint.

        :returns: how many bytes were sent; sending the rest is the caller's duty. Always 0 for a
            stream that cannot do it.
        :raises NetworkError: the connection failed.
        """
        return 0

    def receive_nowait(self, max_bytes: int) -> bytes | None:
        """Receive what is there already. This is no checkpoint.

        For what is expected at once, such as the rest of a message of which the beginning has just
        come: to find nothing costs as much as to receive something.

        :param max_bytes: take at most this many bytes.
        :returns: at least one byte; ``b""`` when the peer has ended its side; ``None`` where
            nothing is there. Always ``None`` for a stream that cannot do it.
        :raises ResourceBusy: a task is receiving.
        :raises NetworkError: the connection failed.
        """
        return None

    def push_back(self, data: Buffer) -> None:
        """Put bytes back in front of what is received next: those that another protocol left over.

        :raises ResourceBusy: a task is receiving.
        """
        if self._receiver.busy:
            raise self._receiver.refusal()
        self._received[:0] = data

    @abstractmethod
    def reset(self) -> None:
        """Close at once, without waiting, so that the peer sees a connection reset, not an end.

        For connections in the middle of something: an end of stream could pass for completeness.
        """

    @abstractmethod
    async def _receive(self, max_bytes: int) -> bytes:
        """Receive from below; a full checkpoint or the documented budget."""

    async def _receive_into(self, view: memoryview) -> int:
        """Receive into ``view`` from below; otherwise as :meth:`_receive`."""
        data = await self._receive(len(view))
        view[: len(data)] = data
        return len(data)

    async def _send_file(self, part: FilePart) -> None:
        """Send a part of a file; ``bytes_sent`` tells how much."""
        await self._send([])  # for its checks
        sent = 0
        try:
            while True:
                self._cut_send = sent > 0  # as another task may close the stream meanwhile
                data = await part.read(sent)
                self._cut_send = False
                if not data:
                    break
                await self._send([memoryview(data)])
                sent += len(data)
        except BaseException:
            self._cut_send = self._cut_send or sent > 0
            raise

    @abstractmethod
    async def _send(self, buffers: list[memoryview]) -> None:
        """Send all of several non-empty buffers, or none for just the checks."""

    async def receive_some(
        self,
        max_bytes: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bytes:
        """Receive what is there, or wait until something is.

        :param max_bytes: take at most this many bytes; ``None`` means a sensible number.
        :returns: at least one byte, or ``b""`` when the peer has ended its side.
        :raises NetworkError: the connection failed.
        """
        if max_bytes is not None and max_bytes < 1:
            raise ValueError(f"max_bytes must be at least 1, not {max_bytes}")
        size = RECEIVE_BYTES if max_bytes is None else max_bytes
        if timeout is None and token is None and SEAM.instrument is None:
            with self._receiver:
                return await self._receive_some(size)
        with self._report("receive") as report, limit(timeout, token), self._receiver:
            data = await self._receive_some(size)
            if report is not None:
                report.bytes_received = len(data)
            return data

    async def receive_into(
        self,
        buffer: WritableBuffer,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Receive what is there, or wait until something is, into a buffer of the caller's.

        It spares a copy where the bytes have to be in that buffer, and nothing elsewhere.

        :param buffer: a ``bytearray``, or a writable ``memoryview`` whose bytes lie in one piece.
            Its beginning is written to; its size cannot change while it is waited for.
        :returns: how many bytes were written, at least one, or 0 when the peer has ended its side.
        :raises TypeError: the buffer cannot be written to.
        :raises ValueError: the buffer is empty.
        :raises NetworkError: the connection failed.
        """
        with view_bytes(buffer) as view:
            if view.readonly:
                raise TypeError("the buffer to receive into must be writable")
            if not view:
                raise ValueError("the buffer to receive into must not be empty")
            with self._report("receive_into") as report, limit(timeout, token), self._receiver:
                if self._received:
                    await self._checkpoint()
                    data = self._take(len(view))
                    count = len(data)
                    view[:count] = data
                else:
                    count = await self._receive_into(view)
                if report is not None:
                    report.bytes_received = count
                return count

    async def receive_exactly(
        self, count: int, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> bytes:
        """Receive ``count`` bytes, no more and no less.

        :raises IncompleteReceive: the peer ended first; ``partial`` has what came, which stays
            where it is.
        :raises NetworkError: the connection failed.
        """
        if count < 0:
            raise ValueError(f"count must be at least 0, not {count}")
        with self._report("receive_exactly") as report, limit(timeout, token), self._receiver:
            await self._fill(count, expected=count)
            if report is not None:
                report.bytes_received = count
            return self._take(count)

    async def receive_until(
        self,
        delimiter: bytes,
        *,
        max_bytes: int = MAX_UNTIL_BYTES,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bytes:
        """Receive up to and including ``delimiter``.

        :param max_bytes: how long the result may be, delimiter included.
        :raises LimitExceeded: there is no delimiter in the first ``max_bytes`` bytes, which stay
            where they are.
        :raises IncompleteReceive: the peer ended first; ``partial`` has what came, which stays
            where it is.
        :raises NetworkError: the connection failed.
        """
        if not isinstance(delimiter, (bytes, bytearray)):
            raise TypeError(f"the delimiter must be bytes, not {type(delimiter).__name__}")
        if not delimiter:
            raise ValueError("the delimiter must not be empty")
        if max_bytes < len(delimiter):
            raise ValueError(f"{max_bytes} bytes have no room for {delimiter!r}")
        with self._report("receive_until") as report, limit(timeout, token), self._receiver:
            searched = 0
            while True:
                await self._fill(searched + 1, expected=None)
                # A delimiter can begin in what was searched and end in what came since.
                start = max(0, searched - len(delimiter) + 1)
                found = self._received.find(delimiter, start, max_bytes)
                if found >= 0:
                    break
                if len(self._received) >= max_bytes:
                    raise self._failed(
                        LimitExceeded(
                            f"no {delimiter!r} within {max_bytes} bytes",
                            limit_name="max_bytes",
                            limit=max_bytes,
                        )
                    )
                searched = len(self._received)
            count = found + len(delimiter)
            if report is not None:
                report.bytes_received = count
            return self._take(count)

    async def receive_all(
        self,
        *,
        max_bytes: int = MAX_ALL_BYTES,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bytes:
        """Receive until the peer ends its side.

        :raises LimitExceeded: the peer sent more than ``max_bytes``, which stay where they are.
        :raises NetworkError: the connection failed.
        """
        with self._report("receive_all") as report, limit(timeout, token), self._receiver:
            while len(self._received) <= max_bytes:
                data = await self._receive(RECEIVE_BYTES)
                if not data:
                    break
                self._received += data
            else:
                raise self._failed(
                    LimitExceeded(
                        f"more than {max_bytes} bytes", limit_name="max_bytes", limit=max_bytes
                    )
                )
            count = len(self._received)
            if report is not None:
                report.bytes_received = count
            return self._take(count)

    async def send_all(
        self,
        data: Buffer,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Send all of ``data``.

        :raises TypeError: ``data`` is not bytes-like, or its bytes do not lie in one piece.
        :raises NetworkError: the connection failed.
        """
        if timeout is None and token is None and SEAM.instrument is None:
            with self._sender, view_bytes(data) as view:
                await self._send([view] if view else [])
            return
        await self.send_vectored((data,), timeout=timeout, token=token)

    async def send_vectored(
        self,
        buffers: Iterable[Buffer],
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Send all of several buffers, one after the other, without joining them first.

        :raises TypeError: as for :meth:`send_all`; nothing was sent then.
        :raises NetworkError: the connection failed.
        """
        views = [view for view in map(view_bytes, buffers) if view]
        with self._report("send") as report, limit(timeout, token), self._sender:
            sent_before = self.bytes_sent
            try:
                await self._send(views)
            finally:
                if report is not None:
                    report.bytes_sent = self.bytes_sent - sent_before
                for view in views:  # else a traceback would keep the caller's bytearrays locked
                    view.release()

    async def send_file(
        self,
        file: BinaryFile,
        offset: int = 0,
        count: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Send a file, or a part of it; where the system can, without copying it (sendfile(2)).

        The disk is waited for in a thread, which a cancellation has to wait for, too.

        :param file: open for reading in binary mode, and able to seek. Its position may change.
            What is no file of the system's, such as an :class:`io.BytesIO` or one that
            :func:`gzip.open` returns, is read in pieces of 1 MiB.
        :param offset: where to begin, in bytes.
        :param count: how many bytes to send; ``None``: until the end of the file.
        :returns: how many bytes were sent: fewer than ``count`` where the file ends before.
        :raises TypeError: the file is not open in binary mode, or asynchronous.
        :raises OSError: the file cannot be read there.
        :raises NetworkError: the connection failed.
        """
        part = FilePart(file, offset, count)
        with self._report("send_file") as report, limit(timeout, token), self._sender:
            sent_before = self.bytes_sent
            try:
                await self._send_file(part)
            finally:
                sent = self.bytes_sent - sent_before
                if report is not None:
                    report.bytes_sent = sent
            return sent

    def _report(self, verb: str) -> AbstractContextManager[Operation | None]:
        if SEAM.instrument is None:
            return operation("")
        return operation(f"net.{verb}", connection_id=self.connection_id, peer=self.remote_address)

    def _failed(self, error: _E) -> _E:
        # Weakly: the error's traceback refers to frames that refer to the stream.
        self._last_error = ref(error)
        if self._errors is None:
            self._errors = WeakSet()
        self._errors.add(error)
        return error

    def _check_not_cut(self) -> None:
        if self._cut_send:
            raise self._failed(
                ConnectionBroken(
                    "an earlier send was cut half-way",
                    operation="send",
                    address=self.remote_address,
                )
            )

    async def _receive_some(self, max_bytes: int) -> bytes:
        if not self._received:
            return await self._receive(max_bytes)
        await self._checkpoint()
        return self._take(max_bytes)

    async def _fill(self, count: int, *, expected: int | None) -> None:
        """Receive until ``count`` bytes are there; a checkpoint even if they are there already."""
        if len(self._received) >= count:
            await self._checkpoint()
        while len(self._received) < count:
            missing = min(count - len(self._received), MAX_RECEIVE_BYTES)
            data = await self._receive(max(RECEIVE_BYTES, missing))
            if not data:
                partial = bytes(self._received)
                raise self._failed(
                    IncompleteReceive(
                        partial=partial,
                        expected=expected,
                        operation="receive",
                        address=self.remote_address,
                    )
                )
            self._received += data

    def _take(self, count: int) -> bytes:
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    async def _checkpoint(self) -> None:
        """Deliver cancellation, and let other tasks run when the budget says so."""
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._budget.spend():
            await self._budget.refill()
