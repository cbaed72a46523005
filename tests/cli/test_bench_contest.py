"""``helianthus bench http`` and ``bench websocket`` report, and explain wrong usage."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from trio_helianthus import bench, cli
from trio_helianthus.cli._bench_http import plan_http
from trio_helianthus.cli._bench_websocket import plan_websocket


@attrs.frozen(kw_only=True)
class Case:
    """One of the benchmarks, and how to have little of it measured."""

    name: str
    plan: Callable[[argparse.Namespace], bench.ContestPlan[Any, Any, Any]]
    effort: type[attrs.AttrsInstance]
    load: str
    peer: str
    peer_without_memory: str
    facts: tuple[str, ...]

    @property
    def sizes(self) -> list[str]:
        names = [field.name for field in attrs.fields(self.effort)]
        return [name for name in names if name not in {"seconds", "repetitions"}]

    @property
    def words(self) -> list[str]:
        sizes = [word for name in self.sizes for word in (f"--{name}", "4")]
        return [
            *("bench", self.name, "--seconds", "0.05", "--repetitions", "1", *sizes),
            *("--load", self.load, "--peers", self.peer),
        ]


CASES = [
    Case(
        name="http",
        plan=plan_http,
        effort=bench.HTTPEffort,
        load="get",
        peer="helianthus-h11",
        peer_without_memory="uvicorn-h11",
        facts=("httptools", "4 connections;"),
    ),
    Case(
        name="websocket",
        plan=plan_websocket,
        effort=bench.WebSocketEffort,
        load="echo-32",
        peer="helianthus-wsproto",
        peer_without_memory="helianthus-pure",
        facts=("wsproto 1.", "4 connections that echo, an audience of 4;"),
    ),
]
each_benchmark = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are counted by perf, or in /proc")
@each_benchmark
def test_it_prints_facts_a_table_and_notes_and_writes_files(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--markdown", str(tmp_path / "report.md"), "--csv", str(tmp_path / "report.csv")]

    assert cli.main([*case.words, *files]) == 0

    out = capsys.readouterr().out
    facts, table, _notes = out.split("\n\n")
    assert facts.startswith(f"- `helianthus bench {case.name} --seconds 0.05 ")
    assert all(fact in facts for fact in case.facts)
    assert len(table.splitlines()) == 3
    assert (tmp_path / "report.md").read_text("utf-8") == out
    (row,) = csv.DictReader((tmp_path / "report.csv").read_text("utf-8").splitlines())
    assert row["peer"] == case.peer


@each_benchmark
def test_ctrl_c_keeps_what_was_measured(
    case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*args: object) -> list[object]:
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, f"bench_{case.name}", interrupted)

    assert cli.main(case.words) == 1
    assert "interrupted" in capsys.readouterr().out


@each_benchmark
@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--peers", "nobody"], "no peer is called nobody"),
        (["--seconds", "0"], "seconds"),
        (["--connections", "0"], "connections"),
        (["--load", "memory", "--peers", "PEER"], "none of these peers"),
        (["--csv", "/no/such/folder/file"], "no folder"),
    ],
)
def test_wrong_usage_is_explained(
    case: Case, words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [case.peer_without_memory if word == "PEER" else word for word in words]
    with pytest.raises(SystemExit) as caught:
        cli.main(["bench", case.name, *words])
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


@each_benchmark
def test_quick_is_shorter_unless_told_otherwise(case: Case) -> None:
    names = ("load", "peers", "seconds", "repetitions", "markdown", "csv", *case.sizes)
    nothing = dict.fromkeys(names)
    quick = case.plan(argparse.Namespace(**nothing, quick=True))
    assert quick.effort.repetitions == 1
    told = {**nothing, "repetitions": 9}
    longer = case.plan(argparse.Namespace(**told, quick=True))
    assert longer.effort.repetitions == 9
    assert longer.effort.seconds == quick.effort.seconds
