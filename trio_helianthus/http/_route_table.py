"""The routes of a router and of all that are mounted in it, made ready for requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import attrs

from ._converters import CONVERTERS
from ._http_errors import HTTPError
from ._middleware_chain import ErrorHandler, ErrorHandlers, Handler, Middleware, compose
from ._mounted import mounted
from ._pattern import NO_PREFIX, Pattern, Single
from ._request import Request, decode_path
from ._response import HandlerResult, Response
from ._route_tree import ANY_METHOD, Endpoint, Node

__all__ = ["Entry", "Level", "Mount", "RouteTable"]

_Endings: TypeAlias = "dict[str, tuple[str, Handler]]"
"""By method: the name of the only placeholder, ``""`` for none, and the handler."""
_LastPart: TypeAlias = "tuple[Callable[[str], Any], _Endings]"
_Place: TypeAlias = "tuple[Any, _Endings]"
"""The value of the placeholder, and what can be done with it."""
_Layers: TypeAlias = "tuple[tuple[Sequence[Middleware], ErrorHandlers], ...]"


@attrs.frozen
class Entry:
    """A route as it was registered.

    :param name: empty for one that ``url_for`` does not know.
    :param is_named: whether somebody has given it the name, which is the function's otherwise.
    :param mounted_in: the router that has mounted it as a handler of what is below its pattern.
    """

    pattern: Pattern
    methods: tuple[str, ...]
    handler: Handler
    name: str
    middleware: tuple[Middleware, ...] = ()
    is_named: bool = False
    mounted_in: object | None = None


@attrs.frozen
class Mount:
    """A level behind a prefix of another one."""

    prefix: Pattern
    level: Level
    name: str | None


@attrs.define(eq=False)
class Level:
    """What was said to one router."""

    middleware: list[Middleware]
    error_handlers: dict[int | type[Exception], ErrorHandler] = attrs.field(factory=dict)
    entries: list[Entry | Mount] = attrs.field(factory=list)

    def walk(self, prefix: Pattern = NO_PREFIX, name: str = "") -> Iterator[Entry]:
        """Every entry here and inside, with its whole pattern and name."""
        for entry in self.entries:
            if isinstance(entry, Mount):
                inner = f"{name}{entry.name}:" if entry.name else name
                yield from entry.level.walk(entry.prefix.under(prefix), inner)
            else:
                whole = entry.name and name + entry.name
                yield attrs.evolve(entry, pattern=entry.pattern.under(prefix), name=whole)


_NO_PARAMS: Final = Request.path_params
"""What a request has before a router has seen it."""
_PURE: Final = frozenset(converter.parse for converter in CONVERTERS.values())
"""Parsers that always give the same for the same text, and nothing that a handler could change."""
MAX_REMEMBERED: Final = 1024
"""Paths with a placeholder whose place is remembered; then all are forgotten."""
MAX_REMEMBERED_LENGTH: Final = 256
"""Characters of such a path; longer ones are looked for each time."""
REMEMBER_EVERY: Final = 16
"""Of so many paths that were looked for one is remembered: those that come often will be, and
where none comes twice this costs next to nothing."""


class RouteTable:
    """Finds handlers, each with its middleware around it.

    :param level: the outermost one.
    :param redirects: whether a slash too many or too few at the end is answered by a redirect.
    """

    def __init__(self, level: Level, *, redirects: bool) -> None:
        self._fixed: dict[str, dict[str, Endpoint]] = {}
        """By path, as requests write it, and method: routes without placeholders."""
        self._last: dict[str, tuple[_LastPart, ...]] = {}
        """By the fixed path before it: routes with one placeholder, at the end."""
        self._root = Node()
        self._methods = set[str]()
        self._redirects = redirects
        layers = self._add_level(level, NO_PREFIX, ())
        for entry in level.walk():
            before = entry.pattern.path_before_last
            if before is not None and before not in self._last:
                self._last[before] = tuple(_last_parts(self._root.below(entry.pattern.parent)))
        self._known: dict[str, _Place] = self._fixed_places()
        """By path: where fixed ones lead, and those that were found lately."""
        self._until_remembering = REMEMBER_EVERY
        self._server_options = compose(self._answer_server_options, layers)
        self._not_utf8 = compose(_refuse_path, layers)

    def find(self, request: Request) -> Handler:
        """The handler for a request; one that refuses it where there is none.

        Most are found by the whole path, or by what stands before its last slash.
        """
        target = request.target
        place = self._known.get(target)
        if place is None and "?" in target:
            target = target.partition("?")[0]
            place = self._known.get(target)
        if place is None:
            before, slash, last = target.rpartition("/")
            parts = self._last.get(before)
            if parts is None or not slash or "%" in last or not last.isascii():
                return self._find_in_tree(request)
            for part in parts:
                parse, endings = part
                try:
                    value = parse(last)
                    break
                except ValueError:
                    continue
            else:
                return self._find_in_tree(request)
            self._until_remembering -= 1
            if self._until_remembering <= 0 and parse in _PURE:
                self._remember(target, (value, endings))
        else:
            value, endings = place
        ending = endings.get(request.method)
        if ending is not None:
            name, handler = ending
            if not name:
                return handler
            if request.path_params is _NO_PARAMS:
                request.path_params = {name: value}
                return handler
        return self._find_in_tree(request)

    def _remember(self, path: str, place: _Place) -> None:
        self._until_remembering = REMEMBER_EVERY
        if len(path) <= MAX_REMEMBERED_LENGTH:
            if len(self._known) >= len(self._fixed) + MAX_REMEMBERED:
                self._known = self._fixed_places()
            self._known[path] = place

    def _fixed_places(self) -> dict[str, _Place]:
        return {
            path: (None, {method: ("", handler) for method, (_, handler) in endpoints.items()})
            for path, endpoints in self._fixed.items()
        }

    def _find_in_tree(self, request: Request) -> Handler:
        path = request.target
        if "?" in path or not path.startswith("/"):
            path = request.raw_path
        if not path.startswith("/"):
            if path == "*" and request.method == "OPTIONS":
                return self._server_options
            return self._root.nearest_not_found(())
        segments = path[1:].split("/")
        if "%" in path or not path.isascii():
            try:
                segments = [decode_path(segment) for segment in segments]
            except HTTPError:
                return self._not_utf8
        found = self._root.first(segments)
        if found is not None:
            leaf, values = found
            endpoint = leaf.endpoints.get(request.method) or leaf.endpoints.get(ANY_METHOD)
            if endpoint is not None:
                return _with_params(request, endpoint, values)
        return self._look_further(request, segments)

    def _look_further(self, request: Request, segments: list[str]) -> Handler:
        refusal: Handler | None = None
        for leaf, values in self._root.find(segments):
            endpoint = leaf.endpoints.get(request.method) or leaf.endpoints.get(ANY_METHOD)
            if endpoint is not None:
                return _with_params(request, endpoint, values)
            refusal = refusal or leaf.other_method
        return refusal or self._root.nearest_not_found(segments)

    def _add_level(self, level: Level, prefix: Pattern, outside: _Layers) -> _Layers:
        outer = outside[-1][1] if outside else None
        errors = ErrorHandlers(level.error_handlers, outer)
        layers: _Layers = (*outside, (level.middleware, errors))
        place = self._root.below(prefix)
        if place.not_found is None or prefix.segments:
            place.not_found = compose(self._answer_not_found, layers)
        refusal = compose(self._answer_other_method, layers)
        for entry in level.entries:
            if isinstance(entry, Mount):
                self._add_level(entry.level, entry.prefix.under(prefix), layers)
                continue
            pattern = entry.pattern.under(prefix)
            own: _Layers = (*layers, (entry.middleware, errors)) if entry.middleware else layers
            leaf = self._root.leaf_of(pattern)
            if not leaf.endpoints:
                refused = self._answer_other_method
                leaf.other_method = compose(refused, own) if entry.middleware else refusal
            handler = entry.handler
            if entry.mounted_in is not None:
                handler = mounted(handler, len(pattern.segments), entry.mounted_in)
            endpoint = pattern.names, compose(handler, own)
            for method in entry.methods:
                leaf.add(method, endpoint)
            self._methods.update(leaf.endpoints)
            path = pattern.fixed_path
            if path is not None and ANY_METHOD not in leaf.endpoints:
                self._fixed[path] = leaf.endpoints
        return layers

    async def _answer_not_found(self, request: Request) -> HandlerResult:
        if self._redirects and (path := self._other_slash(request)) is not None:
            _, mark, query = request.target.partition("?")
            return Response.redirect(request.root_path + path + mark + query, status=308)
        raise HTTPError(404)

    async def _answer_other_method(self, request: Request) -> HandlerResult:
        known = self._methods_at(request.raw_path)
        if request.method == "OPTIONS":
            return _allow(known)
        raise HTTPError(405, headers=_allow(known).headers)

    async def _answer_server_options(self, _: Request) -> HandlerResult:
        return _allow(self._methods - {ANY_METHOD})

    def _methods_at(self, raw_path: str) -> set[str]:
        segments = [decode_path(segment) for segment in raw_path[1:].split("/")]
        return {method for leaf, _ in self._root.find(segments) for method in leaf.endpoints}

    def _other_slash(self, request: Request) -> str | None:
        """The path with a slash more, or one less, at its end, if there is such a route."""
        path = request.raw_path
        if path == "/" or path.startswith("//") or not path.startswith("/"):
            return None
        other = path[:-1] if path.endswith("/") else f"{path}/"
        return other if self._methods_at(other) else None


def _with_params(request: Request, endpoint: Endpoint, values: list[Any]) -> Handler:
    names, handler = endpoint
    if values:
        params = dict(zip(names, values))  # noqa: B905 - as many as there are, and strict is slow
        outer = request.path_params
        request.path_params = params if outer is _NO_PARAMS else {**outer, **params}
    return handler


def _last_parts(node: Node) -> Iterator[_LastPart]:
    for part, below in node.parts:
        if below.leaf is None or not isinstance(part, Single) or not below.leaf.endpoints:
            return  # what comes behind it must not go before it
        yield (
            part.converter.parse,
            {
                method: (names[-1], handler)
                for method, (names, handler) in below.leaf.endpoints.items()
            },
        )


async def _refuse_path(_: Request) -> HandlerResult:
    raise HTTPError(400, "the path is not UTF-8")


def _allow(methods: set[str]) -> Response:
    """The answer to ``OPTIONS`` (:rfc:`9110` section 9.3.7)."""
    return Response(status=204, headers={"Allow": ", ".join(sorted(methods | {"OPTIONS"}))})
