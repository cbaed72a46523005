# Made by scripts/generate_redis_commands.py; changes belong there.
"""Functions: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._arguments import at_least, word_of

if TYPE_CHECKING:
    from .._values import Key, Value


def fcall(function: Key, numkeys: int, *keys_and_args: Value) -> tuple[Value, ...]:
    """Return the request of ``FCALL``."""
    at_least("numkeys", numkeys, 0)
    if numkeys > len(keys_and_args):
        raise ValueError(f"there are only {len(keys_and_args)} keys and args")
    return (b"FCALL", function, numkeys, *keys_and_args)


def fcall_ro(function: Key, numkeys: int, *keys_and_args: Value) -> tuple[Value, ...]:
    """Return the request of ``FCALL_RO``."""
    at_least("numkeys", numkeys, 0)
    if numkeys > len(keys_and_args):
        raise ValueError(f"there are only {len(keys_and_args)} keys and args")
    return (b"FCALL_RO", function, numkeys, *keys_and_args)


def function_flush(mode: Literal["ASYNC", "SYNC"] | None = None) -> tuple[Value, ...]:
    """Return the request of ``FUNCTION FLUSH``."""
    request: list[Value] = [b"FUNCTION", b"FLUSH"]
    if mode is not None:
        request.append(word_of("mode", mode, ("ASYNC", "SYNC")))
    return tuple(request)


def function_list(library: Key | None = None, *, withcode: bool = False) -> tuple[Value, ...]:
    """Return the request of ``FUNCTION LIST``."""
    request: list[Value] = [b"FUNCTION", b"LIST"]
    if library is not None:
        request += (b"LIBRARYNAME", library)
    if withcode:
        request.append(b"WITHCODE")
    return tuple(request)


def function_load(code: str | bytes, *, replace: bool = False) -> tuple[Value, ...]:
    """Return the request of ``FUNCTION LOAD``."""
    request: list[Value] = [b"FUNCTION", b"LOAD"]
    if replace:
        request.append(b"REPLACE")
    request.append(code)
    return tuple(request)


def function_restore(
    payload: bytes, policy: Literal["FLUSH", "APPEND", "REPLACE"] | None = None
) -> tuple[Value, ...]:
    """Return the request of ``FUNCTION RESTORE``."""
    request: list[Value] = [b"FUNCTION", b"RESTORE", payload]
    if policy is not None:
        request.append(word_of("policy", policy, ("FLUSH", "APPEND", "REPLACE")))
    return tuple(request)
