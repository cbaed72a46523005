"""Every fault at every byte of every framing: the frame or a clear error, and never a hang.

On a virtual network, so that thousands of connections and timeouts take a few seconds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from trio_helianthus import errors, net, testing

FRAME = b"hello, world"
FRAMINGS = [
    net.LengthPrefix(1),
    net.LengthPrefix(2, byteorder="little"),
    net.LengthPrefix(4),
    net.LengthPrefix(8),
    net.Varint(),
    net.Netstring(),
    net.Delimiter(b"\r\n\r\n"),
    net.Lines(),
]
every_framing = pytest.mark.parametrize("framing", FRAMINGS, ids=repr)
every_direction = pytest.mark.parametrize("direction", ["to_server", "to_client"])

END, INCOMPLETE = "ChannelEnded", "IncompleteReceive"
RESET, SILENCE = "ConnectionReset", "OperationTimeout"


class Line:
    """A client's way to an echo server, through a proxy."""

    def __init__(self, proxy: testing.FaultProxy, framing: net.Framing) -> None:
        self.framing = framing
        self.size = len(framing.protocol().send(FRAME))
        """How many bytes a frame is on the wire."""
        self._proxy = proxy

    async def ask(self, direction: str, *faults: testing.Fault) -> list[object]:
        """Send a frame and receive until an error; tell the frames, and the error's name."""
        self._proxy.faults = testing.Faults(**{direction: faults})
        stream = await net.connect_tcp("127.0.0.1", self._proxy.port)
        received: list[object] = []
        async with net.FramedChannel(stream, self.framing) as channel:
            with pytest.raises(errors.HelianthusError) as caught:
                await channel.send(FRAME)
                while True:
                    received.append(await channel.receive(timeout=100))
        assert str(caught.value), "an error says what happened"
        return [*received, caught.type.__name__]


@asynccontextmanager
async def open_line(framing: net.Framing) -> AsyncIterator[Line]:
    async def echo(stream: net.ByteStream) -> None:
        channel = net.FramedChannel(stream, framing)
        async for frame in channel:
            await channel.send(frame)

    async with testing.open_virtual_network(), trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, echo)
        async with testing.open_fault_proxy("127.0.0.1", server.port) as proxy:
            yield Line(proxy, framing)
        await server.drain(timeout=0)


@every_framing
@every_direction
@pytest.mark.parametrize(
    "fault",
    [
        testing.Latency(1, jitter=1),
        testing.Slice(),
        testing.Slice(3, pause=1),
        testing.RateLimit(10),
    ],
    ids=repr,
)
async def test_what_only_delays_loses_nothing(
    framing: net.Framing,
    direction: str,
    fault: testing.Fault,
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_line(framing) as line:
        assert await line.ask(direction, fault) == [FRAME, SILENCE]


@every_framing
@pytest.mark.parametrize("make_fault", [testing.CutAt, testing.HalfCloseAt])
async def test_an_end_at_each_byte_of_the_answer(
    framing: net.Framing,
    make_fault: Callable[[int], testing.Fault],
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_line(framing) as line:
        for at in range(line.size + 1):
            received = await line.ask("to_client", make_fault(at))
            if at == 0:
                assert received == [END]
            elif at == line.size:
                assert received == [FRAME, END]
            else:
                assert received == [INCOMPLETE], f"cut after {at} bytes"


@every_framing
async def test_a_cut_at_each_byte_of_the_question(
    framing: net.Framing, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_line(framing) as line:
        for at in range(line.size + 1):
            *frames, error = await line.ask("to_server", testing.CutAt(at))
            assert error == END, f"cut after {at} bytes"
            assert frames in ([], [FRAME] if at == line.size else [])  # the answer may be quicker


@every_framing
async def test_a_half_close_at_each_byte_of_the_question(
    framing: net.Framing, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_line(framing) as line:
        for at in range(line.size + 1):
            received = await line.ask("to_server", testing.HalfCloseAt(at))
            if at == 0:
                assert received == [END]
            elif at == line.size:
                assert received == [FRAME, END]
            else:  # the server resets what was cut in the middle
                assert received == [RESET], f"cut after {at} bytes"


@every_framing
@every_direction
async def test_a_reset_at_each_byte(
    framing: net.Framing, direction: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_line(framing) as line:
        for at in range(line.size + 1):
            *frames, error = await line.ask(direction, testing.ResetAt(at))
            assert error == RESET, f"reset after {at} bytes"
            assert frames in ([], [FRAME] if at == line.size else [])  # it may be quicker


@every_framing
@every_direction
async def test_a_black_hole_at_each_byte(
    framing: net.Framing, direction: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_line(framing) as line:
        for at in range(line.size + 1):
            *frames, error = await line.ask(direction, testing.BlackHoleAt(at))
            assert error == SILENCE, f"swallowed after {at} bytes"
            assert frames == ([FRAME] if at == line.size else [])


@every_framing
@every_direction
async def test_a_flip_of_each_bit(
    framing: net.Framing, direction: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_line(framing) as line:
        for at in range(line.size):
            for bit in range(8):
                received = await line.ask(direction, testing.FlipBit(at, bit))
                *frames, error = received
                assert all(isinstance(frame, bytes) for frame in frames)
                assert received != [FRAME, SILENCE], "it was flipped"
                assert error in {
                    END,
                    INCOMPLETE,
                    RESET,
                    SILENCE,
                    "LimitExceeded",
                    "RemoteProtocolError",
                }
