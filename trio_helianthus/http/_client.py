"""``http.open_client``: calls over connections that are kept open and used again."""

from __future__ import annotations

import math
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import trio

from trio_helianthus import core
from trio_helianthus.errors import ResourceClosed

from ._call import Call, Content, make_call, merge_headers
from ._client_connection import GOODBYE_SECONDS
from ._client_response import ClientResponse, StreamedResponse
from ._exchanges import ClientStatistics, Exchanges
from ._headers import Headers, HeaderTypes
from ._limits import ClientLimits
from ._url import URL, Params, parse_url

__all__ = ["Client", "open_client"]

TIMEOUT: Final = 30.0
"""Seconds that a call may take, unless it or its client is told otherwise."""
_DEFAULT_HEADERS: Final = Headers(
    {"User-Agent": "trio_helianthus", "Accept": "*/*", "Accept-Encoding": "identity"}
)


class Client:
    """Makes HTTP/1.1 calls; get one from :func:`open_client`. Any number of tasks may share it.

    Every call takes ``timeout`` in seconds for the whole of it, from waiting for a connection to
    the last byte of the answer (``None`` means the client's default, ``math.inf`` no limit), and
    a cancel token. A call that is given up, by either or by cancellation, resets its connection,
    so that the server knows at once. An error status is no exception:
    :meth:`~ClientResponse.raise_for_status` makes it one. Redirects are not followed, cookies not
    kept, and an answer is given as it was encoded.
    """

    def __init__(
        self,
        base: URL | None,
        *,
        timeout: float,
        limits: ClientLimits,
        headers: Headers,
        ssl_context: ssl.SSLContext | None,
    ) -> None:
        self._base = base
        self._timeout = timeout
        self._headers = headers
        self._exchanges = Exchanges(timeout=timeout, limits=limits, ssl_context=ssl_context)
        self._closed = False

    def statistics(self) -> ClientStatistics:
        """Numbers of this moment, over all origins."""
        return self._exchanges.statistics()

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Params = (),
        headers: HeaderTypes = (),
        content: Content | None = None,
        json: Any = None,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> ClientResponse:
        """Make a call and wait for the whole answer.

        An idle connection that turns out to be closed by the server is replaced by a fresh one,
        once, where the method is idempotent and the content is not a stream.

        :param method: such as ``"GET"``.
        :param url: absolute, or a path that is appended to the client's ``base_url``.
        :param params: names and values to append to the query.
        :param headers: header fields; they replace the client's own of the same name.
        :param content: bytes, text (sent as UTF-8), or an async iterable of bytes, which is sent
            piece by piece and closed in any case. All of it is sent before the answer is read.
        :param json: sent as JSON; not together with ``content``.
        :param timeout: seconds for all of it; ``None`` means the client's default.
        :param token: cancels the call.
        :returns: the answer, whatever its status; a redirect too.
        :raises ValueError: for an invalid method, URL or header, before anything is sent.
        :raises TypeError: for content of another type, before anything is sent.
        :raises OperationTimeout: the time was up.
        :raises OperationCancelled: the token was cancelled.
        :raises NetworkError: no connection could be made, or it failed or ended half-way.
        :raises RemoteProtocolError: the answer is not HTTP; :class:`LimitExceeded` where it is
            longer than the client's limits.
        :raises ResourceClosed: the client is closed.
        """
        call = self._make_call(method, url, params, headers, content, json)
        with core.limit(self._timeout if timeout is None else timeout, token):
            async with self._exchanges.open(call, None) as response:
                body = await response.read(timeout=math.inf)
        return ClientResponse(
            method=response.method,
            url=response.url,
            status=response.status,
            reason=response.reason,
            headers=response.headers,
            http_version=response.http_version,
            content=body,
        )

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        params: Params = (),
        headers: HeaderTypes = (),
        content: Content | None = None,
        json: Any = None,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> AsyncIterator[StreamedResponse]:
        """Make a call and read the answer's body as it comes.

        ::

            async with client.stream("GET", "/big") as response:
                async for chunk in response.body:
                    ...

        Leaving before the end of the body resets the connection. ``max_response_bytes`` limits
        only :meth:`StreamedResponse.read`.

        :param timeout: seconds until the head of the answer is there; ``None`` means the
            client's default. Each call on the body has its own.
        :param token: cancels the call, and whatever waits for the body.

        The other arguments and the exceptions are those of :meth:`request`.
        """
        call = self._make_call(method, url, params, headers, content, json)
        async with AsyncExitStack() as stack:
            with core.limit(self._timeout if timeout is None else timeout, token):
                response = await stack.enter_async_context(self._exchanges.open(call, token))
            yield response

    async def get(
        self,
        url: str,
        *,
        params: Params = (),
        headers: HeaderTypes = (),
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> ClientResponse:
        """``GET``; see :meth:`request`."""
        return await self.request(
            "GET", url, params=params, headers=headers, timeout=timeout, token=token
        )

    async def head(
        self,
        url: str,
        *,
        params: Params = (),
        headers: HeaderTypes = (),
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> ClientResponse:
        """``HEAD``; see :meth:`request`."""
        return await self.request(
            "HEAD", url, params=params, headers=headers, timeout=timeout, token=token
        )

    async def options(
        self,
        url: str,
        *,
        params: Params = (),
        headers: HeaderTypes = (),
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> ClientResponse:
        """``OPTIONS``; see :meth:`request`."""
        return await self.request(
            "OPTIONS", url, params=params, headers=headers, timeout=timeout, token=token
        )

    async def delete(
        self,
        url: str,
        *,
        params: Params = (),
        headers: HeaderTypes = (),
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> ClientResponse:
        """``DELETE``; see :meth:`request`."""
        return await self.request(
            "DELETE", url, params=params, headers=headers, timeout=timeout, token=token
        )

    async def post(
        self,
        url: str,
        *,
        params: Params = (),
        headers: HeaderTypes = (),
        content: Content | None = None,
        json: Any = None,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> ClientResponse:
        """``POST``; see :meth:`request`."""
        return await self.request(
            "POST",
            url,
            params=params,
            headers=headers,
            content=content,
            json=json,
            timeout=timeout,
            token=token,
        )

    async def put(
        self,
        url: str,
        *,
        params: Params = (),
        headers: HeaderTypes = (),
        content: Content | None = None,
        json: Any = None,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> ClientResponse:
        """``PUT``; see :meth:`request`."""
        return await self.request(
            "PUT",
            url,
            params=params,
            headers=headers,
            content=content,
            json=json,
            timeout=timeout,
            token=token,
        )

    async def patch(
        self,
        url: str,
        *,
        params: Params = (),
        headers: HeaderTypes = (),
        content: Content | None = None,
        json: Any = None,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> ClientResponse:
        """``PATCH``; see :meth:`request`."""
        return await self.request(
            "PATCH",
            url,
            params=params,
            headers=headers,
            content=content,
            json=json,
            timeout=timeout,
            token=token,
        )

    def _make_call(
        self,
        method: str,
        url: str,
        params: Params,
        headers: HeaderTypes,
        content: Content | None,
        json: Any,
    ) -> Call:
        if self._closed:
            raise ResourceClosed("the client is closed")
        return make_call(
            method,
            parse_url(url, self._base, params),
            defaults=self._headers,
            headers=headers,
            content=content,
            json=json,
        )

    async def _aclose(self) -> None:
        self._closed = True
        await self._exchanges.aclose()


@asynccontextmanager
async def open_client(
    base_url: str | None = None,
    *,
    timeout: float = TIMEOUT,
    limits: ClientLimits | None = None,
    headers: HeaderTypes = (),
    ssl_context: ssl.SSLContext | None = None,
) -> AsyncIterator[Client]:
    """Open a client, whose connections are closed when the body ends.

    ::

        async with http.open_client("https://example.org/api") as client:
            answer = await client.get("/planets", timeout=5)
            planets = answer.raise_for_status().json()

    :param base_url: what calls with a path alone are appended to.
    :param timeout: seconds that a call may take where it says nothing else.
    :param limits: how many connections there may be, and what an answer may cost; ``None`` means
        :class:`ClientLimits` as it stands.
    :param headers: header fields of every call.
    :param ssl_context: for ``https``; ``None`` means one that verifies the server.
    :raises ValueError: for an invalid URL, header or timeout.
    """
    base = None if base_url is None else parse_url(base_url)
    if not timeout >= 0:
        raise ValueError(f"timeout must be a number of seconds >= 0, not {timeout!r}")
    client = Client(
        base,
        timeout=timeout,
        limits=limits or ClientLimits(),
        headers=merge_headers(_DEFAULT_HEADERS, headers),
        ssl_context=ssl_context,
    )
    try:
        yield client
    finally:
        with trio.move_on_after(GOODBYE_SECONDS, shield=True):
            await client._aclose()
