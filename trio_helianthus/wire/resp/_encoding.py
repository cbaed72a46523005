"""Commands as bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from ._values import Argument

__all__ = ["CommandEncoder", "encode_command"]

CommandEncoder: TypeAlias = Callable[[Sequence[Argument]], bytes]
"""Makes bytes of a command and its arguments."""


def encode_command(args: Sequence[Argument]) -> bytes:
    """Return the bytes of a command: an array of bulk strings.

    :param args: the command's words, then its arguments.
    :raises TypeError: one of them is neither bytes, text nor a number; a ``bool`` is none, as what
        it should be as text is anybody's guess.
    :raises ValueError: there is none, or a text cannot be written as UTF-8. Surrogate escapes, by
        which Python writes bytes that are no UTF-8, become these bytes again.
    """
    if not args:
        raise ValueError("a command has a name at least")
    parts = [b"*%d\r\n" % len(args)]
    for arg in args:
        data = arg if isinstance(arg, bytes) else _as_bytes(arg)
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


def _as_bytes(arg: object) -> bytes:
    if isinstance(arg, str):
        return arg.encode("utf-8", "surrogateescape")
    if isinstance(arg, bool):
        raise TypeError("a bool is not a Redis value: write 1 and 0, or b'true' and b'false'")
    if isinstance(arg, int):
        return b"%d" % arg
    if isinstance(arg, float):
        return float.__repr__(arg).encode()
    if isinstance(arg, (bytearray, memoryview)):
        return bytes(arg)
    raise TypeError(f"a command's arguments are bytes, str, int or float, not {type(arg).__name__}")
