"""Sends: all of it, gathered, in any kind of buffer, and broken when cut."""

from __future__ import annotations

import array
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus import core, net
from trio_helianthus.errors import (
    ConnectionBroken,
    ConnectionReset,
    OperationCancelled,
    OperationTimeout,
    ResourceClosed,
)
from trio_helianthus.net import _buffers, _socket_stream
from trio_helianthus.net._tls_ciphertext import Ciphertext

pytestmark = pytest.mark.usefixtures("each_way_of_waiting")

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]
MakeTLSPair: TypeAlias = Callable[..., Awaitable[tuple[net.TLSStream, net.TLSStream]]]


async def test_partial_writes_are_continued(make_tcp_pair: MakeTCPPair) -> None:
    data = bytes(range(256)) * 1000
    one, other = await make_tcp_pair(small_buffers=True)
    async with one, other, trio.open_nursery() as nursery:
        nursery.start_soon(one.send_all, data)
        assert await other.receive_exactly(len(data)) == data


async def test_buffers_go_out_in_order_however_many_they_are(make_tcp_pair: MakeTCPPair) -> None:
    buffers = [bytes([number % 256]) * (number % 40) for number in range(2000)]
    one, other = await make_tcp_pair(small_buffers=True)
    async with one, other, trio.open_nursery() as nursery:
        nursery.start_soon(one.send_vectored, buffers)
        data = b"".join(buffers)
        assert await other.receive_exactly(len(data)) == data


async def test_buffers_may_be_of_any_kind(make_tcp_pair: MakeTCPPair) -> None:
    matrix = memoryview(bytes(range(6))).cast("B", [2, 3])
    kinds: list[net.Buffer] = [
        b"bytes",
        bytearray(b"bytearray"),
        memoryview(b"view"),
        memoryview(array.array("I", [1, 2])),
        memoryview(array.array("d")),
        matrix,
        b"",
    ]
    expected = b"".join(bytes(kind) for kind in kinds)
    one, other = await make_tcp_pair()
    async with one, other:
        await one.send_vectored(iter(kinds))
        assert await other.receive_exactly(len(expected)) == expected
        for kind in kinds:
            await one.send_all(kind)
        assert await other.receive_exactly(len(expected)) == expected


