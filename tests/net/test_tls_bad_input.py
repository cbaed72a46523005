"""What TLS makes of junk, of cuts at each byte, of flipped bits, of wrong arguments: an error."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trio_helianthus import core, net
from trio_helianthus.errors import (
    ConnectionBroken,
    NetworkError,
    OperationTimeout,
    ResourceClosed,
    TLSError,
)

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]


class PlayedStream(net.ByteStream):
    """Receives what it was given, and then nothing, or the end; remembers what is sent."""

    def __init__(self, played: bytes, *, ends: bool = True) -> None:
        super().__init__()
        self.sent = b""
        self.closed = False
        self._played = played
        self._ends = ends

    @property
    def local_address(self) -> tuple[str, int]:
        return ("played", 0)

    @property
    def remote_address(self) -> tuple[str, int]:
        return ("played", 1)

    async def wait_send_all_might_not_block(
        self, *, timeout: float | None = None, token: core.CancelToken | None = None
    ) -> None:
        await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        self.closed = True
        await trio.lowlevel.checkpoint()

    def is_broken(self) -> bool:
        return self.closed

    async def is_quiet(self) -> bool:
        await trio.lowlevel.checkpoint()
        return not (self._played or self._ends)

    def reset(self) -> None:
        self.closed = True

    async def _receive(self, max_bytes: int) -> bytes:
        await trio.lowlevel.checkpoint()
        if not (self._played or self._ends):
            await trio.sleep_forever()
        data, self._played = self._played[:max_bytes], self._played[max_bytes:]
        return data

    async def _send(self, buffers: list[memoryview]) -> None:
        await trio.lowlevel.checkpoint()
        self.sent += b"".join(buffers)
        self.bytes_sent = len(self.sent)


class Recorder(PlayedStream):
    """Passes on to another stream what it is asked for, and remembers it."""

    def __init__(self, below: net.ByteStream) -> None:
        super().__init__(b"")
        self._below = below
        self.received = b""

    async def _receive(self, max_bytes: int) -> bytes:
        data = await self._below.receive_some(max_bytes)
        self.received += data
        return data

    async def _send(self, buffers: list[memoryview]) -> None:
        await self._below.send_vectored(buffers)
        await super()._send(buffers)


async def client_shakes_hands(stream: net.ByteStream, context: ssl.SSLContext) -> net.TLSStream:
    return await net.start_tls(stream, ssl_context=context, server_hostname="example.org")


async def server_shakes_hands(stream: net.ByteStream, context: ssl.SSLContext) -> net.TLSStream:
    return await net.start_tls(stream, ssl_context=context, server_side=True)


async def record_a_handshake(
    make_tcp_pair: MakeTCPPair, client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> tuple[bytes, bytes]:
    """Return what the client and what the server sent."""
    one, other = await make_tcp_pair()
    async with one, other, trio.open_nursery() as nursery:
        nursery.start_soon(server_shakes_hands, other, server_context)
        recorder = Recorder(one)
        await client_shakes_hands(recorder, client_context)
    return recorder.sent, recorder.received


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_handshake_that_is_cut_at_each_byte(
    version: ssl.TLSVersion,
    make_tcp_pair: MakeTCPPair,
    client_context: ssl.SSLContext,
    server_context: ssl.SSLContext,
) -> None:
    client_context.minimum_version = client_context.maximum_version = version
    by_client, by_server = await record_a_handshake(make_tcp_pair, client_context, server_context)
    for shake_hands, context, recorded in (
        (server_shakes_hands, server_context, by_client),
        (client_shakes_hands, client_context, by_server),
    ):
        for count in range(len(recorded)):
            stream = PlayedStream(recorded[:count])
            with pytest.raises(TLSError) as caught:
                await shake_hands(stream, context)
            assert caught.value.operation == "TLS handshake", count
            assert stream.last_error is caught.value
            assert stream.closed


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 50, 150])
async def test_a_peer_that_stops_in_the_middle_is_given_up(
    count: int,
    autojump_clock: trio.abc.Clock,
    make_tcp_pair: MakeTCPPair,
    client_context: ssl.SSLContext,
    server_context: ssl.SSLContext,
) -> None:
    by_client, _ = await record_a_handshake(make_tcp_pair, client_context, server_context)
    stream = PlayedStream(by_client[:count], ends=False)
    with pytest.raises(OperationTimeout):
        await server_shakes_hands(stream, server_context)
    assert stream.closed
    assert trio.current_time() >= net.HANDSHAKE_SECONDS


JUNK = {
    "HTTP": b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
    "SMTP": b"220 mail.example.org ESMTP ready\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
    "zeros": bytes(100),
    "ones": b"\xff" * 100,
    "an endless record": b"\x16\x03\x01\xff\xff" + bytes(0xFFFF),
    "no record but data": b"\x17\x03\x03\x00\x05hello",
    "an alert": b"\x15\x03\x01\x00\x02\x02\x28",
    "a record of no bytes": b"\x16\x03\x01\x00\x00" * 40,
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
@pytest.mark.parametrize("side", ["client", "server"])
async def test_junk_is_no_handshake(
    side: str, junk: bytes, client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    stream = PlayedStream(junk)
    with pytest.raises(TLSError) as caught:
        if side == "client":
            await client_shakes_hands(stream, client_context)
        else:
            await server_shakes_hands(stream, server_context)
    assert caught.value.address == ("played", 1)
    assert "TLS handshake" in str(caught.value)
    assert stream.closed


async def test_a_failed_handshake_says_why(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext, make_tcp_pair: MakeTCPPair
) -> None:
    one, other = await make_tcp_pair()
    client_context.maximum_version = ssl.TLSVersion.TLSv1_2
    server_context.minimum_version = ssl.TLSVersion.TLSv1_3
    async with trio.open_nursery() as nursery:

        async def refuse() -> None:
            with pytest.raises(TLSError, match="UNSUPPORTED_PROTOCOL"):
                await server_shakes_hands(other, server_context)

        nursery.start_soon(refuse)
        with pytest.raises(TLSError) as caught:
            await client_shakes_hands(one, client_context)
    assert caught.value.reason == "TLSV1_ALERT_PROTOCOL_VERSION"


async def test_plain_http_is_called_so(server_context: ssl.SSLContext) -> None:
    stream = PlayedStream(JUNK["HTTP"], ends=False)
    with pytest.raises(TLSError) as caught:
        await server_shakes_hands(stream, server_context)
    assert caught.value.reason == "HTTP_REQUEST"
    assert stream.closed


async def test_a_peer_that_takes_no_alert_is_left_after_a_while(
    client_context: ssl.SSLContext,
    server_context: ssl.SSLContext,
    autojump_clock: trio.abc.Clock,
) -> None:
    class Clogged(PlayedStream):
        async def _send(self, buffers: list[memoryview]) -> None:
            await trio.sleep_forever()

    offer = PlayedStream(b"")
    client_context.maximum_version = ssl.TLSVersion.TLSv1_2
    server_context.minimum_version = ssl.TLSVersion.TLSv1_3
    with pytest.raises(TLSError):
        await client_shakes_hands(offer, client_context)
    stream = Clogged(offer.sent, ends=False)
    with trio.CancelScope() as scope:  # the goodbye is shielded
        scope.deadline = trio.current_time() + 1
        with pytest.raises(TLSError):
            await server_shakes_hands(stream, server_context)
    assert trio.current_time() >= net.GOODBYE_SECONDS
    assert stream.closed


async def test_a_record_that_was_changed_on_its_way(
    make_tcp_pair: MakeTCPPair, client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    by_client, _ = await record_a_handshake(make_tcp_pair, client_context, server_context)
    for position in range(0, len(by_client), 3):
        changed = bytearray(by_client)
        changed[position] ^= 1
        with pytest.raises(TLSError):
            await server_shakes_hands(PlayedStream(bytes(changed)), server_context)


@given(junk=st.binary(max_size=300), after=st.integers(0, 1000))
@settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_junk_at_any_time_is_an_error_and_no_crash(
    junk: bytes, after: int, client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    async def main() -> None:
        recorded = PlayedStream(b"")
        with pytest.raises(TLSError):
            await client_shakes_hands(recorded, client_context)
        stream = PlayedStream(recorded.sent[:after] + junk)
        with pytest.raises(NetworkError):
            await server_shakes_hands(stream, server_context)

    trio.run(main)


async def test_records_that_are_cut_at_each_byte(
    make_tcp_pair: MakeTCPPair, client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    """What came whole is received; a cut is an error, also where it is between two records."""
    count, all_of_it = 0, 1
    while count <= all_of_it:
        below_client, below_server = await make_tcp_pair()
        recorder = Recorder(below_client)
        async with below_client, below_server:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(send_two_records, below_server, server_context)
                client = await client_shakes_hands(recorder, client_context)
            below_server.socket.shutdown(socket.SHUT_WR)
            recorded = await below_client.receive_all()
            all_of_it = len(recorded)
            recorder._below = played = PlayedStream(recorded[:count])
            received = b""
            with pytest.raises(TLSError, match="EOF"):
                while True:
                    received += await client.receive_some()
            assert received in {b"", b"first", b"firstsecond"}
            assert (received == b"firstsecond") == (count == all_of_it)
            assert client.is_broken()
            with pytest.raises(ConnectionBroken, match="TLS failed before: EOF"):
                await client.receive_some()
            with pytest.raises(ConnectionBroken, match="TLS failed before: EOF"):
                await client.send_all(b"x")
            assert not played.sent
        count += 1


async def send_two_records(stream: net.ByteStream, context: ssl.SSLContext) -> None:
    secure = await server_shakes_hands(stream, context)
    await secure.send_all(b"first")
    await secure.send_all(b"second")


@pytest.mark.parametrize("server_side", [True, False])
async def test_a_context_for_the_other_side(
    server_side: bool,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    make_tcp_pair: MakeTCPPair,
) -> None:
    wrong = client_context if server_side else server_context
    ours, theirs = await make_tcp_pair()
    async with theirs:
        with pytest.raises(ValueError, match="the other side"):
            await net.start_tls(ours, ssl_context=wrong, server_side=server_side)
        with pytest.raises(ResourceClosed):
            await ours.send_all(b"?")


async def test_a_name_that_cannot_be_one(
    client_context: ssl.SSLContext, make_tcp_pair: MakeTCPPair
) -> None:
    ours, theirs = await make_tcp_pair()
    async with theirs:
        with pytest.raises(ValueError, match="not allowed"):
            await net.start_tls(
                ours, ssl_context=client_context, server_hostname="\N{SNOWMAN}.example.org"
            )
