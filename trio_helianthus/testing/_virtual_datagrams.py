"""Virtual datagram sockets: each datagram is on its own, and may be lost, doubled or overtaken."""

from __future__ import annotations

import errno
import socket as socket_module
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from ._virtual_socket import VirtualSocket, address_in, os_error

if TYPE_CHECKING:
    import random

    from ._virtual_host import VirtualHost
    from ._virtual_socket import Address

MAX_PAYLOAD_BYTES: Final = 65507
"""What fits into an IPv4 datagram (RFC 768)."""
OVERTAKEN_SECONDS: Final = 0.01
"""How much later a datagram arrives that is to be overtaken."""


class VirtualDatagramSocket(VirtualSocket):
    """A virtual UDP socket. What comes when its buffer is full is dropped."""

    type: ClassVar[socket_module.SocketKind] = socket_module.SOCK_DGRAM
    proto: ClassVar[int] = socket_module.IPPROTO_UDP

    def __init__(self, host: VirtualHost, family: socket_module.AddressFamily) -> None:
        super().__init__(host, family)
        self.remote: Address | None = None
        self._arrived: deque[tuple[bytes, Address]] = deque()
        self._bytes_arrived = 0
        self._error = 0
        self._rngs: dict[Address, random.Random] = {}

    def connect(self, address: Address) -> None:
        """Choose the one peer."""
        self._check_open()
        if not self.local[1]:
            ours = self.host.address_towards(self.family, address[0])
            self.bind(address_in(self.family, ours, 0))
        self.remote = address_in(self.family, address[0], address[1])

    def getpeername(self) -> Address:
        """Return the one peer's address."""
        self._check_open()
        if self.remote is None:
            raise os_error(errno.ENOTCONN)
        return self.remote

    def send(self, data: bytes | bytearray | memoryview, flags: int = 0) -> int:
        """Send a datagram to the one peer."""
        self._check_open()
        if self.remote is None:
            raise os_error(errno.EDESTADDRREQ)
        return self._send(bytes(data), self.remote)

    def sendto(self, data: bytes | bytearray | memoryview, address: Address) -> int:
        """Send a datagram."""
        self._check_open()
        if not self.local[1]:
            self.bind(self.local)
        return self._send(bytes(data), address_in(self.family, address[0], address[1]))

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Receive a datagram, and drop of it what is longer than ``size``."""
        return self.recvfrom(size, flags)[0]

    def recvfrom(self, size: int, flags: int = 0) -> tuple[bytes, Address]:
        """Receive a datagram and its sender's address."""
        self._check_open()
        self._raise_error()
        if not self._arrived:
            raise os_error(errno.EAGAIN)
        if flags & socket_module.MSG_PEEK:
            data, address = self._arrived[0]
        else:
            data, address = self._arrived.popleft()
            self._bytes_arrived -= len(data)
        return data[:size], address

    def is_readable(self) -> bool:
        """Tell whether a receive would return or raise at once."""
        return bool(self._arrived or self._error)

    def is_writable(self) -> bool:
        """Tell whether a send would take something at once, which it always does."""
        return True

    def _send(self, data: bytes, address: Address) -> int:
        self._raise_error()
        if len(data) > MAX_PAYLOAD_BYTES:
            raise os_error(errno.EMSGSIZE)
        rng = self._rngs.get(address)
        if rng is None:
            fabric, target = self.host.fabric, self.host.host_at(address[0])
            rng = self._rngs[address] = fabric.make_rngs(self.host, target, address[1])[0]
        path = self.host.path_to(address[0])
        link = path.link
        if path.cut or rng.random() < link.datagram_loss:
            return len(data)
        copies = 2 if rng.random() < link.datagram_duplication else 1
        for _ in range(copies):
            seconds = link.draw_latency(rng)
            if rng.random() < link.datagram_reordering:
                seconds += OVERTAKEN_SECONDS
            self.host.fabric.timetable.call_later(seconds, partial(self._reach, data, address))
        return len(data)

    def _reach(self, data: bytes, address: Address) -> None:
        path, target = self.host.path_to(address[0]), self.host.host_at(address[0])
        if path.cut or target is None:
            return
        receiver = target.ports.find_receiver(self.family, address[0], address[1])
        if receiver is not None:
            receiver._take(data, self._source(address), path.link.buffer_bytes)
        elif self.remote is not None:  # the answer tells only a connected socket (udp(7))
            self.host.fabric.timetable.call_later(path.link.latency, self._was_refused)

    def _source(self, target: Address) -> Address:
        """Return the address that a receiver sees."""
        if self.local[0] not in ("0.0.0.0", "::"):  # noqa: S104
            return self.local
        ours = self.host.address_towards(self.family, target[0])
        return address_in(self.family, ours, self.local[1])

    def _take(self, data: bytes, source: Address, buffer_bytes: int) -> None:
        is_from_peer = self.remote is None or source[:2] == self.remote[:2]
        if is_from_peer and self._bytes_arrived + len(data) <= buffer_bytes:
            self._arrived.append((data, source))
            self._bytes_arrived += len(data)
            self.wake()

    def _was_refused(self) -> None:
        if not self.closed:
            self._error = errno.ECONNREFUSED
            self.wake()

    def _raise_error(self) -> None:
        if self._error:
            raise os_error(self._take_error())

    def _take_error(self) -> int:
        number, self._error = self._error, 0
        return number

    def _closing(self) -> None:
        self._arrived.clear()
