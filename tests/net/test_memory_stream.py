"""Two ends of a connection in memory: what a socket does, without one."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from trio_helianthus import core, errors, net
from trio_helianthus.testing import cancel_sweep


async def test_trios_own_checks() -> None:
    core.checkpoint_budget().limit = 1

    async def pair() -> tuple[net.MemoryStream, net.MemoryStream]:
        return net.memory_stream_pair()

    async def clogged() -> tuple[net.MemoryStream, net.MemoryStream]:
        left, right = net.memory_stream_pair(max_buffered=10)
        assert left.send_nowait(bytes(20)) == right.send_nowait(bytes(20)) == 10
        return left, right

    await trio.testing.check_half_closeable_stream(pair, clogged)


async def test_bytes_come_in_order_and_ends_are_told() -> None:
    left, right = net.memory_stream_pair(max_buffered=100)
    message = bytes(range(256)) * 10
    async with trio.open_nursery() as nursery:
        nursery.start_soon(left.send_all, message)
        assert await right.receive_exactly(len(message)) == message
    await left.send_eof()
    assert await right.receive_some() == b""
    await right.send_all(b"still")
    assert await left.receive_some() == b"still"
    assert (left.bytes_sent, right.bytes_received) == (2560, 2560)
    assert left.local_address == right.remote_address == "memory"


async def test_a_sender_waits_until_the_other_end_receives() -> None:
    left, right = net.memory_stream_pair(max_buffered=3)
    assert left.send_nowait(b"abcdef") == 3
    assert left.send_nowait(b"def") == 0
    with pytest.raises(errors.OperationTimeout):
        await left.wait_send_all_might_not_block(timeout=0.001)
    assert await right.receive_some() == b"abc"
    await left.wait_send_all_might_not_block()
    assert left.send_nowait(b"def") == 3
    with pytest.raises(ValueError, match="max_buffered"):
        net.memory_stream_pair(max_buffered=0)


async def test_a_reset_is_one_for_the_other_end() -> None:
    left, right = net.memory_stream_pair()
    seen: list[net.PeerState] = []
    right.watch_peer(seen.append)
    await left.send_all(b"lost")
    assert right.watches_peer
    assert right.peer_state is net.PeerState.PRESENT
    left.reset()
    assert seen == [net.PeerState.GONE]
    assert right.is_broken()
    with pytest.raises(errors.ConnectionReset):
        await right.receive_some()
    with pytest.raises(errors.ConnectionReset):
        await right.send_all(b"x")
    with pytest.raises(errors.ResourceClosed):
        await left.receive_some()


async def test_a_close_ends_what_waits_at_the_other_end() -> None:
    left, right = net.memory_stream_pair(max_buffered=1)
    assert await right.is_quiet()
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def send() -> None:
            with pytest.raises(errors.ConnectionBroken):
                await left.send_all(b"more than one")

        @nursery.start_soon
        async def receive() -> None:
            assert await left.receive_some() == b""

        await trio.testing.wait_all_tasks_blocked()
        await right.aclose()
    assert left.peer_state is net.PeerState.ENDED
    assert not await left.is_quiet()


async def test_a_send_that_was_cut_makes_closing_a_reset() -> None:
    left, right = net.memory_stream_pair(max_buffered=2)
    with pytest.raises(errors.OperationTimeout):
        await left.send_all(b"abc", timeout=0)
    with pytest.raises(errors.OperationTimeout):
        await left.send_all(b"abc", timeout=0.001)
    with pytest.raises(errors.ConnectionBroken, match="cut"):
        await left.send_all(b"c")
    await left.aclose()
    with pytest.raises(errors.ConnectionReset):
        await right.receive_some()


async def test_what_was_left_over_comes_first() -> None:
    left, right = net.memory_stream_pair()
    right.push_back(b"left over")
    assert await right.receive_some() == b"left over"
    await left.aclose()
    await right.aclose()


@pytest.mark.sweep
def test_cancelled_anywhere() -> None:
    async def scenario() -> None:
        left, right = net.memory_stream_pair(max_buffered=4)
        async with left, right, trio.open_nursery() as nursery:
            nursery.start_soon(left.send_all, b"0123456789")
            assert await right.receive_exactly(10) == b"0123456789"
            await left.wait_send_all_might_not_block()
            await left.send_eof()
            assert await right.receive_all() == b""

    assert cancel_sweep(scenario).points > 5
