"""Listening for unix sockets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.errors import from_os_error

from ._listen import BACKLOG
from ._socket_file import listen_at
from ._socket_listener import SocketListener
from ._unix_address import is_unix, unix_address, unix_socket
from ._unix_stream import UnixStream

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from ._address import SocketAddress
    from ._options import SocketOption
    from ._socket_file import SocketFile
    from ._unix_address import UnixPath

SOCKET_MODE: Final = 0o600
"""Who may connect to a unix socket, unless told otherwise: its own user, and root."""


class UnixListener(SocketListener[UnixStream]):
    """A listening unix socket.

    One that :func:`listen_unix` made removes its file when it is closed, if the file is still
    its own. The file of a socket that was brought along stays.

    :param socket: a unix stream socket, bound and listening; from now on it belongs to the
        listener.
    :param address: what it is called; ``None`` means the name that it was bound to.
    :param socket_options: options of each accepted connection.
    :raises ValueError: it is not a unix stream socket.
    :raises OSError: the system does not know an option.
    """

    def __init__(
        self,
        socket: socket.socket,
        *,
        address: str | bytes | None = None,
        socket_options: Iterable[SocketOption] = (),
    ) -> None:
        if not is_unix(socket):
            raise ValueError(f"a UnixListener takes a unix socket, not one of {socket.family!r}")
        super().__init__(socket, address=address, options=socket_options)
        self._file: SocketFile | None = None

    def close(self) -> None:
        """Close the listener and remove its file, without a checkpoint."""
        if self._file is not None:
            self._file.remove()
            self._file = None
        super().close()

    def _make_stream(self, accepted: socket.socket, address: SocketAddress) -> UnixStream:
        return UnixStream(accepted, local_address=self.address, remote_address=address or "")


async def listen_unix(
    path: UnixPath,
    *,
    mode: int = SOCKET_MODE,
    backlog: int = BACKLOG,
    socket_options: Iterable[SocketOption] = (),
) -> UnixListener:
    """Listen at a path, or at an abstract name.

    A file that a dead server has left there is replaced; a living server's, or one that is no
    socket, is not touched. As soon as the file is there clients can connect, as far as ``mode``
    lets them. Closing the listener removes the file.

    :param path: in a folder that this process may write to, or an abstract name, which begins
        with a zero byte (Linux).
    :param mode: the file's permissions; whoever may write to it may connect. ``0o660`` lets in
        its group, too, and ``0o666`` everybody who gets through to the folder. An abstract name
        has none: every user of the machine may connect.
    :param backlog: how many connections may wait to be accepted; systems have their own limit.
    :param socket_options: options of each connection.
    :raises AddressInUse: another server listens there, or it is a file that is no socket.
    :raises AccessDenied: the system does not permit it.
    :raises NetworkError: there is no such folder (``ErrorCode.NOT_FOUND``), the system has no
        unix sockets (``ErrorCode.NOT_SUPPORTED``), or does not know an option.
    :raises ValueError: the path is too long for the system, or empty, or the mode is none.
    """
    if not 0 <= mode <= 0o777:
        raise ValueError(f"mode must be from 0 to 0o777, not {mode:#o}")
    address = unix_address(path)
    await trio.lowlevel.checkpoint()
    sock: socket.socket | None = None
    try:
        sock = unix_socket(address, operation="listen")
        listener = UnixListener(sock, address=address, socket_options=socket_options)
        if isinstance(address, bytes):
            sock.bind(address)
            sock.listen(backlog)
        else:
            listener._file = await listen_at(sock, Path(address), mode=mode, backlog=backlog)
        return listener
    except OSError as exc:
        if sock is not None:
            sock.close()
        raise from_os_error(exc, operation="listen", address=address) from exc
    except BaseException:
        if sock is not None:
            sock.close()
        raise
