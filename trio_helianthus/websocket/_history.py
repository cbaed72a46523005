"""The last messages of one room, and which of them somebody has missed."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Final

from ._bus import Position, Published

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._room_limits import HistoryLimits


class HistoryTotal:
    """What the histories of many rooms hold together, within a limit.

    Where it is too much, messages are forgotten of that room in which nothing was said for
    longest. It costs the same however many rooms there are.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes: Final = max_bytes
        self.size: int = 0
        """Bytes of the messages, in UTF-8."""
        self._holders: OrderedDict[History, None] = OrderedDict()  # the longest silent is first

    def note_appended(self, history: History, size: int) -> None:
        """Count a new message."""
        self.size += size
        self._holders[history] = None
        self._holders.move_to_end(history)

    def keep_limit(self) -> None:
        """Forget messages where there are too many now."""
        while self.size > self.max_bytes:
            next(iter(self._holders)).forget_oldest()

    def note_forgotten(self, history: History, size: int) -> None:
        """Count messages no more."""
        self.size -= size
        if not history:
            self._holders.pop(history, None)


class History:
    """A window on the end of a row of messages, without a gap.

    :param total: counts its messages with those of other rooms, until it is cleared.
    """

    def __init__(
        self,
        limits: HistoryLimits,
        position: Position,
        messages: Iterable[Published] = (),
        *,
        total: HistoryTotal | None = None,
    ) -> None:
        self._limits = limits
        self._total = HistoryTotal(limits.max_bytes) if total is None else total
        self.position: Position = position
        """Of the last message, whether it is still there or not."""
        self._messages: deque[Published] = deque()
        self.size: int = 0
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
        size = _size(self._messages.popleft())
        self.size -= size
        self._total.note_forgotten(self, size)

    def clear(self) -> None:
        """Keep no message any more."""
        self._messages.clear()
        size, self.size = self.size, 0
        self._total.note_forgotten(self, size)

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
        size = _size(message)
        self.size += size
        self._total.note_appended(self, size)
        while messages and (len(messages) > limits.max_messages or self.size > limits.max_bytes):
            self.forget_oldest()
        self._total.keep_limit()


def _size(message: Published) -> int:
    return len(message.data.encode("utf-8", "surrogatepass"))
