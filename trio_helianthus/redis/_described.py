"""Reads what servers say of other servers: lists of maps, which RESP2 has as lists, too."""

from __future__ import annotations

from typing import Any

from trio_helianthus.errors import RemoteProtocolError


def items_of(value: Any) -> list[Any]:
    """Return a list.

    :raises RemoteProtocolError: it is none.
    """
    if not isinstance(value, list):
        raise junk(value)
    return value


def fields_of_map(value: Any) -> dict[str, Any]:
    """Return a map, which RESP2 has as keys and values by turns.

    :raises RemoteProtocolError: it is none.
    """
    if isinstance(value, dict):
        return {text_of(name): each for name, each in value.items()}
    items = items_of(value)
    if len(items) % 2:
        raise junk(items)
    return {text_of(items[at]): items[at + 1] for at in range(0, len(items), 2)}


def text_of(value: Any) -> str:
    """Return a string as text.

    :raises RemoteProtocolError: it is none.
    """
    if not isinstance(value, bytes):
        raise junk(value)
    return value.decode(errors="replace")


def junk(value: object) -> RemoteProtocolError:
    """Return the error of an answer that makes no sense."""
    return RemoteProtocolError(f"this does not describe a server: {value!r:.100}")
