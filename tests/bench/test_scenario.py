"""Scenarios and peers: what can be measured, and what cannot."""

from __future__ import annotations

import attrs
import pytest

from trio_helianthus.bench import (
    MAX_BENCH_CONNECTIONS,
    MAX_BENCH_ECHOES,
    MAX_BENCH_SECONDS,
    MAX_DATAGRAM,
    MAX_PAYLOAD,
    PEERS,
    EchoPlan,
    Effort,
    Peer,
    Protocol,
    Scenario,
    find_peers,
    make_scenarios,
)

TCP, TLS, UDP = Protocol


def test_everything_is_combined_with_everything_once() -> None:
    assert make_scenarios([TCP, UDP], [64, 64], [1, 50]) == (
        Scenario(TCP, 64, 1),
        Scenario(TCP, 64, 50),
        Scenario(UDP, 64, 1),
        Scenario(UDP, 64, 50),
    )


def test_a_scenario_reads_as_a_sentence() -> None:
    assert str(Scenario(TLS, 64, 50)) == "tls, 64 B, 50 connections"
    assert str(Scenario(UDP, 64, 1)) == "udp, 64 B, 1 connection"


@pytest.mark.parametrize(
    ("protocol", "payload", "connections"),
    [
        (TCP, 0, 1),
        (TCP, MAX_PAYLOAD + 1, 1),
        (UDP, MAX_DATAGRAM + 1, 1),
        (TCP, 1, 0),
        (TLS, 1, MAX_BENCH_CONNECTIONS + 1),
    ],
)
def test_a_scenario_has_bounds(protocol: Protocol, payload: int, connections: int) -> None:
    with pytest.raises(ValueError, match=r"bytes|connections"):
        Scenario(protocol, payload, connections)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds": 0.0},
        {"seconds": float("nan")},
        {"seconds": float("inf")},
        {"seconds": MAX_BENCH_SECONDS + 1},
        {"echoes": 0},
        {"echoes": MAX_BENCH_ECHOES + 1},
        {"repetitions": 0},
    ],
)
def test_an_effort_is_positive_and_ends(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Effort(**wrong)  # type: ignore[arg-type]


def test_every_protocol_has_ours_and_three_peers() -> None:
    for protocol in Protocol:
        names = [peer.name for peer in PEERS if protocol in peer.titles]
        assert {"net", "trio", "asyncio-protocol", "uvloop-protocol"} <= set(names)


def test_peers_are_found_by_name() -> None:
    assert [peer.name for peer in find_peers(["trio", "net"])] == ["trio", "net"]
    assert [peer.name for peer in find_peers(iter(["net"]))] == ["net"]
    with pytest.raises(ValueError, match=r"no peer is called curio; there are net, trio, "):
        find_peers(["net", "curio"])


def test_a_peer_whose_package_is_missing_is_not_installed() -> None:
    peer = Peer("ghost", {TCP: "a ghost"}, ("ghost",), package="no_such_package")
    assert not peer.installed
    assert attrs.evolve(peer, package="trio").installed
    assert attrs.evolve(peer, package=None).installed


def test_a_plan_knows_who_takes_part_and_how_often() -> None:
    scenarios = make_scenarios([TCP, UDP], [64], [1])
    plan = EchoPlan(scenarios, find_peers(["net", "asyncio-streams"]), effort=Effort(repetitions=3))

    assert [len(plan.peers_of(scenario)) for scenario in scenarios] == [2, 1]
    assert plan.measurements == 9
    assert not plan.needs_certificates
