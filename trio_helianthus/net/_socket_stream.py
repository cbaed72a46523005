"""Socket streams: a non-blocking socket of the standard library, and what waits for it."""

from __future__ import annotations

import contextlib
import copy
import socket as socket_module
import struct
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import trio
from trio.lowlevel import checkpoint_if_cancelled

from trio_helianthus.core import SEAM, limit
from trio_helianthus.errors import (
    ConnectionBroken,
    ErrorCode,
    NetworkError,
    ResourceClosed,
    from_os_error,
    network_error,
)

from ._buffers import drop_sent, joined
from ._file_part import CannotSendFromFile, send_from_file
from ._network import current_network
from ._peer_state import PeerState
from ._stream import RECEIVE_BYTES, ByteStream

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from trio_helianthus.core import CancelToken

    from ._address import SocketAddress
    from ._buffers import Buffer
    from ._file_part import FilePart
    from ._peer_state import PeerWatcher
    from ._readiness import Readiness

_T = TypeVar("_T")

MAX_GATHERED: Final = 512
"""How many buffers go into one gathered send; systems allow at least 1024 (POSIX: 16)."""
# What makes an end of stream a lie. Not a broken pipe: the peer may have ended its side before.
_LOSSES: Final = frozenset(
    {
        ErrorCode.ABORTED,
        ErrorCode.NOT_CONNECTED,
        ErrorCode.RESET,
        ErrorCode.TIMED_OUT,
        ErrorCode.UNREACHABLE,
    }
)
_LINGER_OFF: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class SocketStream(ByteStream, trio.abc.HalfCloseableStream):
    """A connected stream socket: what TCP and unix connections share.

    A receive waits first and reads then, as the answer to a request is never there yet; after a
    read that filled its buffer it reads first. A send writes first and waits only when it must.
    An operation that succeeded at once skips the schedule point within the checkpoint budget.
    """

    def __init__(
        self,
        socket: socket_module.socket,
        *,
        remote_address: SocketAddress | None = None,
        connection_id: int | None = None,
        readiness: Readiness | None = None,
    ) -> None:
        super().__init__(connection_id=connection_id)
        self._local_address = cast("SocketAddress", socket.getsockname())
        if remote_address is None:
            remote_address = cast("SocketAddress", socket.getpeername())
        self._remote_address = remote_address
        socket.setblocking(False)
        self.socket: Final = socket
        """The socket, for its options. Reading from it, and closing it, is the stream's."""
        self.socket_send: Callable[[Buffer], int] | None = socket.send
        if readiness is None:
            readiness = current_network().readiness_of(socket)
        self._readiness = readiness
        self._closed = False
        self._eof_sent = False
        self._may_send = True  # neither closed nor ended
        self._lost: NetworkError | None = None

    def __repr__(self) -> str:
        state = " closed" if self._closed else ""
        return f"<{type(self).__name__} {self._local_address!r} to {self._remote_address!r}{state}>"

    @property
    def local_address(self) -> SocketAddress:
        """This side's address."""
        return self._local_address

    @property
    def remote_address(self) -> SocketAddress:
        """The other side's address."""
        return self._remote_address

    async def wait_send_all_might_not_block(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Wait until the system would take some bytes to send.

        :raises NetworkError: the connection failed.
        """
        with limit(timeout, token), self._sender:
            self._check_open()
            await self._wait_writable()

    async def send_eof(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """End this side of the connection; the other goes on. Doing it twice is fine.

        :raises ConnectionBroken: an earlier send was cut half-way.
        :raises NetworkError: the connection failed.
        """
        with limit(timeout, token), self._sender:
            self._check_open()
            self._check_not_cut()
            await self._checkpoint()
            if self._eof_sent:
                return
            self._eof_sent = True
            self._may_send = False
            try:
                self.socket.shutdown(socket_module.SHUT_WR)
            except OSError as exc:
                raise self._translated(exc, "shut down") from exc

    def is_broken(self) -> bool:
        """Tell whether the connection has failed or was closed, as far as the system knows."""
        if self._closed or self._lost is not None:
            return True
        number = self.socket.getsockopt(socket_module.SOL_SOCKET, socket_module.SO_ERROR)
        if number:
            # The system tells it once, and the next receive is to know it, too.
            self._lost = _breakage(
                network_error(number, operation="receive", address=self._remote_address)
            )
        return bool(number)

    @property
    def peer_state(self) -> PeerState:
        """What is known of the peer without receiving."""
        return self._readiness.peer

    @property
    def watches_peer(self) -> bool:
        """Whether the system tells by itself when the peer leaves, even if nobody receives."""
        return self._readiness.watches_peer

    def watch_peer(self, watcher: PeerWatcher | None) -> None:
        """Have ``watcher`` called when :attr:`peer_state` changes, while :attr:`watches_peer`."""
        self._readiness.peer_watcher = watcher

    def send_nowait(self, data: Buffer) -> int:
        """Send as much of ``data`` as can be sent at once. This is no checkpoint.

        :returns: how many bytes were sent; sending the rest is the caller's duty.
        :raises ResourceBusy: a task is sending.
        :raises NetworkError: the connection failed.
        """
        if self._sender.busy:
            raise self._sender.refusal()
        if not self._may_send:
            self._check_open()
            raise ResourceClosed("this side of the stream was ended with send_eof")
        if self._cut_send:
            self._check_not_cut()
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            return 0
        except OSError as exc:
            raise self._translated(exc, "send") from exc
        self.bytes_sent += sent
        return sent

    async def is_quiet(self) -> bool:
        """Tell whether nothing has come that nobody received, and the peer is still there."""
        await self._checkpoint()
        if self._received or self.is_broken():
            return False
        try:
            self.socket.recv(1, socket_module.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError as exc:
            self._translated(exc, "receive")
        return False

    def seems_quiet(self) -> bool | None:
        """Tell whether nothing has come that nobody received, and the peer is still there.

        Never ``None``. While :attr:`watches_peer`, that is mostly without a system call.
        """
        if self._received or self._closed or self._lost is not None:
            return False
        readiness = self._readiness
        if readiness.watches_peer and not readiness.readable:  # which may be left of an old edge
            return readiness.peer is PeerState.PRESENT
        try:
            self.socket.recv(1, socket_module.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError as exc:
            self._translated(exc, "receive")
        return False

    async def aclose(self) -> None:
        """Close the connection at once; what was sent is still delivered.

        Only where the peer has sent what nobody received, the system resets the connection, which
        can overtake what was sent (RFC 1122, 4.2.2.13). Where that matters, call :meth:`send_eof`
        and receive until the end first.

        Nothing is waited for, so cancellation makes no difference. After a send that was cut, and
        in the middle of another task's, the connection is reset instead.
        """
        if self._cut_send:
            self.reset()
        else:
            self._close()
        await trio.lowlevel.checkpoint()

    def reset(self) -> None:
        """Close at once, so that the peer sees a connection reset (SO_LINGER of 0, RFC 1122)."""
        if not self._closed:
            with contextlib.suppress(OSError):  # then an ordinary close has to do
                self.socket.setsockopt(
                    socket_module.SOL_SOCKET, socket_module.SO_LINGER, _LINGER_OFF
                )
        self._close()

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
        if (
            timeout is not None
            or token is not None
            or self._received
            or SEAM.instrument is not None
            or (max_bytes is not None and max_bytes < 1)
        ):
            return await super().receive_some(max_bytes, timeout=timeout, token=token)
        # The hot path: the same with fewer calls, each of which costs as much as all of its checks.
        size = RECEIVE_BYTES if max_bytes is None else max_bytes
        receiver, readiness, budget = self._receiver, self._readiness, self._budget
        if receiver.busy:
            raise receiver.refusal()
        if self._closed:
            raise self._was_closed()
        receiver.busy = True
        try:
            if at_once := readiness.readable:
                await checkpoint_if_cancelled()
            while True:
                if not readiness.readable:
                    await (readiness.place or readiness.wait_readable())
                    budget.left = budget.full
                    at_once = False
                readiness.readable = readiness.insists
                try:
                    data = self.socket.recv(size)
                    break
                except BlockingIOError:
                    readiness.readable = readiness.insists = False
                except OSError as exc:
                    raise self._translated(exc, "receive") from exc
            received = len(data)
            self.bytes_received += received
            if received == size:
                readiness.readable = True
            elif not received:
                self._check_end()
            if at_once and budget.spend():
                await budget.refill()
        except trio.ClosedResourceError as exc:
            raise self._was_closed() from exc
        finally:
            receiver.busy = False
        return data

    def receive_nowait(self, max_bytes: int) -> bytes | None:
        """Receive what is there already. This is no checkpoint.

        :param max_bytes: take at most this many bytes.
        :returns: ``None`` where nothing is there; otherwise as :meth:`receive_some`.
        :raises ResourceBusy: a task is receiving.
        :raises NetworkError: the connection failed.
        """
        if self._receiver.busy:
            raise self._receiver.refusal()
        self._check_open()
        return self._take(max_bytes) if self._received else self._receive_now(max_bytes)

    def _receive(self, max_bytes: int) -> Coroutine[Any, Any, bytes]:
        return self._until_there(partial(self._receive_now, max_bytes))

    def _receive_into(self, view: memoryview) -> Coroutine[Any, Any, int]:
        return self._until_there(partial(self._receive_into_now, view))

    async def _until_there(self, receive_now: Callable[[], _T | None]) -> _T:
        """Call ``receive_now``, waiting before and between, until it returns something."""
        self._check_open()
        readiness = self._readiness
        if at_once := readiness.readable:
            await checkpoint_if_cancelled()
        while True:
            if not readiness.readable:
                try:
                    await (readiness.place or readiness.wait_readable())
                except trio.ClosedResourceError as exc:
                    raise self._was_closed() from exc
                self._budget.reset()
                at_once = False
            received = receive_now()
            if received is not None:
                break
        if at_once and self._budget.spend():
            await self._budget.refill()
        return received

    def _receive_now(self, max_bytes: int) -> bytes | None:
        readiness = self._readiness
        readiness.readable = readiness.insists
        try:
            data = self.socket.recv(max_bytes)
        except BlockingIOError:
            readiness.readable = readiness.insists = False
            return None
        except OSError as exc:
            raise self._translated(exc, "receive") from exc
        self._note_received(len(data), max_bytes)
        return data

    def _receive_into_now(self, view: memoryview) -> int | None:
        readiness = self._readiness
        readiness.readable = readiness.insists
        try:
            received = self.socket.recv_into(view)
        except BlockingIOError:
            readiness.readable = readiness.insists = False
            return None
        except OSError as exc:
            raise self._translated(exc, "receive") from exc
        self._note_received(received, len(view))
        return received

    def _note_received(self, received: int, max_bytes: int) -> None:
        self.bytes_received += received
        if received == max_bytes:
            self._readiness.readable = True
        elif not received:
            self._check_end()

    def _check_end(self) -> None:
        # The system tells of a loss once, to a send or a receive, and calls it an end then.
        if self._lost is not None:
            raise self._failed(copy.copy(self._lost))

    async def send_all(
        self, data: Buffer, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Send all of ``data``.

        :raises TypeError: ``data`` is not bytes-like, or its bytes do not lie in one piece.
        :raises NetworkError: the connection failed.
        """
        if (
            timeout is not None
            or token is not None
            or type(data) is not bytes
            or not data
            or SEAM.instrument is not None
            or self._sender.busy
            or self._cut_send
            or not self._may_send
        ):
            await super().send_all(data, timeout=timeout, token=token)
            return
        # The hot path: the same without a context manager and a view, where it need not wait.
        await checkpoint_if_cancelled()
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as exc:
            raise self._translated(exc, "send") from exc
        self.bytes_sent += sent
        if sent < len(data):
            with self._sender:
                await self._send_rest([memoryview(data)[sent:]], part_sent=sent > 0)
            return
        budget = self._budget
        budget.left -= 1
        if budget.left <= 0:
            await budget.refill()

    async def _send(self, buffers: list[memoryview]) -> None:
        self._check_open()
        if self._eof_sent:
            raise ResourceClosed("this side of the stream was ended with send_eof")
        self._check_not_cut()
        await checkpoint_if_cancelled()
        await self._send_rest(buffers, part_sent=False)

    async def _send_rest(self, buffers: list[memoryview], *, part_sent: bool) -> None:
        self._cut_send = part_sent  # until all of it is sent, as another task may close the stream
        waited = False
        try:
            while buffers:
                sent = self._send_now(buffers)
                if not sent:
                    waited = True
                    await self._wait_writable()
                    continue
                self._cut_send = True
                self.bytes_sent += sent
                drop_sent(buffers, sent)
                if buffers and self._budget.spend():
                    await trio.lowlevel.checkpoint()
                    self._budget.reset()
        except BaseException:
            buffers.clear()  # else a traceback would keep the caller's bytearray locked
            raise
        self._cut_send = False
        if not waited and self._budget.spend():
            await self._budget.refill()

    async def _send_file(self, part: FilePart) -> None:
        if part.number is None:
            await super()._send_file(part)
            return
        await self._send([])  # for its checks
        await part.flush()
        sent = loaded = 0
        try:
            while size := part.rest(sent)[1]:
                if sent >= loaded:
                    await part.load(sent)
                    loaded = sent + size
                try:
                    count = send_from_file(
                        self.socket, part.number, part.offset + sent, loaded - sent
                    )
                except BlockingIOError:
                    await self._wait_writable()
                    continue
                except CannotSendFromFile:
                    self._check_open()
                    self._cut_send = False
                    await super()._send_file(part.after(sent))
                    break
                except OSError as exc:
                    raise self._translated(exc, "send") from exc
                if not count:  # the file ends here
                    break
                self._cut_send = True
                sent += count
                self.bytes_sent += count
                if self._budget.spend():
                    await trio.lowlevel.checkpoint()
                    self._budget.reset()
        except BaseException:
            self._cut_send = self._cut_send or sent > 0
            raise
        self._cut_send = False

    def _send_now(self, buffers: list[memoryview]) -> int:
        try:
            if len(buffers) == 1:
                return self.socket.send(buffers[0])
            return _send_gathered(self.socket, buffers)
        except BlockingIOError:
            return 0
        except OSError as exc:
            raise self._translated(exc, "send") from exc

    async def _wait_writable(self) -> None:
        try:
            await self._readiness.wait_writable()
        except trio.ClosedResourceError as exc:
            raise self._was_closed() from exc
        self._budget.reset()

    def _check_open(self) -> None:
        if self._closed:
            raise self._was_closed()

    def _was_closed(self) -> ResourceClosed:
        return ResourceClosed("the stream was closed")

    def _translated(self, exc: OSError, verb: str) -> NetworkError | ResourceClosed:
        if self._closed:  # by another task, after this one was woken and before it ran
            return self._was_closed()
        error = _breakage(from_os_error(exc, operation=verb, address=self._remote_address))
        if error.code in _LOSSES:
            self._lost = copy.copy(error)  # without the traceback, which refers to the stream
        return self._failed(error)

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._may_send = False
            self._received.clear()
            self._readiness.close()
            self.socket.close()


def _breakage(error: NetworkError) -> NetworkError:
    """Make an error of an established stream one that code for trio's streams catches."""
    if isinstance(error, trio.BrokenResourceError):
        return error
    return ConnectionBroken(
        error.message,
        code=error.code,
        errno=error.errno,
        symbol=error.symbol,
        operation=error.operation,
        address=error.address,
    )


if sys.platform != "win32":

    def _send_gathered(socket: socket_module.socket, buffers: list[memoryview]) -> int:
        return socket.sendmsg(buffers[:MAX_GATHERED])

else:  # pragma: no cover - Windows, whose sockets have no sendmsg

    def _send_gathered(socket: socket_module.socket, buffers: list[memoryview]) -> int:
        return socket.send(next(joined(buffers)))
