"""The nodes of a cluster, and which of them has which slots."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.core import Alarm
from trio_helianthus.errors import ConnectionReset

from ._node import Node
from ._read_from import ReadFrom
from ._slots import SLOTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_helianthus.core import BackgroundNursery

    from ._options import Options
    from ._slot_map import Shard
    from ._url import Place

SUSPICIOUS_SECONDS: Final = 1.0
"""After so long without an answer the others are asked whether the node has been replaced."""


class Group:
    """A primary and its replicas."""

    __slots__ = ("primary", "readers", "turn")

    def __init__(self, primary: Node, readers: tuple[Node, ...]) -> None:
        self.primary = primary
        self.readers = readers
        """Who answers those that only read, by turns."""
        self.turn = 0

    def pick_reader(self) -> Node:
        """Return the next reader that is up; the primary if none is."""
        readers = self.readers
        for _ in readers:
            self.turn = (self.turn + 1) % len(readers)
            node = readers[self.turn]
            if node.is_up and not node.is_slow:
                return node
        return self.primary


class Topology:
    """Which nodes there are; it changes with what they say, and with redirections.

    :param look: asks for a look at the cluster, by somebody who waits for it.
    """

    def __init__(
        self,
        nursery: BackgroundNursery,
        options: Options,
        *,
        read_from: ReadFrom,
        look: Callable[[], object],
    ) -> None:
        self.nodes: dict[Place, Node] = {}
        self.groups: list[Group] = []
        """Those of the primaries, also of such that have no slot."""
        self.table: list[Group | None] = [None] * SLOTS
        """Whose the slots are."""
        self.is_watching = False
        """Whether the answers that are to come are looked after."""
        self._nursery = nursery
        self._options = options
        self._tracking = options.tracking
        self._read_from = read_from
        self._look = look
        self._owners: dict[Node, tuple[tuple[int, int], ...]] = {}
        self._watch = Alarm(self._check_answers)
        self._closed = False

    @property
    def is_settled(self) -> bool:
        """Whether there is somebody for each slot who can be reached, as far as it is known."""
        return bool(self._owners) and all(
            node.is_up and node.waits_since() > trio.current_time() - SUSPICIOUS_SECONDS
            for node in self._owners
        )

    def node_at(self, place: Place) -> Node:
        """Return the node of a place, which may be a new one."""
        node = self.nodes.get(place)
        if node is None:
            node = self.nodes[place] = Node(
                place,
                nursery=self._nursery,
                options=self._options,
                on_trouble=self._note_trouble,
            )
        return node

    def apply(self, shards: list[Shard]) -> None:
        """Take over what a node has said of all of them."""
        table: list[Group | None] = [None] * SLOTS
        groups: list[Group] = []
        members: set[Node] = set()
        owners: dict[Node, tuple[tuple[int, int], ...]] = {}
        for shard in shards:
            group = self._make_group(shard)
            groups.append(group)
            for first, last in shard.ranges:
                table[first : last + 1] = [group] * (last + 1 - first)
            if shard.ranges:
                owners[group.primary] = shard.ranges
            members.update(self.node_at(place) for place in shard.places)
        before, self._owners = self._owners, owners
        old, self.table, self.groups = self.table, table, groups
        if self._tracking is not None and list(map(_primary, old)) != list(map(_primary, table)):
            self._tracking.note_moved()
        for node in [node for node in self.nodes.values() if node not in members]:
            self._part_with(node)
        for node in members:
            node.is_member = node in owners or self._read_from is not ReadFrom.PRIMARY
        for node, ranges in before.items():
            if not node.is_connected and owners.get(node) != ranges:
                node.turn_away()  # some of its slots have gone to others
        if self.is_watching:
            self._check_answers()

    def move(self, slot: int, place: Place) -> None:
        """Take note that a slot has gone to another node, as a redirection says."""
        node = self.node_at(place)
        group = next((each for each in self.groups if each.primary is node), None)
        if group is None:
            group = Group(node, (node,))
            self.groups.append(group)
        if self._tracking is not None and _primary(self.table[slot]) is not node:
            self._tracking.note_moved()
        self.table[slot] = group
        self._owners.setdefault(node, ())
        node.is_member = True

    def any_primary(self) -> Node:
        """Return a primary for a command that any of them can answer."""
        nodes = [group.primary for group in self.groups]
        up = [node for node in nodes if node.is_up and not node.is_slow]
        connected = [node for node in up if node.is_connected]
        return random.choice(connected or up or nodes)  # noqa: S311 - to spread them

    def pick(self, slot: int | None, *, is_readonly: bool) -> Node:
        """Return who is asked for a slot; a slot that nobody is known to have is like none."""
        group = None if slot is None else self.table[slot]
        if group is None:
            return self.any_primary()
        return group.pick_reader() if is_readonly else group.primary

    def primaries(self) -> list[tuple[int | None, Place]]:
        """Return each primary's first slot, by which to find who follows it, and its place."""
        slots: dict[Group, int] = {}
        for slot, group in enumerate(self.table):
            if group is not None:
                slots.setdefault(group, slot)
        return [(slots.get(group), group.primary.place) for group in self.groups]

    def watch(self) -> None:
        """Look after the answers that are to come, until all have come."""
        if not self.is_watching:
            self.is_watching = True
            self._watch.set(trio.current_time() + SUSPICIOUS_SECONDS)

    def close(self) -> None:
        """Close all connections."""
        self._closed = True
        self._watch.close()
        for node in self.nodes.values():
            node.close()

    def _make_group(self, shard: Shard) -> Group:
        primary = self.node_at(shard.primary)
        primary.is_replica = False
        replicas = tuple(self.node_at(place) for place in shard.replicas)
        if self._read_from is ReadFrom.PRIMARY:
            return Group(primary, (primary,))
        for node in replicas:
            if not node.is_replica:
                node.is_replica = True
                node.reconnect(self._options.timeouts.answer)  # as one that readers may ask
        if self._read_from is ReadFrom.ANY:
            return Group(primary, (primary, *replicas))
        return Group(primary, replicas or (primary,))

    def _part_with(self, node: Node) -> None:
        """Leave a node that the others do not name any more, or name as failed."""
        del self.nodes[node.place]
        error = given_up(node)
        if self._is_slow(node):
            node.give_up(error)
        self._nursery.start_soon(
            node.retire, SUSPICIOUS_SECONDS, error, name=f"leaving {node.place}"
        )

    def _note_trouble(self, node: Node) -> None:
        """Take note that a node was lost, or cannot be connected."""
        if self._closed or self.nodes.get(node.place) is not node:
            return
        is_owner = node in self._owners
        if not is_owner or self._read_from is not ReadFrom.PRIMARY:
            node.turn_away()  # others can answer
        if is_owner:
            self._look()

    def _check_answers(self) -> None:
        """Ask for a look where an answer is late; leave nodes that were replaced meanwhile."""
        self.is_watching = False
        if self._closed:
            return
        is_late = False
        for node in self.nodes.values():
            node.is_slow = self._is_slow(node)
            is_late |= node.is_slow
            if node.is_slow and node not in self._owners and not node.is_replica:
                node.give_up(given_up(node))
        if is_late:
            self._look()
        if any(node.waits_since() < math.inf for node in self.nodes.values()):
            self.is_watching = True
            self._watch.set(trio.current_time() + SUSPICIOUS_SECONDS / 2)

    def _is_slow(self, node: Node) -> bool:
        return node.waits_since() < trio.current_time() - SUSPICIOUS_SECONDS


def _primary(group: Group | None) -> Node | None:
    return None if group is None else group.primary


def given_up(node: Node) -> ConnectionReset:
    """Return the error of what is lost with a node that is left."""
    return ConnectionReset(f"{node.place} was left, as others have taken over", operation="receive")
