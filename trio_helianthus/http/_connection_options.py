"""What :func:`open_client` takes about connections: how they are made, and what they tell."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection
from typing import TypedDict

from trio_helianthus import core
from trio_helianthus.wire import http1

from ._guard import Guard, Retries
from ._proxy import Proxy
from ._proxy_environment import ProxyEnvironment
from ._tls_options import TLSOptions
from ._transport import TCPTransport, Transport
from ._url import Origin

__all__ = ["ConnectionOptions", "guards_of", "transport_of"]


class ConnectionOptions(TypedDict, total=False):
    """Arguments of :func:`open_client` about connections."""

    transport: Transport | None
    """Makes the connections: :class:`UnixTransport`, :func:`in_process`, or one of your own;
    ``None`` means TCP and TLS. It stands in for the following, which are about these."""
    ssl_context: ssl.SSLContext | None
    """For ``https``; ``None`` means what ``tls`` says."""
    tls: TLSOptions | None
    """For ``https``; ``None`` means to verify the server, and no certificate of our own."""
    proxy: str | Proxy | None
    """The proxy for everything; ``None`` means those of the environment."""
    trust_env: bool
    """Whether to look for proxies in the environment (:class:`ProxyEnvironment`); on by default."""
    engine: http1.Engine
    """Which parser reads answers; by default httptools where it is installed (extra ``speed``)."""
    propagate_deadline: bool | Collection[str]
    """Whether to tell servers how much time is left, in ``X-Request-Timeout``; or the origins
    (``"http://host:port"``) that are told. Off by default."""
    retries: Retries | None
    """When calls that failed are made again; ``None``, the default, for never. A connection that
    the server closed while it was idle is replaced once in any case."""
    circuit_breaker: Callable[[str], core.CircuitBreaker] | None
    """Makes, for each origin, what refuses calls while too many fail, by errors or by a status of
    500 and more; ``core.CircuitBreaker`` itself will do. ``None``, the default, for none."""
    rate_limiter: Callable[[str], core.RateLimiter] | None
    """Makes, for each origin, what lets calls wait that come too fast. ``None`` for none."""


def transport_of(options: ConnectionOptions) -> Transport:
    """The transport that the options describe.

    :raises ValueError: they contradict each other.
    """
    transport, proxy = options.get("transport"), options.get("proxy")
    ssl_context, tls = options.get("ssl_context"), options.get("tls")
    if transport is not None:
        if proxy is not None or ssl_context is not None or tls is not None:
            raise ValueError("proxy, ssl_context and tls are for a client without a transport=")
        return transport
    return TCPTransport(
        proxy=_chooser(proxy, trust_env=options.get("trust_env", True)),
        ssl_context=ssl_context,
        tls=tls,
    )


def guards_of(options: ConnectionOptions) -> Callable[[Origin], Guard | None]:
    """What makes the guard of each origin that the options describe."""
    retries = options.get("retries")
    make_breaker, make_limiter = options.get("circuit_breaker"), options.get("rate_limiter")
    if retries is None and make_breaker is None and make_limiter is None:
        return lambda _: None

    def make(origin: Origin) -> Guard:
        name = str(origin)
        return Guard(
            retries,
            None if make_breaker is None else make_breaker(name),
            None if make_limiter is None else make_limiter(name),
        )

    return make


def _chooser(proxy: str | Proxy | None, *, trust_env: bool) -> Callable[[Origin], Proxy | None]:
    if proxy is None:
        return ProxyEnvironment() if trust_env else lambda _: None
    chosen = Proxy(proxy) if isinstance(proxy, str) else proxy
    return lambda _: chosen
