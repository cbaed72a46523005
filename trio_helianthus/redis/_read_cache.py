"""Answers that are kept until their keys change, within bounds; without any waiting."""

from __future__ import annotations

import sys
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import attrs
import trio

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Load", "ReadCache"]

_OVERHEAD: Final = 400
"""About how many bytes an entry costs beside what it keeps."""


@attrs.define(eq=False)
class Load:
    """A command that was sent, and whose answer may be kept when it comes."""

    keys: tuple[bytes, ...]
    is_void: bool = False
    """Whether one of its keys has changed meanwhile."""
    done: trio.Event = attrs.field(factory=trio.Event)
    answer: list[Any] = attrs.field(factory=list)
    """The answer, if there is one."""


@attrs.define(eq=False)
class _Entry:
    keys: tuple[bytes, ...]
    answer: Any
    size: int
    until: float


class ReadCache:
    """Answers by command, and what is being asked.

    Laws:

    1. An answer is kept only if none of its keys was told to have changed between sending the
       command and its answer: what is told then may be older than the answer, or newer.
    2. When a connection is lost everything is forgotten, as nobody tells of changes any more.
    3. There are at most ``max_entries``, of about ``max_bytes`` together; those that were not used
       for longest go first.
    """

    def __init__(self, *, max_entries: int, max_bytes: int, max_age: float) -> None:
        self.max_entries: Final = max_entries
        self.max_bytes: Final = max_bytes
        self.max_age: Final = max_age
        self.bytes: int = 0
        self.hits: int = 0
        self.misses: int = 0
        self.joined: int = 0
        self.invalidations: int = 0
        self.evictions: int = 0
        self.losses: int = 0
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._by_key: dict[bytes, set[bytes]] = {}
        self._loads: dict[bytes, Load] = {}
        self._loads_by_key: dict[bytes, set[Load]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, command: bytes) -> _Entry | None:
        """Return what is kept for a command, as its bytes are sent."""
        entry = self._entries.get(command)
        if entry is None:
            return None
        if trio.current_time() >= entry.until:
            self._drop(command)
            return None
        self._entries.move_to_end(command)
        return entry

    def find_load(self, command: bytes) -> Load | None:
        """Return who asks just now, unless its answer may be too old already."""
        load = self._loads.get(command)
        return None if load is None or load.is_void else load

    def begin(self, command: bytes, keys: tuple[bytes, ...]) -> Load:
        """Note that a command is about to be sent."""
        load = self._loads[command] = Load(keys)
        for key in keys:
            self._loads_by_key.setdefault(key, set()).add(load)
        return load

    def end(self, command: bytes, load: Load) -> None:
        """Note that its answer has come, or will not; keep it if that is right."""
        if self._loads.get(command) is load:
            del self._loads[command]
        for key in load.keys:
            if loads := self._loads_by_key.get(key):
                loads.discard(load)
                if not loads:
                    del self._loads_by_key[key]
        if load.answer and not load.is_void:
            self._keep(command, load)
        load.done.set()

    def _keep(self, command: bytes, load: Load) -> None:
        answer = load.answer[0]
        size = _OVERHEAD + len(command) + size_of(answer) + sum(map(len, load.keys))
        self._drop(command)
        if size > self.max_bytes:
            return
        self._entries[command] = _Entry(load.keys, answer, size, trio.current_time() + self.max_age)
        self.bytes += size
        for key in load.keys:
            self._by_key.setdefault(key, set()).add(command)
        while len(self._entries) > self.max_entries or self.bytes > self.max_bytes:
            self._drop(next(iter(self._entries)))
            self.evictions += 1

    def _drop(self, command: bytes) -> None:
        entry = self._entries.pop(command, None)
        if entry is None:
            return
        self.bytes -= entry.size
        for key in entry.keys:
            if commands := self._by_key.get(key):
                commands.discard(command)
                if not commands:
                    del self._by_key[key]

    def invalidate(self, keys: Iterable[bytes]) -> None:
        """Forget what was read of these keys, and keep nothing of them that is under way."""
        for key in keys:
            for load in self._loads_by_key.get(key, ()):
                load.is_void = True
            if commands := self._by_key.get(key):
                self.invalidations += len(commands)
                for command in tuple(commands):
                    self._drop(command)

    def clear(self) -> None:
        """Forget everything, and keep nothing that is under way."""
        self._entries.clear()
        self._by_key.clear()
        self.bytes = 0
        for load in self._loads.values():
            load.is_void = True
        for loads in self._loads_by_key.values():
            for load in loads:
                load.is_void = True


def size_of(answer: Any) -> int:
    """Return about how many bytes of memory an answer takes."""
    size, todo = 0, [answer]
    while todo:
        value = todo.pop()
        size += sys.getsizeof(value)
        if value.__class__ is list:
            todo += value
        elif value.__class__ is dict:
            todo += value.keys()
            todo += value.values()
    return size


def copy_of(answer: Any) -> Any:
    """Return an answer that its receiver may change."""
    if isinstance(answer, list):
        return [copy_of(each) if isinstance(each, (list, dict)) else each for each in answer]
    if isinstance(answer, dict):
        return {key: copy_of(value) for key, value in answer.items()}
    return answer
