"""``helianthus serve``: the sockets to listen at, and how workers share them."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import trio

from trio_helianthus import net
from trio_helianthus.errors import HelianthusError, from_os_error

from ._serve_arguments import EVERYWHERE, HOST, PORT
from ._serve_systemd import activated_fds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trio_helianthus.core import CancelToken

    from ._serve_arguments import ServeOptions

Listener: TypeAlias = "net.SocketListener[Any]"

SPREADS_CONNECTIONS: Final = sys.platform == "linux"
"""Whether the system spreads connections over all sockets that share a port. On others
SO_REUSEPORT exists, and means that one of them gets all."""


class NotASocket(HelianthusError):
    """An inherited descriptor is no listening socket."""


async def open_port(options: ServeOptions) -> SharedPort:
    """Listen where the command line says, or take what this process was started with.

    Descriptors that the command line names go first; those that a service manager has opened are
    taken where it does not say at all.

    :raises AddressInUse: somebody else listens there; and what else :mod:`net` raises.
    :raises NotASocket: an inherited descriptor is none.
    """
    if fds := options.fd or (() if options.says_where else activated_fds()):
        return SharedPort(inherited(fds), spread=False)
    if options.unix is not None:
        listener = await net.listen_unix(options.unix, mode=options.unix_mode)
        return SharedPort([listener], spread=False)
    port = PORT if options.port is None else options.port
    host = HOST if options.host is None else options.host.strip("[]")
    listeners = await net.listen_tcp(port, host=None if host == EVERYWHERE else host)
    return SharedPort(listeners, spread=SPREADS_CONNECTIONS)


def inherited(fds: Iterable[int]) -> list[SharedListener]:
    """Make listeners of descriptors that this process was started with.

    :raises NotASocket: one is no listening TCP or unix socket.
    """
    return [_listener(fd) for fd in fds]


def _listener(fd: int) -> SharedListener:
    try:
        sock = socket.socket(fileno=fd)
    except OSError as exc:
        raise NotASocket(f"descriptor {fd} is no socket: {exc.strerror}") from None
    sock.set_inheritable(False)
    try:
        if sys.platform == "linux" and not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise ValueError("it does not listen")
        if sys.platform != "win32" and sock.family == socket.AF_UNIX:
            return SharedUnixListener(sock)
        return SharedTCPListener(sock)
    except ValueError as exc:
        sock.detach()
        raise NotASocket(f"descriptor {fd} is no listening TCP or unix socket: {exc}") from None
    except OSError as exc:
        raise from_os_error(exc, operation="listen") from exc


class SharedListener(net.SocketListener[Any]):
    """A listener whose socket others serve, too: it can leave the rest to them."""

    left = False
    """Whether it accepts no more. What waits in its socket is for others."""

    async def wait_connection(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Wait until there may be a connection; for ever if the rest is left to others."""
        if self.left:
            await trio.sleep_forever()
        await super().wait_connection(timeout=timeout, token=token)

    def accept_nowait(self, at_most: int) -> list[Any]:
        """Return the connections that have come already; none if they are left to others."""
        return [] if self.left else super().accept_nowait(at_most)


class SharedTCPListener(SharedListener, net.TCPListener):
    """One for TCP."""


class SharedUnixListener(SharedListener, net.UnixListener):
    """One for unix sockets."""


class SharedPort:
    """The sockets that workers share. The supervisor has them all open, whoever serves them.

    So nothing that waits in one is lost when its worker dies or is replaced: the next worker of the
    same place takes over the socket with all that waits in it.

    On Linux each place has a socket of its own, and the system spreads connections over them
    (SO_REUSEPORT). Elsewhere, and for unix sockets and inherited ones, all share the one.

    :param listeners: where to listen; they are the first place's.
    :param spread: whether each further place is to have sockets of its own.
    """

    def __init__(self, listeners: Sequence[Listener], *, spread: bool) -> None:
        self.listeners: Final = list(listeners)
        """The first place's, for whoever serves alone."""
        self._spreads = spread
        self._of_places: list[list[socket.socket]] = []

    def places(self, scheme: str) -> list[str]:
        """Tell where clients connect to."""
        return [_place_of(listener, scheme) for listener in self.listeners]

    def add_place(self) -> list[int]:
        """Return the descriptors for one more worker."""
        sockets = [listener.socket for listener in self.listeners]
        if self._spreads:
            sockets = self._more_sockets()
            self._of_places.append(sockets)
        return [sock.fileno() for sock in sockets]

    def remove_place(self, fds: Sequence[int]) -> None:
        """Close what only one worker had, so that the system spreads connections over the others.

        What waits there is refused. Where it is the only one, or all share one, nothing is closed.

        :param fds: what :meth:`add_place` has returned.
        """
        for sockets in self._of_places:
            if [sock.fileno() for sock in sockets] == list(fds):
                if self._spreads and len(self._of_places) > 1:
                    self._of_places.remove(sockets)
                    self._close(sockets)
                return

    def close(self) -> None:
        """Close them all: from now on clients are refused, once the workers have closed theirs."""
        for sockets in self._of_places:
            self._close(sockets)
        self._of_places.clear()
        for listener in self.listeners:
            listener.close()

    def _more_sockets(self) -> list[socket.socket]:
        first = [listener.socket for listener in self.listeners]
        if not self._of_places:
            if sys.platform != "win32":
                # Bound without it, so that nobody else has the port; shared from now on.
                for sock in first:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            return first
        twins: list[socket.socket] = []
        try:
            twins += [_twin(sock) for sock in self._of_places[0]]
        except OSError:  # a system that wants to be told before it binds the first, or has no more
            self._close(twins)
            self._spreads = False
            return self._of_places[0]
        return twins

    def _close(self, sockets: Sequence[socket.socket]) -> None:
        listeners = {listener.socket: listener for listener in self.listeners}
        for sock in sockets:
            (listeners.get(sock) or sock).close()


def _twin(sock: socket.socket) -> socket.socket:
    """Make another socket that listens at the same address."""
    twin = socket.socket(sock.family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            twin.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            twin.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if sock.family == socket.AF_INET6:
            twin.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        twin.bind(sock.getsockname())
        twin.listen(net.BACKLOG)
        twin.setblocking(False)
    except OSError:
        twin.close()
        raise
    return twin


def _place_of(listener: Listener, scheme: str) -> str:
    """Tell where a listener is: as a URL for TCP, as ``unix:`` and a path otherwise."""
    address = listener.address
    if isinstance(address, tuple):
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        return f"{scheme}://{host}:{address[1]}"
    path = address.decode(errors="backslashreplace") if isinstance(address, bytes) else str(address)
    return "unix:" + path.replace("\0", "@", 1)
