"""Masking (RFC 6455, section 5.3): in C where there is some, otherwise in the fastest Python."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Buffer: TypeAlias = bytes | bytearray | memoryview

__all__ = ["apply_mask", "apply_mask_in_python", "next_mask", "rotate_mask"]

_SHORT: Final = 600  # up to here, one long XOR beats four translations; measured
_MASK_BYTES: Final = 4
_STOCK_BYTES: Final = 1024


def apply_mask_in_python(data: Buffer, mask: bytes) -> bytes:
    """Do what :func:`apply_mask` does, without C."""
    length = len(data)
    if length <= _SHORT:
        repeated = (mask * (length // _MASK_BYTES + 1))[:length]
        return (int.from_bytes(data, "big") ^ int.from_bytes(repeated, "big")).to_bytes(
            length, "big"
        )
    masked = bytearray(data)
    for place, key in enumerate(mask):
        masked[place::4] = masked[place::4].translate(_table(key))
    return bytes(masked)


@cache
def _table(key: int) -> bytes:
    return bytes([key ^ byte for byte in range(256)])


def rotate_mask(mask: bytes, done: int) -> bytes:
    """Return the mask for what follows the first ``done`` bytes."""
    done %= _MASK_BYTES
    return mask[done:] + mask[:done]


apply_mask: Callable[[Buffer, bytes], bytes]
"""Mask ``data``, or unmask it, with the four bytes of ``mask``.

In C where the extra ``speed`` is installed.

:param data: bytes; the items of a ``memoryview`` are single bytes.
"""

try:
    from websockets.speedups import apply_mask
except ImportError:
    apply_mask = apply_mask_in_python

_stock: Final[list[bytes]] = []


def next_mask() -> bytes:
    """Return four bytes that nobody can foretell, which no other frame is masked with.

    The system is asked for many at a time. Taking one away is safe in any thread.
    """
    try:
        return _stock.pop()
    except IndexError:
        drawn = os.urandom(_STOCK_BYTES)
        _stock.extend(drawn[at : at + 4] for at in range(4, _STOCK_BYTES, 4))
        return drawn[:4]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_stock.clear)  # or both would send the same ones
