"""Connecting to TCP servers: happy eyeballs over all of a name's addresses (RFC 8305)."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import sys
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.core import limit, open_background_nursery, operation
from trio_helianthus.errors import AddressNotAvailable, NetworkError, from_os_error

from ._address import Endpoint, interleave_families, resolve
from ._network import current_network
from ._options import connection_options, set_options
from ._tcp_stream import TCPStream

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from trio_helianthus.core import CancelToken

    from ._address import SocketAddress
    from ._options import SocketOption

CONNECT_SECONDS: Final = 30.0
"""How long connecting may take, name resolution and handshake included, unless told otherwise."""
ATTEMPT_DELAY_SECONDS: Final = 0.25
"""How long one address may take before the next is tried beside it (RFC 8305, section 8)."""


async def connect_tcp(
    host: str,
    port: int,
    *,
    local_host: str | None = None,
    nodelay: bool = True,
    keepalive: bool = False,
    socket_options: Iterable[SocketOption] = (),
    happy_eyeballs_delay: float = ATTEMPT_DELAY_SECONDS,
    timeout: float | None = None,
    token: CancelToken | None = None,
) -> TCPStream:
    """Connect to a TCP server.

    A name with several addresses is tried in turn, alternating between IPv6 and IPv4: the next
    one as soon as an attempt fails, or beside it after ``happy_eyeballs_delay``. The first
    connection wins. On cancellation every half-open connection is closed.

    :param host: a name or a numeric address.
    :param port: 1 to 65535.
    :param local_host: connect from this address of this machine, to addresses of its family.
    :param nodelay: send small writes at once (TCP_NODELAY).
    :param keepalive: let the system probe an idle connection (SO_KEEPALIVE).
    :param socket_options: more options, set before connecting.
    :param happy_eyeballs_delay: seconds.
    :param timeout: seconds for all of it; ``None`` means 30, ``math.inf`` no limit.
    :param token: cancels it.
    :raises NameResolutionFailed: the name has no address.
    :raises ConnectionRefused: nobody listens there; with several addresses, the error of the
        attempt that failed first, which lists the others in its notes.
    :raises NetworkError: anything else that the network or the system answered.
    :raises OperationTimeout: it took too long.
    :raises OperationCancelled: the token was cancelled.
    """
    if not happy_eyeballs_delay >= 0:  # this way round it catches NaN as well
        raise ValueError(f"happy_eyeballs_delay must be >= 0, not {happy_eyeballs_delay!r}")
    options = connection_options(nodelay=nodelay, keepalive=keepalive, more=socket_options)
    seconds = CONNECT_SECONDS if timeout is None else timeout
    with operation("net.tcp.connect", peer=(host, port)) as report, limit(seconds, token):
        endpoints = interleave_families(await resolve(host, port))
        local = {} if local_host is None else await _resolve_local(local_host)
        if local:
            endpoints = _reachable_from(local, local_host, endpoints)
        stream = await _connect_first(endpoints, local, options, happy_eyeballs_delay)
        if report is not None:
            report.connection_id = stream.connection_id
            report.peer = stream.remote_address
        return stream


async def _resolve_local(host: str) -> dict[socket.AddressFamily, SocketAddress]:
    """Return the first address of each family that the host has on this machine."""
    endpoints = await resolve(host, 0, passive=True)
    return {endpoint.family: endpoint.address for endpoint in reversed(endpoints)}


def _reachable_from(
    local: Container[socket.AddressFamily], local_host: str | None, endpoints: Sequence[Endpoint]
) -> list[Endpoint]:
    reachable = [endpoint for endpoint in endpoints if endpoint.family in local]
    if not reachable:
        raise AddressNotAvailable(
            f"{local_host} has no address of that family",
            operation="connect",
            address=endpoints[0].address,
        )
    return reachable


async def _connect_first(
    endpoints: Sequence[Endpoint],
    local: Mapping[socket.AddressFamily, SocketAddress],
    options: Sequence[SocketOption],
    delay: float,
) -> TCPStream:
    """Race attempts to all endpoints, each with a head start; return the winner."""
    if len(endpoints) == 1:
        return await _connect_one(endpoints[0], local, options)
    winners: list[TCPStream] = []
    errors: list[NetworkError] = []
    changed = trio.Event()

    async def attempt(endpoint: Endpoint) -> None:
        try:
            winners.append(await _connect_one(endpoint, local, options))
        except NetworkError as exc:
            errors.append(exc)
        changed.set()

    try:
        async with open_background_nursery() as background:
            for endpoint in endpoints:
                changed = trio.Event()
                background.start_soon(attempt, endpoint)
                with trio.move_on_after(delay):
                    await changed.wait()
                if winners:
                    break
            while not winners and len(errors) < len(endpoints):
                changed = trio.Event()
                await changed.wait()
    except BaseException:
        _throw_away(winners)
        raise
    _throw_away(winners[1:])  # two can win in the same pass
    if winners:
        return winners[0]
    for other in errors[1:]:
        errors[0].add_note(f"also tried: {other}")
    try:
        raise errors[0]
    finally:
        errors.clear()  # their tracebacks refer to the frames that hold the list


async def _connect_one(
    endpoint: Endpoint,
    local: Mapping[socket.AddressFamily, SocketAddress],
    options: Sequence[SocketOption],
) -> TCPStream:
    network = current_network()
    sock: socket.socket | None = None
    try:
        sock = network.open_socket(endpoint.family, socket.SOCK_STREAM)
        set_options(sock, options)
        if local:
            sock.bind(local[endpoint.family])
        with contextlib.suppress(BlockingIOError):
            sock.connect(endpoint.address)
        readiness = network.readiness_of(sock)
        await readiness.wait_writable()
        if number := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            # Windows: strerror has no words for Winsock's numbers, but errors has.
            raise OSError(number, os.strerror(number) if sys.platform != "win32" else "")
        stream = TCPStream(sock, remote_address=endpoint.address, readiness=readiness)
        if stream.local_address == stream.remote_address:
            # Nobody listens, and the system has chosen that port for our side: TCP's simultaneous
            # open (RFC 9293, 3.5) connects a socket with itself then.
            raise ConnectionRefusedError(errno.ECONNREFUSED, "connected to itself")
        return stream
    except OSError as exc:
        if sock is not None:
            sock.close()
        raise from_os_error(exc, operation="connect", address=endpoint.address) from exc
    except BaseException:
        if sock is not None:
            sock.close()
        raise


def _throw_away(streams: Iterable[TCPStream]) -> None:
    for stream in streams:
        stream.reset()
