"""What a client would like to get, and which of several offers suits it best (RFC 9110, 12.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ._media_type import parse_parameters, parse_quality, split_list

__all__ = ["best_media_type", "encoding_weights"]

MAX_ELEMENTS: Final = 64
"""How many elements of one field are looked at."""


def best_media_type(accept: str | None, offers: Sequence[str]) -> str | None:
    """The offer that a client likes best, the first of several that it likes the same.

    :param accept: the ``Accept`` field; ``None`` where there is none, which takes anything.
    :param offers: media types, such as ``"text/html"``; may have parameters.
    :returns: ``None`` where nothing suits.
    """
    if accept is None:
        return offers[0] if offers else None
    ranges = [_parse_range(element) for element in split_list(accept)[:MAX_ELEMENTS]]
    best, liked = None, 0.0
    for offer in offers:
        weight = _weight(ranges, *parse_parameters(offer))
        if weight > liked:
            best, liked = offer, weight
    return best


def encoding_weights(accept_encoding: str) -> dict[str, float]:
    """How much a client likes each content coding that it names; ``"*"`` for all others.

    :param accept_encoding: the field, ``""`` where there is none.
    """
    weights: dict[str, float] = {}
    for element in split_list(accept_encoding)[:MAX_ELEMENTS]:
        coding, parameters = parse_parameters(element)
        weights.setdefault(coding.removeprefix("x-"), parse_quality(parameters))
    return weights


_Range = tuple[str, dict[str, str], float]


def _parse_range(element: str) -> _Range:
    kind, parameters = parse_parameters(element)
    weight = parse_quality(parameters)
    names = list(parameters)
    own = names[: names.index("q")] if "q" in names else names
    return "*/*" if kind == "*" else kind, {name: parameters[name] for name in own}, weight


def _weight(ranges: list[_Range], kind: str, parameters: dict[str, str]) -> float:
    """The weight of the most specific range that an offer is in (:rfc:`9110` section 12.5.1)."""
    main = kind.partition("/")[0]
    precision, weight = -1, 0.0
    for wanted, demands, liked in ranges:
        if wanted == kind:
            if any(parameters.get(name, "").lower() != demands[name].lower() for name in demands):
                continue
            precise = 2 + len(demands)
        elif wanted == f"{main}/*":
            precise = 1
        elif wanted == "*/*":
            precise = 0
        else:
            continue
        if precise > precision:
            precision, weight = precise, liked
    return weight
