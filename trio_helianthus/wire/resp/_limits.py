"""What a peer's answers and commands may cost us."""

from __future__ import annotations

from typing import Any, Final

import attrs
from attrs import validators

__all__ = ["DEFAULT_COMMAND_LIMITS", "DEFAULT_LIMITS", "CommandLimits", "Limits"]


def _count(default: int) -> Any:
    return attrs.field(default=default, validator=[validators.instance_of(int), validators.ge(1)])


@attrs.frozen(kw_only=True)
class Limits:
    """Limits for what a server answers. Nothing is allocated for a length that is only announced.

    :raises ValueError: for a number below 1.
    """

    max_bulk_bytes: int = _count(512 * 1024 * 1024)
    """One string; servers let none grow longer by default (``proto-max-bulk-len``)."""
    max_line_bytes: int = _count(1024 * 1024)
    """A simple string, an error or a number. With hiredis it counts for what is unfinished, so one
    that comes as a whole is not refused for it."""
    max_items: int = _count(16 * 1024 * 1024)
    """The items of one array, set or push, or the pairs of one map."""
    max_depth: int = _count(32)
    """How deep arrays, maps and sets are nested."""
    max_answer_bytes: int = _count(1024 * 1024 * 1024)
    """One answer as it comes, with all that is nested in it. It is found out with the bytes that
    are received behind the limit, so an answer that comes as a whole is not refused for it."""


@attrs.frozen(kw_only=True)
class CommandLimits:
    """Limits for what a client asks.

    :raises ValueError: for a number below 1.
    """

    max_bulk_bytes: int = _count(512 * 1024 * 1024)
    """One argument."""
    max_items: int = _count(1024 * 1024)
    """The arguments of one command, its name included."""
    max_inline_bytes: int = _count(64 * 1024)
    """A command that is typed as a line."""
    max_command_bytes: int = _count(1024 * 1024 * 1024)
    """One command with all its arguments."""


DEFAULT_LIMITS: Final = Limits()
"""The limits that apply to a client when none are given."""
DEFAULT_COMMAND_LIMITS: Final = CommandLimits()
"""The limits that apply to a server when none are given."""
