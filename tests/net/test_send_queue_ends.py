"""How a send queue ends: left, cancelled, closed, cut off, or with a mistake."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
import trio
import trio.testing

from trio_helianthus import net
from trio_helianthus.errors import (
    ConnectionAborted,
    ConnectionBroken,
    ConnectionReset,
    ResourceClosed,
)

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]

FULL = b"f" * net.HIGH_WATER


async def when_all_wait(call: Callable[[], object]) -> None:
    await trio.testing.wait_all_tasks_blocked()
    call()


async def receive_past(stream: net.ByteStream, end: bytes) -> bytes:
    received = b""
    while end not in received:
        received += await stream.receive_some()
    return received


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
            async with net.open_send_queue(one, flush_timeout=0.01) as queue:
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


async def test_a_handler_whose_senders_all_fail_has_made_no_mistake(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def send_from_many_tasks(stream: net.ByteStream) -> None:
        async def send() -> None:
            with trio.CancelScope(shield=True):  # so that all of them are told
                while True:
                    await queue.send(FULL)

        async with net.open_send_queue(stream) as queue, trio.open_nursery() as senders:
            for _ in range(5):
                senders.start_soon(send)

    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, send_from_many_tasks)
        async with await net.connect_tcp("127.0.0.1", server.port) as client:
            await client.receive_some()
            await trio.testing.wait_all_tasks_blocked(0.01)
            client.reset()
        await server.drain(5)
    assert server.statistics().accepted == 1
    assert not capsys.readouterr().err


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
        async with net.open_send_queue(one, flush_timeout=0.01) as queue, trio.open_nursery() as n:
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


@pytest.mark.parametrize("idle", [True, False])
async def test_a_stream_that_was_ended_underneath_is_our_mistake(
    idle: bool, make_tcp_pair: MakeTCPPair
) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        with pytest.raises(ResourceClosed, match="send_eof"):
            async with net.open_send_queue(one) as queue:
                if idle:
                    await trio.testing.wait_all_tasks_blocked()
                await one.send_eof()
                queue.send_nowait(b"x")


async def test_sending_beside_the_queue_is_a_mistake(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_clogged_tcp_pair()
    async with one, other:
        with pytest.raises(trio.BusyResourceError):
            async with net.open_send_queue(one, flush_timeout=0.01) as queue:
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
