"""What the nodes of a cluster say of its shards, read from literal answers."""

from __future__ import annotations

from typing import Any

import pytest

from trio_helianthus.errors import RemoteProtocolError
from trio_helianthus.redis._slot_map import (
    Shard,
    parse_shards,
    parse_slots,
    redirected_place,
    remapped,
)
from trio_helianthus.redis._url import Place

ASKED = Place("10.0.0.9", 7009)
ONE, TWO, THREE = Place("10.0.0.1", 7001), Place("10.0.0.2", 7002), Place("10.0.0.3", 7003)


def node(place: Place = ONE, role: bytes = b"master", **fields: Any) -> dict[bytes, Any]:
    told: dict[bytes, Any] = {
        b"id": b"0" * 40,
        b"port": place.port,
        b"ip": place.host.encode(),
        b"endpoint": place.host.encode(),
        b"role": role,
        b"replication-offset": 1,
        b"health": b"online",
    }
    return told | {name.replace("_", "-").encode(): value for name, value in fields.items()}


def shard(*nodes: dict[bytes, Any], slots: Any = (0, 99)) -> dict[bytes, Any]:
    return {b"slots": list(slots), b"nodes": list(nodes)}


def flat(value: Any) -> Any:
    """The same, as RESP2 has it."""
    if isinstance(value, dict):
        return [flat(each) for pair in value.items() for each in pair]
    return [flat(each) for each in value] if isinstance(value, list) else value


REPLICA = b"replica"
TABLE: list[tuple[str, list[Any], list[Shard]]] = [
    ("no shard", [], []),
    (
        "primary and replica",
        [shard(node(), node(TWO, REPLICA))],
        [Shard(ONE, (TWO,), ((0, 99),))],
    ),
    (
        "several ranges and shards",
        [shard(node(), slots=[0, 9, 20, 20]), shard(node(TWO), slots=[10, 19])],
        [Shard(ONE, (), ((0, 9), (20, 20))), Shard(TWO, (), ((10, 19),))],
    ),
    ("a primary without slots", [shard(node(), slots=[])], [Shard(ONE)]),
    (
        "a replica that has failed",
        [shard(node(), node(TWO, REPLICA, health=b"fail"), node(THREE, REPLICA))],
        [Shard(ONE, (THREE,), ((0, 99),))],
    ),
    (
        "a replica that loads",
        [shard(node(), node(TWO, REPLICA, health=b"loading"))],
        [Shard(ONE, (TWO,), ((0, 99),))],
    ),
    (
        "a primary that was replaced",
        [shard(node(ONE, health=b"fail"), node(TWO))],
        [Shard(TWO, (), ((0, 99),))],
    ),
    (
        "a primary that nobody has replaced yet",
        [shard(node(ONE, health=b"fail"), node(TWO, REPLICA))],
        [Shard(ONE, (TWO,), ((0, 99),))],
    ),
    ("a node that is gone for good", [shard(node(ONE, health=b"fail"), slots=[])], []),
    (
        "an announced name",
        [shard(node(endpoint=b"one.example"))],
        [Shard(Place("one.example", 7001), (), ((0, 99),))],
    ),
    (
        "an unknown endpoint",
        [shard(node(endpoint=None), node(TWO, REPLICA, endpoint=b"?"))],
        [Shard(Place("10.0.0.9", 7001), (Place("10.0.0.9", 7002),), ((0, 99),))],
    ),
    ("IPv6", [shard(node(endpoint=b"::1"))], [Shard(Place("::1", 7001), (), ((0, 99),))]),
    (
        "both ports",
        [shard(node(tls_port=8001))],
        [Shard(ONE, (), ((0, 99),))],
    ),
    (
        "fields of later versions",
        [shard(node(availability_zone=b"a")) | {b"id": b"x"}],
        [Shard(ONE, (), ((0, 99),))],
    ),
]


