# Made by scripts/generate_redis_commands.py; changes belong there.
"""When keys expire: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._arguments import as_milliseconds, as_seconds, unix_milliseconds, unix_seconds

if TYPE_CHECKING:
    from .._values import Duration, Key, Moment, Value


def expire(
    name: Key,
    time: Duration,
    *,
    nx: bool = False,
    xx: bool = False,
    gt: bool = False,
    lt: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``EXPIRE``."""
    span = as_seconds(time)
    if nx and (xx or gt or lt):
        raise ValueError("nx excludes xx, gt and lt")
    if gt and lt:
        raise ValueError("gt and lt exclude each other")
    request: list[Value] = [b"EXPIRE", name, span]
    if nx:
        request.append(b"NX")
    if xx:
        request.append(b"XX")
    if gt:
        request.append(b"GT")
    if lt:
        request.append(b"LT")
    return tuple(request)


def expireat(
    name: Key,
    when: Moment,
    *,
    nx: bool = False,
    xx: bool = False,
    gt: bool = False,
    lt: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``EXPIREAT``."""
    moment = unix_seconds(when)
    if nx and (xx or gt or lt):
        raise ValueError("nx excludes xx, gt and lt")
    if gt and lt:
        raise ValueError("gt and lt exclude each other")
    request: list[Value] = [b"EXPIREAT", name, moment]
    if nx:
        request.append(b"NX")
    if xx:
        request.append(b"XX")
    if gt:
        request.append(b"GT")
    if lt:
        request.append(b"LT")
    return tuple(request)


def pexpire(
    name: Key,
    time: Duration,
    *,
    nx: bool = False,
    xx: bool = False,
    gt: bool = False,
    lt: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``PEXPIRE``."""
    span = as_milliseconds(time)
    if nx and (xx or gt or lt):
        raise ValueError("nx excludes xx, gt and lt")
    if gt and lt:
        raise ValueError("gt and lt exclude each other")
    request: list[Value] = [b"PEXPIRE", name, span]
    if nx:
        request.append(b"NX")
    if xx:
        request.append(b"XX")
    if gt:
        request.append(b"GT")
    if lt:
        request.append(b"LT")
    return tuple(request)


def pexpireat(
    name: Key,
    when: Moment,
    *,
    nx: bool = False,
    xx: bool = False,
    gt: bool = False,
    lt: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``PEXPIREAT``."""
    moment = unix_milliseconds(when)
    if nx and (xx or gt or lt):
        raise ValueError("nx excludes xx, gt and lt")
    if gt and lt:
        raise ValueError("gt and lt exclude each other")
    request: list[Value] = [b"PEXPIREAT", name, moment]
    if nx:
        request.append(b"NX")
    if xx:
        request.append(b"XX")
    if gt:
        request.append(b"GT")
    if lt:
        request.append(b"LT")
    return tuple(request)