async def test_nothing_is_sent_when_one_buffer_is_no_buffer(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        for wrong in ("text", 3, [b"list"]):
            with pytest.raises(TypeError, match="bytes-like"):
                await one.send_all(wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="in one piece"):
            await one.send_all(memoryview(b"012345")[::2])
        with pytest.raises(TypeError, match="in one piece"):
            await one.send_vectored([b"good", memoryview(b"012345")[::2]])
        assert one.bytes_sent == 0


async def test_a_buffer_is_free_again_after_a_send(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        data = bytearray(b"mutable")
        await one.send_all(data)
        data.clear()
        data += b"again"
        await one.send_vectored([data, b"!"])
        data.clear()
        assert await other.receive_exactly(13) == b"mutableagain!"


@pytest.mark.parametrize("how", ["scope", "timeout", "token"])
async def test_a_send_that_was_cut_breaks_sending_but_not_receiving(
    how: str, make_tcp_pair: MakeTCPPair
) -> None:
    one, other = await make_tcp_pair(small_buffers=True)
    async with one, other:
        data = bytes(1_000_000)
        if how == "scope":
            with trio.move_on_after(0.001):
                await one.send_all(data)
        elif how == "timeout":
            with pytest.raises(OperationTimeout):
                await one.send_all(data, timeout=0.001)
        else:
            token = core.CancelToken()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(cancel_when_all_wait, token)
                with pytest.raises(OperationCancelled):
                    await one.send_vectored([data, data], token=token)
        assert 0 < one.bytes_sent < len(data)
        with pytest.raises(ConnectionBroken, match="half-way") as caught:
            await one.send_all(b"more")
        assert one.last_error is caught.value
        with pytest.raises(ConnectionBroken):
            await one.send_eof()
        await other.send_all(b"still here")
        assert await one.receive_exactly(10) == b"still here"


@pytest.mark.parametrize("how", ["one buffer", "gathered", "TLS"])
async def test_the_error_of_a_cut_send_does_not_lock_its_buffer(
    how: str, make_tcp_pair: MakeTCPPair, make_clogged_tls_pair: MakeTLSPair
) -> None:
    make_pair = (
        make_clogged_tls_pair if how == "TLS" else partial(make_tcp_pair, small_buffers=True)
    )
    one, other = await make_pair()
    data = bytearray(1_000_000)
    with trio.CancelScope() as scope:
        try:
            async with one, other, trio.open_nursery() as nursery:
                nursery.start_soon(cancel_when_all_blocked, scope)
                if how == "one buffer":
                    await one.send_all(data)
                else:
                    await one.send_vectored([b"head", data])
        except BaseException:
            data.clear()  # BufferError while somebody looks at it
            raise
    assert scope.cancelled_caught
    assert not data


async def cancel_when_all_blocked(scope: trio.CancelScope) -> None:
    await trio.testing.wait_all_tasks_blocked()
    scope.cancel()


async def cancel_when_all_wait(token: core.CancelToken) -> None:
    await trio.testing.wait_all_tasks_blocked()
    token.cancel()


async def test_closing_after_a_cut_send_does_not_look_like_an_end(
    make_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_tcp_pair(small_buffers=True)
    async with other:
        with trio.move_on_after(0.001):
            await one.send_all(bytes(1_000_000))
        await one.aclose()
        with pytest.raises(ConnectionReset):
            await other.receive_all()


async def test_closing_in_the_middle_of_a_send_does_not_look_like_an_end_either(
    make_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_tcp_pair(small_buffers=True)
    async with other, trio.open_nursery() as nursery:

        async def send() -> None:
            with pytest.raises(ResourceClosed):
                await one.send_all(bytes(1_000_000))

        nursery.start_soon(send)
        await trio.testing.wait_all_tasks_blocked()
        await one.aclose()
        with pytest.raises(ConnectionReset):
            await other.receive_all()


async def test_a_send_that_was_cancelled_before_it_began_breaks_nothing(
    make_tcp_pair: MakeTCPPair, make_clogged_tcp_pair: MakeTCPPair
) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        with trio.CancelScope() as scope:
            scope.cancel()
            await one.send_all(b"never")
        await one.send_all(b"sent")
        assert await other.receive_some() == b"sent"
    one, other = await make_clogged_tcp_pair()
    async with one, other:
        with pytest.raises(OperationTimeout):
            await one.send_all(b"never", timeout=0.001)
        while await other.receive_some(timeout=1) and not one.bytes_sent:
            with trio.move_on_after(0.001):
                await one.send_all(b"!")


async def test_a_peer_that_went_away_is_noticed(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one:
        await other.aclose()
        with pytest.raises((ConnectionReset, ConnectionBroken)):
            while True:
                await one.send_all(b"anybody there?")


async def test_a_cut_between_two_records_breaks_a_tls_stream_too(
    make_tls_pair: MakeTLSPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, server = await make_tls_pair(small_buffers=True)
    async with client, server:
        with trio.CancelScope() as scope:
            send = Ciphertext.send

            async def cancel_after_sending(ciphertext: Ciphertext) -> None:
                await send(ciphertext)
                scope.cancel()

            monkeypatch.setattr(Ciphertext, "send", cancel_after_sending)
            half = b"x" * 40_000
            async with trio.open_nursery() as nursery:
                nursery.start_soon(server.receive_exactly, len(half))
                await client.send_vectored([half, half])
        assert scope.cancelled_caught
        monkeypatch.undo()
        with pytest.raises(ConnectionBroken, match="half-way"):
            await client.send_all(b"more")
        await server.send_all(b"still here")
        assert await client.receive_exactly(10) == b"still here"


buffer_lists = st.lists(st.binary(max_size=20), max_size=12)


@given(buffers=buffer_lists, sizes=st.lists(st.integers(1, 30), min_size=1))
def test_dropping_what_was_sent_leaves_the_rest(buffers: list[bytes], sizes: list[int]) -> None:
    views = [memoryview(buffer) for buffer in buffers if buffer]
    rest = b"".join(buffers)
    for size in sizes:
        sent = min(size, len(rest))
        _buffers.drop_sent(views, sent)
        rest = rest[sent:]
        assert b"".join(views) == rest
        assert all(views)


@given(buffers=buffer_lists, most=st.integers(1, 30))
def test_joining_changes_nothing_but_the_number(buffers: list[bytes], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_buffers, "MAX_JOINED_BYTES", most)
        pieces = list(_buffers.joined([memoryview(buffer) for buffer in buffers if buffer]))
    assert b"".join(pieces) == b"".join(buffers)
    assert all(len(piece) <= most or bytes(piece) in buffers for piece in pieces)


async def test_buffers_are_gathered_in_few_system_calls(
    make_tcp_pair: MakeTCPPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    send_gathered = _socket_stream._send_gathered

    def count(*args: object) -> int:
        nonlocal calls
        calls += 1
        return send_gathered(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(_socket_stream, "_send_gathered", count)
    one, other = await make_tcp_pair()
    async with one, other:
        await one.send_vectored([b"x"] * 1000)
        assert await other.receive_exactly(1000) == b"x" * 1000
    assert calls <= 3


async def test_the_systems_own_send_is_there_for_sockets_only(make_tcp_pair: MakeTCPPair) -> None:
    near, far = await make_tcp_pair()
    async with near, far:
        assert near.socket_send is not None
        assert near.socket_send(b"hello") == 5
        assert await far.receive_exactly(5) == b"hello"
    with pytest.raises(OSError):
        near.socket_send(b"late")
    memory, _ = net.memory_stream_pair()
    assert memory.socket_send is None
