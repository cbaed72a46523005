"""How a client reaches an origin: over TCP and TLS, a unix socket, or within its own process."""

from __future__ import annotations

import math
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol, Unpack

from trio_helianthus import core, net

from ._limits import ServerLimits
from ._proxy import Proxy
from ._router import Handler
from ._server import serve_stream
from ._tls_options import TLSOptions, start_tls
from ._url import Origin

__all__ = ["TCPTransport", "Transport", "UnixTransport", "in_process"]


class Transport(Protocol):
    """Makes the connections of a client; any object with this method will do."""

    async def connect(
        self,
        origin: Origin,
        *,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> net.ByteStream:
        """Connect to an origin, TLS included where its scheme is ``https``.

        :param timeout: seconds for all of it; ``None`` means 30, ``math.inf`` no limit.
        :param token: cancels it.
        :raises NetworkError: there is no connection to be had.
        """
        ...


class TCPTransport:
    """Connects over TCP, and TLS for ``https``; what a client does that is told nothing else.

    :param proxy: chooses the proxy for an origin, ``None`` for none.
    :param ssl_context: for ``https``; ``None`` means what ``tls`` says.
    :param tls: for ``https``; ``None`` means :class:`TLSOptions` as it stands.
    :param tcp_options: further arguments of :func:`trio_helianthus.net.connect_tcp`.
    :raises ValueError: both ``ssl_context`` and ``tls``.
    """

    def __init__(
        self,
        *,
        proxy: Callable[[Origin], Proxy | None] = lambda _: None,
        ssl_context: ssl.SSLContext | None = None,
        tls: TLSOptions | None = None,
        **tcp_options: Unpack[net.TCPOptions],
    ) -> None:
        self.proxy_for = proxy
        """Chooses the proxy for an origin."""
        self._ssl_context, self._server_hostname = _choose(ssl_context, tls)
        self._tcp_options = tcp_options

    async def connect(
        self,
        origin: Origin,
        *,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
        tunnel: bool = False,
    ) -> net.ByteStream:
        """Connect; see :meth:`Transport.connect`.

        :param tunnel: whether a proxy that would forward requests is to open a tunnel instead.
        """
        with core.limit(net.CONNECT_SECONDS if timeout is None else timeout, token):
            stream: net.ByteStream
            if (proxy := self.proxy_for(origin)) is not None:
                stream = await proxy.connect(origin, tunnel=tunnel)
            else:
                stream = await net.connect_tcp(
                    origin.host, origin.port, timeout=math.inf, **self._tcp_options
                )
            if origin.scheme == "http":
                return stream
            return await start_tls(stream, origin, self._ssl_context, self._server_hostname)


class UnixTransport:
    """Connects to one unix socket, whatever host the URL names; that is what ``Host`` says.

    ::

        transport = http.UnixTransport("/run/service.sock")
        async with http.open_client("http://service", transport=transport) as client:
            ...

    :param path: where the server listens.
    :param ssl_context: for ``https``; ``None`` means what ``tls`` says.
    :param tls: for ``https``; ``None`` means :class:`TLSOptions` as it stands.
    :raises ValueError: both ``ssl_context`` and ``tls``.
    """

    def __init__(
        self,
        path: net.UnixPath,
        *,
        ssl_context: ssl.SSLContext | None = None,
        tls: TLSOptions | None = None,
    ) -> None:
        self._path = path
        self._ssl_context, self._server_hostname = _choose(ssl_context, tls)

    async def connect(
        self,
        origin: Origin,
        *,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> net.ByteStream:
        """Connect; see :meth:`Transport.connect`."""
        with core.limit(net.CONNECT_SECONDS if timeout is None else timeout, token):
            stream = await net.connect_unix(self._path, timeout=math.inf)
            if origin.scheme == "http":
                return stream
            return await start_tls(stream, origin, self._ssl_context, self._server_hostname)


@asynccontextmanager
async def in_process(
    handler: Handler, *, limits: ServerLimits | None = None
) -> AsyncIterator[Transport]:
    """Call a handler or router without sockets: HTTP over streams in memory.

    ::

        async with (
            http.in_process(router) as transport,
            http.open_client("http://service", transport=transport) as client,
        ):
            assert (await client.get("/health")).status == 200

    All of HTTP happens as over a network, limits and cancellation included; only TLS does not,
    for ``https`` either. What the handlers are still doing when the body ends is cancelled.

    :param handler: what :func:`serve` takes.
    :param limits: the server's; ``None`` means :class:`ServerLimits` as it stands.
    """
    async with core.open_background_nursery() as background:
        yield _InProcess(handler, limits, background)


class _InProcess:
    def __init__(
        self, handler: Handler, limits: ServerLimits | None, background: core.BackgroundNursery
    ) -> None:
        self._handler = handler
        self._limits = limits
        self._background = background

    async def connect(
        self,
        origin: Origin,
        *,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> net.ByteStream:
        with core.limit(timeout, token):
            await core.checkpoint_budget().refill()
        ours, theirs = net.memory_stream_pair()
        self._background.start_soon(self._serve, theirs)
        return ours

    async def _serve(self, stream: net.ByteStream) -> None:
        await serve_stream(self._handler, stream, limits=self._limits)


def _choose(
    ssl_context: ssl.SSLContext | None, tls: TLSOptions | None
) -> tuple[ssl.SSLContext | None, str | None]:
    if tls is None:
        return ssl_context, None
    if ssl_context is not None:
        raise ValueError("give ssl_context or tls, not both")
    return tls.context(), tls.server_hostname
