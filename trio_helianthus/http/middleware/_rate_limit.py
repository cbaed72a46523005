"""So many requests of one client in a time, and no more."""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Final

import trio

from .._http_errors import HTTPError
from .._middleware_chain import CallNext
from .._request import Request
from .._response import Response
from ._added_fields import OwnFields

__all__ = ["RateLimit"]

MAX_KEY_LENGTH: Final = 64
"""Characters of a key that is remembered as it is; of a longer one it is the digest."""
MAX_REMEMBERED: Final = 1024
"""Of how many IPv6 addresses is remembered to which network they belong."""
_ROUNDING: Final = 1e-9
"""Seconds, which adding up may have lost."""


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
        if not (name.isascii() and name.isprintable()) or '"' in name or "\\" in name:
            raise ValueError(f"a name has neither quotes nor backslashes: {name!r}")
        self._interval = per / limit
        self._key = network_of_client if key is None else key
        self._max_clients = max_clients
        self._full_at: OrderedDict[str, float] = OrderedDict()
        """When the bucket of each client is full; the one that was heard of last is the last."""
        self._name = f'"{name}"'
        self._policy = f"{self._name};q={limit};w={math.ceil(per)}".encode("ascii")
        self._fields = OwnFields("RateLimit-Policy", "RateLimit")

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Pass the request on, if its client may.

        :raises HTTPError: 429 if it has asked too often.
        """
        key = self._key(request)
        if key is None:
            return await call_next(request)
        left, until_full, wait = self._take(key, trio.current_time())
        state = f"{self._name};r={left};t={math.ceil(wait or until_full)}"
        if wait:
            fields = {
                "RateLimit-Policy": self._policy.decode("ascii"),
                "RateLimit": state,
                "Retry-After": str(math.ceil(wait)),
            }
            raise HTTPError(429, "too many requests", fields)
        value = state.encode("ascii")

        def add(response: Response) -> None:
            self._fields.put(response, self._policy, value)

        request.before_start(add)
        response = await call_next(request)
        add(response)
        return response

    def _take(self, client: str, now: float) -> tuple[int, float, float]:
        """Take a token out of a client's bucket, if it has one.

        :returns: how many are left, the seconds until it is full, and those until there is one
            for who did not get any, else 0.
        """
        if len(client) > MAX_KEY_LENGTH:
            client = hashlib.sha256(client.encode("utf-8", "surrogatepass")).hexdigest()
        missing = max(0.0, self._full_at.get(client, now) - now)  # in seconds, until it is full
        room = self._burst * self._interval - missing - self._interval
        wait = -room if room < -_ROUNDING else 0.0
        if not wait:
            missing += self._interval
        self._full_at[client] = now + missing
        self._full_at.move_to_end(client)
        if len(self._full_at) > self._max_clients:
            self._full_at.popitem(last=False)
        left = 0 if wait else int((room + _ROUNDING) / self._interval)
        return left, missing, wait


def network_of_client(request: Request) -> str:
    """The address of a client; that of its network for IPv6, and nothing for a unix socket."""
    address = request.client_address
    if not isinstance(address, tuple):
        return ""
    host = address[0].partition("%")[0]
    return _network_of(host) if ":" in host else host


@lru_cache(MAX_REMEMBERED)
def _network_of(host: str) -> str:
    try:
        address = IPv6Address(host)
    except ValueError:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64))
