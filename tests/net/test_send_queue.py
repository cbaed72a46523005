"""The send queue: whole messages in their order, room for the patient, and clear errors."""

from __future__ import annotations

import random
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from tests._cancel_points import cancel_at_each_point
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
from trio_helianthus.net._send_batch import BatchSize, take_batch

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
            net.open_send_queue(one, when_full=net.WhenFull.FAIL, flush_seconds=0.01) as queue,
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


async def test_leaving_sends_what_is_queued(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_clogged_tcp_pair()
    async with one, other, trio.open_nursery() as nursery:

        async def send_and_leave() -> None:
            async with net.open_send_queue(one) as queue:
                await queue.send(b"THE END")
            assert repr(queue).endswith("closed>")
            await one.send_all(b", really")

        nursery.start_soon(send_and_leave)
        await receive_past(other, b"THE END, really")


async def test_a_peer_that_reads_nothing_delays_leaving_for_a_limited_time(
    make_clogged_tcp_pair: MakeTCPPair, autojump_clock: trio.testing.MockClock
) -> None:
    one, other = await make_clogged_tcp_pair()
    async with other:
        started = trio.current_time()
        with pytest.raises(ConnectionAborted, match="did not take 65536 bytes within 5 s"):
            async with net.open_send_queue(one) as queue:
                await queue.send(FULL)
        assert trio.current_time() - started == pytest.approx(net.FLUSH_SECONDS)
        with pytest.raises(ResourceClosed):
            await one.send_all(b"x")


async def test_cancellation_does_not_wait_for_the_peer(
    make_clogged_tcp_pair: MakeTCPPair, autojump_clock: trio.testing.MockClock
) -> None:
    one, other = await make_clogged_tcp_pair()
    async with other:
        started = trio.current_time()
        with trio.move_on_after(1) as scope:
            async with net.open_send_queue(one) as queue:
                await queue.send(FULL)
                await trio.sleep_forever()
        assert scope.cancelled_caught
        assert trio.current_time() - started == pytest.approx(1)
        with pytest.raises(ConnectionReset):
            await other.receive_all()


async def test_a_shielded_goodbye_is_still_sent(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        with trio.CancelScope() as scope:
            async with net.open_send_queue(one) as queue:
                try:
                    scope.cancel()
                    await trio.sleep_forever()
                finally:
                    with trio.move_on_after(1, shield=True):
                        for _ in range(100):
                            await queue.send(b"bye ")
                        await queue.flush()
        assert await other.receive_exactly(400) == b"bye " * 100
        await one.send_all(b"not reset")


async def test_the_bodys_own_exception_comes_out_first(
    make_clogged_tcp_pair: MakeTCPPair, make_tcp_pair: MakeTCPPair
) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        with pytest.raises(KeyError) as caught:
            async with net.open_send_queue(one) as queue:
                queue.send_nowait(b"last words")
                raise KeyError
        assert await other.receive_some() == b"last words"
        assert not hasattr(caught.value, "__notes__")
    one, other = await make_clogged_tcp_pair()
    async with one, other:
        with pytest.raises(KeyError) as caught:
            async with net.open_send_queue(one, flush_seconds=0.01) as queue:
                await queue.send(FULL)
                raise KeyError
        assert "did not take" in caught.value.__notes__[0]


async def test_a_body_that_raises_and_is_cancelled_raises(
    make_clogged_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_clogged_tcp_pair()
    async with one, other:
        with trio.CancelScope() as scope, pytest.raises(KeyError):
            async with net.open_send_queue(one) as queue:
                await queue.send(FULL)
                scope.cancel()
                raise KeyError


async def test_a_lost_connection_tells_every_sender(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_clogged_tcp_pair()
    told: list[int] = []

    async def send(number: int) -> None:
        with pytest.raises((ConnectionReset, ConnectionBroken)):
            await (queue.send(b"x") if number % 2 else queue.flush())
        told.append(number)

    async with one, other, net.open_send_queue(one) as queue:
        await queue.send(FULL)
        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(send, number)
            nursery.start_soon(when_all_wait, other.reset)
        assert sorted(told) == list(range(20))
        for late in (queue.send, queue.send_nowait):
            with pytest.raises((ConnectionReset, ConnectionBroken)) as caught:
                await late(b"late")  # type: ignore[misc]
            assert one.last_error is caught.value


async def test_a_loss_that_nobody_was_told_about_comes_out(
    make_clogged_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_clogged_tcp_pair()
    with pytest.raises((ConnectionReset, ConnectionBroken)):
        async with one, net.open_send_queue(one) as queue:
            await queue.send(FULL)
            other.reset()
            await trio.testing.wait_all_tasks_blocked(0.02)


async def test_a_reset_in_mid_flight_is_told_once(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, net.open_send_queue(one) as queue:
        await trio.testing.wait_all_tasks_blocked()
        other.reset()
        with pytest.raises((ConnectionReset, ConnectionBroken)) as caught:
            while True:
                await queue.send(b"anybody there?")
        assert one.last_error is caught.value
        with pytest.raises((ConnectionReset, ConnectionBroken)):
            await queue.flush()


async def test_closing_turns_the_waiting_away(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_clogged_tcp_pair()

    async def wait(operate: Callable[[], Awaitable[object]]) -> None:
        with pytest.raises(ResourceClosed, match="queue was closed"):
            await operate()

    async with other:
        async with net.open_send_queue(one, flush_seconds=0.01) as queue, trio.open_nursery() as n:
            await queue.send(FULL)
            n.start_soon(wait, lambda: queue.send(b"x"))
            n.start_soon(wait, queue.flush)
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(ConnectionAborted):
                await queue.aclose()
            await queue.aclose()
            with pytest.raises(ResourceClosed):
                queue.send_nowait(b"x")
        assert queue.statistics().waiting_senders == 0


async def test_a_stream_closed_underneath_is_noticed(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_clogged_tcp_pair()
    async with other, net.open_send_queue(one) as queue:
        await queue.send(FULL)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(when_all_wait, one.reset)
            with pytest.raises(ResourceClosed):
                await queue.flush()


async def test_sending_beside_the_queue_is_a_mistake(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_clogged_tcp_pair()
    async with one, other:
        with pytest.raises(trio.BusyResourceError):
            async with net.open_send_queue(one, flush_seconds=0.01) as queue:
                await queue.send(FULL)
                await trio.testing.wait_all_tasks_blocked()
                await one.send_all(b"x")


async def test_a_writer_that_fails_cancels_the_body(
    make_tcp_pair: MakeTCPPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await make_tcp_pair()

    async def fail(data: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(one, "send_all", fail)
    async with other, one:
        with pytest.raises(ZeroDivisionError):
            async with net.open_send_queue(one) as queue:
                queue.send_nowait(b"x")
                await trio.sleep_forever()


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
        {"flush_seconds": -1},
        {"flush_seconds": float("nan")},
    ]
    async with one, other:
        for arguments in wrong:
            with pytest.raises(ValueError, match="must be"):
                async with net.open_send_queue(one, **arguments):
                    pass  # pragma: no cover


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
                    await queue.send(bytes([number]) * 6000)

            async with (
                net.open_send_queue(
                    one, high_water=10_000, low_water=7000, flush_seconds=patience
                ) as queue,
                trio.open_nursery() as nursery,
            ):
                nursery.start_soon(receive)
                for number in range(4):
                    nursery.start_soon(send, queue, number)
            for place in range(0, len(received), 6000):
                assert len(set(received[place : place + 6000])) == 1

    assert cancel_at_each_point(use_queue) > 20


@given(
    messages=st.lists(st.integers(1, 3000), min_size=1, max_size=600),
    most=st.integers(1, 20_000),
)
def test_batches_are_everything_in_order_and_within_their_size(
    messages: list[int], most: int
) -> None:
    queue = deque(bytes([size % 256]) * size for size in messages)
    expected, size_of = list(queue), BatchSize(most)
    taken: list[bytes] = []
    while queue:
        limit = size_of.bytes
        assert 1 <= limit <= most
        batch, size = take_batch(queue, sum(map(len, queue)), size_of)
        assert size == sum(map(len, batch))
        assert len(batch) == 1 or size <= limit
        assert 1 <= len(batch) <= 512
        taken += batch
    assert taken == expected


def test_batches_grow_under_load_and_shrink_without() -> None:
    size = BatchSize(100_000)
    first = size.bytes
    for _ in range(10):
        size.adapt(taken=size.bytes, left=1)
    assert size.bytes == 100_000
    size.adapt(taken=50_000, left=0)
    assert size.bytes == 100_000
    for _ in range(10):
        size.adapt(taken=1, left=0)
    assert size.bytes == first
