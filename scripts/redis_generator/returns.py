"""What methods return: the type, and the decoder that makes it of the answer."""

from __future__ import annotations

import attrs

__all__ = [
    "ANY",
    "BOOL",
    "BOOLS",
    "BYTES_OR_NONE",
    "FLOAT",
    "FLOAT_OR_NONE",
    "INT",
    "INTS",
    "INT_OR_NONE",
    "NOTHING",
    "STR",
    "STRS",
    "TEXT",
    "TEXTS",
    "TEXTS_OR_NONE",
    "TEXT_OR_NONE",
    "TEXT_SET",
    "Returns",
]


@attrs.frozen
class Returns:
    """A type, and how the answer becomes it."""

    type: str
    decode: str = ""
    """A function of ``_replies``; none if the answer is one already."""
    doc: str = ""
    """What it means."""

    def __call__(self, doc: str) -> Returns:
        """Return the same with its meaning."""
        return attrs.evolve(self, doc=doc)


ANY = Returns("Any")
BOOL = Returns("bool", "boolean")
BOOLS = Returns("list[bool]", "all_booleans")
BYTES_OR_NONE = Returns("bytes | None")
FLOAT = Returns("float", "number")
FLOAT_OR_NONE = Returns("float | None", "number")
INT = Returns("int")
INTS = Returns("list[int]")
INT_OR_NONE = Returns("int | None")
NOTHING = Returns("None", "no_value")
STR = Returns("str", "text")
STRS = Returns("list[str]", "texts")
TEXT = Returns("T")
TEXTS = Returns("list[T]")
TEXTS_OR_NONE = Returns("list[T | None]")
TEXT_OR_NONE = Returns("T | None")
TEXT_SET = Returns("set[T]", "as_set")
