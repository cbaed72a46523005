"""Socket options: what the connections of either side are set to."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SocketOption: TypeAlias = "tuple[int, int, int | bytes]"
"""The arguments of :meth:`socket.socket.setsockopt`: level, option, value."""


def connection_options(
    *, nodelay: bool, keepalive: bool, more: Iterable[SocketOption]
) -> Sequence[SocketOption]:
    """List the options of a TCP connection; the explicit ones come last, so that they win."""
    options: list[SocketOption] = []
    if nodelay:
        options.append((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1))
    if keepalive:
        options.append((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1))
    options.extend(more)
    return options


def set_options(sock: socket.socket, options: Iterable[SocketOption]) -> None:
    """Set options.

    :raises OSError: the system does not know an option, or the connection is gone.
    """
    for level, option, value in options:
        sock.setsockopt(level, option, value)
