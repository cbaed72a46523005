"""What a peer has sent and nobody has asked for yet."""

from __future__ import annotations

import trio

__all__ = ["Inbox"]


class Inbox:
    """Bytes on their way from the one task that receives to the one task that parses.

    Holds fewer than ``capacity`` bytes and the one piece that went over it. The receiving task
    waits while it is full (:meth:`wait_room`), the parsing task while it is empty
    (:meth:`take`). One task on either side.

    :param capacity: bytes.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._data = bytearray()  # not a list: of tiny pieces, that would cost many times more
        self._ended = False
        self._arrived = trio.Event()
        self._taken = trio.Event()

    @property
    def ended(self) -> bool:
        """Whether the peer has ended its stream, perhaps behind bytes that are still here."""
        return self._ended

    @property
    def empty(self) -> bool:
        """Whether :meth:`take` would wait."""
        return not self._data and not self._ended

    @property
    def full(self) -> bool:
        """Whether the receiving task should wait."""
        return len(self._data) >= self._capacity

    def put(self, data: bytes) -> None:
        """Add what was received; empty ``data`` is the end of the stream."""
        if data:
            self._data += data
        else:
            self._ended = True
        self._arrived.set()

    async def wait_room(self) -> None:
        """Wait until the parsing task has taken something."""
        self._taken = trio.Event()
        await self._taken.wait()

    async def wait_some(self) -> None:
        """Wait until there is something to take; no checkpoint where there is."""
        while self.empty:
            self._arrived = trio.Event()
            await self._arrived.wait()

    def take(self) -> bytes:
        """Everything that is here, ``b""`` at the end of the stream.

        Only after :meth:`wait_some`.
        """
        data = bytes(self._data)
        self._data.clear()
        self._taken.set()
        return data
