"""DTLS clients: a channel of datagrams to one server, whose certificate and name are verified."""

from __future__ import annotations

import contextlib
import socket as socket_module
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from trio_helianthus.core import limit, operation
from trio_helianthus.errors import NetworkError, from_os_error

from ._address import resolve
from ._connect import CONNECT_SECONDS
from ._dtls_channel import RETRANSMIT_SECONDS, DTLSChannel
from ._dtls_context import ascii_name, connection_of, is_numeric, make_context
from ._dtls_socket import INCOMING_DATAGRAMS, EndpointSocket, check_settings, make_endpoint
from ._network import current_network

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Callable

    from OpenSSL import SSL

    from trio_helianthus.core import CancelToken

    from ._address import Endpoint, SocketAddress


@asynccontextmanager
async def open_dtls(
    host: str,
    port: int,
    *,
    server_hostname: str | None = None,
    authorities: str | os.PathLike[str] | None = None,
    certificate: str | os.PathLike[str] | None = None,
    private_key: str | os.PathLike[str] | None = None,
    configure: Callable[[SSL.Context], object] | None = None,
    ciphertext_mtu: int | None = None,
    retransmit_timeout: float = RETRANSMIT_SECONDS,
    incoming_buffer: int = INCOMING_DATAGRAMS,
    timeout: float | None = None,
    token: CancelToken | None = None,
) -> AsyncIterator[DTLSChannel]:
    """Connect to a DTLS server, and say goodbye on leaving.

    The server's certificate has to be valid for ``server_hostname``. Needs the extra ``dtls``.

    :param host: a name or a numeric address; of several addresses the first one that there is a
        way to.
    :param port: 1 to 65535.
    :param server_hostname: the name to ask for (SNI) and to verify; ``None`` means ``host``.
    :param authorities: a PEM file of the authorities to trust; ``None`` means the system's.
    :param certificate: a PEM file of this side's certificate and those of its issuers, for servers
        that ask for one.
    :param private_key: the PEM file of its key, which has no password; ``None`` means that
        ``certificate`` has it.
    :param configure: called with the pyOpenSSL context, made for this channel, after all else was
        set, for what has no argument here. Without ``VERIFY_PEER`` nothing is verified; a
        verify callback is replaced.
    :param ciphertext_mtu: see :meth:`DTLSChannel.set_ciphertext_mtu`; handshake messages are cut
        to fit.
    :param retransmit_timeout: seconds to wait for an answer before repeating a part of the
        handshake; doubles each time.
    :param incoming_buffer: how many datagrams to keep until they are received; further ones are
        dropped, and counted.
    :param timeout: seconds for all of it; ``None`` means 30, ``math.inf`` no limit. That nobody
        is there shows in nothing else.
    :param token: cancels it.
    :raises MissingExtraError: pyOpenSSL is not installed.
    :raises ValueError: a setting is out of its range, or ``server_hostname`` is no name.
    :raises CertificateInvalid: the server's certificate was not accepted.
    :raises NameResolutionFailed: the name has no address.
    :raises TLSError: a file does not load, or the handshake failed otherwise.
    :raises NetworkError: a file is missing, or anything else that the system answered.
    :raises OperationTimeout: it took too long.
    :raises OperationCancelled: the token was cancelled.
    """
    check_settings(
        incoming_buffer=incoming_buffer,
        retransmit_timeout=retransmit_timeout,
        ciphertext_mtu=ciphertext_mtu,
    )
    name = "" if server_hostname is None else ascii_name(server_hostname)
    context = make_context(
        server_side=False,
        certificate=certificate,
        private_key=private_key,
        authorities=authorities,
        configure=configure,
    )
    with contextlib.ExitStack() as stack:
        seconds = CONNECT_SECONDS if timeout is None else timeout
        with operation("net.dtls.connect", peer=(host, port)) as report, limit(seconds, token):
            endpoints = await resolve(host, port, kind=socket_module.SOCK_DGRAM)
            name = name or ascii_name(host)
            sock, address = _make_socket(endpoints)
            below = EndpointSocket(sock)
            endpoint = stack.enter_context(make_endpoint(below, incoming_buffer))
            below_channel = endpoint.connect(cast("tuple[str, int]", address), context)
            channel = DTLSChannel(below_channel, below.udp, below.getsockname())
            if report is not None:
                report.connection_id, report.peer = channel.connection_id, address
            if not is_numeric(name):
                connection_of(below_channel).set_tlsext_host_name(name.encode())
            if ciphertext_mtu is not None:
                channel.set_ciphertext_mtu(ciphertext_mtu)
            await channel._shake_hands(server_hostname=name, retransmit_timeout=retransmit_timeout)
        async with channel:
            yield channel


def _make_socket(endpoints: list[Endpoint]) -> tuple[socket_module.socket, SocketAddress]:
    """Make a socket, bound where the way to the first endpoint that has one begins."""
    errors: list[NetworkError] = []
    for endpoint in endpoints:
        try:
            return _socket_towards(endpoint)
        except NetworkError as exc:
            errors.append(exc)
    try:
        raise errors[0]
    finally:
        errors.clear()  # their tracebacks refer to this frame


def _socket_towards(endpoint: Endpoint) -> tuple[socket_module.socket, SocketAddress]:
    open_socket = current_network().open_socket
    sock: socket_module.socket | None = None
    try:
        # Connecting a UDP socket sends nothing; it asks the system for the way.
        with open_socket(endpoint.family, socket_module.SOCK_DGRAM) as probe:
            probe.connect(endpoint.address)
            host, _, *rest = probe.getsockname()
            peer = probe.getpeername()  # who answers for "0.0.0.0"
        sock = open_socket(endpoint.family, socket_module.SOCK_DGRAM)
        sock.bind((host, 0, *rest))
        return sock, peer
    except OSError as exc:
        if sock is not None:
            sock.close()
        raise from_os_error(exc, operation="connect", address=endpoint.address) from exc
