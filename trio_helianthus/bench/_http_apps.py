"""What the HTTP servers answer: the same in a router of ours and in ASGI apps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trio_helianthus import http

from ._http_loads import route_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable


def make_router(numbers: Iterable[int] = ()) -> http.Router:
    """Return a router with a path parameter, whose handlers look at a header.

    :param numbers: of further routes.
    """
    router = http.Router()

    @router.get("/hello/{name}")
    async def hello(request: http.Request) -> str:
        request.headers.get("user-agent")
        return f"Hello, {request.path_params['name']}!"

    @router.post("/length")
    async def length(request: http.Request) -> str:
        return str(len(await request.read()))

    async def show(request: http.Request) -> str:
        return str(request.path_params["id"])

    for number in numbers:
        router.get(route_of(number) + "/{id}")(show)
    return router


async def plain_app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Answer as an ASGI app without a framework: the least that a server can be asked to run."""
    if scope["type"] != "http":
        raise NotImplementedError("it has no lifespan, as it may say by raising")
    length = 0
    if scope["method"] == "POST":
        more = True
        while more:
            message = await receive()
            length += len(message["body"])
            more = message.get("more_body", False)
        body = b"%d" % length
    else:
        body = b"Hello, %s!" % scope["path"].rpartition("/")[2].encode()
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", b"%d" % len(body)),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


def make_starlette_app() -> Any:
    """Return the Starlette app that two servers run."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def hello(request: Request) -> PlainTextResponse:
        request.headers.get("user-agent")
        return PlainTextResponse(f"Hello, {request.path_params['name']}!")

    return Starlette(routes=[Route("/hello/{name}", hello)])


router = make_router()
"""For ``helianthus serve``."""
