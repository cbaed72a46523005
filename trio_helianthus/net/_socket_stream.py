"""Socket streams: a non-blocking socket of the standard library, and what waits for it."""

from __future__ import annotations

import contextlib
import copy
import socket as socket_module
import struct
import sys
from typing import TYPE_CHECKING, Final, cast

import trio

from trio_helianthus.core import limit
from trio_helianthus.errors import (
    ConnectionBroken,
    ErrorCode,
    NetworkError,
    ResourceClosed,
    from_os_error,
    network_error,
)

from ._buffers import drop_sent, joined
from ._hub import readiness_of
from ._stream import ByteStream

if TYPE_CHECKING:
    from trio_helianthus.core import CancelToken

    from ._address import SocketAddress
    from ._readiness import Readiness

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
        self._readiness = readiness_of(socket) if readiness is None else readiness
        self._closed = False
        self._eof_sent = False
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

    async def aclose(self) -> None:
        """Close the connection at once; what was sent is still delivered.

        Only where the peer has sent what nobody received, the system resets the connection, which
        can overtake what was sent (RFC 1122, 4.2.2.13). Where that matters, call :meth:`send_eof`
        and receive until the end first.

        Nothing is waited for, so cancellation makes no difference. After a send that was cut the
        connection is reset instead.
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

    async def _receive(self, max_bytes: int) -> bytes:
        self._check_open()
        readiness = self._readiness
        waited = False
        if readiness.readable:
            await trio.lowlevel.checkpoint_if_cancelled()
        while True:
            if not readiness.readable:
                await readiness.wait_readable()
                self._budget.reset()
                waited = True
            readiness.readable = readiness.insists
            try:
                data = self.socket.recv(max_bytes)
            except BlockingIOError:
                readiness.readable = readiness.insists = False
                continue
            except OSError as exc:
                raise self._translated(exc, "receive") from exc
            break
        received = len(data)
        if received == max_bytes:
            readiness.readable = True
        elif not received and self._lost is not None:
            # The system tells of a loss once, to a send or a receive, and calls it an end then.
            raise self._failed(copy.copy(self._lost))
        self.bytes_received += received
        if not waited and self._budget.spend():
            await self._budget.refill()
        return data

    async def _send(self, buffers: list[memoryview]) -> None:
        self._check_open()
        if self._eof_sent:
            raise ResourceClosed("this side of the stream was ended with send_eof")
        self._check_not_cut()
        await trio.lowlevel.checkpoint_if_cancelled()
        waited = part_sent = False
        try:
            while buffers:
                sent = self._send_now(buffers)
                if not sent:
                    waited = True
                    await self._wait_writable()
                    continue
                part_sent = True
                self.bytes_sent += sent
                drop_sent(buffers, sent)
                if buffers and self._budget.spend():
                    await trio.lowlevel.checkpoint()
                    self._budget.reset()
        except BaseException:
            self._cut_send = part_sent
            buffers.clear()  # else a traceback would keep the caller's bytearray locked
            raise
        if not waited and self._budget.spend():
            await self._budget.refill()

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
        await self._readiness.wait_writable()
        self._budget.reset()

    def _check_open(self) -> None:
        if self._closed:
            raise ResourceClosed("the stream was closed")

    def _translated(self, exc: OSError, verb: str) -> NetworkError | ResourceClosed:
        if self._closed:  # by another task, after this one was woken and before it ran
            return ResourceClosed("the stream was closed")
        error = _breakage(from_os_error(exc, operation=verb, address=self._remote_address))
        if error.code in _LOSSES:
            self._lost = copy.copy(error)  # without the traceback, which refers to the stream
        return self._failed(error)

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
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

else:  # pragma: no cover

    def _send_gathered(socket: socket_module.socket, buffers: list[memoryview]) -> int:
        return socket.send(next(joined(buffers)))
