"""Virtual stream sockets: listening, connecting, and both sides of a connection."""

from __future__ import annotations

import errno
import socket as socket_module
import struct
import sys
from collections import deque
from enum import Enum
from functools import partial
from operator import index
from typing import TYPE_CHECKING, ClassVar, Final

import trio

from ._virtual_socket import VirtualSocket, address_in, os_error
from ._virtual_tcp import Connection, Side

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._virtual_host import VirtualHost
    from ._virtual_socket import Address

SYN_RETRY_SECONDS: Final = 1.0
"""How long a virtual system waits before it tries to connect again (RFC 6298, section 2)."""

_LINGER: Final = "hh" if sys.platform == "win32" else "ii"


class _State(Enum):
    NEW = "new"
    LISTENING = "listening"
    CONNECTING = "connecting"
    CONNECTED = "connected"


class VirtualStreamSocket(VirtualSocket):
    """A virtual TCP socket."""

    type: ClassVar[socket_module.SocketKind] = socket_module.SOCK_STREAM
    proto: ClassVar[int] = socket_module.IPPROTO_TCP

    def __init__(self, host: VirtualHost, family: socket_module.AddressFamily) -> None:
        super().__init__(host, family)
        self.remote: Address | None = None
        self._state = _State.NEW
        self._side = Side(self.wake)
        self._connection: Connection | None = None
        self._backlog: deque[VirtualStreamSocket] = deque()
        self._backlog_limit = 0
        self._error = 0  # of connecting

    def listen(self, backlog: int = 128) -> None:
        """Take connections; as many as ``backlog`` wait for being accepted."""
        self._check_open()
        if self._state not in (_State.NEW, _State.LISTENING):
            raise os_error(errno.EINVAL)
        if not self.local[1]:
            self.bind(self.local)
        self._state = _State.LISTENING
        self._backlog_limit = max(1, backlog)

    def accept(self) -> tuple[VirtualStreamSocket, Address]:
        """Return the first connection that waits, and its address."""
        self._check_open()
        if self._state is not _State.LISTENING:
            raise os_error(errno.EINVAL)
        if not self._backlog:
            raise os_error(errno.EAGAIN)
        accepted = self._backlog.popleft()
        assert accepted.remote is not None
        return accepted, accepted.remote

    def connect(self, address: Address) -> None:
        """Begin to connect; the socket is writable when that has ended, SO_ERROR tells how."""
        self._check_open()
        if self._state is not _State.NEW:
            already = self._state is _State.CONNECTING
            raise os_error(errno.EALREADY if already else errno.EISCONN)
        if not self.local[1]:
            ours = self.host.address_towards(self.family, address[0])
            self.bind(address_in(self.family, ours, 0))
        self.remote = address_in(self.family, address[0], address[1])
        self._state = _State.CONNECTING
        path = self.host.path_to(address[0])
        self._knock(trio.current_time() + path.link.retransmission_timeout)
        raise os_error(errno.EINPROGRESS)

    def getpeername(self) -> Address:
        """Return the other side's address."""
        self._check_open()
        if self.remote is None or self._state is not _State.CONNECTED:
            raise os_error(errno.ENOTCONN)
        return self.remote

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Receive what is there; ``MSG_PEEK`` leaves it there."""
        self._check_connected()
        return self._side.receive(index(size), peek=bool(flags & socket_module.MSG_PEEK))

    def recv_into(self, buffer: bytearray | memoryview, size: int = 0, flags: int = 0) -> int:
        """Receive into a buffer what is there."""
        with memoryview(buffer).cast("B") as view:
            data = self.recv(size or len(view), flags)
            view[: len(data)] = data
        return len(data)

    def send(self, data: bytes | bytearray | memoryview, flags: int = 0) -> int:
        """Send as much as there is room for."""
        return self.sendmsg((data,))

    def sendmsg(self, buffers: Iterable[bytes | bytearray | memoryview]) -> int:
        """Send as much of several buffers as there is room for."""
        self._check_open()
        if self._state is not _State.CONNECTED:
            raise os_error(errno.EPIPE)
        return self._side.send(buffers)

    def shutdown(self, how: int) -> None:
        """End one side, or both."""
        self._check_connected()
        if how != socket_module.SHUT_RD:
            self._side.end()
        if how != socket_module.SHUT_WR:
            self._side.stop_reading()

    def is_readable(self) -> bool:
        """Tell whether a receive or an accept would return or raise at once."""
        if self._state is _State.LISTENING:
            return bool(self._backlog)
        if self._state is _State.CONNECTED:
            return self._side.readable
        return self._state is not _State.CONNECTING

    def is_writable(self) -> bool:
        """Tell whether a send would take something or raise at once."""
        if self._state is _State.CONNECTED:
            return self._side.writable
        return self._state is not _State.CONNECTING

    def takes_connections(self) -> bool:
        """Tell whether it listens."""
        return self._state is _State.LISTENING

    def _closing(self) -> None:
        for waiting in self._backlog:
            waiting._side.close(reset=True)
            waiting.close()
        self._backlog.clear()
        if self._connection is not None:
            lingers, seconds = struct.unpack(_LINGER, self._linger())
            self._side.close(reset=bool(lingers and not seconds) or self._is_connecting())
            self.host.fabric.forget_if_over(self._connection)

    def _take_error(self) -> int:
        number, self._error = self._error, 0
        if not number and self._state is _State.CONNECTED:
            number, self._side.error = self._side.error, 0
        return number

    def _linger(self) -> bytes:
        value = self._options.get((socket_module.SOL_SOCKET, socket_module.SO_LINGER))
        return value if isinstance(value, bytes) else struct.pack(_LINGER, 0, 0)

    def _check_connected(self) -> None:
        self._check_open()
        if self._state is not _State.CONNECTED:
            raise os_error(errno.ENOTCONN)

    def _is_connecting(self) -> bool:
        return self._state is _State.CONNECTING

    # Connecting: a SYN is on its way, arrives, and is answered or not (RFC 9293, section 3.5).

    def _knock(self, deadline: float) -> None:
        if self._is_connecting() and not self.closed:
            assert self.remote is not None
            latency = self.host.path_to(self.remote[0]).link.latency
            self.host.fabric.timetable.call_later(latency, partial(self._reach, deadline))

    def _reach(self, deadline: float) -> None:
        if self.closed:
            return
        assert self.remote is not None
        fabric, (ip, port) = self.host.fabric, self.remote[:2]
        path, now = self.host.path_to(ip), trio.current_time()
        target = self.host.host_at(ip)
        listener = None
        if target is not None and not path.cut:
            listener = target.ports.find_listener(self.family, ip, port)
        if path.cut or (listener is not None and listener._is_full()):
            if now >= deadline:
                self._fail(errno.ETIMEDOUT)
            else:
                again = min(deadline, now + SYN_RETRY_SECONDS)
                fabric.timetable.call_at(again, partial(self._reach, deadline))
        elif target is None:
            self._fail(errno.EHOSTUNREACH)
        elif listener is None:
            refuse = partial(self._fail, errno.ECONNREFUSED)
            fabric.timetable.call_later(path.link.latency, refuse)
        else:
            listener._take(self)
            fabric.timetable.call_later(path.link.latency, self._succeed)

    def _is_full(self) -> bool:
        return len(self._backlog) >= self._backlog_limit

    def _take(self, client: VirtualStreamSocket) -> None:
        """Make the other side of a connection, for being accepted."""
        assert client.remote is not None
        accepted = VirtualStreamSocket(self.host, self.family)
        accepted.local, accepted.remote = client.remote, client.local
        accepted._state = _State.CONNECTED
        fabric = self.host.fabric
        connection = Connection(
            client.host.path_to(client.remote[0]),
            fabric.timetable,
            fabric.make_rngs(client.host, self.host, self.local[1]),
            (client._side, accepted._side),
            (client.host, self.host),
        )
        accepted._connection = client._connection = connection
        fabric.remember(connection)
        self._backlog.append(accepted)
        self.wake()

    def _succeed(self) -> None:
        if not self.closed:
            self._state = _State.CONNECTED
            self.wake()

    def _fail(self, number: int) -> None:
        if not self.closed:
            self._state, self._error = _State.NEW, number
            self.wake()
