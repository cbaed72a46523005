"""What a stream tells of a connection that nobody receives from."""

from __future__ import annotations

import errno
import socket
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
import trio

from trio_helianthus import net
from trio_helianthus.errors import ConnectionBroken, ConnectionReset, ErrorCode, ResourceClosed

pytestmark = pytest.mark.usefixtures("each_way_of_waiting")

Pair: TypeAlias = tuple[net.ByteStream, net.ByteStream]


@pytest.fixture(params=["tcp", "tls"])
async def pair(
    request: pytest.FixtureRequest,
    make_tcp_pair: Callable[[], Awaitable[Pair]],
    make_tls_pair: Callable[[], Awaitable[Pair]],
) -> Pair:
    return await (make_tcp_pair if request.param == "tcp" else make_tls_pair)()


async def settle(one: net.ByteStream, other: net.ByteStream) -> None:
    """Send something both ways, so that no session ticket is left for later."""
    for source, destination in ((one, other), (other, one)):
        await source.send_all(b"settled")
        assert await destination.receive_exactly(7) == b"settled"


async def becomes_unquiet(stream: net.ByteStream) -> None:
    with trio.fail_after(5):
        while await stream.is_quiet():  # noqa: ASYNC110 (the system tells nobody)
            await trio.sleep(0.001)


async def test_a_connection_at_rest_is_quiet_and_whole(pair: Pair) -> None:
    one, other = pair
    async with one, other:
        await settle(one, other)
        for stream in pair:
            assert await stream.is_quiet()
            assert not stream.is_broken()
        await settle(one, other)


async def test_what_was_not_received_is_no_quiet_and_is_not_lost(pair: Pair) -> None:
    one, other = pair
    async with one, other:
        await settle(one, other)
        await other.send_all(b"more than that")
        await becomes_unquiet(one)
        assert await one.receive_exactly(4) == b"more"
        assert not await one.is_quiet()
        assert not one.is_broken()
        assert await one.receive_exactly(10) == b" than that"
        assert await one.is_quiet()


async def test_an_end_is_no_quiet_and_no_failure(pair: Pair) -> None:
    one, other = pair
    async with one, other:
        await settle(one, other)
        await other.aclose()
        await becomes_unquiet(one)
        assert not one.is_broken()
        assert await one.receive_some() == b""


async def test_a_reset_is_told_without_receiving_and_when_receiving(pair: Pair) -> None:
    one, other = pair
    async with one, other:
        await settle(one, other)
        other.reset()
        with trio.fail_after(5):
            while not one.is_broken():  # noqa: ASYNC110 (the system tells nobody)
                await trio.sleep(0.001)
        assert not await one.is_quiet()
        with pytest.raises(ConnectionReset):
            await one.receive_some()


async def test_a_closed_stream_is_broken_and_not_quiet(pair: Pair) -> None:
    one, other = pair
    async with other:
        await one.aclose()
        assert one.is_broken()
        assert not await one.is_quiet()
        with pytest.raises(ResourceClosed):
            await one.receive_some()


class FailingSocket:
    """Readable when the real one is, and then it fails."""

    def __init__(self, real: socket.socket, number: int) -> None:
        self.fileno = real.fileno
        self._number = number

    def recv(self, _: int) -> bytes:
        raise OSError(self._number, "failed")


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EHOSTUNREACH, ErrorCode.UNREACHABLE), (errno.EACCES, ErrorCode.ACCESS_DENIED)],
)
async def test_every_failure_of_a_stream_is_one_that_code_for_trio_catches(
    number: int,
    code: ErrorCode,
    make_tcp_pair: Callable[[], Awaitable[tuple[net.TCPStream, net.TCPStream]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        await other.send_all(b"x")
        with monkeypatch.context() as patch:
            patch.setattr(one, "socket", FailingSocket(one.socket, number))
            with pytest.raises(trio.BrokenResourceError) as caught:
                await one.receive_some()
        assert isinstance(caught.value, ConnectionBroken)
        assert (caught.value.code, caught.value.errno) == (code, number)
