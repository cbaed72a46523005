"""Framed conversations that are cut, sliced and cancelled at every place there is."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus import net
from trio_helianthus.errors import ChannelEnded, ConnectionReset, IncompleteReceive, NetworkError
from trio_helianthus.testing import cancel_sweep

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]

FRAMINGS: Final[list[net.Framing]] = [
    net.LengthPrefix(4),
    net.Varint(),
    net.Netstring(),
    net.Delimiter(b"--"),
    net.Lines(),
]
every_framing = pytest.mark.parametrize("framing", FRAMINGS, ids=repr)
FRAMES: Final = [b"one", b"", b"three " * 30]


class SlicedStream(trio.abc.Stream):
    """Receives the pieces that it is given, with a schedule point before each; sends nothing."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        await trio.lowlevel.checkpoint()
        return self._pieces.pop(0) if self._pieces else b""

    async def send_all(self, data: object) -> None:
        raise NotImplementedError

    async def wait_send_all_might_not_block(self) -> None:
        raise NotImplementedError

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


async def cancel_after(scope: trio.CancelScope, checkpoints: int) -> None:
    for _ in range(checkpoints):
        await trio.lowlevel.checkpoint()
    scope.cancel()


@every_framing
@given(
    frames=st.lists(st.text("ab", max_size=200).map(str.encode), max_size=10),
    cuts=st.lists(st.integers(0, 2000), max_size=20),
    cancels=st.lists(st.integers(0, 4), max_size=20),
)
def test_slicing_and_cancelling_lose_nothing(
    framing: net.Framing, frames: list[bytes], cuts: list[int], cancels: list[int]
) -> None:
    data = b"".join(map(framing.protocol().send, frames))
    places = [0, *sorted(place % (len(data) + 1) for place in cuts), len(data)]
    pieces = [data[places[i] : places[i + 1]] for i in range(len(places) - 1)]

    async def main() -> None:
        received: list[bytes] = []
        async with net.FramedChannel(SlicedStream(pieces), framing) as channel:
            ended = False
            while not ended:
                with trio.CancelScope() as scope:
                    async with trio.open_nursery() as nursery:
                        if cancels:
                            nursery.start_soon(cancel_after, scope, cancels.pop())
                        try:
                            if len(cancels) % 2:
                                received += await channel.receive_many()
                            else:
                                received.append(await channel.receive())
                        except ChannelEnded:
                            ended = True
        assert received == frames

    trio.run(main)


async def receive_all_frames(channel: net.FramedChannel) -> list[bytes]:
    return [frame async for frame in channel]


@every_framing
@pytest.mark.parametrize("how", ["end", "reset"])
async def test_a_conversation_cut_at_every_byte(
    framing: net.Framing, how: str, make_tcp_pair: MakeTCPPair
) -> None:
    data = b"".join(map(framing.protocol().send, FRAMES))
    for length in range(len(data) + 1):
        expected = framing.protocol()
        expected.receive_data(data[:length])
        frames, rest = expected.next_frames(), expected.buffered
        peer, stream = await make_tcp_pair()
        async with peer, net.FramedChannel(stream, framing) as channel:
            if length:
                await peer.send_all(data[:length])
                # What came before a reset may be lost with it, so it is taken in before.
                received = [await channel.receive() for _ in frames]
                assert received == frames
            if how == "end":
                await peer.aclose()
                with pytest.raises(IncompleteReceive if rest else ChannelEnded) as caught:
                    await channel.receive()
                if isinstance(caught.value, IncompleteReceive):
                    assert caught.value.partial == data[length - rest : length]
            else:
                peer.reset()
                with pytest.raises(ConnectionReset):
                    await channel.receive()


async def test_a_tls_conversation_cut_at_every_byte(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    framing = net.LengthPrefix(2)
    length, whole = 0, False
    while not whole:
        client, relay, ciphertext = await say_it_in_tls(framing, server_context, client_context)
        whole = length >= len(ciphertext)
        async with net.FramedChannel(client, framing) as channel:
            relay.sendall(ciphertext[:length])
            relay.close()
            if whole:
                assert await receive_all_frames(channel) == FRAMES
            else:
                with pytest.raises(NetworkError):
                    await receive_all_frames(channel)
        length += 1
    assert length > sum(map(len, FRAMES))


async def say_it_in_tls(
    framing: net.Framing, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> tuple[net.TLSStream, socket.socket, bytes]:
    """Let a server send all frames and close.

    :returns: the client, the socket that it receives from, and what the server sent after the
        handshake, which has not gone to the client yet.
    """
    left, relay_left = socket.socketpair()
    relay_right, right = socket.socketpair()
    ciphertext = b""

    async def be_relay() -> None:
        source = trio.socket.from_stdlib_socket(relay_left.dup())
        sink = trio.socket.from_stdlib_socket(relay_right.dup())
        with source, sink:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(pump, source, sink)
                await pump(sink, source)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(be_relay)
        servers: list[net.TLSStream] = []

        async def be_server() -> None:
            servers.append(
                await net.start_tls(net.adopt(right), ssl_context=server_context, server_side=True)
            )

        async with trio.open_nursery() as handshake:
            handshake.start_soon(be_server)
            client = await net.start_tls(
                net.adopt(left), ssl_context=client_context, server_hostname="example.org"
            )
        nursery.cancel_scope.cancel()
    async with net.FramedChannel(servers[0], framing) as server:
        await server.send_many(FRAMES)
    with relay_right:
        relay_right.setblocking(True)
        while piece := relay_right.recv(65536):
            ciphertext += piece
    relay_left.setblocking(True)
    return client, relay_left, ciphertext


async def pump(source: trio.socket.SocketType, sink: trio.socket.SocketType) -> None:
    while data := await source.recv(65536):
        await sink.send(data)


async def echo(stream: net.ByteStream) -> None:
    channel = net.FramedChannel(stream, net.LengthPrefix(4))
    async for frame in channel:
        await channel.send(frame)


async def use_everything(stream: trio.abc.Stream) -> None:
    async with net.FramedChannel(stream, net.LengthPrefix(4)) as channel:
        await channel.send(b"one")
        await channel.send(bytes(100_000), timeout=5)
        await channel.send_many([b"two", b"three", bytes(100_000)])
        assert await channel.receive() == b"one"
        assert await channel.receive(timeout=5) == bytes(100_000)
        received: list[bytes] = []
        while len(received) < 3:
            received += await channel.receive_many()
        assert received == [b"two", b"three", bytes(100_000)]
        if isinstance(stream, trio.abc.HalfCloseableStream):
            await channel.send_eof()
            assert await receive_all_frames(channel) == []


@pytest.mark.sweep
@pytest.mark.parametrize("own", [True, False])
def test_a_channel_over_tcp_cancelled_anywhere(own: bool) -> None:
    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            server: net.Server = await nursery.start(net.serve_tcp, echo)
            if own:
                stream: trio.abc.Stream = await net.connect_tcp("127.0.0.1", server.port)
            else:
                stream = await trio.open_tcp_stream("127.0.0.1", server.port)
            await use_everything(stream)
            assert (await server.drain()).clean

    assert cancel_sweep(scenario).points > 20


@pytest.mark.sweep
def test_a_channel_over_tls_cancelled_anywhere(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async def serve(task_status: trio.TaskStatus[net.Server]) -> None:
        await net.serve_tls(echo, ssl_context=server_context, task_status=task_status)

    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            server: net.Server = await nursery.start(serve)
            await use_everything(
                await net.connect_tls("127.0.0.1", server.port, ssl_context=client_context)
            )
            assert (await server.drain()).clean

    assert cancel_sweep(scenario).points > 20
