"""Unix addresses: paths and abstract names, checked before the system sees them."""

from __future__ import annotations

import errno
import os
import socket
import sys
from typing import Final, TypeAlias

from trio_helianthus.errors import network_error

UnixPath: TypeAlias = "str | bytes | os.PathLike[str] | os.PathLike[bytes]"
"""A path in the file system or, with a zero byte in front, an abstract name (Linux, unix(7))."""

MAX_PATH_BYTES: Final = 107 if sys.platform == "linux" else 103
"""How long a unix socket's path may be (``sun_path``, with a zero byte behind it)."""
MAX_ABSTRACT_BYTES: Final = 108
"""How long an abstract name may be, its leading zero byte included."""

_AF_UNIX: Final[socket.AddressFamily | None] = getattr(socket, "AF_UNIX", None)


def is_unix(sock: socket.socket) -> bool:
    """Tell whether it is a unix socket."""
    return sock.family == _AF_UNIX


def is_abstract(address: str | bytes) -> bool:
    """Tell whether it is an abstract name, which no file belongs to."""
    return isinstance(address, bytes)


def unix_address(path: UnixPath) -> str | bytes:
    """Return what the system calls a path or abstract name: a str, or bytes if it is abstract.

    :raises ValueError: it is empty, too long, a folder's, or has a zero byte inside.
    :raises TypeError: it is none.
    """
    name = os.fsencode(path)
    if name.startswith(b"\0"):
        if not 1 < len(name) <= MAX_ABSTRACT_BYTES:
            raise ValueError(
                f"an abstract name has 1 to {MAX_ABSTRACT_BYTES - 1} bytes, not {len(name) - 1}"
            )
        return name
    if not name:
        raise ValueError("the path of a unix socket is empty")
    if b"\0" in name:
        raise ValueError(f"the path of a unix socket has a zero byte inside: {name!r}")
    if name.endswith(b"/"):
        raise ValueError(f"the path of a unix socket ends as that of a folder does: {name!r}")
    check_length(name)
    return os.fsdecode(name)


def check_length(path: bytes) -> None:
    """Check that a path is not too long for the system.

    :raises ValueError: it is.
    """
    if len(path) > MAX_PATH_BYTES:
        raise ValueError(
            f"the path of a unix socket may have {MAX_PATH_BYTES} bytes on this system, and this "
            f"one has {len(path)}: {os.fsdecode(path)}"
        )


def unix_socket(address: str | bytes, *, operation: str) -> socket.socket:
    """Make a non-blocking unix stream socket.

    :param address: where it is to go; for the error.
    :param operation: what it is for; for the error.
    :raises NetworkError: Python has no unix sockets on this system, or the system no abstract
        names.
    :raises OSError: no socket is left.
    """
    missing = None
    if _AF_UNIX is None:
        missing = "there are no unix sockets on this system"
    elif is_abstract(address) and sys.platform != "linux":
        missing = "there are no abstract names on this system"
    if missing is not None or _AF_UNIX is None:
        raise network_error(errno.EAFNOSUPPORT, missing, operation=operation, address=address)
    sock = socket.socket(_AF_UNIX, socket.SOCK_STREAM)
    sock.setblocking(False)
    return sock
