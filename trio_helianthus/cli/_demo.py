"""The demonstration: start services, call them, cancel a call half-way, drain, and report."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import suppress
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
from trio_helianthus.errors import OperationTimeout

from ._demo_report import Findings, print_demo_report
from ._demo_services import Certificates, Services, start_services

if TYPE_CHECKING:
    from trio_helianthus.net import ByteStream

HTTP_CALLS: Final = 200
HTTP_CLIENTS: Final = 10
ECHOES: Final = 50
ECHO_CONNECTIONS: Final = 5
DATAGRAMS: Final = 50
CURL_SECONDS: Final = 10.0
"""How long curl may take, so that the demonstration ends for certain."""
CANCEL_AFTER_SECONDS: Final = 0.1
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
    with subscribe(findings.recorder):
        async with open_service_nursery() as nursery:
            services = await start_services(nursery, certificates)
            await _call_http(services)
            await _call_echo(services, certificates)
            await _send_datagrams(services, certificates)
            await _call_with_curl(services, findings)
            await _cancel_half_way(services, findings)
            await _drain_under_load(services, findings)


async def _serve(certificates: Certificates) -> None:
    async with open_service_nursery() as nursery:
        services = await start_services(nursery, certificates)
        services.calls.announce = True
        url = services.http.url
        print(
            f"""in a browser:   {url}/
with curl:      curl {url}/hello/you
                curl -d 'drawer' {url}/reverse
                curl {url}/slow         (press Ctrl-C there, and look here)
TCP echo:       127.0.0.1 port {services.tcp.port}
TLS echo:       openssl s_client -quiet -connect 127.0.0.1:{services.tls.port}
UDP echo:       127.0.0.1 port {services.udp_port}
DTLS echo:      openssl s_client -quiet -dtls1_2 -connect 127.0.0.1:{services.dtls.port}
Ctrl-C here drains and ends.""",
            flush=True,
        )


async def _call_http(services: Services) -> None:
    async def call(client: http.Client, number: int) -> None:
        for _ in range(HTTP_CALLS // HTTP_CLIENTS // 2):
            answer = await client.get(f"/hello/{number}")
            _expect(answer.text == f"Hello, {number}!\n")
            answer = await client.post("/reverse", content=b"drawer")
            _expect(answer.content == b"reward")

    url = services.http.url
    async with http.open_client(url, timeout=10) as client, trio.open_nursery() as nursery:
        for number in range(HTTP_CLIENTS):
            nursery.start_soon(call, client, number)


async def _call_echo(services: Services, certificates: Certificates) -> None:
    async def converse(stream: ByteStream) -> None:
        async with stream:
            for number in range(ECHOES):
                message = b"%d bottles" % number
                await stream.send_all(message)
                _expect(await stream.receive_exactly(len(message), timeout=10) == message)

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
            _expect(await channel.receive(timeout=10) == message)

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


async def _cancel_half_way(services: Services, findings: Findings) -> None:
    calls = services.calls
    async with http.open_client(services.http.url) as client:
        began = trio.current_time()
        with suppress(OperationTimeout):
            await client.get("/slow", timeout=CANCEL_AFTER_SECONDS)
        gave_up = trio.current_time()
        with trio.fail_after(5):
            await calls.slow_stopped.wait()
    findings.gave_up_after = gave_up - began
    findings.handler_stopped_after = calls.slow_stopped_at - gave_up


async def _drain_under_load(services: Services, findings: Findings) -> None:
    """Drain while calls are running: they finish, and all servers return."""
    lifecycle = current_lifecycle()
    assert lifecycle is not None

    async def call() -> None:
        answer = await client.get("/brief", timeout=10)
        _expect(answer.text == "done\n")
        findings.drained_calls += 1

    async with http.open_client(services.http.url) as client, trio.open_nursery() as nursery:
        for _ in range(CALLS_WHILE_DRAINING):
            nursery.start_soon(call)
        for _ in range(CALLS_WHILE_DRAINING):
            await services.calls.brief_started.acquire()
        lifecycle.drain("the demonstration is over", timeout=5)


def _expect(holds: bool) -> None:
    if not holds:
        raise AssertionError("the demonstration got a wrong answer")
