"""The echo benchmark measures every peer over every protocol, and says which ones failed."""

from __future__ import annotations

import builtins
import sys
import textwrap
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

from trio_helianthus.bench import (
    PEERS,
    EchoPlan,
    EchoResult,
    Effort,
    Peer,
    Protocol,
    Scenario,
    bench_echo,
    perf_works,
)
from trio_helianthus.errors import MissingExtraError

FEW: Final = Effort(echoes=20, repetitions=1)
TCP: Final = Scenario(Protocol.TCP, 64, 2)
PAIRS: Final = [
    pytest.param(peer, protocol, id=f"{protocol}-{peer.name}")
    for protocol, peer in product(Protocol, PEERS)
    if protocol in peer.titles
]
TRIO: Final = PEERS[1]


@pytest.mark.parametrize(("peer", "protocol"), PAIRS)
def test_it_measures(peer: Peer, protocol: Protocol) -> None:
    if not peer.installed:
        pytest.skip(f"{peer.package} is not installed")
    if protocol is Protocol.TLS:
        pytest.importorskip("trustme", reason="TLS needs the extra 'demo'")

    (result,) = run(Scenario(protocol, 64, 2), peer, baseline=peer.name)

    assert result.failure is None
    assert result.ratio == 1
    figures = result.figures
    assert figures is not None
    assert figures.rate > 0
    assert 0 < figures.p50 <= figures.p95 <= figures.p99
    assert figures.cpu >= 0
    assert 0 <= figures.load_busy < 2
    assert (figures.instructions is not None) == perf_works()


def test_many_connections_are_no_problem() -> None:
    (result,) = run(Scenario(Protocol.TCP, 16, 500), TRIO, effort=Effort(0.01, repetitions=1))
    assert result.failure is None


def test_without_perf_there_are_no_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trio_helianthus.bench._measure.perf_works", lambda: False)

    (result,) = run(TCP, TRIO)

    assert result.figures is not None
    assert result.figures.instructions is None
    assert result.figures.cost == result.figures.cpu


def test_peers_take_turns_and_another_one_begins_each_time() -> None:
    one, other = (broken(name, "print('no port')") for name in ("one", "other"))
    steps: list[tuple[str, int]] = []
    plan = EchoPlan([TCP], [one, other], effort=Effort(repetitions=3))

    list(bench_echo(plan, lambda doing, done: steps.append((doing, done))))

    order = [(doing.split()[-1], done) for doing, done in steps]
    assert [name for name, _ in order] == ["one", "other", "other", "one", "one", "other"]
    assert [done for _, done in order] == list(range(6))


def test_results_come_scenario_by_scenario_from_those_who_know_the_protocol() -> None:
    tls_only = Peer("tls only", {Protocol.TLS: "tls only"}, ("nothing",))
    scenarios = [TCP, Scenario(Protocol.TCP, 128, 1)]

    results = list(bench_echo(EchoPlan(scenarios, [tls_only, TRIO], effort=FEW)))

    assert [[r.peer.name for r in each] for each in results] == [["trio"], ["trio"]]
    assert [each[0].scenario for each in results] == scenarios


@pytest.mark.parametrize(
    ("program", "failure"),
    [
        ("raise ValueError('no luck')", "the server ended with exit code 1: ValueError: no luck"),
        ("print('hello'); input()", "the server said 'hello' instead of its port"),
        ("print(9); input()", "Connection refused"),
    ],
    ids=["dies", "babbles", "does not listen"],
)
def test_a_server_that_does_not_start_has_no_figures(program: str, failure: str) -> None:
    if "refused" in failure and sys.platform == "win32":
        pytest.skip("the system's words are others")
    (result,) = run(TCP, broken("broken", program))

    assert result.figures is None
    assert result.failure is not None
    assert failure in result.failure


ONE_ECHO: Final = """
    import os, socket, sys
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    connections = [listener.accept()[0] for _ in range(2)]
    for connection in connections:
        connection.sendall(connection.recv(64))
    {then}
"""


@pytest.mark.parametrize(
    ("then", "failure"),
    [
        ("os._exit(9)", "the server ended with exit code 9"),
        ("connections[0].shutdown(1); sys.stdin.read()", "the server closed a connection"),
        ("connections[0].sendall(b'x' * 64); sys.stdin.read()", "not the echo"),
    ],
    ids=["dies", "hangs up", "errs"],
)
def test_a_server_that_fails_half_way_has_no_figures(then: str, failure: str) -> None:
    (result,) = run(TCP, broken("broken", ONE_ECHO.format(then=then)))

    assert result.figures is None
    assert result.failure is not None
    assert failure in result.failure


def test_a_server_that_does_not_tell_its_cpu_time_has_no_figures() -> None:
    (result,) = run(TCP, broken("broken", ECHO_WITHOUT_A_CLOCK))

    assert result.failure == "the server said 'pardon?' instead of its CPU time"


ECHO_WITHOUT_A_CLOCK: Final = """
    import socket, sys, threading

    def echo(connection):
        while data := connection.recv(64):
            connection.sendall(data)

    def accept():
        while True:
            threading.Thread(target=echo, args=listener.accept()[:1], daemon=True).start()

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=accept, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    for line in sys.stdin:
        print("pardon?", flush=True)
"""


def test_who_failed_once_has_failed(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    fails_second = f"""
        import os, sys
        with open({str(starts)!r}, "a") as file:
            file.write("x")
            first = file.tell() == 1
        if first:
            os.execv(sys.executable, {[*TRIO.command, "tcp"]!r})
        sys.exit(5)
    """

    (result,) = run(TCP, broken("broken", fails_second), effort=Effort(echoes=20, repetitions=3))

    assert result.failure == "the server ended with exit code 5"
    assert starts.read_text() == "xx", "it is not tried again"


def test_a_load_generator_that_dies_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "trio_helianthus.bench._measure.LOAD", (sys.executable, "-c", "raise SystemExit(3)")
    )
    (result,) = run(TCP, TRIO)

    assert result.failure == "the load generator ended with exit code 3"


@pytest.mark.skipif(not perf_works(), reason="perf is not there, or may not count")
def test_a_server_that_cannot_be_counted_has_no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trio_helianthus.bench._counting.EVENTS", "no-such-event")

    (result,) = run(TCP, TRIO)

    assert result.failure is not None
    assert result.failure.startswith("perf ended instead of counting process")


def test_tls_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without_trustme(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "trustme":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_trustme)

    with pytest.raises(MissingExtraError, match="demo"):
        run(Scenario(Protocol.TLS, 64, 1), TRIO)


def run(
    scenario: Scenario, peer: Peer, *, baseline: str = "trio", effort: Effort = FEW
) -> list[EchoResult]:
    (results,) = bench_echo(EchoPlan([scenario], [peer], baseline, effort))
    return results


def broken(name: str, program: str) -> Peer:
    """Make a peer of a program that does something wrong."""
    command = (sys.executable, "-c", textwrap.dedent(program))
    return Peer(name, dict.fromkeys(Protocol, name), command)
