"""Fields that are lists: adding to ``Vary``, reading what a client prefers."""

from __future__ import annotations

from .._headers import Headers

__all__ = ["add_vary", "elements", "preferences"]

MAX_PREFERENCES = 64
"""How many elements of one field are looked at; the rest counts as not said."""


def add_vary(headers: Headers, *names: str) -> None:
    """Say that an answer depends on these fields of the request (:rfc:`9110` section 12.5.5)."""
    known = elements(headers.get("vary", ""))
    lowered = [name.lower() for name in known]
    if "*" in lowered:
        return
    new = [name for name in names if name.lower() not in lowered]
    if new:
        headers["Vary"] = ", ".join(known + new)


def elements(value: str) -> list[str]:
    """The elements of a list, without empty ones (:rfc:`9110` section 5.6.1)."""
    return [element for part in value.split(",") if (element := part.strip(" \t"))]


def preferences(value: str) -> dict[str, float]:
    """What a client says of each name, from 0 for never to 1 (:rfc:`9110` section 12.4.2).

    A weight that is malformed counts as 0: who sends it cannot mean that it wants the thing.
    """
    said: dict[str, float] = {}
    for element in elements(value)[:MAX_PREFERENCES]:
        name, *parameters = [part.strip(" \t") for part in element.split(";")]
        weight = 1.0
        for parameter in parameters:
            key, _, number = parameter.partition("=")
            if key.strip().lower() == "q":
                weight = _weight(number.strip())
        said.setdefault(name.lower(), weight)
    return said


def _weight(text: str) -> float:
    whole, _, fraction = text.partition(".")
    if whole not in {"0", "1"} or len(fraction) > 3 or (fraction and not fraction.isdecimal()):
        return 0.0
    return min(float(f"{whole}.{fraction or '0'}"), 1.0) if text.isascii() else 0.0
