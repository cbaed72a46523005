"""Exact reads: boundaries, limits, ends, and nothing lost when they are cancelled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus import core, net
from trio_helianthus.errors import (
    ErrorCode,
    IncompleteReceive,
    LimitExceeded,
    OperationCancelled,
    OperationTimeout,
    ResourceBusy,
    ResourceClosed,
)

pytestmark = pytest.mark.usefixtures("each_way_of_waiting")

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]
# What a program may ask for, one after the other, and how.
Step: TypeAlias = tuple[str, int]


class ChunkStream(net.ByteStream):
    """Receives chunks that are given beforehand, with a schedule point before each."""

    @property
    def local_address(self) -> tuple[str, int]:
        return ("memory", 0)

    @property
    def remote_address(self) -> tuple[str, int]:
        return ("memory", 0)

    def __init__(self, chunks: list[bytes]) -> None:
        super().__init__()
        self._chunks = [chunk for chunk in chunks if chunk]

    async def wait_send_all_might_not_block(
        self, *, timeout: float | None = None, token: core.CancelToken | None = None
    ) -> None:
        raise NotImplementedError

    async def aclose(self) -> None:
        raise NotImplementedError

    def is_broken(self) -> bool:
        return False

    async def is_quiet(self) -> bool:
        return not self._received

    def reset(self) -> None:
        raise NotImplementedError

    async def _receive(self, max_bytes: int) -> bytes:
        await trio.lowlevel.checkpoint()
        if not self._chunks:
            return b""
        data, rest = self._chunks[0][:max_bytes], self._chunks[0][max_bytes:]
        self._chunks[:1] = [rest] if rest else []
        return data

    async def _send(self, buffers: list[memoryview]) -> None:
        raise NotImplementedError


class Reference:
    """What the steps give when all bytes are known."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def take(self, step: Step) -> object:
        kind, number = step
        if kind == "exactly":
            return self.cut(number) if len(self.rest) >= number else IncompleteReceive
        if kind == "until":
            found = self.rest.find(b"ab", 0, number)
            if found >= 0:
                return self.cut(found + 2)
            return LimitExceeded if len(self.rest) >= number else IncompleteReceive
        return self.cut(len(self.rest)) if len(self.rest) <= number else LimitExceeded

    def cut(self, count: int) -> bytes:
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken


async def take(stream: net.ByteStream, step: Step) -> object:
    kind, number = step
    try:
        if kind == "exactly":
            return await stream.receive_exactly(number)
        if kind == "until":
            return await stream.receive_until(b"ab", max_bytes=number)
        return await stream.receive_all(max_bytes=number)
    except (IncompleteReceive, LimitExceeded) as exc:
        return type(exc)


chunks = st.lists(st.text("abc", max_size=6).map(str.encode), max_size=8)
steps = st.lists(
    st.tuples(st.just("exactly"), st.integers(0, 12))
    | st.tuples(st.just("until"), st.integers(2, 12))
    | st.tuples(st.just("all"), st.integers(0, 40)),
    max_size=8,
)


@given(chunks=chunks, steps=steps)
def test_the_chunks_do_not_matter(chunks: list[bytes], steps: list[Step]) -> None:
    async def main() -> None:
        stream, reference = ChunkStream(chunks), Reference(b"".join(chunks))
        for step in steps:
            assert await take(stream, step) == reference.take(step)

    trio.run(main)


@given(chunks=chunks, steps=steps, cancel_after=st.lists(st.integers(0, 4), max_size=20))
def test_being_cancelled_anywhere_loses_nothing(
    chunks: list[bytes], steps: list[Step], cancel_after: list[int]
) -> None:
    async def main() -> None:
        stream, reference = ChunkStream(chunks), Reference(b"".join(chunks))
        for step in steps:
            result = None
            while result is None:
                with trio.CancelScope() as scope:
                    async with trio.open_nursery() as nursery:
                        if cancel_after:
                            nursery.start_soon(cancel_scope_after, scope, cancel_after.pop())
                        result = await take(stream, step)
            assert result == reference.take(step)

    trio.run(main)


async def cancel_scope_after(scope: trio.CancelScope, checkpoints: int) -> None:
    for _ in range(checkpoints):
        await trio.lowlevel.checkpoint()
    scope.cancel()


