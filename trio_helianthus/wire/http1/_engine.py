"""Which parser reads heads, and how it is found."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from trio_helianthus.errors import MissingExtraError

from ._h11_parser import H11Parser

if TYPE_CHECKING:
    from ._parser import HeadParser

__all__ = ["Engine", "head_parser"]


class Engine(Enum):
    """What parses heads and trailer sections; everything else is the same code for each of them.

    Both take and refuse the same, and give the same events for it.
    """

    AUTO = "auto"
    """:attr:`HTTPTOOLS` where it is installed, otherwise :attr:`H11`."""
    H11 = "h11"
    """The reference, always there."""
    HTTPTOOLS = "httptools"
    """The fast one (extra ``speed``): llhttp, the parser of Node.js."""


def head_parser(engine: Engine) -> HeadParser:
    """Make the parser of one connection.

    :raises MissingExtraError: it is not installed.
    """
    if engine is Engine.H11:
        return H11Parser()
    try:
        from ._httptools_parser import HTTPToolsParser
    except ImportError:
        if engine is Engine.AUTO:
            return H11Parser()
        raise MissingExtraError("speed", "httptools") from None
    return HTTPToolsParser()
