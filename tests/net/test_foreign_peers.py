"""Against peers that are not ours: Python's socket and ssl in threads, OpenSSL's own commands."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trio

from trio_helianthus import net
from trio_helianthus.errors import ConnectionReset, NetworkError

if TYPE_CHECKING:
    import trustme

OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="the openssl command is missing")
DATA = bytes(range(256)) * 4000


async def echo(stream: net.ByteStream) -> None:
    await stream.send_all(await stream.receive_exactly(len(DATA)))


def ask_with_python(port: int, wrap: Callable[[socket.socket], socket.socket]) -> bytes:
    with wrap(socket.create_connection(("127.0.0.1", port))) as client:
        client.sendall(DATA)
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk
        return answer


async def test_python_sockets_as_a_client() -> None:
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, echo)
        answer = await trio.to_thread.run_sync(ask_with_python, server.port, lambda sock: sock)
        assert answer == DATA
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_python_ssl_as_a_client(
    version: ssl.TLSVersion, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    client_context.minimum_version = client_context.maximum_version = version

    async def serve(task_status: trio.TaskStatus[net.Server]) -> None:
        await net.serve_tls(echo, ssl_context=server_context, task_status=task_status)

    def wrap(sock: socket.socket) -> socket.socket:
        return client_context.wrap_socket(sock, server_hostname="example.org")

    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(serve)
        assert await trio.to_thread.run_sync(ask_with_python, server.port, wrap) == DATA
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_python_ssl_as_a_server(
    version: ssl.TLSVersion, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    server_context.minimum_version = server_context.maximum_version = version
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, server_context.wrap_socket(listener.accept()[0], server_side=True) as peer:
            received = b""
            while len(received) < len(DATA):
                received += peer.recv(65536)
            peer.sendall(received)
            with contextlib.suppress(OSError):
                peer.unwrap().close()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, serve)
        async with await net.connect_tls(
            "localhost", listener.getsockname()[1], ssl_context=client_context
        ) as stream:
            await stream.send_all(DATA)
            assert await stream.receive_all() == DATA


async def test_a_python_socket_sees_our_reset() -> None:
    async def reset(stream: net.ByteStream) -> None:
        await stream.receive_some()
        stream.reset()

    def ask(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"x")
            with pytest.raises(ConnectionResetError):
                client.recv(1)

    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, reset)
        await trio.to_thread.run_sync(ask, server.port)
        nursery.cancel_scope.cancel()


@needs_openssl
async def test_openssl_as_a_client(
    server_context: ssl.SSLContext, authority: trustme.CA, tmp_path: Path
) -> None:
    server_context.set_alpn_protocols(["greeting"])

    async def greet(stream: net.ByteStream) -> None:
        assert isinstance(stream, net.TLSStream)
        line = await stream.receive_until(b"\n")
        told = f"{stream.info.server_name} {stream.info.alpn_protocol} "
        await stream.send_all(told.encode() + line)

    async def serve(task_status: trio.TaskStatus[net.Server]) -> None:
        await net.serve_tls(greet, ssl_context=server_context, task_status=task_status)

    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(serve)
        assert OPENSSL is not None
        finished = await trio.run_process(
            [
                OPENSSL,
                "s_client",
                *("-connect", f"127.0.0.1:{server.port}", "-servername", "www.example.org"),
                *("-CAfile", str(tmp_path / "authority.pem"), "-verify_return_error"),
                *("-alpn", "greeting", "-quiet"),
            ],
            stdin=b"hello from openssl\n",
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )
        nursery.cancel_scope.cancel()
    assert finished.stdout == b"www.example.org greeting hello from openssl\n", finished.stderr


@pytest.fixture
def openssl_server(
    server_certificate: trustme.LeafCert, tmp_path: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """``openssl s_server``, which reverses lines; its second line of output has the port."""
    server_certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    assert OPENSSL is not None
    with subprocess.Popen(
        [
            OPENSSL,
            *("s_server", "-accept", "127.0.0.1:0", "-rev", "-naccept", "1"),
            *("-cert", str(tmp_path / "server.pem"), "-alpn", "reverse"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        yield process
        process.kill()


@needs_openssl
async def test_openssl_as_a_server(
    openssl_server: subprocess.Popen[bytes], client_context: ssl.SSLContext
) -> None:
    assert openssl_server.stdout is not None
    line = b""
    while not line.startswith(b"ACCEPT 127"):
        line = await trio.to_thread.run_sync(openssl_server.stdout.readline)
        assert line, "openssl does not say where it listens"
    port = int(line.rsplit(b":", 1)[1])
    client_context.set_alpn_protocols(["reverse"])
    stream = await net.connect_tls(
        "127.0.0.1", port, ssl_context=client_context, server_hostname="example.org"
    )
    async with stream:
        assert stream.info.alpn_protocol == "reverse"
        await stream.send_all(b"stressed\n")
        assert await stream.receive_until(b"\n") == b"desserts\n"


async def test_a_foreign_server_that_dies_in_the_middle(client_context: ssl.SSLContext) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def die() -> None:
        with listener, listener.accept()[0] as peer:
            peer.recv(100)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, die)
        with pytest.raises(NetworkError) as caught:
            await net.connect_tls(
                "localhost", listener.getsockname()[1], ssl_context=client_context
            )
    assert not isinstance(caught.value, ConnectionReset) or caught.value.errno
