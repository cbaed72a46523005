"""An HTTP server at a unix socket, and on listeners of several kinds at once."""

from __future__ import annotations

import shutil
import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trio

from tests._unix_sockets import names_in
from trio_helianthus import http, net

if TYPE_CHECKING:
    from tests.http.conftest import Serve

if sys.platform == "win32":
    pytest.skip("Python has no unix sockets there", allow_module_level=True)

REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"


@pytest.fixture
def path(socket_folder: Path) -> Path:
    return socket_folder / "http"


async def hello(request: http.Request) -> str:
    return f"hello from {request.client_address!r}"


async def test_a_server_at_a_unix_socket(serve: Serve, path: Path) -> None:
    server = await serve(hello, listeners=[await net.listen_unix(path)])
    assert server.addresses == (str(path),)
    with pytest.raises(ValueError, match="no port"):
        _ = server.port
    with pytest.raises(ValueError, match="no URL"):
        _ = server.url
    async with await net.connect_unix(path) as client:
        await client.send_all(REQUEST)
        assert (await client.receive_all()).endswith(b"\r\n\r\nhello from ''")
    await server.drain()
    assert not names_in(path.parent)


async def test_a_server_at_a_port_and_a_unix_socket(serve: Serve, path: Path) -> None:
    server = await serve(hello, listeners=[*await net.listen_tcp(0), await net.listen_unix(path)])
    assert server.url == f"http://127.0.0.1:{server.port}"
    for client in (
        await net.connect_tcp("127.0.0.1", server.port),
        await net.connect_unix(path),
    ):
        async with client:
            await client.send_all(REQUEST)
            assert (await client.receive_all()).startswith(b"HTTP/1.1 200 ")


async def test_https_at_a_unix_socket(
    serve: Serve, path: Path, tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    ours, theirs = tls_contexts
    await serve(hello, listeners=[await net.listen_unix(path)], ssl_context=ours)
    async with await net.start_tls(
        await net.connect_unix(path),
        ssl_context=theirs,
        server_hostname="127.0.0.1",
        https_compatible=True,
    ) as client:
        await client.send_all(REQUEST)
        assert (await client.receive_all()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_curl_gets_an_answer(serve: Serve, path: Path) -> None:
    await serve(hello, listeners=[await net.listen_unix(path)])
    command = ["curl", "--silent", "--show-error", "--unix-socket", str(path), "http://test/"]
    finished = await trio.run_process(command, capture_stdout=True)
    assert finished.stdout == b"hello from ''"
