"""Tells the server what has become of a consumer's entries, and that the others are still ours."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.errors import RedisError

from ._consumer_options import PASSING, persist

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ._consumer_options import ConsumerOptions
    from ._ledger import Failure, Ledger, Settlements
    from ._stream_group import StreamGroup

BATCH: Final = 100
"""How many entries one request is about, at most."""
KEEPS_PER_IDLE: Final = 3
"""How often entries are kept from being claimed in the time after which they are."""
SETTLE_SECONDS: Final = 0.001
"""For how long more is waited for that can be told together."""
_MOST_FIELDS: Final = 3000
"""Lua hands on no more than 8,000 values."""


class Settling:
    """Two tasks: one tells what is settled, the other keeps what is open from being claimed."""

    def __init__(self, group: StreamGroup, ledger: Ledger, options: ConsumerOptions) -> None:
        self._group = group
        self._ledger = ledger
        self._options = options
        self._hurry = trio.Event()
        self._is_over = False

    async def flush(self) -> None:
        """Wait until the server knows what is settled now, or will never know."""
        ledger, count = self._ledger, self._ledger.settled_count
        self._hurry.set()
        while ledger.told_count < count and not self._is_over:
            await ledger.wait_changed()
        await trio.lowlevel.checkpoint()

    async def settle(self) -> None:
        """Tell the server what is settled, much of it together."""
        told: Settlements | None = None

        async def settle_once() -> None:
            nonlocal told
            if told is None:
                while not self._ledger.has_settlements:
                    await self._ledger.wait_changed()
                with trio.move_on_after(SETTLE_SECONDS):
                    await self._hurry.wait()
                self._hurry = trio.Event()
                told = self._ledger.take_settlements()
            await self._tell(told)
            self._ledger.confirm(told)
            told = None

        try:
            await persist(settle_once, self._options.reconnect)
        finally:
            self._is_over = True
            self._ledger.wake()

    async def _tell(self, told: Settlements) -> None:
        group = self._group
        if told.acks:
            await group.acknowledge(told.acks)
        by_stream: dict[bytes, list[Failure]] = {}
        for each in told.retries:
            by_stream.setdefault(each.key[0], []).append(each)
        now, idle = trio.current_time(), self._options.claim_idle
        for stream, failures in by_stream.items():
            for at in range(0, len(failures), BATCH):
                rows = [
                    (each.key[1], as_idle_ms(idle, each.due - now), each.deliveries)
                    for each in failures[at : at + BATCH]
                ]
                await group.give_back(stream, rows)
        for each in told.dead:
            await self._bury(each)

    async def _bury(self, failure: Failure) -> None:
        stream, entry_id = failure.key
        raw = failure.entry.raw_fields
        if len(raw) > _MOST_FIELDS:
            raw = {b"fields-left-out": b"%d" % len(raw)}
        fields = [part for pair in raw.items() for part in pair]
        fields += (
            b"dead-stream",
            stream,
            b"dead-id",
            entry_id,
            b"dead-group",
            self._group.group,
            b"dead-consumer",
            self._group.consumer,
            b"dead-deliveries",
            b"%d" % failure.deliveries,
            b"dead-reason",
            failure.reason.encode(errors="replace"),
        )
        options = self._options
        letters = options.letters(stream)
        await self._group.bury(stream, entry_id, letters, options.max_dead_letters, fields)

    async def keep(self) -> None:
        """Have what is ours count as handed out just now, so that nobody claims it."""
        while True:
            await trio.sleep(self._options.claim_idle / KEEPS_PER_IDLE)
            for stream, ids in self._ledger.open_ids().items():
                for at in range(0, len(ids), BATCH):
                    await self._keep_some(stream, ids[at : at + BATCH])

    async def _keep_some(self, stream: bytes, ids: Sequence[bytes]) -> None:
        lost: Iterable[bytes] = ()
        try:
            lost = await self._group.keep(stream, ids)
        except PASSING:
            pass  # there will be another time
        except RedisError as exc:
            if exc.code != "NOGROUP":
                raise
            lost = ids
        for each in lost:
            self._ledger.lose((stream, each))


def as_idle_ms(claim_idle: float, retry_in: float) -> int:
    """Return how long an entry has to count as idle, so that it is claimed in ``retry_in``."""
    return max(0, math.ceil((claim_idle - max(0.0, retry_in)) * 1000) + 1)
