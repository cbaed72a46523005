"""Bodies that come piece by piece: each piece checked, the iterable closed in any case."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from typing import Any

from trio_helianthus.net import Buffer

__all__ = ["bytes_of", "closing"]


def bytes_of(piece: Buffer) -> bytes:
    """The bytes of one piece.

    :raises TypeError: it is none; ``bytes(3)`` would be three zeros.
    """
    if not isinstance(piece, bytes | bytearray | memoryview):
        raise TypeError(f"a piece of a body is bytes, not {type(piece).__name__}")
    return bytes(piece)


def closing(body: Any) -> AbstractAsyncContextManager[Any]:
    """Close on leaving what a body is made of, if it is an iterable that can be closed.

    Not shielded: the iterable belongs to the user, who knows what must not be interrupted.
    """
    return aclosing(body) if hasattr(body, "aclose") else nullcontext()
