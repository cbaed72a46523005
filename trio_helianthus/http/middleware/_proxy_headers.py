"""What a proxy in front says of the client: its address, its scheme, the host it asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, Literal, TypeAlias

import attrs

from trio_helianthus.net import SocketAddress

from .._headers import Headers
from .._middleware_chain import CallNext
from .._request import Request
from .._response import Response
from ._field_lists import elements
from ._forwarded import parse_forwarded

__all__ = ["ProxyHeaders"]

MAX_HOPS: Final = 32
"""How many proxies are looked at, from the nearest on."""
MAX_REMEMBERED: Final = 1024
"""Of how many addresses is remembered whether they are ours, of how many fields what they say."""
MAX_REMEMBERED_LENGTH: Final = 256
"""Characters of such fields; longer ones are read each time."""

_HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z._-]{1,255})(?::[0-9]{1,5})?")
_PREFIX: Final = re.compile(r"/(?!/)[0-9A-Za-z/:@!$&'()*+,;=~_.%-]+")
"""A path that leads to no other host: browsers drop tabs and read a backslash as a slash."""
_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}

Networks: TypeAlias = "tuple[IPv4Network | IPv6Network, ...]"


@attrs.frozen
class _Hop:
    """What one proxy says of whom it speaks for."""

    client: str
    scheme: str = ""
    host: str = ""


@attrs.frozen
class _Client:
    """For whom all proxies of ours speak; what they do not say is ``None`` or empty."""

    address: tuple[str, int] | None
    scheme: str
    host: str


class ProxyHeaders:
    """Believes proxies, and only those that are ours, about whom they speak for.

    ::

        router = http.Router(middleware=[middleware.ProxyHeaders("127.0.0.1", "10.0.0.0/8")])

    It sets ``request.client_address``, whose port is 0 where it is not said, and
    ``request.scheme``. The list of addresses is read from its end, where the nearest proxy
    writes, as long as the one that wrote is trusted: what stands before that may be made up
    by the client. Where a malformed ``Forwarded`` cannot be read at all, ``client_address`` is
    ``None``. Put it first, so that all others see the result.

    A proxy must set the fields that are read here, and not pass on what its client sent: for
    nginx ``proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for`` and
    ``proxy_set_header X-Forwarded-Proto $scheme``.

    :param trusted: addresses and networks of our proxies, or ``"unix"`` for who comes by a unix
        socket.
    :param fields: which ones the proxies set: ``"x-forwarded"``, or ``"forwarded"`` for the
        ``Forwarded`` of :rfc:`7239`. Never both: a proxy that sets the one lets the other through.
    :param host: whether ``Host`` becomes what the proxy says (``X-Forwarded-Host``, or ``host=``).
    :param prefix: whether ``X-Forwarded-Prefix`` becomes ``request.root_path``.
    :raises ValueError: for what is no address or network.
    """

    def __init__(
        self,
        *trusted: str,
        fields: Literal["x-forwarded", "forwarded"] = "x-forwarded",
        host: bool = False,
        prefix: bool = False,
    ) -> None:
        if fields not in {"x-forwarded", "forwarded"}:
            raise ValueError(f"fields must be 'x-forwarded' or 'forwarded', got {fields!r}")
        self._unix = "unix" in trusted
        networks: Networks = tuple(ip_network(each) for each in trusted if each != "unix")
        self._is_ours = lru_cache(MAX_REMEMBERED)(partial(_is_in, networks=networks))
        self._names = ["forwarded"]
        self._hops: Callable[..., Iterable[_Hop]] = _forwarded
        if fields == "x-forwarded":
            self._names = ["x-forwarded-for", "x-forwarded-proto"]
            self._names += ["x-forwarded-host"] if host else []
            self._hops = _x_forwarded
        self._remembered = lru_cache(MAX_REMEMBERED)(self._read)
        self._host = host
        self._prefix = prefix

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Pass the request on as the client has sent it to the outermost proxy of ours."""
        if self._trusts_peer(request.client_address):
            self._believe(request)
        return await call_next(request)

    def _trusts_peer(self, address: SocketAddress | None) -> bool:
        if not isinstance(address, tuple):
            return self._unix
        return self._is_ours(address[0])

    def _believe(self, request: Request) -> None:
        headers = request.headers
        said = [headers.get(name, "") for name in self._names]
        is_short = sum(map(len, said)) <= MAX_REMEMBERED_LENGTH
        client = (self._remembered if is_short else self._read)(*said)
        if client is None:
            # What the client has sent spoils what the proxy wrote behind it; it must not pass for
            # the proxy itself, whose address may be let in where others are not.
            request.client_address = None
            return
        if client.address is not None:
            request.client_address = client.address
        if client.scheme:
            request.scheme = client.scheme
        if self._host and client.host:
            others = [field for field in headers.raw if field[0].lower() != b"host"]
            host = client.host.encode("ascii")
            request.headers = Headers.from_wire([*others, (b"host", host)])
            _, mark, query = request.target.partition("?")
            request.target = request.raw_path + mark + query  # whose host would go before that
        if self._prefix:
            prefix = headers.get("x-forwarded-prefix", "").rstrip("/")
            if _PREFIX.fullmatch(prefix):
                request.root_path = prefix

    def _read(self, *said: str) -> _Client | None:
        """What proxies of ours say in some fields; ``None`` where that cannot be read."""
        address, scheme, host = None, "", ""
        try:
            hops = list(self._hops(*said))
        except ValueError:
            return None
        for hop in hops:
            scheme = _SCHEMES.get(hop.scheme.lower(), scheme)
            host = hop.host or host
            nearer = _address(hop.client)
            if nearer is None:
                break
            address = nearer
            if not self._is_ours(nearer[0]):
                break
        return _Client(address, scheme, host if _HOST.fullmatch(host) else "")


