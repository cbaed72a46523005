# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A001 - commands and their arguments are named as the server does
"""Scripts: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._arguments import at_least, word_of

if TYPE_CHECKING:
    from .._values import Key, Value


def eval(script: str | bytes, numkeys: int, *keys_and_args: Value) -> tuple[Value, ...]:
    """Return the request of ``EVAL``."""
    at_least("numkeys", numkeys, 0)
    if numkeys > len(keys_and_args):
        raise ValueError(f"there are only {len(keys_and_args)} keys and args")
    return (b"EVAL", script, numkeys, *keys_and_args)


def eval_ro(script: str | bytes, numkeys: int, *keys_and_args: Value) -> tuple[Value, ...]:
    """Return the request of ``EVAL_RO``."""
    at_least("numkeys", numkeys, 0)
    if numkeys > len(keys_and_args):
        raise ValueError(f"there are only {len(keys_and_args)} keys and args")
    return (b"EVAL_RO", script, numkeys, *keys_and_args)


def evalsha(sha: Key, numkeys: int, *keys_and_args: Value) -> tuple[Value, ...]:
    """Return the request of ``EVALSHA``."""
    at_least("numkeys", numkeys, 0)
    if numkeys > len(keys_and_args):
        raise ValueError(f"there are only {len(keys_and_args)} keys and args")
    return (b"EVALSHA", sha, numkeys, *keys_and_args)


def evalsha_ro(sha: Key, numkeys: int, *keys_and_args: Value) -> tuple[Value, ...]:
    """Return the request of ``EVALSHA_RO``."""
    at_least("numkeys", numkeys, 0)
    if numkeys > len(keys_and_args):
        raise ValueError(f"there are only {len(keys_and_args)} keys and args")
    return (b"EVALSHA_RO", sha, numkeys, *keys_and_args)


def script_exists(*args: Key) -> tuple[Value, ...]:
    """Return the request of ``SCRIPT EXISTS``."""
    if not args:
        raise ValueError("no args: give one at least")
    return (b"SCRIPT", b"EXISTS", *args)


def script_flush(sync_type: Literal["ASYNC", "SYNC"] | None = None) -> tuple[Value, ...]:
    """Return the request of ``SCRIPT FLUSH``."""
    request: list[Value] = [b"SCRIPT", b"FLUSH"]
    if sync_type is not None:
        request.append(word_of("sync_type", sync_type, ("ASYNC", "SYNC")))
    return tuple(request)