async def test_some_is_at_least_one_byte_and_at_most_what_is_asked_for(
    make_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        await one.send_all(b"0123456789")
        assert await other.receive_some(4) == b"0123"
        assert await other.receive_exactly(2) == b"45"
        # What an exact read took too much comes first.
        assert await other.receive_some(1) == b"6"
        assert await other.receive_some() == b"789"
        await one.send_eof()
        assert await other.receive_some() == b""
        assert await other.receive_some() == b""


async def test_an_end_in_the_middle_tells_what_came_and_leaves_it(
    make_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        await one.send_all(b"half a mess")
        await one.send_eof()
        with pytest.raises(IncompleteReceive) as caught:
            await other.receive_exactly(14)
        assert (caught.value.partial, caught.value.expected) == (b"half a mess", 14)
        assert caught.value.code is ErrorCode.INCOMPLETE
        assert other.last_error is caught.value
        with pytest.raises(IncompleteReceive) as caught:
            await other.receive_until(b"\n")
        assert (caught.value.partial, caught.value.expected) == (b"half a mess", None)
        assert await other.receive_all() == b"half a mess"


async def test_no_bytes_at_all_can_be_received_exactly(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        assert await one.receive_exactly(0) == b""
        with trio.CancelScope() as scope:
            scope.cancel()
            await one.receive_exactly(0)
        assert scope.cancelled_caught


async def test_a_delimiter_is_searched_for_within_the_limit_only(
    make_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        await one.send_all(b"0123456\r\nrest")
        with pytest.raises(LimitExceeded) as caught:
            await other.receive_until(b"\r\n", max_bytes=8)
        assert (caught.value.limit_name, caught.value.limit) == ("max_bytes", 8)
        assert await other.receive_until(b"\r\n", max_bytes=9) == b"0123456\r\n"
        assert await other.receive_exactly(4) == b"rest"


async def test_all_is_limited_too(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        await one.send_all(b"01234")
        await one.send_eof()
        with pytest.raises(LimitExceeded):
            await other.receive_all(max_bytes=4)
        assert await other.receive_all(max_bytes=5) == b"01234"
        assert await other.receive_all(max_bytes=0) == b""


async def test_more_than_one_receive_takes_is_put_together(make_tcp_pair: MakeTCPPair) -> None:
    data = bytes(range(256)) * 12_000  # above what one receive asks for at most
    one, other = await make_tcp_pair()
    async with one, other, trio.open_nursery() as nursery:
        nursery.start_soon(one.send_all, data)
        assert await other.receive_exactly(len(data)) == data
        assert other.bytes_received == one.bytes_sent == len(data)


@pytest.mark.parametrize("limit", ["timeout", "token"])
async def test_a_limit_in_the_middle_loses_nothing(limit: str, make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        await one.send_all(b"first ")
        if limit == "timeout":
            with pytest.raises(OperationTimeout):
                await other.receive_exactly(10, timeout=0.001)
        else:
            token = core.CancelToken()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(cancel_when_all_wait, token)
                with pytest.raises(OperationCancelled):
                    await other.receive_until(b"!", token=token)
        await one.send_all(b"last!")
        assert await other.receive_until(b"!") == b"first last!"


async def cancel_when_all_wait(token: core.CancelToken) -> None:
    await trio.testing.wait_all_tasks_blocked()
    token.cancel()


async def test_nonsense_is_refused(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        with pytest.raises(ValueError, match="max_bytes"):
            await one.receive_some(0)
        with pytest.raises(ValueError, match="count"):
            await one.receive_exactly(-1)
        with pytest.raises(ValueError, match="empty"):
            await one.receive_until(b"")
        with pytest.raises(ValueError, match="no room"):
            await one.receive_until(b"\r\n", max_bytes=1)


async def test_a_delimiter_is_bytes(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        with pytest.raises(TypeError, match="must be bytes, not str"):
            await one.receive_until("\n")  # type: ignore[arg-type]


async def test_what_is_there_is_received_without_waiting(make_tcp_pair: MakeTCPPair) -> None:
    near, far = await make_tcp_pair()
    assert near.receive_nowait(10) is None
    await far.send_all(b"hello")
    await trio.lowlevel.wait_readable(near.socket)
    assert near.receive_nowait(2) == b"he"
    near.push_back(b"He")
    assert near.receive_nowait(10) == b"He"
    assert near.receive_nowait(10) == b"llo"
    assert near.receive_nowait(10) is None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(near.receive_some)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ResourceBusy):
            near.receive_nowait(1)
        await far.send_eof()
    assert near.receive_nowait(1) == b""
    await near.aclose()
    with pytest.raises(ResourceClosed):
        near.receive_nowait(1)
    await far.aclose()


async def test_a_stream_that_cannot_receive_without_waiting_says_nothing_is_there() -> None:
    near, far = net.memory_stream_pair()
    await far.send_all(b"hello")
    assert near.receive_nowait(10) is None
    assert await near.receive_some() == b"hello"
