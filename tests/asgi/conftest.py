"""A running app, and what it reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, Protocol

import pytest
import trio

from trio_helianthus import asgi, core, http, net


class ServeApp(Protocol):
    async def __call__(self, app: asgi.ASGIApp, **options: Any) -> http.Server: ...


@pytest.fixture
def serve_app(nursery: trio.Nursery) -> ServeApp:
    """Serve an app on a free port, until the test ends."""

    async def start(app: asgi.ASGIApp, **options: Any) -> http.Server:
        server: http.Server = await nursery.start(partial(asgi.serve, app, 0, **options))
        return server

    return start


class Reports(core.Instrument):
    """Keeps what is reported."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []

    def error_reported(self, error: BaseException, where: str) -> bool:
        self.errors.append(error)
        return True


@pytest.fixture
def reports() -> Iterator[Reports]:
    """What apps that fail lead to."""
    reports = Reports()
    with core.subscribe(reports):
        yield reports


@pytest.fixture
def no_errors(reports: Reports) -> Iterator[None]:
    """The test fails when an app does."""
    yield
    assert reports.errors == []


async def reply(
    send: asgi.Send,
    body: bytes = b"",
    *,
    status: int = 200,
    headers: Iterable[tuple[bytes, bytes]] = (),
) -> None:
    """Answer in two messages, as most apps do."""
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


async def raw_answer(server: http.Server, request: bytes) -> bytes:
    """Everything that comes back for some bytes; the request should ask for the end."""
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send_all(request)
        return await stream.receive_all()


def get(target: str, *fields: str, method: str = "GET", version: str = "1.1") -> bytes:
    """A request that is its connection's last, as it goes over the wire."""
    lines = [f"{method} {target} HTTP/{version}", "Host: test", "Connection: close", *fields]
    return "\r\n".join([*lines, "", ""]).encode()
