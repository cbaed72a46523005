"""Middleware around a handler, composed once; what happens inside is an answer to each layer."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeAlias

import attrs

from trio_helianthus import core

from ._answer import error_answer, server_error
from ._client_fault import client_fault
from ._http_errors import HTTPError
from ._outgoing import PeerGone
from ._request import Request
from ._response import HandlerResult, Response, as_response
from ._response_writer import ResponseWriter
from ._starting import own_copy

__all__ = [
    "CallNext",
    "ErrorHandler",
    "ErrorHandlers",
    "Handler",
    "Middleware",
    "check_handler",
    "check_middleware",
    "compose",
]

Handler: TypeAlias = Callable[[Request], Awaitable[HandlerResult]]
"""An async function that takes a :class:`Request` and returns the answer."""

CallNext: TypeAlias = Callable[[Request], Awaitable[Response]]
"""What a middleware calls for the answer of everything inside of it."""

Middleware: TypeAlias = Callable[[Request, CallNext], Awaitable[HandlerResult]]
"""An async function around handlers: ``async def middleware(request, call_next)``.

It calls ``await call_next(request)`` for the answer, or answers by itself.
"""

ErrorHandler: TypeAlias = Callable[[Request, Any], Awaitable[HandlerResult]]
"""An async function that takes a request and what its handler has raised, and answers."""


class _Started(Response):
    """Stands for an answer that its handler is sending by itself: what was said in its head."""

    def __init__(self, writer: ResponseWriter) -> None:
        super().__init__()
        self.status = writer.status  # which may be 101
        self.writer = writer


@attrs.frozen
class ErrorHandlers:
    """What answers for a handler that raised: a router's own, then those of the one around it.

    :param by_key: by status or exception class; shared with the router, which adds to it.
    """

    by_key: dict[int | type[Exception], ErrorHandler]
    outer: ErrorHandlers | None = None

    def any(self) -> bool:
        """Whether there are any."""
        return bool(self.by_key) or (self.outer is not None and self.outer.any())

    async def answer(self, request: Request, error: Exception) -> Response:
        """The answer for an error; one that nothing is there for is reported and gets a 500.

        What is only there for 500 does not keep an error from being reported. An error handler
        that raises an :exc:`HTTPError` answers with that; what else it raises is reported.

        :raises Exception: the error itself where nobody can be answered any more: the client is
            gone, or the handler has started an answer, which the server breaks off then.
        """
        error = client_fault(error) or error
        if isinstance(error, PeerGone) or request._starting.started:
            raise error
        request.state["exception"] = error
        try:
            key, handler = self._find(error)
            if key == 500 and not isinstance(error, HTTPError):
                core.report_error(error, where=f"handler of {request.method} {request.target}")
            if handler is None:
                return _plain_answer(error)
            try:
                return _answered(await handler(request, error))
            except PeerGone:
                raise
            except HTTPError as exc:
                return _plain_answer(exc)
            except Exception as exc:
                core.report_error(exc, where=f"error handler of {request.method} {request.target}")
                return server_error()
        finally:
            del error  # a traceback may refer to this frame

    def _find(self, error: Exception) -> tuple[object, ErrorHandler | None]:
        """By status, else by the nearest class; 500 stands for what is no :exc:`HTTPError`."""
        classes = type(error).__mro__
        if isinstance(error, HTTPError):  # not for who asks for Exception: it is an answer
            keys: list[Any] = [error.status, *classes[: classes.index(HTTPError) + 1]]
        else:
            keys = [*classes, 500]
        level: ErrorHandlers | None = self
        while level is not None:
            for key in keys:
                if key in level.by_key:
                    return key, level.by_key[key]
            level = level.outer
        return 500, None


def compose(
    handler: Handler, layers: Sequence[tuple[Sequence[Middleware], ErrorHandlers]]
) -> Handler:
    """Put middleware around a handler.

    :param layers: the middleware of each router around the handler, from the outermost in, with
        the error handlers that are there for what it raises.
    """
    *_, (_, innermost) = layers
    if not any(middleware for middleware, _ in layers):
        return _outermost(_guarded(handler, innermost)) if innermost.any() else handler
    call = _guarded(handler, innermost)
    for middleware, errors in reversed(layers):
        for each in reversed(middleware):
            call = _layer(each, call, errors)
    return _outermost(call)


def _guarded(handler: Handler, errors: ErrorHandlers) -> CallNext:
    async def guarded(request: Request) -> Response:
        try:
            result = await handler(request)
            return own_copy(result if isinstance(result, Response) else _answered(result))
        except Exception as exc:
            return await errors.answer(request, exc)

    return guarded


def _layer(middleware: Middleware, call_next: CallNext, errors: ErrorHandlers) -> CallNext:
    async def layer(request: Request) -> Response:
        try:
            result = await middleware(request, call_next)
            return result if isinstance(result, Response) else _answered(result)
        except Exception as exc:
            return await errors.answer(request, exc)

    return layer


def _plain_answer(error: Exception) -> Response:
    return error_answer(error) if isinstance(error, HTTPError) else server_error()


def _outermost(call: CallNext) -> Handler:
    async def outermost(request: Request) -> HandlerResult:
        response = await call(request)
        if "state" in request.__dict__:
            request.state.pop("exception", None)  # its traceback refers to the request
        return response.writer if type(response) is _Started else response

    return outermost


def _answered(result: HandlerResult) -> Response:
    return _Started(result) if isinstance(result, ResponseWriter) else as_response(result)


def check_handler(handler: Handler) -> None:
    """Refuse a plain function: it would block every other request.

    :raises TypeError: for what cannot be called, or a function that is not ``async def``.
    """
    _check_async(handler, "a handler")


def check_middleware(middleware: Iterable[Middleware]) -> list[Middleware]:
    """The middleware as a list.

    :raises TypeError: one of them is a class, or a function that is not ``async def``.
    """
    given = list(middleware)
    for each in given:
        if inspect.isclass(each):
            raise TypeError(f"pass an instance, {each.__name__}(...), not the class")
        _check_async(each, "a middleware")
    return given


def _check_async(function: Callable[..., object], what: str) -> None:
    if not callable(function):
        raise TypeError(f"{what} must be an async function, not {function!r}")
    if inspect.isfunction(function) and not inspect.iscoroutinefunction(function):
        raise TypeError(f"{what} must be an async function (async def): {function.__name__}")
