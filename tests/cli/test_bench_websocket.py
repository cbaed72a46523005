"""``helianthus bench websocket`` reports, and explains wrong usage."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trio_helianthus import bench, cli
from trio_helianthus.cli import _bench_websocket, _main

SMALL = ["--connections", "4", "--audience", "4"]
TINY = ["bench", "websocket", "--seconds", "0.05", "--repetitions", "1", *SMALL]
ONE = [*TINY, "--load", "echo-32", "--peers", "helianthus-wsproto"]
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
    assert facts.startswith("- `helianthus bench websocket --seconds 0.05 ")
    assert "wsproto 1." in facts
    assert "an audience of 4" in facts
    assert len(table.splitlines()) == 3
    assert (tmp_path / "report.md").read_text("utf-8") == out
    (row,) = csv.DictReader((tmp_path / "report.csv").read_text("utf-8").splitlines())
    assert row["peer"] == "helianthus-wsproto"


@pytest.mark.parametrize(
    ("failure", "exit_code"), [("no luck", 1), ("stalled: no delivery for 3 s", 0)]
)
def test_goals_have_a_table_and_failures_an_exit_code(
    failure: str,
    exit_code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("websockets", reason="nobody broadcasts without the extra 'speed'")

    def measured(plan: bench.WebSocketPlan, _: object) -> Iterator[list[bench.WebSocketResult]]:
        load = bench.WebSocketLoad.BROADCAST
        ours, theirs = bench.find_websocket_peers(["helianthus", "picows-uvloop"])
        figures = bench.WebSocketFigures(10, 1000)
        yield [
            bench.WebSocketResult(load, ours, figures),
            bench.WebSocketResult(load, theirs, failure=failure),
        ]

    monkeypatch.setattr(bench, "bench_websocket", measured)

    assert cli.main([*TINY, "--load", "broadcast"]) == exit_code

    out = capsys.readouterr().out
    assert "unknown" in out
    assert f"no figures: broadcast, picows-uvloop: {failure}" in out


def test_ctrl_c_keeps_what_was_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*args: object) -> list[object]:
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "bench_websocket", interrupted)

    assert cli.main(ONE) == 1
    assert "interrupted" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--peers", "nobody"], "no peer is called nobody"),
        (["--seconds", "0"], "seconds"),
        (["--connections", "0"], "connections"),
        (["--audience", "0"], "audience"),
        (["--load", "memory", "--peers", "helianthus-pure"], "none of these peers"),
        (["--csv", "/no/such/folder/file"], "no folder"),
    ],
)
def test_wrong_usage_is_explained(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["bench", "websocket", *words])
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


def test_quick_is_shorter_unless_told_otherwise() -> None:
    names = ("load", "peers", "connections", "audience", "seconds", "repetitions")
    nothing = dict.fromkeys((*names, "markdown", "csv"))
    quick = _bench_websocket.plan_websocket(argparse.Namespace(**nothing, quick=True))
    assert quick.effort.repetitions == 1
    told = {**nothing, "repetitions": 9}
    longer = _bench_websocket.plan_websocket(argparse.Namespace(**told, quick=True))
    assert longer.effort.repetitions == 9
    assert longer.effort.seconds == quick.effort.seconds


def test_the_command_line_knows_every_load() -> None:
    assert tuple(bench.WebSocketLoad) == _main._WEBSOCKET_LOADS
