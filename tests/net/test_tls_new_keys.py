"""Peers that change keys while data flows: key updates (TLS 1.3) and renegotiation (TLS 1.2)."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trio

from trio_helianthus import net

if TYPE_CHECKING:
    import trustme

OPENSSL = shutil.which("openssl") or "openssl"
pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the openssl command is missing"
)


class OpenSSL:
    """``openssl s_client`` or ``s_server``, which takes commands and data on its standard input.

    A line that begins with the letter of a command is that command. It shows the messages of the
    protocol (``-msg``) and the data that it receives on its standard output.
    """

    def __init__(self, process: trio.Process) -> None:
        self.shown = b""
        self._process = process
        self._more = trio.Event()

    async def type(self, text: bytes) -> None:
        assert self._process.stdin is not None
        await self._process.stdin.send_all(text)

    async def read(self) -> None:
        """Take what it shows, all the time: it would stop else."""
        assert self._process.stdout is not None
        async for data in self._process.stdout:
            self.shown += data
            self._more.set()
            self._more = trio.Event()

    async def shows(self, text: bytes, count: int = 1) -> None:
        """Wait until it has shown ``text`` so many times."""
        with trio.fail_after(20):
            while self.shown.count(text) < count:
                await self._more.wait()


@asynccontextmanager
async def openssl(*arguments: str) -> AsyncIterator[OpenSSL]:
    pipe = subprocess.PIPE
    process = await trio.lowlevel.open_process(
        [OPENSSL, *arguments, "-msg"], stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT
    )
    assert process.stdin is not None
    assert process.stdout is not None
    async with process.stdin, process.stdout, trio.open_nursery() as nursery:
        peer = OpenSSL(process)
        nursery.start_soon(peer.read)
        try:
            yield peer
        finally:
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()


@asynccontextmanager
async def openssl_server(
    certificate: trustme.LeafCert, directory: Path, *arguments: str
) -> AsyncIterator[tuple[OpenSSL, int]]:
    """Yield the server and its port."""
    certificate.private_key_and_cert_chain_pem.write_to_path(directory / "server.pem")
    options = ("-accept", "127.0.0.1:0", "-cert", str(directory / "server.pem"), "-naccept", "1")
    async with openssl("s_server", *options, *arguments) as server:
        place = b""
        while not place.endswith(b"\n"):
            await server.shows(b"\n", server.shown.count(b"\n") + 1)
            place = server.shown.partition(b"ACCEPT 127.0.0.1:")[2]
        yield server, int(place.split()[0])


async def exchange_while(
    stream: net.ByteStream,
    peer: OpenSSL,
    changes: Callable[[int], Awaitable[None]],
) -> None:
    """Send all the time, while the peer changes keys and sends a line, again and again."""
    stop, sent = trio.Event(), 0

    async def send() -> None:
        nonlocal sent
        while not stop.is_set():
            await stream.send_all(b"<line %d>" % sent + b"." * 500 + b"\n")
            sent += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        for number in range(10):
            await changes(number)
            await peer.type(b"answer %d\n" % number)
            assert await stream.receive_until(b"\n", timeout=20) == b"answer %d\n" % number
        stop.set()
    await peer.shows(b"<line %d>" % (sent - 1))
    lines = [int(part.split(b">")[0]) for part in peer.shown.split(b"<line ")[1:]]
    assert lines == list(range(sent))


@pytest.mark.parametrize("letter", [b"K", b"k"])
async def test_a_client_whose_server_updates_its_keys(
    letter: bytes,
    client_context: ssl.SSLContext,
    server_certificate: trustme.LeafCert,
    tmp_path: Path,
) -> None:
    async with (
        openssl_server(server_certificate, tmp_path) as (server, port),
        await net.connect_tls("localhost", port, ssl_context=client_context) as stream,
    ):

        async def update(number: int) -> None:
            await server.type(letter + b"\n")
            await server.shows(b">>> TLS 1.3, Handshake [length 0005], KeyUpdate", number + 1)

        await exchange_while(stream, server, update)
        if letter == b"K":  # asks for new keys of ours, too, before we send again
            await stream.send_all(b"behind the new keys\n")
            await server.shows(b"<<< TLS 1.3, Handshake [length 0005], KeyUpdate", 10)


@pytest.mark.parametrize("letter", [b"K", b"k"])
async def test_a_server_whose_client_updates_its_keys(
    letter: bytes, server_context: ssl.SSLContext
) -> None:
    async def serve(task_status: trio.TaskStatus[net.Server]) -> None:
        await net.serve_tls(handle, ssl_context=server_context, task_status=task_status)

    async def handle(stream: net.ByteStream) -> None:
        async def update(number: int) -> None:
            await client.type(letter + b"\n")
            await client.shows(b">>> TLS 1.3, Handshake [length 0005], KeyUpdate", number + 1)

        await exchange_while(stream, client, update)
        if letter == b"K":
            await stream.send_all(b"behind the new keys\n")
            await client.shows(b"<<< TLS 1.3, Handshake [length 0005], KeyUpdate", 10)
        done.set()

    done = trio.Event()
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(serve)
        async with openssl("s_client", "-connect", f"127.0.0.1:{server.port}") as client:
            with trio.fail_after(30):
                await done.wait()
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("letter", [b"r", b"R"])
async def test_a_client_whose_server_renegotiates(
    letter: bytes,
    client_context: ssl.SSLContext,
    server_certificate: trustme.LeafCert,
    authority: trustme.CA,
    tmp_path: Path,
) -> None:
    authority.issue_cert("client@example.org").configure_cert(client_context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    options = ("-tls1_2", "-CAfile", str(tmp_path / "authority.pem"))
    async with (
        openssl_server(server_certificate, tmp_path, *options) as (server, port),
        await net.connect_tls("localhost", port, ssl_context=client_context) as stream,
    ):
        assert stream.info.version == "TLSv1.2"
        for number in range(5):
            await server.type(letter + b"\n")
            async with trio.open_nursery() as nursery:
                nursery.start_soon(
                    server.shows, b"<<< TLS 1.2, Handshake [length 0010], Finished", number + 2
                )
                with pytest.raises(TimeoutError):
                    await stream.receive_some(timeout=0.05)
            await server.type(b"answer\n")
            assert await stream.receive_until(b"\n", timeout=5) == b"answer\n"
            await stream.send_all(b"<line %d>\n" % number)
            await server.shows(b"<line %d>" % number)


async def test_a_client_that_sends_while_its_server_renegotiates(
    client_context: ssl.SSLContext, server_certificate: trustme.LeafCert, tmp_path: Path
) -> None:
    async with (
        openssl_server(server_certificate, tmp_path, "-tls1_2") as (server, port),
        await net.connect_tls("localhost", port, ssl_context=client_context) as stream,
    ):

        async def renegotiate(number: int) -> None:
            await server.type(b"r\n")
            await server.shows(b">>> TLS 1.2, Handshake [length 0004], HelloRequest", number + 1)

        await exchange_while(stream, server, renegotiate)
