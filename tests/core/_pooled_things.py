"""Things for a pool to lend, which know what was done with them, and when opening them fails."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import trio

from trio_helianthus import core
from trio_helianthus.core import Pool, PoolStatistics


@attrs.define(eq=False)
class Thing:
    number: int
    healthy: bool = True
    closed: bool = False
    users: int = 0


@attrs.define
class Factory:
    """Opens and closes things, and takes care that there are never too many."""

    max_size: int
    opening_seconds: Callable[[], float] = lambda: 0.0
    closing_seconds: Callable[[], float] = lambda: 0.0
    fails: Callable[[], bool] = lambda: False
    made: list[Thing] = attrs.Factory(list)
    here: int = 0

    async def open(self) -> Thing:
        self.here += 1
        assert self.here <= self.max_size
        try:
            await trio.sleep(self.opening_seconds())
            if self.fails():
                raise OSError("cannot be opened")
        except BaseException:
            self.here -= 1
            raise
        self.made.append(Thing(len(self.made)))
        return self.made[-1]

    def close_at_once(self, thing: Thing) -> None:
        assert not thing.closed
        thing.closed = True
        self.here -= 1

    async def close(self, thing: Thing) -> None:
        assert not thing.closed
        thing.closed = True
        try:
            await trio.sleep(self.closing_seconds())
        finally:
            self.here -= 1


class Errors(core.Instrument):
    """Keeps what is reported, and where it has happened."""

    def __init__(self) -> None:
        self.heard: list[tuple[type[BaseException], str]] = []

    def error_reported(self, error: BaseException, where: str) -> bool:
        self.heard.append((type(error), where))
        return True


def assert_counts_add_up(pool: Pool[Thing]) -> PoolStatistics:
    counts = pool.statistics()
    assert counts.size == counts.acquired + counts.idle + counts.opening + counts.closing
    assert 0 <= counts.size <= pool.limits.max_size
    assert counts.opened == counts.acquired + counts.idle + sum(counts.closed.values())
    assert not (counts.waiting and counts.idle)
    assert not counts.waiting or counts.size == pool.limits.max_size
    return counts
