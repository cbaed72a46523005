"""A tree of path segments: finding a route costs what its path is long, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from ._converters import CONVERTERS, TEXT
from ._middleware_chain import Handler
from ._pattern import Mixed, Part, Pattern

__all__ = ["ANY_METHOD", "Endpoint", "Found", "Leaf", "Node"]

ANY_METHOD: Final = "*"
"""Stands for every method, in the leaf of a handler that is mounted."""

Endpoint: TypeAlias = "tuple[tuple[str, ...], Handler]"
"""Names of the placeholders, and the handler with all its middleware."""

_RANKS: Final = {id(kind): rank for rank, kind in enumerate(CONVERTERS.values(), 1)}
_OWN_RANK: Final = len(CONVERTERS) + 1
_TEXT_RANK: Final = _OWN_RANK + 1


class Leaf:
    """What answers at one place of the tree."""

    __slots__ = ("endpoints", "other_method")

    def __init__(self) -> None:
        self.endpoints: dict[str, Endpoint] = {}
        """By method; ``HEAD`` too where there is a ``GET``."""
        self.other_method: Handler
        """Answers where no leaf of the path knows the method."""

    def add(self, method: str, endpoint: Endpoint) -> None:
        """Add an endpoint for a method that has none; that of ``GET`` is also for ``HEAD``."""
        own_head = self.endpoints.get("HEAD") is not self.endpoints.get("GET")
        self.endpoints[method] = endpoint
        if method == "GET" and not own_head:
            self.endpoints["HEAD"] = endpoint


Found: TypeAlias = "tuple[Leaf, list[Any]]"
"""A leaf, and the values of the placeholders on the way to it."""


class Node:
    """One place in the tree."""

    __slots__ = ("children", "leaf", "not_found", "parsers", "parts", "rest")

    def __init__(self) -> None:
        self.children: dict[str, Node] = {}
        self.parts: list[tuple[Part, Node]] = []
        """Below placeholders, in the order in which they are tried."""
        self.parsers: list[tuple[Callable[[str], Any], bool, Node]] = []
        """The same: what parses a segment, whether that gives several values, and the node."""
        self.leaf: Leaf | None = None
        """For a path that ends here."""
        self.rest: Leaf | None = None
        """For a path that goes on in any way."""
        self.not_found: Handler | None = None
        """Answers for this place and what is below it, where there is no route."""

    def below(self, pattern: Pattern) -> Node:
        """The node that a pattern leads to, made when it is missing."""
        node = self
        for segment in pattern.segments:
            if isinstance(segment, str):
                node = node.children.setdefault(segment, Node())
            else:
                node = node._behind(segment)
        return node

    def leaf_of(self, pattern: Pattern) -> Leaf:
        """The leaf of a pattern, made when it is missing."""
        node = self.below(pattern)
        if pattern.rest:
            node.rest = node.rest or Leaf()
            return node.rest
        node.leaf = node.leaf or Leaf()
        return node.leaf

    def first(self, segments: Sequence[str]) -> Found | None:
        """The leaf at the end of the most literal way, if that leads to one.

        This is what :meth:`find` gives first, without the means to look further.
        """
        node = self
        values: list[Any] = []
        for depth, segment in enumerate(segments):
            child = node.children.get(segment)
            if child is None:
                for parse, several, behind in node.parsers:
                    try:
                        value = parse(segment)
                    except ValueError:
                        continue
                    if several:
                        values += value
                    else:
                        values.append(value)
                    child = behind
                    break
                else:
                    if node.rest is None:
                        return None
                    values.append("/".join(segments[depth:]))
                    return node.rest, values
            node = child
        return None if node.leaf is None else (node.leaf, values)

    def find(self, segments: Sequence[str], depth: int = 0) -> Iterator[Found]:
        """Every leaf that these segments lead to, the most literal one first."""
        if depth == len(segments):
            if self.leaf is not None:
                yield self.leaf, []
            return
        segment = segments[depth]
        if segment in self.children:
            yield from self.children[segment].find(segments, depth + 1)
        for part, node in self.parts:
            try:
                values = part.match(segment)
            except ValueError:
                continue
            for leaf, others in node.find(segments, depth + 1):
                yield leaf, [*values, *others]
        if self.rest is not None:
            yield self.rest, ["/".join(segments[depth:])]

    def nearest_not_found(self, segments: Sequence[str]) -> Handler:
        """Who answers for a path without a route: the innermost router that it could belong to."""
        node = self
        nearest = self.not_found
        assert nearest is not None
        for segment in segments:
            below = node.children.get(segment) or next(node._fitting(segment), None)
            if below is None:
                break
            node = below
            nearest = node.not_found or nearest
        return nearest

    def _fitting(self, segment: str) -> Iterator[Node]:
        for part, node in self.parts:
            try:
                part.match(segment)
            except ValueError:
                continue
            yield node

    def _behind(self, part: Part) -> Node:
        for known, node in self.parts:
            if known == part:
                return node
        node = Node()
        self.parts.append((part, node))
        self.parts.sort(key=lambda pair: _rank(pair[0]))
        self.parsers = [
            (part.match, True, behind)
            if isinstance(part, Mixed)
            else (part.converter.parse, False, behind)
            for part, behind in self.parts
        ]
        return node


def _rank(part: Part) -> tuple[int, int]:
    """Mixed ones with the most fixed text first, then those with a type, text last."""
    if isinstance(part, Mixed):
        return 0, -len("".join(part.texts))
    if part.converter is TEXT:
        return _TEXT_RANK, 0
    return _RANKS.get(id(part.converter), _OWN_RANK), 0
