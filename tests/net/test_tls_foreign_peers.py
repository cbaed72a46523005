"""TLS with peers that are not ours: trio's, asyncio's and curl's."""

from __future__ import annotations

import asyncio
import random
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trio

from trio_helianthus import net

if TYPE_CHECKING:
    import trustme

CURL = shutil.which("curl")
SIZES = (1, 2, 100, 16_383, 16_384, 16_385, 65_536, 300_000)
DATA = random.Random(1).randbytes(max(SIZES))


async def echo(stream: trio.abc.Stream) -> None:
    while data := await stream.receive_some(50_000):
        await stream.send_all(data)


@asynccontextmanager
async def our_server(context: ssl.SSLContext) -> AsyncIterator[int]:
    async def serve(task_status: trio.TaskStatus[net.Server]) -> None:
        await net.serve_tls(echo, ssl_context=context, task_status=task_status)

    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(serve)
        yield server.port
        nursery.cancel_scope.cancel()


async def test_trio_as_a_client(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async with our_server(server_context) as port:
        stream = await trio.open_ssl_over_tcp_stream("localhost", port, ssl_context=client_context)
        async with stream, trio.open_nursery() as nursery:
            for size in SIZES:
                nursery.start_soon(stream.send_all, DATA[:size])
                received = b""
                while len(received) < size:
                    received += await stream.receive_some()
                assert received == DATA[:size]


async def test_trio_as_a_server(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async def serve(stream: trio.SSLStream[trio.SocketStream]) -> None:
        await echo(stream)
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(
            partial(trio.serve_ssl_over_tcp, host="127.0.0.1"), serve, 0, server_context
        )
        port = listener.transport_listener.socket.getsockname()[1]
        stream = await net.connect_tls("localhost", port, ssl_context=client_context)
        async with stream:
            for size in SIZES:
                async with trio.open_nursery() as sending:
                    sending.start_soon(stream.send_all, DATA[:size])
                    assert await stream.receive_exactly(size) == DATA[:size]
        nursery.cancel_scope.cancel()


async def test_asyncio_as_a_client(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async def talk(port: int) -> None:
        reader, writer = await asyncio.open_connection("localhost", port, ssl=client_context)
        for size in SIZES:
            writer.write(DATA[:size])
            assert await reader.readexactly(size) == DATA[:size]
        writer.close()
        await writer.wait_closed()

    async with our_server(server_context) as port:
        await trio.to_thread.run_sync(asyncio.run, talk(port))


async def test_asyncio_as_a_server(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    port: list[int] = []
    listening, ended = trio.Event(), trio.Event()

    async def serve() -> None:
        done = asyncio.Event()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(50_000):
                writer.write(data)
            writer.close()
            done.set()

        async with await asyncio.start_server(handle, "127.0.0.1", 0, ssl=server_context) as server:
            port.append(server.sockets[0].getsockname()[1])
            trio.from_thread.run_sync(listening.set)
            await done.wait()

    def run() -> None:
        asyncio.run(serve())
        trio.from_thread.run_sync(ended.set)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, run)
        await listening.wait()
        async with await net.connect_tls(
            "localhost", port[0], ssl_context=client_context
        ) as stream:
            for size in SIZES:
                async with trio.open_nursery() as sending:
                    sending.start_soon(stream.send_all, DATA[:size])
                    assert await stream.receive_exactly(size) == DATA[:size]
        with trio.fail_after(10):
            await ended.wait()


@pytest.mark.skipif(CURL is None, reason="the curl command is missing")
async def test_curl_as_a_client(
    server_context: ssl.SSLContext, authority: trustme.CA, tmp_path: Path
) -> None:
    body = DATA[:100_000]

    async def answer(stream: net.ByteStream) -> None:
        assert (await stream.receive_until(b"\r\n\r\n")).startswith(b"GET /data HTTP/1.1\r\n")
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
        await stream.send_vectored([head, body])

    async def serve(task_status: trio.TaskStatus[net.Server]) -> None:
        await net.serve_tls(answer, ssl_context=server_context, task_status=task_status)

    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(serve)
        assert CURL is not None
        finished = await trio.run_process(
            [
                CURL,
                *("--silent", "--show-error", "--http1.1", "--max-time", "20"),
                *("--cacert", str(tmp_path / "authority.pem")),
                *("--connect-to", f"example.org:443:127.0.0.1:{server.port}"),
                "https://example.org/data",
            ],
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )
        nursery.cancel_scope.cancel()
    assert finished.stderr == b""
    assert finished.stdout == body
