"""``helianthus bench websocket``: what the other benchmarks have not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from trio_helianthus import bench, cli
from trio_helianthus.cli import _main

SMALL = ["--connections", "4", "--audience", "4"]
TINY = ["bench", "websocket", "--seconds", "0.05", "--repetitions", "1", *SMALL]


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


def test_an_audience_has_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["bench", "websocket", "--audience", "0"])
    assert caught.value.code == 2
    assert "audience" in capsys.readouterr().err


def test_the_command_line_knows_every_load() -> None:
    assert tuple(bench.WebSocketLoad) == _main._WEBSOCKET_LOADS
