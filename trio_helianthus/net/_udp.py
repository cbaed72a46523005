"""UDP: sockets that talk to anybody, and sockets that are connected to one peer."""

from __future__ import annotations

import socket as socket_module
from socket import inet_pton
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import trio
from trio.lowlevel import checkpoint_if_cancelled

from trio_helianthus.core import SEAM, limit
from trio_helianthus.errors import ConnectionRefused, ErrorCode, LimitExceeded

from ._address import resolve
from ._udp_socket import MAX_DATAGRAM_SIZE, DatagramSocket

if TYPE_CHECKING:
    from trio_helianthus.core import CancelToken, Operation
    from trio_helianthus.errors import NetworkError

    from ._address import SocketAddress
    from ._buffers import Buffer

# ICMP's answer to an earlier datagram: Winsock calls it a reset, the other systems refused.
_ANSWERS: Final = (ErrorCode.REFUSED, ErrorCode.RESET)


class Datagram(NamedTuple):
    """What a :class:`UDPSocket` receives."""

    data: bytes
    """The payload; it may be empty, which is not the end of anything."""
    address: SocketAddress
    """Who sent it, or claims to have."""
    truncated: bool
    """Whether it was longer than ``max_datagram_size``; the rest is lost."""


class UDPSocket(DatagramSocket[Datagram]):
    """A UDP socket that receives from anybody and sends to anybody.

    Made by :func:`open_udp`. ``async for data, address, truncated in socket`` receives for ever.
    That an earlier datagram found nobody is not told here, as it could not be told whom it was
    meant for.
    """

    async def send_to(
        self,
        data: Buffer,
        address: SocketAddress,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Send one datagram; waits only while the system has no room for it.

        :param data: the payload, up to 65,507 bytes over IPv4; it may be empty.
        :param address: of the socket's family and numeric, as :attr:`Datagram.address` is one and
            :meth:`resolve` returns one.
        :raises NetworkError: the system did not send it; with code ``MESSAGE_TOO_LARGE`` it has
            too many bytes.
        :raises ValueError: the address is not numeric, and resolving it would hold up all tasks;
            or its port is none.
        :raises ResourceClosed: the socket was closed.
        """
        if timeout is None and token is None and SEAM.instrument is None:
            await self._send_to(data, address)
            return
        with self._report("send") as report, limit(timeout, token):
            size = await self._send_to(data, address)
            if report is not None:
                report.peer, report.bytes_sent = address, size

    async def resolve(
        self,
        host: str,
        port: int,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> SocketAddress:
        """Return the address of a host that this socket can send to; the first one of several.

        :param host: a name or numeric address.
        :param port: 1 to 65535.
        :raises NameResolutionFailed: the name has no address of the socket's family.
        """
        with limit(timeout, token):
            endpoints = await resolve(
                host, port, kind=socket_module.SOCK_DGRAM, family=self.socket.family
            )
            return endpoints[0].address

    async def _send_to(self, data: Buffer, address: SocketAddress) -> int:
        await checkpoint_if_cancelled()
        try:
            inet_pton(self._family, address[0])  # type: ignore[arg-type]  # an int is a TypeError, caught below
        except (OSError, TypeError, IndexError):
            kind = "IPv6" if self._family == socket_module.AF_INET6 else "IPv4"
            raise ValueError(
                f"{address!r} is no numeric {kind} host and port; resolve() finds one by its name"
            ) from None
        try:
            size = self.socket.sendto(data, address)
        except OverflowError as exc:  # the port is none
            raise ValueError(f"{address!r} is no address: {exc}") from None
        except BlockingIOError:
            size = await self._send_when_writable(self.socket.sendto, data, address)
        except OSError as exc:
            raise self._send_error(exc, data, address) from exc
        self._sent += 1
        budget = self._budget
        budget.left -= 1
        if budget.left <= 0:
            await budget.refill()
        return size

    def _drain(self, at_most: int) -> None:
        receive, size, max_size = self.socket.recvfrom, self._asked_for, self._max_size
        arrive, make = self._arrived.append, tuple.__new__  # half the price of the constructor
        for _ in range(at_most):
            data, address = receive(size)
            if len(data) > max_size:
                self._truncated += 1
                arrive(Datagram(data[:max_size], address, True))
            else:
                arrive(make(Datagram, (data, address, False)))

    def _met(self, exc: OSError) -> None:
        error = self._translated(exc, "receive")
        if error.code not in _ANSWERS:
            self._error = error

    def _describe(self, received: list[Datagram], report: Operation) -> None:
        report.bytes_received = sum(len(datagram.data) for datagram in received)
        if len({datagram.address for datagram in received}) == 1:
            report.peer = received[0].address


class ConnectedUDPSocket(DatagramSocket[bytes], trio.abc.Channel[bytes]):
    """A UDP socket that receives from one peer only, and sends to it: a channel of datagrams.

    Made by :func:`open_udp` with ``remote``. It never ends by itself, as UDP knows no end. A
    receive of a datagram that is longer than ``max_datagram_size`` raises :exc:`LimitExceeded`;
    the next one goes on behind it.
    """

    def __init__(
        self, socket: socket_module.socket, *, max_datagram_size: int = MAX_DATAGRAM_SIZE
    ) -> None:
        super().__init__(socket, max_datagram_size=max_datagram_size)
        self.remote_address: Final = cast("SocketAddress", socket.getpeername())
        """The peer's address."""

    async def send(
        self, value: Buffer, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Send one datagram; waits only while the system has no room for it.

        :param value: the payload, up to 65,507 bytes over IPv4; it may be empty.
        :raises ConnectionRefused: nobody was there for an earlier datagram (ICMP says so). This
            one was not sent; the socket goes on.
        :raises NetworkError: the system did not send it; with code ``MESSAGE_TOO_LARGE`` it has
            too many bytes.
        :raises ResourceClosed: the socket was closed.
        """
        if timeout is None and token is None and SEAM.instrument is None:
            await self._send(value)
            return
        with self._report("send") as report, limit(timeout, token):
            size = await self._send(value)
            if report is not None:
                report.peer, report.bytes_sent = self.remote_address, size

    async def _send(self, data: Buffer) -> int:
        await checkpoint_if_cancelled()
        try:
            size = self.socket.send(data)
        except BlockingIOError:
            size = await self._send_when_writable(self.socket.send, data)
        except OSError as exc:
            raise self._send_error(exc, data) from exc
        self._sent += 1
        budget = self._budget
        budget.left -= 1
        if budget.left <= 0:
            await budget.refill()
        return size

    def _drain(self, at_most: int) -> None:
        receive, size, max_size = self.socket.recv, self._asked_for, self._max_size
        arrived = self._arrived
        for _ in range(at_most):
            data = receive(size)
            if len(data) > max_size:
                self._received += 1
                self._truncated += 1
                self._error = LimitExceeded(limit_name="max_datagram_size", limit=max_size)
                return
            arrived.append(data)

    def _met(self, exc: OSError) -> None:
        self._error = self._translated(exc, "receive")

    def _describe(self, received: list[bytes], report: Operation) -> None:
        report.bytes_received = sum(map(len, received))
        report.peer = self.remote_address

    def _translated(
        self, exc: OSError, verb: str, address: SocketAddress | None = None
    ) -> NetworkError:
        error = super()._translated(exc, verb, self.remote_address)
        if error.code is not ErrorCode.RESET:
            return error
        # recvfrom (learn.microsoft.com): a reset of a datagram socket is ICMP's port unreachable.
        return ConnectionRefused(
            errno=error.errno, symbol=error.symbol, operation=verb, address=self.remote_address
        )
