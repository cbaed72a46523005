"""Virtual sockets: what those of streams and of datagrams share of the socket interface."""

from __future__ import annotations

import errno
import io
import os
import socket as socket_module
import warnings
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final, NoReturn, TypeAlias

import trio

if TYPE_CHECKING:
    from typing import Self

    from ._virtual_host import VirtualHost

Address: TypeAlias = "tuple[str, int] | tuple[str, int, int, int]"

WILDCARDS: Final = {socket_module.AF_INET: "0.0.0.0", socket_module.AF_INET6: "::"}  # noqa: S104


class VirtualSocket(ABC):
    """A non-blocking socket that exists only in a virtual network.

    It has the methods of :class:`socket.socket` that net uses, raises the same exceptions, and
    has no file descriptor.
    """

    type: ClassVar[socket_module.SocketKind]
    proto: ClassVar[int]

    def __init__(self, host: VirtualHost, family: socket_module.AddressFamily) -> None:
        self.host: Final = host
        self.family: Final = family
        self.readers: Final = trio.lowlevel.ParkingLot()
        self.writers: Final = trio.lowlevel.ParkingLot()
        self.local: Address = address_in(family, WILDCARDS[family], 0)
        self.closed: bool = False
        self._options: dict[tuple[int, int], int | bytes] = {}

    def __repr__(self) -> str:
        state = " closed" if self.closed else ""
        return f"<{type(self).__name__} {self.local[0]}:{self.local[1]}{state}>"

    def __del__(self) -> None:
        if not getattr(self, "closed", True):
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=1, source=self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def is_readable(self) -> bool:
        """Tell whether a receive or an accept would return or raise at once."""

    @abstractmethod
    def is_writable(self) -> bool:
        """Tell whether a send would take something or raise at once."""

    @abstractmethod
    def _closing(self) -> None:
        """Let go of what the socket has."""

    @abstractmethod
    def _take_error(self) -> int:
        """Return the number of an error that was not told yet; it is told now."""

    def fileno(self) -> NoReturn:
        """Raise: there is no file descriptor."""
        raise io.UnsupportedOperation("a virtual socket has no file descriptor")

    def bind(self, address: Address) -> None:
        """Take an address of this host; port 0 means a free one."""
        self._check_open()
        if self.local[1]:
            raise os_error(errno.EINVAL)
        self.local = self.host.ports.bind(self, address)

    def getsockname(self) -> Address:
        """Return this side's address."""
        self._check_open()
        return self.local

    def setblocking(self, blocking: bool) -> None:
        """Do nothing: it never blocks."""
        if blocking:
            raise io.UnsupportedOperation("a virtual socket cannot block")

    def getblocking(self) -> bool:
        """Return whether it blocks, which it does not."""
        return False

    def gettimeout(self) -> float:
        """Return 0: it never blocks."""
        return 0.0

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        """Note an option; only SO_LINGER changes anything."""
        self._check_open()
        self._options[level, option] = value

    def getsockopt(self, level: int, option: int, length: int = 0) -> int | bytes:
        """Return what was set, 0 otherwise; SO_ERROR and SO_TYPE are true."""
        self._check_open()
        if level == socket_module.SOL_SOCKET:
            if option == socket_module.SO_ERROR:
                return self._take_error()
            if option == socket_module.SO_TYPE:
                return int(self.type)
        return self._options.get((level, option), bytes(length) if length else 0)

    def wake(self) -> None:
        """Wake whoever waits for what is there now."""
        if self.readers and self.is_readable():
            self.readers.unpark_all()
        if self.writers and self.is_writable():
            self.writers.unpark_all()

    def close(self) -> None:
        """Close it."""
        if not self.closed:
            self.closed = True
            self._closing()
            self.host.ports.release(self)

    def _check_open(self) -> None:
        if self.closed:
            raise os_error(errno.EBADF)


def address_in(family: socket_module.AddressFamily, ip: str, port: int) -> Address:
    """Return an address in the form of its family."""
    return (ip, port, 0, 0) if family == socket_module.AF_INET6 else (ip, port)


def os_error(number: int) -> OSError:
    """Return the exception that the socket module would raise."""
    return OSError(number, os.strerror(number))
