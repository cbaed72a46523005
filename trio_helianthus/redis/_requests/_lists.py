# Made by scripts/generate_redis_commands.py; changes belong there.
"""Lists: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._arguments import at_least, block_seconds, numbered, one_or_several, word_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._values import Key, Value


def blmove(
    first_list: Key,
    second_list: Key,
    timeout: float | None,
    src: Literal["LEFT", "RIGHT"] = "LEFT",
    dest: Literal["LEFT", "RIGHT"] = "RIGHT",
) -> tuple[Value, ...]:
    """Return the request of ``BLMOVE``."""
    chosen_src = word_of("src", src, ("LEFT", "RIGHT"))
    chosen_dest = word_of("dest", dest, ("LEFT", "RIGHT"))
    wait = block_seconds(timeout)
    return (b"BLMOVE", first_list, second_list, chosen_src, chosen_dest, wait)


def blmpop(
    timeout: float | None,
    numkeys: int,
    *args: Key,
    direction: Literal["LEFT", "RIGHT"],
    count: int | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``BLMPOP``."""
    wait = block_seconds(timeout)
    numbered("args", args, numkeys)
    chosen_direction = word_of("direction", direction, ("LEFT", "RIGHT"))
    request: list[Value] = [b"BLMPOP", wait, numkeys, *args, chosen_direction]
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
    return tuple(request)


def blpop(keys: Key | Iterable[Key], timeout: float | None = 0) -> tuple[Value, ...]:
    """Return the request of ``BLPOP``."""
    listed = one_or_several("keys", keys)
    wait = block_seconds(timeout)
    return (b"BLPOP", *listed, wait)


def brpop(keys: Key | Iterable[Key], timeout: float | None = 0) -> tuple[Value, ...]:
    """Return the request of ``BRPOP``."""
    listed = one_or_several("keys", keys)
    wait = block_seconds(timeout)
    return (b"BRPOP", *listed, wait)


def brpoplpush(src: Key, dst: Key, timeout: float | None = 0) -> tuple[Value, ...]:
    """Return the request of ``BRPOPLPUSH``."""
    wait = block_seconds(timeout)
    return (b"BRPOPLPUSH", src, dst, wait)


def linsert(
    name: Key, where: Literal["BEFORE", "AFTER"], refvalue: Value, value: Value
) -> tuple[Value, ...]:
    """Return the request of ``LINSERT``."""
    chosen_where = word_of("where", where, ("BEFORE", "AFTER"))
    return (b"LINSERT", name, chosen_where, refvalue, value)


def lmove(
    first_list: Key,
    second_list: Key,
    src: Literal["LEFT", "RIGHT"] = "LEFT",
    dest: Literal["LEFT", "RIGHT"] = "RIGHT",
) -> tuple[Value, ...]:
    """Return the request of ``LMOVE``."""
    chosen_src = word_of("src", src, ("LEFT", "RIGHT"))
    chosen_dest = word_of("dest", dest, ("LEFT", "RIGHT"))
    return (b"LMOVE", first_list, second_list, chosen_src, chosen_dest)


def lmpop(
    num_keys: int, *args: Key, direction: Literal["LEFT", "RIGHT"], count: int | None = None
) -> tuple[Value, ...]:
    """Return the request of ``LMPOP``."""
    numbered("args", args, num_keys)
    chosen_direction = word_of("direction", direction, ("LEFT", "RIGHT"))
    request: list[Value] = [b"LMPOP", num_keys, *args, chosen_direction]
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
    return tuple(request)


def lpop(name: Key, count: int | None = None) -> tuple[Value, ...]:
    """Return the request of ``LPOP``."""
    request: list[Value] = [b"LPOP", name]
    if count is not None:
        at_least("count", count, 0)
        request.append(count)
    return tuple(request)


def lpos(
    name: Key,
    value: Value,
    rank: int | None = None,
    count: int | None = None,
    maxlen: int | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``LPOS``."""
    if rank == 0:
        raise ValueError("rank counts from 1, or from -1 backwards")
    request: list[Value] = [b"LPOS", name, value]
    if rank is not None:
        request += (b"RANK", rank)
    if count is not None:
        at_least("count", count, 0)
        request += (b"COUNT", count)
    if maxlen is not None:
        at_least("maxlen", maxlen, 0)
        request += (b"MAXLEN", maxlen)
    return tuple(request)


def lpush(name: Key, *values: Value) -> tuple[Value, ...]:
    """Return the request of ``LPUSH``."""
    if not values:
        raise ValueError("no values: give one at least")
    return (b"LPUSH", name, *values)


def lpushx(name: Key, *values: Value) -> tuple[Value, ...]:
    """Return the request of ``LPUSHX``."""
    if not values:
        raise ValueError("no values: give one at least")
    return (b"LPUSHX", name, *values)


def rpop(name: Key, count: int | None = None) -> tuple[Value, ...]:
    """Return the request of ``RPOP``."""
    request: list[Value] = [b"RPOP", name]
    if count is not None:
        at_least("count", count, 0)
        request.append(count)
    return tuple(request)


def rpush(name: Key, *values: Value) -> tuple[Value, ...]:
    """Return the request of ``RPUSH``."""
    if not values:
        raise ValueError("no values: give one at least")
    return (b"RPUSH", name, *values)


def rpushx(name: Key, *values: Value) -> tuple[Value, ...]:
    """Return the request of ``RPUSHX``."""
    if not values:
        raise ValueError("no values: give one at least")
    return (b"RPUSHX", name, *values)
