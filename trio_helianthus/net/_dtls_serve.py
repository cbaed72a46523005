"""Serving DTLS: one socket, a task per peer that has proved its address, and an orderly end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, cast

import attrs
import trio

from trio_helianthus.core import limit, open_background_nursery, open_service, operation
from trio_helianthus.errors import HelianthusError, ServiceDraining, format_address

from ._dtls_channel import RETRANSMIT_SECONDS, DTLSChannel
from ._dtls_context import make_context
from ._dtls_handshakes import MAX_HANDSHAKES, Handshakes
from ._dtls_socket import INCOMING_DATAGRAMS, EndpointSocket, check_settings, make_endpoint
from ._serve import MAX_CONNECTIONS
from ._tls import HANDSHAKE_SECONDS
from ._udp_open import LOOPBACK, UDPOptions, bind_udp

if TYPE_CHECKING:
    import os
    from collections.abc import Awaitable, Callable

    from OpenSSL import SSL

    from trio_helianthus.core import DrainReport, Lifecycle, Service

    from ._address import SocketAddress
    from ._udp import UDPSocket

DTLSHandler: TypeAlias = "Callable[[DTLSChannel], Awaitable[object]]"
"""What serves one peer: an async function that takes its channel."""


@attrs.frozen
class DTLSServerStatistics:
    """What a DTLS server has done so far.

    :param connections: peers that are being served, or shake hands.
    :param accepted: peers that have proved their address and were ever served.
    :param failed_handshakes: peers that went away, or were dropped, before their handshake was
        done.
    :param refused: how often a peer was left to ask again, as there were too many.
    """

    connections: int
    accepted: int
    failed_handshakes: int
    refused: int


class DTLSServer:
    """A running DTLS server; :func:`serve_dtls` makes it."""

    def __init__(self, service: Service, address: SocketAddress) -> None:
        self._service = service
        self._failed_handshakes = 0
        self._refused = 0
        self.addresses: Final[tuple[SocketAddress, ...]] = (address,)
        """Every address that it serves at."""

    def __repr__(self) -> str:
        state = "draining" if self.draining else "serving"
        return f"<DTLSServer {state} at {format_address(self.addresses[0])}>"

    @property
    def port(self) -> int:
        """The port that it serves at."""
        return cast("tuple[str, int]", self.addresses[0])[1]

    @property
    def draining(self) -> bool:
        """Whether it takes no new peers."""
        return self._service.draining

    def statistics(self) -> DTLSServerStatistics:
        """Return what the server has done so far."""
        return DTLSServerStatistics(
            connections=self._service.running,
            accepted=self._service.started,
            failed_handshakes=self._failed_handshakes,
            refused=self._refused,
        )

    async def drain(self, timeout: float | None = None) -> DrainReport:
        """Take no new peers, let the handlers finish, and cut those that do not.

        The ``serve_dtls`` call returns afterwards.

        :param timeout: seconds that handlers may take; ``None`` means the lifecycle's setting,
            0 cuts at once, ``math.inf`` waits for as long as it takes.
        :returns: what finished, what was cut, and what would not stop.

        Being cancelled while waiting here does not stop the drain.
        """
        return await self._service.drain(timeout)

    def on_drain(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` when a drain begins, or at once if it has begun."""
        self._service.on_drain(callback)


