"""A smaller cap on the bodies of some routes."""

from __future__ import annotations

from typing import Final

from .._http_errors import HTTPError
from .._middleware_chain import CallNext
from .._request import Request
from .._response import Response

__all__ = ["BodyLimit"]

_FRAMING: Final = frozenset([b"content-length", b"transfer-encoding"])


class BodyLimit:
    """Refuses bodies over a size with 413, beside the server's own ``max_body_bytes``.

    One that announces its length is refused before anything of it is read; one that does not,
    when the handler has read so much.

    :param max_bytes: the cap on the whole body, as it comes over the wire.
    """

    def __init__(self, max_bytes: int) -> None:
        if max_bytes < 0:
            raise ValueError(f"max_bytes must not be negative, got {max_bytes}")
        self._max_bytes = max_bytes

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Pass the request on with the smaller cap.

        :raises HTTPError: 413 for a body that announces more.
        """
        if not _may_have_body(request):
            return await call_next(request)
        body = request.body
        if body.length is not None and body.length > self._max_bytes:
            raise HTTPError(413, f"the body is longer than {self._max_bytes} bytes")
        body.limit_to(self._max_bytes)
        return await call_next(request)


def _may_have_body(request: Request) -> bool:
    """Whether there is something to be limited, found out without making the stream for it.

    One that came over a connection has a body only where its head says so (:rfc:`9112` section
    6.3). One that was made by hand, or by a gateway, has its stream already.
    """
    return "body" in request.__dict__ or not _FRAMING.isdisjoint(
        [name.lower() for name, _ in request.raw_headers]
    )
