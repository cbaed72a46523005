"""What an engine has to do: parse header fields that were cut out whole."""

from __future__ import annotations

from typing import Protocol

from ._events import HeaderFields

__all__ = ["FieldParser"]


class FieldParser(Protocol):
    """Parses the fields of heads and trailer sections.

    A parser is strict about what its grammar is; whatever it lets pass is judged once more (see
    :mod:`._strictness`).
    """

    def fields(self, section: bytes, count: int) -> HeaderFields:
        """Return names in lower case, and values without white space around them.

        :param section: whole lines, each with its line end, and the empty line behind them. There
            is no control character in them.
        :param count: how many lines there are but the empty one.
        :raises BadMessage: one of them is no field.
        """
        ...
