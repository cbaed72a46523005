"""Which bytes a ``Range`` asks for (RFC 9110 section 14)."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

__all__ = ["ByteRange", "content_range", "parse_range"]

ByteRange: TypeAlias = "tuple[int, int]"
"""Where it begins, and where it ends: the first byte that is no part of it."""

_SPEC: Final = re.compile(r"(?P<first>[0-9]*)-(?P<last>[0-9]*)")
MAX_RANGES: Final = 64
"""How many ranges one request may ask for; the whole is sent to who wants more."""
PART_BYTES: Final = 128
"""What one more part costs beside its content; smaller gaps are sent as well."""
_FAR_AWAY: Final = 2**63


def parse_range(field: str, size: int) -> list[ByteRange] | None:
    """The ranges of a representation that are to be sent, in order and without overlaps.

    :param field: the value of ``Range``.
    :param size: of the representation.
    :returns: an empty list where none can be (416), and ``None`` where the field is to be ignored:
        another unit, malformed, asking for as much as there is in pieces, or for a part of nothing,
        as those do who ask for the first bytes of everything.
    """
    unit, _, specs = field.partition("=")
    if unit.strip(" \t").lower() != "bytes":
        return None
    wanted: list[ByteRange] = []
    count = 0
    for spec in specs.split(","):
        text = spec.strip(" \t")
        if not text:
            continue
        count += 1
        found = _SPEC.fullmatch(text)
        if found is None or text == "-" or count > MAX_RANGES:
            return None
        first, last = _position(found["first"]), _position(found["last"])
        if first is None:
            assert last is not None
            start, stop = max(0, size - last), size
        else:
            if last is not None and last < first:
                return None
            start, stop = first, size if last is None else min(last + 1, size)
        if start < stop:
            wanted.append((start, stop))
    if not count or not size:
        return None
    ranges = _coalesce(wanted)
    if len(ranges) > 1 and sum(stop - start + PART_BYTES for start, stop in ranges) >= size:
        return None
    return ranges


def content_range(byte_range: ByteRange | None, size: int) -> str:
    """The value of ``Content-Range``; ``None`` for what could not be satisfied."""
    if byte_range is None:
        return f"bytes */{size}"
    start, stop = byte_range
    return f"bytes {start}-{stop - 1}/{size}"


def _position(digits: str) -> int | None:
    if not digits:
        return None
    return int(digits) if len(digits) <= 18 else _FAR_AWAY


def _coalesce(ranges: list[ByteRange]) -> list[ByteRange]:
    """Join what overlaps or is so close together that a part of its own costs more."""
    joined: list[ByteRange] = []
    for start, stop in sorted(ranges):
        if joined and start <= joined[-1][1] + PART_BYTES:
            joined[-1] = joined[-1][0], max(stop, joined[-1][1])
        else:
            joined.append((start, stop))
    return joined
