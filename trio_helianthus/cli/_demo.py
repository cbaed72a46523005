"""The demonstration: start services, call them, cancel a call half-way, drain, and report."""

from __future__ import annotations

import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus import http, net
from trio_helianthus.core import (
    LifecycleReport,
    current_lifecycle,
    open_service_nursery,
    run,
    subscribe,
)

from ._demo_board import Board
from ._demo_http import call_often, cancel_half_way, expect, run_out_of_time, tour
from ._demo_redis import use_redis
from ._demo_report import Findings, print_demo_report
from ._demo_services import Certificates, Services, start_services
from ._demo_websocket import use_websockets

if TYPE_CHECKING:
    from trio_helianthus.net import ByteStream

ECHOES: Final = 50
ECHO_CONNECTIONS: Final = 5
DATAGRAMS: Final = 50
CURL_SECONDS: Final = 10.0
"""How long curl may take, so that the demonstration ends for certain."""
CALLS_WHILE_DRAINING: Final = 5


def run_demo() -> int:
    """Run the demonstration once.

    :returns: 0 if everything went as it should, 1 if not.
    :raises MissingExtraError: the extra ``demo`` is not installed.
    """
    certificates = Certificates.make()
    findings = Findings()
    began = time.perf_counter()

    def report(lifecycle_report: LifecycleReport) -> None:
        findings.seconds = time.perf_counter() - began
        print_demo_report(findings, lifecycle_report)

    return run(_demonstrate, certificates, findings, on_report=report)


def serve_demo() -> int:
    """Keep the demonstration's services up until Ctrl-C.

    :returns: 0 if everything that ran then could finish, 1 if not.
    :raises MissingExtraError: the extra ``demo`` is not installed.
    """
    return run(_serve, Certificates.make())


async def _demonstrate(certificates: Certificates, findings: Findings) -> None:
    async with open_service_nursery() as nursery:
        with subscribe(findings.recorder):
            services = await start_services(nursery, certificates, Board())
            await call_often(services)
            await tour(services, findings)
            await _call_echo(services, certificates)
            await _send_datagrams(services, certificates)
            await _call_with_curl(services, findings)
            await cancel_half_way(services, findings)
            await run_out_of_time(services, findings)
        with subscribe(findings.socket_recorder):
            await use_websockets(services, findings)
        await use_redis(findings)
        with subscribe(findings.recorder):
            await _drain_under_load(services, findings)


async def _serve(certificates: Certificates) -> None:
    lifecycle = current_lifecycle()
    assert lifecycle is not None
    board = Board(announce=True)
    lifecycle.on_drain(board.close)
    async with open_service_nursery() as nursery:
        services = await start_services(nursery, certificates, board)
        url = services.http.url
        print(
            f"""in a browser:   {url}/
with curl:      curl {url}/planets/3
                curl -F file=@README.md {url}/uploads
                curl -N {url}/events
                curl {url}/slow         (press Ctrl-C there, and look here)
                curl -H 'X-Request-Timeout: 1' {services.gateway.url}/slow
ASGI app:       curl {services.asgi.url}/hello
TCP echo:       127.0.0.1 port {services.tcp.port}
TLS echo:       openssl s_client -quiet -connect 127.0.0.1:{services.tls.port}
UDP echo:       127.0.0.1 port {services.udp_port}
DTLS echo:      openssl s_client -quiet -dtls1_2 -connect 127.0.0.1:{services.dtls.port}
Ctrl-C here drains and ends.""",
            flush=True,
        )


async def _call_echo(services: Services, certificates: Certificates) -> None:
    async def converse(stream: ByteStream) -> None:
        async with stream:
            for number in range(ECHOES):
                message = b"%d bottles" % number
                await stream.send_all(message)
                expect(await stream.receive_exactly(len(message), timeout=10) == message)

    async def tcp() -> None:
        await converse(await net.connect_tcp("127.0.0.1", services.tcp.port))

    async def tls() -> None:
        context = certificates.client
        await converse(await net.connect_tls("localhost", services.tls.port, ssl_context=context))

    async with trio.open_nursery() as nursery:
        for _ in range(ECHO_CONNECTIONS):
            nursery.start_soon(tcp)
            nursery.start_soon(tls)


async def _send_datagrams(services: Services, certificates: Certificates) -> None:
    async def converse(channel: net.ConnectedUDPSocket | net.DTLSChannel) -> None:
        for number in range(DATAGRAMS):
            message = b"%d drops" % number
            await channel.send(message)
            expect(await channel.receive(timeout=10) == message)

    async with net.open_udp(remote=("127.0.0.1", services.udp_port)) as socket:
        await converse(socket)
    dtls = net.open_dtls(
        "localhost", services.dtls.port, configure=certificates.configure_client, timeout=10
    )
    async with dtls as channel:
        await converse(channel)


async def _call_with_curl(services: Services, findings: Findings) -> None:
    curl = shutil.which("curl")
    if curl is None:
        return
    arguments = ["--silent", "--show-error", "--noproxy", "*", "--max-time", str(CURL_SECONDS)]
    greeting = f"{services.http.url}/hello/curl"
    # Twice the same address: curl keeps the connection for the second.
    result = await trio.run_process(
        [curl, *arguments, greeting, greeting],
        capture_stdout=True,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if result.returncode == 0 and result.stdout == b"Hello, curl!\n" * 2:
        findings.curl = "curl got both answers, over one connection"
    else:
        findings.curl = f"curl failed: {result.stdout.decode(errors='replace').strip()}"


async def _drain_under_load(services: Services, findings: Findings) -> None:
    """Drain while calls are running: they finish, and all servers return."""
    lifecycle = current_lifecycle()
    assert lifecycle is not None

    async def call() -> None:
        answer = await client.get("/brief", timeout=10)
        expect(answer.text == "done\n")
        findings.drained_calls += 1

    async with http.open_client(services.http.url) as client, trio.open_nursery() as nursery:
        for _ in range(CALLS_WHILE_DRAINING):
            nursery.start_soon(call)
        for _ in range(CALLS_WHILE_DRAINING):
            await services.board.brief_started.acquire()
        lifecycle.drain("the demonstration is over", timeout=5)
