"""A time for the answer of some routes."""

from __future__ import annotations

import math

import trio

from .._http_errors import HTTPError
from .._middleware_chain import CallNext
from .._request import Request
from .._response import Response

__all__ = ["Timeout"]


class Timeout:
    """Cancels a handler that has no answer in time, and answers with 503.

    It counts until the answer is there, or has begun: a body that then comes piece by piece takes
    as long as it takes, and so does what a handler does that has answered by itself.
    ``request.deadline`` is brought forward until then, so that calls to other services know.

    :param seconds: from here on.
    :raises ValueError: they are not above 0.
    """

    def __init__(self, seconds: float) -> None:
        if not seconds > 0:
            raise ValueError(f"seconds must be above 0, got {seconds}")
        self._seconds = seconds

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Wait for the answer, but not for longer.

        :raises HTTPError: 503 when the time is up.
        """
        given, deadline = request.deadline, trio.current_time() + self._seconds
        request.deadline = min(given, deadline)
        with trio.move_on_at(deadline) as scope:

            def end_it(_: Response) -> None:
                request.deadline = given
                scope.deadline = math.inf

            request.before_start(end_it)
            return await call_next(request)
        raise HTTPError(503, "this takes too long")
