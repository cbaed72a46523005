"""A proxy breaks connections on purpose, and framed channels say clearly what happened."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from http.client import HTTPConnection, IncompleteRead
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import trio
import trio.testing

from trio_helianthus import errors, net, testing

FRAME = b"hello, world"
SENT = 4 + len(FRAME)
"""How many bytes a frame is on the wire."""


async def echo(stream: net.ByteStream) -> None:
    channel = net.FramedChannel(stream, net.LengthPrefix(4))
    async for frame in channel:
        await channel.send(frame)


@pytest.fixture
async def virtual_network() -> AsyncIterator[None]:
    """For tests with a mock clock, which knows nothing of what a real network does meanwhile."""
    async with testing.open_virtual_network():
        yield


@asynccontextmanager
async def open_proxy(
    faults: testing.Faults = testing.Faults(),  # noqa: B008 (frozen)
    *,
    handler: Callable[[net.TCPStream], Awaitable[object]] = echo,
    seed: int = 0,
) -> AsyncIterator[testing.FaultProxy]:
    """A proxy before a server."""
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, handler)
        async with testing.open_fault_proxy("127.0.0.1", server.port, faults, seed=seed) as proxy:
            yield proxy
        nursery.cancel_scope.cancel()


async def connect(proxy: testing.FaultProxy) -> net.FramedChannel:
    stream = await net.connect_tcp("127.0.0.1", proxy.port)
    return net.FramedChannel(stream, net.LengthPrefix(4))


async def ask(proxy: testing.FaultProxy, frame: bytes = FRAME) -> bytes:
    """Send a frame and receive one, within a time that a hang would exceed."""
    async with await connect(proxy) as channel:
        with trio.fail_after(5):
            await channel.send(frame)
            return await channel.receive()


@pytest.mark.parametrize("direction", ["to_server", "to_client"])
@pytest.mark.parametrize(
    "fault",
    [
        testing.Latency(0.05, jitter=0.05),
        testing.Slice(),
        testing.Slice(3, pause=0.01),
        testing.RateLimit(1000),
        testing.CutAt(1000),
    ],
    ids=repr,
)
async def test_faults_that_only_delay_lose_nothing(
    direction: str,
    fault: testing.Fault,
    virtual_network: None,
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_proxy(testing.Faults(**{direction: [fault]})) as proxy:
        assert await ask(proxy) == FRAME
        await trio.testing.wait_all_tasks_blocked()
        statistics = proxy.statistics()
        assert (statistics.bytes_to_server, statistics.bytes_to_client) == (SENT, SENT)


@pytest.mark.parametrize("at", range(SENT + 1))
async def test_a_cut_at_each_byte_of_a_frame_is_an_end_in_the_middle_of_it(at: int) -> None:
    async with open_proxy(testing.Faults(to_client=[testing.CutAt(at)])) as proxy:
        if at == SENT:
            assert await ask(proxy) == FRAME
        elif at == 0:
            with pytest.raises((trio.EndOfChannel, errors.ConnectionReset)):
                await ask(proxy)
        else:
            with pytest.raises(errors.IncompleteReceive, match="the peer ended"):
                await ask(proxy)


@pytest.mark.parametrize("at", range(SENT + 1))
async def test_a_reset_at_each_byte_of_a_frame_is_a_reset(at: int) -> None:
    faults = testing.Faults(to_client=[testing.ResetAt(at)])
    async with open_proxy(faults) as proxy, await connect(proxy) as channel:
        with trio.fail_after(5), pytest.raises(errors.ConnectionReset, match="reset by peer"):
            await channel.send(FRAME)
            if await channel.receive() == FRAME:
                assert at == SENT
                await channel.receive()


@pytest.mark.parametrize("at", range(SENT))
async def test_a_half_close_at_each_byte_ends_one_direction_only(at: int) -> None:
    faults = testing.Faults(to_client=[testing.HalfCloseAt(at)])
    async with open_proxy(faults) as proxy, await connect(proxy) as channel:
        await channel.send(FRAME)
        expected = errors.IncompleteReceive if at else trio.EndOfChannel
        with trio.fail_after(5), pytest.raises(expected):
            await channel.receive()
        await channel.send(b"still taken")
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert proxy.statistics().bytes_to_server == SENT + 4 + len(b"still taken")


@pytest.mark.parametrize("at", [0, 2, 4, 10])
@pytest.mark.parametrize("direction", ["to_server", "to_client"])
async def test_a_black_hole_is_seen_by_a_timeout_alone(
    direction: str, at: int, virtual_network: None, autojump_clock: trio.testing.MockClock
) -> None:
    faults = testing.Faults(**{direction: [testing.BlackHoleAt(at)]})
    async with open_proxy(faults) as proxy, await connect(proxy) as channel:
        await channel.send(FRAME)
        with pytest.raises(errors.OperationTimeout):
            await channel.receive(timeout=1000)
        # The timeout took nothing.
        with pytest.raises(errors.OperationTimeout):
            await channel.receive(timeout=1000)
        assert proxy.statistics().connections == 1


async def test_a_flipped_bit_in_the_data_is_found_by_who_looks() -> None:
    async with open_proxy(testing.Faults(to_client=[testing.FlipBit(4)])) as proxy:
        assert await ask(proxy) == b"iello, world"
    async with open_proxy(testing.Faults(to_server=[testing.FlipBit(5, bit=7)])) as proxy:
        assert await ask(proxy) == b"h\xe5llo, world"


async def test_a_flipped_bit_in_the_length_is_an_error_or_a_wait(
    virtual_network: None,
    autojump_clock: trio.testing.MockClock,
) -> None:
    faults = testing.Faults(to_client=[testing.FlipBit(0, bit=7)])
    async with open_proxy(faults) as proxy:
        with pytest.raises(errors.LimitExceeded):
            await ask(proxy)
    # A length that is too long by a little: the rest never comes.
    faults = testing.Faults(to_client=[testing.FlipBit(3, bit=4)])
    async with open_proxy(faults) as proxy, await connect(proxy) as channel:
        await channel.send(FRAME)
        with pytest.raises(errors.OperationTimeout):
            await channel.receive(timeout=1000)
    # A length that is too short: the channel takes the rest for frames.
    faults = testing.Faults(to_client=[testing.FlipBit(3, bit=3)])
    async with open_proxy(faults) as proxy, await connect(proxy) as channel:
        await channel.send(FRAME)
        assert await channel.receive() == FRAME[:4]
        with pytest.raises(errors.LimitExceeded):
            await channel.receive()


@pytest.mark.parametrize("direction", ["to_server", "to_client"])
async def test_without_faults_an_end_and_a_reset_are_passed_on(direction: str) -> None:
    handed: list[net.TCPStream] = []
    taken = trio.Event()

    async def hold(stream: net.TCPStream) -> None:
        handed.append(stream)
        taken.set()
        await trio.sleep_forever()

    async with open_proxy(handler=hold) as proxy:
        for reset in (False, True):
            taken = trio.Event()
            client = await net.connect_tcp("127.0.0.1", proxy.port)
            await taken.wait()
            ends = (client, handed[-1])
            one, other = ends if direction == "to_server" else ends[::-1]
            await one.send_all(b"last words")
            assert await other.receive_exactly(10) == b"last words"
            with trio.fail_after(5):
                if reset:
                    one.reset()
                    with pytest.raises(errors.ConnectionReset):
                        await other.receive_some()
                else:
                    await one.send_eof()
                    assert await other.receive_some() == b""
                    await other.send_all(b"answer")
                    await other.send_eof()
                    assert await one.receive_all() == b"answer"
            await client.aclose()


async def test_what_came_before_a_reset_is_passed_on_with_its_latency(
    virtual_network: None,
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def say_and_reset(stream: net.TCPStream) -> None:
        await stream.send_all(b"last words")
        stream.reset()

    faults = testing.Faults(to_client=[testing.Latency(10)])
    async with (
        open_proxy(faults, handler=say_and_reset) as proxy,
        await net.connect_tcp("127.0.0.1", proxy.port) as stream,
    ):
        began = trio.current_time()
        assert await stream.receive_exactly(10) == b"last words"
        assert trio.current_time() - began == pytest.approx(10)
        with pytest.raises(errors.ConnectionReset):
            await stream.receive_some()


async def test_latency_delays_but_does_not_slow_down(
    virtual_network: None,
    autojump_clock: trio.testing.MockClock,
) -> None:
    faults = testing.Faults(to_server=[testing.Latency(1)])
    async with open_proxy(faults) as proxy, await connect(proxy) as channel:
        began = trio.current_time()
        for _ in range(10):
            await channel.send(FRAME)
            await trio.sleep(0.1)
        for _ in range(10):
            assert await channel.receive() == FRAME
        assert trio.current_time() - began == pytest.approx(1.9)


async def test_a_rate_limit_takes_its_time(
    virtual_network: None, autojump_clock: trio.testing.MockClock
) -> None:
    faults = testing.Faults(to_server=[testing.RateLimit(100)])
    async with open_proxy(faults) as proxy:
        began = trio.current_time()
        await ask(proxy)
        assert trio.current_time() - began == pytest.approx(SENT / 100)


async def test_a_slow_reader_pushes_back_through_the_proxy() -> None:
    async def take_nothing(stream: net.TCPStream) -> None:
        await trio.sleep_forever()

    async with (
        open_proxy(handler=take_nothing) as proxy,
        await net.connect_tcp("127.0.0.1", proxy.port) as stream,
    ):
        with pytest.raises(errors.OperationTimeout):
            await stream.send_all(bytes(64 << 20), timeout=0.3)
        assert stream.bytes_sent < 32 << 20


async def test_what_a_latency_holds_is_bounded(
    virtual_network: None, autojump_clock: trio.testing.MockClock
) -> None:
    faults = testing.Faults(to_server=[testing.Latency(1000)])
    async with (
        open_proxy(faults) as proxy,
        await net.connect_tcp("127.0.0.1", proxy.port) as stream,
    ):
        with pytest.raises(errors.OperationTimeout):
            await stream.send_all(bytes(64 << 20), timeout=500)
        pieces = 16 * 16 * 1024
        assert pieces < stream.bytes_sent < pieces + 2 * testing.BUFFER_BYTES


async def test_faults_can_be_changed_for_later_connections() -> None:
    async with open_proxy() as proxy, await connect(proxy) as before:
        await before.send(FRAME)
        assert await before.receive() == FRAME
        proxy.faults = testing.Faults(to_server=[testing.ResetAt(0)])
        with pytest.raises((errors.ConnectionReset, errors.ConnectionBroken)):
            await ask(proxy)
        await before.send(FRAME)
        assert await before.receive() == FRAME
        proxy.faults = testing.Faults()
        assert await ask(proxy) == FRAME


async def test_all_connections_can_be_broken_at_once() -> None:
    async with open_proxy() as proxy, await connect(proxy) as one, await connect(proxy) as other:
        for channel in (one, other):
            await channel.send(FRAME)
            assert await channel.receive() == FRAME
        assert proxy.statistics().connections == 2
        assert proxy.break_all() == 2
        for channel in (one, other):
            with pytest.raises(errors.ConnectionReset):
                await channel.receive()
        assert await ask(proxy) == FRAME
        assert proxy.statistics().accepted == 3


async def test_a_cut_lasts_while_a_side_does_not_close(
    virtual_network: None,
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def stay(stream: net.TCPStream) -> None:
        await trio.sleep_forever()

    faults = testing.Faults(to_server=[testing.CutAt(3)])
    async with (
        open_proxy(faults, handler=stay) as proxy,
        await net.connect_tcp("127.0.0.1", proxy.port) as stream,
    ):
        await stream.send_all(b"four")
        assert await stream.receive_some() == b""
        assert proxy.statistics().connections == 1
        await trio.sleep(10)
        assert proxy.statistics().connections == 0


async def test_a_server_that_is_not_there_is_a_reset() -> None:
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        async with testing.open_fault_proxy(*placeholder.getsockname()) as proxy:
            with pytest.raises((errors.ConnectionReset, errors.ConnectionBroken)):
                await ask(proxy)
            assert proxy.statistics().unreachable == 1
            assert f"port {proxy.port}" in repr(proxy)


async def test_leaving_resets_what_is_open() -> None:
    async with open_proxy() as proxy:
        channel = await connect(proxy)
        await channel.send(FRAME)
        await channel.receive()
    async with channel:
        with pytest.raises(errors.ConnectionReset):
            await channel.receive()


async def test_faults_are_composed_in_their_order() -> None:
    faults = testing.Faults(
        to_client=[testing.Slice(2), testing.FlipBit(4), testing.HalfCloseAt(7)]
    )
    async with open_proxy(faults) as proxy, await connect(proxy) as channel:
        await channel.send(FRAME)
        with pytest.raises(errors.IncompleteReceive) as caught:
            await channel.receive()
        assert caught.value.partial.endswith(b"iel")


async def test_it_stands_on_a_network_with_latency(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with testing.open_virtual_network(testing.Link(latency=1)):
        faults = testing.Faults(to_client=[testing.CutAt(5)])
        async with open_proxy(faults) as proxy:
            with pytest.raises(errors.IncompleteReceive):
                await ask(proxy)


@pytest.mark.parametrize(
    "make",
    [
        partial(testing.Latency, -1),
        partial(testing.Latency, float("nan")),
        partial(testing.Slice, 0),
        partial(testing.RateLimit, 0),
        partial(testing.CutAt, -1),
        partial(testing.FlipBit, 0, bit=8),
    ],
)
def test_what_makes_no_sense_is_refused(make: Callable[[], testing.Fault]) -> None:
    with pytest.raises(ValueError):
        make()


@pytest.mark.parametrize("faults", [testing.Slice(), [testing.Slice], ["slice"]])
def test_only_a_list_of_faults_is_one(faults: Any) -> None:
    with pytest.raises(TypeError):
        testing.Faults(to_client=faults)


def test_a_position_is_a_whole_number() -> None:
    with pytest.raises(TypeError):
        testing.CutAt(1.5)  # type: ignore[arg-type]


def test_a_fault_is_a_pure_function() -> None:
    rng = random.Random(1)
    assert list(testing.Slice(2).apply(b"abcde", 0, rng)) == [
        b"ab",
        testing.Pause(0.0),
        b"cd",
        testing.Pause(0.0),
        b"e",
    ]
    assert list(testing.CutAt(3).apply(b"abc", 0, rng)) == [b"abc", testing.Ending.CUT]
    assert list(testing.CutAt(3).apply(b"abc", 2, rng)) == [b"a", testing.Ending.CUT]
    assert list(testing.CutAt(3).apply(b"ab", 0, rng)) == [b"ab"]
    assert list(testing.FlipBit(1).apply(b"aaa", 0, rng)) == [b"a`a"]


@pytest.mark.sweep
def test_it_may_be_cancelled_anywhere() -> None:
    async def scenario() -> None:
        faults = testing.Faults(
            to_server=[testing.Latency(0.1), testing.Slice(5)], to_client=[testing.CutAt(SENT)]
        )
        async with open_proxy(faults) as proxy:
            assert await ask(proxy) == FRAME

    testing.cancel_sweep(scenario, clock=lambda: trio.testing.MockClock(autojump_threshold=0))


@contextmanager
def serve_in_a_thread() -> Iterator[int]:
    """A web server of the standard library, which has never heard of trio."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "1000")
            self.end_headers()
            self.wfile.write(b"x" * 1000)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing of what the proxy does to it."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def get_blocking(port: int) -> bytes:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read()
    finally:
        connection.close()


async def test_neither_side_need_be_ours() -> None:
    with serve_in_a_thread() as port:
        async with testing.open_fault_proxy("127.0.0.1", port) as proxy:
            get = partial(trio.to_thread.run_sync, get_blocking, proxy.port)
            assert await get() == b"x" * 1000
            proxy.faults = testing.Faults(to_server=[testing.Slice()], to_client=[testing.Slice()])
            assert await get() == b"x" * 1000
            proxy.faults = testing.Faults(to_client=[testing.CutAt(500)])
            with pytest.raises(IncompleteRead):
                await get()
            proxy.faults = testing.Faults(to_client=[testing.ResetAt(0)])
            with pytest.raises(ConnectionResetError):
                await get()
