"""The last messages of one room, and which of them somebody has missed."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ._bus import Position, Published

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._room_limits import HistoryLimits


class History:
    """A window on the end of a row of messages, without a gap."""

    def __init__(
        self, limits: HistoryLimits, position: Position, messages: Iterable[Published] = ()
    ) -> None:
        self._limits = limits
        self.position = position
        """Of the last message, whether it is still there or not."""
        self._messages: deque[Published] = deque()
        self.size = 0
        """Bytes of the messages, in UTF-8."""
        for message in messages:
            self._keep(message)

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def messages(self) -> tuple[Published, ...]:
        """Those that are there, the oldest first."""
        return tuple(self._messages)

    def append(self, message: Published) -> None:
        """Go on with the next message."""
        self.position = Position(self.position.epoch, message.offset)
        self._keep(message)

    def forget_oldest(self) -> None:
        """Keep one message less."""
        self.size -= _size(self._messages.popleft())

    def after(self, seen: Position | None) -> tuple[list[Published], bool]:
        """Return the messages behind the one that somebody has seen last.

        :returns: the messages, and whether they are all that were missed. Where they are not, or
            where it is not known, they are all that there are.
        """
        if seen is None or seen.epoch != self.position.epoch:
            return list(self._messages), False
        missed = self.position.offset - seen.offset
        if not 0 <= missed <= len(self._messages):
            return list(self._messages), False
        return list(self._messages)[len(self._messages) - missed :], True

    def _keep(self, message: Published) -> None:
        messages, limits = self._messages, self._limits
        messages.append(message)
        self.size += _size(message)
        while messages and (len(messages) > limits.max_messages or self.size > limits.max_bytes):
            self.forget_oldest()


def _size(message: Published) -> int:
    return len(message.data.encode("utf-8", "surrogatepass"))
