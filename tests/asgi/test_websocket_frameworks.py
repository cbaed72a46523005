"""WebSockets of apps that others wrote, called by our client and by one that others wrote."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
import trio

from tests.asgi._framework_apps import Events
from tests.asgi.conftest import Reports, ServeApp
from tests.asgi.test_frameworks import make_app
from trio_helianthus import http, websocket
from trio_helianthus.errors import WebSocketClosed

FRAMEWORKS = pytest.mark.parametrize("framework", ["starlette", "fastapi", "litestar", "quart"])


class Client(Protocol):
    """What the tests want of a client, ours or another."""

    subprotocol: str | None

    async def send(self, message: str | bytes) -> None: ...
    async def receive(self) -> str | bytes: ...
    async def end(self) -> tuple[int | None, str]:
        """Wait for the server to close; code and reason."""
        ...


class Ours:
    def __init__(self, connection: websocket.ClientConnection) -> None:
        self._connection = connection
        self.subprotocol = connection.subprotocol
        self.send = connection.send
        self.receive = connection.receive

    async def end(self) -> tuple[int | None, str]:
        with pytest.raises(WebSocketClosed):
            await self._connection.receive(timeout=5)
        return self._connection.close_code, self._connection.close_reason


class Theirs:
    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.subprotocol = connection.subprotocol
        self.send = connection.send
        self.receive = connection.recv

    async def end(self) -> tuple[int | None, str]:
        from websockets.exceptions import ConnectionClosed

        with trio.fail_after(5), pytest.raises(ConnectionClosed):
            await self._connection.recv()
        return self._connection.close_code, self._connection.close_reason


@asynccontextmanager
async def open_ours(url: str, *subprotocols: str) -> AsyncIterator[Client]:
    try:
        async with websocket.open_websocket(url, subprotocols=subprotocols) as connection:
            yield Ours(connection)
    except http.UpgradeRefused as exc:
        raise RefusedError(exc.response.status) from exc


@asynccontextmanager
async def open_theirs(url: str, *subprotocols: str) -> AsyncIterator[Client]:
    trio_client = pytest.importorskip("websockets.trio.client", reason="the foreign client")
    from websockets.exceptions import InvalidStatus

    try:
        async with trio_client.connect(url, subprotocols=subprotocols or None) as connection:
            yield Theirs(connection)
    except InvalidStatus as exc:
        raise RefusedError(exc.response.status_code) from exc


class RefusedError(Exception):
    """The handshake has an answer that is not 101."""

    @property
    def status(self) -> int:
        return int(self.args[0])


class Open(Protocol):
    def __call__(self, url: str, *subprotocols: str) -> AbstractAsyncContextManager[Client]: ...


CLIENTS = pytest.mark.parametrize("open_client", [open_ours, open_theirs], ids=["ours", "theirs"])


@FRAMEWORKS
@CLIENTS
async def test_a_framework_serves_websockets_on_trio(
    framework: str, open_client: Open, serve_app: ServeApp, tmp_path: Path, no_errors: None
) -> None:
    events = Events()
    server = await serve_app(make_app(framework, events, tmp_path), lifespan="on")
    url = server.url.replace("http", "ws", 1)
    async with open_client(f"{url}/talk", "first", "second") as client:
        assert client.subprotocol == "second"
        for text in ("hello", "ü" * 50_000, "bye"):
            await client.send(text)
            assert await client.receive() == text
    async with open_client(f"{url}/talk") as client:
        assert client.subprotocol is None
    async with open_client(f"{url}/add/5") as client:
        await client.send("37")
        assert json.loads(await client.receive()) == {"sum": 42}
    with pytest.raises(RefusedError) as refused:
        async with open_client(f"{url}/refuse"):
            pytest.fail("it must not open")
    assert refused.value.status == 403
    with pytest.raises(RefusedError) as refused:
        async with open_client(f"{url}/nothing"):
            pytest.fail("it must not open")
    assert refused.value.status == (404 if framework == "quart" else 403)
    async with open_client(f"{url}/end"):
        pass
    with trio.fail_after(5):
        await events.ended.wait()
    assert events.end is not None
    if framework != "quart":
        assert events.end[0] == 1000
    assert (await server.drain(5)).clean


@FRAMEWORKS
@CLIENTS
async def test_a_framework_may_refuse_with_an_answer_of_its_own(
    framework: str, open_client: Open, serve_app: ServeApp, tmp_path: Path, no_errors: None
) -> None:
    server = await serve_app(make_app(framework, Events(), tmp_path))
    with pytest.raises(RefusedError) as refused:
        async with open_client(server.url.replace("http", "ws", 1) + "/deny"):
            pytest.fail("it must not open")
    # Litestar closes, with a code that nobody gets to see.
    assert refused.value.status == (403 if framework == "litestar" else 418)


@FRAMEWORKS
@CLIENTS
async def test_a_framework_that_fails_closes_its_websocket(
    framework: str, open_client: Open, serve_app: ServeApp, tmp_path: Path, reports: Reports
) -> None:
    server = await serve_app(make_app(framework, Events(), tmp_path))
    async with open_client(server.url.replace("http", "ws", 1) + "/fail") as client:
        # Two of them close it themselves, with codes of their own.
        assert (await client.end())[0] == {"quart": 1000, "litestar": 4500}.get(framework, 1011)
    assert len(reports.errors) == (0 if framework in {"quart", "litestar"} else 1)


@FRAMEWORKS
@CLIENTS
async def test_a_drain_closes_the_websockets_of_a_framework(
    framework: str, open_client: Open, serve_app: ServeApp, tmp_path: Path, no_errors: None
) -> None:
    server = await serve_app(make_app(framework, Events(), tmp_path))
    url = server.url.replace("http", "ws", 1)
    async with open_client(f"{url}/talk") as client, trio.open_nursery() as nursery:
        nursery.start_soon(server.drain, 5)
        assert (await client.end())[0] == 1001
