"""One request through one middleware, without any sockets."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from trio_helianthus import http


class Through(Protocol):
    async def __call__(
        self, middleware: http.Middleware, handler: http.Handler | None = None, **request: Any
    ) -> http.Response: ...


@pytest.fixture
def through() -> Through:
    """Send a request through a middleware to a handler; what is raised is an answer."""

    async def send(
        middleware: http.Middleware,
        handler: http.Handler | None = None,
        *,
        method: str = "GET",
        target: str = "/",
        scheme: str = "http",
        **options: Any,
    ) -> http.Response:
        router = http.Router(middleware=[middleware])
        if handler is not None:
            router.mount("", handler)
        options.setdefault("headers", {"Host": "example.com"})
        request = http.Request(method, target, **options)
        request.scheme = scheme
        answer = await router(request)
        assert isinstance(answer, http.Response)
        return answer

    return send
