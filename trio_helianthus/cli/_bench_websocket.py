"""``helianthus bench websocket``: its options, and its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trio_helianthus import bench

from ._bench_contest import check, chosen_effort, run_contest

if TYPE_CHECKING:
    import argparse

PACKAGES: Final = ("wsproto", "websockets", "trio-websocket", "aiohttp", "picows")
"""Whose versions the report tells."""


def run_websocket(plan: bench.WebSocketPlan, options: argparse.Namespace) -> int:
    """Run the WebSocket benchmark and print its report.

    :returns: 0 if every peer was measured, stalled or is not installed, 1 if one failed or Ctrl-C
        ended it.
    """
    effort = plan.effort
    return run_contest(
        plan,
        options,
        bench.bench_websocket,
        bench.WEBSOCKET_TABLE,
        bench.WEBSOCKET_GOALS,
        packages=PACKAGES,
        connections=f"{effort.connections} connections that echo, "
        f"an audience of {effort.audience:,}",
    )


def plan_websocket(options: argparse.Namespace) -> bench.WebSocketPlan:
    """Make a plan of what the command line says.

    :raises ValueError: it makes no sense; the message says why.
    """
    peers = options.peers
    plan = bench.WebSocketPlan(
        loads=tuple(map(bench.WebSocketLoad, options.load or bench.WebSocketLoad)),
        peers=bench.WEBSOCKET_PEERS if peers is None else bench.find_websocket_peers(peers),
        effort=bench.WebSocketEffort(**chosen_effort(options, bench.WebSocketEffort)),
    )
    check(plan, options)
    return plan
