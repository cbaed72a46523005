"""Framed channels: frames both ways over any stream, and what their ends and errors say."""

from __future__ import annotations

import gc
import pickle
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, TypeAlias

import pytest
import trio
import trio.testing

from trio_helianthus import core, net
from trio_helianthus.errors import (
    ChannelEnded,
    ConnectionBroken,
    IncompleteReceive,
    LimitExceeded,
    LocalProtocolError,
    OperationCancelled,
    OperationTimeout,
    RemoteProtocolError,
    ResourceBusy,
    ResourceClosed,
)

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]
MakeTLSPair: TypeAlias = Callable[..., Awaitable[tuple[net.TLSStream, net.TLSStream]]]
Pair: TypeAlias = tuple[net.FramedChannel, net.FramedChannel]

FRAMINGS: Final[list[net.Framing]] = [
    net.LengthPrefix(2),
    net.LengthPrefix(8, "little"),
    net.Varint(),
    net.Netstring(),
    net.Delimiter(b"\0"),
    net.Lines(b"\r\n"),
    net.Lines(strict=True),
]
every_framing = pytest.mark.parametrize("framing", FRAMINGS, ids=repr)
FRAMES: Final = [b"hello", b"", b"x" * 300, b"y" * 60_000, b"bye"]


def channels(streams: tuple[trio.abc.Stream, trio.abc.Stream], framing: net.Framing) -> Pair:
    one, other = streams
    return net.FramedChannel(one, framing), net.FramedChannel(other, framing)


@pytest.fixture
def make_pair(make_tcp_pair: MakeTCPPair) -> Callable[..., Awaitable[Pair]]:
    async def make(framing: net.Framing = net.LengthPrefix(4), **kwargs: bool) -> Pair:  # noqa: B008
        return channels(await make_tcp_pair(**kwargs), framing)

    return make


MakePair: TypeAlias = Callable[..., Awaitable[Pair]]


async def converse(one: net.FramedChannel, other: net.FramedChannel) -> None:
    async def answer() -> None:
        for _ in FRAMES:
            await other.send(await other.receive())
        for frame in FRAMES:
            assert await other.receive() == frame
        await other.send_many(FRAMES)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        for frame in FRAMES:
            await one.send(frame)
            assert await one.receive() == frame
        await one.send_many(FRAMES)
        received: list[bytes] = []
        while len(received) < len(FRAMES):
            received += await one.receive_many()
        assert received == FRAMES


@every_framing
async def test_frames_go_both_ways_over_tcp(framing: net.Framing, make_pair: MakePair) -> None:
    one, other = await make_pair(framing)
    async with one, other:
        await converse(one, other)
        await one.send_eof()
        with pytest.raises(ChannelEnded):
            await other.receive()
        await other.send(b"the other side goes on")
        assert await one.receive() == b"the other side goes on"


@every_framing
async def test_frames_go_both_ways_over_tls(
    framing: net.Framing, make_tls_pair: MakeTLSPair
) -> None:
    one, other = channels(await make_tls_pair(), framing)
    async with one, other:
        await converse(one, other)
        with pytest.raises(TypeError, match="TLSStream cannot end one side alone"):
            await one.send_eof()


@every_framing
async def test_frames_go_both_ways_over_trio_s_own_streams(framing: net.Framing) -> None:
    left, right = socket.socketpair()
    one, other = channels(
        (
            trio.SocketStream(trio.socket.from_stdlib_socket(left)),
            trio.SocketStream(trio.socket.from_stdlib_socket(right)),
        ),
        framing,
    )
    async with one, other:
        await converse(one, other)
        await one.send_eof()
        with pytest.raises(ChannelEnded):
            await other.receive()


async def test_a_slow_connection_carries_a_long_frame(make_pair: MakePair) -> None:
    one, other = await make_pair(small_buffers=True)
    frame = bytes(range(256)) * 4000
    async with one, other, trio.open_nursery() as nursery:
        nursery.start_soon(one.send, frame)
        assert await other.receive() == frame


