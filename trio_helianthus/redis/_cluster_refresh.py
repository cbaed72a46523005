"""Finds out which node of a cluster has which slots: soon when asked to, one time after another."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import trio

from trio_helianthus.errors import HelianthusError, RedisError

from ._command import Command, CommandFlag
from ._connect import connect
from ._slot_map import parse_shards, parse_slots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ._node import Node
    from ._options import Options
    from ._slot_map import Shard
    from ._url import Place

ASK_SECONDS: Final = 1.0
"""How long one node may take to answer, before the next one is asked."""
URGENT_SECONDS: Final = 0.1
"""The least time between two looks while somebody waits for a change."""
CALM_SECONDS: Final = 1.0
"""The least time between two looks while all works, though redirections come."""
_SHARDS: Final = Command("CLUSTER SHARDS", CommandFlag.READONLY)
_SLOTS: Final = Command("CLUSTER SLOTS", CommandFlag.READONLY)
_UNREACHABLE: Final = (OSError, HelianthusError, trio.BrokenResourceError)


class Refresher:
    """Looks at the cluster when it is asked to; several requests are one.

    :param list_nodes: the nodes that are known.
    :param seeds: where the cluster was to be found in the beginning; they are asked last.
    :param apply: takes what was found.
    :param is_settled: whether there is nothing to wait for; until then it looks again and again.
    """

    def __init__(
        self,
        *,
        options: Options,
        seeds: Iterable[Place],
        list_nodes: Callable[[], Iterable[Node]],
        apply: Callable[[list[Shard]], object],
        is_settled: Callable[[], bool],
    ) -> None:
        self.updated = trio.Event()
        """Set when the next look is over; there is a new one then."""
        self.looks = 0
        """How often it has looked."""
        self.last_error: Exception | None = None
        """Why somebody could not be asked, the last time."""
        self._options = options
        self._seeds = tuple(seeds)
        self._list_nodes = list_nodes
        self._apply = apply
        self._is_settled = is_settled
        self._wish = trio.Event()
        self._urgent = trio.Event()
        self._hint: Place | None = None

    def request(self, *, hint: Place | None = None, is_urgent: bool = True) -> None:
        """Ask for a look.

        :param hint: who is likely to know most.
        :param is_urgent: whether somebody waits for it.
        """
        self._hint = hint or self._hint
        self._wish.set()
        if is_urgent:
            self._urgent.set()

    async def run(self) -> None:
        """Look, whenever there is a reason to."""
        while True:
            await self._wish.wait()
            if self.looks:
                await trio.sleep(URGENT_SECONDS)
                with trio.move_on_after(CALM_SECONDS - URGENT_SECONDS):
                    await self._urgent.wait()
            self._wish, self._urgent = trio.Event(), trio.Event()
            await self._look()
            if not self._is_settled():
                self.request()

    async def look_first(self) -> None:
        """Look for the first time.

        :raises NetworkError: no node can be reached.
        :raises RedisError: one of them refuses.
        """
        failure: Exception | None = None
        for place in self._seeds:
            try:
                shards = await self._ask_anew(place)
            except _UNREACHABLE as exc:
                # What a server says is told rather than that another one is not there.
                failure = exc if failure is None or isinstance(exc, RedisError) else failure
            else:
                self._finish(shards)
                return
        assert failure is not None
        raise failure

    async def _look(self) -> None:
        for ask in self._askers():
            shards: list[Shard] | None = None
            try:
                with trio.move_on_after(ASK_SECONDS):
                    shards = await ask()
            except _UNREACHABLE as exc:
                self.last_error = exc
                continue
            if shards:
                self._finish(shards)
                return
        self._finish(None)

    def _finish(self, shards: list[Shard] | None) -> None:
        self.looks += 1
        if shards:
            self._apply(shards)
        updated, self.updated = self.updated, trio.Event()
        updated.set()

    def _askers(self) -> list[Callable[[], Any]]:
        """Return whom to ask, in order: the best known first, the seeds at the end."""
        hint, self._hint = self._hint, None
        nodes = sorted(self._list_nodes(), key=lambda node: _rank(node, hint))
        askers: list[Callable[[], Any]] = []
        for node in nodes:
            if node.is_connected:
                askers.append(partial(self._ask, node))
            else:
                askers.append(partial(self._ask_anew, node.place))
        others = set(self._seeds).difference(node.place for node in nodes)
        askers.extend(partial(self._ask_anew, place) for place in others)
        return askers

    async def _ask(self, node: Node) -> list[Shard]:
        """Ask a node to which there is a connection."""
        begin = node.open().begin
        return await self._ask_by(lambda command: begin(command, command.words), node.place)

    async def _ask_anew(self, place: Place) -> list[Shard]:
        """Ask over a new connection, which serves for this only."""
        connection = await connect(place, self._options)
        try:

            async def ask(command: Command) -> Any:
                (answer,) = await connection.exchange(
                    command.words, timeout=self._options.timeouts.connect
                )
                if isinstance(answer, RedisError):
                    raise answer
                return answer

            return await self._ask_by(ask, place)
        finally:
            connection.close()

    async def _ask_by(self, ask: Callable[[Command], Any], place: Place) -> list[Shard]:
        try:
            shards = parse_shards(await ask(_SHARDS), place, is_tls=self._options.is_tls)
        except RedisError as exc:
            if "subcommand" not in exc.message:  # "ERR unknown subcommand": before Redis 7
                raise
            shards = None
        if shards is None:
            shards = parse_slots(await ask(_SLOTS), place)
        return shards


def _rank(node: Node, hint: Place | None) -> tuple[int, float]:
    """Return a number that is small for nodes that are likely to know, and to answer."""
    chance = random.random()  # noqa: S311 - so that not always the same one is asked
    if not node.is_up:
        return (3, chance)
    if node.waits_since() < trio.current_time() - ASK_SECONDS / 2:
        return (2, chance)  # it may be frozen
    return (0 if node.place == hint else 1, chance)
