"""What routes are called: which pattern a name stands for."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ._pattern import Pattern
from ._route_table import Entry

__all__ = ["RouteNames"]


class RouteNames:
    """Finds the pattern of a name.

    :param routes: with their whole names and patterns, in the order of registration.
    """

    def __init__(self, routes: Iterable[Entry]) -> None:
        self._routes: dict[str, list[Entry]] = {}
        for route in routes:
            if route.name:
                self._routes.setdefault(route.name, []).append(route)

    def find(self, name: str, params: Collection[str]) -> Pattern:
        """The pattern of a name: of one that was given, before that of a function.

        :param params: of several paths of one handler, the first is meant that has these
            placeholders.
        :raises LookupError: no route has the name, or the functions of several have.
        """
        routes = self._routes.get(name, [])
        routes = [route for route in routes if route.is_named] or routes
        if not routes:
            raise LookupError(f"no route has the name {name!r}")
        first = routes[0]
        others = [route for route in routes if not route.pattern.is_same_as(first.pattern)]
        if any(route.handler != first.handler for route in others):
            texts = ", ".join(dict.fromkeys(repr(route.pattern.text) for route in routes))
            raise LookupError(f"several routes are called {name!r}, so give them names: {texts}")
        for route in routes:
            if set(route.pattern.names) == set(params):
                return route.pattern
        return first.pattern
