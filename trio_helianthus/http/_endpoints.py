"""Between whom a request goes, and how."""

from __future__ import annotations

from typing import Any

import attrs

from trio_helianthus.net import ByteStream, SocketAddress, TLSInfo, TLSStream

__all__ = ["OF_THE_ENDPOINTS", "Endpoints", "endpoints_of"]


@attrs.define
class Endpoints:
    """Between whom a request went, and how.

    :param client_address: of the peer, which may be a proxy; ``None`` where nobody knows.
    :param server_address: that the peer has reached; ``None`` where nobody knows.
    :param scheme: ``"http"`` or ``"https"``.
    :param tls: what the handshake agreed on; ``None`` without TLS.
    """

    client_address: SocketAddress | None
    server_address: SocketAddress | None
    scheme: str
    tls: TLSInfo | None
    kept: Any = attrs.field(default=None, init=False, eq=False, repr=False)
    """What a gateway has made of this, for the next request on the same connection."""


OF_THE_ENDPOINTS = frozenset({"client_address", "server_address", "scheme", "tls"})
"""The attributes of a request that say the same one by one."""


def endpoints_of(stream: ByteStream) -> Endpoints:
    """Between whom requests go that come over a stream."""
    tls = stream.info if isinstance(stream, TLSStream) else None
    scheme = "http" if tls is None else "https"
    return Endpoints(stream.remote_address, stream.local_address, scheme, tls)
