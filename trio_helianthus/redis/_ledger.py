"""What a consumer of a stream has been handed, and what has become of it; without any waiting."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any, Final

import attrs
import trio

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._stream_entry import StreamEntry

EntryKey = tuple[bytes, bytes]
"""Stream and ID."""
_LONGEST_REASON: Final = 1000
_MOST_RETRIES: Final = 10_000


@attrs.frozen(eq=False)
class Failure:
    """An entry that is to be handed out again, or to be buried."""

    key: EntryKey
    entry: StreamEntry[Any]
    reason: str
    due: float
    """When it may be handed out again."""
    deliveries: int
    """As the server is to count them."""


@attrs.define
class Settlements:
    """What the server is to be told."""

    acks: dict[bytes, list[bytes]] = attrs.field(factory=dict)
    """IDs by stream."""
    retries: list[Failure] = attrs.field(factory=list)
    dead: list[Failure] = attrs.field(factory=list)

    def __len__(self) -> int:
        return sum(map(len, self.acks.values())) + len(self.retries) + len(self.dead)

    @property
    def keys(self) -> Iterable[EntryKey]:
        """All entries."""
        for stream, ids in self.acks.items():
            for each in ids:
                yield stream, each
        for failure in (*self.retries, *self.dead):
            yield failure.key


class Ledger:
    """The entries that are ours, each in one of three states.

    1. *Open*: handed to us, in the buffer or with whoever has received it.
    2. *Settled*: acknowledged, failed or given back, and the server is to be told.
    3. Gone: the server knows it, or somebody else has it.

    Open and settled ones count together against ``max_items``, so what is not yet told to the
    server is bounded as well; and so do those that a request has asked for, before it is sent.
    """

    def __init__(self, max_items: int, *, max_deliveries: int | None, retry_delay: float) -> None:
        self.max_items: Final = max_items
        self.acked: int = 0
        self.failed: int = 0
        self.dead: int = 0
        self.lost: int = 0
        self.settled_count: int = 0
        """Entries that were settled."""
        self.told_count: int = 0
        """Those of them, from the first on, that the server knows of."""
        self.reserved: int = 0
        """How many entries requests that are under way may bring."""
        self.buffered: int = 0
        """Entries that wait to be received."""
        self.next_retry: list[tuple[float, EntryKey]] = []
        """When entries that have failed may be handed out again, soonest first."""
        self._max_deliveries = max_deliveries
        self._retry_delay = retry_delay
        self._open: dict[EntryKey, StreamEntry[Any]] = {}
        self._settled: set[EntryKey] = set()
        self._to_tell = Settlements()
        self._changed = trio.Event()

    def __len__(self) -> int:
        return len(self._open) + len(self._settled)

    def __contains__(self, key: EntryKey) -> bool:
        return key in self._open or key in self._settled

    @property
    def room(self) -> int:
        """How many more may be taken."""
        return self.max_items - len(self) - self.reserved

    def is_held(self, key: EntryKey) -> bool:
        """Whether an entry is open."""
        return key in self._open

    def take(self, key: EntryKey, entry: StreamEntry[Any]) -> None:
        """Note that an entry was handed to us."""
        self._open[key] = entry

    def note_received(self) -> None:
        """Note that somebody has received an entry."""
        self.buffered -= 1
        if not self.buffered:
            self.wake()

    def acknowledge(self, key: EntryKey) -> None:
        """Note that an entry is done."""
        if self._open.pop(key, None) is not None:
            self.acked += 1
            self._note_settled(key)
            self._to_tell.acks.setdefault(key[0], []).append(key[1])
            self.wake()

    def fail(self, key: EntryKey, reason: object, retry_in: float | None) -> None:
        """Note that an entry is to be handed out again, or to be buried."""
        if (entry := self._open.get(key)) is None:
            return
        most = self._max_deliveries
        if most is not None and entry.deliveries >= most:
            self.bury(key, reason)
            return
        self.failed += 1
        delay = self._retry_delay if retry_in is None else retry_in
        due = trio.current_time() + delay
        self._retry(key, due, entry.deliveries)
        if len(self.next_retry) < _MOST_RETRIES:  # the others are found at the next look
            heapq.heappush(self.next_retry, (due, key))

    def bury(self, key: EntryKey, reason: object) -> None:
        """Note that an entry goes to the dead letters."""
        if (entry := self._open.pop(key, None)) is None:
            return
        self.dead += 1
        self._note_settled(key)
        self._to_tell.dead.append(Failure(key, entry, as_reason(reason), 0.0, entry.deliveries))
        self.wake()

    def give_back(self, key: EntryKey, *, was_seen: bool) -> None:
        """Note that others may have an entry at once.

        :param was_seen: whether somebody has received it; else it does not count as delivered.
        """
        if (entry := self._open.get(key)) is not None:
            self._retry(key, trio.current_time(), entry.deliveries - (not was_seen))

    def _retry(self, key: EntryKey, due: float, deliveries: int) -> None:
        entry = self._open.pop(key)
        self._note_settled(key)
        self._to_tell.retries.append(Failure(key, entry, "", due, deliveries))
        self.wake()

    def _note_settled(self, key: EntryKey) -> None:
        self._settled.add(key)
        self.settled_count += 1

    def lose(self, key: EntryKey) -> None:
        """Note that somebody else has an entry."""
        if self._open.pop(key, None) is not None:
            self.lost += 1
            self.wake()

    def open_ids(self) -> dict[bytes, list[bytes]]:
        """Return the IDs of open entries, by stream."""
        found: dict[bytes, list[bytes]] = {}
        for stream, each in self._open:
            found.setdefault(stream, []).append(each)
        return found

    def known_keys(self) -> set[EntryKey]:
        """Return all entries that are pending under our name for all that is known here."""
        return {*self._open, *self._settled, *[key for _, key in self.next_retry]}

    def take_settlements(self) -> Settlements:
        """Return what the server is to be told, and forget it."""
        told, self._to_tell = self._to_tell, Settlements()
        return told

    def confirm(self, told: Settlements) -> None:
        """Note that the server knows."""
        self._settled.difference_update(told.keys)
        self.told_count += len(told)
        self.wake()

    @property
    def has_settlements(self) -> bool:
        """Whether the server is to be told something."""
        return bool(self._to_tell)

    async def wait_changed(self) -> None:
        """Wait until something has changed."""
        await self._changed.wait()

    def wake(self) -> None:
        """Wake those who wait for a change."""
        self._changed.set()
        self._changed = trio.Event()


def as_reason(reason: object) -> str:
    """Return why an entry failed, for a person to read."""
    if isinstance(reason, BaseException):
        reason = f"{type(reason).__name__}: {reason}"
    return str(reason)[:_LONGEST_REASON]
