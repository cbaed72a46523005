"""Connecting to unix sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.core import limit, operation
from trio_helianthus.errors import from_os_error

from ._connect import CONNECT_SECONDS
from ._options import set_options
from ._unix_address import unix_address, unix_socket
from ._unix_stream import UnixStream

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from trio_helianthus.core import CancelToken

    from ._options import SocketOption
    from ._unix_address import UnixPath

FIRST_PAUSE_SECONDS: Final = 0.001
LONGEST_PAUSE_SECONDS: Final = 0.1
"""How long to wait until a full backlog is tried again: first, and after ever longer pauses."""


async def connect_unix(
    path: UnixPath,
    *,
    socket_options: Iterable[SocketOption] = (),
    timeout: float | None = None,
    token: CancelToken | None = None,
) -> UnixStream:
    """Connect to the server of a unix socket.

    While the server's backlog is full it is tried again and again.

    :param path: where it listens, or an abstract name, which begins with a zero byte (Linux).
    :param socket_options: set before connecting.
    :param timeout: seconds for all of it; ``None`` means 30, ``math.inf`` no limit.
    :param token: cancels it.
    :raises ConnectionRefused: nobody listens there; the file is a dead server's.
    :raises AccessDenied: the file's mode, or a folder's, does not permit it.
    :raises NetworkError: there is no such file (``ErrorCode.NOT_FOUND``), or the system has no
        unix sockets (``ErrorCode.NOT_SUPPORTED``).
    :raises ValueError: the path is too long for the system, or empty.
    :raises OperationTimeout: it took too long.
    :raises OperationCancelled: the token was cancelled.
    """
    address = unix_address(path)
    seconds = CONNECT_SECONDS if timeout is None else timeout
    with operation("net.unix.connect", peer=address) as report, limit(seconds, token):
        await trio.lowlevel.checkpoint()
        stream = await _connect(address, socket_options)
        if report is not None:
            report.connection_id = stream.connection_id
        return stream


async def _connect(address: str | bytes, options: Iterable[SocketOption]) -> UnixStream:
    sock: socket.socket | None = None
    pause = FIRST_PAUSE_SECONDS
    try:
        sock = unix_socket(address, operation="connect")
        set_options(sock, options)
        while True:
            try:
                sock.connect(address)
            except BlockingIOError:  # the backlog is full, and no event tells when it is not
                await trio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                return UnixStream(sock, remote_address=address)
    except OSError as exc:
        if sock is not None:
            sock.close()
        raise from_os_error(exc, operation="connect", address=address) from exc
    except BaseException:
        if sock is not None:
            sock.close()
        raise
