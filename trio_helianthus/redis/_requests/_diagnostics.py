# Made by scripts/generate_redis_commands.py; changes belong there.
"""Diagnostics: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._arguments import at_least, word_of

if TYPE_CHECKING:
    from .._values import Key, Value


def commandlog_get(
    count: int, kind: Literal["SLOW", "LARGE-REQUEST", "LARGE-REPLY"]
) -> tuple[Value, ...]:
    """Return the request of ``COMMANDLOG GET``."""
    at_least("count", count, -1)
    chosen_kind = word_of("kind", kind, ("SLOW", "LARGE-REQUEST", "LARGE-REPLY"))
    return (b"COMMANDLOG", b"GET", count, chosen_kind)


def commandlog_len(kind: Literal["SLOW", "LARGE-REQUEST", "LARGE-REPLY"]) -> tuple[Value, ...]:
    """Return the request of ``COMMANDLOG LEN``."""
    chosen_kind = word_of("kind", kind, ("SLOW", "LARGE-REQUEST", "LARGE-REPLY"))
    return (b"COMMANDLOG", b"LEN", chosen_kind)


def commandlog_reset(kind: Literal["SLOW", "LARGE-REQUEST", "LARGE-REPLY"]) -> tuple[Value, ...]:
    """Return the request of ``COMMANDLOG RESET``."""
    chosen_kind = word_of("kind", kind, ("SLOW", "LARGE-REQUEST", "LARGE-REPLY"))
    return (b"COMMANDLOG", b"RESET", chosen_kind)


def lolwut(*version_numbers: int) -> tuple[Value, ...]:
    """Return the request of ``LOLWUT``."""
    request: list[Value] = [b"LOLWUT"]
    if version_numbers:
        request += (b"VERSION", *version_numbers)
    return tuple(request)


def memory_usage(key: Key, samples: int | None = None) -> tuple[Value, ...]:
    """Return the request of ``MEMORY USAGE``."""
    request: list[Value] = [b"MEMORY", b"USAGE", key]
    if samples is not None:
        at_least("samples", samples, 0)
        request += (b"SAMPLES", samples)
    return tuple(request)


def slowlog_get(num: int | None = None) -> tuple[Value, ...]:
    """Return the request of ``SLOWLOG GET``."""
    request: list[Value] = [b"SLOWLOG", b"GET"]
    if num is not None:
        at_least("num", num, -1)
        request.append(num)
    return tuple(request)