async def test_iterating_ends_with_the_peer(make_pair: MakePair) -> None:
    one, other = await make_pair(net.Lines())
    async with other:
        async with one:
            await one.send_many([b"first", b"second"])
        assert [line async for line in other] == [b"first", b"second"]
        for _ in range(2):
            with pytest.raises(trio.EndOfChannel):
                await other.receive()


async def test_frames_may_be_of_any_kind(make_pair: MakePair) -> None:
    one, other = await make_pair()
    kinds: list[net.Buffer] = [bytearray(b"one"), memoryview(b"two"), b"three"]
    async with one, other:
        for kind in kinds:
            await one.send(kind)
        await one.send_many(kinds)
        assert [await other.receive() for _ in range(6)] == [b"one", b"two", b"three"] * 2
        for wrong in ("text", 3, None):
            with pytest.raises(TypeError, match="bytes-like"):
                await one.send(wrong)  # type: ignore[arg-type]


async def test_a_frame_that_cannot_be_said_sends_nothing(make_pair: MakePair) -> None:
    one, other = await make_pair(net.Lines())
    async with one, other:
        with pytest.raises(LocalProtocolError, match="LF"):
            await one.send(b"two\nlines")
        with pytest.raises(LocalProtocolError, match="LF"):
            await one.send_many([b"good", b"two\nlines"])
        await one.send(b"one line")
        assert await other.receive() == b"one line"


async def test_a_caller_s_buffer_is_free_again(make_pair: MakePair) -> None:
    one, other = await make_pair()
    data = bytearray(b"mutable")
    async with one, other:
        await one.send(data)
        data.clear()
        with pytest.raises(TypeError) as caught:
            await one.send_many([data, "text"])  # type: ignore[list-item]
        data += b"still mutable"
        assert caught.value is not None
        assert await other.receive() == b"mutable"


@pytest.mark.parametrize("how", ["scope", "timeout", "token"])
async def test_a_cancelled_receive_leaves_half_a_frame_for_the_next(
    how: str, make_tcp_pair: MakeTCPPair
) -> None:
    one, stream = await make_tcp_pair()
    other = net.FramedChannel(stream, net.LengthPrefix(2))
    async with one, other:
        await one.send_all(b"\x00\x05hel")
        if how == "scope":
            with trio.move_on_after(0.001):
                await other.receive()
        elif how == "timeout":
            with pytest.raises(OperationTimeout):
                await other.receive(timeout=0.001)
        else:
            token = core.CancelToken()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(cancel_when_all_wait, token)
                with pytest.raises(OperationCancelled):
                    await other.receive_many(token=token)
        await one.send_all(b"lo")
        assert await other.receive() == b"hello"


async def cancel_when_all_wait(token: core.CancelToken) -> None:
    await trio.testing.wait_all_tasks_blocked()
    token.cancel()


@pytest.mark.parametrize("own", [True, False])
async def test_a_cancelled_send_breaks_the_channel_for_sending(
    own: bool, make_tcp_pair: MakeTCPPair
) -> None:
    ours, theirs = await make_tcp_pair(small_buffers=True)
    stream: trio.abc.Stream = ours
    if not own:
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours.socket.dup()))
        await ours.aclose()
    one, other = channels((stream, theirs), net.LengthPrefix(4))
    async with other:
        async with one:
            with trio.move_on_after(0.01) as scope:
                await one.send(bytes(1_000_000))
            assert scope.cancelled_caught
            for _ in range(2):
                with pytest.raises(ConnectionBroken, match="half-way"):
                    await one.send(b"more")
            with pytest.raises(ConnectionBroken, match="half-way"):
                await one.send_eof()
            await other.send(b"still here")
            assert await one.receive() == b"still here"
        with pytest.raises((IncompleteReceive, ConnectionResetError)):
            await other.receive()


