"""What the nodes of a cluster say of its shards, and what we make of it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import attrs

from trio_helianthus.errors import RemoteProtocolError

from ._described import fields_of_map, items_of, junk, text_of
from ._slots import SLOTS
from ._url import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MAX_NODES: Final = 10_000
"""More nodes than any cluster has: a longer answer is junk."""
_HEALTHY: Final = frozenset({"online", "loading"})
_PRIMARY: Final = frozenset({"master", "primary"})
_UNKNOWN_HOSTS: Final = frozenset({"", "?"})


@attrs.frozen
class Shard:
    """One part of a cluster: who takes its writes, who has copies, and which slots it has."""

    primary: Place
    replicas: tuple[Place, ...] = ()
    ranges: tuple[tuple[int, int], ...] = ()
    """First and last slot of each, both included."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Where its nodes are, the primary first."""
        return (self.primary, *self.replicas)


def parse_shards(answer: Any, asked: Place, *, is_tls: bool) -> list[Shard] | None:
    """Read what ``CLUSTER SHARDS`` answers, in RESP2 or RESP3. Nodes that have failed are left out.

    :param asked: the node that answers; those that do not say their host have its.
    :returns: ``None`` where a shard has several healthy primaries, as in the middle of a failover,
        so that this answer does not say whose the slots are; ``CLUSTER SLOTS`` does.
    :raises RemoteProtocolError: it is no such answer.
    """
    shards: list[Shard] = []
    for entry in items_of(answer):
        fields = fields_of_map(entry)
        nodes = [fields_of_map(node) for node in items_of(fields.get("nodes"))]
        healthy = [node for node in nodes if text_of(node.get("health", b"online")) in _HEALTHY]
        primaries = [node for node in healthy if text_of(node.get("role")) in _PRIMARY]
        ranges = _ranges(items_of(fields.get("slots")))
        if len(primaries) > 1:
            return None
        if not primaries:
            if not ranges:
                continue
            # All of its primaries have failed, and nobody has taken over yet: it stays theirs.
            primaries = [node for node in nodes if text_of(node.get("role")) in _PRIMARY]
            if len(primaries) != 1:
                return None
        replicas = [node for node in healthy if node is not primaries[0]]
        shards.append(
            Shard(
                _place(primaries[0], asked, is_tls=is_tls),
                tuple(_place(node, asked, is_tls=is_tls) for node in replicas),
                ranges,
            )
        )
    return checked(shards)


def parse_slots(answer: Any, asked: Place) -> list[Shard]:
    """Read what ``CLUSTER SLOTS`` answers; see :func:`parse_shards`."""
    found: dict[Place, tuple[list[Place], list[tuple[int, int]]]] = {}
    for entry in items_of(answer):
        match entry:
            case [int(first), int(last), [*primary], *replicas]:
                nodes = [_listed(node, asked) for node in [primary, *replicas]]
            case _:
                raise junk(entry)
        copies, ranges = found.setdefault(nodes[0], ([], []))
        copies.extend(place for place in nodes[1:] if place not in copies)
        ranges.extend(_ranges([first, last]))
    return checked(
        [
            Shard(primary, tuple(copies), tuple(ranges))
            for primary, (copies, ranges) in found.items()
        ]
    )


def checked(shards: list[Shard]) -> list[Shard]:
    """Refuse more nodes than there can be, and slots that two shards have.

    :raises RemoteProtocolError: it is so.
    """
    if sum(len(shard.places) for shard in shards) > MAX_NODES:
        raise RemoteProtocolError(f"a cluster of more than {MAX_NODES} nodes")
    taken = sorted(each for shard in shards for each in shard.ranges)
    for (_, last), (first, _) in pairwise(taken):
        if first <= last:
            raise RemoteProtocolError(f"slot {first} belongs to two shards")
    return shards


def remapped(shards: Iterable[Shard], remap: Callable[[Place], Place]) -> list[Shard]:
    """Return the shards with the places at which we reach them."""
    return [
        Shard(remap(each.primary), tuple(map(remap, each.replicas)), each.ranges) for each in shards
    ]


def redirected_place(host: str, port: int, asked: Place) -> Place:
    """Return the place that ``MOVED`` and ``ASK`` name; without a host it is that of the asked."""
    return Place(asked.host if host in _UNKNOWN_HOSTS else host, port)


def _place(node: dict[str, Any], asked: Place, *, is_tls: bool) -> Place:
    """Return where a node listens: its endpoint is what it wants to be called by clients."""
    first, second = ("tls-port", "port") if is_tls else ("port", "tls-port")
    port = node.get(first) or node.get(second)
    host = node.get("endpoint", node.get("ip"))
    return _checked_place(b"" if host is None else host, port, asked)


def _listed(node: Any, asked: Place) -> Place:
    match node:
        case [None | bytes() as host, int(port), *_]:
            return _checked_place(host or b"", port, asked)
        case _:
            raise junk(node)


def _checked_place(host: Any, port: Any, asked: Place) -> Place:
    if not isinstance(host, bytes) or not isinstance(port, int) or not 0 < port < 65_536:
        raise junk((host, port))
    return redirected_place(text_of(host), port, asked)


def _ranges(numbers: Sequence[Any]) -> tuple[tuple[int, int], ...]:
    """Pair up first and last slots."""
    if len(numbers) % 2:
        raise junk(numbers)
    pairs = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    for first, last in pairs:
        if not (isinstance(first, int) and isinstance(last, int) and 0 <= first <= last < SLOTS):
            raise junk((first, last))
    return pairs
