"""Which handler answers a request: a tree of path segments, then the method."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TypeAlias, TypeVar

import attrs

from ._http_errors import HTTPError
from ._pattern import parse_pattern
from ._request import Request, decode_path
from ._response import HandlerResult, Response

__all__ = ["Handler", "Router", "check_handler"]

Handler: TypeAlias = Callable[[Request], Awaitable[HandlerResult]]
"""An async function that takes a :class:`Request` and returns the answer."""

_H = TypeVar("_H", bound=Handler)


@attrs.frozen
class _Route:
    pattern: str
    handler: Handler
    names: list[str]


@attrs.frozen
class _Node:
    children: dict[str, _Node] = attrs.field(factory=dict)
    parameter: list[_Node] = attrs.field(factory=list)
    routes: dict[str, _Route] = attrs.field(factory=dict)

    def child(self, segment: str | None) -> _Node:
        """The node below, made when it is missing; ``None`` stands for any placeholder."""
        if segment is not None:
            return self.children.setdefault(segment, _Node())
        if not self.parameter:
            self.parameter.append(_Node())
        return self.parameter[0]

    def find(self, segments: list[str], depth: int = 0) -> Iterator[tuple[_Node, list[str]]]:
        """The nodes with routes that these segments lead to, the most literal one first.

        Each comes with what its placeholders stand for. The cost depends on the depth of the
        tree and not on how many routes there are.
        """
        if depth == len(segments):
            if self.routes:
                yield self, []
            return
        segment = segments[depth]
        if segment in self.children:
            yield from self.children[segment].find(segments, depth + 1)
        if self.parameter and segment:
            for node, values in self.parameter[0].find(segments, depth + 1):
                yield node, [segment, *values]


class Router:
    """A handler that hands each request to the handler of its path and method.

    ::

        router = Router()

        @router.get("/planets/{name}")
        async def planet(request: Request) -> dict[str, str]:
            return {"name": request.path_params["name"]}

    A placeholder stands for one whole segment, which must not be empty; its value is
    percent-decoded after the path was cut, so that ``%2F`` does not cut it. Fixed segments go
    before placeholders. A slash at the end makes a different path.

    ``HEAD`` is answered by the ``GET`` handler and ``OPTIONS`` with the methods that there are,
    unless a handler is registered for them. An unknown path is answered with 404, a known path
    with another method by 405 and ``Allow``, a path that is not UTF-8 with 400.

    Routes are added before the router serves; the cost of finding one does not depend on how
    many there are.
    """

    def __init__(self) -> None:
        self._root = _Node()
        self._methods = set[str]()

    def route(self, pattern: str, *, methods: Iterable[str]) -> Callable[[_H], _H]:
        """Register the decorated handler for a path and some methods.

        :param pattern: the path, such as ``"/users/{id}"``.
        :param methods: such as ``["GET", "POST"]``; upper case or lower.
        :returns: a decorator that gives the handler back as it is.
        :raises ValueError: for a bad pattern or method, or a route that is taken. Two patterns
            that differ only in the names of their placeholders are one.
        :raises TypeError: for a handler that is a plain function and not ``async def``.
        """
        segments, names = parse_pattern(pattern)
        wanted = _check_methods(methods)

        def register(handler: _H) -> _H:
            check_handler(handler)
            node = self._root
            for segment in segments:
                node = node.child(segment)
            for method in wanted:
                if method in node.routes:
                    taken = node.routes[method].pattern
                    raise ValueError(f"{method} {pattern!r} is taken by the route {taken!r}")
            for method in wanted:
                node.routes[method] = _Route(pattern, handler, names)
                self._methods.add(method)
            return handler

        return register

    def get(self, pattern: str) -> Callable[[_H], _H]:
        """Register a handler for ``GET``, and with it ``HEAD``; see :meth:`route`."""
        return self.route(pattern, methods=["GET"])

    def post(self, pattern: str) -> Callable[[_H], _H]:
        """Register a handler for ``POST``; see :meth:`route`."""
        return self.route(pattern, methods=["POST"])

    def put(self, pattern: str) -> Callable[[_H], _H]:
        """Register a handler for ``PUT``; see :meth:`route`."""
        return self.route(pattern, methods=["PUT"])

    def patch(self, pattern: str) -> Callable[[_H], _H]:
        """Register a handler for ``PATCH``; see :meth:`route`."""
        return self.route(pattern, methods=["PATCH"])

    def delete(self, pattern: str) -> Callable[[_H], _H]:
        """Register a handler for ``DELETE``; see :meth:`route`."""
        return self.route(pattern, methods=["DELETE"])

    async def __call__(self, request: Request) -> HandlerResult:
        """Answer a request by the handler of its route.

        :raises HTTPError: 404, 405, or 400 for a path that is not UTF-8.
        """
        if request.raw_path == "*" and request.method == "OPTIONS":
            return _allow(self._methods)
        segments = [decode_path(segment) for segment in request.raw_path[1:].split("/")]
        known = set[str]()
        if request.raw_path.startswith("/"):
            for node, values in self._root.find(segments):
                route = node.routes.get(request.method)
                if route is None and request.method == "HEAD":
                    route = node.routes.get("GET")
                if route is not None:
                    request.path_params = dict(zip(route.names, values, strict=True))
                    return await route.handler(request)
                known.update(node.routes)
        if not known:
            raise HTTPError(404)
        if request.method == "OPTIONS":
            return _allow(known)
        raise HTTPError(405, headers=_allow(known).headers)


def check_handler(handler: Handler) -> None:
    """Refuse a plain function: it would block every other request.

    :raises TypeError: for what cannot be called, or a function that is not ``async def``.
    """
    if not callable(handler):
        raise TypeError(f"a handler must be an async function, not {handler!r}")
    if inspect.isfunction(handler) and not inspect.iscoroutinefunction(handler):
        raise TypeError(f"a handler must be an async function (async def): {handler.__name__}")


def _check_methods(methods: Iterable[str]) -> list[str]:
    if isinstance(methods, str):
        raise TypeError(f"methods must be a list of names, such as [{methods!r}]")
    wanted = [method.upper() for method in methods]
    if not wanted:
        raise ValueError("a route needs at least one method")
    for method in wanted:
        if not (method.isascii() and method.replace("-", "").isalpha()):
            raise ValueError(f"invalid method {method!r}")
    return list(dict.fromkeys(wanted))


def _allow(methods: set[str]) -> Response:
    """The answer to ``OPTIONS`` (:rfc:`9110` section 9.3.7)."""
    allowed = methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    return Response(status=204, headers={"Allow": ", ".join(sorted(allowed))})
