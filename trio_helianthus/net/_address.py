"""Addresses: what a socket is bound or connected to, and how names become such."""

from __future__ import annotations

import socket
from typing import TypeAlias, cast

import attrs

from trio_helianthus.errors import NameResolutionFailed, from_os_error

from ._network import current_network

SocketAddress: TypeAlias = "tuple[str, int] | tuple[str, int, int, int] | str | bytes"
"""As the :mod:`socket` module has it: IPv4 (host, port), IPv6 (host, port, flow, scope), or a
unix socket's path."""


@attrs.frozen
class Endpoint:
    """One address that a name resolved to, with the family to make a socket of."""

    family: socket.AddressFamily
    address: SocketAddress


async def resolve(
    host: str | None,
    port: int,
    *,
    passive: bool = False,
    kind: socket.SocketKind = socket.SOCK_STREAM,
    family: int = socket.AF_UNSPEC,
) -> list[Endpoint]:
    """Resolve a host and port to TCP or UDP endpoints, in the resolver's order.

    :param host: a name or a numeric address; ``None`` means every local address, or loopback
        when connecting.
    :param passive: whether the endpoints are to be bound to, not connected to.
    :param kind: ``SOCK_STREAM`` means TCP, ``SOCK_DGRAM`` UDP.
    :param family: only addresses of this one.
    :raises NameResolutionFailed: the name has no address, or the resolver failed.
    """
    if not isinstance(port, int):
        raise TypeError(f"port must be an int, not {port!r}")
    if not 0 <= port <= 65535:
        raise ValueError(f"port must be from 0 to 65535, not {port}")
    address = (host or "*", port)
    flags = socket.AI_PASSIVE if passive else 0
    try:
        found = await current_network().getaddrinfo(
            host, port, family=family, kind=kind, flags=flags
        )
    except OSError as exc:
        raise from_os_error(exc, operation="resolve", address=address) from exc
    except UnicodeError as exc:  # no name can be spelled like that
        unknown = socket.gaierror(socket.EAI_NONAME, str(exc))
        raise from_os_error(unknown, operation="resolve", address=address) from exc
    endpoints = [Endpoint(family, cast("SocketAddress", place)) for family, _, _, _, place in found]
    if not endpoints:  # a resolver of the user's may say so
        raise NameResolutionFailed("the name has no address", operation="resolve", address=address)
    return list(dict.fromkeys(endpoints))  # a hosts file may have one twice


def interleave_families(endpoints: list[Endpoint]) -> list[Endpoint]:
    """Alternate between address families, beginning with the resolver's first (RFC 8305, 4)."""
    by_family: dict[socket.AddressFamily, list[Endpoint]] = {}
    for endpoint in endpoints:
        by_family.setdefault(endpoint.family, []).append(endpoint)
    rounds = max((len(group) for group in by_family.values()), default=0)
    return [group[i] for i in range(rounds) for group in by_family.values() if i < len(group)]
