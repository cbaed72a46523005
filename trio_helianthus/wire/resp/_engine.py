"""Which engine parses answers."""

from __future__ import annotations

from enum import Enum

__all__ = ["Engine"]


class Engine(Enum):
    """What parses answers, and writes commands.

    Both take the same, refuse the same, and make the same values of it, with these exceptions:

    * Attributes and errors in bulk form (``|`` and ``!``), which servers do not send in practice,
      are understood by :attr:`OWN` and refused with :attr:`HIREDIS`.
    * hiredis looks less closely at what no server sends: at the two bytes behind a string shorter
      than 10,000 bytes, at a big number without digits, and at a boolean that is a NUL.
    * hiredis mixes up a map that has a key twice, where :attr:`OWN` takes the later value.
    * :attr:`HIREDIS` finds ``max_depth`` exceeded when the answer is complete, refuses what is
      nested deeper than 1024, and refuses an answer in which more than twice ``max_items`` are
      announced at all its levels long before they come, since hiredis reserves memory for them.
      It looks at ``max_line_bytes`` only where a line comes in pieces.
    """

    AUTO = "auto"
    """:attr:`HIREDIS` where it is installed, otherwise :attr:`OWN`."""
    OWN = "own"
    """In Python, always there."""
    HIREDIS = "hiredis"
    """The fast one (extra ``speed``): the parser of Redis' own clients, in C."""
