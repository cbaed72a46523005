"""Field values with parameters: ``Content-Type``, ``Content-Disposition``, parts of ``Accept``."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["parse_parameters", "parse_quality", "split_list"]

_PARAMETER: Final = re.compile(
    r"""[;\s]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*("[^"\\]*(?:\\.[^"\\]*)*"|[^;\s"]*)"""
)
_ESCAPED: Final = re.compile(r'\\(["\\])')
_ELEMENT: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
_QUALITY: Final = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
MAX_PARAMETERS: Final = 32
"""How many parameters of one value are looked at."""


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    """Take a value such as ``text/plain; charset="utf-8"`` apart.

    :returns: what stands in front of the parameters, in lower case, and the parameters by their
        names in lower case. The first one of a name counts, and parsing ends at what is none
        (:rfc:`9110` section 5.6.6).
    """
    first, semicolon, rest = value.partition(";")
    parameters: dict[str, str] = {}
    if not semicolon:
        return first.strip().lower(), parameters
    at, end = 0, len(rest)
    for _ in range(MAX_PARAMETERS):
        found = _PARAMETER.match(rest, at)
        if found is None:
            break
        at = found.end()
        name, text = found.groups()
        if text.startswith('"'):
            # A backslash before anything else is itself: old browsers sent paths of Windows so.
            text = text[1:-1]
            if "\\" in text:
                text = _ESCAPED.sub(r"\1", text)
        parameters.setdefault(name.lower(), text)
        if at == end or (rest[at] != ";" and rest[at:].lstrip()[:1] != ";"):
            break
    return first.strip().lower(), parameters


def split_list(value: str) -> list[str]:
    """The elements of a comma-separated list; commas in quotes are none (:rfc:`9110` 5.6.1)."""
    return [text for found in _ELEMENT.finditer(value) if (text := found[0].strip())]


def parse_quality(parameters: dict[str, str]) -> float:
    """The weight ``q`` among parameters; 1 without it, 0 where it is malformed."""
    text = parameters.get("q", "1")
    return float(text) if _QUALITY.fullmatch(text) else 0.0