@pytest.mark.parametrize(
    ("answer", "shards"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_shards_are_read(answer: list[Any], shards: list[Shard]) -> None:
    assert parse_shards(answer, ASKED, is_tls=False) == shards
    assert parse_shards(flat(answer), ASKED, is_tls=False) == shards


def test_two_healthy_primaries_of_a_shard_do_not_say_whose_the_slots_are() -> None:
    assert parse_shards([shard(node(), node(TWO))], ASKED, is_tls=False) is None
    both_failed = [shard(node(health=b"fail"), node(TWO, health=b"fail"))]
    assert parse_shards(both_failed, ASKED, is_tls=False) is None


def test_with_tls_it_is_the_other_port() -> None:
    assert parse_shards([shard(node(tls_port=8001))], ASKED, is_tls=True) == [
        Shard(Place("10.0.0.1", 8001), (), ((0, 99),))
    ]
    only_tls = node(tls_port=8001)
    del only_tls[b"port"]
    assert parse_shards([shard(only_tls)], ASKED, is_tls=False) == [
        Shard(Place("10.0.0.1", 8001), (), ((0, 99),))
    ]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"OK",
        [1],
        [[b"slots"]],
        [shard(node(), slots=[0])],
        [shard(node(), slots=[0, 16384])],
        [shard(node(), slots=[5, 4])],
        [shard(node(), slots=[b"0", b"1"])],
        [shard(node()), shard(node(TWO), slots=[99, 100])],
        [{b"slots": []}],
        [{b"nodes": []}],
        [shard(node() | {b"role": 7})],
        [shard(node(port=0))],
        [shard(node(port=b"7001"))],
        [shard(node(port=65536))],
        [shard(node(endpoint=7))],
        [{1: 2}],
    ],
    ids=str,
)
def test_junk_is_refused(answer: Any) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_shards(answer, ASKED, is_tls=False)


def test_slots_are_read() -> None:
    answer = [
        [0, 9, [b"10.0.0.1", 7001, b"id", []], [b"10.0.0.2", 7002, b"id", [b"hostname", b"x"]]],
        [20, 29, [b"10.0.0.1", 7001], [b"10.0.0.2", 7002]],
        [10, 19, [b"", 7003], [None, 7004]],
    ]
    assert parse_slots(answer, ASKED) == [
        Shard(ONE, (TWO,), ((0, 9), (20, 29))),
        Shard(Place("10.0.0.9", 7003), (Place("10.0.0.9", 7004),), ((10, 19),)),
    ]
    assert parse_slots([], ASKED) == []


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [[0, 9]],
        [[0, 9, b"x"]],
        [[0, 9, [b"x"]]],
        [[0, 9, [1, 2]]],
        [[9, 0, [b"x", 1]]],
        [[0, 16384, [b"x", 1]]],
        [[0, 9, [b"x", 0]]],
        [[0, 9, [b"x", 1]], [9, 10, [b"y", 1]]],
    ],
    ids=str,
)
def test_junk_instead_of_slots_is_refused(answer: Any) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_slots(answer, ASKED)


def test_more_nodes_than_anybody_has_are_junk() -> None:
    answer = [shard(*[node(Place("x", port), REPLICA) for port in range(1, 10_001)], node())]
    with pytest.raises(RemoteProtocolError, match="10000 nodes"):
        parse_shards(answer, ASKED, is_tls=False)


def test_places_are_mapped() -> None:
    shards = [Shard(ONE, (TWO,), ((0, 1),))]
    assert remapped(shards, lambda place: Place("gate", place.port + 1)) == [
        Shard(Place("gate", 7002), (Place("gate", 7003),), ((0, 1),))
    ]


def test_a_redirection_without_a_host_stays_on_it() -> None:
    assert redirected_place("", 1, ASKED) == Place("10.0.0.9", 1)
    assert redirected_place("?", 1, ASKED) == Place("10.0.0.9", 1)
    assert redirected_place("::1", 1, ASKED) == Place("::1", 1)
