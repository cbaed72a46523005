"""A handler behind a prefix, which sees requests as if the prefix were not there."""

from __future__ import annotations

from ._middleware_chain import Handler
from ._request import Request
from ._response import HandlerResult, Response

__all__ = ["add_slash", "mounted"]


def mounted(handler: Handler, depth: int, where: object) -> Handler:
    """A handler for what is behind a prefix.

    :param depth: how many segments of the path the prefix takes.
    :param where: the router that it is mounted in.
    """

    async def below_prefix(request: Request) -> HandlerResult:
        return await handler(_below(request, depth, where))

    return below_prefix if depth else handler


def _below(request: Request, depth: int, where: object) -> Request:
    """The request without the first segments of its path, which ``root_path`` keeps."""
    segments = request.raw_path.split("/")
    prefix = "/".join(segments[: depth + 1])
    below = request.below(prefix)
    below._mounted = where, request
    return below


async def add_slash(request: Request) -> Response:
    """Send the client to the same path with a slash at its end."""
    _, mark, query = request.target.partition("?")
    location = f"{request.root_path}{request.raw_path}/{mark}{query}"
    return Response.redirect(location, status=308)
