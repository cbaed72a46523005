"""A call whose answer is streamed: from entering it to leaving it."""

from __future__ import annotations

import math
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING

import trio

from trio_helianthus import core

from ._answer_decoding import decode_streamed
from ._client_response import StreamedResponse
from ._headers import Headers
from ._journey import asks_for_more
from ._pieces import close_source
from ._response_body import ResponseBody

if TYPE_CHECKING:
    from ._call import Call
    from ._call_builder import SendOptions
    from ._client import Client
    from ._exchange import Exchange
    from ._journey import Journey

__all__ = ["Streaming"]


class Streaming(AbstractAsyncContextManager[StreamedResponse]):
    """What :meth:`Client.stream` returns. Like a generator, it can be entered once.

    :param client: makes the call.
    :param timeout: seconds until the head of the answer is there.
    :param token: cancels that, and whatever waits for the body.
    """

    __slots__ = (
        "_client",
        "_content",
        "_entered",
        "_exchange",
        "_method",
        "_options",
        "_response",
        "_timeout",
        "_token",
        "_url",
    )

    def __init__(
        self,
        client: Client,
        method: str,
        url: str,
        timeout: float,
        token: core.CancelToken | None,
        options: SendOptions,
    ) -> None:
        self._client = client
        self._method = method
        self._url = url
        self._timeout = timeout
        self._token = token
        self._options = options
        self._entered = False
        self._exchange: Exchange | None = None
        self._response: StreamedResponse | None = None

    async def __aenter__(self) -> StreamedResponse:
        if self._entered:
            raise RuntimeError("a call is entered once; make another one")
        self._entered = True
        client, seconds, token = self._client, self._timeout, self._token
        call, journey = client._begin(self._method, self._url, self._options)
        self._content = call.content
        scoped = token is not None or not seconds > 0 or (journey is not None and journey.may_wait)
        started = trio.current_time()
        try:
            if scoped:
                with core.limit(seconds, token):
                    response = await self._open(call, journey, math.inf)
            else:
                response = await self._open(call, journey, started + seconds)
        except BaseException as exc:
            await self.__aexit__(type(exc), exc, exc.__traceback__)  # noqa: ASYNC102 - as there
            raise
        response._seconds = trio.current_time() - started
        self._response = response
        return response

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._response is not None:
            self._response.body.close()
        try:
            if self._exchange is not None:
                await self._exchange.end(exc)  # noqa: ASYNC102 - the one wait in there is shielded
        finally:
            if type(self._content) is not bytes:
                await close_source(self._content)  # noqa: ASYNC102 - it shields what it must

    async def _open(self, call: Call, journey: Journey | None, deadline: float) -> StreamedResponse:
        """Get to the head of the last answer."""
        client = self._client
        while True:
            if journey is not None:
                call = await journey.next_call()
            exchange = self._exchange = await client._exchanges.open(call, deadline)
            response = self._response_of(call, exchange)
            if journey is None or not await journey.goes_on(response):
                break
            await self._discard(response.body)
            self._exchange = None
            await exchange.end()
        exchange.connection.untimed()
        if asks_for_more(response.headers):
            if journey is None:
                await client._keep(response, call)
            if client._decode:
                decode_streamed(response, client._limits)
        if journey is not None:
            response.history = tuple(journey.history)
        return response

    def _response_of(self, call: Call, exchange: Exchange) -> StreamedResponse:
        client, head, connection = self._client, exchange.head, exchange.connection
        response = StreamedResponse(
            method=call.method,
            url=str(call.url),
            status=head.status,
            reason=head.reason.decode("latin-1"),
            headers=Headers.received(head.headers),
            http_version=head.http_version,
            body=ResponseBody(connection, timeout=client._timeouts.read, token=self._token),
            max_bytes=client._limits.max_response_bytes,
        )
        response._call = call
        return response

    async def _discard(self, body: ResponseBody) -> None:
        """Read what is left of an answer that is not the last one, unless that is much."""
        left = self._client._limits.max_discard_bytes
        while left > 0 and (data := await body.receive_some(timeout=math.inf)):
            left -= len(data)
        body.close()
