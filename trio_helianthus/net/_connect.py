"""Connecting to TCP servers: happy eyeballs over all of a name's addresses (RFC 8305)."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import TYPE_CHECKING, Final, TypeAlias

import trio

from ..core import limit, open_background_nursery, operation
from ..errors import AddressNotAvailable, NetworkError, from_os_error
from ._address import Endpoint, interleave_families, resolve
from ._tcp_stream import TCPStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..core import CancelToken
    from ._address import SocketAddress

CONNECT_SECONDS: Final = 30.0
"""How long connecting may take, name resolution and handshake included, unless told otherwise."""
ATTEMPT_DELAY_SECONDS: Final = 0.25
"""How long one address may take before the next is tried beside it (RFC 8305, section 8)."""

SocketOption: TypeAlias = "tuple[int, int, int | bytes]"
"""The arguments of :meth:`socket.socket.setsockopt`: level, option, value."""


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
    connection wins.

    :param host: a name or a numeric address.
    :param port: 1 to 65535.
    :param local_host: connect from this address of this machine.
    :param nodelay: send small writes at once (TCP_NODELAY).
    :param keepalive: let the system probe an idle connection (SO_KEEPALIVE).
    :param socket_options: more options, set before connecting.
    :param happy_eyeballs_delay: seconds.
    :param timeout: seconds for all of it; ``None`` means 30, ``math.inf`` no limit.
    :param token: cancels it.
    :raises NameResolutionFailed: the name has no address.
    :raises ConnectionRefused: nobody listens there; with several addresses, the error of the
        first, which lists the others in its notes.
    :raises NetworkError: anything else that the network or the system answered.
    :raises OperationTimeout: it took too long.
    :raises OperationCancelled: the token was cancelled.
    On cancellation every half-open connection is closed.
    """
    options = list(socket_options)
    if nodelay:
        options.append((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1))
    if keepalive:
        options.append((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1))
    seconds = CONNECT_SECONDS if timeout is None else timeout
    with operation("net.tcp.connect", peer=(host, port)) as report, limit(seconds, token):
        endpoints = interleave_families(await resolve(host, port))
        local = None if local_host is None else await resolve(local_host, 0, passive=True)
        connected = await _connect_first(endpoints, local, options, happy_eyeballs_delay)
        stream = TCPStream(connected)
        if report is not None:
            report.connection_id = stream.connection_id
            report.peer = stream.remote_address
        return stream


async def _connect_first(
    endpoints: Sequence[Endpoint],
    local: Sequence[Endpoint] | None,
    options: Sequence[SocketOption],
    delay: float,
) -> socket.socket:
    """Race attempts to all endpoints, each with a head start; return the winner's socket."""
    if len(endpoints) == 1:
        return await _connect_one(endpoints[0], local, options)
    winners: list[socket.socket] = []
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
        _close_all(winners)
        raise
    _close_all(winners[1:])  # two can win in the same pass
    if winners:
        return winners[0]
    first, *others = errors
    for other in others:
        first.add_note(f"also tried: {other}")
    raise first


async def _connect_one(
    endpoint: Endpoint, local: Sequence[Endpoint] | None, options: Sequence[SocketOption]
) -> socket.socket:
    try:
        sock = socket.socket(endpoint.family, socket.SOCK_STREAM)
    except OSError as exc:
        raise from_os_error(exc, operation="connect", address=endpoint.address) from exc
    try:
        sock.setblocking(False)
        for level, option, value in options:
            sock.setsockopt(level, option, value)
        if local is not None:
            sock.bind(_local_address(endpoint, local))
        with contextlib.suppress(BlockingIOError):
            sock.connect(endpoint.address)
        await trio.lowlevel.wait_writable(sock)
        if number := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(number, os.strerror(number))
    except BaseException as exc:
        sock.close()
        if isinstance(exc, OSError):
            raise from_os_error(exc, operation="connect", address=endpoint.address) from exc
        raise
    return sock


def _local_address(remote: Endpoint, local: Sequence[Endpoint]) -> SocketAddress:
    for endpoint in local:
        if endpoint.family == remote.family:
            return endpoint.address
    raise AddressNotAvailable(
        "the local host has no address of that family",
        operation="connect",
        address=remote.address,
    )


def _close_all(sockets: Iterable[socket.socket]) -> None:
    for sock in sockets:
        sock.close()
