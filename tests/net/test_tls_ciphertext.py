"""The ciphertext between OpenSSL and a transport: in order, whoever sends it, and never lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
import trio
import trio.testing

from trio_helianthus import net
from trio_helianthus.errors import ConnectionReset, ResourceBusy, ResourceClosed
from trio_helianthus.net import _tls_ciphertext
from trio_helianthus.net._tls_ciphertext import Ciphertext

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]

LONG = bytes(range(256)) * 8000  # more than a system takes without the peer's reading


async def test_what_openssl_writes_is_sent_in_order(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        ciphertext = Ciphertext(one)
        ciphertext.outgoing.write(b"first, ")
        ciphertext.put_off()
        ciphertext.outgoing.write(b"second, ")
        ciphertext.put_off()
        ciphertext.outgoing.write(b"third")
        await ciphertext.send()
        assert await other.receive_exactly(20) == b"first, second, third"


async def test_a_cancelled_task_leaves_the_rest_to_the_next(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair(small_buffers=True)
    async with one, other:
        ciphertext = Ciphertext(one)
        ciphertext.outgoing.write(LONG)
        received = b""
        while len(received) < len(LONG):
            with trio.move_on_after(0.0005):
                await ciphertext.send()
            received += await other.receive_some(100_000, timeout=5)
        assert received == LONG
        ciphertext.outgoing.write(b"end")
        await ciphertext.send()
        assert await other.receive_exactly(3) == b"end"


async def test_one_task_sends_for_all(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair(small_buffers=True)
    async with one, other, trio.open_nursery() as nursery:
        ciphertext = Ciphertext(one)
        ciphertext.outgoing.write(LONG)
        nursery.start_soon(ciphertext.send)
        await trio.testing.wait_all_tasks_blocked()
        ciphertext.outgoing.write(b"an answer")
        nursery.start_soon(ciphertext.send)
        await trio.testing.wait_all_tasks_blocked()
        assert await other.receive_exactly(len(LONG) + 9) == LONG + b"an answer"


async def test_whoever_waits_for_a_turn_takes_over_from_a_cancelled_one(
    make_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_tcp_pair(small_buffers=True)
    async with one, other, trio.open_nursery() as nursery:
        ciphertext = Ciphertext(one)
        ciphertext.outgoing.write(LONG)
        with trio.CancelScope() as scope:

            async def cancel_when_the_other_waits() -> None:
                await trio.testing.wait_all_tasks_blocked()
                nursery.start_soon(ciphertext.send)
                await trio.testing.wait_all_tasks_blocked()
                scope.cancel()

            nursery.start_soon(cancel_when_the_other_waits)
            await ciphertext.send()
        assert scope.cancelled_caught
        assert await other.receive_exactly(len(LONG)) == LONG


async def test_an_answer_does_not_wait_for_a_peer_that_does_not_read(
    make_clogged_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_clogged_tcp_pair()
    async with one, other:
        ciphertext = Ciphertext(one)
        ciphertext.outgoing.write(b"answer")
        with trio.fail_after(5):
            await ciphertext.receive()
        assert set(ciphertext.incoming.read()) == {ord("x")}
        # It is still owed, and goes out with what is received next.
        already = 0
        with trio.fail_after(5):
            while b"answer" not in await other.receive_some(100_000):
                with trio.move_on_after(0.001):
                    await ciphertext.receive()
                already += 1
        assert already


async def test_a_peer_that_never_reads_is_not_owed_more_and_more(
    make_clogged_tcp_pair: MakeTCPPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_tls_ciphertext, "MAX_UNANSWERED_BYTES", 100)
    one, other = await make_clogged_tcp_pair()
    async with one, other:
        ciphertext = Ciphertext(one)
        ciphertext.outgoing.write(b"a" * 101)
        with trio.move_on_after(0.005) as scope:
            await ciphertext.receive()
        assert scope.cancelled_caught
        assert not ciphertext.incoming.pending


async def test_an_answer_that_nobody_takes_is_no_failure_to_receive(
    make_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_tcp_pair()
    async with one:
        await other.send_all(b"the last words")
        await other.aclose()
        ciphertext = Ciphertext(one)
        for _ in range(3):  # the first makes the peer's system refuse the second
            ciphertext.outgoing.write(b"answer")
            await ciphertext.receive()
        while not ciphertext.incoming.pending:
            await ciphertext.receive()
        assert ciphertext.incoming.read() == b"the last words"


async def test_a_reset_in_the_middle_of_an_answer_is_told(
    make_clogged_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_clogged_tcp_pair()
    async with one:
        ciphertext = Ciphertext(one)
        await drain(one)
        ciphertext.outgoing.write(b"answer")
        async with trio.open_nursery() as nursery:

            async def reset() -> None:
                await trio.testing.wait_all_tasks_blocked()
                other.reset()

            nursery.start_soon(reset)
            with trio.fail_after(5), pytest.raises(ConnectionReset):
                while True:
                    await ciphertext.receive()


async def drain(stream: net.ByteStream) -> None:
    with trio.move_on_after(0.02):
        while True:
            await stream.receive_some()


async def test_one_task_receives_for_all(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other, trio.open_nursery() as nursery:
        ciphertext = Ciphertext(one)
        for _ in range(3):
            nursery.start_soon(ciphertext.receive)
        await trio.testing.wait_all_tasks_blocked()
        await other.send_all(b"for all")
    assert ciphertext.incoming.read() == b"for all"


async def test_who_waits_for_another_to_receive_is_woken_when_that_one_gives_up(
    make_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_tcp_pair()
    async with one, other, trio.open_nursery() as nursery:
        ciphertext = Ciphertext(one)
        with trio.CancelScope() as scope:

            async def cancel_when_the_other_waits() -> None:
                await trio.testing.wait_all_tasks_blocked()
                nursery.start_soon(ciphertext.receive)
                await trio.testing.wait_all_tasks_blocked()
                scope.cancel()

            nursery.start_soon(cancel_when_the_other_waits)
            await ciphertext.receive()
        await trio.testing.wait_all_tasks_blocked()
        assert not nursery.child_tasks


async def test_what_a_transport_has_left_over_comes_first(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        one._received += b"left over"
        ciphertext = Ciphertext(one)
        await ciphertext.receive()
        assert ciphertext.incoming.read() == b"left over"


async def test_a_transport_that_somebody_else_uses(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_clogged_tcp_pair()
    async with one, other, trio.open_nursery() as nursery:
        await drain(one)
        ciphertext = Ciphertext(one)
        ciphertext.outgoing.write(b"kept")
        nursery.start_soon(one.send_all, b"x")
        nursery.start_soon(one.receive_some)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ResourceBusy):
            await ciphertext.send()
        assert not await ciphertext.say_goodbye(shield=False)
        with pytest.raises(ResourceBusy):
            await ciphertext.receive()
        nursery.cancel_scope.cancel()


async def test_waiting_for_room_is_a_turn_too(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_clogged_tcp_pair()
    async with one, other, trio.open_nursery() as nursery:
        ciphertext = Ciphertext(one)
        nursery.start_soon(ciphertext.wait_might_not_block)
        await trio.testing.wait_all_tasks_blocked()
        ciphertext.outgoing.write(b"answer")
        nursery.start_soon(ciphertext.send)
        await trio.testing.wait_all_tasks_blocked()
        assert not await ciphertext.say_goodbye(shield=False)
        with trio.fail_after(5):
            while b"answer" not in await other.receive_some(100_000):
                pass


async def test_closing_wakes_everybody(make_clogged_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_clogged_tcp_pair()
    await drain(one)
    ciphertext = Ciphertext(one)
    woken = 0

    async def expect_closed(operation: Callable[[], Awaitable[None]]) -> None:
        nonlocal woken
        with pytest.raises(ResourceClosed):
            while True:
                await operation()
        woken += 1

    async with other, trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(expect_closed, ciphertext.receive)
        await trio.testing.wait_all_tasks_blocked()
        ciphertext.outgoing.write(b"something")
        for _ in range(2):
            nursery.start_soon(expect_closed, ciphertext.send)
        nursery.start_soon(expect_closed, ciphertext.receive)
        await trio.testing.wait_all_tasks_blocked()
        await one.aclose()
    assert woken == 5
