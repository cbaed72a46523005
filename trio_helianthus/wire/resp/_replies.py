"""Answers as bytes, for servers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from trio_helianthus.errors import LocalProtocolError, RedisError

from ._values import Push

if TYPE_CHECKING:
    from ._values import Answer

__all__ = ["encode_answer"]

_MAX_DEPTH: Final = 32


def encode_answer(answer: Answer, *, protocol: int = 2) -> bytes:
    """Return the bytes of an answer.

    ``bytes`` are a bulk string and ``str`` is a simple one; the others are as in :data:`Answer`,
    a ``set`` is one, a tuple is an array. What RESP2 lacks is written as servers do it there: a
    map as an array, a boolean as 1 or 0, a double as a string.

    :param protocol: 2 or 3.
    :raises LocalProtocolError: there is no such answer in RESP.
    :raises ValueError: there is no such ``protocol``.
    """
    if protocol not in {2, 3}:
        raise ValueError(f"RESP2 and RESP3 are known, not {protocol}")
    parts: list[bytes] = []
    _write(answer, parts, protocol, _MAX_DEPTH)
    return b"".join(parts)


def _write(value: Any, parts: list[bytes], protocol: int, depth: int) -> None:
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        _write_aggregate(value, parts, protocol, depth)
    elif isinstance(value, (bytes, bytearray, memoryview)):
        parts.append(_bulk(bytes(value)))
    elif value is None:
        parts.append(b"_\r\n" if protocol == 3 else b"$-1\r\n")
    else:
        parts.append(_line(value, protocol))


def _line(value: Any, protocol: int) -> bytes:
    """Return a value that takes a line."""
    if isinstance(value, bool):
        return (b"#t\r\n" if value else b"#f\r\n") if protocol == 3 else b":%d\r\n" % value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            digits = b"%d" % value
            return (
                b"(%b\r\n" % digits if protocol == 3 else b"$%d\r\n%b\r\n" % (len(digits), digits)
            )
        return b":%d\r\n" % value
    if isinstance(value, float):
        text = b"nan" if math.isnan(value) else repr(value).encode()
        return b",%b\r\n" % text if protocol == 3 else _bulk(text)
    if isinstance(value, RedisError):
        return _text(b"-", value.message or "ERR")
    if isinstance(value, str):
        return _text(b"+", value)
    raise LocalProtocolError(f"no answer is a {type(value).__name__}")


def _bulk(data: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(data), data)


def _text(kind: bytes, text: str) -> bytes:
    if "\r" in text or "\n" in text:
        raise LocalProtocolError(f"a line's end within {text[:40]!r}")
    return b"%b%b\r\n" % (kind, text.encode(errors="replace"))


def _write_aggregate(value: Any, parts: list[bytes], protocol: int, depth: int) -> None:
    if not depth:
        raise LocalProtocolError(f"an answer nested deeper than {_MAX_DEPTH}")
    items = value
    if isinstance(value, dict):
        items = [each for pair in value.items() for each in pair]
        kind, length = (b"%", len(value)) if protocol == 3 else (b"*", len(items))
    else:
        kind, length = b"*", len(value)
        if protocol == 3 and isinstance(value, (set, frozenset)):
            kind = b"~"
        elif protocol == 3 and isinstance(value, Push):
            kind = b">"
    parts.append(b"%b%d\r\n" % (kind, length))
    for item in items:
        _write(item, parts, protocol, depth - 1)
