"""Failures of the network, each also of the trio and builtin class that callers catch already."""

from __future__ import annotations

import socket
import sys
from typing import Any, ClassVar

import trio

from ._address import describe
from ._codes import ErrorCode, ErrorDomain
from ._table import find_entry, socket_domain
from ._tree import HelianthusError


class NetworkError(HelianthusError, OSError):
    """Something between this program and its peer failed.

    Raised as such when no subclass fits; ``.code`` says more then. ``str()`` reads
    ``connect to 127.0.0.1:9: connection refused (ECONNREFUSED 111)``.

    :param message: What happened; by default a sentence of the class. It becomes ``strerror``.
    :param code: The meaning; by default that of the class (:attr:`default_code`).
    :param errno: The number that the system gave, in its own numbering, if it gave one.
    :param symbol: The number's name; by default it is looked up among this platform's numbers,
        and an empty string leaves it out.
    :param operation: What was being done: ``"connect"``, ``"receive"``, ``"accept"``, ...
    :param address: Whom it was done with: a socket address, a path, or anything with a ``str()``.
    """

    default_code: ClassVar[ErrorCode] = ErrorCode.UNKNOWN
    """The code of an error of this class that is made without one."""

    _default_message = "network failure"
    _shown_in_repr: ClassVar[tuple[str, ...]] = ("code", "errno", "operation", "address")
    _outside_dict: ClassVar[tuple[str, ...]] = (
        ("args", "errno", "strerror", "filename", "filename2")
        if sys.platform != "win32"
        else ("args", "errno", "strerror", "filename", "filename2", "winerror")
    )

    args: tuple[Any, ...]
    strerror: str | None
    code: ErrorCode
    """What went wrong, in words that are the same on every platform."""
    errno: int | None
    """The number that the system gave, in its own numbering, or ``None``."""
    symbol: str | None
    """The name of the number, such as ``"ECONNREFUSED"``, if the table knows it."""
    operation: str | None
    """What was being done."""
    address: object
    """Whom it was done with, or ``None``."""

    def __init__(
        self,
        message: str | None = None,
        *,
        code: ErrorCode | None = None,
        errno: int | None = None,
        symbol: str | None = None,
        operation: str | None = None,
        address: object = None,
    ) -> None:
        super().__init__(message)
        if errno is not None:
            self.args = (errno, self.message)
            if symbol is None:
                symbol = self._symbol_of(errno)
        self.errno = errno
        self.strerror = self.message
        self.code = self.default_code if code is None else code
        self.symbol = symbol or None
        self.operation = operation
        self.address = address

    def __str__(self) -> str:
        parts = [describe(self.operation, self.address), _uncapitalised(self.message)]
        text = ": ".join(part for part in parts if part)
        if self.errno is None:
            return text
        return f"{text} ({self.symbol or 'error'} {self.errno})"

    @classmethod
    def _symbol_of(cls, number: int) -> str | None:
        domain = socket_domain(number, platform=sys.platform)
        entry = find_entry(domain, number, platform=sys.platform)
        return None if entry is None else entry.symbol


def _uncapitalised(text: str) -> str:
    """Let a system's text follow a colon, but leave ``TLS`` and ``I/O`` alone."""
    return text[0].lower() + text[1:] if text[1:2].islower() else text


class ConnectionRefused(NetworkError, ConnectionRefusedError):
    """Nobody listens at the address."""

    default_code = ErrorCode.REFUSED
    _default_message = "connection refused"


class ConnectionReset(NetworkError, trio.BrokenResourceError, ConnectionResetError):
    """The peer, or the network, threw the connection away."""

    default_code = ErrorCode.RESET
    _default_message = "connection reset by peer"


class ConnectionAborted(NetworkError, trio.BrokenResourceError, ConnectionAbortedError):
    """The local system gave the connection up."""

    default_code = ErrorCode.ABORTED
    _default_message = "connection aborted"


class ConnectionBroken(NetworkError, trio.BrokenResourceError, BrokenPipeError):
    """The connection can carry no more: it was shut down, or a send was cut half-way."""

    default_code = ErrorCode.BROKEN
    _default_message = "connection broken"


class ConnectionTimedOut(NetworkError, trio.BrokenResourceError, TimeoutError):
    """The operating system stopped waiting for the peer.

    Not a limit of this program: one that it set itself expires as :class:`OperationTimeout`.
    """

    default_code = ErrorCode.TIMED_OUT
    _default_message = "connection timed out"


class AddressInUse(NetworkError):
    """Somebody else is bound to the address."""

    default_code = ErrorCode.ADDRESS_IN_USE
    _default_message = "address already in use"


class AddressNotAvailable(NetworkError):
    """The address does not belong to this machine, or no port is left."""

    default_code = ErrorCode.ADDRESS_NOT_AVAILABLE
    _default_message = "address not available"


class Unreachable(NetworkError):
    """There is no way to the host or its network."""

    default_code = ErrorCode.UNREACHABLE
    _default_message = "host or network unreachable"


class NotConnected(NetworkError, trio.BrokenResourceError):
    """The operation needs a connection and there is none."""

    default_code = ErrorCode.NOT_CONNECTED
    _default_message = "not connected"


class TooManyOpenFiles(NetworkError):
    """The process or the system has no file descriptor left."""

    default_code = ErrorCode.TOO_MANY_OPEN_FILES
    _default_message = "too many open files"


class AccessDenied(NetworkError, PermissionError):
    """The system does not permit it: a low port, a path's mode, a firewall."""

    default_code = ErrorCode.ACCESS_DENIED
    _default_message = "access denied"


class NameResolutionFailed(NetworkError, socket.gaierror):
    """The host or service name has no answer; ``errno`` is an ``EAI_*`` number."""

    default_code = ErrorCode.NAME_RESOLUTION
    _default_message = "name resolution failed"

    @classmethod
    def _symbol_of(cls, number: int) -> str | None:
        entry = find_entry(ErrorDomain.RESOLVER, number, platform=sys.platform)
        return None if entry is None else entry.symbol


class IncompleteReceive(NetworkError, EOFError):
    """The peer ended the stream in the middle of something.

    :param message: Replaces the sentence made from the two counts.
    :param partial: What had arrived.
    :param expected: How many bytes were asked for, if that was a number.
    :param operation: As for :class:`NetworkError`.
    :param address: As for :class:`NetworkError`.
    """

    default_code = ErrorCode.INCOMPLETE
    _shown_in_repr: ClassVar[tuple[str, ...]] = ("partial", "expected", "operation", "address")

    partial: bytes
    """What had arrived before the end."""
    expected: int | None
    """How many bytes were asked for, or ``None`` if something else marked the end."""

    def __init__(
        self,
        message: str | None = None,
        *,
        partial: bytes = b"",
        expected: int | None = None,
        operation: str | None = None,
        address: object = None,
    ) -> None:
        if message is None:
            count = f"{len(partial)}" if expected is None else f"{len(partial)} of {expected}"
            message = f"the peer ended the stream after {count} bytes"
        super().__init__(message, operation=operation, address=address)
        self.partial = partial
        self.expected = expected
