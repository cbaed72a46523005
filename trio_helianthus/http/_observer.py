"""Requests of which more is to be known: their trace, how long their client waits, how they end."""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Final

import trio

from trio_helianthus import core
from trio_helianthus.core import SEAM
from trio_helianthus.net import ByteStream

from ._http_errors import HTTPError
from ._incoming import Incoming
from ._outgoing import Outgoing
from ._patience import Patience
from ._request import Request

__all__ = ["CONTEXT_FIELDS", "Observer"]

CONTEXT_FIELDS: Final = frozenset([b"traceparent", b"x-request-timeout"])
"""What a request says of the work that it is a part of. ``X-Request-Timeout`` says how many seconds
the client is going to wait; it can only shorten the handler's time."""

_SECONDS: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


class Observer:
    """Has the requests of one connection answered, and watches.

    :param respond: answers a request.
    :param handler_timeout: seconds that a handler has.
    """

    def __init__(
        self,
        respond: Callable[[Request], Awaitable[None]],
        stream: ByteStream,
        incoming: Incoming,
        outgoing: Outgoing,
        patience: Patience,
        handler_timeout: float,
    ) -> None:
        self._respond = respond
        self._stream = stream
        self._incoming = incoming
        self._outgoing = outgoing
        self._patience = patience
        self._handler_timeout = handler_timeout

    async def answer(self, request: Request) -> None:
        """Have a request answered that has context fields."""
        trace = _trace_of(request)
        with nullcontext() if trace is None else core.use_trace(trace):
            asked = request.headers.get("x-request-timeout", "")
            if not _SECONDS.fullmatch(asked) or float(asked) >= self._handler_timeout:
                await self.report(request)
                return
            request.deadline = trio.current_time() + float(asked)
            self._patience.scope.deadline = request.deadline
            try:
                await self.report(request)
            finally:
                self._end_deadline()

    async def report(self, request: Request) -> None:
        """Have a request answered, and tell instruments of it, where there are some."""
        if SEAM.instrument is None:
            await self._respond(request)
            return
        stream, outgoing = self._stream, self._outgoing
        asked: dict[str, object] = {
            "http.method": request.method,
            "http.target": request.target,
            "http.request": request,  # for who wants more of it, such as an access log
        }
        with core.operation(
            "http.server.request",
            connection_id=stream.connection_id,
            peer=stream.remote_address,
            **asked,
        ) as operation:
            outgoing.operation = operation
            try:
                await self._respond(request)
                await outgoing.flush()
            finally:
                outgoing.operation = None
                if operation is not None:
                    operation.bytes_received = self._incoming.count()

    def _end_deadline(self) -> None:
        patience = self._patience
        deadline, patience.scope.deadline = patience.scope.deadline, math.inf
        if patience.scope.cancel_called and trio.current_time() >= deadline:
            patience.is_cut = True
            patience.verdict = HTTPError(504)  # by its own clock, the client waits no more


def _trace_of(request: Request) -> core.TraceContext | None:
    parent = request.headers.get("traceparent")
    if parent is None:
        return None
    return core.TraceContext.from_traceparent(parent, request.headers.get("tracestate", ""))
