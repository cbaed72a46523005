"""Opening UDP sockets: at an address of this machine or connected to a peer, with options."""

from __future__ import annotations

import socket as socket_module
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, TypedDict, Unpack, overload

import attrs

from trio_helianthus.core import limit, operation
from trio_helianthus.errors import AddressNotAvailable, NetworkError, from_os_error

from ._address import resolve
from ._network import current_network
from ._udp import ConnectedUDPSocket, UDPSocket
from ._udp_multicast import set_multicast_sending
from ._udp_socket import MAX_DATAGRAM_SIZE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from contextlib import AbstractAsyncContextManager

    from trio_helianthus.core import CancelToken

    from ._address import SocketAddress
    from ._options import SocketOption

LOOPBACK: Final = "127.0.0.1"
"""Where a socket without a peer is bound, unless told otherwise."""


class UDPOptions(TypedDict, total=False):
    """Options of a UDP socket; :func:`open_udp` takes them as keyword arguments."""

    max_datagram_size: int
    """Bytes; what is longer is cut, and it is told. The default, 65535, cuts nothing."""
    broadcast: bool
    """Permit sending to broadcast addresses (SO_BROADCAST)."""
    reuse_address: bool
    """Share address and port with other sockets that say so too, as receivers of the same
    multicast group on one machine do (SO_REUSEADDR; on macOS and the BSDs SO_REUSEPORT, too)."""
    reuse_port: bool
    """Share address and port with other sockets of the same user, among which the system spreads
    the datagrams (SO_REUSEPORT). Windows has no such thing."""
    receive_buffer: int
    """Bytes that the system keeps for the socket until they are received (SO_RCVBUF); systems
    have a limit of their own, and may round."""
    send_buffer: int
    """Bytes that the system keeps until they are on their way (SO_SNDBUF)."""
    multicast_ttl: int
    """Over how many routers what is sent to a group may go; systems begin with 1, which means
    that it stays in the local network."""
    multicast_loop: bool
    """Whether groups that this machine has joined get what is sent; systems begin with true."""
    multicast_interface: str | int
    """Where datagrams to groups go out: an interface's name, its index, or for IPv4 this
    machine's address there."""
    socket_options: Iterable[SocketOption]
    """More options, set last, and before the socket is bound."""


@overload
def open_udp(
    port: int = 0,
    *,
    host: str | None = None,
    remote: None = None,
    timeout: float | None = None,
    token: CancelToken | None = None,
    **options: Unpack[UDPOptions],
) -> AbstractAsyncContextManager[UDPSocket]: ...


@overload
def open_udp(
    port: int = 0,
    *,
    host: str | None = None,
    remote: tuple[str, int],
    timeout: float | None = None,
    token: CancelToken | None = None,
    **options: Unpack[UDPOptions],
) -> AbstractAsyncContextManager[ConnectedUDPSocket]: ...


def open_udp(
    port: int = 0,
    *,
    host: str | None = None,
    remote: tuple[str, int] | None = None,
    timeout: float | None = None,
    token: CancelToken | None = None,
    **options: Unpack[UDPOptions],
) -> AbstractAsyncContextManager[UDPSocket | ConnectedUDPSocket]:
    """Open a UDP socket, and close it on leaving.

    ``async with open_udp(5353, host="0.0.0.0") as socket`` gives a :class:`UDPSocket`,
    ``async with open_udp(remote=("dns.example.org", 53)) as socket`` a
    :class:`ConnectedUDPSocket`.

    One socket is IPv4 or IPv6; a service for both opens two.

    :param port: this side's port; 0 lets the system choose one.
    :param host: a name or numeric address of this machine. ``"0.0.0.0"`` means all its IPv4
        addresses, ``"::"`` all its IPv6 ones; ``None`` means ``127.0.0.1``, or with ``remote``
        the one that the way there begins at.
    :param remote: host and port of the one peer; of several addresses the first one that there is
        a way to. That somebody is there is not known before they answer.
    :param timeout: seconds for resolving names; ``None`` and ``math.inf`` mean no limit.
    :param token: cancels that.
    :param options: see :class:`UDPOptions`.
    :raises NameResolutionFailed: a name has no address.
    :raises AddressInUse: somebody else is bound to the port.
    :raises Unreachable: there is no way to the remote host.
    :raises NetworkError: the system refuses otherwise, such as an option.
    :raises TypeError: ``remote`` is no pair, or there is no such option.
    """
    if remote is not None and not _is_host_and_port(remote):
        raise TypeError(f"remote has to be a host and a port, not {remote!r}")
    _check_names(options)
    return _open(port, host, remote, timeout, token, options)


@asynccontextmanager
async def _open(
    port: int,
    host: str | None,
    remote: tuple[str, int] | None,
    timeout: float | None,
    token: CancelToken | None,
    options: UDPOptions,
) -> AsyncIterator[UDPSocket | ConnectedUDPSocket]:
    kind = UDPSocket if remote is None else ConnectedUDPSocket
    with operation("net.udp.open", peer=remote) as report, limit(timeout, token):
        sock = _make_first(await _find_places(port, host, remote), options)
        try:
            opened = kind(
                sock, max_datagram_size=options.get("max_datagram_size", MAX_DATAGRAM_SIZE)
            )
        except BaseException:
            sock.close()
            raise
        if report is not None:
            report.connection_id = opened.connection_id
    async with opened:
        yield opened


