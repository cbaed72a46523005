"""What the numbers that recipes are made with have to be."""

from __future__ import annotations

import math

__all__ = ["check_amount", "check_count", "check_span"]


def check_span(name: str, seconds: float, least: float) -> None:
    """Check a time span.

    :raises ValueError: it is too short, or has no end.
    """
    if not least <= seconds < math.inf:  # this way round it catches NaN as well
        raise ValueError(f"{name} must be at least {least:g} seconds, and finite, not {seconds!r}")


def check_count(name: str, number: int) -> None:
    """Check a number of things.

    :raises TypeError: it is no whole number.
    :raises ValueError: it is below 1.
    """
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"{name} is a whole number, not {type(number).__name__}")
    if number < 1:
        raise ValueError(f"{name} must be at least 1, not {number}")


def check_amount(name: str, number: float, most: float) -> None:
    """Check a number of which there is a most.

    :raises ValueError: it is negative, or more.
    """
    if not 0 <= number <= most:
        raise ValueError(f"{name} must be from 0 to {most:g}, not {number!r}")
