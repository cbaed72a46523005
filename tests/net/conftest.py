"""Pairs of connected streams, certificates, and a clean house after each test."""

from __future__ import annotations

import contextlib
import gc
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import trio
import trio.testing

from trio_helianthus import core, net
from trio_helianthus.net import _hub
from trio_helianthus.net._hub import HubMode

if TYPE_CHECKING:
    import trustme

TCPPair: TypeAlias = tuple[net.TCPStream, net.TCPStream]
TLSPair: TypeAlias = tuple[net.TLSStream, net.TLSStream]
DESCRIPTORS = Path("/proc/self/fd")


def _open_sockets() -> int:
    count = 0
    for descriptor in DESCRIPTORS.iterdir():
        try:
            count += str(descriptor.readlink()).startswith("socket:")
        except FileNotFoundError:  # the listing's own
            continue
    return count


@pytest.fixture(autouse=True)
def no_socket_is_left() -> Iterator[None]:
    """Every test closes what it opens; ResourceWarnings, which are errors, say it elsewhere."""
    before = _open_sockets() if DESCRIPTORS.is_dir() else 0
    yield
    if DESCRIPTORS.is_dir():
        gc.collect()
        assert _open_sockets() <= before


@pytest.fixture(params=[HubMode.NEVER, HubMode.ALWAYS], ids=["plain", "hub"])
def each_way_of_waiting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the test with sockets waited for by trio, and in the hub."""
    monkeypatch.setattr(_hub, "DEFAULT_MODE", request.param)


@pytest.fixture
def make_tcp_pair() -> Callable[..., Awaitable[TCPPair]]:
    async def make_pair(*, small_buffers: bool = False) -> TCPPair:
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as one:
            if small_buffers:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                    one.setsockopt(socket.SOL_SOCKET, option, 4096)
            one.connect(listener.getsockname())
            other, _ = listener.accept()
            if small_buffers:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            return net.TCPStream(one.dup()), net.TCPStream(other)

    return make_pair


def _fill(stream: net.TCPStream) -> bool:
    """Send until not a byte goes in; return whether one did."""
    sent = False
    for size in (65536, 1):
        with contextlib.suppress(BlockingIOError):
            while stream.socket.send(b"x" * size):
                sent = True
    return sent


@pytest.fixture
def make_clogged_tcp_pair(
    make_tcp_pair: Callable[..., Awaitable[TCPPair]],
) -> Callable[[], Awaitable[TCPPair]]:
    """Pairs that can send nothing until the other side receives."""

    async def make_pair() -> TCPPair:
        one, other = await make_tcp_pair(small_buffers=True)
        # What one sends brings the other's acknowledgements.
        while _fill(one) or _fill(other):  # noqa: ASYNC110 (the system tells nobody)
            await trio.sleep(0.002)
        return one, other

    return make_pair


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    tool = pytest.importorskip("trustme", reason="TLS needs a certificate authority")
    made: trustme.CA = tool.CA()
    return made


@pytest.fixture(scope="session")
def server_certificate(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("example.org", "www.example.org", "127.0.0.1", "localhost")


@pytest.fixture
def server_context(server_certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_certificate.configure_cert(context)
    return context


@pytest.fixture
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def _shake_hands(
    ours: net.ByteStream,
    theirs: net.ByteStream,
    client_context: ssl.SSLContext,
    server_context: ssl.SSLContext,
    *,
    https_compatible: bool = False,
) -> TLSPair:
    made: list[net.TLSStream] = []

    async def be_server() -> None:
        made.append(
            await net.start_tls(
                theirs,
                ssl_context=server_context,
                server_side=True,
                https_compatible=https_compatible,
            )
        )

    async with trio.open_nursery() as nursery:
        nursery.start_soon(be_server)
        client = await net.start_tls(
            ours,
            ssl_context=client_context,
            server_hostname="example.org",
            https_compatible=https_compatible,
        )
    return client, made[0]


@pytest.fixture
def make_tls_pair(
    make_tcp_pair: Callable[..., Awaitable[TCPPair]],
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
) -> Callable[..., Awaitable[TLSPair]]:
    """Pairs of client and server."""

    async def make_pair(*, small_buffers: bool = False, https_compatible: bool = False) -> TLSPair:
        ours, theirs = await make_tcp_pair(small_buffers=small_buffers)
        return await _shake_hands(
            ours, theirs, client_context, server_context, https_compatible=https_compatible
        )

    return make_pair


class LockstepStream(net.ByteStream):
    """A stream in memory, whose send takes until the other side has received."""

    @property
    def local_address(self) -> tuple[str, int]:
        return ("memory", 0)

    @property
    def remote_address(self) -> tuple[str, int]:
        return ("memory", 0)

    def __init__(self, below: trio.StapledStream[Any, Any]) -> None:
        super().__init__()
        self._below = below

    async def wait_send_all_might_not_block(
        self, *, timeout: float | None = None, token: core.CancelToken | None = None
    ) -> None:
        await self._below.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._below.aclose()

    def is_broken(self) -> bool:
        return False

    async def is_quiet(self) -> bool:
        return not self._received

    def reset(self) -> None:
        self._below.send_stream.close()
        self._below.receive_stream.close()

    async def _receive(self, max_bytes: int) -> bytes:
        return bytes(await self._below.receive_some(max_bytes))

    async def _send(self, buffers: list[memoryview]) -> None:
        data = b"".join(buffers)
        self.bytes_sent += len(data)  # even if it is cancelled: the other side gets it later
        await self._below.send_all(data)


@pytest.fixture
def make_clogged_tls_pair(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> Callable[[], Awaitable[TLSPair]]:
    """Pairs that can send nothing until the other side receives."""

    async def make_pair() -> TLSPair:
        ours, theirs = map(LockstepStream, trio.testing.lockstep_stream_pair())
        return await _shake_hands(ours, theirs, client_context, server_context)

    return make_pair


@pytest.fixture
def errors_on_stderr(capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What was reported where nobody listens, since the last call."""
    return lambda: capfd.readouterr().err
