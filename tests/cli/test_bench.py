"""``helianthus bench echo`` reports, explains wrong usage, and leaves no process behind."""

from __future__ import annotations

import argparse
import csv
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from trio_helianthus import bench, cli
from trio_helianthus.cli import _bench

ECHO = ["bench", "echo"]
TINY = ["--protocol", "tcp", "--connections", "2", "--payload", "16", "--echoes", "10"]
ONE = [*ECHO, *TINY, "--repetitions", "1", "--peers", "trio"]
MARK = "HELIANTHUS_TEST_MARK"

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="looks processes up in /proc"
)


def test_without_a_benchmark_it_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench"]) == 2
    assert "echo servers" in capsys.readouterr().out


def test_it_prints_facts_a_table_and_notes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(ONE) == 0

    out, err = capsys.readouterr()
    facts, table, notes = out.split("\n\n")
    assert facts.startswith("- `helianthus bench echo --protocol tcp ")
    assert "trio_helianthus 0." in facts
    assert "medians of 1 x 10 echoes" in facts
    assert sys.platform == "win32" or "load average" in facts
    assert "trio.SocketStream" in table
    assert len(table.splitlines()) == 3
    assert "relative to the peer 'trio'" in notes
    assert err == "", "there is no progress bar without a terminal"


def test_it_writes_what_it_prints_and_all_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--markdown", str(tmp_path / "report.md"), "--csv", str(tmp_path / "report.csv")]

    assert cli.main([*ONE, *files]) == 0

    assert (tmp_path / "report.md").read_text("utf-8") == capsys.readouterr().out
    (row,) = csv.DictReader((tmp_path / "report.csv").read_text("utf-8").splitlines())
    assert row["server"] == "trio.SocketStream"


def test_a_file_that_cannot_be_written_is_known_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([*ONE, "--csv", str(tmp_path / "nowhere" / "report.csv")])

    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "nowhere" in err
    with pytest.raises(SystemExit):
        cli.main([*ONE, "--markdown", str(tmp_path)])
    assert f"{tmp_path} cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--protocol", "carrier-pigeon"], "carrier-pigeon"),
        (["--payload", "much"], "much"),
        (["--payload", "0"], "1 to 1,048,576 bytes, not 0"),
        (["--protocol", "udp", "--payload", "65508"], "1 to 65,507 bytes"),
        (["--connections", "0"], "1 to 10,000 connections, not 0"),
        (["--peers", "curio"], "no peer is called curio"),
        (["--baseline", "curio"], "no peer is called curio"),
        (["--seconds", "0"], "seconds must be positive"),
        (["--seconds", "nan"], "seconds must be positive"),
        (["--seconds", "3600"], "up to 120, not 3600"),
        (["--echoes", "0"], "1 to 10,000,000 echoes, not 0"),
        (["--echoes", "10000001"], "1 to 10,000,000 echoes, not 10,000,001"),
        (["--repetitions", "0"], "at least 1 repetition"),
    ],
)
def test_wrong_usage_is_explained(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([*ECHO, *arguments])

    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.fixture
def without_uvloop(monkeypatch: pytest.MonkeyPatch) -> None:
    def pretend(peer: bench.Peer) -> bench.Peer:
        return attrs.evolve(peer, package=peer.package and "no_such_package")

    peers = tuple(map(pretend, bench.PEERS))
    monkeypatch.setattr(bench, "PEERS", peers)
    monkeypatch.setattr("trio_helianthus.bench._peers.PEERS", peers)


def test_peers_that_are_not_installed_are_left_out_and_named(
    without_uvloop: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*ONE, "uvloop-streams"]) == 0

    out = capsys.readouterr().out
    assert "- left out, not installed: uvloop-streams\n" in out
    assert "| uvloop streams" not in out


def test_tls_is_left_out_without_its_extra_unless_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_bench, "find_spec", lambda package: None)
    few = ["--quick", "--connections", "1", "--echoes", "10", "--peers", "trio"]
    assert cli.main([*ECHO, *few]) == 0

    out = capsys.readouterr().out
    assert "- left out: TLS, which needs the extra 'demo'\n" in out
    assert "| TCP" in out
    assert "| UDP" in out
    assert "| TLS" not in out
    asked = _bench.plan_echo(options(protocol=["tls"]))
    assert asked.needs_certificates


def test_somebody_has_to_be_installed(
    without_uvloop: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main([*ECHO, "--peers", "uvloop-streams"])
    assert "none of these peers is installed" in capsys.readouterr().err


def test_somebody_has_to_know_the_protocol(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main([*ECHO, "--protocol", "udp", "--peers", "asyncio-streams"])
    assert "none of these peers serves udp" in capsys.readouterr().err


def test_a_peer_that_fails_is_no_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = attrs.evolve(bench.PEERS[1], command=(sys.executable, "-c", "raise SystemExit(3)"))
    monkeypatch.setattr(bench, "PEERS", (broken,))
    monkeypatch.setattr("trio_helianthus.bench._peers.PEERS", (broken,))

    assert cli.main(ONE) == 1

    out = capsys.readouterr().out
    assert "|    failed |" in out
    assert "trio.SocketStream: the server ended with exit code 3" in out


def test_quick_means_less_unless_told_otherwise() -> None:
    quick = _bench.plan_echo(options(quick=True))
    assert {scenario.payload for scenario in quick.scenarios} == {64}
    assert quick.effort == bench.Effort(seconds=0.3, repetitions=1)

    told = _bench.plan_echo(options(quick=True, payload=[7], repetitions=9))
    assert {scenario.payload for scenario in told.scenarios} == {7}
    assert told.effort.repetitions == 9

    everything = _bench.plan_echo(options(protocol=["tcp", "tls", "udp"]))
    assert len(everything.scenarios) == 18


def options(**chosen: object) -> argparse.Namespace:
    unset = dict.fromkeys(
        [
            *("protocol", "payload", "connections", "peers"),
            *("seconds", "echoes", "repetitions", "markdown", "csv"),
        ]
    )
    others = {"baseline": "trio", "quick": False}
    return argparse.Namespace(**unset | others | chosen)


@needs_proc
def test_ctrl_c_keeps_what_was_measured_and_leaves_no_process() -> None:
    with long_bench() as (process, mark):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

        wait_until(lambda: not marked(mark))
        assert process.returncode == 1
        assert "interrupted: the table has what was measured until then" in out
        assert err == ""


@needs_proc
def test_its_processes_do_not_outlive_it_when_it_is_killed() -> None:
    with long_bench() as (process, mark):
        process.kill()
        process.communicate(timeout=30)

        wait_until(lambda: not marked(mark))


@contextmanager
def long_bench() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run one that would take minutes, and wait until it has a load generator."""
    mark = uuid.uuid4().hex
    command = [sys.executable, "-m", "trio_helianthus", *ECHO, "--protocol", "tcp"]
    with subprocess.Popen(
        [*command, "--peers", "trio", "--seconds", "100"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, MARK: mark},
    ) as process:
        try:
            wait_until(lambda: any("bench._load" in command for command in marked(mark)))
            yield process, mark
        finally:
            process.kill()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def marked(mark: str) -> list[str]:
    """Return the commands of the processes that were started by the test of this mark."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={mark}".encode() in environment.read_bytes():
                found.append(environment.with_name("cmdline").read_text("utf-8"))
        except OSError:
            continue  # it has just ended, or is somebody else's
    return found
