"""Which engine parses answers."""

from __future__ import annotations

from enum import Enum

__all__ = ["Engine"]


class Engine(Enum):
    """What parses answers, and writes commands.

    Both take the same, and make the same values of it. What servers do not send in practice,
    attributes and errors in bulk form (``|`` and ``!``), is understood by :attr:`OWN` and refused
    with :attr:`HIREDIS`, which also looks less closely at the end of a string, and mixes up a map
    that has a key twice.
    """

    AUTO = "auto"
    """:attr:`HIREDIS` where it is installed, otherwise :attr:`OWN`."""
    OWN = "own"
    """In Python, always there."""
    HIREDIS = "hiredis"
    """The fast one (extra ``speed``): the parser of Redis' own clients, in C."""