async def bind_udp(port: int, host: str, options: UDPOptions) -> socket_module.socket:
    """Make a bare socket that is bound to a host's first address."""
    _check_names(options)
    return _make_first(await _find_places(port, host, None), options)


def _is_host_and_port(remote: object) -> bool:
    return isinstance(remote, tuple) and len(remote) == 2


def _check_names(options: UDPOptions) -> None:
    if unknown := options.keys() - UDPOptions.__annotations__.keys():
        raise TypeError(f"UDP sockets have no option {', '.join(sorted(unknown))}")


@attrs.frozen
class _Place:
    """Where a socket may begin and end."""

    family: socket_module.AddressFamily
    local: SocketAddress | None
    remote: SocketAddress | None


async def _find_places(port: int, host: str | None, remote: tuple[str, int] | None) -> list[_Place]:
    udp = socket_module.SOCK_DGRAM
    if remote is None:
        ours = await resolve(host or LOOPBACK, port, passive=True, kind=udp)
        return [_Place(end.family, end.address, None) for end in ours]
    theirs = await resolve(*remote, kind=udp)
    if host is None and port == 0:
        return [_Place(end.family, None, end.address) for end in theirs]
    ours = await resolve(host, port, passive=True, kind=udp)
    by_family = {end.family: end.address for end in reversed(ours)}
    places = [
        _Place(end.family, by_family[end.family], end.address)
        for end in theirs
        if end.family in by_family
    ]
    if not places:
        raise AddressNotAvailable(
            f"{host or 'this machine'} has no address of that family",
            operation="open",
            address=theirs[0].address,
        )
    return places


def _make_first(places: list[_Place], options: UDPOptions) -> socket_module.socket:
    """Make a socket at the first place that the system has a socket for."""
    if more := options.get("socket_options"):
        options = {**options, "socket_options": tuple(more)}  # for each place
    errors: list[NetworkError] = []
    for place in places:
        try:
            return _make_socket(place, options)
        except NetworkError as exc:
            errors.append(exc)
    for other in errors[1:]:
        errors[0].add_note(f"also tried: {other}")
    try:
        raise errors[0]
    finally:
        errors.clear()  # their tracebacks refer to this frame


def _make_socket(place: _Place, options: UDPOptions) -> socket_module.socket:
    sock: socket_module.socket | None = None
    verb, address = "open", place.local
    try:
        sock = current_network().open_socket(place.family, socket_module.SOCK_DGRAM)
        _set_options(sock, options)
        if place.local is not None:
            verb = "bind"
            sock.bind(place.local)
        if place.remote is not None:
            verb, address = "connect", place.remote
            sock.connect(place.remote)
        return sock
    except OSError as exc:
        if sock is not None:
            sock.close()
        raise from_os_error(exc, operation=verb, address=address) from exc
    except BaseException:
        if sock is not None:
            sock.close()
        raise


def _set_options(sock: socket_module.socket, options: UDPOptions) -> None:
    """Set what has to be set before a socket is bound, and what may be."""
    numbers: list[SocketOption] = []
    if options.get("broadcast"):
        numbers.append((socket_module.SOL_SOCKET, socket_module.SO_BROADCAST, 1))
    if options.get("reuse_address"):
        sharing = (getattr(socket_module, name, None) for name in _SHARING)
        numbers += ((socket_module.SOL_SOCKET, option, 1) for option in sharing if option)
    elif sys.platform == "win32":
        numbers.append((socket_module.SOL_SOCKET, socket_module.SO_EXCLUSIVEADDRUSE, 1))
    if options.get("reuse_port"):
        numbers.append((socket_module.SOL_SOCKET, _reuse_port(), 1))
    if (size := options.get("receive_buffer")) is not None:
        numbers.append((socket_module.SOL_SOCKET, socket_module.SO_RCVBUF, size))
    if (size := options.get("send_buffer")) is not None:
        numbers.append((socket_module.SOL_SOCKET, socket_module.SO_SNDBUF, size))
    if sock.family == socket_module.AF_INET6:
        numbers.append((socket_module.IPPROTO_IPV6, socket_module.IPV6_V6ONLY, 1))
    for option in (*numbers, *options.get("socket_options", ())):
        sock.setsockopt(*option)
    set_multicast_sending(
        sock,
        ttl=options.get("multicast_ttl"),
        loop=options.get("multicast_loop"),
        interface=options.get("multicast_interface"),
    )


def _reuse_port() -> int:
    option: int | None = getattr(socket_module, "SO_REUSEPORT", None)
    if option is None:
        raise ValueError("reuse_port: this system has no SO_REUSEPORT")
    return option


# What receivers of one group have to set to share a port. On Linux SO_REUSEPORT would spread
# datagrams among them; the BSDs, which macOS is one of, need it for all to get each.
_SHARING: Final = (
    ("SO_REUSEADDR",) if sys.platform in ("linux", "win32") else ("SO_REUSEADDR", "SO_REUSEPORT")
)
