"""Lays code out as ruff formats it, so that no formatter is needed to compare files."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Bracketed", "Item", "assignment", "docstring", "indented", "laid_out"]

WIDTH: Final = 100


class Bracketed:
    """Something in brackets: what stands before it, the items, and what stands behind it."""

    def __init__(self, before: str, items: Sequence[Item], behind: str) -> None:
        self.before = before
        self.items = items
        self.behind = behind

    def __str__(self) -> str:
        comma = "," if self.before.endswith("(") and self._is_tuple and len(self.items) == 1 else ""
        return f"{self.before}{', '.join(map(str, self.items))}{comma}{self.behind}"

    @property
    def _is_tuple(self) -> bool:
        return self.before == "(" or self.before.endswith(" (")

    @property
    def is_call(self) -> bool:
        """Whether the items may stand in one line of their own: not those of tuples and lists."""
        return not self._is_tuple and not self.before.endswith("[")


Item: TypeAlias = "str | Bracketed"


def laid_out(code: Bracketed, indent: int) -> list[str]:
    """Return its lines: one, or the items in one line of their own, or a line for each."""
    margin = " " * indent
    whole = f"{margin}{code}"
    if len(whole) <= WIDTH:
        return [whole]
    inside = f"{margin}    {', '.join(map(str, code.items))}"
    if code.is_call and len(inside) <= WIDTH:
        return [f"{margin}{code.before}", inside, f"{margin}{code.behind}"]
    lines = [f"{margin}{code.before}"]
    for item in code.items:
        if isinstance(item, Bracketed):
            *most, last = laid_out(
                Bracketed(item.before, item.items, item.behind + ","), indent + 4
            )
            lines += [*most, last]
        else:
            lines.append(f"{margin}    {item},")
    return [*lines, f"{margin}{code.behind}"]


def assignment(name: str, value: str, indent: int) -> list[str]:
    """Return the lines of ``name = value``, the value in parentheses where it is long."""
    margin = " " * indent
    whole = f"{margin}{name} = {value}"
    if len(whole) <= WIDTH:
        return [whole]
    return [f"{margin}{name} = (", f"{margin}    {value}", f"{margin})"]


def indented(code: str, indent: int) -> list[str]:
    """Return lines of code, moved to the right."""
    return textwrap.indent(code, " " * indent).split("\n")


def docstring(paragraphs: Sequence[str], fields: Sequence[str], indent: int) -> list[str]:
    """Return the lines of a docstring.

    :param paragraphs: the first is the summary; one that begins with ``::`` is code.
    :param fields: such as ``:param x: ...``.
    """
    margin = " " * indent
    first, *others = paragraphs
    if not others and not fields and len(f'{margin}"""{first}"""') <= WIDTH:
        return [f'{margin}"""{first}"""']
    lines = _wrapped(f'"""{first}', indent)
    for paragraph in others:
        lines.append("")
        if paragraph.startswith("::"):
            lines += [margin + line if line else "" for line in paragraph.split("\n")]
        else:
            lines += _wrapped(paragraph, indent)
    if fields:
        lines.append("")
        for field in fields:
            lines += _wrapped(field, indent, hanging="    ")
    return [*lines, f'{margin}"""']


def _wrapped(text: str, indent: int, hanging: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * indent + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