async def serve_dtls(
    handler: DTLSHandler,
    port: int = 0,
    *,
    host: str = LOOPBACK,
    certificate: str | os.PathLike[str] | None = None,
    private_key: str | os.PathLike[str] | None = None,
    authorities: str | os.PathLike[str] | None = None,
    configure: Callable[[SSL.Context], object] | None = None,
    max_connections: int = MAX_CONNECTIONS,
    max_handshakes: int = MAX_HANDSHAKES,
    handshake_timeout: float = HANDSHAKE_SECONDS,
    retransmit_timeout: float = RETRANSMIT_SECONDS,
    incoming_buffer: int = INCOMING_DATAGRAMS,
    udp_options: UDPOptions | None = None,
    lifecycle: Lifecycle | None = None,
    name: str | None = None,
    task_status: trio.TaskStatus[DTLSServer] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve DTLS at one address and run ``handler(channel)`` in a task for each peer.

    Use it as ``server = await nursery.start(partial(serve_dtls, handler, port, ...))``. It returns
    when the server was drained, by itself or by the lifecycle, and otherwise runs until it is
    cancelled. Needs the extra ``dtls``.

    A peer gets nothing but a small cookie until it has shown that it gets what is sent to its
    address (RFC 6347, 4.2.1). The handler gets a channel whose handshake is done; when it ends, the
    channel is closed. Its end by an error of the channel itself, or by
    :exc:`trio.EndOfChannel` of it, is an end as others; any other exception is a mistake, is
    reported (:func:`core.report_error`), and ends this one peer's channel.

    A peer may vanish without a goodbye, and its handler then waits for ever: give ``receive`` a
    ``timeout``.

    :param handler: an async function that takes a :class:`DTLSChannel`.
    :param port: 0 lets the system choose one.
    :param host: a name or numeric address of this machine. ``"0.0.0.0"`` means all its IPv4
        addresses, ``"::"`` all its IPv6 ones.
    :param certificate: a PEM file of the server's certificate and those of its issuers.
    :param private_key: the PEM file of its key, which has no password; ``None`` means that
        ``certificate`` has it.
    :param authorities: a PEM file; clients have to show a certificate of one of these authorities.
    :param configure: called with the pyOpenSSL context after all else was set.
    :param max_connections: how many peers to serve at a time; further ones get no answer, and ask
        again.
    :param max_handshakes: how many of these may still shake hands. Where this or the other limit
        is reached, the one that has done so for longest is dropped for a new peer, if that was
        more than 3 seconds; peers with their handshake done are not.
    :param handshake_timeout: seconds that a peer may take for the handshake.
    :param retransmit_timeout: as for :func:`open_dtls`.
    :param incoming_buffer: as for :func:`open_dtls`, for each channel.
    :param udp_options: options of the socket, without ``max_datagram_size``.
    :param lifecycle: drains the server; ``None`` means the one that encloses this call, if any.
    :param name: appears in reports.
    :param task_status: reports the :class:`DTLSServer`.
    :raises MissingExtraError: pyOpenSSL is not installed.
    :raises AddressInUse: somebody else is bound to the port; and what else :func:`open_udp` raises.
    :raises TLSError: a file has no certificate or key in it, or they do not belong together.
    :raises NetworkError: a file is missing, or must not be read.
    :raises ServiceDraining: the lifecycle is not running any more.
    :raises ValueError: a setting is out of its range, or there is no certificate.
    """
    if max_connections < 1:
        raise ValueError(f"max_connections must be at least 1, not {max_connections}")
    if max_handshakes < 1:
        raise ValueError(f"max_handshakes must be at least 1, not {max_handshakes}")
    if not handshake_timeout >= 0:  # this way round it catches NaN as well
        raise ValueError(f"handshake_timeout must be >= 0, not {handshake_timeout!r}")
    if certificate is None and configure is None:
        raise ValueError("a server needs a certificate: certificate=, or what configure= loads")
    if udp_options is not None and "max_datagram_size" in udp_options:
        raise ValueError("max_datagram_size is fixed: the records of DTLS have a limit")
    check_settings(incoming_buffer=incoming_buffer, retransmit_timeout=retransmit_timeout)
    context = make_context(
        server_side=True,
        certificate=certificate,
        private_key=private_key,
        authorities=authorities,
        configure=configure,
    )
    with open_service(name or "dtls", lifecycle=lifecycle) as service:
        below = EndpointSocket(await bind_udp(port, host, udp_options or {}))
        with make_endpoint(below, incoming_buffer) as endpoint:
            server = DTLSServer(service, below.getsockname())
            handshakes = Handshakes(max_handshakes)
            server.on_drain(handshakes.hurry)
            peers = _Peers(
                server,
                below.udp,
                handler,
                max_connections,
                handshakes,
                handshake_timeout,
                retransmit_timeout,
            )
            async with open_background_nursery() as background:
                # It goes on during a drain, as the channels that are left live by it.
                background.start_soon(endpoint.serve, context, peers.take)
                task_status.started(server)
                await service.run(trio.sleep_forever)


@attrs.frozen
class _Peers:
    """What a server does with a new peer."""

    server: DTLSServer
    udp: UDPSocket
    handler: DTLSHandler
    at_most: int
    handshakes: Handshakes
    handshake_timeout: float
    retransmit_timeout: float

    async def take(self, below: trio.DTLSChannel) -> None:
        """Serve a peer; trio calls this in a task, and drops the peer when it returns."""
        service = self.server._service
        if not self.handshakes.make_room(full=service.running >= self.at_most):
            self.server._refused += 1
            return
        channel = DTLSChannel(below, self.udp, self.server.addresses[0])
        ended = trio.Event()

        def label() -> str:
            peer = format_address(channel.remote_address)
            return f"{channel.activity} ({peer})" if channel.activity else peer

        try:
            service.start_soon(
                self._run,
                channel,
                self.handshakes.begin(),
                ended,
                label=label,
                name=self.handler,
            )
        except ServiceDraining:
            return
        await ended.wait()

    async def _run(self, channel: DTLSChannel, scope: trio.CancelScope, ended: trio.Event) -> None:
        shaken = False
        try:
            with operation(
                "net.dtls.channel",
                connection_id=channel.connection_id,
                peer=channel.remote_address,
            ) as report:
                try:
                    with self.handshakes.under_way(scope), limit(self.handshake_timeout, None):
                        await channel._shake_hands(
                            server_hostname=None, retransmit_timeout=self.retransmit_timeout
                        )
                    shaken = True
                    await self.handler(channel)
                finally:
                    if not shaken:
                        self.server._failed_handshakes += 1
                    if report is not None:
                        report.bytes_sent = channel.bytes_sent
                        report.bytes_received = channel.bytes_received
        except Exception as exc:
            # The channel's own failures are told by the operation; all else is a mistake.
            if shaken and not _comes_from(channel, exc):
                raise
            if not shaken and not isinstance(exc, HelianthusError):
                raise
        finally:
            channel.close()
            ended.set()


def _comes_from(channel: DTLSChannel, exc: Exception) -> bool:
    if isinstance(exc, ExceptionGroup):
        return all(_comes_from(channel, each) for each in exc.exceptions)
    return exc is channel.last_error
