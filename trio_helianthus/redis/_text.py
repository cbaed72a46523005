"""Answers as text."""

from __future__ import annotations

from typing import Any


def as_text(answer: Any) -> Any:
    """Return the answer with all its strings decoded as UTF-8.

    Bytes that are none become surrogate escapes, as in Python's names of files: an answer is never
    lost by one string in it, and none is changed.
    """
    kind = answer.__class__
    if kind is bytes:
        return answer.decode("utf-8", "surrogateescape")
    if kind is list:
        return [
            each.decode("utf-8", "surrogateescape") if each.__class__ is bytes else as_text(each)
            for each in answer
        ]
    if kind is dict:
        return {as_text(key): as_text(value) for key, value in answer.items()}
    return answer
