"""A client: calls over connections that are kept open and used again."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Final, Unpack

import attrs
import trio

from trio_helianthus import core
from trio_helianthus.errors import LimitExceeded, ResourceClosed

from ._answer_decoding import decode_whole
from ._call import Call
from ._call_builder import CallBuilder, CallOptions, SendOptions, encode_cookies
from ._client_response import ClientResponse, StreamedResponse
from ._client_upgrade import Upgraded
from ._cookie_jar import CookieJar
from ._exchanges import ClientStatistics, Exchanges
from ._headers import HeaderTypes
from ._journey import Journey, asks_for_more
from ._limits import ClientLimits
from ._pieces import close_source
from ._streaming import Streaming
from ._timeouts import Timeouts

__all__ = ["Client"]


class Client:
    """Makes HTTP/1.1 calls; get one from :func:`open_client`. Any number of tasks may share it.

    Every call takes ``timeout`` in seconds for the whole of it, from waiting for a connection to
    the last byte of the answer, redirects included (``None`` means the client's default,
    ``math.inf`` no limit), and a cancel token. A call that is given up, by either or by
    cancellation, resets its connection, so that the server knows at once. An error status is no
    exception: :meth:`~ClientResponse.raise_for_status` makes it one. Redirects are followed where
    the client or the call says so, cookies are kept, and an answer's ``Content-Encoding`` is
    undone.
    """

    def __init__(
        self,
        exchanges: Exchanges,
        calls: CallBuilder,
        *,
        timeouts: Timeouts,
        limits: ClientLimits,
        cookies: CookieJar,
        keep_cookies: bool,
        decode: bool,
        max_redirects: int,
        follow_redirects: bool,
    ) -> None:
        self.cookies: Final = cookies
        """The cookies that servers have set, and those that you put there."""
        self._exchanges = exchanges
        self._calls = calls
        self._timeouts = timeouts
        self._limits = limits
        self._keep_cookies = keep_cookies
        self._decode = decode
        self._max_redirects = max_redirects
        self._follow_redirects = follow_redirects
        self._closed = False

    def statistics(self) -> ClientStatistics:
        """Numbers of this moment, over all origins."""
        return self._exchanges.statistics()

    async def request(
        self,
        method: str,
        url: str,
        *,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
        **options: Unpack[SendOptions],
    ) -> ClientResponse:
        """Make a call and wait for the whole answer.

        An idle connection that turns out to be closed by the server is replaced by a fresh one,
        once, where the method is idempotent and the content can be sent again.

        :param method: such as ``"GET"``.
        :param url: absolute, or a path that is appended to the client's ``base_url``.
        :param timeout: seconds for all of it; ``None`` means the client's default.
        :param token: cancels the call.
        :param options: see :class:`SendOptions`.
        :returns: the answer, whatever its status; a redirect too, where they are not followed.
        :raises ValueError: for an invalid method, URL or header, before anything is sent.
        :raises TypeError: for content of another type, before anything is sent.
        :raises OSError: a file cannot be read.
        :raises OperationTimeout: the time was up.
        :raises OperationCancelled: the token was cancelled.
        :raises NetworkError: no connection could be made, or it failed or ended half-way.
        :raises RemoteProtocolError: the answer is not HTTP, or not in its own coding, or a
            redirect cannot be followed; :class:`LimitExceeded` where it is longer than the
            client's limits, or was redirected too often.
        :raises LocalProtocolError: a redirect asks for content that cannot be sent again.
        :raises MissingExtraError: the answer is in a coding that needs the extra ``http``.
        :raises ResourceClosed: the client is closed.
        """
        call, journey = self._begin(method, url, options)
        seconds = self._timeouts.total if timeout is None else timeout
        try:
            if journey is not None:
                return await self._travel(journey, seconds, token)
            started = trio.current_time()
            if token is None and seconds > 0:
                response = await self._exchanges.ask(call, started + seconds)
            else:
                with core.limit(seconds, token):
                    response = await self._exchanges.ask(call, math.inf)
            if asks_for_more(response.headers):
                await self._keep(response, call)
                if self._decode:
                    await decode_whole(response, self._limits)
            response._call = call
            response._seconds = trio.current_time() - started
            return response
        finally:
            if type(call.content) is not bytes:
                await close_source(call.content)  # noqa: ASYNC102 - it shields what it must

    def stream(
        self,
        method: str,
        url: str,
        *,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
        **options: Unpack[SendOptions],
    ) -> AbstractAsyncContextManager[StreamedResponse]:
        """Make a call and read the answer's body as it comes.

        ::

            async with client.stream("GET", "/big") as response:
                async for chunk in response.body:
                    ...

        Leaving while some of the body is still to come resets the connection.
        ``max_response_bytes`` limits only :meth:`StreamedResponse.read`.

        :param timeout: seconds until the head of the answer is there; ``None`` means the
            client's default. Each call on the body has its own.
        :param token: cancels the call, and whatever waits for the body.

        The other arguments and the exceptions are those of :meth:`request`.
        """
        seconds = self._timeouts.total if timeout is None else timeout
        return Streaming(self, method, url, seconds, token, options)

    @asynccontextmanager
    async def upgrade(
        self,
        protocol: str,
        url: str,
        *,
        headers: HeaderTypes = (),
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> AsyncIterator[Upgraded]:
        """Ask the server for another protocol on the connection (:rfc:`9110` section 7.8).

        The client's cookies and credentials go along; redirects are not followed.

        ::

            async with client.upgrade("echo/1", "/socket") as upgraded:
                await upgraded.stream.send_all(b"no HTTP any more")

        Leaving closes the connection, and resets it where the body raises or is cancelled.

        :param protocol: its name for ``Upgrade``.
        :param url: as for :meth:`request`.
        :param headers: header fields; they replace the client's own of the same name.
        :param timeout: seconds until the answer is there; ``None`` means the client's default.
        :param token: gives up, until then.
        :raises UpgradeRefused: the server goes on with HTTP.

        The other exceptions are those of :meth:`request`.
        """
        call, journey = self._begin("GET", url, {"headers": headers}, upgrade=protocol)
        async with AsyncExitStack() as stack:
            with core.limit(self._timeouts.total if timeout is None else timeout, token):
                if journey is not None:
                    call = await journey.next_call()
                upgraded = await stack.enter_async_context(self._exchanges.upgrade(call))
                await self._keep(upgraded.response, call)
            yield upgraded

    async def get(
        self,
        url: str,
        *,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
        **options: Unpack[CallOptions],
    ) -> ClientResponse:
        """``GET``; see :meth:`request`."""
        return await self.request("GET", url, timeout=timeout, token=token, **options)

    async def head(
        self,
        url: str,
        *,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
        **options: Unpack[CallOptions],
    ) -> ClientResponse:
        """``HEAD``; see :meth:`request`."""
        return await self.request("HEAD", url, timeout=timeout, token=token, **options)

    async def options(
        self,
        url: str,
        *,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
        **options: Unpack[CallOptions],
    ) -> ClientResponse:
        """``OPTIONS``; see :meth:`request`."""
        return await self.request("OPTIONS", url, timeout=timeout, token=token, **options)

    async def delete(
        self,
        url: str,
        *,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
        **options: Unpack[CallOptions],
    ) -> ClientResponse:
        """``DELETE``; see :meth:`request`."""
        return await self.request("DELETE", url, timeout=timeout, token=token, **options)

    async def post(
        self,
        url: str,
        *,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
        **options: Unpack[SendOptions],
    ) -> ClientResponse:
        """``POST``; see :meth:`request`."""
        return await self.request("POST", url, timeout=timeout, token=token, **options)

    async def put(
        self,
        url: str,
        *,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
        **options: Unpack[SendOptions],
    ) -> ClientResponse:
        """``PUT``; see :meth:`request`."""
        return await self.request("PUT", url, timeout=timeout, token=token, **options)

    async def patch(
        self,
        url: str,
        *,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
        **options: Unpack[SendOptions],
    ) -> ClientResponse:
        """``PATCH``; see :meth:`request`."""
        return await self.request("PATCH", url, timeout=timeout, token=token, **options)

    def _begin(
        self, method: str, url: str, options: SendOptions, *, upgrade: str = ""
    ) -> tuple[Call, Journey | None]:
        """The call, and what it takes to its last answer, where one exchange may not be enough."""
        if self._closed:
            raise ResourceClosed("the client is closed")
        call = self._calls.make(method, url, options) if options else self._calls.plain(method, url)
        if upgrade:
            call = attrs.evolve(call, upgrade=upgrade)
        follows, cookies, auth = self._follow_redirects, "", None
        if options:
            if (wanted := options.get("follow_redirects")) is not None:
                follows = wanted
            cookies = encode_cookies(options.get("cookies"))
        if options or self._calls.has_auth or call.url.credentials is not None:
            auth = self._calls.auth_for(call, options)
        if not (follows or auth is not None or cookies or self.cookies.size):
            return call, None
        return call, Journey(
            self._calls,
            call,
            auth=auth,
            cookies=cookies,
            jar=self.cookies,
            keep_cookies=self._keep_cookies,
            max_redirects=self._max_redirects if follows else 0,
        )

    async def _travel(
        self, journey: Journey, seconds: float, token: core.CancelToken | None
    ) -> ClientResponse:
        started = trio.current_time()
        scoped = token is not None or journey.may_wait or not seconds > 0
        deadline = math.inf if scoped else started + seconds
        cap, left = self._limits.max_response_bytes, self._limits.max_response_bytes
        with core.limit(seconds if scoped else None, token):
            while True:
                call = await journey.next_call()
                response = await self._exchanges.ask(call, deadline)
                if self._decode and asks_for_more(response.headers):
                    await decode_whole(response, self._limits)
                response._call = call
                response._seconds = trio.current_time() - started
                if not await journey.goes_on(response):
                    break
                left -= len(response.content)  # the history keeps it
                if left < 0:
                    raise LimitExceeded(
                        f"the answers on the way are longer than {cap} bytes",
                        limit_name="max_response_bytes",
                        limit=cap,
                    )
        if journey.history:
            response.history = tuple(journey.history)
        return response

    async def _keep(self, response: ClientResponse | StreamedResponse, call: Call) -> None:
        if self._keep_cookies:
            await self.cookies.receive_all(call.url, response.headers)
