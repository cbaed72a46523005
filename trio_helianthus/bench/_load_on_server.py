"""A load on a server, whatever it speaks: what the load says, and what the server spends."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from ._counting import Count, family_of, memory_of
from ._measure import PeerFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._child import Child

PATIENCE_SECONDS: Final = 120.0
"""How much longer than it should a load may take; it has stricter limits itself."""
IDLE_CONNECTIONS: Final = 1000
SETTLE_SECONDS: Final = 0.3


def count_load(
    server: Child, generator: Child, order: Mapping[str, Any]
) -> tuple[Mapping[str, Any], float]:
    """Let the load warm up, and count what the server spends on the rest.

    :param order: what the load is to do; ``seconds`` says for how long.
    :returns: what the load has found, and the cost, as :func:`cost_unit` says.
    :raises PeerFailed: the load, or the server, says so.
    """
    ask_load(server, generator, json.dumps(order), order["seconds"])
    with Count(*family_of(server.pid)) as count:
        found = ask_load(server, generator, "go", order["seconds"])
    return found, count.cost


def idle_memory(server: Child, generator: Child, order: Mapping[str, Any]) -> float:
    """Return the KiB that a connection costs that is idle.

    The load opens a tenth of the connections first, so that what the first ones cost only once
    does not count.

    :raises PeerFailed: the load, or the server, says so.
    """
    order = {**order, "connections": IDLE_CONNECTIONS}
    few = ask_load(server, generator, json.dumps(order))["open"]
    time.sleep(SETTLE_SECONDS)
    before = memory_of(server.pid)
    many = ask_load(server, generator, "open the others")["open"]
    time.sleep(SETTLE_SECONDS)
    return (memory_of(server.pid) - before) / float(many - few)


def ask_load(server: Child, generator: Child, line: str, seconds: float = 0.0) -> Mapping[str, Any]:
    """Let the load do something; if that fails, blame the server if it has ended.

    :param seconds: how long it is meant to take.
    """
    answer: Mapping[str, Any] = json.loads(generator.ask(line, seconds + PATIENCE_SECONDS))
    if "failure" in answer:
        if server.ended(within=0.5):
            raise PeerFailed(f"the server {server.ending()}")
        raise PeerFailed(str(answer["failure"]))
    return answer
