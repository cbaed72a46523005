"""The WebSocket benchmark measures every peer, and tells who failed and who stalled."""

from __future__ import annotations

import sys
from typing import Final

import attrs
import pytest

from trio_helianthus.bench import (
    WEBSOCKET_GOALS,
    WEBSOCKET_PEERS,
    GoalResult,
    WebSocketEffort,
    WebSocketFigures,
    WebSocketLoad,
    WebSocketPeer,
    WebSocketPlan,
    WebSocketResult,
    _load_on_server,
    bench_websocket,
    find_websocket_peers,
    judge,
    perf_works,
)

LITTLE: Final = WebSocketEffort(seconds=0.05, repetitions=1, connections=4, audience=8)
OURS: Final = WEBSOCKET_PEERS[0]
WAIT_FOR_ALL: Final = {"websockets-trio", "trio-websocket"}
"""Their ways to broadcast wait for the peer that never reads."""
needs_linux: Final = pytest.mark.skipif(
    sys.platform != "linux", reason="processes are counted by perf, or in /proc"
)


@pytest.fixture(autouse=True)
def few_idle_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_load_on_server, "IDLE_CONNECTIONS", 20)
    monkeypatch.setattr(_load_on_server, "SETTLE_SECONDS", 0.05)


@needs_linux
@pytest.mark.parametrize("load", WebSocketLoad)
def test_every_load_is_measured(load: WebSocketLoad) -> None:
    result = run(load, OURS)

    assert result.failure is None
    assert result.figures is not None
    assert result.figures.cost > 0 or load is WebSocketLoad.MEMORY or not perf_works()
    assert (result.figures.rate > 0) == (load is not WebSocketLoad.MEMORY)
    assert (result.figures.p99 >= result.figures.p50 > 0) == load.has_audience
    assert (result.figures.p99_before > 0) == (load is WebSocketLoad.STALLED)


@needs_linux
@pytest.mark.parametrize("peer", WEBSOCKET_PEERS[1:], ids=lambda peer: peer.name)
def test_every_peer_echoes(peer: WebSocketPeer) -> None:
    result = run(WebSocketLoad.ECHO_1K, peer)

    assert result.failure is None
    assert result.figures is not None


@needs_linux
@pytest.mark.parametrize(
    "peer",
    [peer for peer in WEBSOCKET_PEERS[1:] if WebSocketLoad.STALLED in peer.loads],
    ids=lambda peer: peer.name,
)
def test_every_peer_delivers_and_some_stall_where_one_does_not_read(peer: WebSocketPeer) -> None:
    delivered = run(WebSocketLoad.DELIVERY, peer)
    assert delivered.failure is None
    assert delivered.figures is not None

    result = run(WebSocketLoad.STALLED, peer)
    assert result.stalled == (peer.name in WAIT_FOR_ALL)
    assert (result.figures is None) == result.stalled


def test_peers_that_are_not_installed_are_left_out() -> None:
    peer = WebSocketPeer("nobody", ("nothing",), packages=("no_such_package",))
    plan = WebSocketPlan([WebSocketLoad.ECHO_32], [peer], LITTLE)

    ((result,),) = bench_websocket(plan)

    assert plan.measurements == 0
    assert result.figures is None
    assert result.failure == "not installed: no_such_package"
    assert not result.stalled


@pytest.mark.parametrize(
    "package", ["no_such_package", "no_such_package.part", "trio.no_such_part"]
)
def test_a_part_of_a_package_may_be_missing(package: str) -> None:
    peer = WebSocketPeer("somebody", ("nothing",), packages=("trio", "trio.socket", package))
    assert peer.missing == [package]


def test_each_measurement_is_announced() -> None:
    one, other = (broken(name, "print('no port')") for name in ("one", "other"))
    steps: list[tuple[str, int]] = []
    plan = WebSocketPlan(
        [WebSocketLoad.ECHO_32, WebSocketLoad.MEMORY],
        [one, other],
        attrs.evolve(LITTLE, repetitions=2),
    )

    list(bench_websocket(plan, lambda doing, done: steps.append((doing, done))))

    assert [doing for doing, _ in steps[:4]] == [
        *("echo-32: one", "echo-32: other", "echo-32: other", "echo-32: one")
    ]
    assert [done for _, done in steps] == list(range(plan.measurements))


@pytest.mark.parametrize(
    ("program", "failure"),
    [
        ("raise ValueError('no luck')", "ended with exit code 1: ValueError: no luck"),
        ("print('hello'); input()", "said 'hello' instead of its port"),
    ],
    ids=["dies", "babbles"],
)
def test_a_server_that_does_not_start_has_no_figures(program: str, failure: str) -> None:
    result = run(WebSocketLoad.ECHO_32, broken("broken", program))

    assert result.failure is not None
    assert failure in result.failure


@needs_linux
def test_a_server_that_dies_under_the_load_has_no_figures() -> None:
    program = (
        "import socket; s = socket.create_server(('127.0.0.1', 0));"
        "print(s.getsockname()[1], flush=True); s.accept(); raise ValueError('no luck')"
    )

    result = run(WebSocketLoad.BROADCAST, broken("broken", program))

    assert result.failure == "the server ended with exit code 1: ValueError: no luck"


def test_goals_are_judged_where_both_have_taken_part() -> None:
    goal = WEBSOCKET_GOALS[0]
    ours, theirs = find_websocket_peers([goal.ours, goal.theirs])
    cheap = WebSocketResult(goal.load, ours, WebSocketFigures(30))
    dear = WebSocketResult(goal.load, theirs, WebSocketFigures(100))

    assert judge([cheap], WEBSOCKET_GOALS) == []
    assert judge([cheap, dear], WEBSOCKET_GOALS) == [GoalResult(goal, 0.3)]


def test_delivery_beside_one_that_never_reads_is_judged_by_what_it_was_before() -> None:
    figures = WebSocketFigures(cost=10, p50=1, p99=8, p99_before=4)

    (judged,) = judge([WebSocketResult(WebSocketLoad.STALLED, OURS, figures)], WEBSOCKET_GOALS)

    assert judged.ratio == 2
    assert not judged.reached


def test_each_goal_compares_two_who_take_part() -> None:
    for goal in WEBSOCKET_GOALS:
        ours, theirs = find_websocket_peers([goal.ours, goal.theirs])
        assert goal.load in ours.loads & theirs.loads


def test_a_name_that_nobody_has_is_an_error() -> None:
    with pytest.raises(ValueError, match="no peer is called nobody"):
        find_websocket_peers(["nobody"])


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0}, {"repetitions": 0}, {"connections": 0}, {"audience": 10_001}]
)
def test_an_effort_has_bounds(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        WebSocketEffort(**wrong)


def run(load: WebSocketLoad, peer: WebSocketPeer) -> WebSocketResult:
    if peer.missing:
        pytest.skip(f"{', '.join(peer.missing)} not installed")
    ((result,),) = bench_websocket(WebSocketPlan([load], [peer], LITTLE))
    return result


def broken(name: str, program: str) -> WebSocketPeer:
    """Make a peer of a program that does something wrong."""
    return WebSocketPeer(name, (sys.executable, "-c", program))
