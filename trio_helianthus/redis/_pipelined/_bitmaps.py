# Made by scripts/generate_redis_commands.py; changes belong there.
"""Bitmaps: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from .._command_runner import CommandQueue, T
from .._command_table._bitmaps import BITCOUNT, BITFIELD, BITFIELD_RO, BITOP, BITPOS, GETBIT, SETBIT
from .._requests import _bitmaps as request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._bitfield import BitField
    from .._values import Key


class QueuedBitmapsCommands(CommandQueue[T]):
    """Bitmaps."""

    def bitcount(
        self,
        key: Key,
        start: int | None = None,
        end: int | None = None,
        mode: Literal["BYTE", "BIT"] | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.bitcount`."""
        self._queue(BITCOUNT, request.bitcount(key, start, end, mode))
        return self

    def bitfield(self, key: Key, operations: BitField) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.bitfield`."""
        self._queue(BITFIELD, request.bitfield(key, operations))
        return self

    def bitfield_ro(
        self,
        key: Key,
        encoding: str,
        offset: int | str,
        items: Iterable[tuple[str, int | str]] = (),
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.bitfield_ro`."""
        self._queue(BITFIELD_RO, request.bitfield_ro(key, encoding, offset, items))
        return self

    def bitop(self, operation: Literal["AND", "OR", "XOR", "NOT"], dest: Key, *keys: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.bitop`."""
        self._queue(BITOP, request.bitop(operation, dest, *keys))
        return self

    def bitpos(
        self,
        key: Key,
        bit: int,
        start: int | None = None,
        end: int | None = None,
        mode: Literal["BYTE", "BIT"] | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.bitpos`."""
        self._queue(BITPOS, request.bitpos(key, bit, start, end, mode))
        return self

    def getbit(self, name: Key, offset: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.getbit`."""
        self._queue(GETBIT, (b"GETBIT", name, offset))
        return self

    def setbit(self, name: Key, offset: int, value: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.setbit`."""
        self._queue(SETBIT, request.setbit(name, offset, value))
        return self
