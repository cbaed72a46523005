"""Reports: what stands in the table, in its notes and in the CSV file."""

from __future__ import annotations

import csv

import attrs
import pytest

from trio_helianthus.bench import (
    PEERS,
    EchoResult,
    Figures,
    Protocol,
    Scenario,
    csv_report,
    markdown_head,
    markdown_notes,
    markdown_row,
)
from trio_helianthus.bench._echo import compare

OURS, TRIO, *_ = PEERS
FIGURES = Figures(
    rate=54_321.9, p50=17.4, p95=20, p99=30, cpu=4, load_busy=0.5, resent=0, instructions=70
)
SCENARIO = Scenario(Protocol.TCP, 64, 50)
RESULT = EchoResult(SCENARIO, OURS, FIGURES, ratio=0.5)
FAILED = EchoResult(SCENARIO, TRIO, failure="the server\nended | badly")


def test_a_row_lines_up_with_the_head() -> None:
    head, rule = markdown_head()
    row = markdown_row(RESULT)

    assert len(row) == len(head) == len(rule)
    assert [cell.strip() for cell in row.split("|")][1:-1] == [
        *("TCP", "64", "50", "net.TCPStream"),
        *("54,322", "17", "20", "30", "4.0", "70.0", "0.50"),
    ]


def test_a_failure_has_no_numbers_and_a_note() -> None:
    row = markdown_row(FAILED)

    assert [cell.strip() for cell in row.split("|")][5:-1] == ["failed", *"------"]
    assert markdown_notes([RESULT, FAILED], "trio")[-1] == (
        "failed: tcp, 64 B, 50 connections, trio.SocketStream: the server ended | badly"
    )


def test_without_counters_the_ratio_is_of_cpu_time() -> None:
    uncounted = attrs.evolve(RESULT, figures=attrs.evolve(FIGURES, instructions=None))

    assert markdown_row(uncounted).split("|")[10].strip() == "-"
    notes = markdown_notes([uncounted], "trio")
    assert "ratio: CPU us relative to the peer 'trio'; below 1 is cheaper." in notes
    assert not any("k instr" in note for note in notes)


@pytest.mark.parametrize(
    ("change", "mark", "note"),
    [
        ({"load_busy": 0.99}, "54,322*", "busy all the time"),
        ({"resent": 0.125}, "54,322+", "at most 12.50% of the echoes"),
    ],
)
def test_a_doubtful_rate_is_marked(change: dict[str, float], mark: str, note: str) -> None:
    doubtful = attrs.evolve(RESULT, figures=attrs.evolve(FIGURES, **change))

    assert mark in markdown_row(doubtful)
    assert any(note in line for line in markdown_notes([doubtful], "trio"))
    assert not any(note in line for line in markdown_notes([RESULT], "trio"))


def test_csv_has_everything_with_its_units() -> None:
    first, second = csv.DictReader(csv_report([RESULT, FAILED]).splitlines())

    assert first["peer"] == "net"
    assert first["server"] == "net.TCPStream"
    assert first["rate"] == "54321.9"
    assert first["p99_us"] == "30"
    assert first["k_instructions"] == "70"
    assert first["ratio"] == "0.5"
    assert first["failure"] == ""
    assert second["rate"] == second["ratio"] == ""
    assert second["failure"].startswith("the server")


def test_ratios_are_relative_to_the_baseline() -> None:
    dearer = EchoResult(SCENARIO, TRIO, attrs.evolve(FIGURES, instructions=140))

    ratios = [result.ratio for result in compare([RESULT, dearer, FAILED], "trio")]

    assert ratios == [0.5, 1, None]


def test_without_a_baseline_there_are_no_ratios() -> None:
    result = EchoResult(SCENARIO, OURS, FIGURES)
    assert compare([result, FAILED], "trio") == [result, FAILED]
    assert not any("ratio" in note for note in markdown_notes([result, FAILED], "trio"))
    free = EchoResult(SCENARIO, TRIO, attrs.evolve(FIGURES, instructions=0))
    assert compare([result, free], "trio") == [result, free]
