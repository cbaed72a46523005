"""Who listens in rooms, and a bus that can be cut, for the tests of rooms."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Any

import trio

from trio_helianthus.websocket import (
    BusEvent,
    BusLost,
    BusSnapshot,
    HistoryLimits,
    MemoryBus,
    Position,
    PreparedMessage,
    Present,
    RoomFeed,
)


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so, which nobody tells of."""
    with trio.fail_after(10):
        while not condition():  # noqa: ASYNC110
            await trio.sleep(0.005)


class Ear:
    """Listens, and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.open = True

    def offer(self, message: PreparedMessage, key: Hashable = None) -> bool:
        if self.open:
            self.told.append(json.loads(message.data))
        return self.open

    def of(self, kind: str) -> list[dict[str, Any]]:
        """What it was told of one type."""
        return [told for told in self.told if told["type"] == kind]

    @property
    def welcome(self) -> dict[str, Any]:
        (welcome,) = self.of("welcome")
        return welcome

    @property
    def bodies(self) -> list[Any]:
        """What it has heard, in the welcome and behind it."""
        heard: list[Any] = []
        for told in self.told:
            if told["type"] == "welcome":
                heard += [message["body"] for message in told["messages"]]
            elif told["type"] == "message":
                heard.append(told["body"])
        return heard

    @property
    def presence(self) -> list[tuple[str, str]]:
        """Who came and went, in the order in which it was told."""
        kinds = {"joined", "left"}
        return [(told["type"], told["member"]) for told in self.told if told["type"] in kinds]


class _Cable:
    """A feed that ends when it is cut."""

    def __init__(self, feed: RoomFeed) -> None:
        self._feed = feed
        self.cut = trio.Event()

    @property
    def snapshot(self) -> BusSnapshot:
        return self._feed.snapshot

    async def receive(self) -> BusEvent:
        result: list[BusEvent] = []
        async with trio.open_nursery() as nursery:

            async def wait_for_the_cut() -> None:
                await self.cut.wait()
                nursery.cancel_scope.cancel()

            nursery.start_soon(wait_for_the_cut)
            if not self.cut.is_set():
                result.append(await self._feed.receive())
            nursery.cancel_scope.cancel()
        if not result:
            raise BusLost
        return result[0]


class CutBus:
    """One process's connection to a bus, which can be cut, and mended."""

    def __init__(self, bus: MemoryBus) -> None:
        self.bus = bus
        self.dead = False
        """Whether the process is gone, so that it does nothing any more."""
        self.enter_fails = 0
        """How many times it is lost while somebody enters."""
        self.enter_seconds = 0.0
        """How long it takes to enter somebody."""
        self.renewals: list[bool] = []
        """What it has answered to signs of life."""
        self._down = False
        self._deaf = False
        self._cables: set[_Cable] = set()

    @property
    def history(self) -> HistoryLimits:
        return self.bus.history

    @property
    def listens(self) -> bool:
        """Whether it has a feed."""
        return bool(self._cables)

    def cut(self, *, down: bool = False, deaf: bool = False) -> None:
        """Lose all feeds, with ``deaf`` for longer; with ``down`` everything else, too."""
        self._down = down
        self._deaf = deaf
        for cable in self._cables:
            cable.cut.set()

    def mend(self) -> None:
        self._down = self._deaf = False

    def _check(self) -> None:
        if self._down or self.dead:
            raise BusLost

    @asynccontextmanager
    async def open_feed(self, room: str) -> AsyncIterator[_Cable]:
        self._check()
        if self._deaf:
            raise BusLost
        async with self.bus.open_feed(room) as feed:
            cable = _Cable(feed)
            self._cables.add(cable)
            try:
                yield cable
            finally:
                self._cables.discard(cable)

    async def publish(self, room: str, data: str) -> Position:
        self._check()
        return await self.bus.publish(room, data)

    async def enter(self, room: str, present: Present) -> None:
        self._check()
        if self.enter_fails:
            self.enter_fails -= 1
            raise BusLost
        await trio.sleep(self.enter_seconds)
        await self.bus.enter(room, present)

    async def leave(self, room: str, ref: str) -> None:
        self._check()
        await self.bus.leave(room, ref)

    async def renew(self, node: str, seconds: float) -> bool:
        self._check()
        self.renewals.append(await self.bus.renew(node, seconds))
        return self.renewals[-1]

    async def forget(self, node: str) -> None:
        self._check()
        await self.bus.forget(node)
