"""So many requests of one client in a time, and no more."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from trio_helianthus import core

from .._http_errors import HTTPError
from .._middleware_chain import CallNext
from .._request import Request
from .._response import Response

__all__ = ["RateLimit"]


class RateLimit:
    """Refuses what a client asks too often, with 429 and ``Retry-After``.

    ::

        RateLimit(100, per=60)           # 100 at once, then one every 0.6 seconds
        RateLimit(100, per=60, burst=5)  # 5 at once, then one every 0.6 seconds

    A token bucket for each client: it holds ``burst`` requests and is filled at a steady rate.
    Every answer tells how much is left in ``RateLimit`` and ``RateLimit-Policy`` (the IETF's draft
    *RateLimit header fields for HTTP*).

    Its memory is bounded: of more than ``max_clients``, those that were not heard of for the
    longest time are forgotten and may begin anew. One instance counts for one process.

    :param limit: how many requests.
    :param per: in how many seconds.
    :param burst: how many at once; ``limit`` where it is left out.
    :param key: which client a request is of, ``None`` for one that is not limited. Without it the
        address; of an IPv6 address the first 64 bits, since a client has all of the rest.
        Behind a proxy put :class:`ProxyHeaders` outside of it, or the proxy is the only client.
    :param max_clients: how many are remembered.
    :param name: of the policy, in the fields.
    :raises ValueError: for a number that is not above 0, or a name that cannot be said there.
    """

    def __init__(
        self,
        limit: int,
        *,
        per: float,
        burst: int | None = None,
        key: Callable[[Request], str | None] | None = None,
        max_clients: int = 10_000,
        name: str = "default",
    ) -> None:
        self._burst = limit if burst is None else burst
        if limit < 1 or not 0 < per < math.inf or self._burst < 1 or max_clients < 1:
            raise ValueError("limit, per, burst and max_clients must be above 0")
        self._rate = limit / per
        self._key = network_of_client if key is None else key
        self._max_clients = max_clients
        self._buckets: OrderedDict[str, core.RateLimiter] = OrderedDict()
        self._name = f'"{name}"'
        self._policy = f"{self._name};q={limit};w={math.ceil(per)}"
        if not (name.isascii() and name.isprintable()) or '"' in name or "\\" in name:
            raise ValueError(f"a name has neither quotes nor backslashes: {name!r}")

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Pass the request on, if its client may.

        :raises HTTPError: 429 if it has asked too often.
        """
        key = self._key(request)
        if key is None:
            return await call_next(request)
        bucket = self._bucket_of(key)
        allowed = bucket.try_acquire()
        wait = 0.0 if allowed else bucket.time_until(1)
        until_full = bucket.time_until(self._burst)
        fields = {
            "RateLimit-Policy": self._policy,
            "RateLimit": f"{self._name};r={int(bucket.tokens)};t={math.ceil(wait or until_full)}",
        }
        if not allowed:
            fields["Retry-After"] = str(max(1, math.ceil(wait)))
            raise HTTPError(429, "too many requests", fields)

        def add(response: Response) -> None:
            for name, value in fields.items():
                response.headers[name] = value

        request.before_start(add)
        response = await call_next(request)
        add(response)
        return response

    def _bucket_of(self, key: str) -> core.RateLimiter:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = core.RateLimiter(self._rate, burst=self._burst)
            if len(self._buckets) > self._max_clients:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket


def network_of_client(request: Request) -> str:
    """The address of a client; that of its network for IPv6, and nothing for a unix socket."""
    address = request.client_address
    if not isinstance(address, tuple):
        return ""
    host = address[0].partition("%")[0]
    if ":" not in host:
        return host
    parsed = ip_address(host)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))
