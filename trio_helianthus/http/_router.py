"""Which handler answers a request: by its path, then by its method."""

from __future__ import annotations

import inspect
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, Literal, TypeVar

import attrs

from ._converters import CONVERTERS, Converter
from ._middleware_chain import (
    ErrorHandler,
    Handler,
    Middleware,
    check_handler,
    check_middleware,
)
from ._mounted import add_slash
from ._pattern import NO_PREFIX, Pattern, parse_pattern
from ._request import Request
from ._response import HandlerResult
from ._route_claims import Around, Claims, claim
from ._route_names import RouteNames
from ._route_table import Entry, Level, Mount, RouteTable
from ._route_tree import ANY_METHOD

__all__ = ["Handler", "Route", "Router", "check_handler"]

STATIC: Final = "static"
"""What folders of files are called unless they are given a name; as that of a function, it may
come several times."""

_H = TypeVar("_H", bound=Handler)
_E = TypeVar("_E", bound=ErrorHandler)


@attrs.frozen
class Route:
    """One line of :attr:`Router.routes`.

    :param pattern: with the prefixes of all routers around it.
    :param methods: as registered; ``{"*"}`` for a handler that is mounted.
    :param name: for :meth:`Router.url_for`.
    :param handler: without its middleware.
    """

    pattern: str
    methods: frozenset[str]
    name: str
    handler: Handler


