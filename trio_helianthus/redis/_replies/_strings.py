"""The answer of ``LCS``."""

from __future__ import annotations

from typing import Any

import attrs

from ._pairs import named

__all__ = ["CommonPart", "CommonParts", "common_parts"]


@attrs.frozen
class CommonPart:
    """A part that two strings have in common."""

    first: tuple[int, int]
    """Where it begins and ends in the first string: both bytes are part of it."""
    second: tuple[int, int]
    """The same for the second string."""
    length: int | None = None
    """How long it is; ``None`` unless asked for."""


@attrs.frozen
class CommonParts:
    """What two strings have in common: the answer of ``LCS`` with ``IDX``."""

    parts: list[CommonPart]
    """The parts, from the last to the first."""
    length: int
    """The length of all of them, also of those that were too short to be told."""


def common_parts(answer: Any) -> CommonParts:
    """Return what two strings have in common."""
    found = named(answer)
    return CommonParts(
        [
            CommonPart(tuple(match[0]), tuple(match[1]), match[2] if len(match) > 2 else None)
            for match in found["matches"]
        ],
        found["len"],
    )
