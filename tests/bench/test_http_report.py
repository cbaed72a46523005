"""The report of the HTTP benchmark: requests as they should be, tables, notes and CSV."""

from __future__ import annotations

import csv
import re

import attrs
import h11
import pytest

from trio_helianthus.bench import (
    GOALS,
    HTTP_TABLE,
    GoalResult,
    HTTPFigures,
    HTTPLoad,
    HTTPResult,
    exchanges,
    find_http_peers,
    goals_table,
)

OURS, UVICORN, AIOHTTP = find_http_peers(["helianthus", "uvicorn", "aiohttp"])
RESULTS = [
    HTTPResult(HTTPLoad.GET, OURS, HTTPFigures(60, 12_345.6, 0.5)),
    HTTPResult(HTTPLoad.GET, UVICORN, HTTPFigures(120, 9_999, 0.99)),
    HTTPResult(HTTPLoad.GET, AIOHTTP, failure="the server\nended"),
]


@pytest.mark.parametrize("load", HTTPLoad)
def test_requests_are_what_a_server_understands(load: HTTPLoad) -> None:
    for exchange in exchanges(load):
        server = h11.Connection(h11.SERVER)
        server.receive_data(exchange.request)
        assert isinstance(server.next_event(), h11.Request)
        assert exchange.body


def test_browsers_differ_in_their_heads() -> None:
    requests = {exchange.request for exchange in exchanges(HTTPLoad.BROWSER)}
    assert len(requests) == 64
    for request in requests:
        assert len(re.findall(rb"^[\w-]+: ", request, re.MULTILINE)) == 12


def test_rows_line_up_with_the_head() -> None:
    lines = [*HTTP_TABLE.head(), *HTTP_TABLE.rows(RESULTS)]

    assert len({len(line) for line in lines}) == 1
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]
    assert [[*row[:3], *row[4:]] for row in cells] == [
        ["get", "helianthus", "60.0", "12,346", "1.00"],
        ["get", "uvicorn", "120.0", "9,999*", "0.50"],
        ["get", "aiohttp", "failed", "-", "-"],
    ]


def test_who_is_not_installed_is_skipped() -> None:
    (row,) = HTTP_TABLE.rows([attrs.evolve(RESULTS[2], failure="not installed: aiohttp")])
    assert "skipped" in row


def test_memory_has_a_unit_of_its_own() -> None:
    memory = HTTPResult(HTTPLoad.MEMORY, OURS, HTTPFigures(9.5))
    (row,) = HTTP_TABLE.rows([memory])
    assert [cell.strip() for cell in row.split("|")[1:-1]] == [
        *("memory", "helianthus", "9.5", "KiB", "-", "1.00")
    ]
    notes = HTTP_TABLE.notes([memory])
    assert any("idle" in note for note in notes)
    assert not any("for one request" in note for note in notes)


def test_notes_say_what_failed_and_what_the_marks_mean() -> None:
    notes = HTTP_TABLE.notes(RESULTS)
    assert notes[-1] == "no figures: get, aiohttp: the server ended"
    assert any("busy" in note for note in notes)
    assert not any("busy" in note for note in HTTP_TABLE.notes(RESULTS[:1]))


def test_goals_are_reached_missed_or_unknown() -> None:
    goal = GOALS[0]
    lines = goals_table([GoalResult(goal, ratio) for ratio in (0.5, 2.0, None)])

    assert len({len(line) for line in lines}) == 1
    words = [line.split("|")[-2].strip() for line in lines[2:]]
    assert words == ["reached", "MISSED", "unknown"]
    assert goals_table([]) == []


def test_csv_has_everything() -> None:
    first, _, failed = csv.DictReader(HTTP_TABLE.csv(RESULTS).splitlines())
    assert (first["load"], first["peer"], first["cost"]) == ("get", "helianthus", "60")
    assert failed["cost"] == ""
    assert failed["failure"].startswith("the server")
