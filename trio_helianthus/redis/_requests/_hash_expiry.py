# Made by scripts/generate_redis_commands.py; changes belong there.
"""When fields of hashes expire: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._arguments import as_milliseconds, as_seconds, unix_milliseconds, unix_seconds

if TYPE_CHECKING:
    from .._values import Duration, Key, Moment, Value


def hexpire(
    name: Key,
    seconds: Duration,
    *fields: Value,
    nx: bool = False,
    xx: bool = False,
    gt: bool = False,
    lt: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``HEXPIRE``."""
    span = as_seconds(seconds)
    if nx and (xx or gt or lt):
        raise ValueError("nx excludes xx, gt and lt")
    if gt and lt:
        raise ValueError("gt and lt exclude each other")
    if not fields:
        raise ValueError("no fields: give one at least")
    request: list[Value] = [b"HEXPIRE", name, span]
    if nx:
        request.append(b"NX")
    if xx:
        request.append(b"XX")
    if gt:
        request.append(b"GT")
    if lt:
        request.append(b"LT")
    request += (b"FIELDS", len(fields), *fields)
    return tuple(request)


def hexpireat(
    name: Key,
    unix_time_seconds: Moment,
    *fields: Value,
    nx: bool = False,
    xx: bool = False,
    gt: bool = False,
    lt: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``HEXPIREAT``."""
    moment = unix_seconds(unix_time_seconds)
    if nx and (xx or gt or lt):
        raise ValueError("nx excludes xx, gt and lt")
    if gt and lt:
        raise ValueError("gt and lt exclude each other")
    if not fields:
        raise ValueError("no fields: give one at least")
    request: list[Value] = [b"HEXPIREAT", name, moment]
    if nx:
        request.append(b"NX")
    if xx:
        request.append(b"XX")
    if gt:
        request.append(b"GT")
    if lt:
        request.append(b"LT")
    request += (b"FIELDS", len(fields), *fields)
    return tuple(request)


def hexpiretime(key: Key, *fields: Value) -> tuple[Value, ...]:
    """Return the request of ``HEXPIRETIME``."""
    if not fields:
        raise ValueError("no fields: give one at least")
    return (b"HEXPIRETIME", key, b"FIELDS", len(fields), *fields)


def hpersist(name: Key, *fields: Value) -> tuple[Value, ...]:
    """Return the request of ``HPERSIST``."""
    if not fields:
        raise ValueError("no fields: give one at least")
    return (b"HPERSIST", name, b"FIELDS", len(fields), *fields)


def hpexpire(
    name: Key,
    milliseconds: Duration,
    *fields: Value,
    nx: bool = False,
    xx: bool = False,
    gt: bool = False,
    lt: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``HPEXPIRE``."""
    span = as_milliseconds(milliseconds)
    if nx and (xx or gt or lt):
        raise ValueError("nx excludes xx, gt and lt")
    if gt and lt:
        raise ValueError("gt and lt exclude each other")
    if not fields:
        raise ValueError("no fields: give one at least")
    request: list[Value] = [b"HPEXPIRE", name, span]
    if nx:
        request.append(b"NX")
    if xx:
        request.append(b"XX")
    if gt:
        request.append(b"GT")
    if lt:
        request.append(b"LT")
    request += (b"FIELDS", len(fields), *fields)
    return tuple(request)


def hpexpireat(
    name: Key,
    unix_time_milliseconds: Moment,
    *fields: Value,
    nx: bool = False,
    xx: bool = False,
    gt: bool = False,
    lt: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``HPEXPIREAT``."""
    moment = unix_milliseconds(unix_time_milliseconds)
    if nx and (xx or gt or lt):
        raise ValueError("nx excludes xx, gt and lt")
    if gt and lt:
        raise ValueError("gt and lt exclude each other")
    if not fields:
        raise ValueError("no fields: give one at least")
    request: list[Value] = [b"HPEXPIREAT", name, moment]
    if nx:
        request.append(b"NX")
    if xx:
        request.append(b"XX")
    if gt:
        request.append(b"GT")
    if lt:
        request.append(b"LT")
    request += (b"FIELDS", len(fields), *fields)
    return tuple(request)


def hpexpiretime(key: Key, *fields: Value) -> tuple[Value, ...]:
    """Return the request of ``HPEXPIRETIME``."""
    if not fields:
        raise ValueError("no fields: give one at least")
    return (b"HPEXPIRETIME", key, b"FIELDS", len(fields), *fields)


def hpttl(key: Key, *fields: Value) -> tuple[Value, ...]:
    """Return the request of ``HPTTL``."""
    if not fields:
        raise ValueError("no fields: give one at least")
    return (b"HPTTL", key, b"FIELDS", len(fields), *fields)


def httl(key: Key, *fields: Value) -> tuple[Value, ...]:
    """Return the request of ``HTTL``."""
    if not fields:
        raise ValueError("no fields: give one at least")
    return (b"HTTL", key, b"FIELDS", len(fields), *fields)
