"""Pools and Ctrl+C: wherever an interrupt comes, no item and no place is lost."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import trio

from tests.core._pooled_things import Factory, Thing, assert_counts_add_up
from trio_helianthus import core
from trio_helianthus.core import Pool, PoolLimits, open_pool

NAMES = ("_pool.py", "_pool_stock.py", "_pool_closing.py", "_acquiring.py")
ROOMS = {str(Path(core.__file__).with_name(name)) for name in NAMES}


class Interrupts:
    """Raises the signal of Ctrl+C before one of the lines that the pool's rooms run."""

    def __init__(self, before_line: int) -> None:
        self.seen = 0
        self.before_line = before_line

    def trace(self, frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename not in ROOMS:
            return None
        if event == "line":
            self.seen += 1
            if self.seen == self.before_line:
                signal.raise_signal(signal.SIGINT)
        return self.trace

    @contextmanager
    def come(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            yield
        finally:
            sys.settrace(before)


async def is_healthy(_: Thing) -> bool:
    await trio.lowlevel.checkpoint()
    return True


async def use(pool: Pool[Thing]) -> None:
    async with pool.acquire():
        await trio.lowlevel.checkpoint()
    async with pool.acquire():  # which is checked first
        pass


@pytest.mark.sweep
@pytest.mark.parametrize("others", [0, 2])
def test_an_interrupt_before_any_line_loses_nothing(others: int) -> None:
    async def main(interrupts: Interrupts) -> None:
        factory = Factory(1)
        limits = PoolLimits(max_size=1, check_after=0)
        async with open_pool(factory.open, factory.close, limits=limits, check=is_healthy) as pool:
            try:
                async with trio.open_nursery() as nursery:
                    with interrupts.come():
                        for _ in range(others):
                            nursery.start_soon(use, pool)
                        await use(pool)
                    await trio.lowlevel.checkpoint()  # where a late one comes out
            except* KeyboardInterrupt:
                pass
            counts = assert_counts_add_up(pool)
            assert counts.acquired == counts.opening == counts.waiting == 0
            with trio.fail_after(5):
                pool.release(await pool.acquire())

    interrupts = Interrupts(0)
    while interrupts.seen >= interrupts.before_line:
        interrupts = Interrupts(interrupts.before_line + 1)
        trio.run(main, interrupts)
    assert interrupts.seen > 50
