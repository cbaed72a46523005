"""The HTTP load generator's process: it does what it is told on stdin, and says what it found."""

from __future__ import annotations

import gc
import json
import socket
import sys
import time
from typing import Any, Final

import h11

from ._http_loads import HTTPLoad, exchanges, pipelined_by
from ._http_traffic import Traffic, try_once
from ._open_files import allow_open_files
from ._rounds import TrafficFailed, connect

WARM_UP_SHARE: Final = 0.2
"""How much of the measured time is done before it and not counted."""


def main() -> None:
    """Connect, warm up, say so, wait for the word, measure, report, and close when told."""
    allow_open_files()
    gc.disable()  # nothing here makes cycles
    order = json.loads(sys.stdin.readline())
    try:
        if order["load"] == HTTPLoad.MEMORY:
            _stay_idle(order)
        else:
            _ask(order)
    except (TrafficFailed, h11.ProtocolError) as exc:
        _say({"failure": str(exc)})
    except OSError as exc:
        _say({"failure": f"a connection failed: {exc}"})


def _ask(order: dict[str, Any]) -> None:
    load = HTTPLoad(order["load"])
    traffic = Traffic(order["port"], exchanges(load), order["connections"], pipelined_by(load))
    traffic.run(order["seconds"] * WARM_UP_SHARE)
    _say({"warm": True})
    sys.stdin.readline()
    began = time.process_time()
    requests, seconds = traffic.run(order["seconds"])
    spent = time.process_time() - began
    _say({"requests": requests, "seconds": seconds, "busy": spent / seconds})
    sys.stdin.readline()  # the server is still being counted: leave it alone
    traffic.close()


def _stay_idle(order: dict[str, Any]) -> None:
    """Open a tenth of the connections, say so, open the others when told, and stay."""
    (exchange, *_) = exchanges(HTTPLoad.MEMORY)
    sockets: list[socket.socket] = []
    connections: int = order["connections"]
    for opened in (connections // 10, connections):
        while len(sockets) < opened:
            sockets.append(connect(order["port"]))
            try_once(sockets[-1], exchange)
        _say({"open": opened})
        sys.stdin.readline()


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
