"""Answers of the commands for clusters and sentinels."""

from __future__ import annotations

from typing import Any

import attrs

from ._info import info
from ._pairs import in_pairs, list_of_named, named
from ._plain import say_ok, text

__all__ = [
    "ClusterNode",
    "SlotRange",
    "address",
    "cached_infos",
    "cluster_nodes",
    "cluster_replicas",
    "is_down",
    "listed_by_name",
    "named_texts",
    "named_texts_or_none",
    "shards",
    "slot_ranges",
    "slot_statistics",
]


@attrs.frozen
class ClusterNode:
    """A server of a cluster, as another one sees it: a line of ``CLUSTER NODES``."""

    id: str
    """40 hexadecimal digits."""
    host: str
    """Its address; may be empty where the server does not know its own."""
    port: int
    """Its port for clients."""
    bus_port: int
    """Its port for other servers; 0 where it is not told."""
    hostname: str
    """Its name, where it has one."""
    flags: list[str]
    """``"myself"``, ``"master"``, ``"slave"``, ``"fail?"``, ``"fail"``, ``"handshake"``, ..."""
    primary_id: str | None
    """Of a replica: whose it is."""
    ping_sent: int
    """When a ping was sent that is not answered, as Unix time in milliseconds; 0: there is none."""
    pong_received: int
    """When it has last answered, as Unix time in milliseconds."""
    config_epoch: int
    """The version of what it says of its slots."""
    is_connected: bool
    """Whether the servers are connected."""
    slots: list[tuple[int, int]]
    """The ranges of slots that it serves; first and last are part of each."""
    migrating: dict[int, str]
    """Slots that leave it, and the servers that they go to."""
    importing: dict[int, str]
    """Slots that come to it, and the servers that they come from."""


@attrs.frozen
class SlotRange:
    """Slots that the same servers serve: an entry of ``CLUSTER SLOTS``."""

    first: int
    """The first slot."""
    last: int
    """The last one, which is part of it."""
    nodes: list[tuple[str | None, int, str]]
    """Host, port and ID of each server, the primary first. ``None`` is the host that was asked."""


def cluster_nodes(answer: Any) -> list[ClusterNode]:
    """Return the lines of ``CLUSTER NODES``."""
    return [_node(line) for line in text(answer).splitlines() if line]


def cluster_replicas(answer: Any) -> list[ClusterNode]:
    """Return the lines of ``CLUSTER REPLICAS``, which come as a list."""
    return [_node(text(line)) for line in answer]


def _node(line: str) -> ClusterNode:
    node_id, place, flags, primary, ping, pong, epoch, link, *ranges = line.split(" ")
    place, _, hostname = place.partition(",")
    place, _, bus_port = place.partition("@")
    host, _, port = place.rpartition(":")
    slots, migrating, importing = _slots(ranges)
    return ClusterNode(
        id=node_id,
        host=host,
        port=int(port or 0),
        bus_port=int(bus_port or 0),
        hostname=hostname.partition(",")[0],
        flags=flags.split(","),
        primary_id=None if primary == "-" else primary,
        ping_sent=int(ping),
        pong_received=int(pong),
        config_epoch=int(epoch),
        is_connected=link == "connected",
        slots=slots,
        migrating=migrating,
        importing=importing,
    )


def _slots(words: list[str]) -> tuple[list[tuple[int, int]], dict[int, str], dict[int, str]]:
    """Read ``0-100``, ``7``, ``[8->-id]`` (migrating) and ``[9-<-id]`` (importing)."""
    slots: list[tuple[int, int]] = []
    migrating: dict[int, str] = {}
    importing: dict[int, str] = {}
    for word in words:
        if not word.startswith("["):
            first, _, last = word.partition("-")
            slots.append((int(first), int(last or first)))
        elif "->-" in word:
            slot, _, node = word[1:-1].partition("->-")
            migrating[int(slot)] = node
        elif "-<-" in word:
            slot, _, node = word[1:-1].partition("-<-")
            importing[int(slot)] = node
    return slots, migrating, importing


def slot_ranges(answer: Any) -> list[SlotRange]:
    """Return the entries of ``CLUSTER SLOTS``."""
    return [
        SlotRange(first, last, [(_host(node[0]), node[1], text(node[2])) for node in nodes])
        for first, last, *nodes in answer
    ]


def _host(answer: Any) -> str | None:
    return None if answer is None else text(answer)


def shards(answer: Any) -> list[dict[str, Any]]:
    """Return the shards of ``CLUSTER SHARDS``: ranges of slots, and servers."""
    found = []
    for each in answer:
        shard = named(each)
        ends = shard["slots"]
        shard["slots"] = list(zip(ends[::2], ends[1::2], strict=True))
        shard["nodes"] = list_of_named(shard["nodes"])
        found.append(shard)
    return found


def slot_statistics(answer: Any) -> dict[int, dict[str, int]]:
    """Return the numbers of ``CLUSTER SLOT-STATS`` for each slot."""
    return {slot: named(numbers) for slot, numbers in answer}


def named_texts(answer: Any) -> dict[str, str]:
    """Return names and values, which the server has made both."""
    return {text(name): text(value) for name, value in in_pairs(answer)}


def named_texts_or_none(answer: Any) -> dict[str, str] | None:
    """Return them, unless the answer is OK."""
    return None if say_ok(answer) else named_texts(answer)


def listed_by_name(answer: Any) -> list[dict[str, str]]:
    """Return a list of such maps: what sentinels say of servers."""
    return [named_texts(each) for each in answer]


def address(answer: Any) -> tuple[str, int] | None:
    """Return host and port; ``None`` for a name that the sentinel does not watch."""
    return None if answer is None else (text(answer[0]), int(answer[1]))


def is_down(answer: Any) -> tuple[bool, str, int]:
    """Return whether a primary is down, whom the sentinel votes for, and in which epoch."""
    return bool(answer[0]), text(answer[1]), answer[2]


def cached_infos(answer: Any) -> dict[str, list[tuple[int, dict[str, Any] | None]]]:
    """Return what ``SENTINEL INFO-CACHE`` has of each name: ages in milliseconds, and INFOs."""
    return {
        text(name): [(age, None if said is None else info(said)) for age, said in servers]
        for name, servers in in_pairs(answer)
    }
