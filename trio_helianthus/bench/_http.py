"""The HTTP benchmark: what servers and clients spend on a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ._contest import ContestPlan, ContestResult, hold_contest
from ._http_loads import HTTPLoad
from ._http_measure import HTTPEffort, HTTPFigures, measure_http
from ._http_peers import HTTP_PEERS, HTTPPeer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@attrs.frozen
class HTTPResult(ContestResult[HTTPLoad, HTTPPeer, HTTPFigures]):
    """What was found about one server, or client, under one load: see :class:`ContestResult`."""


@attrs.frozen
class HTTPPlan(ContestPlan[HTTPLoad, HTTPPeer, HTTPEffort]):
    """What to measure, everything by default: see :class:`ContestPlan`."""

    loads: Sequence[HTTPLoad] = tuple(HTTPLoad)
    peers: Sequence[HTTPPeer] = HTTP_PEERS
    effort: HTTPEffort = attrs.field(factory=HTTPEffort)


def bench_http(
    plan: HTTPPlan, on_step: Callable[[str, int], object] | None = None
) -> Iterator[list[HTTPResult]]:
    """Measure, and hand out the results of one load after the other.

    Whoever is measured, and whoever makes the load, is a process of its own, on a core of its own
    where the system lets them. It blocks; do not call it from an async function. An exception,
    such as :exc:`KeyboardInterrupt`, and closing the iterator end the processes.

    :param plan: what to measure.
    :param on_step: is called before each measurement with what it is, and how many measurements
        are done with.
    """
    return hold_contest(plan, measure_http, HTTPResult, on_step)
