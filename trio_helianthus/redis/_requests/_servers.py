# Made by scripts/generate_redis_commands.py; changes belong there.
"""Servers: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._arguments import at_least

if TYPE_CHECKING:
    from .._values import Key, Value


def bgsave(*, schedule: bool = False, cancel: bool = False) -> tuple[Value, ...]:
    """Return the request of ``BGSAVE``."""
    if schedule and cancel:
        raise ValueError("schedule and cancel exclude each other")
    request: list[Value] = [b"BGSAVE"]
    if schedule:
        request.append(b"SCHEDULE")
    if cancel:
        request.append(b"CANCEL")
    return tuple(request)


def config_get(*pattern: Key) -> tuple[Value, ...]:
    """Return the request of ``CONFIG GET``."""
    if not pattern:
        raise ValueError("no pattern: give one at least")
    return (b"CONFIG", b"GET", *pattern)


def config_set(name: Key, value: Value, *args: Value) -> tuple[Value, ...]:
    """Return the request of ``CONFIG SET``."""
    if len(args) % 2:
        raise ValueError("the last setting has no value")
    return (b"CONFIG", b"SET", name, value, *args)


def debug(*args: Value) -> tuple[Value, ...]:
    """Return the request of ``DEBUG``."""
    if not args:
        raise ValueError("no args: give one at least")
    return (b"DEBUG", *args)


def failover(
    host: str | None = None,
    port: int | None = None,
    timeout: int | None = None,
    *,
    force: bool = False,
    abort: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``FAILOVER``."""
    if (host is None) != (port is None):
        raise ValueError("host and port go together")
    if force and (host is None or timeout is None):
        raise ValueError("force needs host, port and timeout")
    if abort and (host is not None or timeout is not None):
        raise ValueError("abort stands alone")
    request: list[Value] = [b"FAILOVER"]
    if host is not None and port is not None:
        request += (b"TO", host, port)
        if force:
            request.append(b"FORCE")
    if abort:
        request.append(b"ABORT")
    if timeout is not None:
        at_least("timeout", timeout, 1)
        request += (b"TIMEOUT", timeout)
    return tuple(request)


def flushall(*, asynchronous: bool = False) -> tuple[Value, ...]:
    """Return the request of ``FLUSHALL``."""
    request: list[Value] = [b"FLUSHALL"]
    if asynchronous:
        request.append(b"ASYNC")
    return tuple(request)


def flushdb(*, asynchronous: bool = False) -> tuple[Value, ...]:
    """Return the request of ``FLUSHDB``."""
    request: list[Value] = [b"FLUSHDB"]
    if asynchronous:
        request.append(b"ASYNC")
    return tuple(request)


def info(section: str | None = None, *args: str) -> tuple[Value, ...]:
    """Return the request of ``INFO``."""
    request: list[Value] = [b"INFO"]
    if section is not None:
        request += (section, *args)
    return tuple(request)


def replicaof(host: str | None = None, port: int | None = None) -> tuple[Value, ...]:
    """Return the request of ``REPLICAOF``."""
    if (host is None) != (port is None):
        raise ValueError("host and port go together")
    request: list[Value] = [b"REPLICAOF"]
    if host is None or port is None:
        request += (b"NO", b"ONE")
    else:
        request += (host, port)
    return tuple(request)


def shutdown(
    *,
    save: bool = False,
    nosave: bool = False,
    now: bool = False,
    force: bool = False,
    safe: bool = False,
    failover: bool = False,
    abort: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``SHUTDOWN``."""
    if save and nosave:
        raise ValueError("save and nosave exclude each other")
    if abort and (save or nosave or now or force or safe or failover):
        raise ValueError("abort stands alone")
    request: list[Value] = [b"SHUTDOWN"]
    if save:
        request.append(b"SAVE")
    if nosave:
        request.append(b"NOSAVE")
    if now:
        request.append(b"NOW")
    if force:
        request.append(b"FORCE")
    if safe:
        request.append(b"SAFE")
    if failover:
        request.append(b"FAILOVER")
    if abort:
        request.append(b"ABORT")
    return tuple(request)


def slaveof(host: str | None = None, port: int | None = None) -> tuple[Value, ...]:
    """Return the request of ``SLAVEOF``."""
    if (host is None) != (port is None):
        raise ValueError("host and port go together")
    request: list[Value] = [b"SLAVEOF"]
    if host is None or port is None:
        request += (b"NO", b"ONE")
    else:
        request += (host, port)
    return tuple(request)


def swapdb(first: int, second: int) -> tuple[Value, ...]:
    """Return the request of ``SWAPDB``."""
    at_least("first", first, 0)
    at_least("second", second, 0)
    return (b"SWAPDB", first, second)
