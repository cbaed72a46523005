"""Every fault of the proxy between a client and its server: no wrong answer, and it is back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count

import pytest
import trio
from trio.testing import MockClock

from tests.redis._scripted_server import open_scripted_server
from trio_helianthus import errors, redis, testing

TIMEOUTS = redis.Timeouts(connect=2, answer=2, reconnect=3, health_check=5)
FAULTS: dict[str, Callable[[int], testing.Fault]] = {
    "latency": lambda _: testing.Latency(0.05, jitter=0.2),
    "slices": lambda _: testing.Slice(3, pause=0.001),
    "slow": lambda _: testing.RateLimit(2000.0),
    "cut": testing.CutAt,
    "reset": testing.ResetAt,
    "black hole": testing.BlackHoleAt,
    "half-closed": testing.HalfCloseAt,
}


@pytest.mark.parametrize("direction", ["to_server", "to_client"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_no_answer_is_wrong_and_the_client_comes_back(
    autojump_clock: MockClock, fault: str, direction: str
) -> None:
    numbers = count()
    outcomes: list[str] = []

    async def ask(r: redis.Redis[bytes]) -> None:
        for _ in range(10):
            word = f"word {next(numbers)}".encode()
            try:
                assert await r.execute("ECHO", word) == word
                outcomes.append("answered")
            except (errors.OutcomeUnknown, errors.OperationTimeout, errors.NetworkError) as exc:
                outcomes.append(type(exc).__name__)

    async with open_scripted_server() as server:
        port = int(server.url.rpartition(":")[2])
        async with (
            testing.open_fault_proxy("127.0.0.1", port) as proxy,
            redis.open_client(f"redis://127.0.0.1:{proxy.port}", timeouts=TIMEOUTS) as r,
        ):
            for at in (0, 1, 40, 200, 333):
                proxy.faults = testing.Faults(**{direction: [FAULTS[fault](at)]})
                proxy.break_all()
                async with trio.open_nursery() as nursery:
                    for _ in range(5):
                        nursery.start_soon(ask, r)
            proxy.faults = testing.Faults()
            proxy.break_all()
            await trio.sleep(1)
            assert await r.execute("ECHO", "at last") == b"at last"
            statistics = r.statistics()
            assert (statistics.in_flight, statistics.waiting) == (0, 0)
    assert len(outcomes) == 250
    if fault in {"latency", "slices", "slow"}:
        assert outcomes.count("answered") >= 245  # breaking the old connections may cost some


@pytest.mark.parametrize("at", range(0, 60, 7))
async def test_a_flipped_bit_never_hangs_the_client(autojump_clock: MockClock, at: int) -> None:
    async with open_scripted_server() as server:
        port = int(server.url.rpartition(":")[2])
        async with (
            testing.open_fault_proxy("127.0.0.1", port) as proxy,
            redis.open_client(f"redis://127.0.0.1:{proxy.port}", timeouts=TIMEOUTS) as r,
        ):
            proxy.faults = testing.Faults(to_client=[testing.FlipBit(at, bit=1)])
            proxy.break_all()
            with trio.fail_after(60):
                for _ in range(5):
                    with suppress(errors.HelianthusError):
                        await r.execute("ECHO", "x")
            proxy.faults = testing.Faults()
            proxy.break_all()
            await trio.sleep(1)
            assert await r.execute("ECHO", "at last") == b"at last"
