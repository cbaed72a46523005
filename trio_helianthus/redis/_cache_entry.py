"""How the cache writes an entry down, and when it is loaded anew: pure functions."""

from __future__ import annotations

import math
from typing import Final

import attrs

__all__ = ["Entry", "encode_entry", "is_due", "parse_entry"]

_MAGIC: Final = b"hc1"
_LONGEST_NUMBER: Final = 15


@attrs.frozen
class Entry:
    """What is stored for a key."""

    payload: bytes | None
    """The value; ``None``: it is known that there is none."""
    load_seconds: float
    """How long loading it took."""
    stale_seconds: float
    """For how long it is kept beyond its time."""


def encode_entry(entry: Entry) -> bytes:
    """Return what is stored: ``hc1 <kind> <load us> <stale ms> <payload>``."""
    kind = b"-" if entry.payload is None else b"+"
    load_us = math.ceil(entry.load_seconds * 1_000_000)
    stale_ms = math.ceil(entry.stale_seconds * 1000)
    return b"%b %b %d %d %b" % (_MAGIC, kind, load_us, stale_ms, entry.payload or b"")


def parse_entry(data: bytes) -> Entry | None:
    """Return what was stored; ``None`` for anything that is not ours."""
    parts = data.split(b" ", 4)
    if len(parts) != 5 or parts[0] != _MAGIC or parts[1] not in (b"+", b"-"):
        return None
    if not all(part.isdigit() and len(part) <= _LONGEST_NUMBER for part in parts[2:4]):
        return None
    payload = parts[4] if parts[1] == b"+" else None
    return Entry(payload, int(parts[2]) / 1_000_000, int(parts[3]) / 1000)


def is_due(fresh_seconds: float, load_seconds: float, early: float, chance: float) -> bool:
    """Whether it is time to load an entry anew, though it may be good for a while.

    The nearer its end and the longer loading takes, the likelier; so of many who ask one begins
    early, and they do not all come when it has ended (Vattani, Chierichetti, Lowenstein, "Optimal
    Probabilistic Cache Stampede Prevention", VLDB 2015: XFetch).

    :param fresh_seconds: for how long it is still good.
    :param early: the factor called beta there; 0 never loads early.
    :param chance: from 0 up to 1.
    """
    return -load_seconds * early * math.log(1.0 - chance) >= fresh_seconds