async def test_an_end_in_a_frame_is_no_end_of_the_channel(make_tcp_pair: MakeTCPPair) -> None:
    one, stream = await make_tcp_pair()
    other = net.FramedChannel(stream, net.Netstring())
    async with one, other:
        await one.send_all(b"2:hi,5:hel")
        await one.send_eof()
        assert await other.receive() == b"hi"
        for _ in range(2):
            with pytest.raises(IncompleteReceive, match="in a frame, after 5 bytes") as caught:
                await other.receive()
            assert caught.value.partial == b"5:hel"
            assert caught.value.address == stream.remote_address
            assert stream.last_error is caught.value


async def test_a_last_line_may_come_without_its_ending(make_tcp_pair: MakeTCPPair) -> None:
    one, stream = await make_tcp_pair()
    other = net.FramedChannel(stream, net.Lines(unterminated=True))
    async with one, other:
        await one.send_all(b"first\nlast")
        await one.send_eof()
        assert [line async for line in other] == [b"first", b"last"]


async def test_good_frames_come_before_the_error_behind_them(make_tcp_pair: MakeTCPPair) -> None:
    one, stream = await make_tcp_pair()
    other = net.FramedChannel(stream, net.Netstring(max_frame_bytes=100))
    async with other:
        async with one:
            await one.send_all(b"2:hi,0:,junk")
            assert await other.receive_many() == [b"hi", b""]
            for _ in range(2):
                with pytest.raises(RemoteProtocolError, match="netstring") as caught:
                    await other.receive()
                assert stream.last_error is caught.value
            await other.send(b"I am out")
            assert await one.receive_exactly(11) == b"8:I am out,"
        with pytest.raises(RemoteProtocolError, match="netstring"):
            await other.receive()
    with pytest.raises(ResourceClosed):
        await other.receive()


async def test_a_frame_over_the_limit_is_refused_by_name(make_tcp_pair: MakeTCPPair) -> None:
    one, stream = await make_tcp_pair()
    async with one, net.FramedChannel(stream, net.LengthPrefix(1, max_frame_bytes=10)) as other:
        await one.send_all(b"\x0a0123456789\x0b0123456789a")
        assert await other.receive() == b"0123456789"
        with pytest.raises(LimitExceeded, match="a frame of 11 bytes") as caught:
            await other.receive()
        assert (caught.value.limit_name, caught.value.limit) == ("max_frame_bytes", 10)


async def test_an_announcement_alone_takes_no_memory(make_tcp_pair: MakeTCPPair) -> None:
    one, stream = await make_tcp_pair()
    other = net.FramedChannel(stream, net.LengthPrefix(8, max_frame_bytes=1 << 50))
    async with one, other:
        await one.send_all((1 << 49).to_bytes(8, "big"))
        with pytest.raises(OperationTimeout):
            await other.receive(timeout=0.01)


async def test_what_the_stream_had_received_comes_first(make_tcp_pair: MakeTCPPair) -> None:
    one, stream = await make_tcp_pair()
    async with one, stream:
        await one.send_all(b"hello\n\x03abc\x02de")
        assert await stream.receive_until(b"\n") == b"hello\n"
        other = net.FramedChannel(stream, net.LengthPrefix(1))
        assert [await other.receive(), await other.receive()] == [b"abc", b"de"]


async def test_one_task_at_a_time_in_each_direction(
    make_clogged_tcp_pair: MakeTCPPair,
) -> None:
    one, other = channels(await make_clogged_tcp_pair(), net.Varint())
    async with one, other, trio.open_nursery() as nursery:
        nursery.start_soon(other.send, b"waits")
        nursery.start_soon(one.send, b"waits")
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ResourceBusy):
            await one.send(b"me too")
        nursery.cancel_scope.cancel()


async def test_two_frames_do_not_mix_on_a_stream_that_is_not_ours() -> None:
    one, other = channels(trio.testing.lockstep_stream_pair(), net.Varint())
    frame = b"long" * 50_000
    async with one, other, trio.open_nursery() as nursery:
        nursery.start_soon(one.send, frame)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ResourceBusy, match="sending to this stream"):
            await one.send(b"between prefix and frame")
        assert await other.receive() == frame
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(one.send, b"afterwards")
        assert await other.receive() == b"afterwards"


