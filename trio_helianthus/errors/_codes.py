"""The vocabulary of network failures: what went wrong, and who numbered it."""

from __future__ import annotations

import enum


class ErrorCode(enum.Enum):
    """What went wrong, in words that are the same on every platform.

    Each :class:`~trio_helianthus.errors.NetworkError` carries one as ``.code``. The values are
    snake-case strings that are safe to put into logs and metric labels.
    """

    UNKNOWN = "unknown"
    """The number is in no table; the error keeps the number and the system's text."""

    REFUSED = "refused"
    """Nobody listens at the address."""
    RESET = "reset"
    """The peer, or the network, threw the connection away."""
    ABORTED = "aborted"
    """The local system gave the connection up."""
    BROKEN = "broken"
    """The connection, or its sending side, is already shut down."""
    INCOMPLETE = "incomplete"
    """The peer ended the stream in the middle of something."""
    TIMED_OUT = "timed_out"
    """The system waited for the peer as long as it ever does."""

    UNREACHABLE = "unreachable"
    """There is no way to the host or its network."""
    NAME_RESOLUTION = "name_resolution"
    """The host or service name has no answer."""
    ADDRESS_IN_USE = "address_in_use"
    """Somebody else is bound to the address."""
    ADDRESS_NOT_AVAILABLE = "address_not_available"
    """The address does not belong to this machine, or no port is left."""
    NOT_CONNECTED = "not_connected"
    """The operation needs a connection and there is none."""
    ALREADY_CONNECTED = "already_connected"
    """The socket has a connection already."""

    TOO_MANY_OPEN_FILES = "too_many_open_files"
    """The process or the system has no file descriptor left."""
    OUT_OF_RESOURCES = "out_of_resources"
    """No memory, buffer space or quota is left."""
    ACCESS_DENIED = "access_denied"
    """The system does not permit it."""

    TLS = "tls"
    """The TLS handshake or a TLS record was bad."""
    CERTIFICATE_INVALID = "certificate_invalid"
    """The peer's certificate did not verify."""

    CANCELLED = "cancelled"
    """The system dropped the operation because the program asked for it or closed its handle."""
    INTERRUPTED = "interrupted"
    """A signal came in between."""
    WOULD_BLOCK = "would_block"
    """Not ready; try again later."""
    IN_PROGRESS = "in_progress"
    """Started, and not finished yet."""

    INVALID_HANDLE = "invalid_handle"
    """The descriptor or handle is closed, or is no socket."""
    INVALID_ARGUMENT = "invalid_argument"
    """An argument makes no sense to the system."""
    INVALID_FILTER = "invalid_filter"
    """kqueue: the event filter does not exist or does not fit the descriptor."""
    NOT_REGISTERED = "not_registered"
    """kqueue: the event to change or delete was never added, or is gone."""
    NOT_FOUND = "not_found"
    """A path, process or request with that name does not exist."""
    NOT_SUPPORTED = "not_supported"
    """This system, or this kind of socket, cannot do that."""
    MESSAGE_TOO_LARGE = "message_too_large"
    """A datagram was larger than the transport or the buffer takes."""


class ErrorDomain(enum.Enum):
    """Who gave an error its number; the same number means different things in different domains."""

    POSIX = "posix"
    """``errno`` of a system call, numbered differently by each platform."""
    KQUEUE = "kqueue"
    """``errno`` and ``EV_ERROR`` data of kevent(2), where some numbers mean something else."""
    WINSOCK = "winsock"
    """``WSAGetLastError()``: the WSA numbers of Windows sockets."""
    WIN32 = "win32"
    """``GetLastError()``: what overlapped (IOCP) operations complete with on Windows."""
    RESOLVER = "resolver"
    """The ``EAI_*`` results of getaddrinfo(3) and getnameinfo(3)."""
