"""The virtual network behaves as the system's does: the same test on both."""

from __future__ import annotations

import errno
import socket
import struct
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TypeAlias

import pytest
import trio
import trio.testing

from trio_helianthus import errors, net, testing

Pair: TypeAlias = tuple[net.TCPStream, net.TCPStream]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the virtual network tells errors as Linux does"
)


@asynccontextmanager
async def on_the_system() -> AsyncIterator[None]:
    yield


OpenNetwork: TypeAlias = Callable[[], AbstractAsyncContextManager[object]]
both = pytest.mark.parametrize(
    "open_network", [on_the_system, testing.open_virtual_network], ids=["system", "virtual"]
)


async def make_pair() -> Pair:
    (listener,) = await net.listen_tcp(0)
    async with listener:
        assert isinstance(listener.address, tuple)
        one = await net.connect_tcp("127.0.0.1", listener.address[1])
        return one, await listener.accept()


async def settle(stream: net.TCPStream) -> None:
    """Wait until the system has told the stream something."""
    await stream._readiness.wait_readable()


@both
async def test_nobody_listens(open_network: OpenNetwork) -> None:
    async with open_network():
        (listener,) = await net.listen_tcp(0)
        port = listener.address[1]
        await listener.aclose()
        with pytest.raises(errors.ConnectionRefused) as caught:
            await net.connect_tcp("127.0.0.1", int(port))
        assert caught.value.errno == errno.ECONNREFUSED
        assert str(caught.value) == (
            f"connect to 127.0.0.1:{port}: connection refused (ECONNREFUSED 111)"
        )


@both
async def test_the_name_is_unknown(open_network: OpenNetwork) -> None:
    async with open_network():
        with pytest.raises(errors.NameResolutionFailed) as caught:
            await net.connect_tcp("no-such-host.invalid", 80)
        assert caught.value.code is errors.ErrorCode.NAME_RESOLUTION
        assert caught.value.operation == "resolve"


@both
async def test_the_port_is_taken(open_network: OpenNetwork) -> None:
    async with open_network():
        (listener,) = await net.listen_tcp(0)
        async with listener:
            with pytest.raises(errors.AddressInUse) as caught:
                await net.listen_tcp(int(listener.address[1]))
            assert caught.value.errno == errno.EADDRINUSE


@both
async def test_the_address_is_somebody_elses(open_network: OpenNetwork) -> None:
    async with open_network():
        with pytest.raises(errors.AddressNotAvailable):
            await net.listen_tcp(0, host="192.0.2.1")
        with pytest.raises(errors.AddressNotAvailable):
            await net.connect_tcp("127.0.0.1", 1, local_host="192.0.2.1")


@both
async def test_a_closed_listener_resets_who_was_not_accepted(open_network: OpenNetwork) -> None:
    async with open_network():
        (listener,) = await net.listen_tcp(0)
        async with await net.connect_tcp("127.0.0.1", int(listener.address[1])) as stream:
            await listener.aclose()
            with pytest.raises(errors.ConnectionReset):
                await stream.receive_some()


@both
async def test_a_closed_listener_ends_an_accept(open_network: OpenNetwork) -> None:
    async with open_network():
        (listener,) = await net.listen_tcp(0)

        async def accept() -> None:
            with pytest.raises(errors.ResourceClosed, match="listener was closed"):
                await listener.accept()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(accept)
            await trio.testing.wait_all_tasks_blocked()
            listener.close()


@both
async def test_half_a_connection_goes_on(open_network: OpenNetwork) -> None:
    async with open_network():
        one, other = await make_pair()
        async with one, other:
            await one.send_all(b"question")
            await one.send_eof()
            assert await other.receive_all() == b"question"
            await other.send_all(b"answer")
            await other.aclose()
            assert await one.receive_all() == b"answer"
            assert await one.receive_some() == b""


