"""What a Redis server may cost us: the named limits and times of a client."""

from __future__ import annotations

import math
from typing import Any

import attrs
from attrs import validators

from trio_helianthus import core
from trio_helianthus.wire import resp

__all__ = ["ClientLimits", "Timeouts"]


def _count(default: int) -> Any:
    return attrs.field(default=default, validator=[validators.instance_of(int), validators.ge(1)])


def _seconds(default: float) -> Any:
    return attrs.field(default=default, validator=validators.gt(0))


@attrs.frozen(kw_only=True)
class Timeouts:
    """The times that a client grants, in seconds; ``math.inf`` switches one off.

    :raises ValueError: for a time that is not positive.
    """

    connect: float = _seconds(5.0)
    """Making one connection: name, TCP, TLS, and the greeting."""
    answer: float = _seconds(10.0)
    """From sending a command to its answer. A server that takes longer counts as lost, with all
    that was sent on the same connection. Commands that block have it besides the time that they
    name themselves, and no limit where they name none."""
    reconnect: float = _seconds(5.0)
    """How long a command waits for a connection while the server cannot be reached."""
    session: float = _seconds(30.0)
    """How long a command that needs a connection of its own waits for a free one."""
    health_check: float = _seconds(30.0)
    """After so much silence on the shared connection a ``PING`` finds out whether it is still
    there."""


@attrs.frozen(kw_only=True)
class ClientLimits:
    """The limits of a client. Times are seconds, and ``math.inf`` switches one off.

    :raises ValueError: for a number below 1 or a time that is not positive.
    """

    max_in_flight: int = _count(10_000)
    """Commands of one shared connection that are not yet answered; further callers wait, in the
    order in which they came."""
    max_sessions: int = _count(64)
    """Connections of their own for commands that block and for transactions that watch; further
    callers wait. For each server, where there are several."""
    max_waiting: int = _count(10_000)
    """Callers that wait for one of those; one more raises
    :exc:`~trio_helianthus.errors.ResourceFull`."""
    max_idle_sessions: int = _count(8)
    """Of those, how many are kept for later."""
    session_idle_timeout: float = _seconds(60.0)
    """For how long an unused one is kept."""
    max_command_bytes: int = _count(512 * 1024 * 1024)
    """One command as it is sent, which is also what servers take of one argument by default; a
    longer one is refused by :exc:`~trio_helianthus.errors.LocalProtocolError`, unsent."""
    max_bulk_bytes: int = _count(512 * 1024 * 1024)
    """One string in an answer."""
    max_line_bytes: int = _count(1024 * 1024)
    """One error, number or simple string in an answer."""
    max_items: int = _count(16 * 1024 * 1024)
    """The items of one array or set in an answer, or the pairs of one map."""
    max_depth: int = _count(32)
    """How deep the arrays of an answer are nested."""
    max_answer_bytes: int = _count(1024 * 1024 * 1024)
    """One answer, with all that is nested in it."""

    @property
    def pool(self) -> core.PoolLimits:
        """The part that the pool of sessions looks after."""
        return core.PoolLimits(
            max_size=self.max_sessions,
            max_idle=min(self.max_idle_sessions, self.max_sessions),
            max_waiting=self.max_waiting,
            idle_timeout=self.session_idle_timeout,
            acquire_timeout=math.inf,
            check_after=0.0,
        )

    @property
    def wire(self) -> resp.Limits:
        """The part that the protocol looks after."""
        return resp.Limits(
            max_bulk_bytes=self.max_bulk_bytes,
            max_line_bytes=self.max_line_bytes,
            max_items=self.max_items,
            max_depth=self.max_depth,
            max_answer_bytes=self.max_answer_bytes,
        )
