"""Letting go of a framed channel's stream: for another framing, for TLS, for nothing."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
import trio
import trio.testing

from trio_helianthus import net
from trio_helianthus.errors import RemoteProtocolError, ResourceBusy, ResourceClosed, TLSError

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]


async def make_channels(make_pair: MakeTCPPair) -> tuple[net.FramedChannel, net.FramedChannel]:
    one, other = await make_pair()
    return net.FramedChannel(one, net.Lines()), net.FramedChannel(other, net.Lines())


async def test_another_framing_takes_over_where_the_first_one_stops(
    make_tcp_pair: MakeTCPPair,
) -> None:
    one, stream = await make_tcp_pair()
    lines = net.FramedChannel(stream, net.Lines())
    # As lines, what stands behind the first two is too long, and would lose a CR.
    rest = b"\x05a\r\n\nb" + net.Varint().protocol().send(b"c" * 300)
    async with one, stream:
        await one.send_all(b"HELLO\r\nBINARY\r\n" + rest + b"\x03d")
        assert [await lines.receive(), await lines.receive()] == [b"HELLO", b"BINARY"]
        assert lines.detach() is stream
        frames = net.FramedChannel(stream, net.Varint())
        assert await frames.receive_many() == [b"a\r\n\nb", b"c" * 300]
        await one.send_all(b"ef!")
        assert await frames.receive() == b"def"
        frames.detach()
        assert await stream.receive_exactly(1) == b"!"


async def test_what_is_behind_a_refused_frame_can_be_looked_at(make_tcp_pair: MakeTCPPair) -> None:
    one, stream = await make_tcp_pair()
    channel = net.FramedChannel(stream, net.Netstring())
    async with one, stream:
        await one.send_all(b"2:hi,GET / HTTP/1.1\r\n")
        assert await channel.receive_many() == [b"hi"]
        with pytest.raises(RemoteProtocolError):
            await channel.receive()
        assert await channel.detach().receive_until(b"\r\n") == b"GET / HTTP/1.1\r\n"


async def test_an_upgrade_to_tls_in_the_middle(
    make_tcp_pair: MakeTCPPair, client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    ours, theirs = await make_tcp_pair()

    async def serve() -> None:
        channel = net.FramedChannel(theirs, net.Lines())
        assert await channel.receive() == b"STARTTLS"
        await channel.send(b"go on")
        tls = await net.start_tls(channel.detach(), ssl_context=server_context, server_side=True)
        async with net.FramedChannel(tls, net.Lines()) as private:
            await private.send(await private.receive())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        channel = net.FramedChannel(ours, net.Lines())
        await channel.send(b"STARTTLS")
        assert await channel.receive() == b"go on"
        tls = await net.start_tls(
            channel.detach(), ssl_context=client_context, server_hostname="example.org"
        )
        async with net.FramedChannel(tls, net.Lines()) as private:
            await private.send(b"secret")
            assert await private.receive() == b"secret"


async def test_what_came_before_an_upgrade_to_tls_is_refused(
    make_tcp_pair: MakeTCPPair, server_context: ssl.SSLContext
) -> None:
    ours, theirs = await make_tcp_pair()
    channel = net.FramedChannel(theirs, net.Lines())
    async with ours:
        await ours.send_all(b"STARTTLS\nDELETE EVERYTHING\n")
        assert await channel.receive() == b"STARTTLS"
        with pytest.raises(TLSError, match="18 bytes came in the clear"):
            await net.start_tls(channel.detach(), ssl_context=server_context, server_side=True)


async def test_a_detached_channel_leaves_the_stream_alone(make_tcp_pair: MakeTCPPair) -> None:
    one, stream = await make_tcp_pair()
    async with one, stream:
        async with net.FramedChannel(stream, net.Lines()) as channel:
            channel.detach()
            for operate in (
                channel.receive,
                channel.receive_many,
                channel.send_eof,
                lambda: channel.send(b"x"),
                lambda: channel.send_many([b"x"]),
            ):
                with pytest.raises(ResourceClosed, match="detached"):
                    await operate()
            with pytest.raises(ResourceClosed, match="detached"):
                channel.detach()
        await stream.send_all(b"still open")
        assert await one.receive_some() == b"still open"


async def test_a_channel_in_use_is_not_detached(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_channels(make_clogged_tcp_pair)
    async with one, other, trio.open_nursery() as nursery:
        nursery.start_soon(other.send, b"waits")
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ResourceBusy, match="sending"):
            other.detach()
        nursery.cancel_scope.cancel()


async def test_a_channel_that_receives_is_not_detached(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_channels(make_tcp_pair)
    async with one, other, trio.open_nursery() as nursery:
        nursery.start_soon(other.receive)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ResourceBusy, match="receiving"):
            other.detach()
        nursery.cancel_scope.cancel()


async def test_a_stream_that_is_not_ours_takes_nothing_back() -> None:
    one, other = trio.testing.memory_stream_pair()
    async with one, net.FramedChannel(other, net.Lines()) as channel:
        with pytest.raises(TypeError, match="StapledStream takes nothing back"):
            channel.detach()