@both
async def test_a_reset_is_told_once_by_the_system_and_always_by_the_stream(
    open_network: OpenNetwork,
) -> None:
    async with open_network():
        one, other = await make_pair()
        async with one:
            other.reset()
            await settle(one)
            for _ in range(2):
                with pytest.raises(errors.ConnectionReset) as caught:
                    await one.receive_some()
                assert caught.value.errno == errno.ECONNRESET
            assert one.socket.recv(1) == b""
            with pytest.raises(errors.ConnectionBroken) as broken:
                await one.send_all(b"x")
            assert broken.value.errno == errno.EPIPE
            with pytest.raises(errors.NotConnected):
                await one.send_eof()


@both
async def test_a_reset_can_be_told_to_a_send_first(open_network: OpenNetwork) -> None:
    async with open_network():
        one, other = await make_pair()
        async with one:
            other.reset()
            await settle(one)
            with pytest.raises(errors.ConnectionReset):
                await one.send_all(b"x")
            assert one.socket.recv(1) == b""


@both
async def test_what_came_before_a_reset_can_be_received(open_network: OpenNetwork) -> None:
    async with open_network():
        one, other = await make_pair()
        async with one:
            await other.send_all(b"last words")
            other.reset()
            assert await one.receive_exactly(10) == b"last words"
            with pytest.raises(errors.ConnectionReset):
                await one.receive_some()


@both
async def test_closing_with_unread_data_is_a_reset(open_network: OpenNetwork) -> None:
    async with open_network():
        one, other = await make_pair()
        async with one:
            await one.send_all(b"never read")
            await settle(other)
            await other.aclose()
            with pytest.raises(errors.ConnectionReset):
                await one.receive_some()


@both
async def test_sending_to_a_closed_peer_breaks_and_the_end_stays_an_end(
    open_network: OpenNetwork,
) -> None:
    async with open_network():
        one, other = await make_pair()
        async with one:
            await other.aclose()
            await settle(one)
            await one.send_all(b"answered by a reset")
            with pytest.raises(errors.ConnectionBroken) as caught:
                while True:
                    await one.send_all(b"x")
            assert caught.value.errno == errno.EPIPE
            assert await one.receive_some() == b""


@both
async def test_a_reset_ends_who_waits(open_network: OpenNetwork) -> None:
    async with open_network():
        one, other = await make_pair()

        async def receive() -> None:
            with pytest.raises(errors.ConnectionReset):
                await one.receive_some()

        async def send() -> None:
            with pytest.raises((errors.ConnectionReset, errors.ConnectionBroken)):
                while True:
                    await one.send_all(bytes(1 << 20))

        async with one, trio.open_nursery() as nursery:
            nursery.start_soon(receive)
            nursery.start_soon(send)
            await trio.testing.wait_all_tasks_blocked(0.02)
            other.reset()


@both
async def test_a_cut_send_is_known_to_both_sides(open_network: OpenNetwork) -> None:
    async with open_network():
        one, other = await make_pair()
        async with other:
            with pytest.raises(errors.OperationTimeout):
                await one.send_all(bytes(1 << 24), timeout=0.02)
            with pytest.raises(errors.ConnectionBroken, match="cut half-way"):
                await one.send_all(b"x")
            await one.aclose()
            with pytest.raises(errors.ConnectionReset):
                await other.receive_all(max_bytes=1 << 25)


@both
async def test_an_idle_connection_is_quiet_until_something_comes(
    open_network: OpenNetwork,
) -> None:
    async with open_network():
        one, other = await make_pair()
        async with one:
            assert await one.is_quiet()
            await other.send_all(b"x")
            await settle(one)
            assert not await one.is_quiet()
            assert not one.is_broken()
            assert await one.receive_some() == b"x"
            other.reset()
            await settle(one)
            assert one.is_broken()
            with pytest.raises(errors.ConnectionReset):
                await one.receive_some()


