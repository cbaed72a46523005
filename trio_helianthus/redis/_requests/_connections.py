# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Connections: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._arguments import at_least, several

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._values import Value


def client_kill_filter(
    _id: Iterable[int] | None = None,
    _type: str | None = None,
    user: str | None = None,
    addr: str | None = None,
    laddr: str | None = None,
    skipme: bool | None = None,
    maxage: int | None = None,
    *,
    name: str | None = None,
    idle: int | None = None,
    flags: str | None = None,
    lib_name: str | None = None,
    lib_ver: str | None = None,
    db: int | None = None,
    capa: str | None = None,
    ip: str | None = None,
    not_id: Iterable[int] | None = None,
    not_type: str | None = None,
    not_user: str | None = None,
    not_addr: str | None = None,
    not_laddr: str | None = None,
    not_name: str | None = None,
    not_flags: str | None = None,
    not_lib_name: str | None = None,
    not_lib_ver: str | None = None,
    not_db: int | None = None,
    not_capa: str | None = None,
    not_ip: str | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``CLIENT KILL``."""
    request: list[Value] = [b"CLIENT", b"KILL"]
    if _id is not None:
        request += (b"ID", *several("_id", _id))
    if _type is not None:
        request += (b"TYPE", _type)
    if user is not None:
        request += (b"USER", user)
    if addr is not None:
        request += (b"ADDR", addr)
    if laddr is not None:
        request += (b"LADDR", laddr)
    if skipme is not None:
        request += (b"SKIPME", b"YES" if skipme else b"NO")
    if maxage is not None:
        at_least("maxage", maxage, 0)
        request += (b"MAXAGE", maxage)
    if name is not None:
        request += (b"NAME", name)
    if idle is not None:
        request += (b"IDLE", idle)
    if flags is not None:
        request += (b"FLAGS", flags)
    if lib_name is not None:
        request += (b"LIB-NAME", lib_name)
    if lib_ver is not None:
        request += (b"LIB-VER", lib_ver)
    if db is not None:
        request += (b"DB", db)
    if capa is not None:
        request += (b"CAPA", capa)
    if ip is not None:
        request += (b"IP", ip)
    if not_id is not None:
        request += (b"NOT-ID", *several("not_id", not_id))
    if not_type is not None:
        request += (b"NOT-TYPE", not_type)
    if not_user is not None:
        request += (b"NOT-USER", not_user)
    if not_addr is not None:
        request += (b"NOT-ADDR", not_addr)
    if not_laddr is not None:
        request += (b"NOT-LADDR", not_laddr)
    if not_name is not None:
        request += (b"NOT-NAME", not_name)
    if not_flags is not None:
        request += (b"NOT-FLAGS", not_flags)
    if not_lib_name is not None:
        request += (b"NOT-LIB-NAME", not_lib_name)
    if not_lib_ver is not None:
        request += (b"NOT-LIB-VER", not_lib_ver)
    if not_db is not None:
        request += (b"NOT-DB", not_db)
    if not_capa is not None:
        request += (b"NOT-CAPA", not_capa)
    if not_ip is not None:
        request += (b"NOT-IP", not_ip)
    if len(request) == 2:
        raise ValueError("say which connections")
    return tuple(request)


def client_list(
    _type: str | None = None,
    client_id: Iterable[int] | None = None,
    user: str | None = None,
    addr: str | None = None,
    laddr: str | None = None,
    skipme: bool | None = None,
    maxage: int | None = None,
    *,
    name: str | None = None,
    idle: int | None = None,
    flags: str | None = None,
    lib_name: str | None = None,
    lib_ver: str | None = None,
    db: int | None = None,
    capa: str | None = None,
    ip: str | None = None,
    not_id: Iterable[int] | None = None,
    not_type: str | None = None,
    not_user: str | None = None,
    not_addr: str | None = None,
    not_laddr: str | None = None,
    not_name: str | None = None,
    not_flags: str | None = None,
    not_lib_name: str | None = None,
    not_lib_ver: str | None = None,
    not_db: int | None = None,
    not_capa: str | None = None,
    not_ip: str | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``CLIENT LIST``."""
    request: list[Value] = [b"CLIENT", b"LIST"]
    if _type is not None:
        request += (b"TYPE", _type)
    if client_id is not None:
        request += (b"ID", *several("client_id", client_id))
    if user is not None:
        request += (b"USER", user)
    if addr is not None:
        request += (b"ADDR", addr)
    if laddr is not None:
        request += (b"LADDR", laddr)
    if skipme is not None:
        request += (b"SKIPME", b"YES" if skipme else b"NO")
    if maxage is not None:
        at_least("maxage", maxage, 0)
        request += (b"MAXAGE", maxage)
    if name is not None:
        request += (b"NAME", name)
    if idle is not None:
        request += (b"IDLE", idle)
    if flags is not None:
        request += (b"FLAGS", flags)
    if lib_name is not None:
        request += (b"LIB-NAME", lib_name)
    if lib_ver is not None:
        request += (b"LIB-VER", lib_ver)
    if db is not None:
        request += (b"DB", db)
    if capa is not None:
        request += (b"CAPA", capa)
    if ip is not None:
        request += (b"IP", ip)
    if not_id is not None:
        request += (b"NOT-ID", *several("not_id", not_id))
    if not_type is not None:
        request += (b"NOT-TYPE", not_type)
    if not_user is not None:
        request += (b"NOT-USER", not_user)
    if not_addr is not None:
        request += (b"NOT-ADDR", not_addr)
    if not_laddr is not None:
        request += (b"NOT-LADDR", not_laddr)
    if not_name is not None:
        request += (b"NOT-NAME", not_name)
    if not_flags is not None:
        request += (b"NOT-FLAGS", not_flags)
    if not_lib_name is not None:
        request += (b"NOT-LIB-NAME", not_lib_name)
    if not_lib_ver is not None:
        request += (b"NOT-LIB-VER", not_lib_ver)
    if not_db is not None:
        request += (b"NOT-DB", not_db)
    if not_capa is not None:
        request += (b"NOT-CAPA", not_capa)
    if not_ip is not None:
        request += (b"NOT-IP", not_ip)
    return tuple(request)


def client_pause(timeout: int, *, all: bool = True) -> tuple[Value, ...]:
    """Return the request of ``CLIENT PAUSE``."""
    at_least("timeout", timeout, 0)
    request: list[Value] = [b"CLIENT", b"PAUSE", timeout]
    request.append(b"ALL" if all else b"WRITE")
    return tuple(request)


def client_unblock(client_id: int, *, error: bool = False) -> tuple[Value, ...]:
    """Return the request of ``CLIENT UNBLOCK``."""
    request: list[Value] = [b"CLIENT", b"UNBLOCK", client_id]
    if error:
        request.append(b"ERROR")
    return tuple(request)


def ping(message: Value | None = None) -> tuple[Value, ...]:
    """Return the request of ``PING``."""
    request: list[Value] = [b"PING"]
    if message is not None:
        request.append(message)
    return tuple(request)
