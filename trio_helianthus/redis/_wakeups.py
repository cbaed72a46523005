"""Tells those who wait in this process, at once, of what this process gives up."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator


class Waiter:
    """One who waits, and looks from time to time."""

    def __init__(self) -> None:
        self._woken = trio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait, for so long at most."""
        with trio.move_on_after(seconds):
            await self._woken.wait()
        self._woken = trio.Event()

    def wake(self) -> None:
        """Have it look now."""
        self._woken.set()


class Wakeups:
    """Those who wait, in the order in which they came."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, OrderedDict[Waiter, None]] = {}

    @contextmanager
    def waiting(self, key: Hashable) -> Iterator[Waiter]:
        """Wait for something, throughout the body."""
        line = self._lines.setdefault(key, OrderedDict())
        waiter = Waiter()
        line[waiter] = None
        try:
            yield waiter
        finally:
            del line[waiter]
            if not line:
                del self._lines[key]

    def wake(self, key: Hashable) -> None:
        """Wake the one who has waited longest, if there is one."""
        if (line := self._lines.get(key)) is not None:
            next(iter(line)).wake()

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))
