"""What a peer may cost us: the named limits of a server and of a client."""

from __future__ import annotations

import math
from typing import Any

import attrs
from attrs import validators

from trio_helianthus import core
from trio_helianthus.wire import http1

__all__ = ["ClientLimits", "ServerLimits"]


def _count(default: int) -> Any:
    return attrs.field(default=default, validator=[validators.instance_of(int), validators.ge(1)])


def _seconds(default: float) -> Any:
    return attrs.field(default=default, validator=validators.gt(0))


def _seconds_or_none_at_all(default: float) -> Any:
    return attrs.field(default=default, validator=validators.ge(0))


@attrs.frozen(kw_only=True)
class ServerLimits:
    """The limits of a server. Times are seconds, and ``math.inf`` switches one off.

    :raises ValueError: for a number below 1 or a time that is not positive.
    """

    max_connections: int = _count(10_000)
    """Open connections; further clients wait until they are accepted."""
    max_requests_per_connection: int = _count(10_000)
    """Requests until a connection is closed, with ``Connection: close`` in the last answer."""
    max_head_bytes: int = _count(64 * 1024)
    """Request line and header fields together; more is answered with 431 or 414."""
    max_headers: int = _count(128)
    """Header fields; more are answered with 431."""
    max_target_bytes: int = _count(8 * 1024)
    """The request target; a longer one is answered with 414."""
    max_body_bytes: int = _count(16 * 1024 * 1024)
    """The body of a request, counted while the handler reads it; more is answered with 413."""
    header_timeout: float = _seconds(10.0)
    """From the first byte of a request to the end of its head, answered with 408; also how long
    a new connection may stay silent."""
    drain_grace: float = _seconds_or_none_at_all(0.5)
    """How long a connection on which no request has come yet may send its first one when the
    server begins to drain: it may be on its way. A connection between two requests is closed at
    once."""
    idle_timeout: float = _seconds(75.0)
    """Between two requests on one connection; then it is closed."""
    body_timeout: float = _seconds(30.0)
    """One wait for more of a request's body; then the handler's read fails with 408."""
    min_body_rate: float = _seconds_or_none_at_all(240.0)
    """Bytes a second that a body has to arrive with on average, ``body_timeout`` seconds aside;
    only the time that the handler waits for it counts. A slower one fails with 408; 0 takes any."""
    handler_timeout: float = _seconds(300.0)
    """From the end of a request's head to the head of its answer, reading the body included. Then
    the handler is cancelled and the request answered with 503."""
    write_timeout: float = _seconds(30.0)
    """Sending one piece of an answer, at most 64 KiB, to a client that does not read; then the
    connection is reset."""
    half_close_grace: float = _seconds_or_none_at_all(1.0)
    """How long a handler goes on after the client has ended its side of the stream. A client
    that half-closes and one that went away look alike; each piece of an answer that can be sent
    starts the time anew."""
    read_ahead_bytes: int = _count(64 * 1024)
    """Received and not yet asked for; above that the connection is not read any more."""
    max_discard_bytes: int = _count(256 * 1024)
    """What is read of a body that the handler left unread, to keep the connection; where more
    is to come, or it takes longer than ``body_timeout``, the connection is closed."""
    linger_bytes: int = _count(16 * 1024 * 1024)
    """What is received and thrown away behind a last answer to a client that is still sending;
    closing at once could destroy the answer before the client reads it."""
    linger_timeout: float = _seconds(2.0)
    """How long that may take."""

    @property
    def wire(self) -> http1.Limits:
        """The part that the protocol engine looks after."""
        return http1.Limits(
            max_head_bytes=self.max_head_bytes,
            max_headers=self.max_headers,
            max_target_bytes=self.max_target_bytes,
        )


@attrs.frozen(kw_only=True)
class ClientLimits:
    """The limits of a client. Times are seconds, and ``math.inf`` switches one off.

    :raises ValueError: for a number below 1 or a time that is not positive.
    """

    max_connections: int = _count(100)
    """Connections to one origin; further calls wait, first come first served."""
    max_waiting: int = _count(10_000)
    """Calls that wait for a connection to one origin; one more raises :class:`ResourceFull`."""
    max_idle: int = _count(100)
    """Connections to one origin that are kept open for later calls."""
    max_origins: int = _count(100)
    """Origins whose connections are kept; for one more, the origin that was left alone for longest
    loses its own. Those that are being used do not, however many there are."""
    idle_timeout: float = _seconds(60.0)
    """How long an unused connection is kept."""
    max_lifetime: float = _seconds(3600.0)
    """How long a connection is used for ever new calls, so that a name's new address is noticed;
    up to a tenth shorter, at random, so that not all of them end together."""
    max_response_bytes: int = _count(64 * 1024 * 1024)
    """The body of an answer that is read as a whole, before and after decoding it; likewise the
    bodies in its history together."""
    max_decoded_ratio: int = _count(250)
    """How many times longer decoding may make a body, once there are more than 16 MiB of it."""
    max_discard_bytes: int = _count(64 * 1024)
    """What a streamed call reads of an answer that is not the last one, such as a redirect, to keep
    the connection; one that goes on is reset."""
    max_head_bytes: int = _count(64 * 1024)
    """Status line and header fields together."""
    max_headers: int = _count(256)
    """Header fields of an answer."""
    max_informational: int = _count(64)
    """Informational responses (1xx) before one answer."""

    @property
    def pool(self) -> core.PoolLimits:
        """The part that the pool of each origin looks after."""
        return core.PoolLimits(
            max_size=self.max_connections,
            max_idle=self.max_idle,
            max_waiting=self.max_waiting,
            idle_timeout=self.idle_timeout,
            max_lifetime=self.max_lifetime,
            acquire_timeout=math.inf,
        )

    @property
    def wire(self) -> http1.Limits:
        """The part that the protocol engine looks after."""
        return http1.Limits(max_head_bytes=self.max_head_bytes, max_headers=self.max_headers)
