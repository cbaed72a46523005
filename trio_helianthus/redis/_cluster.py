"""A cluster behind the client's face: each command goes to the node that has its keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import trio

from trio_helianthus.errors import OperationTimeout, RedisError

from ._cluster_path import ClusterPath
from ._cluster_refresh import Refresher
from ._joining import join
from ._node import Elsewhere
from ._read_from import ReadFrom
from ._routing import (
    Audience,
    Part,
    Step,
    audience_of,
    known_command,
    slot_of_keys,
    slot_of_requests,
    split,
    step_after,
)
from ._server import stateful
from ._several import Several
from ._several_batches import run_atomic, run_parts
from ._slot_map import remapped
from ._slots import slot_of
from ._topology import Topology

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from trio_helianthus.core import BackgroundNursery
    from trio_helianthus.errors import RedisRedirection
    from trio_helianthus.wire import resp

    from ._backend import Begin, Request
    from ._command import Command
    from ._connection import Connection
    from ._node import Node
    from ._options import Options
    from ._slot_map import Shard
    from ._url import Place


LOOK_SECONDS: Final = 5.0
"""How often somebody looks at the cluster who wants to know of it, though nothing happens."""


class Cluster(Several):
    """Brings commands to the nodes of a cluster.

    Refusals that are followed: ``MOVED``, ``ASK``, ``TRYAGAIN``, ``CLUSTERDOWN``, ``LOADING``.
    """

    is_divided = True

    def __init__(
        self,
        nursery: BackgroundNursery,
        options: Options,
        seeds: Sequence[Place],
        *,
        read_from: ReadFrom,
        max_redirections: int,
        remap: Callable[[Place], Place],
    ) -> None:
        self.nursery = nursery
        self.options = options
        self.refresher = Refresher(
            options=options,
            seeds=seeds,
            list_nodes=self.list_nodes,
            apply=self._apply,
            is_settled=lambda: self.topology.is_settled,
        )
        self.topology = Topology(nursery, options, read_from=read_from, look=self.refresher.request)
        self.reads_replicas = read_from is not ReadFrom.PRIMARY
        self._max_redirections = max_redirections
        self._remap = remap

    async def open(self, *, lazy: bool = False) -> None:
        """Find out what the cluster looks like, and follow it from now on.

        :raises NetworkError: no node can be reached.
        :raises RedisError: one of them refuses us.
        """
        if lazy:
            self.refresher.request()
        else:
            await self.refresher.look_first()
        self.nursery.start_soon(self.refresher.run, name="looks at the cluster")
        if self.options.tracking is not None:
            self.nursery.start_soon(self._keep_looking, name="looks for slots that have moved")

    def begin(self, command: Command, args: Sequence[resp.Argument]) -> Awaitable[Any]:
        at, topology = command.key_at, self.topology
        slot: int | None
        if 0 < at < len(args) and topology.groups:
            slot = slot_of(args[at])
        else:
            if command.is_stateful:
                raise stateful(command)
            if not topology.groups:
                return self._begin_late(command, args)
            parts = self._plan(command, args)
            if len(parts) > 1 or parts[0].place is not None:
                return self._run_joined(command, parts)
            slot = parts[0].slot
        group = None if slot is None else topology.table[slot]
        if group is None:
            node = topology.any_primary()
        elif self.reads_replicas and self.may_ask_replica(command):
            node = group.pick_reader()
        else:
            node = group.primary
        if not topology.is_watching:
            topology.watch()
        server = node.server
        if server is None or node.is_asleep:
            server = node.open()
        return self.follow(server.begin(command, args), node, command, args, slot)

    def trail(self) -> ClusterPath:
        return ClusterPath(
            self.topology,
            self.refresher,
            remap=self._remap,
            max_redirections=self._max_redirections,
            patience=self.options.timeouts.reconnect,
        )

    async def run_many(self, requests: Sequence[Request], *, is_atomic: bool) -> list[Any]:
        for command, _ in requests:
            if command.is_stateful:
                raise stateful(command)
        await self.wait_until_known()
        if is_atomic:
            return await run_atomic(self, self.trail(), requests, slot=slot_of_requests(requests))
        plans = [(command, self._plan(command, args)) for command, args in requests]
        flat = [(command, part) for command, parts in plans for part in parts]
        is_readonly = all(self.may_ask_replica(command) for command, _ in plans)
        answers = iter(await run_parts(self, self.trail(), flat, is_readonly=is_readonly))
        return [
            join(known_command(command), parts, [next(answers) for _ in parts])
            for command, parts in plans
        ]

    def pick(self, slot: int | None, *, is_readonly: bool) -> Node:
        return self.topology.pick(slot, is_readonly=is_readonly)

    def node_at(self, place: Place) -> Node:
        return self.topology.node_at(place)

    def list_nodes(self) -> list[Node]:
        return list(self.topology.nodes.values())

    def check_together(self, requests: Sequence[Request]) -> None:
        slot_of_requests(requests)

    def slot_of(self, keys: Sequence[resp.Argument]) -> int | None:
        return slot_of_keys("a connection", keys)

    async def scan_targets(self) -> list[Begin]:
        await self.wait_until_known()
        return [partial(self._begin_at, slot, place) for slot, place in self.topology.primaries()]

    def _begin_at(
        self,
        slot: int | None,
        place: Place,
        command: Command,
        args: Sequence[resp.Argument],
    ) -> Awaitable[Any]:
        """Send a command to the primary of a slot, or of a place where it has none."""
        node = self.node_at(place) if slot is None else self.pick(slot, is_readonly=False)
        self.watch()
        return self.follow(node.use().begin(command, args), node, command, args, slot)

    def homes(self) -> Sequence[Place | None]:
        return [place for slot, place in self.topology.primaries() if slot is not None]

    def home_of(self, channel: bytes) -> Place | None:
        return self.topology.pick(slot_of(channel), is_readonly=False).place

    async def connect_home(self, home: Place | None) -> Connection:
        if home is None:
            return await self.connect()
        node = self.topology.nodes.get(home)
        if node is None:
            raise Elsewhere
        return await node.connect()

    def note_moved(self, home: Place | None, error: RedisRedirection) -> bool:
        node = None if home is None else self.topology.nodes.get(home)
        self.trail().redirect(error, node)
        return True

    async def wait_for_news(self) -> None:
        with trio.move_on_after(LOOK_SECONDS):
            await self.refresher.updated.wait()
            return
        self.refresher.request(is_urgent=False)

    async def connect(self, key: resp.Argument | None = None) -> Connection:
        if key is None:
            return await super().connect()
        path = self.trail()
        while True:
            connection: Connection = await self.on_node(
                slot_of(key), path, lambda node: node.connect()
            )
            # Whoever subscribes cannot follow redirections: find out whether there is one.
            try:
                (answer,) = await connection.exchange(
                    ("EXISTS", key), timeout=self.options.timeouts.connect
                )
            except BaseException:
                connection.close()
                raise
            # While a slot is being moved its old owner still has its channels.
            if step_after(answer) in {Step.GIVE_UP, Step.ASK}:
                return connection
            connection.close()
            if not await path.follow(answer):
                raise answer

    async def _keep_looking(self) -> None:
        """See to it that slots that have moved are known, where nobody asks for their keys."""
        while True:
            await self.wait_for_news()

    def watch(self) -> None:
        self.topology.watch()

    def close(self) -> None:
        self.topology.close()

    def _plan(self, command: Command, args: Sequence[resp.Argument]) -> list[Part]:
        """Return what is asked of each node."""
        known = known_command(command)
        audience = audience_of(known)
        if audience is Audience.OWNER:
            return split(known, args)
        topology = self.topology
        parts = [
            Part(args, slot) if slot is not None else Part(args, place=place)
            for slot, place in topology.primaries()
        ]
        if audience is Audience.NODES:
            primaries = {group.primary for group in topology.groups}
            others = [node.place for node in topology.nodes.values() if node not in primaries]
            parts += [Part(args, place=place) for place in others]
        return parts

    async def _run_joined(self, command: Command, parts: list[Part]) -> Any:
        """Run one command on several nodes, and return what comes of it."""
        is_readonly = self.may_ask_replica(command)
        answers = await run_parts(
            self,
            self.trail(),
            [(command, part) for part in parts],
            is_readonly=is_readonly,
        )
        answer = join(known_command(command), parts, answers)
        if isinstance(answer, RedisError):
            raise answer
        return answer

    async def _begin_late(self, command: Command, args: Sequence[resp.Argument]) -> Any:
        await self.wait_until_known()
        return await self.begin(command, args)

    async def wait_until_known(self) -> None:
        """Wait for the first look at the cluster, where the client did not begin with one.

        :raises OperationTimeout: no node answers.
        """
        seconds = self.options.timeouts.reconnect
        until = trio.current_time() + seconds
        while not self.topology.groups:
            if trio.current_time() >= until:
                raise OperationTimeout(
                    f"the cluster could not be reached within {seconds:g} seconds", seconds=seconds
                ) from self.refresher.last_error
            self.refresher.request()
            with trio.move_on_at(until):
                await self.refresher.updated.wait()

    def _apply(self, shards: list[Shard]) -> None:
        self.topology.apply(remapped(shards, self._remap))
