"""Which parser reads header fields, and how it is found."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from trio_helianthus.errors import MissingExtraError

from ._h11_parser import H11Parser

if TYPE_CHECKING:
    from ._parser import FieldParser

__all__ = ["Engine", "field_parser"]

_H11: Final = H11Parser()


class Engine(Enum):
    """What parses header fields; everything else is the same code for each of them.

    Both take and refuse the same, and give the same events for it.
    """

    AUTO = "auto"
    """:attr:`HTTPTOOLS` where it is installed, otherwise :attr:`H11`."""
    H11 = "h11"
    """The reference, always there."""
    HTTPTOOLS = "httptools"
    """The fast one (extra ``speed``): llhttp, the parser of Node.js."""


def field_parser(engine: Engine) -> FieldParser:
    """Find the parser for a connection. It keeps nothing between two calls.

    :raises MissingExtraError: it is not installed.
    """
    if engine is Engine.H11:
        return _H11
    try:
        from ._httptools_parser import HTTPTOOLS
    except ImportError:
        if engine is Engine.AUTO:
            return _H11
        raise MissingExtraError("speed", "httptools") from None
    return HTTPTOOLS
