"""For how long a command may wait at the server, as its own arguments say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trio_helianthus.wire import resp

    from ._command import Command

_MILLISECONDS: Final = 0.001
_LAST: Final = {
    "BLMOVE": 1.0,
    "BLPOP": 1.0,
    "BRPOP": 1.0,
    "BRPOPLPUSH": 1.0,
    "BZPOPMAX": 1.0,
    "BZPOPMIN": 1.0,
    "WAIT": _MILLISECONDS,
    "WAITAOF": _MILLISECONDS,
}
"""Commands that name it at the end, and its unit in seconds."""
_FIRST: Final = frozenset({"BLMPOP", "BZMPOP"})
_STREAMS: Final = frozenset({"XREAD", "XREADGROUP"})


def block_seconds(command: Command, args: Sequence[resp.Argument]) -> float:
    """Return for how many seconds the server may wait; ``inf`` if for ever, or if it is not known.

    :param args: with the command's words in front.
    """
    if not command.may_block:
        return 0.0
    name = command.name
    if name in _LAST:
        return _seconds(args[-1], _LAST[name])
    if name in _FIRST and len(args) > 1:
        return _seconds(args[1], 1.0)
    if name in _STREAMS:
        for at, arg in enumerate(args[:-1]):
            if isinstance(arg, (str, bytes)) and arg.upper() in {"BLOCK", b"BLOCK"}:
                return _seconds(args[at + 1], _MILLISECONDS)
    return math.inf


def _seconds(arg: resp.Argument, unit: float) -> float:
    try:
        number = float(arg)
    except ValueError:
        return 0.0  # the server says at once what is wrong
    return number * unit if number > 0 else math.inf
