"""The Redis benchmark measures every client that is installed, and tells who failed."""

from __future__ import annotations

import sys
from typing import Any, Final

import attrs
import pytest

from tests.redis.conftest import needs_server
from trio_helianthus.bench import (
    REDIS_GOALS,
    REDIS_PEERS,
    REDIS_TABLE,
    GoalResult,
    RedisEffort,
    RedisFigures,
    RedisLoad,
    RedisPeer,
    RedisPlan,
    RedisResult,
    bench_redis,
    find_redis_peers,
    judge,
)

pytestmark = needs_server

LITTLE: Final = RedisEffort(seconds=0.05, repetitions=1)
OURS: Final = find_redis_peers(["helianthus-own"])[0]
needs_linux: Final = pytest.mark.skipif(
    sys.platform != "linux", reason="processes are counted by perf, or in /proc"
)


def run(load: RedisLoad, peer: RedisPeer) -> RedisResult:
    ((result,),) = bench_redis(RedisPlan([load], [peer], LITTLE))
    return result


@needs_linux
@pytest.mark.parametrize("load", RedisLoad)
def test_every_load_is_measured(load: RedisLoad) -> None:
    result = run(load, OURS)

    assert result.failure is None
    assert result.figures is not None
    assert result.figures.rate > 0
    assert (result.figures.p99 >= result.figures.p50 > 0) == load.is_timed


@needs_linux
@pytest.mark.parametrize("peer", REDIS_PEERS, ids=lambda peer: peer.name)
@pytest.mark.parametrize("load", [RedisLoad.XADD_50, RedisLoad.PIPELINE, RedisLoad.PUBSUB])
def test_every_peer_takes_part(peer: RedisPeer, load: RedisLoad) -> None:
    if peer.missing or load not in peer.loads:
        pytest.skip(f"not installed, or not its load: {peer.missing}")
    result = run(load, peer)

    assert result.failure is None
    assert result.figures is not None


@pytest.mark.parametrize(
    ("program", "failure"),
    [
        ("print('ready'); input(); print('no figures')", "instead of what it has found"),
        ("raise ValueError('no luck')", "no luck"),
        ("print('ready')", "ended with exit code 0"),
    ],
)
def test_a_client_that_fails_is_told(program: str, failure: str) -> None:
    peer = RedisPeer("broken", (sys.executable, "-c", program))
    result = run(RedisLoad.GET_50, peer)

    assert result.figures is None
    assert result.ending == "failed"
    assert failure in (result.failure or "")


def test_peers_that_are_not_installed_are_left_out() -> None:
    peer = RedisPeer("nobody", ("nothing",), packages=("no_such_package",))
    result = run(RedisLoad.GET_50, peer)

    assert result.failure == "not installed: no_such_package"
    assert result.ending == "skipped"


def test_unknown_peers_are_refused() -> None:
    with pytest.raises(ValueError, match="no such peer: nobody"):
        find_redis_peers(["helianthus", "nobody"])


@pytest.mark.parametrize("effort", [{"seconds": 0}, {"seconds": 121}, {"repetitions": 0}])
def test_effort_has_bounds(effort: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        attrs.evolve(LITTLE, **effort)


def test_goals_compare_us_with_redis_py() -> None:
    ours, theirs = find_redis_peers(["helianthus", "redis-py-uvloop"])
    results = [
        RedisResult(RedisLoad.GET_50, ours, RedisFigures(4.0, 160_000)),
        RedisResult(RedisLoad.GET_50, theirs, RedisFigures(41.0, 24_000)),
    ]
    (judged,) = judge(results, REDIS_GOALS)

    assert judged == GoalResult(REDIS_GOALS[1], 4 / 41)
    assert judged.reached
    assert "160,000" in REDIS_TABLE.rows(results)[0]
    assert any("CPU" in note or "instr" in note for note in REDIS_TABLE.notes(results))


def test_loads_say_what_they_are() -> None:
    assert (RedisLoad.XADD_50.command, RedisLoad.XADD_50.tasks) == ("xadd", 50)
    assert (RedisLoad.PIPELINE.command, RedisLoad.PIPELINE.tasks) == ("pipeline", 1)
    assert [load for load in RedisLoad if load.is_timed] == [RedisLoad.GET_1]
