# Made by scripts/generate_redis_commands.py; changes belong there.
"""Bitmaps: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._arguments import at_least, word_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._bitfield import BitField
    from .._values import Key, Value


def bitcount(
    key: Key,
    start: int | None = None,
    end: int | None = None,
    mode: Literal["BYTE", "BIT"] | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``BITCOUNT``."""
    if start is None and end is not None:
        raise ValueError("end needs a start")
    if end is None and mode is not None:
        raise ValueError("mode needs start and end")
    request: list[Value] = [b"BITCOUNT", key]
    if start is not None:
        request.append(start)
    if end is not None:
        request.append(end)
    if mode is not None:
        request.append(word_of("mode", mode, ("BYTE", "BIT")))
    return tuple(request)


def bitfield(key: Key, operations: BitField) -> tuple[Value, ...]:
    """Return the request of ``BITFIELD``."""
    if not operations:
        raise ValueError("there is nothing to do")
    return (b"BITFIELD", key, *operations)


def bitfield_ro(
    key: Key, encoding: str, offset: int | str, items: Iterable[tuple[str, int | str]] = ()
) -> tuple[Value, ...]:
    """Return the request of ``BITFIELD_RO``."""
    request: list[Value] = [b"BITFIELD_RO", key, b"GET", encoding, offset]
    for each in items:
        request += (b"GET", *each)
    return tuple(request)


def bitop(
    operation: Literal["AND", "OR", "XOR", "NOT"], dest: Key, *keys: Key
) -> tuple[Value, ...]:
    """Return the request of ``BITOP``."""
    chosen_operation = word_of("operation", operation, ("AND", "OR", "XOR", "NOT"))
    if not keys:
        raise ValueError("no keys: give one at least")
    if operation.upper() == "NOT" and len(keys) != 1:
        raise ValueError("NOT takes one key")
    return (b"BITOP", chosen_operation, dest, *keys)


def bitpos(
    key: Key,
    bit: int,
    start: int | None = None,
    end: int | None = None,
    mode: Literal["BYTE", "BIT"] | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``BITPOS``."""
    if bit not in (0, 1):
        raise ValueError("bit is 0 or 1")
    if start is None and end is not None:
        raise ValueError("end needs a start")
    if end is None and mode is not None:
        raise ValueError("mode needs start and end")
    request: list[Value] = [b"BITPOS", key, bit]
    if start is not None:
        request.append(start)
    if end is not None:
        request.append(end)
    if mode is not None:
        request.append(word_of("mode", mode, ("BYTE", "BIT")))
    return tuple(request)


def setbit(name: Key, offset: int, value: int) -> tuple[Value, ...]:
    """Return the request of ``SETBIT``."""
    at_least("offset", offset, 0)
    if value not in (0, 1):
        raise ValueError("value is 0 or 1")
    return (b"SETBIT", name, offset, value)
