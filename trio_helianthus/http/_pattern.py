"""The pattern of a route, ``/users/{id}/posts``, cut into its segments."""

from __future__ import annotations

import re

__all__ = ["parse_pattern"]

_TYPED = re.compile(r"\{[^{}:]*:[^{}]*\}")


def parse_pattern(pattern: str) -> tuple[list[str | None], list[str]]:
    """Cut a pattern into segments.

    :param pattern: starts with a slash; a placeholder ``{name}`` fills a whole segment; fixed
        text is written as it reads, not percent-encoded.
    :returns: the segments, with ``None`` for each placeholder, and the names of the
        placeholders in order.
    :raises ValueError: says what is wrong with the pattern.
    """
    if not pattern.startswith("/"):
        raise ValueError(f"a route must start with '/': {pattern!r}")
    for character in "?#":
        if character in pattern:
            raise ValueError(f"a route is a path alone, without {character!r}: {pattern!r}")
    segments: list[str | None] = []
    names: list[str] = []
    texts = pattern[1:].split("/")
    if "" in texts[:-1]:
        raise ValueError(f"a route has no empty segment: {pattern!r}")
    for text in texts:
        if "{" not in text and "}" not in text:
            segments.append(text)
            continue
        name = _placeholder_name(text, pattern)
        if name in names:
            raise ValueError(f"placeholder {{{name}}} comes twice in {pattern!r}")
        segments.append(None)
        names.append(name)
    return segments, names


def _placeholder_name(segment: str, pattern: str) -> str:
    if _TYPED.fullmatch(segment) is not None:
        raise ValueError(f"typed placeholders are not supported: {segment} in {pattern!r}")
    name = segment[1:-1]
    if not (segment.startswith("{") and segment.endswith("}")) or "{" in name or "}" in name:
        raise ValueError(
            f"a placeholder fills a whole segment, as in '/users/{{id}}': "
            f"{segment!r} in {pattern!r}"
        )
    if not name.isidentifier():
        raise ValueError(
            f"the name of a placeholder must be an identifier: {segment} in {pattern!r}"
        )
    return name
