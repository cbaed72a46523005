"""Receiving into a buffer of the caller's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
import trio
import trio.testing

from trio_helianthus import core, net
from trio_helianthus.errors import ConnectionReset, OperationTimeout, ResourceBusy, ResourceClosed

pytestmark = pytest.mark.usefixtures("each_way_of_waiting")

MakePair: TypeAlias = Callable[..., Awaitable[tuple[net.ByteStream, net.ByteStream]]]


@pytest.fixture(params=["tcp", "tls"])
def make_pair(request: pytest.FixtureRequest) -> MakePair:
    make: MakePair = request.getfixturevalue(f"make_{request.param}_pair")
    return make


async def test_it_takes_what_is_there(make_pair: MakePair) -> None:
    one, other = await make_pair()
    async with one, other:
        buffer = bytearray(10)
        await other.send_all(b"hello")
        assert await one.receive_into(buffer) == 5
        assert buffer == b"hello\0\0\0\0\0"
        await other.send_all(b"0123456789abc")
        assert await one.receive_into(memoryview(buffer)[2:5]) == 3
        assert buffer == b"he012\0\0\0\0\0"
        assert await one.receive_exactly(10) == b"3456789abc"
        buffer += b"it can grow again"


async def test_bytes_that_came_too_early_come_first(make_pair: MakePair) -> None:
    one, other = await make_pair()
    async with one, other:
        await other.send_all(b"line\nrest")
        assert await one.receive_until(b"\n") == b"line\n"
        buffer = bytearray(2)
        assert await one.receive_into(buffer) == 2
        assert buffer == b"re"
        assert await one.receive_some() == b"st"


async def test_the_end_is_zero(make_pair: MakePair) -> None:
    one, other = await make_pair()
    async with one, trio.open_nursery() as nursery:
        nursery.start_soon(other.aclose)
        assert await one.receive_into(bytearray(1)) == 0
        assert await one.receive_into(bytearray(1)) == 0


async def test_a_cancelled_one_has_taken_nothing(make_pair: MakePair) -> None:
    one, other = await make_pair()
    async with one, other:
        buffer = bytearray(4)
        with pytest.raises(OperationTimeout):
            await one.receive_into(buffer, timeout=0)
        with trio.move_on_after(0.01) as scope:
            await one.receive_into(buffer)
        assert scope.cancelled_caught
        buffer += b"not locked"
        await other.send_all(b"here")
        assert await one.receive_some() == b"here"


async def test_it_refuses_what_it_cannot_write_to(make_tcp_pair: MakePair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        with pytest.raises(TypeError, match="writable"):
            await one.receive_into(b"read only")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="one piece"):
            await one.receive_into(memoryview(bytearray(8))[::2])
        with pytest.raises(ValueError, match="empty"):
            await one.receive_into(bytearray())
        await other.send_all(b"x")
        assert await one.receive_some() == b"x"


async def test_a_reset_and_a_closed_stream_are_errors(make_tcp_pair: MakePair) -> None:
    one, other = await make_tcp_pair()
    other.reset()
    async with one:
        with pytest.raises(ConnectionReset):
            await one.receive_into(bytearray(1))
    with pytest.raises(ResourceClosed):
        await one.receive_into(bytearray(1))


async def test_receiving_belongs_to_one_task(make_tcp_pair: MakePair) -> None:
    one, other = await make_tcp_pair()
    async with one, other, trio.open_nursery() as nursery:
        nursery.start_soon(one.receive_into, bytearray(1))
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ResourceBusy):
            await one.receive_into(bytearray(1))
        nursery.cancel_scope.cancel()


async def test_a_full_buffer_is_followed_by_another(make_tcp_pair: MakePair) -> None:
    one, other = await make_tcp_pair()
    core.checkpoint_budget().limit = 4
    async with one, other:
        await other.send_all(b"x" * 20)
        buffer = bytearray(1)
        for _ in range(20):
            assert await one.receive_into(buffer) == 1


async def test_it_reports_what_it_received(make_tcp_pair: MakePair) -> None:
    class Keep(core.Instrument):
        ended: list[core.Operation]

        def operation_ended(self, operation: core.Operation) -> None:
            self.ended.append(operation)

    one, other = await make_tcp_pair()
    keep = Keep()
    keep.ended = []
    async with one, other:
        await other.send_all(b"four")
        with core.subscribe(keep):
            await one.receive_into(bytearray(9))
    assert [(o.name, o.bytes_received) for o in keep.ended] == [("net.receive_into", 4)]
