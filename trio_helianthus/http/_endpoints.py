"""Between whom a request goes, and how."""

from __future__ import annotations

from typing import NamedTuple

from trio_helianthus.net import SocketAddress, TLSInfo

__all__ = ["Endpoints"]


class Endpoints(NamedTuple):
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


OF_THE_ENDPOINTS = frozenset(Endpoints._fields)
"""The attributes of a request that say the same one by one."""
