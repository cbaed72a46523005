"""The socket under DTLS: what trio's endpoint takes for a socket of trio, and cannot be hurt by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import trio

from trio_helianthus.errors import NetworkError

from ._udp import UDPSocket

if TYPE_CHECKING:
    import socket

    from ._address import SocketAddress


class EndpointSocket:
    """A UDP socket with the few methods of a trio socket that :class:`trio.DTLSEndpoint` calls.

    With a real one, anybody could end any channel by one empty datagram, as OpenSSL takes that for
    an error of its own; and an error of sending or receiving would end the trio run, as the
    endpoint receives in a system task. Here, both count as datagrams that were lost.
    """

    def __init__(self, socket: socket.socket) -> None:
        self.udp: Final = UDPSocket(socket)
        """The socket itself."""
        self.type: Final = socket.type
        self.family: Final = socket.family

    def getsockname(self) -> SocketAddress:
        """Return what the socket is bound to."""
        return self.udp.local_address

    async def recvfrom(self, size: int) -> tuple[bytes, SocketAddress]:
        """Receive a datagram that is not empty."""
        udp = self.udp
        while True:
            try:
                if udp._arrived:
                    await trio.lowlevel.checkpoint_if_cancelled()
                else:
                    await udp._wait_for_arrivals()
            except NetworkError:
                await trio.lowlevel.checkpoint()
                continue
            data, address, _ = udp._arrived.popleft()
            if udp._budget.spend():
                await udp._budget.refill()
            if data:
                return data, address

    async def sendto(self, data: bytes, address: SocketAddress) -> int:
        """Send a datagram of a handshake, which repeats it if need be."""
        try:
            return await self.udp._send_to(data, address)
        except NetworkError:
            return len(data)

    def close(self) -> None:
        """Close the socket."""
        self.udp.close()


def make_endpoint(below: EndpointSocket, incoming_buffer: int) -> trio.DTLSEndpoint:
    """Make trio's endpoint, which owns the socket from now on."""
    return trio.DTLSEndpoint(
        cast("trio.socket.SocketType", below), incoming_packets_buffer=incoming_buffer
    )