async def test_a_failed_stream_s_own_errors_pass() -> None:
    one, other = channels(trio.testing.memory_stream_pair(), net.Varint())
    await other.aclose()
    with pytest.raises(trio.BrokenResourceError):
        await one.send(b"anybody there?")
    await one.aclose()
    with pytest.raises(trio.ClosedResourceError):
        await one.receive()


async def test_a_refusal_leaves_no_cycle_of_garbage(make_tcp_pair: MakeTCPPair) -> None:
    one, stream = await make_tcp_pair()
    async with one, net.FramedChannel(stream, net.Netstring()) as other:
        await one.send_all(b"junk")
        gc.collect()
        gc.disable()
        try:
            for _ in range(3):
                with pytest.raises(RemoteProtocolError):
                    await other.receive()
            assert stream.last_error is None  # nobody holds it any more
        finally:
            gc.enable()


async def test_after_closing_everything_says_so(make_pair: MakePair) -> None:
    one, other = await make_pair()
    async with one:
        await one.send_many([b"received", b"dropped"])
        assert await other.receive() == b"received"
        await other.aclose()
        await other.aclose()
        with pytest.raises(ResourceClosed):
            await other.receive()
        with pytest.raises(ResourceClosed):
            await other.receive_many()
        with pytest.raises(ResourceClosed):
            await other.send(b"too late")
        with pytest.raises(ResourceClosed):
            await other.send_eof()


async def test_many_tasks_send_frames_through_a_queue(make_tcp_pair: MakeTCPPair) -> None:
    one, stream = await make_tcp_pair(small_buffers=True)
    to_wire = net.LengthPrefix(2).protocol().send
    frames = [bytes([number]) * 999 for number in range(50)]
    async with (
        one,
        net.FramedChannel(stream, net.LengthPrefix(2)) as channel,
        net.open_send_queue(one) as queue,
        trio.open_nursery() as nursery,
    ):
        for frame in frames:
            nursery.start_soon(queue.send, to_wire(frame))
        assert sorted([await channel.receive() for _ in frames]) == frames


async def test_short_requests_may_have_long_answers(make_tcp_pair: MakeTCPPair) -> None:
    client, server = await make_tcp_pair()
    short, long = net.LengthPrefix(4, max_frame_bytes=10), net.LengthPrefix(4)
    async with (
        net.FramedChannel(client, long, send_framing=short) as asking,
        net.FramedChannel(server, short, send_framing=long) as answering,
    ):
        await asking.send(b"0123456789")
        assert await answering.receive() == b"0123456789"
        for send in (asking.send(b"0123456789a"), asking.send_many([b"ok", bytes(100_000)])):
            with pytest.raises(LocalProtocolError, match="more than max_frame_bytes=10"):
                await send
        await answering.send(b"x" * 20_000)
        assert await asking.receive() == b"x" * 20_000


async def test_closing_wakes_a_receiver(make_pair: MakePair) -> None:
    one, other = await make_pair()
    async with one, trio.open_nursery() as nursery:
        nursery.start_soon(close_when_all_wait, other)
        with pytest.raises(ResourceClosed):
            await other.receive()


async def close_when_all_wait(channel: net.FramedChannel) -> None:
    await trio.testing.wait_all_tasks_blocked()
    await channel.aclose()


class CountBetweenSteps(trio.abc.Instrument):
    """Counts how often a task notes something without another task's having run."""

    def __init__(self) -> None:
        self.now = 0
        self.longest = 0

    def note(self) -> None:
        self.now += 1
        self.longest = max(self.longest, self.now)

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        self.now = 0


async def test_frames_that_are_there_come_without_a_schedule_point_within_the_budget(
    make_pair: MakePair,
) -> None:
    one, other = await make_pair()
    count = CountBetweenSteps()
    trio.lowlevel.add_instrument(count)
    async with one, other:
        await one.send_many([b"frame"] * 200)
        for _ in range(200):
            assert await other.receive() == b"frame"
            count.note()
        assert core.CHECKPOINT_BUDGET / 2 <= count.longest <= core.CHECKPOINT_BUDGET


