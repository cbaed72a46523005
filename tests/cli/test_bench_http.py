"""``helianthus bench http``: what the other benchmarks have not."""

from __future__ import annotations

import sys

import pytest

from trio_helianthus import bench, cli
from trio_helianthus.cli import _main

TINY = ["bench", "http", "--seconds", "0.05", "--repetitions", "1", "--connections", "4"]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are counted by perf, or in /proc")
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


def test_the_command_line_knows_every_load() -> None:
    assert tuple(bench.HTTPLoad) == _main._HTTP_LOADS
