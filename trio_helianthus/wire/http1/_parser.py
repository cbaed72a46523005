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

    def fields(self, section: bytes) -> HeaderFields:
        """Return names in lower case, and values without white space around them.

        :param section: at least one line, and the empty line behind it.
        :raises BadMessage: one of the lines is no field, or there is a control character in it.
        """
        ...