def _x_forwarded(said_for: str, proto: str, said_host: str = "") -> Iterable[_Hop]:
    """From the nearest proxy outwards.

    Schemes and hosts that are as many as addresses belong to them; else the nearest proxy's go.
    """
    clients, schemes, hosts = [elements(said)[-MAX_HOPS:] for said in (said_for, proto, said_host)]
    count = max(len(clients), 1)

    def of_hop(values: list[str], hop: int) -> str:
        if len(values) == count:
            return values[hop]
        return values[-1] if values and hop == count - 1 else ""

    for hop in reversed(range(count)):
        client = clients[hop] if clients else ""
        yield _Hop(client, of_hop(schemes, hop), of_hop(hosts, hop))


def _forwarded(said: str) -> Iterable[_Hop]:
    """From the nearest proxy outwards.

    :raises ValueError: the field is malformed.
    """
    for pairs in reversed(parse_forwarded(said)[-MAX_HOPS:]):
        yield _Hop(pairs.get("for", ""), pairs.get("proto", ""), pairs.get("host", ""))


def _address(node: str) -> tuple[str, int] | None:
    """Address and port of ``192.0.2.1``, ``192.0.2.1:80``, ``2001:db8::1`` or ``[2001:db8::1]:80``.

    ``None`` for what is none: ``unknown``, names that hide one (:rfc:`7239` section 6.3), junk.
    """
    host, port = node, ""
    if node.startswith("["):
        host, _, port = node[1:].partition("]")
        if port and not port.startswith(":"):
            return None
        port = port[1:]
    elif node.count(":") == 1:
        host, _, port = node.partition(":")
    try:
        address = str(ip_address(host))
    except ValueError:
        return None
    is_port = port.isdecimal() and port.isascii() and len(port) <= 5
    return address, int(port) if is_port and int(port) <= 0xFFFF else 0


def _is_in(host: str, networks: Networks) -> bool:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any(address in network or (mapped and mapped in network) for network in networks)
