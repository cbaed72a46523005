"""Unix stream sockets: connections inside of one machine, and who is at the other end."""

from __future__ import annotations

import errno
import socket as socket_module
import struct
import sys
from typing import TYPE_CHECKING, Final

import attrs

from trio_helianthus.errors import from_os_error, network_error

from ._socket_stream import SocketStream

if TYPE_CHECKING:
    from ._address import SocketAddress
    from ._readiness import Readiness


@attrs.frozen
class PeerCredentials:
    """Who is at the other end of a unix socket, as the system knows it.

    :param pid: the process; ``None`` where it is in a namespace that this one cannot see.
    :param uid: the user.
    :param gid: the user's group.
    """

    pid: int | None
    uid: int
    gid: int


class UnixStream(SocketStream):
    """A connection over a unix socket.

    Made by :func:`connect_unix`, :func:`serve_unix` and :func:`adopt`. The unnamed end, as a
    client's is, has the address ``""``.
    """

    def __init__(
        self,
        socket: socket_module.socket,
        *,
        local_address: SocketAddress | None = None,
        remote_address: SocketAddress | None = None,
        connection_id: int | None = None,
        readiness: Readiness | None = None,
    ) -> None:
        super().__init__(
            socket,
            remote_address=remote_address,
            connection_id=connection_id,
            readiness=readiness,
        )
        # What the system tells is the name that a listener had when it was bound.
        self._local_address = local_address or self._local_address or ""
        self._remote_address = self._remote_address or ""  # macOS has None for an unnamed end

    def peer_credentials(self) -> PeerCredentials:
        """Tell which process, user and group is at the other end.

        They are those of the moment when the client called connect(2), or the server listen(2):
        a process may have handed its end on since, and a process id may be in use again.

        :raises ResourceClosed: the stream was closed.
        :raises NetworkError: this system does not tell (it is neither Linux nor macOS).
        """
        self._check_open()
        try:
            return _peer_credentials(self.socket)
        except OSError as exc:
            address = self._remote_address or self._local_address
            raise from_os_error(exc, operation="get peer credentials", address=address) from exc

    def reset(self) -> None:
        """Close at once. Unix sockets have no reset, so that the peer sees an ordinary end.

        Only where it has sent what nobody received, Linux tells it of a reset.
        """
        self._close()


if sys.platform == "linux":
    _UCRED: Final = struct.Struct("iII")  # unix(7), SO_PEERCRED: pid, uid, gid

    def _peer_credentials(socket: socket_module.socket) -> PeerCredentials:
        pid, uid, gid = _UCRED.unpack(
            socket.getsockopt(socket_module.SOL_SOCKET, socket_module.SO_PEERCRED, _UCRED.size)
        )
        return PeerCredentials(pid or None, uid, gid)

elif sys.platform == "darwin":  # pragma: no cover - macOS
    # sys/un.h and sys/ucred.h: struct xucred has version, uid, number of groups, 16 groups.
    _SOL_LOCAL: Final = 0
    _LOCAL_PEERCRED: Final = 1
    _LOCAL_PEERPID: Final = 2
    _XUCRED: Final = struct.Struct("IIh2x16I")

    def _peer_credentials(socket: socket_module.socket) -> PeerCredentials:
        _, uid, _, gid, *_ = _XUCRED.unpack(
            socket.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED.size)
        )
        return PeerCredentials(socket.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID) or None, uid, gid)

else:  # pragma: no cover - neither Linux nor macOS

    def _peer_credentials(_: socket_module.socket) -> PeerCredentials:
        raise network_error(errno.EOPNOTSUPP, "this system does not tell who the peer is")
