"""Answers that are text made for people to read, taken apart: INFO, CLIENT LIST, CLUSTER INFO."""

from __future__ import annotations

from typing import Any, Final

from ._pairs import named
from ._plain import text, texts

# What may look like a number, and is none.
_TEXTS: Final = ("_sha1", "_version")

__all__ = ["client_info", "client_list", "info", "tracking_info"]


def info(answer: Any) -> dict[str, Any]:
    """Return the lines ``name:value`` of ``INFO``: numbers as such, ``a=1,b=2`` as a dict.

    What there are several of, such as ``module``, is a list.
    """
    found: dict[str, Any] = {}
    for line in text(answer).splitlines():
        name, colon, value = line.partition(":")
        if not colon or line.startswith("#"):
            continue
        if name == "module":
            found.setdefault("modules", []).append(_parts(value))
        else:
            found[name] = value if name.endswith(_TEXTS) else _value(value)
    return found


def _value(value: str) -> Any:
    if "=" in value and all("=" in part for part in value.split(",")):
        return _parts(value)
    return _number(value)


def _parts(value: str) -> dict[str, Any]:
    pairs = (part.partition("=") for part in value.split(","))
    return {name: _number(number) for name, _, number in pairs}


def _number(value: str) -> int | float | str:
    """Return a number, where it is written as one: ``007``, hashes and percentages are not."""
    digits = value.removeprefix("-")
    if not digits.isascii() or (digits[:1] == "0" and digits[1:2].isdigit()):
        return value
    if digits.isdigit():
        return int(value)
    whole, point, rest = digits.partition(".")
    return float(value) if point and whole.isdigit() and rest.isdigit() else value


def client_info(answer: Any) -> dict[str, str]:
    """Return the words ``name=value`` of a connection."""
    found = {}
    for word in text(answer).strip().split(" "):
        name, _, value = word.partition("=")
        found[name] = value
    return found


def client_list(answer: Any) -> list[dict[str, str]]:
    """Return those of all connections."""
    return [client_info(line) for line in text(answer).splitlines() if line]


def tracking_info(answer: Any) -> dict[str, Any]:
    """Return what ``CLIENT TRACKINGINFO`` says."""
    found = named(answer)
    found["flags"] = texts(found["flags"])
    return found
