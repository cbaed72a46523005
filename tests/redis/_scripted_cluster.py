"""A cluster in this process whose nodes answer as the test says; its network takes no time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs
import trio

from tests.redis._scripted_server import NOTHING, ScriptedServer, Visitor
from trio_helianthus import net, testing
from trio_helianthus.errors import redis_error
from trio_helianthus.redis._slots import SLOTS, slot_of

__all__ = ["NOTHING", "PORT", "ScriptedCluster", "ScriptedNode", "open_scripted_cluster"]

PORT = 7000


@attrs.define(eq=False)
class ScriptedNode(ScriptedServer):
    """Answers with its number, and redirects what is not its own; ``script`` comes before that."""

    cluster: ScriptedCluster = attrs.field(kw_only=True)
    number: int = attrs.field(kw_only=True)
    host: str = "127.0.0.1"
    primary: int | None = None
    """Whose replica it is."""
    health: bytes = b"online"
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    @property
    def port(self) -> int:
        return PORT + self.number

    @property
    def asked(self) -> list[list[bytes]]:
        """What was asked of it, but for the looks at the cluster."""
        return [each for each in self.commands if each[0] not in {b"CLUSTER", b"READONLY"}]

    async def react(self, visitor: Visitor, command: list[bytes]) -> None:
        if command[0] == b"CLUSTER":
            self.cluster.looks += 1
        await super().react(visitor, command)

    def answer(self, visitor: Visitor, command: list[bytes]) -> Any:
        """What a real node would answer, nearly."""
        if command[0] == b"CLUSTER":
            return self.cluster.shards()
        if command[0] in {b"ASKING", b"READONLY", b"MULTI", b"PING"}:
            return "OK"
        key_at = 3 if command[0] == b"EVAL" else 1
        slot = slot_of(command[key_at]) if len(command) > key_at else None
        owner = self.number if slot is None else self.cluster.owner_of(slot)
        if owner not in {self.number, self.primary}:
            return redis_error(f"MOVED {slot} {self.host}:{PORT + owner}")
        return self.number


@attrs.define(eq=False)
class ScriptedCluster:
    """Its nodes, and which of them has which slots."""

    nodes: list[ScriptedNode] = attrs.field(factory=list)
    owners: list[int] = attrs.field(factory=lambda: [0] * SLOTS)
    announced: list[int] | None = None
    """Where it is something else, what the nodes tell instead."""
    looks: int = 0
    nursery: trio.Nursery | None = None

    def start(self, node: ScriptedNode) -> None:
        """Start a node, once more."""
        assert self.nursery is not None
        node.scope = trio.CancelScope()
        self.nursery.start_soon(_serve, node)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{PORT}"

    def owner_of(self, slot: int) -> int:
        return self.owners[slot]

    def asked(self) -> dict[int, list[list[bytes]]]:
        return {node.number: node.asked for node in self.nodes if node.asked}

    def shards(self) -> list[Any]:
        """The answer to CLUSTER SHARDS."""
        owners = self.announced or self.owners
        shards: list[Any] = []
        for node in self.nodes:
            if node.primary is not None:
                continue
            slots = [slot for slot in range(SLOTS) if owners[slot] == node.number]
            firsts = [slot for slot in slots if slot == 0 or owners[slot - 1] != node.number]
            lasts = [slot for slot in slots if slot == SLOTS - 1 or owners[slot + 1] != node.number]
            ranges = [each for pair in zip(firsts, lasts, strict=True) for each in pair]
            replicas = [each for each in self.nodes if each.primary == node.number]
            nodes = [_describe(each) for each in (node, *replicas)]
            shards.append({b"slots": ranges, b"nodes": nodes})
        return shards


def _describe(node: ScriptedNode) -> dict[bytes, Any]:
    return {
        b"id": b"%040d" % node.number,
        b"port": node.port,
        b"endpoint": node.host.encode(),
        b"role": b"master" if node.primary is None else b"replica",
        b"health": node.health,
    }


@asynccontextmanager
async def open_scripted_cluster(
    primaries: int = 3,
    replicas: int = 0,
    script: Callable[[ScriptedNode, list[bytes]], Any] = lambda node, command: None,
) -> AsyncIterator[ScriptedCluster]:
    """Serve one on a virtual network, so that time is the test's.

    :param script: returns an answer; ``None`` for the usual one.
    """
    cluster = ScriptedCluster()
    cluster.owners = [slot * primaries // SLOTS for slot in range(SLOTS)]
    numbers: list[int | None] = [*[None] * primaries, *list(range(primaries)) * replicas]
    for number, primary in enumerate(numbers):
        node = ScriptedNode(cluster=cluster, number=number, primary=primary)

        def answer(visitor: Visitor, command: list[bytes], node: ScriptedNode = node) -> Any:
            special = script(node, command)
            return node.answer(visitor, command) if special is None else special

        node.script = answer
        cluster.nodes.append(node)
    async with testing.open_virtual_network(), trio.open_nursery() as nursery:
        cluster.nursery = nursery
        for node in cluster.nodes:
            cluster.start(node)
        await trio.testing.wait_all_tasks_blocked()
        yield cluster
        nursery.cancel_scope.cancel()


async def _serve(node: ScriptedNode) -> None:
    with node.scope:
        await net.serve_tcp(node.handle, node.port)
