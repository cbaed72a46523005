"""Writes the page of the reference that lists all commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .docs import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .methods import Group

__all__ = ["page"]

_HEAD = """\
.. Made by scripts/generate_redis_commands.py; changes belong there.

Redis commands
==============

.. currentmodule:: trio_helianthus.redis

Each command of the server is a method of :class:`Redis`, the client, and of
:class:`RedisConnection`, a connection that it lends. :class:`Pipeline` has them, too: there they
take no ``timeout`` and no ``token``, and return the pipeline. Those that change the connection
that they are sent on are methods of :class:`RedisConnection` only.

The list is that of {server} {version}. Whatever another server knows, such as commands of modules,
is sent by :meth:`Redis.execute`.

What is true of all of them:

* ``T`` is ``bytes``, or ``str`` with ``decode_responses``. Names that the server has made, such as
  those of settings, are always ``str``.
* A command that answers ``OK`` returns ``None``; one that says whether it has done something
  returns a ``bool``. Scores and distances are ``float``. RESP2 and RESP3 give the same.
* Times are in the unit that the method says. Where a ``timedelta`` or ``datetime`` is taken, it is
  rounded up to that unit.
* A mistake in the arguments is a :exc:`TypeError` or :exc:`ValueError`, and nothing was sent.
* Parameters behind the first one that is ``True`` or ``False`` are given by name.
* ``timeout`` is the limit of the call, in seconds; commands that take a ``timeout`` of their own
  have it instead, and are limited by a scope or ``token``.
"""


def page(groups: Sequence[Group], pinned: dict[str, Any]) -> str:
    """Return the page's text."""
    lines = [_HEAD.format(server=pinned["server"].capitalize(), version=pinned["version"])]
    for group in groups:
        lines += [*_heading(group.title, "-"), *_group(group)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _heading(text: str, line: str) -> Iterable[str]:
    return (text, line * len(text), "")


def _group(group: Group) -> list[str]:
    owner = "RedisConnection" if group.is_stateful else "Redis"
    lines = [".. list-table::", "   :widths: 30 25 45", "   :header-rows: 1", ""]
    lines += _row("Command", "Method", "")
    for method in group.methods:
        name = f":meth:`~{owner}.{method.method}`"
        lines += _row(f"``{method.command}``", name, one_line(method))
    for each in group.left_out:
        lines += _row(f"``{each.command}``", "none", f"It {each.why}.")
    lines.append("")
    for method in group.methods:
        lines.append(f".. automethod:: {owner}.{method.method}")
    return [*lines, ""]


def _row(*cells: str) -> list[str]:
    first, *others = cells
    return [f"   * - {first}", *(f"     - {cell}".rstrip() for cell in others)]
