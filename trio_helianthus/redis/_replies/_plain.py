"""Answers that are one value, or a list of such."""

from __future__ import annotations

from typing import Any

__all__ = [
    "all_booleans",
    "as_set",
    "boolean",
    "dry_run",
    "is_something",
    "no_value",
    "number",
    "numbers",
    "pair",
    "say_ok",
    "text",
    "texts",
    "time",
]


def dry_run(answer: Any) -> str | None:
    """Return why a command is not allowed, where it is not: ``ACL DRYRUN`` says OK, or that."""
    return None if say_ok(answer) else text(answer)


def time(answer: Any) -> tuple[int, int]:
    """Return seconds and microseconds, which come as text."""
    return int(answer[0]), int(answer[1])


def no_value(answer: Any) -> None:
    """Return nothing, as of a command that answers OK."""


def say_ok(answer: Any) -> bool:
    """Return whether the answer is OK, and not another word."""
    return answer in (b"OK", "OK")


def boolean(answer: Any) -> bool:
    """Return whether something was done, from 1 and 0."""
    return bool(answer)


def all_booleans(answer: Any) -> list[bool]:
    """Return a list of them."""
    return [bool(each) for each in answer]


def is_something(answer: Any) -> bool:
    """Return whether there is an answer: ``SET`` has none where its condition does not hold."""
    return answer is not None


def number(answer: Any) -> float | None:
    """Return a float, which RESP2 writes as text."""
    return None if answer is None else float(answer)


def numbers(answer: Any) -> list[float | None]:
    """Return a list of floats."""
    return [None if each is None else float(each) for each in answer]


def as_set(answer: Any) -> set[Any]:
    """Return a set."""
    return set(answer)


def pair(answer: Any) -> tuple[Any, ...] | None:
    """Return a tuple, where there is an answer."""
    return None if answer is None else tuple(answer)


def text(answer: Any) -> str:
    """Return text that the server has made, of either kind of answer."""
    return answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)


def texts(answer: Any) -> list[str]:
    """Return a list of them."""
    return [text(each) for each in answer]
