"""A server, raw bytes to talk to it, and servers that only follow a script."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import Any, Protocol

import attrs
import pytest
import trio

from trio_helianthus import core, http, net


@attrs.frozen
class Answer:
    """An answer as it came over the wire."""

    status: int
    headers: http.Headers
    body: bytes


class RawClient:
    """Sends bytes as they are, and takes answers apart only as far as a test needs it."""

    def __init__(self, stream: net.TCPStream) -> None:
        self.stream = stream

    async def send(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def get(self, target: str, *fields: str) -> Answer:
        lines = [f"GET {target} HTTP/1.1", "Host: test", *fields, "", ""]
        await self.send("\r\n".join(lines).encode())
        return await self.answer()

    async def answer(self, *, bodiless: bool = False) -> Answer:
        """The next answer; its body by ``Content-Length``, by the end, or none."""
        head = await self.stream.receive_until(b"\r\n\r\n")
        status_line, *fields = head[:-4].decode("latin-1").split("\r\n")
        headers = http.Headers([(name, value) for name, value in map(_split_field, fields)])
        status = int(status_line.split(" ")[1])
        if bodiless or status in {100, 204, 304}:
            return Answer(status, headers, b"")
        if "content-length" in headers:
            body = await self.stream.receive_exactly(int(headers["content-length"]))
        else:
            body = await self.stream.receive_all()
        return Answer(status, headers, body)

    async def rest(self) -> bytes:
        """Everything up to the end of the stream."""
        return await self.stream.receive_all()


def _split_field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip()


class Serve(Protocol):
    async def __call__(self, handler: http.Handler, **options: Any) -> http.Server: ...


class Connect(Protocol):
    async def __call__(self, server: http.Server) -> RawClient: ...


Script = Callable[[net.ByteStream], Awaitable[object]]


class ServeScript(Protocol):
    async def __call__(self, script: Script) -> str: ...


@pytest.fixture
def serve(nursery: trio.Nursery) -> Serve:
    """Start a server on a free port, which ends with the test."""

    async def start(handler: http.Handler, **options: Any) -> http.Server:
        server: http.Server = await nursery.start(partial(http.serve, handler, 0, **options))
        return server

    return start


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Connect to a server without any HTTP; the connection ends with the test."""
    streams: list[net.TCPStream] = []

    async def start(server: http.Server) -> RawClient:
        streams.append(await net.connect_tcp("127.0.0.1", server.port))
        return RawClient(streams[-1])

    yield start
    for stream in streams:
        stream.reset()


@pytest.fixture
def serve_script(nursery: trio.Nursery) -> ServeScript:
    """Serve each connection by a script; gives the URL."""

    async def start(script: Script) -> str:
        server: net.Server = await nursery.start(net.serve_tcp, script, 0)
        return f"http://127.0.0.1:{server.port}"

    return start


@pytest.fixture(scope="session")
def tls_contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context for 127.0.0.1, and one of a client that trusts it."""
    trustme = pytest.importorskip("trustme", reason="TLS needs a certificate authority")
    authority = trustme.CA()
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(ours)
    theirs = ssl.create_default_context()
    authority.configure_trust(theirs)
    return ours, theirs


class Reports(core.Instrument):
    """Keeps what is reported."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self.operations: list[core.Operation] = []

    def error_reported(self, error: BaseException, where: str) -> bool:
        self.errors.append(error)
        return True

    def operation_ended(self, operation: core.Operation) -> None:
        self.operations.append(operation)

    def named(self, name: str) -> list[core.Operation]:
        return [operation for operation in self.operations if operation.name == name]


@pytest.fixture
def reports() -> Iterator[Reports]:
    """What operations and failed handlers report during the test."""
    reports = Reports()
    with core.subscribe(reports):
        yield reports


@pytest.fixture
def no_errors(reports: Reports) -> Iterator[None]:
    """The test fails when any handler does."""
    yield
    assert reports.errors == []
