"""A network with faults: every ending is told to both sides, in time, and leaves nothing."""

from __future__ import annotations

import attrs
import pytest
import trio
from trio.testing import MockClock

from tests.websocket.conftest import running
from trio_helianthus import errors, testing, websocket
from trio_helianthus.testing import Faults

LIMITS = websocket.WebSocketLimits(
    ping_interval=5, ping_timeout=5, close_timeout=3, closed_grace=1, write_timeout=5
)
TO_SERVER_BYTES, TO_CLIENT_BYTES = 420, 320
"""More than a conversation has."""


@attrs.define
class Told:
    """What the server's handlers were told."""

    began: int = 0
    ended: list[str] = attrs.Factory(list)

    async def handle(self, connection: websocket.ServerConnection) -> None:
        self.began += 1
        try:
            async for message in connection:
                await connection.send(message)
            self.ended.append(f"ended {connection.close_code}")
        except (errors.WebSocketBroken, errors.ResourceClosed) as exc:
            self.ended.append(type(exc).__name__)
        finally:
            self.began -= 1


async def converse(url: str) -> str:
    """Talk a little; return how it has ended."""
    try:
        async with websocket.open_websocket(url, limits=LIMITS, timeout=5) as connection:
            for message in ("hello", b"\x00\x01\x02"):
                await connection.send(message)
                assert await connection.receive(timeout=20) == message
            async with connection.send_stream(text=True) as stream:
                await stream.send("in ")
                await stream.send("parts")
            assert await connection.receive(timeout=20) == "in parts"
            await connection.aclose(1000, "done")
        return f"closed {connection.close_code}"
    except errors.WebSocketBroken as exc:
        return f"broken {exc.code}"
    except errors.HelianthusError as exc:
        return type(exc).__name__


async def try_with(faults: Faults, *, deflate: websocket.Deflate | None = None) -> tuple[str, Told]:
    told = Told()
    async with (
        testing.open_virtual_network(),
        running(told.handle, limits=LIMITS, deflate=deflate) as server,
        testing.open_fault_proxy("127.0.0.1", server.port, faults) as proxy,
    ):
        with trio.fail_after(60):
            ending = await converse(f"ws://127.0.0.1:{proxy.port}/")
            while server.statistics().connections or told.began:  # noqa: ASYNC110
                await trio.sleep(0.1)
    return ending, told


@pytest.mark.parametrize(
    "fault", [testing.CutAt, testing.ResetAt, testing.BlackHoleAt, testing.HalfCloseAt]
)
@pytest.mark.parametrize("direction", ["to_server", "to_client"])
async def test_ended_at_each_byte(
    autojump_clock: MockClock, reports: list[BaseException], direction: str, fault: type
) -> None:
    length = TO_SERVER_BYTES if direction == "to_server" else TO_CLIENT_BYTES
    endings = set[str]()
    for at in range(0, length, 3):
        ending, told = await try_with(Faults(**{direction: [fault(at)]}))
        endings.add(ending)
        assert len(told.ended) <= 1
    assert reports == []
    assert "closed 1000" in endings, "the conversation is longer than it was"
    assert "broken 1006" in endings or "closed 1006" in endings


async def test_in_slices_of_one_byte(autojump_clock: MockClock) -> None:
    sliced = [testing.Slice(1), testing.Latency(0.1, jitter=0.1)]
    ending, told = await try_with(Faults(sliced, sliced), deflate=websocket.Deflate())
    assert ending == "closed 1000"
    assert told.ended == ["ended 1000"]


async def test_a_bit_flipped_anywhere(
    autojump_clock: MockClock, reports: list[BaseException]
) -> None:
    """It may change what is said, and end the WebSocket; it never hangs or crashes either side."""
    for at in range(0, TO_SERVER_BYTES, 7):
        for bit in (0, 7):
            for faults in (
                Faults(to_server=[testing.FlipBit(at, bit)]),
                Faults(to_client=[testing.FlipBit(at, bit)]),
            ):
                try:
                    await try_with(faults)
                except* AssertionError:
                    pass  # of converse(): another message than was sent
                except* trio.TooSlowError as group:
                    raise AssertionError(f"bit {bit} of byte {at}: {faults}") from group
    assert reports == []
