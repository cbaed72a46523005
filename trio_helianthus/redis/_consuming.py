"""The work of a consumer: fetching and claiming entries, and leaving none behind."""

from __future__ import annotations

import heapq
import math
import random
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import trio

from trio_helianthus.core import open_background_nursery
from trio_helianthus.errors import (
    RedisError,
    ResourceClosed,
)

from ._consumer_options import PASSING, persist
from ._ledger import Ledger
from ._settling import BATCH, Settling, as_idle_ms
from ._slots import slot_of
from ._stream_entry import StreamEntry
from ._text import as_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

    from ._consumer_options import ConsumerOptions
    from ._ledger import EntryKey
    from ._stream_group import RawEntry, StreamGroup

GOODBYE_SECONDS: Final = 2.0
"""How long it may take to tell the server what is done, and to give the rest back."""
CLAIMS_PER_IDLE: Final = 4
SWEEP_SECONDS: Final = 60.0
"""The least time between two looks for consumers that are gone."""


class Consuming:
    """One consumer's tasks.

    Laws:

    1. What the server hands to us is in the ledger at once, or is found again: after every failure
       the entries that are pending under our name are compared with the ledger.
    2. Every request may be sent twice.
    3. Who receives, settles or drains never waits for the server, and no entry is dropped here: at
       the end each is told as done, or given back.
    """

    def __init__(self, group: StreamGroup, options: ConsumerOptions, *, is_text: bool) -> None:
        self.name: Final = group.consumer.decode(errors="replace")
        self.ledger: Final = Ledger(
            options.max_items,
            max_deliveries=options.max_deliveries,
            retry_delay=options.retry_delay,
        )
        self.error: Exception | None = None
        """Why it has ended."""
        self.received: int = 0
        self.claimed: int = 0
        self._group = group
        self._options = options
        self._settling = Settling(group, self.ledger, options)
        self._is_text = is_text
        self._patience = group.backend.options.timeouts.answer
        self._fetching: list[trio.CancelScope] = []
        self._working: list[trio.CancelScope] = []
        self._is_draining = self._has_left = False
        self._claims_waiting = False
        self._unsure = set(options.streams)  # where something may be pending that is not known here
        self._hand_out: trio.MemorySendChannel[StreamEntry[Any]]
        self.inbox: trio.MemoryReceiveChannel[StreamEntry[Any]]
        self._hand_out, self.inbox = trio.open_memory_channel(math.inf)  # the ledger bounds it

    async def create_groups(self) -> None:
        """Make the groups that are not there."""
        if self._options.create:
            for stream in self._options.streams:
                await self._group.create(stream, self._options.start)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Do all of it while the body runs."""
        async with open_background_nursery() as nursery:
            for function, name in (
                (self._settling.keep, "keep entries"),
                (self._settling.settle, "settle entries"),
            ):
                nursery.start_soon(self._guard, partial(self._until_end, function), name=name)
            for streams in self._parts():
                nursery.start_soon(self._fetch, streams, name="fetch entries")
            nursery.start_soon(self._claim, name="claim entries")
            try:
                yield
            finally:
                self.drain()
                for stream, ids in self.ledger.open_ids().items():
                    for each in ids:
                        self.ledger.give_back((stream, each), was_seen=True)
                with trio.move_on_after(GOODBYE_SECONDS, shield=True):
                    await self._say_goodbye()
                self._has_left = True
                for scope in self._working:
                    scope.cancel(reason="the consumer has left")
                self.inbox.close()

    async def _say_goodbye(self) -> None:
        known = self.ledger.known_keys()
        await self.flush()
        try:
            # Of two connections the server may serve the one first that has asked later. A second
            # look comes after all that had come to it before the first.
            for stream in (*self._unsure, *self._unsure):
                await self._give_back_unknown(stream, known)
            if self._options.is_own_name and self.error is None:
                for stream in self._options.streams:
                    await self._group.leave(stream)
        except (RedisError, ResourceClosed, *PASSING):
            pass  # it is claimed, and we are forgotten, some day

    async def _give_back_unknown(self, stream: bytes, known: set[EntryKey]) -> None:
        """Give back what was handed to us when we did not wait for it any more."""
        behind, idle = b"", as_idle_ms(self._options.claim_idle, 0)
        while rows := await self._group.list_own(stream, behind, BATCH):
            unknown = [(each, idle, n) for each, n in rows if (stream, each) not in known]
            if unknown:
                await self._group.give_back(stream, unknown)
            behind = rows[-1][0]

    def drain(self) -> None:
        """Take nothing more, and give back what nobody has received."""
        self._is_draining = True
        for scope in self._fetching:
            scope.cancel(reason="the consumer drains")
        self._hand_out.close()
        while True:
            try:
                entry = self.inbox.receive_nowait()
            except (trio.WouldBlock, trio.EndOfChannel, trio.ClosedResourceError):
                return
            self.ledger.buffered -= 1
            self.ledger.give_back(entry._key, was_seen=False)

    async def flush(self) -> None:
        """Wait until the server knows what is settled now, or will never know."""
        await self._settling.flush()

    def _parts(self) -> Iterable[Sequence[bytes]]:
        """Return the streams in parts that one request can be for."""
        streams = self._options.streams
        if not self._group.backend.is_divided:
            return [streams]
        by_slot: dict[int, list[bytes]] = {}
        for stream in streams:
            by_slot.setdefault(slot_of(stream), []).append(stream)
        return by_slot.values()

    async def _guard(self, function: Callable[[], Awaitable[None]]) -> None:
        """Run a task for ever; an error that does not pass ends the consumer."""
        try:
            await function()
        except (RedisError, ResourceClosed) as exc:
            self._end(exc)

    async def _until_drain(self, function: Callable[[], Awaitable[object]]) -> None:
        with trio.CancelScope() as scope:
            self._fetching.append(scope)
            if not self._is_draining:
                await persist(
                    function,
                    self._options.reconnect,
                    on_no_group=self._recreate if self._options.create else None,
                )

    async def _until_end(self, function: Callable[[], Awaitable[object]]) -> None:
        """Run what has to go on while all around is cancelled, until we have said goodbye."""
        with trio.CancelScope(shield=True) as scope:
            self._working.append(scope)
            if not self._has_left:
                await function()

    def _end(self, error: Exception) -> None:
        if self.error is None:
            self.error = error
        self.drain()
        self.ledger.wake()

    async def _recreate(self) -> None:
        """Make the groups again, after somebody has deleted a stream: from its beginning."""
        try:
            for stream in self._options.streams:
                await self._group.create(stream, "0")
        except PASSING:
            pass  # it is tried again

    async def _fetch(self, streams: Sequence[bytes]) -> None:
        # One place is left to what is claimed, as a read may wait for long.
        most = min(self._options.batch * len(streams), self._options.max_items - 1)
        most = max(len(streams), most)

        async def fetch_once() -> None:
            for stream in self._unsure.intersection(streams):
                await self._recover(stream)
                self._unsure.discard(stream)
            while self._claims_waiting:  # else they would never get room, where there is little
                await self.ledger.wait_changed()
            async with self._reserve(len(streams), most) as room:
                self._unsure.update(streams)  # unless the answer comes
                found = await self._group.read(
                    streams,
                    count=min(self._options.batch, room // len(streams)),
                    block=self._options.block,
                    patience=self._patience,
                )
                self._unsure.difference_update(streams)
                self._take(found)

        await self._guard(partial(self._until_drain, fetch_once))

    async def _recover(self, stream: bytes) -> None:
        """Take what is pending under our name, and is not known to us."""
        behind = b""
        while True:
            async with self._reserve(1, BATCH) as count:
                rows = await self._group.list_own(stream, behind, count)
                unknown = [each for each, _ in rows if (stream, each) not in self.ledger]
                if unknown:
                    self._take(await self._group.claim(stream, unknown), is_claimed=True)
            if len(rows) < count:
                return
            behind = rows[-1][0]

    async def _claim(self) -> None:
        swept_at = -math.inf

        async def claim_once() -> None:
            nonlocal swept_at
            for stream in self._options.streams:
                await self._claim_all(stream)
            if (now := trio.current_time()) >= swept_at + SWEEP_SECONDS:
                swept_at = now
                for stream in self._options.streams:
                    await self._group.sweep(stream, self._options.forget_after)
            await self._wait_for_claims()

        await self._guard(partial(self._until_drain, claim_once))

    async def _claim_all(self, stream: bytes) -> None:
        cursor = b"0-0"
        while True:
            self._claims_waiting = True
            async with self._reserve(1, self._options.batch) as count:
                self._claims_waiting = False
                cursor, found = await self._group.claim_idle(
                    stream, idle=self._options.claim_idle, cursor=cursor, count=count
                )
                self._take(found, is_claimed=True)
            if cursor == b"0-0":
                return

    async def _wait_for_claims(self) -> None:
        """Wait until it is time to look again: after a while, or when a retry of ours is due."""
        every = self._options.claim_idle / CLAIMS_PER_IDLE
        until = trio.current_time() + every * (0.5 + random.random())  # noqa: S311
        retries = self.ledger.next_retry
        while (now := trio.current_time()) < until:
            if retries and retries[0][0] <= now:
                while retries and retries[0][0] <= now:
                    heapq.heappop(retries)
                await self.flush()  # else the server does not know yet
                return
            with trio.move_on_at(min(until, retries[0][0] if retries else math.inf)):
                await self.ledger.wait_changed()

    @asynccontextmanager
    async def _reserve(self, least: int, most: int) -> AsyncIterator[int]:
        """Wait for room, and reserve it for the body: for how many entries is what is yielded.

        While there is something to be received it is waited for room for many, which cost little
        more than one.
        """
        ledger, options = self.ledger, self._options
        many = max(least, min(most, options.max_items // 2))
        while (room := ledger.room) < (many if ledger.buffered else least):
            await ledger.wait_changed()
        count = min(most, room)
        ledger.reserved += count
        try:
            yield count
        finally:
            ledger.reserved -= count
            ledger.wake()

    def _take(self, found: Sequence[RawEntry], *, is_claimed: bool = False) -> None:
        """Hand entries to whoever receives."""
        for stream, entry_id, raw, deliveries in found:
            key: EntryKey = (stream, entry_id)
            if key in self.ledger:
                continue  # claimed from ourselves: we were not heard of for long
            self.received += 1
            self.claimed += is_claimed
            entry: StreamEntry[Any] = StreamEntry(
                self.ledger,
                key,
                stream=as_text(stream) if self._is_text else stream,
                entry_id=as_text(entry_id) if self._is_text else entry_id,
                fields=as_text(raw) if self._is_text else raw,
                raw_fields=raw,
                deliveries=deliveries,
            )
            self.ledger.take(key, entry)
            most = self._options.max_deliveries
            if most is not None and deliveries > most:
                self.ledger.bury(key, f"handed out {deliveries - 1} times, and never acknowledged")
            else:
                self._offer(entry)

    def _offer(self, entry: StreamEntry[Any]) -> None:
        try:
            self._hand_out.send_nowait(entry)
            self.ledger.buffered += 1
        except (trio.ClosedResourceError, trio.BrokenResourceError):
            self.ledger.give_back(entry._key, was_seen=False)
