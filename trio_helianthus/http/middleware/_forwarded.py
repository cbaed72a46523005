"""The ``Forwarded`` field of RFC 7239, read in one pass."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["parse_forwarded"]

_PAIR: Final = re.compile(
    r"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)="
    r'(?:([!#$%&\'*+.^_`|~0-9A-Za-z-]+)|"((?:[^"\\]|\\.)*)")[ \t]*'
)
"""A name, and a token or a quoted string; no two of its parts can begin alike."""


def parse_forwarded(value: str) -> list[dict[str, str]]:
    """What each proxy says, the nearest one last (:rfc:`7239` section 4).

    :returns: parameters by name in lower case, for each proxy.
    :raises ValueError: it is malformed, or says a thing twice.
    """
    said: list[dict[str, str]] = []
    pairs: dict[str, str] = {}
    at = 0
    while at < len(value):
        match = _PAIR.match(value, at)
        if match is None:
            raise ValueError("malformed")
        name, token, quoted = match.groups()
        if name.lower() in pairs:
            raise ValueError(f"{name} comes twice")
        pairs[name.lower()] = token or re.sub(r"\\(.)", r"\1", quoted or "")
        at = match.end()
        separator = value[at : at + 1]
        if separator in {",", ""}:
            said.append(pairs)
            pairs = {}
        elif separator != ";":
            raise ValueError("malformed")
        at += 1
    return said