@both
async def test_nobody_accepts_and_the_backlog_fills(open_network: OpenNetwork) -> None:
    async with open_network():
        (listener,) = await net.listen_tcp(0, backlog=1)
        streams: list[net.TCPStream] = []
        async with listener:
            connect = partial(net.connect_tcp, "127.0.0.1", int(listener.address[1]), timeout=0.2)
            with pytest.raises(errors.OperationTimeout):
                while len(streams) < 5:
                    streams.append(await connect())
            assert streams
            for stream in streams:
                await stream.aclose()


@both
async def test_sockets_answer_alike(open_network: OpenNetwork) -> None:
    async with open_network():
        one, other = await make_pair()
        async with one, other:
            for stream in (one, other):
                sock = stream.socket
                assert sock.type == socket.SOCK_STREAM
                assert sock.family == socket.AF_INET
                assert not sock.getblocking()
                assert sock.gettimeout() == 0
                assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
                assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM
                assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                linger = sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
                assert linger == struct.pack("ii", 0, 0)
                assert sock.getsockname() == stream.local_address
                assert sock.getpeername() == stream.remote_address
                with pytest.raises(BlockingIOError):
                    sock.recv(1)
            assert one.socket.sendmsg([b"ab", b"cd"]) == 4
            await settle(other)
            assert other.socket.recv(1, socket.MSG_PEEK) == b"a"
            buffer = bytearray(10)
            assert other.socket.recv_into(buffer, 3) == 3
            assert buffer[:4] == b"abc\0"
            assert other.socket.recv(10) == b"d"
            one.socket.shutdown(socket.SHUT_RDWR)
            assert one.socket.recv(10) == b""
        with pytest.raises(OSError) as closed:
            one.socket.getsockname()
        assert closed.value.errno == errno.EBADF


@both
async def test_sockets_that_are_not_connected_answer_alike(open_network: OpenNetwork) -> None:
    async with open_network():
        network = net.current_network()
        with network.open_socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            assert sock.getsockname() == ("0.0.0.0", 0)
            for use in (sock.getpeername, partial(sock.recv, 1), partial(sock.shutdown, 1)):
                with pytest.raises(OSError) as caught:
                    use()
                assert caught.value.errno == errno.ENOTCONN
            with pytest.raises(OSError) as caught:
                sock.send(b"x")
            assert caught.value.errno in (errno.EPIPE, errno.ENOTCONN)
            with pytest.raises(OSError) as caught:
                sock.accept()
            assert caught.value.errno == errno.EINVAL
            sock.bind(("127.0.0.1", 0))
            with pytest.raises(OSError) as caught:
                sock.bind(("127.0.0.1", 0))
            assert caught.value.errno == errno.EINVAL
            sock.listen(1)
            with pytest.raises(BlockingIOError):
                sock.accept()


@both
async def test_datagrams_keep_their_boundaries(open_network: OpenNetwork) -> None:
    async with open_network(), net.open_udp() as one, net.open_udp(max_datagram_size=4) as other:
        await one.send_to(b"first", other.local_address)
        await one.send_to(b"", other.local_address)
        data, address, truncated = await other.receive()
        assert (data, address, truncated) == (b"firs", one.local_address, True)
        assert (await other.receive()).data == b""
        with pytest.raises(errors.NetworkError) as caught:
            await one.send_to(bytes(65508), other.local_address)
        assert caught.value.code is errors.ErrorCode.MESSAGE_TOO_LARGE


@both
async def test_a_connected_socket_hears_only_its_peer_and_that_it_is_gone(
    open_network: OpenNetwork,
) -> None:
    async with (
        open_network(),
        net.open_udp() as peer,
        net.open_udp() as stranger,
        net.open_udp(remote=("127.0.0.1", peer.port)) as ours,
    ):
        await stranger.send_to(b"listen to me", ours.local_address)
        await peer.send_to(b"hello", ours.local_address)
        assert await ours.receive() == b"hello"
        peer.close()
        await ours.send(b"are you there?")
        with pytest.raises(errors.ConnectionRefused):
            await ours.receive()
