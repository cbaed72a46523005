"""The WebSocket load generator's process: it does what it is told on stdin, and reports."""

from __future__ import annotations

import gc
import json
import socket
import sys
import time
from typing import Any, Final

from ._open_files import allow_open_files
from ._rounds import TrafficFailed
from ._statistics import percentile
from ._websocket_audience import Audience
from ._websocket_loads import WebSocketLoad
from ._websocket_traffic import Echoes, open_connection, try_echo

WARM_UP_SHARE: Final = 0.2
"""How much of the measured time is done before it and not counted."""
UNDER_WAY: Final = 8
"""How many messages are published at a time, where their number matters and not their time."""


def main() -> None:
    """Connect, warm up, say so, wait for the word, measure, report, and close when told."""
    allow_open_files()
    gc.disable()  # nothing here makes cycles
    order = json.loads(sys.stdin.readline())
    load = WebSocketLoad(order["load"])
    try:
        if load is WebSocketLoad.MEMORY:
            _stay_idle(order)
        elif load.has_audience:
            _publish(load, order)
        else:
            _echo(load, order)
    except TrafficFailed as exc:
        _say({"failure": str(exc)})
    except OSError as exc:
        _say({"failure": f"a connection failed: {exc}"})


def _echo(load: WebSocketLoad, order: dict[str, Any]) -> None:
    traffic = Echoes(order["port"], load.echo_bytes, order["connections"])
    traffic.run(order["seconds"] * WARM_UP_SHARE)
    _wait_when_warm()
    began = time.process_time()
    messages, seconds = traffic.run(order["seconds"])
    spent = time.process_time() - began
    _say({"messages": messages, "seconds": seconds, "busy": spent / seconds})
    sys.stdin.readline()  # the server is still being counted: leave it alone
    traffic.close()


def _publish(load: WebSocketLoad, order: dict[str, Any]) -> None:
    under_way = UNDER_WAY if load is WebSocketLoad.BROADCAST else 1
    audience = Audience(order["port"], order["audience"], under_way)
    before: dict[str, float] = {}
    if load is WebSocketLoad.STALLED:
        audience.run(order["seconds"])  # for as long: the first deliveries have the longest delays
        latencies, _ = audience.run(order["seconds"])
        before = {"p99_before": percentile(sorted(latencies), 0.99) / 1e6}
        audience.add_one_that_never_reads()
    audience.run(order["seconds"] * WARM_UP_SHARE)
    _wait_when_warm()
    began = time.process_time()
    latencies, seconds = audience.run(order["seconds"])
    spent = time.process_time() - began
    latencies.sort()
    _say(
        {
            "messages": len(latencies),
            "seconds": seconds,
            "busy": spent / seconds,
            "p50": percentile(latencies, 0.50) / 1e6,
            "p99": percentile(latencies, 0.99) / 1e6,
            **before,
        }
    )
    sys.stdin.readline()
    audience.close()


def _stay_idle(order: dict[str, Any]) -> None:
    """Open a tenth of the connections, say so, open the others when told, and stay."""
    sockets: list[socket.socket] = []
    connections: int = order["connections"]
    for opened in (connections // 10, connections):
        while len(sockets) < opened:
            sockets.append(open_connection(order["port"]))
            try_echo(sockets[-1])
        _say({"open": opened})
        sys.stdin.readline()


def _wait_when_warm() -> None:
    _say({"warm": True})
    sys.stdin.readline()


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
