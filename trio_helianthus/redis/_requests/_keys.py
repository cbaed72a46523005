# Made by scripts/generate_redis_commands.py; changes belong there.
"""Keys of any type: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._arguments import at_least, one_or_several, several

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._values import Key, Value


def copy(
    source: Key, destination: Key, destination_db: int | None = None, *, replace: bool = False
) -> tuple[Value, ...]:
    """Return the request of ``COPY``."""
    request: list[Value] = [b"COPY", source, destination]
    if destination_db is not None:
        at_least("destination_db", destination_db, 0)
        request += (b"DB", destination_db)
    if replace:
        request.append(b"REPLACE")
    return tuple(request)


def delete(*names: Key) -> tuple[Value, ...]:
    """Return the request of ``DEL``."""
    if not names:
        raise ValueError("no names: give one at least")
    return (b"DEL", *names)


def exists(*names: Key) -> tuple[Value, ...]:
    """Return the request of ``EXISTS``."""
    if not names:
        raise ValueError("no names: give one at least")
    return (b"EXISTS", *names)


def migrate(
    host: str,
    port: int,
    keys: Key | Iterable[Key],
    destination_db: int,
    timeout: int,
    *,
    copy: bool = False,
    replace: bool = False,
    auth: str | None = None,
    username: str | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``MIGRATE``."""
    listed = one_or_several("keys", keys)
    at_least("destination_db", destination_db, 0)
    if username is not None and auth is None:
        raise ValueError("username needs auth")
    request: list[Value] = [b"MIGRATE", host, port, b"", destination_db, timeout]
    if copy:
        request.append(b"COPY")
    if replace:
        request.append(b"REPLACE")
    if auth is not None and username is None:
        request += (b"AUTH", auth)
    elif auth is not None and username is not None:
        request += (b"AUTH2", username, auth)
    request += (b"KEYS", *listed)
    return tuple(request)


def move(name: Key, db: int) -> tuple[Value, ...]:
    """Return the request of ``MOVE``."""
    at_least("db", db, 0)
    return (b"MOVE", name, db)


def restore(
    name: Key,
    ttl: int,
    value: bytes,
    *,
    replace: bool = False,
    absttl: bool = False,
    idletime: int | None = None,
    frequency: int | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``RESTORE``."""
    at_least("ttl", ttl, 0)
    request: list[Value] = [b"RESTORE", name, ttl, value]
    if replace:
        request.append(b"REPLACE")
    if absttl:
        request.append(b"ABSTTL")
    if idletime is not None:
        at_least("idletime", idletime, 0)
        request += (b"IDLETIME", idletime)
    if frequency is not None:
        at_least("frequency", frequency, 0)
        request += (b"FREQ", frequency)
    return tuple(request)


def restore_asking(
    name: Key,
    ttl: int,
    value: bytes,
    *,
    replace: bool = False,
    absttl: bool = False,
    idletime: int | None = None,
    frequency: int | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``RESTORE-ASKING``."""
    at_least("ttl", ttl, 0)
    request: list[Value] = [b"RESTORE-ASKING", name, ttl, value]
    if replace:
        request.append(b"REPLACE")
    if absttl:
        request.append(b"ABSTTL")
    if idletime is not None:
        at_least("idletime", idletime, 0)
        request += (b"IDLETIME", idletime)
    if frequency is not None:
        at_least("frequency", frequency, 0)
        request += (b"FREQ", frequency)
    return tuple(request)


def scan(
    cursor: int = 0, match: Key | None = None, count: int | None = None, _type: str | None = None
) -> tuple[Value, ...]:
    """Return the request of ``SCAN``."""
    request: list[Value] = [b"SCAN", cursor]
    if match is not None:
        request += (b"MATCH", match)
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
    if _type is not None:
        request += (b"TYPE", _type)
    return tuple(request)


def sort(
    name: Key,
    start: int | None = None,
    num: int | None = None,
    by: Key | None = None,
    get: Iterable[Key] | None = None,
    *,
    desc: bool = False,
    alpha: bool = False,
    store: Key | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``SORT``."""
    if (start is None) != (num is None):
        raise ValueError("start and num go together")
    request: list[Value] = [b"SORT", name]
    if start is not None and num is not None:
        request += (b"LIMIT", start, num)
    if by is not None:
        request += (b"BY", by)
    if get is not None:
        for each in several("get", get):
            request += (b"GET", each)
    if desc:
        request.append(b"DESC")
    if alpha:
        request.append(b"ALPHA")
    if store is not None:
        request += (b"STORE", store)
    return tuple(request)


def sort_ro(
    key: Key,
    start: int | None = None,
    num: int | None = None,
    by: Key | None = None,
    get: Iterable[Key] | None = None,
    *,
    desc: bool = False,
    alpha: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``SORT_RO``."""
    if (start is None) != (num is None):
        raise ValueError("start and num go together")
    request: list[Value] = [b"SORT_RO", key]
    if start is not None and num is not None:
        request += (b"LIMIT", start, num)
    if by is not None:
        request += (b"BY", by)
    if get is not None:
        for each in several("get", get):
            request += (b"GET", each)
    if desc:
        request.append(b"DESC")
    if alpha:
        request.append(b"ALPHA")
    return tuple(request)


def touch(*names: Key) -> tuple[Value, ...]:
    """Return the request of ``TOUCH``."""
    if not names:
        raise ValueError("no names: give one at least")
    return (b"TOUCH", *names)


def unlink(*names: Key) -> tuple[Value, ...]:
    """Return the request of ``UNLINK``."""
    if not names:
        raise ValueError("no names: give one at least")
    return (b"UNLINK", *names)
