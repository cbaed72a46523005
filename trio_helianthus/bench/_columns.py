"""Tables in Markdown whose columns also line up as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def head(columns: Mapping[str, int]) -> list[str]:
    """Return a table's first two lines.

    :param columns: headings, and how wide their columns are at least; a negative width puts the
        text on the left, where numbers are on the right.
    """
    rule = ["-" * -width if width < 0 else "-" * (width - 1) + ":" for width in columns.values()]
    return [line(list(columns), columns), line(rule, columns)]


def line(cells: Sequence[str], columns: Mapping[str, int]) -> str:
    """Return another line."""
    padded = [
        cell.ljust(-width) if width < 0 else cell.rjust(width)
        for cell, width in zip(cells, columns.values(), strict=True)
    ]
    return f"| {' | '.join(padded)} |"
