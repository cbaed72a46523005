"""What ``BITFIELD`` does: numbers of any width in a string, read and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from ._arguments import word_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._values import Value

__all__ = ["BitField"]


class BitField:
    """Operations for :meth:`Redis.bitfield`; each method adds one, and returns the object.

    ::

        operations = BitField().overflow("SAT").incrby("u8", "#0", 200).get("u8", "#1")

    Encodings are ``"u8"``, ``"i16"`` and so on, up to ``"u63"`` and ``"i64"``. Offsets are in bits,
    or ``"#n"``: the n-th number of that width.
    """

    def __init__(self) -> None:
        self._words: list[Value] = []

    def __iter__(self) -> Iterator[Value]:
        return iter(self._words)

    def __bool__(self) -> bool:
        return bool(self._words)

    def get(self, encoding: str, offset: int | str) -> Self:
        """Read a number."""
        return self._add(b"GET", encoding, offset)

    def set(self, encoding: str, offset: int | str, value: int) -> Self:
        """Write a number; the answer is what it was."""
        return self._add(b"SET", encoding, offset, value)

    def incrby(self, encoding: str, offset: int | str, increment: int) -> Self:
        """Add to a number; the answer is the new one."""
        return self._add(b"INCRBY", encoding, offset, increment)

    def overflow(self, behaviour: Literal["WRAP", "SAT", "FAIL"]) -> Self:
        """Say what becomes of numbers, from here on, that do not fit.

        :param behaviour: begin at the other end (as at first), stay at the end, or do not change
            it; then the answer is ``None``.
        :raises ValueError: it is none of these.
        """
        return self._add(b"OVERFLOW", word_of("behaviour", behaviour, ("WRAP", "SAT", "FAIL")))

    def _add(self, *words: Value) -> Self:
        self._words += words
        return self
