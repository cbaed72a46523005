"""A TLS stream that one task sends to while another receives, and either is cancelled."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import struct
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
    OperationTimeout,
    ResourceClosed,
    TLSError,
)

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]
MakeTLSPair: TypeAlias = Callable[..., Awaitable[tuple[net.TLSStream, net.TLSStream]]]

LONG = bytes(range(256)) * 8000  # more than a system takes without the peer's reading


@pytest.fixture
def make_tls_in_tls_pair(
    make_tls_pair: MakeTLSPair, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> MakeTLSPair:
    async def make_pair(*, small_buffers: bool = False) -> tuple[net.TLSStream, net.TLSStream]:
        outer_client, outer_server = await make_tls_pair(small_buffers=small_buffers)
        made: list[net.TLSStream] = []

        async def be_server() -> None:
            made.append(
                await net.start_tls(outer_server, ssl_context=server_context, server_side=True)
            )

        async with trio.open_nursery() as nursery:
            nursery.start_soon(be_server)
            client = await net.start_tls(
                outer_client, ssl_context=client_context, server_hostname="example.org"
            )
        return client, made[0]

    return make_pair


@pytest.fixture(params=["over TCP", "over TLS"])
def make_pair(
    request: pytest.FixtureRequest,
    make_tls_pair: MakeTLSPair,
    make_tls_in_tls_pair: MakeTLSPair,
) -> MakeTLSPair:
    return make_tls_pair if request.param == "over TCP" else make_tls_in_tls_pair


async def receive_with_cancels(stream: net.ByteStream, size: int, chance: random.Random) -> bytes:
    received = bytearray()
    while len(received) < size:
        with trio.move_on_after(chance.choice([0, 0.0001, 0.001, 1])):
            received += await stream.receive_some(chance.choice([1, 100, 16_384, 100_000]))
    return bytes(received)


@pytest.mark.parametrize("seed", range(3))
async def test_both_ways_at_once_while_receives_are_cancelled(
    seed: int, make_pair: MakeTLSPair
) -> None:
    chance = random.Random(seed)
    client, server = await make_pair(small_buffers=True)
    texts = {stream: chance.randbytes(200_000) for stream in (client, server)}

    async def send(stream: net.ByteStream, rest: bytes) -> None:
        while rest:
            size = chance.choice([1, 100, 16_384, 70_000])
            await stream.send_all(rest[:size])
            rest = rest[size:]

    async def receive(stream: net.ByteStream, expected: bytes) -> None:
        assert await receive_with_cancels(stream, len(expected), chance) == expected

    async with client, server, trio.open_nursery() as nursery:
        for one, other in ((client, server), (server, client)):
            nursery.start_soon(send, one, texts[one])
            nursery.start_soon(receive, other, texts[one])


async def test_a_send_that_is_cancelled_before_it_begins_has_sent_nothing(
    make_pair: MakeTLSPair,
) -> None:
    client, server = await make_pair()
    async with client, server:
        with trio.CancelScope() as scope:
            scope.cancel()
            await client.send_all(b"never")
        assert scope.cancelled_caught
        client._ciphertext.sending = True  # another task is in the middle of it
        with pytest.raises(OperationTimeout):
            await client.send_all(b"never", timeout=0.001)
        client._ciphertext.sending = False
        await client.send_all(b"sent")
        assert await server.receive_some() == b"sent"
        assert client.bytes_sent == 4


async def test_after_a_cancelled_send_receiving_goes_on(make_pair: MakeTLSPair) -> None:
    client, server = await make_pair(small_buffers=True)
    with pytest.raises(OperationTimeout):
        await client.send_all(LONG, timeout=0.01)
    for _ in range(3):
        with pytest.raises(ConnectionBroken, match="half-way"):
            await client.send_all(b"more")
        await server.send_all(b"still here")
        assert await client.receive_exactly(10) == b"still here"
    # The records themselves are whole: whoever has to answer for the protocol goes on with them.
    assert 0 < client.bytes_sent < len(LONG)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client._ciphertext.send)
        assert await server.receive_exactly(client.bytes_sent) == LONG[: client.bytes_sent]
    await client.aclose()
    with pytest.raises((ConnectionReset, TLSError)):
        await server.receive_some()
    await server.aclose()


async def test_waiting_for_room_fails_as_sending_does(
    make_tls_pair: MakeTLSPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, server = await make_tls_pair()

    async def fail() -> None:
        raise ConnectionReset

    async with client, server:
        monkeypatch.setattr(client.transport, "wait_send_all_might_not_block", fail)
        with pytest.raises(ConnectionReset) as caught:
            await client.wait_send_all_might_not_block()
        assert client.last_error is caught.value


async def test_what_came_before_a_send_is_kept_over_tls_1_2(
    make_tcp_pair: MakeTCPPair, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """The sender reads first, in case of a renegotiation, and takes nothing from who receives."""
    client_context.maximum_version = ssl.TLSVersion.TLSv1_2
    below_client, below_server = await make_tcp_pair()
    made: list[net.TLSStream] = []

    async def be_server() -> None:
        made.append(await net.start_tls(below_server, ssl_context=server_context, server_side=True))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(be_server)
        client = await net.start_tls(
            below_client, ssl_context=client_context, server_hostname="example.org"
        )
    (server,) = made
    async with client, server:
        for text in (b"one ", b"two ", b"three"):
            await server.send_all(text)
        assert await client.receive_some(2) == b"on"  # the rest is there, too
        await client.send_all(b"unasked, ")
        with contextlib.suppress(ssl.SSLError):  # it wants the client's, too
            server._tls.unwrap()
        await server._ciphertext.send()
        await client.send_all(b"again, ")
        assert await client.receive_all() == b"e two three"
        await client.send_all(b"and after the end")
        assert await server.transport.receive_some()


async def test_closing_in_the_middle_of_a_send_is_no_end(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair(small_buffers=True)

    async def send() -> None:
        with pytest.raises(ResourceClosed):
            await client.send_all(LONG)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        await trio.testing.wait_all_tasks_blocked()
        await client.aclose()
    with pytest.raises((ConnectionReset, TLSError)):
        await server.receive_all()
    await server.aclose()


async def test_a_peer_that_sends_junk_is_told_why(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair()
    async with client, server:
        await server.transport.send_all(b"\x17\x03\x03\x00\x20" + bytes(32))
        with pytest.raises(TLSError, match="BAD_RECORD_MAC"):
            await client.receive_some()
        with pytest.raises(TLSError) as caught:
            await server.receive_some()
        assert caught.value.reason == "SSLV3_ALERT_BAD_RECORD_MAC"


async def test_a_peer_that_sends_junk_is_told_behind_what_is_being_sent(
    make_tls_pair: MakeTLSPair,
) -> None:
    client, server = await make_tls_pair(small_buffers=True)

    async def send() -> None:
        with pytest.raises(ConnectionBroken, match=r"TLS failed before: .*BAD_RECORD_MAC"):
            await client.send_all(LONG)

    async with client, server, trio.open_nursery() as nursery:
        nursery.start_soon(send)
        await trio.testing.wait_all_tasks_blocked()
        await server.transport.send_all(b"\x17\x03\x03\x00\x20" + bytes(32))
        with pytest.raises(TLSError, match="BAD_RECORD_MAC"):
            await client.receive_some()
        with pytest.raises(TLSError, match="ALERT_BAD_RECORD_MAC"):
            await server.receive_all()
        assert client.is_broken()


async def test_session_tickets_wait_for_the_first_data(make_tls_pair: MakeTLSPair) -> None:
    """A client that sends and closes, but never receives, does not reset its connection."""
    client, server = await make_tls_pair()
    assert server.info.version == "TLSv1.3"
    async with server:
        assert not client.transport._received
        assert await client.transport.is_quiet()
        await client.send_all(b"a report")
        await client.aclose()
        assert await server.receive_all() == b"a report"


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells what it keeps")
async def test_the_end_of_a_handshake_is_acknowledged_at_once(make_tls_pair: MakeTLSPair) -> None:
    """A client without TCP_NODELAY would keep its first data until then."""
    client, server = await make_tls_pair()
    async with client, server:
        assert isinstance(client.transport, net.TCPStream)
        # linux/tcp.h: in struct tcp_info tcpi_unacked comes behind 8 bytes and 4 numbers.
        state = client.transport.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 28)
        assert struct.unpack_from("I", state, 24) == (0,)


async def test_session_tickets_are_no_noise(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair()
    async with client, server:
        server._ciphertext._unanswered = True  # or they would wait
        await server._ciphertext.send()
        while await client.transport.is_quiet():  # noqa: ASYNC110 (the system tells nobody)
            await trio.sleep(0.001)
        assert await client.is_quiet()
        assert await client.transport.is_quiet()
        await server.send_all(b"noise")
        while await client.is_quiet():  # noqa: ASYNC110
            await trio.sleep(0.001)
        assert await client.receive_some() == b"noise"


async def test_a_stream_that_somebody_receives_from_is_not_idle(
    make_tls_pair: MakeTLSPair,
) -> None:
    client, server = await make_tls_pair()
    async with client, server, trio.open_nursery() as nursery:
        nursery.start_soon(client.receive_some)
        await trio.testing.wait_all_tasks_blocked()
        assert not await client.is_quiet()
        nursery.cancel_scope.cancel()


async def test_junk_is_no_quiet(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair()
    async with client, server:
        await server.transport.send_all(b"this is no TLS record")
        while await client.is_quiet():  # noqa: ASYNC110 (the system tells nobody)
            await trio.sleep(0.001)
        assert client.is_broken()
        with pytest.raises(ConnectionBroken, match="TLS failed before"):
            await client.receive_some()
        with pytest.raises(ConnectionBroken, match="TLS failed before"):
            await client.wait_send_all_might_not_block()


@pytest.mark.parametrize("size", [1, 7, 16_383, 16_384, 16_385])
async def test_whatever_size_is_asked_for(size: int, make_pair: MakeTLSPair) -> None:
    client, server = await make_pair()
    data = LONG[:40_000] if size > 1 else LONG[:400]
    async with client, server:
        await client.send_all(data)
        received = b""
        while len(received) < len(data):
            part = await server.receive_some(size)
            assert 1 <= len(part) <= size
            received += part
        assert received == data


async def test_a_transport_that_delivers_single_bytes(
    make_tcp_pair: MakeTCPPair,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    below_client, below_server = await make_tcp_pair()
    for below in (below_client, below_server):
        receive = below.receive_some

        async def receive_one(
            max_bytes: int, *, receive: Callable[[int], Awaitable[bytes]] = receive
        ) -> bytes:
            return await receive(1)

        monkeypatch.setattr(below, "receive_some", receive_one)

    async def be_server() -> None:
        async with await net.start_tls(
            below_server, ssl_context=server_context, server_side=True
        ) as server:
            await server.send_all(await server.receive_exactly(5))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(be_server)
        async with await net.start_tls(
            below_client, ssl_context=client_context, server_hostname="example.org"
        ) as client:
            await client.send_all(b"crumb")
            assert await client.receive_all() == b"crumb"
