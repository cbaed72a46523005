"""The demonstration's services: HTTP, a gateway and an ASGI app; echo by TCP, TLS, UDP and DTLS."""

from __future__ import annotations

import ssl
from functools import partial
from typing import TYPE_CHECKING, Final

import attrs
import trio

from trio_helianthus import asgi, http, net
from trio_helianthus.errors import MissingExtraError

from ._demo_router import make_router

if TYPE_CHECKING:
    from collections.abc import Callable

    from OpenSSL.SSL import Context

    from trio_helianthus.core import ServiceNursery
    from trio_helianthus.net import ByteStream

    from ._demo_board import Board

GATEWAY_SECONDS: Final = 0.02
"""What the gateway takes of a request's time, before it asks the other service."""


@attrs.frozen
class Certificates:
    """A certificate for localhost, fresh for this run, and a client that trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    configure_server: Callable[[Context], object]
    configure_client: Callable[[Context], object]

    @staticmethod
    def make() -> Certificates:
        """Make them.

        :raises MissingExtraError: trustme is not installed, or what the services need: pyOpenSSL
            for DTLS, and python-multipart for uploads.
        """
        try:
            import OpenSSL  # noqa: F401 - missed here and not half-way
            import python_multipart  # noqa: F401 - so is this
            import trustme
        except ImportError as exc:
            raise MissingExtraError("demo", exc.name or "trustme") from exc
        authority = trustme.CA()
        server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        client = ssl.create_default_context()
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        certificate.configure_cert(server)
        authority.configure_trust(client)
        return Certificates(server, client, certificate.configure_cert, authority.configure_trust)


@attrs.frozen
class Services:
    """The running services."""

    board: Board
    gateway: http.Server
    asgi: http.Server
    http: http.Server
    tcp: net.Server
    tls: net.Server
    udp_port: int
    dtls: net.DTLSServer


async def start_services(
    nursery: ServiceNursery, certificates: Certificates, board: Board
) -> Services:
    """Start all services on loopback; each returns when it was drained, UDP's after them."""
    # No browser ends its side alone: where it has, it is gone, and there is nothing to wait for.
    limits = http.ServerLimits(half_close_grace=0)
    service: http.Server = await nursery.start(
        partial(http.serve, make_router(board), limits=limits)
    )
    board.statistics = service.statistics
    return Services(
        board=board,
        gateway=await nursery.start(serve_gateway, service.url),
        asgi=await nursery.start(partial(asgi.serve, asgi_app, lifespan="off")),
        http=service,
        tcp=await nursery.start(partial(net.serve_tcp, echo, name="tcp echo")),
        tls=await nursery.start(
            partial(net.serve_tls, echo, ssl_context=certificates.server, name="tls echo")
        ),
        udp_port=await nursery.start_service(echo_udp),
        dtls=await nursery.start(
            partial(
                net.serve_dtls, echo_dtls, configure=certificates.configure_server, name="dtls echo"
            )
        ),
    )


async def serve_gateway(
    url: str, *, task_status: trio.TaskStatus[http.Server] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serve what another service answers, and tell it how much time is left for that."""

    async def ask(request: http.Request) -> http.Response:
        await trio.sleep(GATEWAY_SECONDS)
        answer = await client.get(request.target)
        return http.Response.text(answer.text, status=answer.status)

    async with http.open_client(url, propagate_deadline=True) as client:
        await http.serve(ask, task_status=task_status)


async def asgi_app(scope: asgi.Scope, _: asgi.Receive, send: asgi.Send) -> None:
    """Greet, as any ASGI framework would do it."""
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": f"ASGI at {scope['path']}\n".encode()})


async def echo_udp(*, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED) -> None:
    """Send back every datagram, to where it came from."""
    async with net.open_udp() as socket:
        task_status.started(socket.port)
        async for data, address, _ in socket:
            await socket.send_to(data, address)


async def echo_dtls(channel: net.DTLSChannel) -> None:
    """Send back every datagram, until the client says goodbye."""
    async for data in channel:
        await channel.send(data)


async def echo(stream: ByteStream) -> None:
    """Send back what comes, until the client ends."""
    while data := await stream.receive_some():
        await stream.send_all(data)
