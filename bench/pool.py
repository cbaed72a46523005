"""What an alarm, a pool, a circuit breaker, a rate limiter and a retry add to a call.

Run it by hand: ``python bench/pool.py``. Each kind runs in a process of its own, once with few
and once with many operations, so that their difference is the operations alone.
"""

from __future__ import annotations

import statistics
import sys
from typing import Final

import trio
from _counting import UNIT, cost_of

from trio_helianthus import core

FEW, MANY, REPETITIONS = 1_000, 11_000, 5


class Operations:
    """What is measured."""

    def __init__(self, pool: core.Pool[object]) -> None:
        self._pool = pool
        self._alarm = core.Alarm(int)
        self._deadline = trio.current_time() + 60
        self._alarm.set(self._deadline)
        self._breaker = core.CircuitBreaker()
        self._limiter = core.RateLimiter(1e9)
        self._budget = core.RetryBudget()

    async def nothing(self) -> None:
        """Do nothing, for comparison."""

    async def alarm(self) -> None:
        """Put an alarm off."""
        self._alarm.set(self._deadline)

    async def pool_nowait(self) -> None:
        """Borrow what is idle."""
        self._pool.release(self._pool.acquire_nowait())

    async def pool(self) -> None:
        """Borrow what is idle, as one who would wait."""
        self._pool.release(await self._pool.acquire())

    async def pool_block(self) -> None:
        """The same with a block."""
        async with self._pool.acquire():
            pass

    async def breaker(self) -> None:
        """Call through a closed breaker."""
        with self._breaker.call():
            pass

    async def limiter(self) -> None:
        """Take a token that is there."""
        await self._limiter.acquire()

    async def retry(self) -> None:
        """Try what succeeds at once."""
        await core.retry(self.nothing, on=OSError, budget=self._budget)


KINDS: Final = {
    "an empty function": "nothing",
    "Alarm.set, put off": "alarm",
    "Pool.acquire_nowait and release": "pool_nowait",
    "await Pool.acquire and release": "pool",
    "async with Pool.acquire()": "pool_block",
    "with CircuitBreaker.call()": "breaker",
    "await RateLimiter.acquire()": "limiter",
    "retry with a budget, first attempt": "retry",
}


async def open_item() -> object:
    """Open something."""
    return object()


async def run(kind: str, count: int) -> None:
    """Do one kind of operation many times."""
    async with core.open_pool(open_item, lambda _: None) as pool:
        pool.release(await pool.acquire())
        operate = getattr(Operations(pool), KINDS[kind])
        for _ in range(count):
            await operate()


def main() -> None:
    """Print the table."""
    print(f"| operation | {UNIT} |\n|---|---:|")
    for kind in KINDS:
        costs = [
            cost_of(sys.executable, __file__, kind, str(MANY))
            - cost_of(sys.executable, __file__, kind, str(FEW))
            for _ in range(REPETITIONS)
        ]
        per_call = statistics.median(costs) / (MANY - FEW)
        print(f"| {kind} | {per_call:.2f} |")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        trio.run(run, sys.argv[1], int(sys.argv[2]))
    else:
        main()
