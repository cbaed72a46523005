"""What a TCP stream tells about its end: closed, busy, half-closed, reset."""

from __future__ import annotations

import errno
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
import trio
import trio.testing

from trio_helianthus import net
from trio_helianthus.errors import (
    ConnectionBroken,
    ConnectionReset,
    NetworkError,
    NotConnected,
    ResourceBusy,
    ResourceClosed,
)
from trio_helianthus.net import _socket_stream

pytestmark = pytest.mark.usefixtures("each_way_of_waiting")

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]
Use: TypeAlias = Callable[[net.TCPStream], Awaitable[object]]

EVERY_OPERATION: dict[str, Use] = {
    "receive_some": lambda stream: stream.receive_some(),
    "receive_exactly": lambda stream: stream.receive_exactly(1),
    "receive_until": lambda stream: stream.receive_until(b"\n"),
    "receive_all": lambda stream: stream.receive_all(),
    "send_all": lambda stream: stream.send_all(b"x"),
    "send_vectored": lambda stream: stream.send_vectored([b"x", b"y"]),
    "send_eof": lambda stream: stream.send_eof(),
    "wait_send_all_might_not_block": lambda stream: stream.wait_send_all_might_not_block(),
}
every_operation = pytest.mark.parametrize("use", EVERY_OPERATION.values(), ids=EVERY_OPERATION)


async def test_a_stream_knows_its_ends(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        assert one.local_address == other.remote_address == one.socket.getsockname()
        assert one.remote_address == other.local_address
        assert one.connection_id != other.connection_id
        assert "127.0.0.1" in repr(one)
        assert "closed" not in repr(one)
    assert one.local_address == other.remote_address
    assert "closed" in repr(one)


@every_operation
async def test_a_closed_stream_says_so(use: Use, make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with other:
        await one.aclose()
        with pytest.raises(ResourceClosed):
            await use(one)
        one.reset()  # has nothing left to do


@pytest.mark.parametrize("name", [name for name in EVERY_OPERATION if name != "send_eof"])
async def test_who_waits_hears_of_closing(name: str, request: pytest.FixtureRequest) -> None:
    use, receives = EVERY_OPERATION[name], name.startswith("receive")
    make: MakeTCPPair = request.getfixturevalue(
        "make_tcp_pair" if receives else "make_clogged_tcp_pair"
    )
    one, other = await make()

    async def expect_closed() -> None:
        with pytest.raises(ResourceClosed):
            await use(one)

    async with other, trio.open_nursery() as nursery:
        nursery.start_soon(expect_closed)
        await trio.testing.wait_all_tasks_blocked()
        await one.aclose()


@pytest.mark.parametrize("name", ["receive_some", "send_all"])
async def test_closing_comes_between_waking_and_running(
    name: str, make_tcp_pair: MakeTCPPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await make_tcp_pair()

    async def close_meanwhile(*args: object) -> None:
        one.reset()
        await trio.lowlevel.checkpoint()

    async with other:
        monkeypatch.setattr(type(one._readiness), "wait_readable", close_meanwhile)
        monkeypatch.setattr(_socket_stream, "checkpoint_if_cancelled", close_meanwhile)
        with pytest.raises(ResourceClosed):
            await EVERY_OPERATION[name](one)
        assert one.last_error is None


async def test_sending_belongs_to_one_task(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_clogged_tcp_pair()
    async with one, other, trio.open_nursery() as nursery:
        nursery.start_soon(one.send_all, b"x")
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ResourceBusy, match="sending"):
            await one.send_all(b"y")
        with pytest.raises(ResourceBusy, match="sending"):
            await one.send_vectored([b"y"], timeout=1)
        with pytest.raises(ResourceBusy, match="sending"):
            await one.send_eof()
        assert await one.receive_some()  # the other direction is free
        nursery.cancel_scope.cancel()


async def test_receiving_belongs_to_one_task(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other, trio.open_nursery() as nursery:
        nursery.start_soon(one.receive_some)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ResourceBusy, match="receiving"):
            await one.receive_exactly(1)
        nursery.cancel_scope.cancel()


async def test_one_side_can_end_and_go_on_receiving(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        await one.send_all(b"question")
        await one.send_eof()
        await one.send_eof()
        assert await other.receive_all() == b"question"
        await other.send_all(b"answer")
        await other.send_eof()
        assert await one.receive_all() == b"answer"
        with pytest.raises(ResourceClosed, match="send_eof"):
            await one.send_all(b"more")


async def test_a_reset_is_seen_as_one_again_and_again(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one:
        other.reset()
        for _ in range(3):
            with pytest.raises(ConnectionReset) as caught:
                await one.receive_some()
            assert one.last_error is caught.value
            assert caught.value.address == one.remote_address
        with pytest.raises((ConnectionBroken, ConnectionReset)):
            await one.send_all(b"x")


async def test_a_reset_that_a_send_meets_is_no_end_to_a_receive(
    make_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_tcp_pair()
    async with one:
        other.reset()
        with pytest.raises(ConnectionReset):
            await one.send_all(b"x")
        with pytest.raises(ConnectionReset):
            await one.receive_all()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a reset takes what came with it")
async def test_what_came_before_the_reset_can_be_received(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one:
        await other.send_all(b"last words")
        other.reset()
        assert await one.receive_exactly(10) == b"last words"
        with pytest.raises(ConnectionReset):
            await one.receive_exactly(1)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a reset takes what came with it")
async def test_an_end_stays_an_end_though_sending_fails(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one:
        await other.send_all(b"goodbye")
        await other.aclose()
        with pytest.raises(ConnectionBroken):
            while True:
                await one.send_all(b"are you there?")
        assert await one.receive_all() == b"goodbye"


async def test_a_failing_system_call_is_translated(
    make_tcp_pair: MakeTCPPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing:
        def shutdown(self, how: int) -> None:
            raise OSError(errno.ENOTCONN, "not connected")

    one, other = await make_tcp_pair()
    async with one, other:
        with monkeypatch.context() as patch:
            patch.setattr(one, "socket", Failing())
            with pytest.raises(NotConnected, match="shut down"):
                await one.send_eof()


async def test_a_stream_can_be_made_of_a_socket() -> None:
    left, right = socket.socketpair()
    async with net.adopt(left) as one, net.adopt(right) as other:
        assert not left.getblocking()
        await one.send_all(b"hello")
        assert await other.receive_some() == b"hello"


async def test_what_is_no_connected_stream_socket_is_not_adopted() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        pytest.raises(ValueError, match="stream socket"),
    ):
        net.adopt(datagrams)
    with socket.socket() as unconnected:
        with pytest.raises(NotConnected, match="adopt"):
            net.adopt(unconnected)
        assert unconnected.getblocking()  # it is still the caller's
    with pytest.raises(TypeError, match="socket of the socket module"):
        net.adopt(3)  # type: ignore[arg-type]
    left, right = socket.socketpair()
    with left, right:
        wrapped = ssl.create_default_context().wrap_socket(
            left, do_handshake_on_connect=False, server_hostname="example.org"
        )
        with wrapped, pytest.raises(TypeError, match="SSLSocket"):
            net.adopt(wrapped)


async def test_a_network_error_of_a_closed_peer_names_the_operation(
    make_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_tcp_pair()
    async with one:
        other.reset()
        with pytest.raises(NetworkError, match=r"^receive from 127\.0\.0\.1:\d+: "):
            await one.receive_some()
