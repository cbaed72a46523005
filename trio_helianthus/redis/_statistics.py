"""What a client has now, and what it has done so far."""

from __future__ import annotations

import attrs

__all__ = ["RedisStatistics"]


@attrs.frozen(kw_only=True)
class RedisStatistics:
    """Of a client: of all servers together, where it has several."""

    commands: int
    """Commands that callers have asked for; those of a pipeline are counted one by one."""
    sends: int
    """How often something was sent on shared connections: fewer times than commands, as those of
    many tasks leave together."""
    in_flight: int
    """Commands on shared connections that were sent and are not yet answered."""
    waiting: int
    """Commands that wait for a shared connection, or for room on it."""
    connects: int
    """How often a shared connection was made."""
    repeated: int
    """Commands that were sent again after their connection was lost."""
    sessions: int
    """Connections of their own: lent, idle, and about to be opened."""
    sessions_lent: int
    """Of these, how many are lent."""
    subscriptions: int
    """Subscriptions that are open."""
    is_connected: bool
    """Whether there is a shared connection to every server that there should be one to."""


def sum_up(parts: list[RedisStatistics]) -> RedisStatistics:
    """Add up the statistics of several servers."""
    return RedisStatistics(
        commands=sum(part.commands for part in parts),
        sends=sum(part.sends for part in parts),
        in_flight=sum(part.in_flight for part in parts),
        waiting=sum(part.waiting for part in parts),
        connects=sum(part.connects for part in parts),
        repeated=sum(part.repeated for part in parts),
        sessions=sum(part.sessions for part in parts),
        sessions_lent=sum(part.sessions_lent for part in parts),
        subscriptions=sum(part.subscriptions for part in parts),
        is_connected=all(part.is_connected for part in parts),
    )
