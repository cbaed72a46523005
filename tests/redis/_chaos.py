"""Counters that many tasks raise while their server is treated badly, and the books about them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import attrs
import trio

from trio_helianthus import errors, redis

TASKS = 50
TIMEOUTS = redis.Timeouts(connect=2, answer=2, reconnect=20)
NOT_KNOWN = (errors.OutcomeUnknown, errors.OperationTimeout, errors.NetworkError)
NOT_RUN = (errors.RedisUnavailable, errors.RedisReadOnly)

Trouble = Callable[["Books"], Awaitable[object]]


@attrs.define
class Books:
    """What is known of the counters, one for each task, since one task alone raises it."""

    wanted: int
    """How many commands are to be answered at least."""
    is_over: bool = False
    """Whether there is no more trouble to come."""
    acknowledged: int = 0
    unknown: int = 0
    wrong: list[str] = attrs.field(factory=list)
    least: dict[str, int] = attrs.field(factory=dict)
    """The value that was acknowledged last."""
    most: dict[str, int] = attrs.field(factory=dict)
    """The value if all attempts have run."""
    answered_at: float = 0.0
    """When the last answer came."""
    recoveries: list[float] = attrs.field(factory=list)
    """The seconds from the server's return to the first answer."""
    _words: Any = attrs.field(factory=count)

    @property
    def is_done(self) -> bool:
        return self.is_over and self.acknowledged >= self.wanted

    async def raise_counter(self, r: redis.Redis[bytes], key: str) -> None:
        """Raise a counter and compare its value with the books, again and again."""
        self.least[key] = self.most[key] = 0
        while not self.is_done:
            word = f"{key}/{next(self._words)}".encode()
            try:
                if await r.execute("ECHO", word) != word:
                    self.wrong.append(f"an answer for another than {word!r}")
            except NOT_KNOWN:
                pass
            self.most[key] += 1
            try:
                value = await r.execute("INCR", key)
            except NOT_KNOWN:
                self.unknown += 1
            except NOT_RUN:
                self.most[key] -= 1
            else:
                if not self.least[key] < value <= self.most[key]:
                    self.wrong.append(f"{key} is {value}: {self.least[key]}, {self.most[key]}")
                self.least[key] = self.most[key] = value
                self.acknowledged += 1
                self.answered_at = trio.current_time()

    async def check(self, r: redis.Redis[bytes]) -> None:
        """Compare what the server has with the books."""
        for key, least in self.least.items():
            value = int(await r.execute("GET", key) or 0)
            if not least <= value <= self.most[key]:
                self.wrong.append(f"at last {key} is {value}: {least}, {self.most[key]}")

    async def wait_answer(self) -> None:
        """Wait for an answer to a question that is asked from now on, and note how long it took."""
        back = trio.current_time()
        while self.answered_at < back:  # noqa: ASYNC110 - an event would cost those who answer
            await trio.sleep(0.002)
        self.recoveries.append(self.answered_at - back)


async def endure(url: str, wanted: int, trouble: Trouble) -> Books:
    """Raise counters while ``trouble`` goes on, until ``wanted`` answers have come; check them."""
    books = Books(wanted)
    async with redis.open_client(url, timeouts=TIMEOUTS) as r:
        async with trio.open_nursery() as tasks:
            for n in range(TASKS):
                tasks.start_soon(books.raise_counter, r, f"counter:{n}")
            await trouble(books)
            books.is_over = True
        await books.check(r)
        statistics = r.statistics()
        assert (statistics.in_flight, statistics.waiting) == (0, 0)
    return books
