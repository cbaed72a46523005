"""Answers of lists, sorted sets and scans: what was popped, scores, cursors."""

from __future__ import annotations

from typing import Any

from ._pairs import list_of_pairs, pairs_to_dict

__all__ = [
    "popped_list",
    "popped_scores",
    "popped_with_score",
    "rank_and_score",
    "scan",
    "scan_cluster",
    "scan_fields",
    "scan_scores",
    "scored",
]


def scored(answer: Any) -> list[tuple[Any, float]]:
    """Return members with their scores."""
    return [(member, float(score)) for member, score in list_of_pairs(answer)]


def rank_and_score(answer: Any) -> tuple[int, float] | None:
    """Return where a member stands, and its score."""
    return None if answer is None else (answer[0], float(answer[1]))


def popped_with_score(answer: Any) -> tuple[Any, Any, float] | None:
    """Return what ``BZPOPMIN`` took: key, member, score."""
    return None if answer is None else (answer[0], answer[1], float(answer[2]))


def popped_scores(answer: Any) -> tuple[Any, list[tuple[Any, float]]] | None:
    """Return what ``ZMPOP`` took: key, members with their scores."""
    return None if answer is None else (answer[0], scored(answer[1]))


def popped_list(answer: Any) -> tuple[Any, list[Any]] | None:
    """Return what ``LMPOP`` took: key, items."""
    return None if answer is None else (answer[0], answer[1])


def scan(answer: Any) -> tuple[int, list[Any]]:
    """Return the next cursor, and what was found."""
    return int(answer[0]), answer[1]


def scan_cluster(answer: Any) -> tuple[Any, list[Any]]:
    """Return the next cursor, which is text, and what was found."""
    return answer[0], answer[1]


def scan_fields(answer: Any) -> tuple[int, dict[Any, Any]]:
    """Return the next cursor, and fields with their values."""
    return int(answer[0]), pairs_to_dict(answer[1])


def scan_scores(answer: Any) -> tuple[int, list[tuple[Any, float]]]:
    """Return the next cursor, and members with their scores."""
    return int(answer[0]), scored(answer[1])
