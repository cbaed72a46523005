"""Keys that are lent and given back: that looks right, until it is cancelled at each point."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from trio_helianthus.testing import CancelSweepError, cancel_sweep


class Keys:
    """Lends its keys, each to one task at a time."""

    def __init__(self, *names: str) -> None:
        self.there = set(names)
        self._returned = trio.Condition()

    @asynccontextmanager
    async def lend(self) -> AsyncGenerator[str]:
        async with self._returned:
            while not self.there:
                await self._returned.wait()
            key = self.there.pop()
        try:
            yield key
        finally:
            async with self._returned:  # noqa: ASYNC102 - the mistake: it waits
                self.there.add(key)
                self._returned.notify()


class CarefulKeys(Keys):
    """Gives a key back first, and then tells who waits for it."""

    @asynccontextmanager
    async def lend(self) -> AsyncGenerator[str]:
        async with self._returned:
            while not self.there:
                await self._returned.wait()
            key = self.there.pop()
        try:
            yield key
        finally:
            self.there.add(key)
            with trio.CancelScope(shield=True):
                async with self._returned:
                    self._returned.notify()


async def borrow(keys: Keys) -> None:
    async with keys.lend():
        await trio.lowlevel.checkpoint()  # some work


async def no_key_is_lost(keys: Keys, part: trio.CancelScope) -> None:
    with part:  # this is cancelled
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(borrow, keys)
    assert keys.there == {"kitchen", "cellar"}, f"only {keys.there or 'none'} came back"


async def keys(part: trio.CancelScope) -> None:
    await no_key_is_lost(Keys("kitchen", "cellar"), part)


async def careful_keys(part: trio.CancelScope) -> None:
    await no_key_is_lost(CarefulKeys("kitchen", "cellar"), part)


def main() -> None:
    try:
        cancel_sweep(keys)
    except CancelSweepError as error:
        print(error, *error.__notes__, sep="\n  ")
    print("careful keys:", cancel_sweep(careful_keys, seeds=[1, 2, 3]))


if __name__ == "__main__":
    main()
