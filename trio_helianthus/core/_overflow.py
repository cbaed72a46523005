"""A bounded queue that never waits: what happens when it is full is a policy with a name."""

from __future__ import annotations

import enum
from collections import deque
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

_T = TypeVar("_T")


class Overflow(enum.Enum):
    """What happens to an item for which a queue has no room."""

    DROP_OLDEST = "drop oldest"
    """It is taken, and what has waited longest is dropped."""
    DROP_NEWEST = "drop newest"
    """It is dropped."""
    CONFLATE = "conflate"
    """It replaces the queued item of the same key, also while there is room. Where there is none
    and the queue is full, what has waited longest is dropped."""
    DISCONNECT = "disconnect"
    """The queue is over: it takes nothing any more, and its owner has to do something about it."""


class _Entry(Generic[_T]):
    """An item in a queue, and what has to be known of it."""

    __slots__ = ("item", "key", "size")

    def __init__(self, item: _T, key: Hashable, size: int) -> None:
        self.item = item
        self.key = key
        self.size = size


class OverflowQueue(Generic[_T]):
    """A queue for somebody who may be slow, filled by somebody who does not wait.

    Laws: at most ``max_items`` are queued, and no more than ``max_size``, but that a single item
    that is larger is taken into an empty queue. Items leave in the order in which they came; one
    that was conflated has the place of the item that it replaced.

    :param max_items: how many it holds.
    :param overflow: what happens when there is no room.
    :param key: tells for ``CONFLATE`` which items replace each other. Those whose key is ``None``
        never do.
    :param max_size: how much the items may measure together; ``None`` for no such limit.
    :param size: measures an item, for ``max_size``; by default with :func:`len`.
    :raises ValueError: one of them makes no sense, or ``CONFLATE`` has no ``key``.
    """

    __slots__ = (
        "_by_key",
        "_entries",
        "_items",
        "_keeps_what_is_there",
        "_key",
        "_measure",
        "conflated",
        "dropped",
        "max_items",
        "max_size",
        "over",
        "overflow",
        "size",
    )

    def __init__(
        self,
        max_items: int,
        overflow: Overflow,
        *,
        key: Callable[[_T], Hashable] | None = None,
        max_size: int | None = None,
        size: Callable[[_T], int] | None = None,
    ) -> None:
        if max_items < 1:
            raise ValueError(f"max_items must be at least 1, not {max_items}")
        if max_size is not None and max_size < 1:
            raise ValueError(f"max_size must be at least 1, not {max_size}")
        overflow = Overflow(overflow)  # its plain value does as well
        if overflow is Overflow.CONFLATE and key is None:
            raise ValueError("overflow=CONFLATE needs a key")
        self.max_items: Final = max_items
        """How many items it holds."""
        self.max_size: Final = max_size
        """How much they may measure together."""
        self.overflow: Final = overflow
        """What happens when there is no room."""
        self._keeps_what_is_there = overflow in {Overflow.DROP_NEWEST, Overflow.DISCONNECT}
        self._key = key if overflow is Overflow.CONFLATE else None
        self._measure: Callable[..., int] | None = None if max_size is None else size or len
        # Items as they are where nothing has to be known of them, else entries in the other one.
        self._items: deque[_T] = deque()
        self._entries: deque[_Entry[_T]] | None = None
        if self._key is not None or self._measure is not None:
            self._entries = deque()
        self._by_key: dict[Hashable, _Entry[_T]] = {}
        self.size: int = 0
        """How much the queued items measure together; 0 where ``max_size`` is ``None``."""
        self.dropped: int = 0
        """How many items were dropped as there was no room for them."""
        self.conflated: int = 0
        """How many items were replaced by newer ones of their key."""
        self.over: bool = False
        """Whether it was full under ``DISCONNECT``. What is queued can still be taken."""

    def __len__(self) -> int:
        return len(self._items if self._entries is None else self._entries)

    def __repr__(self) -> str:
        state = "over, " if self.over else ""
        return f"<OverflowQueue: {state}{len(self)} of {self.max_items}, {self.overflow.value}>"

    def offer(self, item: _T) -> bool:
        """Queue an item, or do what the policy says.

        :returns: whether the item was queued. Under ``DROP_OLDEST`` and ``CONFLATE`` it always is.
            Under ``DISCONNECT``, once it was not, the queue is :attr:`over`.

        What ``key`` and ``size`` raise comes out as it is, and nothing has happened then.
        """
        if self._entries is not None:
            return self._offer_entry(self._entries, item)
        items = self._items
        if len(items) >= self.max_items or self.over:
            if self._keeps_what_is_there:
                return self._refuse()
            items.popleft()
            self.dropped += 1
        items.append(item)
        return True

    def popleft(self) -> _T:
        """Take the item that has waited longest.

        :raises IndexError: nothing is queued.
        """
        if self._entries is None:
            return self._items.popleft()
        return self._pop_entry(self._entries).item

    def clear(self) -> None:
        """Forget what is queued. That is not counted as dropped."""
        self._items.clear()
        if self._entries is not None:
            self._entries.clear()
        self._by_key.clear()
        self.size = 0

    def _refuse(self) -> bool:
        """Take note of an item for which there was no room, and which was not taken."""
        self.over = self.overflow is Overflow.DISCONNECT
        self.dropped += 1
        return False

    def _offer_entry(self, entries: deque[_Entry[_T]], item: _T) -> bool:
        key = None if self._key is None else self._key(item)
        size = 0 if self._measure is None else self._measure(item)
        if key is not None and (entry := self._by_key.get(key)) is not None:
            self._replace(entries, entry, item, size)
            return True
        if self.over or not self._has_room_for(entries, size):
            if self._keeps_what_is_there:
                return self._refuse()
            while not self._has_room_for(entries, size):
                self._pop_entry(entries)
                self.dropped += 1
        entry = _Entry(item, key, size)
        entries.append(entry)
        self.size += size
        if key is not None:
            self._by_key[key] = entry
        return True

    def _has_room_for(self, entries: deque[_Entry[_T]], size: int) -> bool:
        if not entries:
            return True
        if len(entries) >= self.max_items:
            return False
        return self.max_size is None or self.size + size <= self.max_size

    def _replace(self, entries: deque[_Entry[_T]], entry: _Entry[_T], item: _T, size: int) -> None:
        """Conflate; the new item may be larger than the old one, and others have to go then."""
        self.conflated += 1
        self.size += size - entry.size
        entry.item, entry.size = item, size
        if self.max_size is None:
            return
        while self.size > self.max_size and len(entries) > 1:
            if entries[0] is entry:  # it is the newest: all others go first
                entries[0], entries[1] = entries[1], entry
            self._pop_entry(entries)
            self.dropped += 1

    def _pop_entry(self, entries: deque[_Entry[_T]]) -> _Entry[_T]:
        entry = entries.popleft()
        self.size -= entry.size
        if entry.key is not None:
            del self._by_key[entry.key]
        return entry
