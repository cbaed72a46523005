"""The socket under DTLS: what trio's endpoint takes for a socket of trio, and cannot be hurt by."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, cast

import trio

from trio_helianthus.errors import NetworkError

from ._udp import UDPSocket
from ._udp_socket import MAX_DATAGRAM_SIZE

MAX_DTLS_DATAGRAM: Final = 2**14 + 2048 + 13
"""The longest datagram that a channel takes; longer ones are dropped. One record with its header
is no longer (RFC 6347, 4.1; RFC 5246, 6.2.3), and nobody puts more of such a size together."""
MIN_CIPHERTEXT_MTU: Final = 256
"""The smallest packets, in bytes of UDP payload, that a channel may be told of: OpenSSL's limit."""
INCOMING_DATAGRAMS: Final = 64
"""How many datagrams a channel keeps until they are received; further ones are dropped."""

if TYPE_CHECKING:
    import socket

    from ._address import SocketAddress


class EndpointSocket:
    """A UDP socket with the few methods of a trio socket that :class:`trio.DTLSEndpoint` calls.

    With a real one, anybody could end any channel by one empty datagram, as OpenSSL takes that for
    an error of its own; and an error of sending or receiving would end the trio run, as the
    endpoint receives in a system task. Here, both count as datagrams that were lost, and so do
    those that are longer than :data:`MAX_DTLS_DATAGRAM`, which would only take up room.
    """

    def __init__(self, socket: socket.socket) -> None:
        self.udp: Final = UDPSocket(socket, max_datagram_size=MAX_DTLS_DATAGRAM)
        """The socket itself."""
        self.type: Final = socket.type
        self.family: Final = socket.family

    def getsockname(self) -> SocketAddress:
        """Return what the socket is bound to."""
        return self.udp.local_address

    async def recvfrom(self, size: int) -> tuple[bytes, SocketAddress]:
        """Receive a datagram that is neither empty nor too long."""
        udp = self.udp
        while True:
            try:
                if udp._arrived:
                    await trio.lowlevel.checkpoint_if_cancelled()
                else:
                    await udp._wait_for_arrivals(udp._batch)
            except NetworkError:
                await trio.lowlevel.checkpoint()
                continue
            data, address, truncated = udp._arrived.popleft()
            if udp._budget.spend():
                await udp._budget.refill()
            if data and not truncated:
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


def check_settings(
    *, incoming_buffer: int, retransmit_timeout: float, ciphertext_mtu: int | None = None
) -> None:
    """Refuse what trio takes, and then floods the network by, never ends, or ends the run.

    :raises ValueError: a setting is out of its range.
    :raises TypeError: a number is no whole one.
    """
    for name, value in (("incoming_buffer", incoming_buffer), ("ciphertext_mtu", ciphertext_mtu)):
        if value is not None and not isinstance(value, int):
            raise TypeError(f"{name} must be an int, not {value!r}")
    if incoming_buffer < 1:
        raise ValueError(f"incoming_buffer must be at least 1, not {incoming_buffer}")
    if not 0 < retransmit_timeout < math.inf:  # this way round it catches NaN as well
        raise ValueError(f"retransmit_timeout must be > 0 and finite, not {retransmit_timeout!r}")
    if ciphertext_mtu is not None:
        check_mtu(ciphertext_mtu)


def check_mtu(size: int) -> None:
    """Refuse packets that a handshake does not fit into, or that no network has.

    :raises ValueError: it is one.
    """
    if not MIN_CIPHERTEXT_MTU <= size <= MAX_DATAGRAM_SIZE:
        bounds = f"from {MIN_CIPHERTEXT_MTU} to {MAX_DATAGRAM_SIZE}"
        raise ValueError(f"ciphertext_mtu must be {bounds}, not {size}")


def make_endpoint(below: EndpointSocket, incoming_buffer: int) -> trio.DTLSEndpoint:
    """Make trio's endpoint, which owns the socket from now on."""
    return trio.DTLSEndpoint(
        cast("trio.socket.SocketType", below), incoming_packets_buffer=incoming_buffer
    )
