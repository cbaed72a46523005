"""One direction of a virtual connection: what is on the way, in order, and when it arrives."""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

import trio

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from ._virtual_link import Path
    from ._virtual_time import Timer, Timetable

PIECE_BYTES: Final = 4096
"""How many bytes arrive together where the bandwidth is limited."""


class Mark(Enum):
    """What else travels beside bytes."""

    END = "end"
    RESET = "reset"


Item: TypeAlias = "bytes | Mark"


class Flow:
    """Carries items from one side of a connection to the other.

    :param arrived: is called with each item when it arrives.
    :param gave_up: is called when nothing got through for the link's retransmission timeout.
    """

    def __init__(
        self,
        path: Path,
        timetable: Timetable,
        rng: random.Random,
        *,
        arrived: Callable[[Item], object],
        gave_up: Callable[[], object],
    ) -> None:
        self.path: Final = path
        self.bytes_on_the_way = 0
        self._timetable = timetable
        self._rng = rng
        self._arrived = arrived
        self._gave_up = gave_up
        self._items: deque[tuple[float, Item]] = deque()
        self._free_at = 0.0  # when the line has taken all bytes
        self._timer: Timer | None = None  # for the first item, or to give it up
        self._stalled = False

    def put(self, item: Item) -> None:
        """Send one item; with a link that takes no time it arrives before this returns."""
        if isinstance(item, bytes) and len(item) > PIECE_BYTES and not self._is_wide():
            for start in range(0, len(item), PIECE_BYTES):
                self.put(item[start : start + PIECE_BYTES])
            return
        size, link = _size_of(item), self.path.link
        self._free_at = max(trio.current_time(), self._free_at) + size / link.bandwidth
        due = self._free_at + link.draw_latency(self._rng)
        if self._items:
            due = max(due, self._items[-1][0])
        self._items.append((due, item))
        self.bytes_on_the_way += size
        if len(self._items) == 1:
            self._go_on()

    def loses_connection(self) -> bool:
        """Draw whether the network loses the connection now."""
        chance = self.path.link.reset_chance
        return chance > 0 and self._rng.random() < chance

    def heal(self) -> None:
        """Send again what did not get through."""
        if self._stalled:
            self._stalled = False
            self._stop_timer()
            again = trio.current_time() + self.path.link.draw_latency(self._rng)
            self._items = deque((max(due, again), item) for due, item in self._items)
            self._go_on()

    def clear(self) -> None:
        """Forget what is on the way."""
        self._stop_timer()
        self._stalled = False
        self._items.clear()
        self.bytes_on_the_way = 0

    def _go_on(self) -> None:
        while self._items:
            due, item = self._items[0]
            now = trio.current_time()
            if due > now:
                self._timer = self._timetable.call_at(due, self._go_on)
                return
            if self.path.cut:
                self._stalled = True
                limit = self.path.link.retransmission_timeout
                self._timer = self._timetable.call_at(now + limit, self._give_up)
                return
            self._items.popleft()
            self.bytes_on_the_way -= _size_of(item)
            self._arrived(item)

    def _give_up(self) -> None:
        self.clear()
        self._gave_up()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _is_wide(self) -> bool:
        return self.path.link.bandwidth == float("inf")


def _size_of(item: Item) -> int:
    return len(item) if isinstance(item, bytes) else 0
