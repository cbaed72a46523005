"""The demonstration's services: HTTP with a slow handler, and echo by TCP, TLS, UDP and DTLS."""

from __future__ import annotations

import ssl
from functools import partial
from typing import TYPE_CHECKING, Final

import attrs
import trio

from trio_helianthus import http, net
from trio_helianthus.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable

    from OpenSSL.SSL import Context

    from trio_helianthus.core import ServiceNursery
    from trio_helianthus.net import ByteStream

SLOW_SECONDS: Final = 30.0
"""How long the slow handler takes, if nobody cancels it."""

BRIEF_SECONDS: Final = 0.1
"""How long the brief handler takes."""

_PAGE: Final = """<!doctype html>
<meta charset="utf-8"><title>trio_helianthus</title>
<style>
 body {{ font: 18px/1.5 system-ui, sans-serif; max-width: 38em; margin: 4em auto; padding: 0 1em }}
 h1 {{ color: #b97a00 }} code {{ background: #fff4d6; padding: .1em .3em }}
</style>
<h1>trio_helianthus</h1>
<p>This page comes from <code>http.serve</code> on trio. Try
<a href="/hello/you">/hello/you</a> and <a href="/status">/status</a>.
<p><a href="/slow">/slow</a> takes {seconds:.0f} seconds. Press your browser's stop button while it
loads: the handler is cancelled at once, and says so in the terminal and in /status.
"""


@attrs.define
class Calls:
    """What became of the calls of the handlers that take a while."""

    brief_started: trio.Semaphore = attrs.field(factory=lambda: trio.Semaphore(0))
    """Released by each call of the brief handler."""
    slow_stopped: trio.Event = attrs.field(factory=trio.Event)
    slow_stopped_at: float = 0.0
    """When the slow handler was cancelled first, on trio's clock."""
    running: int = 0
    finished: int = 0
    cancelled: int = 0
    announce: bool = False


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

        :raises MissingExtraError: trustme is not installed, or pyOpenSSL, which DTLS needs.
        """
        try:
            import OpenSSL  # noqa: F401 - missed here and not half-way
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

    http: http.Server
    tcp: net.Server
    tls: net.Server
    udp_port: int
    dtls: net.DTLSServer
    calls: Calls


async def start_services(
    nursery: ServiceNursery, certificates: Certificates, *, http_port: int = 0
) -> Services:
    """Start all services on loopback; each returns when it was drained, UDP's after them."""
    calls = Calls()
    router = _make_router(calls)
    return Services(
        http=await nursery.start(http.serve, router, http_port),
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
        calls=calls,
    )


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


def _make_router(calls: Calls) -> http.Router:
    router = http.Router()

    @router.get("/")
    async def index(_: http.Request) -> http.Response:
        return http.Response.html(_PAGE.format(seconds=SLOW_SECONDS))

    @router.get("/hello/{name}")
    async def hello(request: http.Request) -> str:
        return f"Hello, {request.path_params['name']}!\n"

    @router.post("/reverse")
    async def reverse(request: http.Request) -> bytes:
        return (await request.read())[::-1]

    @router.get("/brief")
    async def brief(_: http.Request) -> str:
        calls.brief_started.release()
        await trio.sleep(BRIEF_SECONDS)
        return "done\n"

    @router.get("/slow")
    async def slow(_: http.Request) -> str:
        calls.running += 1
        try:
            await trio.sleep(SLOW_SECONDS)
        except trio.Cancelled:
            calls.cancelled += 1
            calls.slow_stopped_at = trio.current_time()
            calls.slow_stopped.set()
            if calls.announce:
                print("/slow: its client went away, so the handler was cancelled", flush=True)
            raise
        finally:
            calls.running -= 1
        calls.finished += 1
        return "at last\n"

    @router.get("/status")
    async def status(_: http.Request) -> dict[str, int]:
        return {
            "slow calls running": calls.running,
            "slow calls finished": calls.finished,
            "slow calls cancelled": calls.cancelled,
        }

    return router
