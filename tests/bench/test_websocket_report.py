"""The report of the WebSocket benchmark: tables, notes and CSV."""

from __future__ import annotations

import csv

import attrs

from trio_helianthus.bench import (
    WEBSOCKET_GOALS,
    WEBSOCKET_TABLE,
    GoalResult,
    WebSocketFigures,
    WebSocketLoad,
    WebSocketResult,
    find_websocket_peers,
    goals_table,
)

OURS, TRIO, PICOWS = find_websocket_peers(["helianthus", "trio-websocket", "picows-uvloop"])
BROADCAST = [
    WebSocketResult(WebSocketLoad.STALLED, OURS, WebSocketFigures(15, 12_345.6, 0.5, 1.26, 8)),
    WebSocketResult(WebSocketLoad.STALLED, PICOWS, WebSocketFigures(12, 54_321, 0.99, 1.5, 9)),
    WebSocketResult(WebSocketLoad.STALLED, TRIO, failure="stalled: no delivery\nfor 3 s"),
]
MEMORY = WebSocketResult(WebSocketLoad.MEMORY, OURS, WebSocketFigures(9.5))


def test_rows_line_up_with_the_head() -> None:
    lines = [*WEBSOCKET_TABLE.head(), *WEBSOCKET_TABLE.rows(BROADCAST)]

    assert len({len(line) for line in lines}) == 1
    rows = [cells(line) for line in lines[2:]]
    assert [[*row[:3], *row[4:]] for row in rows] == [
        ["one-stalled", "helianthus", "15.0", "12,346", "1.3", "8.0", "1.00"],
        ["one-stalled", "picows-uvloop", "12.0", "54,321*", "1.5", "9.0", "1.25"],
        ["one-stalled", "trio-websocket", "stalled", "-", "-", "-", "-"],
    ]


def test_who_is_not_installed_is_skipped_and_who_fails_has_failed() -> None:
    for failure, word in [("not installed: picows", "skipped"), ("no luck", "failed")]:
        (row,) = WEBSOCKET_TABLE.rows(
            [WebSocketResult(WebSocketLoad.ECHO_1K, PICOWS, failure=failure)]
        )
        assert cells(row)[2] == word


def test_memory_has_a_unit_of_its_own() -> None:
    (row,) = WEBSOCKET_TABLE.rows([MEMORY])
    assert cells(row) == ["memory", "helianthus", "9.5", "KiB", "-", "-", "-", "1.00"]
    notes = WEBSOCKET_TABLE.notes([MEMORY])
    assert any("idle" in note for note in notes)
    assert not any("echo or one delivery" in note for note in notes)


def test_notes_say_what_failed_and_what_the_marks_mean() -> None:
    notes = WEBSOCKET_TABLE.notes(BROADCAST)
    assert notes[-1] == "no figures: one-stalled, trio-websocket: stalled: no delivery for 3 s"
    assert any("busy" in note for note in notes)
    assert any("P99" in note for note in notes)
    echo = attrs.evolve(BROADCAST[0], load=WebSocketLoad.ECHO_32)
    assert not any("busy" in note or "P99" in note for note in WEBSOCKET_TABLE.notes([echo]))


def test_goals_say_what_is_compared_where_it_is_not_the_cost() -> None:
    lines = goals_table([GoalResult(goal, 0.5) for goal in WEBSOCKET_GOALS])

    assert len({len(line) for line in lines}) == 1
    rows = [cells(line) for line in lines[2:]]
    assert "helianthus p99" in rows[-2]
    assert "helianthus p99_before" in rows[-2]


def test_csv_has_everything() -> None:
    first, _, stalled = csv.DictReader(WEBSOCKET_TABLE.csv(BROADCAST).splitlines())
    assert (first["load"], first["peer"], first["cost"]) == ("one-stalled", "helianthus", "15")
    assert (first["p50_ms"], first["p99_ms"]) == ("1.26", "8")
    assert stalled["cost"] == ""
    assert stalled["failure"].startswith("stalled")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")[1:-1]]
