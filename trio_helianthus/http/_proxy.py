"""Proxies: plain requests are forwarded, everything else goes through a tunnel (CONNECT)."""

from __future__ import annotations

import base64
import math
from typing import Final

from trio_helianthus import net
from trio_helianthus.errors import ErrorCode, IncompleteReceive, LimitExceeded, NetworkError
from trio_helianthus.wire import NEED_DATA, http1

from ._headers import Headers, HeaderTypes
from ._limits import ClientLimits
from ._tls_options import TLSOptions, start_tls
from ._url import Origin, parse_url

__all__ = ["Proxy", "ProxyRefused"]

_SCHEMES: Final = ("http", "https")
_LIMITS: Final = ClientLimits().wire
_MAX_INFORMATIONAL: Final = 16


class ProxyRefused(NetworkError):
    """A proxy did not connect us: it wants other credentials (407), or could not (502, 504).

    :param response: what it answered to CONNECT.
    :param proxy: where it is.
    :param origin: where we wanted to go.
    """

    default_code = ErrorCode.REFUSED
    _default_message = "the proxy refused"
    _shown_in_repr = (*NetworkError._shown_in_repr, "status")

    def __init__(self, response: http1.Response, *, proxy: Origin, origin: Origin) -> None:
        reason = response.reason.decode("latin-1")
        super().__init__(
            f"the proxy {proxy} answered {response.status} {reason}".rstrip(),
            operation="connect",
            address=str(origin),
        )
        self.status: int = response.status
        """What the proxy answered to CONNECT."""
        self.headers: Headers = Headers.from_wire(response.headers)
        """``Proxy-Authenticate`` among them, if the status is 407."""


class Proxy:
    """An HTTP proxy, and how to speak with it.

    Requests to ``http`` origins are forwarded: the proxy reads them. For ``https``, and for what
    changes to another protocol such as a WebSocket (:rfc:`6455` section 4.1), it is asked for a
    tunnel (CONNECT, :rfc:`9110` section 9.3.6) and sees where it leads, no more. A user
    name and password in the URL go to the proxy, and to nobody else, as
    ``Proxy-Authorization: Basic``.

    :param url: ``http://user:password@host:port``, or ``https://...`` to speak TLS with the proxy.
    :param headers: further header fields for the proxy, and for nobody else.
    :param tls: the TLS with an ``https`` proxy; ``None`` means :class:`TLSOptions` as it stands.
    :param tunnel: ask for a tunnel for ``http`` origins, too.
    :raises ValueError: for an invalid URL, or one that is not ``http`` or ``https``.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: HeaderTypes = (),
        tls: TLSOptions | None = None,
        tunnel: bool = False,
    ) -> None:
        scheme, mark, _ = url.partition("://")
        if mark and scheme.lower() not in _SCHEMES:
            raise ValueError(f"{scheme} proxies are not supported, only http and https")
        parsed = parse_url(url if mark else f"http://{url}")
        self.origin: Origin = parsed.origin
        """Where the proxy is."""
        self.headers: Headers = Headers(headers)
        """The header fields for the proxy, its credentials among them."""
        self._tunnel = tunnel
        self._tls = tls or TLSOptions()
        if parsed.credentials is not None:
            secret = base64.b64encode(":".join(parsed.credentials).encode()).decode("ascii")
            self.headers.setdefault("Proxy-Authorization", f"Basic {secret}")

    def __repr__(self) -> str:
        return f"<Proxy {self.origin}>"

    def forwards(self, origin: Origin) -> bool:
        """Whether requests to an origin are for the proxy to read and to forward."""
        return origin.scheme == "http" and not self._tunnel

    async def connect(self, origin: Origin, *, tunnel: bool = False) -> net.ByteStream:
        """Connect to the proxy, and to the origin through it where it does not forward.

        The caller has the time.

        :param tunnel: whether it is not to forward, whatever it does otherwise.
        :raises ProxyRefused: there is no tunnel to be had.
        :raises NetworkError: nor is there a connection to the proxy, or it broke.
        :raises RemoteProtocolError: the proxy does not speak HTTP.
        """
        place = self.origin
        stream: net.ByteStream
        stream = await net.connect_tcp(place.host, place.port, timeout=math.inf)
        if place.scheme == "https":
            context, name = self._tls.context(), self._tls.server_hostname
            stream = await start_tls(stream, place, context, name)
        if self.forwards(origin) and not tunnel:
            return stream
        try:
            await self._open_tunnel(stream, origin)
        except BaseException:
            stream.reset()
            raise
        return stream

    async def _open_tunnel(self, stream: net.ByteStream, origin: Origin) -> None:
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        authority = f"{host}:{origin.port}".encode("ascii")  # the port always, RFC 9110, 9.3.6
        wire = http1.client_connection(limits=_LIMITS)
        request = http1.Request(
            "CONNECT", authority, headers=((b"Host", authority), *self.headers.raw)
        )
        await stream.send_all(wire.send(request, http1.EndOfMessage()))
        response = await self._receive_answer(stream, wire, origin)
        if not 200 <= response.status < 300:
            raise ProxyRefused(response, proxy=self.origin, origin=origin)
        if early := wire.trailing_data[0]:
            stream.push_back(early)

    async def _receive_answer(
        self, stream: net.ByteStream, wire: http1.HTTP1Connection, origin: Origin
    ) -> http1.Response:
        for _ in range(_MAX_INFORMATIONAL + 1):
            while (event := wire.next_event()) is NEED_DATA:
                data = await stream.receive_some()
                if not data:
                    raise IncompleteReceive(
                        f"the proxy {self.origin} closed the connection without an answer",
                        operation="connect",
                        address=str(origin),
                    )
                wire.receive_data(data)
            if isinstance(event, http1.Response):
                return event
        raise LimitExceeded(limit_name="max_informational", limit=_MAX_INFORMATIONAL)
