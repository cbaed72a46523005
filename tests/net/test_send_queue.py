"""The send queue: whole messages in their order, room for the patient, and clear errors."""

from __future__ import annotations

import random
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest
import trio
import trio.testing

from trio_helianthus import core, net
from trio_helianthus.errors import (
    ConnectionAborted,
    ConnectionBroken,
    ConnectionReset,
    OperationCancelled,
    OperationTimeout,
    ResourceClosed,
    ResourceFull,
)
from trio_helianthus.testing import cancel_sweep

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]
MakeTLSPair: TypeAlias = Callable[..., Awaitable[tuple[net.TLSStream, net.TLSStream]]]

FULL = b"f" * net.HIGH_WATER


async def when_all_wait(call: Callable[[], object]) -> None:
    await trio.testing.wait_all_tasks_blocked()
    call()


async def receive_past(stream: net.ByteStream, end: bytes) -> bytes:
    received = b""
    while end not in received:
        received += await stream.receive_some()
    return received


async def test_messages_arrive_in_their_order(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other, net.open_send_queue(one) as queue:
        for kind in (b"bytes ", bytearray(b"array "), memoryview(b"view "), b""):
            assert await queue.send(kind)
        assert queue.send_nowait(b"at once")
        await queue.flush()
        assert await other.receive_exactly(24) == b"bytes array view at once"
        assert (queue.buffered, queue.above_high_water) == (0, False)
        assert queue.statistics().bytes == one.bytes_sent == 24
        with pytest.raises(TypeError, match="bytes-like"):
            await queue.send("text")  # type: ignore[arg-type]


async def test_a_buffer_may_be_changed_after_it_was_sent(
    make_clogged_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_clogged_tcp_pair()
    async with one, other, net.open_send_queue(one) as queue:
        data = bytearray(b"before")
        await queue.send(data)
        data[:] = b"after!"
        data.clear()
        await receive_past(other, b"before")


@pytest.mark.parametrize("layer", ["TCP", "TLS"])
async def test_each_of_many_tasks_keeps_its_order_and_every_message_is_whole(
    layer: str, make_tcp_pair: MakeTCPPair, make_tls_pair: MakeTLSPair
) -> None:
    tasks, each = 500, 6
    one, other = await (make_tcp_pair if layer == "TCP" else make_tls_pair)(small_buffers=True)

    async def send_some(queue: net.SendQueue, number: int) -> None:
        chance = random.Random(number)
        for count in range(each):
            body = bytes([number % 256]) * chance.choice([0, 5, 100, 3000])
            head = b"".join(part.to_bytes(4, "big") for part in (len(body), number, count))
            await queue.send(head + body)

    async def receive_all_of_them() -> None:
        seen = dict.fromkeys(range(tasks), 0)
        for _ in range(tasks * each):
            head = await other.receive_exactly(12)
            length, number, count = (int.from_bytes(head[i : i + 4], "big") for i in (0, 4, 8))
            assert await other.receive_exactly(length) == bytes([number % 256]) * length
            assert seen[number] == count
            seen[number] += 1

    async with one, other, net.open_send_queue(one) as queue, trio.open_nursery() as nursery:
        nursery.start_soon(receive_all_of_them)
        for number in range(tasks):
            nursery.start_soon(send_some, queue, number)
    statistics = queue.statistics()
    assert statistics.messages == tasks * each
    assert statistics.batches < tasks * each / 4
    assert statistics.highest_buffered < net.HIGH_WATER + 3012
    assert statistics.waits > 0


async def test_an_idle_queue_sends_without_its_writer(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other, net.open_send_queue(one) as queue:
        await trio.testing.wait_all_tasks_blocked()
        queue.send_nowait(b"now")
        assert one.bytes_sent == 3
        assert await other.receive_some() == b"now"
        for _ in range(40):  # now and then the writer looks whether there is company
            await queue.send(b"ping")
            assert await other.receive_exactly(4) == b"ping"
        assert queue.statistics().batches == 41


async def test_what_comes_together_leaves_together(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other, net.open_send_queue(one) as queue:
        for _ in range(10):
            queue.send_nowait(b"x")
        await queue.flush()
        assert (queue.statistics().batches, queue.statistics().largest_batch) == (1, 10)
        assert await other.receive_exactly(10) == b"x" * 10


async def test_a_flush_does_not_care_for_what_is_queued_behind_it(
    make_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_tcp_pair()

    async def send_meanwhile(queue: net.SendQueue) -> None:
        queue.send_nowait(bytes(10_000_000))

    async with one, other, net.open_send_queue(one) as queue, trio.open_nursery() as nursery:
        nursery.start_soon(send_meanwhile, queue)
        while not queue.buffered:
            await queue.flush()  # of nothing, while the other task has its turn
        await other.receive_exactly(10_000_000)


async def test_long_messages_are_gathered(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    messages = [bytes([number]) * 8000 for number in range(7)]
    async with one, other, net.open_send_queue(one, max_batch_bytes=80_000) as queue:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(other.receive_exactly, 56_000)
            for message in messages:
                queue.send_nowait(message)
        await queue.send(b"!")


async def test_a_message_longer_than_the_queue_is_sent(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair(small_buffers=True)
    message = random.Random(1).randbytes(300_000)
    for when_full in net.WhenFull:
        async with net.open_send_queue(one, high_water=1000, low_water=1, when_full=when_full) as q:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(q.send, message)
                assert await other.receive_exactly(len(message)) == message
            await q.flush()
            assert q.statistics().drops == 0
    await one.aclose()
    await other.aclose()


async def test_senders_wait_in_their_order_until_low_water(
    make_clogged_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_clogged_tcp_pair()
    went_on: list[int] = []

    async def send(number: int) -> None:
        await queue.send(b"message %03d" % number)
        went_on.append(number)

    async with one, other, net.open_send_queue(one, high_water=40_000, low_water=9000) as queue:
        await queue.send(bytes(40_000))
        assert queue.above_high_water
        async with trio.open_nursery() as nursery:
            for number in range(50):
                nursery.start_soon(send, number)
                await trio.testing.wait_all_tasks_blocked()
            assert queue.statistics().waiting_senders == 50
            with pytest.raises(ResourceFull, match="wait to be sent") as caught:
                queue.send_nowait(b"no")
            assert isinstance(caught.value, trio.WouldBlock)
            assert not went_on
            received = await receive_past(other, b"message 049")
        numbers = [int(part[:3]) for part in received.split(b"message ")[1:]]
        assert numbers == list(range(50))


@pytest.mark.parametrize("how", ["scope", "timeout", "token"])
async def test_a_sender_cancelled_while_it_waits_has_sent_nothing(
    how: str, make_clogged_tcp_pair: MakeTCPPair
) -> None:
    one, other = await make_clogged_tcp_pair()
    async with one, other, net.open_send_queue(one) as queue:
        await queue.send(FULL)
        if how == "scope":
            with trio.move_on_after(0.01):
                await queue.send(b"NEVER")
        elif how == "timeout":
            with pytest.raises(OperationTimeout):
                await queue.send(b"NEVER", timeout=0.01)
        else:
            token = core.CancelToken()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(when_all_wait, token.cancel)
                with pytest.raises(OperationCancelled):
                    await queue.send(b"NEVER", token=token)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(queue.send, b"THE END")
            received = await receive_past(other, b"THE END")
        assert b"NEVER" not in received
        assert queue.statistics().messages == 2


@pytest.mark.parametrize("when_full", net.WhenFull)
async def test_a_message_need_not_be_made_before_there_is_room(
    when_full: net.WhenFull, make_clogged_tcp_pair: MakeTCPPair
) -> None:
    one, other = await make_clogged_tcp_pair()
    went_on: list[str] = []

    async def make_when_there_is_room() -> None:
        await queue.wait_for_room()
        went_on.append("made")
        assert queue.send_nowait(b"THE END")

    async with one, other, net.open_send_queue(one, when_full=when_full) as queue:
        with trio.testing.assert_checkpoints():
            await queue.wait_for_room()
        await queue.send(FULL)
        with pytest.raises(OperationTimeout):
            await queue.wait_for_room(timeout=0.001)
        token = core.CancelToken()
        token.cancel()
        with pytest.raises(OperationCancelled):
            await queue.wait_for_room(token=token)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(make_when_there_is_room)
            await trio.testing.wait_all_tasks_blocked()
            assert not went_on
            await receive_past(other, b"THE END")
        await queue.flush()
        assert (queue.statistics().messages, queue.statistics().waits) == (2, 0)
    with pytest.raises(ResourceClosed, match="queue was closed"):
        await queue.wait_for_room()


async def test_room_that_was_made_by_dropping_is_room_for_who_waits(
    make_clogged_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_clogged_tcp_pair()
    policy = net.WhenFull.DROP_OLDEST
    async with one, other, net.open_send_queue(one, when_full=policy) as queue:
        await queue.send(b"in flight")
        await trio.testing.wait_all_tasks_blocked()
        await queue.send(FULL)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(queue.wait_for_room)
            await trio.testing.wait_all_tasks_blocked()
            await queue.send(b"instead")
            assert not queue.above_high_water
            await receive_past(other, b"instead")


async def test_who_waits_for_room_is_told_of_a_loss(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_clogged_tcp_pair()
    async with one, net.open_send_queue(one) as queue:
        await queue.send(FULL)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(when_all_wait, other.reset)
            with pytest.raises((ConnectionReset, ConnectionBroken)):
                await queue.wait_for_room()


async def test_under_drop_oldest_no_more_than_two_messages_exceed_the_queue(
    make_clogged_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_clogged_tcp_pair()
    policy = net.WhenFull.DROP_OLDEST
    async with one, other, net.open_send_queue(one, when_full=policy, flush_timeout=0) as queue:
        for _ in range(5):
            await queue.send(FULL)
            await trio.testing.wait_all_tasks_blocked()
        assert queue.buffered == 2 * len(FULL)
        assert queue.statistics().drops == 3
        other.reset()
        with pytest.raises((ConnectionReset, ConnectionBroken)):
            await queue.flush()


async def test_the_oldest_make_room(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_clogged_tcp_pair()
    policy = net.WhenFull.DROP_OLDEST
    async with (
        one,
        other,
        net.open_send_queue(one, high_water=100, low_water=0, when_full=policy) as q,
    ):
        await q.send(b"in flight")
        await trio.testing.wait_all_tasks_blocked()
        for number in range(50):
            assert await q.send(b"<%08d>" % number)
        assert q.statistics().drops == 40
        assert q.buffered <= 110
        async with trio.open_nursery() as nursery:
            nursery.start_soon(q.flush)
            received = await receive_past(other, b"<00000049>")
        numbers = [int(part[:8]) for part in received.split(b"<")[1:]]
        assert numbers == list(range(40, 50))
        assert b"in flight" in received


async def test_the_newest_is_dropped(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_clogged_tcp_pair()
    policy = net.WhenFull.DROP_NEWEST
    async with one, other, net.open_send_queue(one, when_full=policy) as queue:
        assert await queue.send(FULL)
        assert not await queue.send(b"LATE")
        assert not queue.send_nowait(b"LATE")
        assert queue.statistics().drops == 2
        async with trio.open_nursery() as nursery:
            nursery.start_soon(queue.flush)
            received = await receive_past(other, FULL)
        assert queue.send_nowait(b"again")
        assert b"LATE" not in received


async def test_a_full_queue_may_fail(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_clogged_tcp_pair()
    with pytest.raises(ConnectionAborted, match="did not take"):
        async with (
            one,
            other,
            net.open_send_queue(one, when_full=net.WhenFull.FAIL, flush_timeout=0.01) as queue,
        ):
            await queue.send(FULL)
            for _ in range(2):
                with pytest.raises(ResourceFull) as caught:
                    await queue.send(b"no")
            assert (caught.value.limit_name, caught.value.limit) == ("high_water", len(FULL))


async def test_a_slow_peer_may_be_given_up(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_clogged_tcp_pair()
    async with one, other, net.open_send_queue(one, when_full=net.WhenFull.CLOSE) as queue:
        await queue.send(FULL)
        with pytest.raises(ConnectionAborted, match="given up") as caught:
            await queue.send(b"too much")
        assert one.last_error is caught.value
        with pytest.raises(ConnectionAborted):
            await queue.flush()
        with pytest.raises(ConnectionReset):
            await other.receive_all()


async def test_operations_are_reported(make_tcp_pair: MakeTCPPair) -> None:
    seen: list[tuple[str, int]] = []

    class Listener(core.Instrument):
        def operation_ended(self, operation: core.Operation) -> None:
            seen.append((operation.name, operation.bytes_sent))

    one, other = await make_tcp_pair()
    async with one, other:
        with core.subscribe(Listener()):
            async with net.open_send_queue(one) as queue:
                await queue.send(b"four")
                await queue.flush()
    assert seen == [("net.queue_send", 4), ("net.send", 4), ("net.queue_flush", 0)]


async def test_bad_arguments_are_refused(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    wrong: list[dict[str, Any]] = [
        {"high_water": 0},
        {"low_water": net.HIGH_WATER},
        {"low_water": -1},
        {"max_batch_bytes": 0},
        {"flush_timeout": -1},
        {"flush_timeout": float("nan")},
    ]
    async with one, other:
        for arguments in wrong:
            with pytest.raises(ValueError, match="must be"):
                async with net.open_send_queue(one, **arguments):
                    pass  # pragma: no cover - it is refused before
        with pytest.raises(TypeError, match="WhenFull, not 'drop oldest'"):
            async with net.open_send_queue(one, when_full="drop oldest"):  # type: ignore[arg-type]
                pass  # pragma: no cover - it is refused before


@pytest.mark.parametrize("patience", [0.0, 1.0])
@pytest.mark.sweep
def test_cancelled_anywhere(patience: float) -> None:
    async def use_queue() -> None:
        left, right = socket.socketpair()
        left.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        async with net.adopt(left) as one, net.adopt(right) as other:
            received = bytearray()

            async def receive() -> None:
                while len(received) < 4 * 3 * 6000:
                    received.extend(await other.receive_some())

            async def send(queue: net.SendQueue, number: int) -> None:
                for _ in range(3):
                    await queue.wait_for_room()
                    await queue.send(bytes([number]) * 6000)

            async with (
                net.open_send_queue(
                    one, high_water=10_000, low_water=7000, flush_timeout=patience
                ) as queue,
                trio.open_nursery() as nursery,
            ):
                nursery.start_soon(receive)
                for number in range(4):
                    nursery.start_soon(send, queue, number)
            for place in range(0, len(received), 6000):
                assert len(set(received[place : place + 6000])) == 1

    assert cancel_sweep(use_queue).points > 20
