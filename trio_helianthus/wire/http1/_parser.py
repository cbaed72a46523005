"""What an engine has to do: parse a head, or a trailer section, that was cut out whole."""

from __future__ import annotations

from typing import Protocol

from ._events import HeaderFields

__all__ = ["HeadParser"]


class HeadParser(Protocol):
    """Parses what was cut. Everything ends with its empty line, and its lines were checked.

    Names come out lower case and values without white space around them. A parser is strict about
    what its grammar is; whatever it lets pass is judged once more (see :mod:`._strictness`).
    """

    def request(self, head: bytes) -> tuple[str, bytes, HeaderFields]:
        """Return the method, the target and the header fields of a request.

        :raises BadMessage: this is no head of a request.
        """
        ...

    def request_line(self, line: bytes) -> tuple[str, bytes]:
        """Return the method and the target in a request line, which is without its line end.

        :raises BadMessage: this is no request line.
        """
        ...

    def response(self, head: bytes) -> tuple[int, bytes, HeaderFields]:
        """Return the status, the reason and the header fields of a response.

        :raises BadMessage: this is no head of a response.
        """
        ...

    def trailers(self, section: bytes) -> HeaderFields:
        """Return the fields of a trailer section.

        :raises BadMessage: this is no trailer section.
        """
        ...