@pytest.mark.parametrize("own", [True, False])
async def test_every_operation_is_a_checkpoint_with_a_budget_of_one(
    own: bool, make_tcp_pair: MakeTCPPair
) -> None:
    core.checkpoint_budget().limit = 1
    one, other = channels(
        await make_tcp_pair() if own else trio.testing.memory_stream_pair(), net.Netstring()
    )
    async with one, other:
        with trio.testing.assert_checkpoints():
            await one.send(b"first")
        with trio.testing.assert_checkpoints():
            await one.send_many([b"second", b"third", b"fourth"])
        with trio.testing.assert_checkpoints():
            await one.send_many([])
        for _ in range(2):
            with trio.testing.assert_checkpoints():
                await other.receive()
        with trio.testing.assert_checkpoints():
            assert await other.receive_many() == [b"third", b"fourth"]
        await one.aclose()
        with trio.testing.assert_checkpoints(), pytest.raises(ChannelEnded):
            await other.receive()


async def test_frames_that_are_there_do_not_hide_a_cancellation(make_pair: MakePair) -> None:
    one, other = await make_pair()
    async with one, other:
        await one.send_many([b"first", b"second", b"third"])
        assert await other.receive() == b"first"
        with trio.CancelScope() as scope:
            scope.cancel()
            await other.receive()
        assert scope.cancelled_caught
        token = core.CancelToken()
        token.cancel()
        with pytest.raises(OperationCancelled):
            await other.receive(token=token)
        with pytest.raises(OperationTimeout):
            await other.receive_many(timeout=0)
        assert await other.receive_many() == [b"second", b"third"]


class Recorder(core.Instrument):
    def __init__(self) -> None:
        self.ended: list[core.Operation] = []

    def operation_ended(self, operation: core.Operation) -> None:
        if operation.name.startswith("net.frame"):
            self.ended.append(operation)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    with core.subscribe(recorder):
        yield recorder


async def test_each_operation_reports_its_frames(recorder: Recorder, make_pair: MakePair) -> None:
    one, other = await make_pair()
    async with one, other:
        await one.send(b"12345")
        await one.send_many([b"123", b"12"])
        assert await other.receive() == b"12345"
        assert await other.receive_many() == [b"123", b"12"]
        with pytest.raises(OperationTimeout):
            await other.receive(timeout=0.001)
    told: list[tuple[Any, ...]] = [
        (it.name, it.bytes_sent, it.bytes_received, it.attributes.get("net.frames"))
        for it in recorder.ended
    ]
    assert told == [
        ("net.frame.send", 5, 0, 1),
        ("net.frame.send", 5, 0, 2),
        ("net.frame.receive", 0, 5, 1),
        ("net.frame.receive", 0, 5, 2),
        ("net.frame.receive", 0, 0, None),
    ]
    assert recorder.ended[-1].outcome is core.Outcome.TIMEOUT
    assert isinstance(one.stream, net.TCPStream)
    assert recorder.ended[0].connection_id == one.stream.connection_id
    assert recorder.ended[0].peer == one.stream.remote_address


@every_framing
def test_a_framing_is_a_value(framing: net.Framing) -> None:
    assert pickle.loads(pickle.dumps(framing)) == framing
    assert len({framing, pickle.loads(pickle.dumps(framing))}) == 1


def test_a_framing_refuses_nonsense_at_once() -> None:
    with pytest.raises(ValueError, match="1, 2, 4 or 8"):
        net.LengthPrefix(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="empty"):
        net.Delimiter(b"")
    with pytest.raises(ValueError, match="max_frame_bytes"):
        net.Lines(max_frame_bytes=0)
    with pytest.raises(ValueError, match="ending"):
        net.Lines(b"\r")  # type: ignore[arg-type]


async def test_a_channel_says_what_it_is(make_pair: MakePair) -> None:
    one, other = await make_pair(net.Varint())
    async with one, other:
        assert repr(one).startswith("<FramedChannel with Varint(max_frame_bytes=1048576) over <TCP")
