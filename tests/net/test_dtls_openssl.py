"""DTLS with OpenSSL's own programs, on either side."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trio

from tests.net._dtls import serving
from trio_helianthus import errors, net

if TYPE_CHECKING:
    import trustme

pytest.importorskip("OpenSSL", reason="DTLS needs the extra dtls")
OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")


@pytest.fixture
def files(
    authority: trustme.CA, server_certificate: trustme.LeafCert, tmp_path: Path
) -> dict[str, Path]:
    paths = {name: tmp_path / f"{name}.pem" for name in ("authority", "server")}
    authority.cert_pem.write_to_path(paths["authority"])
    server_certificate.private_key_and_cert_chain_pem.write_to_path(paths["server"])
    return paths


@asynccontextmanager
async def openssl(*arguments: object) -> AsyncIterator[trio.Process]:
    async def run(task_status: trio.TaskStatus[trio.Process]) -> None:
        await trio.run_process(
            [str(OPENSSL), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            task_status=task_status,
            deliver_cancel=kill,
        )

    async with trio.open_nursery() as nursery:
        yield await nursery.start(run)
        nursery.cancel_scope.cancel()


async def kill(process: trio.Process) -> None:
    process.kill()


async def read_until(process: trio.Process, text: bytes) -> bytes:
    assert process.stdout is not None
    seen = b""
    with trio.fail_after(10):
        while text not in seen:
            data = await process.stdout.receive_some()
            assert data, f"{text!r} is not in {seen!r}"
            seen += data
    return seen


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


async def test_s_client_is_served_and_verifies_us(
    server_certificate: trustme.LeafCert, files: dict[str, Path]
) -> None:
    async def shout(channel: net.DTLSChannel) -> None:
        async for data in channel:
            await channel.send(data.upper())

    async with (
        serving(server_certificate, handler=shout) as server,
        openssl(
            *("s_client", "-dtls1_2", "-connect", f"127.0.0.1:{server.port}"),
            *("-CAfile", files["authority"], "-verify_return_error", "-servername", "localhost"),
        ) as client,
    ):
        assert client.stdin is not None
        await read_until(client, b"Verify return code: 0 (ok)")
        await client.stdin.send_all(b"a question\n")
        await read_until(client, b"A QUESTION")
        await client.stdin.send_all(b"Q\n")  # s_client says goodbye
        with trio.fail_after(5):
            await client.wait()
            while server.statistics().connections:  # noqa: ASYNC110 (nobody tells)
                await trio.sleep(0.01)


async def test_s_server_is_talked_to_and_verified(files: dict[str, Path]) -> None:
    port = free_port()
    async with openssl(
        *("s_server", "-dtls1_2", "-accept", f"127.0.0.1:{port}", "-cert", files["server"]),
        "-state",
    ) as server:
        await read_until(server, b"ACCEPT")
        async with net.open_dtls(
            "127.0.0.1", port, authorities=files["authority"], timeout=10
        ) as channel:
            assert channel.info.version == "DTLSv1.2"
            await channel.send(b"a question\n")
            await read_until(server, b"a question")
            assert server.stdin is not None
            await server.stdin.send_all(b"an answer\n")
            assert await channel.receive(timeout=5) == b"an answer\n"
        await read_until(server, b"alert read:warning:close notify")  # our goodbye


async def test_s_server_with_the_wrong_name_is_refused_and_told_so(files: dict[str, Path]) -> None:
    port = free_port()
    async with openssl(
        *("s_server", "-dtls1_2", "-accept", f"127.0.0.1:{port}", "-cert", files["server"]),
        "-state",
    ) as server:
        await read_until(server, b"ACCEPT")
        with pytest.raises(errors.CertificateInvalid):
            async with net.open_dtls(
                "127.0.0.1",
                port,
                server_hostname="wrong.example.org",
                authorities=files["authority"],
                timeout=10,
            ):
                pass
        await read_until(server, b"alert read:fatal")
