"""The WebSocket benchmark: what servers spend on an echo, and on a delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ._contest import ContestPlan, ContestResult, hold_contest
from ._websocket_loads import WebSocketLoad
from ._websocket_measure import WebSocketEffort, WebSocketFigures, measure_websocket
from ._websocket_peers import WEBSOCKET_PEERS, WebSocketPeer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@attrs.frozen
class WebSocketResult(ContestResult[WebSocketLoad, WebSocketPeer, WebSocketFigures]):
    """What was found about one server under one load: see :class:`ContestResult`."""

    @property
    def stalled(self) -> bool:
        """Whether nobody got anything while one connection did not read."""
        return self.failure is not None and self.failure.startswith("stalled")

    @property
    def ending(self) -> str:
        """The same in a word: ``stalled``, or as elsewhere."""
        return "stalled" if self.stalled else super().ending


@attrs.frozen
class WebSocketPlan(ContestPlan[WebSocketLoad, WebSocketPeer, WebSocketEffort]):
    """What to measure, everything by default: see :class:`ContestPlan`."""

    loads: Sequence[WebSocketLoad] = tuple(WebSocketLoad)
    peers: Sequence[WebSocketPeer] = WEBSOCKET_PEERS
    effort: WebSocketEffort = attrs.field(factory=WebSocketEffort)


def bench_websocket(
    plan: WebSocketPlan, on_step: Callable[[str, int], object] | None = None
) -> Iterator[list[WebSocketResult]]:
    """Measure, and hand out the results of one load after the other; as :func:`bench_http`.

    :param plan: what to measure.
    :param on_step: is called before each measurement with what it is, and how many measurements
        are done with.
    """
    return hold_contest(plan, measure_websocket, WebSocketResult, on_step)
