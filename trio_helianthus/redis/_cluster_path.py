"""Follows a command through a cluster that sends it from node to node, or has it wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ._path import Path
from ._routing import redirection
from ._slot_map import redirected_place

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._cluster_refresh import Refresher
    from ._node import Node
    from ._topology import Topology
    from ._url import Place

_FREE_REDIRECTIONS: Final = 2
"""How many redirections are followed at once; nodes that point at each other need time."""


class ClusterPath(Path):
    """The path of what runs in a cluster."""

    def __init__(
        self,
        topology: Topology,
        refresher: Refresher,
        *,
        remap: Callable[[Place], Place],
        max_redirections: int,
        patience: float,
    ) -> None:
        super().__init__(patience)
        self._topology = topology
        self._refresher = refresher
        self._remap = remap
        self._max_redirections = max_redirections
        self._redirections = 0

    def redirect(self, error: BaseException, asked: Node | None) -> tuple[Node, bool]:
        moved = redirection(error)
        here = asked or self.node or self._topology.any_primary()
        place = self._remap(redirected_place(moved.host, moved.port, here.place))
        if moved.code == "ASK":
            return self._topology.node_at(place), True
        self._topology.move(moved.slot, place)
        self._refresher.request(hint=place, is_urgent=False)
        return self._topology.node_at(place), False

    async def _follow_redirection(self, error: Exception, asked: Node | None) -> bool:
        self._redirections += 1
        if self._redirections > self._max_redirections:
            return False
        self.node, self.is_asking = self.redirect(error, asked)
        self.wants_primary = True
        if self._redirections > _FREE_REDIRECTIONS:
            await self._wait(self._redirections)
        return True

    def _look(self) -> None:
        self._refresher.request()

    async def _wait_for_news(self) -> None:
        await self._refresher.updated.wait()
