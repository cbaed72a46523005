"""JSON as it is exchanged: strict both ways, by coders that are made once."""

from __future__ import annotations

import json
import json.encoder
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

__all__ = ["decode_json", "encode_json"]


def encode_json(value: Any) -> bytes:
    """Compact JSON in UTF-8; escaped where a string holds what UTF-8 cannot carry.

    :raises TypeError: for a value that JSON cannot express.
    :raises ValueError: for ``nan`` and infinities, or a value that contains itself.
    """
    try:
        text = "".join(_chunks(value, 0))
    except RecursionError:
        raise ValueError("the value contains itself, or is nested too deeply") from None
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        escaped = json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
        return escaped.encode("ascii")


def decode_json(data: bytes) -> Any:
    """The value that JSON in UTF-8 stands for (:rfc:`8259`).

    :raises ValueError: it is malformed, or has ``NaN``, ``Infinity`` or ``1e999`` in it.
    :raises RecursionError: it is nested deeper than Python can follow.
    """
    return _decode(data.decode("utf-8"))


def _refuse(value: object) -> None:
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large")
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _make_chunks() -> Callable[[Any, int], Sequence[str]]:
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # not CPython
        encode = json.JSONEncoder(
            separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
        ).encode
        return lambda value, _: encode(value)
    # What JSONEncoder makes for each call, which takes as long as encoding a small value.
    quote: Any = json.encoder.encode_basestring
    chunks: Callable[[Any, int], Sequence[str]] = make(
        None, _refuse, quote, None, ":", ",", False, False, False
    )
    return chunks


_chunks: Final = _make_chunks()
_decode: Final = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse_constant).decode
