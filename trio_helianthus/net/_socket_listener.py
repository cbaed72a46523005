"""Listening sockets: what TCP and unix listeners share, accepting."""

from __future__ import annotations

import errno
from abc import abstractmethod
from socket import SOCK_STREAM
from typing import TYPE_CHECKING, Final, TypeVar, cast

import trio

from trio_helianthus.core import checkpoint_budget, limit
from trio_helianthus.errors import ResourceClosed, format_address, from_os_error

from ._exclusive import Exclusive
from ._network import current_network
from ._options import set_options
from ._socket_stream import SocketStream

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from trio_helianthus.core import CancelToken

    from ._address import SocketAddress
    from ._options import SocketOption

StreamT_co = TypeVar("StreamT_co", bound=SocketStream, covariant=True)

# accept(2): errors of the new connection, not of the listener.
_LOST_BEFORE_ACCEPT: Final = {
    getattr(errno, name)
    for name in (
        "ECONNABORTED",
        "ECONNRESET",  # Windows
        "ETIMEDOUT",
        "EPROTO",
        "EPERM",
        "ENETDOWN",
        "ENOPROTOOPT",
        "EHOSTDOWN",
        "ENONET",
        "EHOSTUNREACH",
        "EOPNOTSUPP",
        "ENETUNREACH",
    )
    if hasattr(errno, name)
}


class SocketListener(trio.abc.Listener[StreamT_co]):
    """A listening stream socket: what :class:`TCPListener` and :class:`UnixListener` share.

    Ask for this where it may be either; it is not made by itself.
    """

    def __init__(
        self,
        socket: socket.socket,
        *,
        address: SocketAddress | None = None,
        options: Iterable[SocketOption] = (),
    ) -> None:
        if socket.type != SOCK_STREAM:
            raise ValueError(f"a listener takes a stream socket, not one of {socket.type!r}")
        # Some systems hand a listener's options on. All tell here which ones they do not know.
        self._options = tuple(options)
        set_options(socket, self._options)
        socket.setblocking(False)
        self.socket: Final = socket
        """The socket, for its options."""
        self.address: Final = (
            cast("SocketAddress", socket.getsockname()) if address is None else address
        )
        """What it is bound to."""
        self._readiness = current_network().readiness_of(socket, repeats=True)
        self._closed = False
        self._budget = checkpoint_budget()
        self._accepting = Exclusive("accepting at this listener")

    def __repr__(self) -> str:
        state = " closed" if self._closed else ""
        return f"<{type(self).__name__} {format_address(self.address)}{state}>"

    async def accept(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> StreamT_co:
        """Wait for a connection and return it. Being cancelled loses none.

        :param timeout: seconds; ``None`` and ``math.inf`` mean no limit.
        :param token: cancels the waiting.
        :raises TooManyOpenFiles: the process or system has no file descriptor left; the
            connection stays in the backlog.
        :raises ResourceClosed: the listener was closed.
        :raises ResourceBusy: another task is accepting.
        :raises NetworkError: the listener failed.
        """
        with limit(timeout, token), self._accepting:
            self._check_open()
            await trio.lowlevel.checkpoint_if_cancelled()
            waited = False
            while not (streams := self.accept_nowait(1)):
                await self._wait_readable()
                waited = True
            if not waited and self._budget.spend():
                await self._budget.refill()
            return streams[0]

    async def wait_connection(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Wait until there may be a connection for :meth:`accept_nowait`; always a checkpoint.

        :raises ResourceClosed: the listener was closed.
        :raises ResourceBusy: another task is accepting.
        """
        with limit(timeout, token), self._accepting:
            self._check_open()
            await self._wait_readable()

    def accept_nowait(self, at_most: int) -> list[StreamT_co]:
        """Return the connections that have come already, perhaps none.

        One that its client has given up meanwhile is passed over. An error behind the first
        connection is left for the next call to meet.

        :param at_most: how many to return; further ones stay in the backlog.
        :raises TooManyOpenFiles: the process or system has no file descriptor left; the
            connection stays in the backlog.
        :raises ResourceClosed: the listener was closed.
        :raises NetworkError: the listener failed.
        """
        self._check_open()
        streams: list[StreamT_co] = []
        readiness = self._readiness
        readiness.readable = readiness.insists
        for _ in range(at_most):
            try:
                accepted, address = self.socket.accept()
            except BlockingIOError:
                readiness.readable = readiness.insists = False
                return streams
            except OSError as exc:
                if exc.errno in _LOST_BEFORE_ACCEPT:
                    continue
                if streams:
                    break
                raise from_os_error(exc, operation="accept", address=self.address) from exc
            try:
                set_options(accepted, self._options)
                streams.append(self._make_stream(accepted, cast("SocketAddress", address)))
            except OSError:  # macOS, Windows: it was reset before we got to it
                accepted.close()
        readiness.readable = True
        return streams

    async def aclose(self) -> None:
        """Close the listener; connections in its backlog are refused by the system.

        Nothing is waited for, so cancellation makes no difference.
        """
        self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """Close the listener, without a checkpoint."""
        if not self._closed:
            self._closed = True
            self._readiness.close()
            self.socket.close()

    @abstractmethod
    def _make_stream(self, accepted: socket.socket, address: SocketAddress) -> StreamT_co:
        """Make a stream of an accepted socket."""

    def _check_open(self) -> None:
        if self._closed:
            raise ResourceClosed("the listener was closed")

    async def _wait_readable(self) -> None:
        if self._readiness.readable:  # the last batch was full, so there may be more
            await trio.lowlevel.checkpoint()
        else:
            try:
                await self._readiness.wait_readable()
            except trio.ClosedResourceError as exc:
                raise ResourceClosed("the listener was closed") from exc
        self._check_open()  # another task may have closed it after this one was woken
        self._budget.reset()
