"""Failing connections leave nothing for the garbage collection: no error holds its own frames."""

from __future__ import annotations

import contextlib
import gc
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from types import TracebackType
from typing import TypeAlias
from weakref import ref

import pytest
import trio
import trio.testing

from trio_helianthus import core, net
from trio_helianthus.errors import HelianthusError

pytestmark = pytest.mark.usefixtures("each_way_of_waiting")

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]
MakeTLSPair: TypeAlias = Callable[..., Awaitable[tuple[net.TLSStream, net.TLSStream]]]

failing = contextlib.suppress(HelianthusError)


@pytest.fixture(autouse=True)
def no_traceback_is_garbage() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        tracebacks = [found for found in gc.garbage if isinstance(found, TracebackType)]
        assert not tracebacks, [found.tb_frame for found in tracebacks]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


async def test_a_reset(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    other.reset()
    async with one:
        for _ in range(2):
            with failing:
                await one.receive_some()
        with failing:
            await one.send_all(b"x")


async def test_an_end_in_the_middle(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    await other.aclose()
    async with one:
        with failing:
            await one.receive_exactly(1)


async def test_an_operation_that_somebody_watches(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    with core.subscribe(core.Instrument()):
        other.reset()
        async with one:
            with failing:
                await one.receive_some()
            with failing:
                await one.send_vectored([b"x", b"y"], timeout=0)


async def test_a_timeout(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        with failing:
            await one.receive_some(timeout=0)


async def test_a_tls_stream_that_is_reset(make_tls_pair: MakeTLSPair) -> None:
    one, other = await make_tls_pair()
    other.reset()
    async with one:
        with failing:
            await one.receive_some()


async def test_a_tls_stream_goes_when_it_is_let_go(make_tls_pair: MakeTLSPair) -> None:
    one, other = await make_tls_pair()
    await one.send_all(b"x")
    assert await other.receive_some() == b"x"
    gone: list[ref[object]] = [ref(one), ref(one._tls), ref(other), ref(other._tls)]
    await one.aclose()
    await other.aclose()
    del one, other
    await trio.testing.wait_all_tasks_blocked()  # the hub ends, and with it why it was cancelled
    assert not [found for found in gone if found() is not None]


async def test_a_failed_handshake(
    make_tcp_pair: MakeTCPPair, client_context: ssl.SSLContext
) -> None:
    one, other = await make_tcp_pair()
    async with other:
        await other.send_all(b"220 plain.example ESMTP\r\n")
        with failing:
            await net.start_tls(one, ssl_context=client_context, server_hostname="example.org")


class _Resolver(trio.abc.HostnameResolver):
    """Knows two addresses where nobody listens, and nothing else."""

    async def getaddrinfo(  # type: ignore[override]
        self, host: bytes | None, port: int, family: int = 0, *_: object
    ) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        if host == b"unknown":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, (address, 1)) for address in ("127.0.0.1", "127.0.0.2")]

    async def getnameinfo(self, sockaddr: object, flags: int) -> tuple[str, str]:
        raise NotImplementedError


@pytest.mark.parametrize("host", ["unknown", "two addresses"])
async def test_a_server_that_is_not_there(host: str) -> None:
    trio.socket.set_custom_hostname_resolver(_Resolver())
    with failing:
        await net.connect_tcp(host, 1)


async def test_a_handler_that_fails(errors_on_stderr: Callable[[], str]) -> None:
    async def fail(stream: net.ByteStream) -> None:
        raise ValueError("a mistake")

    async with trio.open_nursery() as nursery:
        server = await nursery.start(net.serve_tcp, fail)
        async with await net.connect_tcp("127.0.0.1", server.port) as client:
            with failing:
                await client.receive_some()
        await server.drain()
    assert "a mistake" in errors_on_stderr()
