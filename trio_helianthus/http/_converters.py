"""What a placeholder stands for: text of the path made into a value, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import attrs

__all__ = ["CONVERTERS", "PATH", "TEXT", "Converter"]

MAX_INT_DIGITS: Final = 19
"""How many digits ``{id:int}`` takes, enough for 64 bits; a path with more is not found."""
MAX_FLOAT_CHARACTERS: Final = 64
"""How long the text of a ``{price:float}`` may be; a path with a longer one is not found."""


@attrs.frozen
class Converter:
    """How the text of a placeholder becomes a value, and a value text.

    ::

        router = http.Router(converters={"date": http.Converter(date.fromisoformat)})

        @router.get("/days/{day:date}")

    :param parse: takes the percent-decoded text, which is never empty, and raises
        :exc:`ValueError` for what it does not stand for; such a path is not found.
    :param format: the way back, for ``url_for``.
    :param contains: characters that the text of one value may have in it. A pattern whose text
        between two placeholders has one of them is refused, since nobody could say where the
        first ends.
    """

    parse: Callable[[str], Any]
    format: Callable[[Any], str] = str
    contains: str = ""


def _parse_text(text: str) -> str:
    if not text:
        raise ValueError("empty")
    return text


def _parse_int(text: str) -> int:
    if len(text) <= MAX_INT_DIGITS and text.isdecimal() and text.isascii():
        return int(text)
    digits = text[1:]
    if text.startswith("-") and digits.isdecimal() and digits.isascii():
        return -_parse_int(digits)
    raise ValueError("not an integer, or too long")


def _format_int(value: int) -> str:
    text = str(int(value))
    if len(text.lstrip("-")) > MAX_INT_DIGITS:
        raise ValueError(f"more than {MAX_INT_DIGITS} digits")
    return text


def _parse_float(text: str) -> float:
    whole, _, fraction = text.removeprefix("-").partition(".")
    digits = whole + fraction
    if not (digits.isdecimal() and digits.isascii()) or len(text) > MAX_FLOAT_CHARACTERS:
        raise ValueError("not a decimal fraction, or too long")
    if not whole or text.endswith("."):
        raise ValueError("a point needs digits on both sides")
    return float(text)


def _format_float(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError("not finite")
    text = format(Decimal(repr(float(value))), "f")
    if len(text) > MAX_FLOAT_CHARACTERS:
        raise ValueError("too large or too small to be written without an exponent")
    return text


def _parse_uuid(text: str) -> UUID:
    if len(text) != 36 or [at for at, letter in enumerate(text) if letter == "-"] != _HYPHENS:
        raise ValueError("not in the form of RFC 9562")
    return UUID(text)


_HYPHENS: Final = [8, 13, 18, 23]

TEXT: Final = Converter(_parse_text)
"""``{name}``: any text, but not none."""
PATH: Final = Converter(str)
"""``{rest:path}``: what is left of the path, slashes and all; may be empty."""

CONVERTERS: Final[Mapping[str, Converter]] = {
    "str": TEXT,
    "int": Converter(_parse_int, _format_int),
    "uuid": Converter(_parse_uuid, str, contains="-"),
    "float": Converter(_parse_float, _format_float, contains="."),
    "path": PATH,
}
"""Every router's converters, the most demanding one first: where several placeholders stand at the
same place of the tree, they are tried in this order, with a router's own before ``str``."""
