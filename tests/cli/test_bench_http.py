"""``helianthus bench http`` reports, and explains wrong usage."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import pytest

from trio_helianthus import bench, cli
from trio_helianthus.cli import _bench_http, _main

TINY = ["bench", "http", "--seconds", "0.05", "--repetitions", "1", "--connections", "4"]
ONE = [*TINY, "--load", "get", "--peers", "helianthus-h11"]
needs_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="processes are counted by perf, or in /proc"
)


@needs_linux
def test_it_prints_facts_a_table_and_notes_and_writes_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--markdown", str(tmp_path / "report.md"), "--csv", str(tmp_path / "report.csv")]

    assert cli.main([*ONE, *files]) == 0

    out = capsys.readouterr().out
    facts, table, _notes = out.split("\n\n")
    assert facts.startswith("- `helianthus bench http --seconds 0.05 ")
    assert "httptools" in facts
    assert len(table.splitlines()) == 3
    assert (tmp_path / "report.md").read_text("utf-8") == out
    (row,) = csv.DictReader((tmp_path / "report.csv").read_text("utf-8").splitlines())
    assert row["peer"] == "helianthus-h11"


@needs_linux
def test_goals_have_a_table_and_failures_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    load = bench.HTTPLoad.GET
    dies = bench.HTTPPeer("uvicorn", (sys.executable, "-c", ""), frozenset({load}))
    ours = bench.HTTPPeer("helianthus", dies.command, frozenset({load}))
    monkeypatch.setattr(bench, "HTTP_PEERS", (ours, dies))

    assert cli.main([*TINY, "--load", "get"]) == 1

    out = capsys.readouterr().out
    assert "unknown" in out
    assert "no figures: get, uvicorn: " in out


def test_ctrl_c_keeps_what_was_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*args: object) -> list[object]:
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "bench_http", interrupted)

    assert cli.main(ONE) == 1
    assert "interrupted" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--peers", "nobody"], "no peer is called nobody"),
        (["--seconds", "0"], "seconds"),
        (["--connections", "0"], "connections"),
        (["--load", "memory", "--peers", "uvicorn-h11"], "none of these peers"),
        (["--csv", "/no/such/folder/file"], "no folder"),
    ],
)
def test_wrong_usage_is_explained(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["bench", "http", *words])
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


def test_quick_is_shorter_unless_told_otherwise() -> None:
    nothing = dict.fromkeys(
        ("load", "peers", "connections", "seconds", "repetitions", "markdown", "csv")
    )
    quick = _bench_http.plan_http(argparse.Namespace(**nothing, quick=True))
    assert quick.effort.repetitions == 1
    told = _bench_http.plan_http(argparse.Namespace(**{**nothing, "repetitions": 9}, quick=True))
    assert told.effort.repetitions == 9
    assert told.effort.seconds == quick.effort.seconds


def test_the_command_line_knows_every_load() -> None:
    assert tuple(bench.HTTPLoad) == _main._HTTP_LOADS
