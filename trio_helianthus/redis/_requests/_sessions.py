# Made by scripts/generate_redis_commands.py; changes belong there.
"""Lent connections: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._arguments import at_least, several, word_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._values import Key, Value


def auth(password: str, username: str | None = None) -> tuple[Value, ...]:
    """Return the request of ``AUTH``."""
    request: list[Value] = [b"AUTH", password]
    if username is not None:
        request.insert(1, username)
    return tuple(request)


def client_capa(*capabilities: str) -> tuple[Value, ...]:
    """Return the request of ``CLIENT CAPA``."""
    if not capabilities:
        raise ValueError("no capabilities: give one at least")
    return (b"CLIENT", b"CAPA", *capabilities)


def client_import_source(mode: Literal["ON", "OFF"]) -> tuple[Value, ...]:
    """Return the request of ``CLIENT IMPORT-SOURCE``."""
    chosen_mode = word_of("mode", mode, ("ON", "OFF"))
    return (b"CLIENT", b"IMPORT-SOURCE", chosen_mode)


def client_no_evict(mode: Literal["ON", "OFF"]) -> tuple[Value, ...]:
    """Return the request of ``CLIENT NO-EVICT``."""
    chosen_mode = word_of("mode", mode, ("ON", "OFF"))
    return (b"CLIENT", b"NO-EVICT", chosen_mode)


def client_no_touch(mode: Literal["ON", "OFF"]) -> tuple[Value, ...]:
    """Return the request of ``CLIENT NO-TOUCH``."""
    chosen_mode = word_of("mode", mode, ("ON", "OFF"))
    return (b"CLIENT", b"NO-TOUCH", chosen_mode)


def client_setinfo(attr: Literal["LIB-NAME", "LIB-VER"], value: str) -> tuple[Value, ...]:
    """Return the request of ``CLIENT SETINFO``."""
    chosen_attr = word_of("attr", attr, ("LIB-NAME", "LIB-VER"))
    return (b"CLIENT", b"SETINFO", chosen_attr, value)


def client_tracking(
    on: bool = True,
    clientid: int | None = None,
    prefix: Iterable[Key] | None = None,
    *,
    bcast: bool = False,
    optin: bool = False,
    optout: bool = False,
    noloop: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``CLIENT TRACKING``."""
    request: list[Value] = [b"CLIENT", b"TRACKING", b"ON" if on else b"OFF"]
    if clientid is not None:
        request += (b"REDIRECT", clientid)
    if prefix is not None:
        for each in several("prefix", prefix):
            request += (b"PREFIX", each)
    if bcast:
        request.append(b"BCAST")
    if optin:
        request.append(b"OPTIN")
    if optout:
        request.append(b"OPTOUT")
    if noloop:
        request.append(b"NOLOOP")
    return tuple(request)


def select(index: int) -> tuple[Value, ...]:
    """Return the request of ``SELECT``."""
    at_least("index", index, 0)
    return (b"SELECT", index)


def wait(num_replicas: int, timeout: int) -> tuple[Value, ...]:
    """Return the request of ``WAIT``."""
    at_least("num_replicas", num_replicas, 0)
    at_least("timeout", timeout, 0)
    return (b"WAIT", num_replicas, timeout)


def waitaof(num_local: int, num_replicas: int, timeout: int) -> tuple[Value, ...]:
    """Return the request of ``WAITAOF``."""
    at_least("num_local", num_local, 0)
    at_least("num_replicas", num_replicas, 0)
    at_least("timeout", timeout, 0)
    return (b"WAITAOF", num_local, num_replicas, timeout)
