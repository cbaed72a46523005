"""``helianthus bench http``: its options, and its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trio_helianthus import bench

from ._bench_contest import check, chosen_effort, run_contest

if TYPE_CHECKING:
    import argparse

PACKAGES: Final = ("h11", "httptools", "uvicorn", "starlette", "aiohttp", "hypercorn", "httpx")
"""Whose versions the report tells."""


def run_http(plan: bench.HTTPPlan, options: argparse.Namespace) -> int:
    """Run the HTTP benchmark and print its report.

    :returns: 0 if every peer was measured or is not installed, 1 if one failed or Ctrl-C ended it.
    """
    return run_contest(
        plan,
        options,
        bench.bench_http,
        bench.HTTP_TABLE,
        bench.GOALS,
        packages=PACKAGES,
        connections=f"{plan.effort.connections} connections",
    )


def plan_http(options: argparse.Namespace) -> bench.HTTPPlan:
    """Make a plan of what the command line says.

    :raises ValueError: it makes no sense; the message says why.
    """
    peers = options.peers
    plan = bench.HTTPPlan(
        loads=tuple(map(bench.HTTPLoad, options.load or bench.HTTPLoad)),
        peers=bench.HTTP_PEERS if peers is None else bench.find_http_peers(peers),
        effort=bench.HTTPEffort(**chosen_effort(options, bench.HTTPEffort)),
    )
    check(plan, options)
    return plan
