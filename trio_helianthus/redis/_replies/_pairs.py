"""Answers that are maps: pairs one behind the other in RESP2, maps in RESP3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._plain import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["in_pairs", "list_of_named", "list_of_pairs", "named", "pairs_to_dict"]


def in_pairs(answer: Any) -> Iterable[tuple[Any, Any]]:
    """Go through the pairs of a map, of either kind."""
    if isinstance(answer, dict):
        return answer.items()
    return _by_turns(answer)


def _by_turns(answer: list[Any]) -> Iterator[tuple[Any, Any]]:
    return zip(answer[::2], answer[1::2], strict=False)


def pairs_to_dict(answer: Any) -> dict[Any, Any]:
    """Return a map whose keys are the user's."""
    return answer if isinstance(answer, dict) else dict(_by_turns(answer or []))


def list_of_pairs(answer: Any) -> list[tuple[Any, Any]]:
    """Return pairs, which stand one behind the other (RESP2), or each in a list (RESP3)."""
    if not answer:
        return []
    if isinstance(answer[0], list):
        return [(each[0], each[1]) for each in answer]
    return list(_by_turns(answer))


def named(answer: Any) -> dict[str, Any]:
    """Return a map whose keys are names that the server has given, always as ``str``."""
    return {text(key): value for key, value in in_pairs(answer or [])}


def list_of_named(answer: Any) -> list[dict[str, Any]]:
    """Return a list of such maps."""
    return [named(each) for each in answer]
