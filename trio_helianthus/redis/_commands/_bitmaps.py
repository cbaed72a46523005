# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Bitmaps: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._command_runner import CommandRunner, T
from .._command_table._bitmaps import BITCOUNT, BITFIELD, BITFIELD_RO, BITOP, BITPOS, GETBIT, SETBIT
from .._requests import _bitmaps as request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio_helianthus.core import CancelToken

    from .._bitfield import BitField
    from .._values import Key


class BitmapsCommands(CommandRunner[T]):
    """Bitmaps."""

    async def bitcount(
        self,
        key: Key,
        start: int | None = None,
        end: int | None = None,
        mode: Literal["BYTE", "BIT"] | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Count the bits of a string that are 1.

        :param start: where to begin; negative: from the end.
        :param end: where to end; it is part of it.
        :param mode: what ``start`` and ``end`` count; bytes if not said.
        :raises ValueError: there is ``end`` only; there is ``mode`` without a range; ``mode`` is
            none of these.
        """
        return await self._run(BITCOUNT, request.bitcount(key, start, end, mode), timeout, token)

    async def bitfield(
        self,
        key: Key,
        operations: BitField,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[int | None]:
        """Read and write numbers of any width in a string.

        ::

            counts = redis.BitField().get("u8", 0).incrby("u8", 8, 1)
            await r.bitfield("key", counts)

        :param operations: what to do, one after the other.
        :returns: a number for each operation; ``None`` where it would have overflowed.
        :raises ValueError: there are no ``operations``.
        """
        return await self._run(BITFIELD, request.bitfield(key, operations), timeout, token)

    async def bitfield_ro(
        self,
        key: Key,
        encoding: str,
        offset: int | str,
        items: Iterable[tuple[str, int | str]] = (),
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[int]:
        """Read numbers of any width from a string.

        :param encoding: such as ``"u8"`` or ``"i16"``.
        :param offset: in bits, or ``"#n"``: the n-th of that width.
        :param items: more of them: encoding and offset.
        """
        return await self._run(
            BITFIELD_RO, request.bitfield_ro(key, encoding, offset, items), timeout, token
        )

    async def bitop(
        self,
        operation: Literal["AND", "OR", "XOR", "NOT"],
        dest: Key,
        *keys: Key,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Combine strings bit by bit, and store the result.

        :returns: its length in bytes.
        :raises ValueError: ``operation`` is none of these; there are no ``keys``; it is ``NOT``,
            and there are several keys.
        """
        return await self._run(BITOP, request.bitop(operation, dest, *keys), timeout, token)

    async def bitpos(
        self,
        key: Key,
        bit: int,
        start: int | None = None,
        end: int | None = None,
        mode: Literal["BYTE", "BIT"] | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Find the first bit that is 1, or 0.

        :param bit: 0 or 1.
        :param start: where to begin; negative: from the end.
        :param end: where to end; it is part of it.
        :param mode: what ``start`` and ``end`` count; bytes if not said.
        :returns: counted from the string's first bit; -1 if there is none.
        :raises ValueError: ``bit`` is not 0 or 1; there is ``end`` only; there is ``mode`` without
            a range; ``mode`` is none of these.
        """
        return await self._run(BITPOS, request.bitpos(key, bit, start, end, mode), timeout, token)

    async def getbit(
        self,
        name: Key,
        offset: int,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Return a bit of a string.

        :param offset: in bits.
        """
        return await self._run(GETBIT, (b"GETBIT", name, offset), timeout, token)

    async def setbit(
        self,
        name: Key,
        offset: int,
        value: int,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Set a bit of a string, which grows as needed.

        :param offset: in bits.
        :param value: 0 or 1.
        :returns: what it was.
        :raises ValueError: ``offset`` is negative; ``value`` is not 0 or 1.
        """
        return await self._run(SETBIT, request.setbit(name, offset, value), timeout, token)