class Router:
    """A handler that hands each request to the handler of its path and method.

    ::

        router = http.Router(middleware=[middleware.RequestID()])

        @router.get("/planets/{name}/moons/{number:int}")
        async def moon(request: http.Request) -> dict[str, object]:
            return dict(request.path_params)

        api = router.group("/api", middleware=[middleware.RateLimit(100, per=60)])

        @api.get("/planets")
        async def planets(request: http.Request) -> list[str]:
            return ["Mars"]

    **Patterns.** A placeholder stands for one segment that is not empty: ``{name}`` for any text,
    ``{id:int}`` for up to 19 digits, ``{price:float}``, ``{key:uuid}``, or a type of your own; and
    ``{rest:path}``, at the end, for all that is left, which may be nothing. A path that has no such
    value is not found. Text and placeholders may share a segment, ``/{name}.{ext}``, where
    it is clear what belongs to which. Values are percent-decoded after the path was cut, so
    that ``%2F`` does not cut it. A slash at the end makes a different path.

    **Order** of registration means nothing: at each segment fixed text goes before
    ``/{name}.{ext}``, that before a type, that before ``{name}``, and ``{rest:path}`` comes last.
    Where the first way leads to no handler for the method, the next is tried. What finding
    a route costs depends on the length of the path, not on how many routes there are.

    **Methods.** ``HEAD`` is answered by the ``GET`` handler and ``OPTIONS`` with the methods that
    there are, unless a handler is registered for them. An unknown path is answered with 404, a
    known path with another method by 405 and ``Allow``, a path that is not UTF-8 with 400.

    Routes, groups and middleware are added before the router serves, in any order.

    :param middleware: around every answer of this router, also of those for 404 and 405; the
        first is the outermost. See :meth:`use`.
    :param converters: types of placeholders, beside or instead of the built-in ones.
    :param slashes: ``"redirect"`` answers a path that is only found with, or without, a slash
        at its end by a redirect there (308, to a path alone, so that no proxy in front gets its
        scheme or host wrong); ``"strict"`` by 404.
    """

    def __init__(
        self,
        *,
        middleware: Iterable[Middleware] = (),
        converters: Mapping[str, Converter] | None = None,
        slashes: Literal["strict", "redirect"] = "strict",
    ) -> None:
        if slashes not in {"strict", "redirect"}:
            raise ValueError(f"slashes must be 'strict' or 'redirect', got {slashes!r}")
        self._converters = {**CONVERTERS, **(converters or {})}
        self._redirects = slashes == "redirect"
        self._level = Level(check_middleware(middleware))
        self._taken: Claims = {}
        self._around: list[Around] = []
        self._table: RouteTable | None = None
        self._names: RouteNames | None = None

    def __call__(self, request: Request) -> Awaitable[HandlerResult]:
        """Answer a request by the handler of its route: ``await router(request)``.

        :raises HTTPError: 404, 405, or 400 for a path that is not UTF-8; with middleware, these
            too are answers.
        """
        table = self._table
        if table is None:
            table = self._table = RouteTable(self._level, redirects=self._redirects)
        return table.find(request)(request)

    def route(
        self,
        pattern: str,
        *,
        methods: Iterable[str],
        name: str | None = None,
        middleware: Iterable[Middleware] = (),
    ) -> Callable[[_H], _H]:
        """Register the decorated handler for a path and some methods; as :meth:`add`.

        :returns: a decorator that gives the handler back as it is.
        """

        def register(handler: _H) -> _H:
            self.add(pattern, handler, methods=methods, name=name, middleware=middleware)
            return handler

        self._check(pattern, methods)
        return register

    def add(
        self,
        pattern: str,
        handler: Handler,
        *,
        methods: Iterable[str] = ("GET",),
        name: str | None = None,
        middleware: Iterable[Middleware] = (),
    ) -> None:
        """Register a handler for a path and some methods.

        :param pattern: the path, such as ``"/users/{id:int}"``; in a group, ``""`` is the
            prefix itself.
        :param methods: such as ``["GET", "POST"]``; upper case or lower.
        :param name: for :meth:`url_for`, ``""`` for none; the name of the function where it is
            left out. One that is given belongs to one URL, whatever its methods.
        :param middleware: around this route alone, inside that of the router.
        :raises ValueError: for a bad pattern or method, or a route or name that is taken. Two
            patterns that differ only in the names of their placeholders are one.
        :raises TypeError: for a handler that is a plain function and not ``async def``.
        """
        cut, wanted = self._check(pattern, methods)
        check_handler(handler)
        entry = Entry(
            cut,
            tuple(wanted),
            handler,
            getattr(handler, "__name__", "") if name is None else name,
            tuple(check_middleware(middleware)),
            is_named=name is not None,
        )
        self._add(entry, [entry])

    def get(
        self, pattern: str, *, name: str | None = None, middleware: Iterable[Middleware] = ()
    ) -> Callable[[_H], _H]:
        """Register a handler for ``GET``, and with it ``HEAD``; see :meth:`add`."""
        return self.route(pattern, methods=["GET"], name=name, middleware=middleware)

    def post(
        self, pattern: str, *, name: str | None = None, middleware: Iterable[Middleware] = ()
    ) -> Callable[[_H], _H]:
        """Register a handler for ``POST``; see :meth:`add`."""
        return self.route(pattern, methods=["POST"], name=name, middleware=middleware)

    def put(
        self, pattern: str, *, name: str | None = None, middleware: Iterable[Middleware] = ()
    ) -> Callable[[_H], _H]:
        """Register a handler for ``PUT``; see :meth:`add`."""
        return self.route(pattern, methods=["PUT"], name=name, middleware=middleware)

    def patch(
        self, pattern: str, *, name: str | None = None, middleware: Iterable[Middleware] = ()
    ) -> Callable[[_H], _H]:
        """Register a handler for ``PATCH``; see :meth:`add`."""
        return self.route(pattern, methods=["PATCH"], name=name, middleware=middleware)

    def delete(
        self, pattern: str, *, name: str | None = None, middleware: Iterable[Middleware] = ()
    ) -> Callable[[_H], _H]:
        """Register a handler for ``DELETE``; see :meth:`add`."""
        return self.route(pattern, methods=["DELETE"], name=name, middleware=middleware)

    def use(self, *middleware: Middleware) -> None:
        """Add middleware, inside of what is there: the first that was added is the outermost.

        ::

            async def timed(request: http.Request, call_next: http.CallNext) -> http.Response:
                began = trio.current_time()
                response = await call_next(request)
                took = 1000 * (trio.current_time() - began)
                response.headers["Server-Timing"] = f"all;dur={took:.1f}"
                return response

        ``call_next`` always gives a :class:`Response`: what a handler, or a middleware further
        in, has raised is an answer already, made by the exception handlers or as the server
        would, and ``request.state["exception"]`` has the exception as long as there is
        middleware around. Only cancellation passes, and must. What a middleware itself raises
        becomes an answer in the same way, for those around it. Where a handler sends its answer
        by itself, it has done so when ``call_next`` returns: the status is there to be read, but
        changes come too late. Register them with :meth:`Request.before_start` as well.

        A middleware may open a nursery or a scope around ``call_next``, as anywhere in trio, as
        long as it lets cancellation pass; handlers run in its task, so context variables that
        it sets are seen there.

        :raises TypeError: for a plain function, or a class instead of an instance.
        """
        self._level.middleware.extend(check_middleware(middleware))
        self._changed()

    def exception_handler(self, key: int | type[Exception]) -> Callable[[_E], _E]:
        """Register what answers for an exception: ``async def handler(request, exception)``.

        :param key: the class of the exception, where the nearest one goes first; or the status of
            an :exc:`HTTPError`, 404 and 405 of this router too. 500 also stands for everything
            else that is raised, which is reported nonetheless. Handlers for ``Exception`` are not
            asked about an :exc:`HTTPError`, which is an answer.
        :returns: a decorator that gives the handler back as it is.
        :raises ValueError: for a status outside 400 to 599, or one that is taken.
        :raises TypeError: for another key, or a plain function.

        It also answers for the groups and routers inside of this one that have none themselves.
        """
        _check_key(key)

        def register(handler: _E) -> _E:
            check_handler(handler)  # type: ignore[arg-type]  # of two arguments
            if key in self._level.error_handlers:
                raise ValueError(f"there is an exception handler for {key!r}")
            self._level.error_handlers[key] = handler
            self._changed()
            return handler

        return register

    def group(
        self, prefix: str = "", *, name: str | None = None, middleware: Iterable[Middleware] = ()
    ) -> Router:
        """A router whose routes are behind a prefix of this one's.

        :param prefix: such as ``"/api"`` or ``"/users/{user}"``, or nothing.
        :param name: stands before the names of its routes, ``"api:planet"``.
        :param middleware: around the routes of the group, inside that of this router.
        """
        inner = Router(middleware=middleware, converters=self._converters)
        self.mount(prefix, inner, name=name)
        return inner

    def mount(self, prefix: str, handler: Handler, *, name: str | None = None) -> None:
        """Put a router, or any other handler, behind a prefix.

        A router becomes a part of this one: its handlers see the whole ``request.path``. Its
        ``slashes`` do not matter, its own middleware and exception handlers do. It may be mounted
        several times.

        Any other handler gets every request for the prefix and for what is below, whatever
        the method, as if the prefix were not there: ``request.path`` is the rest, ``"/"`` at
        least, and ``request.root_path`` the prefix.

        :param prefix: such as ``"/files"``, without a slash at the end.
        :param name: of a router, stands before the names of its routes; of another handler, the
            name of its route for :meth:`url_for`, with the parameter ``path``.
        :raises ValueError: for a bad prefix, a router inside itself, or a route or name that is
            taken: of a router that is mounted twice, one needs a name.
        :raises TypeError: for a handler that is a plain function and not ``async def``.
        """
        cut = self._cut_prefix(prefix)
        if isinstance(handler, Router):
            if handler in [around.router for around in self._all_around()]:
                raise ValueError("a router cannot be mounted in itself")
            place = Around(self, self._taken, cut, f"{name}:" if name else "")
            self._add(Mount(cut, handler._level, name), handler._level.walk(cut, place.name))
            handler._around.append(place)
            return
        check_handler(handler)
        for pattern in [cut, parse_pattern("/{path:path}", self._converters).under(cut)]:
            if pattern.segments or pattern.rest:
                reachable = (name or "") if pattern.rest else ""
                entry = Entry(
                    pattern,
                    (ANY_METHOD,),
                    handler,
                    reachable,
                    is_named=name != STATIC,
                    mounted_in=self,
                )
                self._add(entry, [entry])

    def static(
        self,
        prefix: str,
        folder: str | os.PathLike[str],
        *,
        name: str | None = STATIC,
        **options: Any,
    ) -> None:
        """Serve the files of a folder.

        :param prefix: such as ``"/static"``; without a slash behind it, that is added by
            a redirect, so that relative links work.
        :param name: ``router.url_for("static", path="site.css")``.
        :param options: as :class:`StaticFiles` takes them.
        """
        from ._static import StaticFiles

        self.mount(prefix, StaticFiles(folder, **options), name=name)
        if self._cut_prefix(prefix).segments:
            self.add(prefix, add_slash, name="")

    def url_for(self, name: str, request: Request | None = None, /, **params: Any) -> str:
        """The URL of a route.

        ::

            router.url_for("moon", name="mars", number=2)            # "/planets/mars/moons/2"
            router.url_for("moon", request, name="mars", number=2)   # "https://example.com/planets/…"

        :param name: of the route; ``"group:route"`` where its group has a name. Within a router
            that is mounted once, its own names do. A name that was given goes before that of a
            function; of several paths of one function, the first with these placeholders is meant.
        :param request: makes the URL absolute, with the scheme and the host that the client
            used, which is what its ``Host`` says: have :class:`middleware.TrustedHosts` check it.
        :param params: a value for each placeholder.
        :raises LookupError: no route has the name, or several functions do.
        :raises ValueError: a value is missing, too many, or would not come back from the URL as
            it is; or the router is mounted several times.
        """
        router, prefix = self, NO_PREFIX
        while router._around:
            if len(router._around) > 1:
                raise ValueError(f"{name!r} is mounted several times: ask the router around it")
            place = router._around[0]
            router, prefix = place.router, prefix.under(place.prefix)
        if self._names is None:
            self._names = RouteNames(self._level.walk())
        pattern = self._names.find(name, set(params).difference(prefix.names)).under(prefix)
        unknown = set(params) - set(pattern.names)
        if unknown:
            raise ValueError(f"{pattern.text!r} has no placeholder {', '.join(sorted(unknown))}")
        path = pattern.fill(params)
        if request is None:
            return path
        return f"{request.scheme}://{request.host}{router._asked(request).root_path}{path}"

    def _asked(self, request: Request) -> Request:
        """What this router was asked, where a handler that is mounted in it has a request."""
        asked, inner = request, request
        while inner._mounted is not None:
            where, inner = inner._mounted
            if isinstance(where, Router) and self in [each.router for each in where._all_around()]:
                asked = inner
        return asked

    @property
    def routes(self) -> list[Route]:
        """Every route, those of groups and mounted routers too, in the order of registration."""
        return [
            Route(
                entry.pattern.text,
                frozenset(entry.methods),
                entry.name,
                entry.handler,
            )
            for entry in self._level.walk()
        ]

    def _check(self, pattern: str, methods: Iterable[str]) -> tuple[Pattern, list[str]]:
        if not pattern and self._around and all(each.prefix.segments for each in self._around):
            return NO_PREFIX, _check_methods(methods)
        return parse_pattern(pattern, self._converters), _check_methods(methods)

    def _cut_prefix(self, prefix: str) -> Pattern:
        if prefix in {"", "/"}:
            return NO_PREFIX
        if prefix.endswith("/"):
            raise ValueError(f"a prefix has no slash at its end: {prefix!r}")
        cut = parse_pattern(prefix, self._converters)
        if cut.rest:
            raise ValueError(f"nothing can follow a path placeholder: {prefix!r}")
        return cut

    def _add(self, entry: Entry | Mount, routes: Iterable[Entry]) -> None:
        """Add an entry, if its routes have their places and names here and in the routers around.

        :param routes: those that the entry brings, with their patterns and names in this router.
        """
        claim(routes, self._all_around())
        self._level.entries.append(entry)
        self._changed()

    def _changed(self) -> None:
        for around in self._all_around():
            around.router._table = None
            around.router._names = None

    def _all_around(self) -> list[Around]:
        """This router, and every one around it."""
        found = [Around(self, self._taken)]
        for parent in self._around:
            found += [outer.behind(parent) for outer in parent.router._all_around()]
        return found


def _check_key(key: object) -> None:
    if isinstance(key, int):
        if not 400 <= key <= 599:
            raise ValueError(f"the status of an error is 400 to 599, got {key}")
    elif not (inspect.isclass(key) and issubclass(key, Exception)):
        raise TypeError(f"expected a status or an exception class, got {key!r}")


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
