"""The load generator's process: it does what it is told on stdin, and says what it found."""

from __future__ import annotations

import gc
import json
import math
import ssl
import sys
import time
from typing import Any, Final

from ._flows import Load, LoadFailed
from ._open_files import allow_open_files
from ._scenario import Protocol, Scenario
from ._statistics import percentile

WARM_UP_SHARE: Final = 0.2
"""How much of the measured load, in seconds or echoes, is done before it and not counted."""


def main() -> None:
    """Connect, warm up, say so, wait for the word, measure, report, and close when told."""
    allow_open_files()
    gc.disable()  # nothing here makes cycles, and collecting would show as latency
    order = json.loads(sys.stdin.readline())
    try:
        load = _connect(order)
        _converse(load, order, WARM_UP_SHARE)
        _say({"warm": True})
        sys.stdin.readline()
        _say(_converse(load, order))
        sys.stdin.readline()  # the server is still being counted: leave it alone
        load.close()
    except LoadFailed as exc:
        _say({"failure": str(exc)})
    except OSError as exc:
        _say({"failure": f"a connection failed: {exc}"})


def _connect(order: dict[str, Any]) -> Load:
    scenario = Scenario(Protocol(order["protocol"]), order["payload"], order["connections"])
    context = None
    if scenario.protocol is Protocol.TLS:
        context = ssl.create_default_context(cafile=order["authority"])
    return Load(scenario, order["port"], context)


def _converse(load: Load, order: dict[str, Any], share: float = 1.0) -> dict[str, float]:
    began = time.process_time()
    if order["echoes"] is None:
        conversation = load.converse(order["seconds"] * share)
    else:
        conversation = load.converse(math.inf, math.ceil(order["echoes"] * share))
    spent = time.process_time() - began
    ordered = sorted(conversation.latencies)
    return {
        "echoes": len(ordered),
        "seconds": conversation.seconds,
        "rate": conversation.rate,
        "cpu_seconds": spent,
        "resent": conversation.resent,
        "p50": percentile(ordered, 0.50),
        "p95": percentile(ordered, 0.95),
        "p99": percentile(ordered, 0.99),
    }


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
