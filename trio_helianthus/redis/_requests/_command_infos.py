# Made by scripts/generate_redis_commands.py; changes belong there.
"""What the server says of its commands: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._values import Value


def command_getkeys(*args: Value) -> tuple[Value, ...]:
    """Return the request of ``COMMAND GETKEYS``."""
    if not args:
        raise ValueError("no args: give one at least")
    return (b"COMMAND", b"GETKEYS", *args)


def command_getkeysandflags(*args: Value) -> tuple[Value, ...]:
    """Return the request of ``COMMAND GETKEYSANDFLAGS``."""
    if not args:
        raise ValueError("no args: give one at least")
    return (b"COMMAND", b"GETKEYSANDFLAGS", *args)


def command_list(
    module: str | None = None, category: str | None = None, pattern: str | None = None
) -> tuple[Value, ...]:
    """Return the request of ``COMMAND LIST``."""
    if (module is not None) + (category is not None) + (pattern is not None) > 1:
        raise ValueError("module, category, pattern exclude each other")
    request: list[Value] = [b"COMMAND", b"LIST"]
    if module is not None:
        request += (b"FILTERBY", b"MODULE", module)
    if category is not None:
        request += (b"FILTERBY", b"ACLCAT", category)
    if pattern is not None:
        request += (b"FILTERBY", b"PATTERN", pattern)
    return tuple(request)
