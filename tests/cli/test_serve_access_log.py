"""The access log: each request a line that nobody can forge, and a loop that never waits for it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import trio

from tests._serving import APP, PATIENCE_SECONDS, get, serving
from trio_helianthus import http, net
from trio_helianthus.cli._serve_access_log import (
    MAX_REMEMBERED,
    AccessLog,
    escape,
    format_time,
    open_access_log,
)
from trio_helianthus.core import Operation, Outcome
from trio_helianthus.errors import NetworkError

NOON = 1_700_000_000.0
posix = pytest.mark.skipif(sys.platform == "win32", reason="sends signals to a process")


@pytest.fixture
def log(tmp_path: Path) -> AccessLog:
    log = AccessLog(str(tmp_path / "access.log"))
    log.close()
    return log


def answered(**more: object) -> Operation:
    request = http.Request(
        "GET",
        "/a?b=c",
        headers={"Referer": "http://here/", "User-Agent": "curl/8"},
        client_address=("192.0.2.7", 40000),
    )
    return Operation(
        "http.server.request",
        peer=("127.0.0.1", 1),
        started=10.0,
        ended=10.25,
        outcome=Outcome.OK,
        bytes_sent=123,
        attributes={
            "http.method": "GET",
            "http.target": "/a?b=c",
            "http.status": 200,
            "http.request": request,
            **more,
        },
    )


def test_a_line_has_the_combined_format_and_the_time_that_it_took(log: AccessLog) -> None:
    assert log.line(answered(), NOON) == (
        '192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET /a?b=c HTTP/1.1" 200 123 '
        '"http://here/" "curl/8" 0.250000\n'
    )


def test_what_is_not_known_is_a_dash(log: AccessLog) -> None:
    operation = answered()
    del operation.attributes["http.request"]
    operation.peer = ""
    assert log.line(operation, NOON) == (
        '- - - [14/Nov/2023:22:13:20 +0000] "GET /a?b=c HTTP/1.1" 200 123 "-" "-" 0.250000\n'
    )


@pytest.mark.parametrize(
    ("outcome", "status"), [(Outcome.CANCELLED, "499"), (Outcome.ERROR, "-")], ids=str
)
def test_a_request_without_an_answer(log: AccessLog, outcome: Outcome, status: str) -> None:
    operation = answered()
    del operation.attributes["http.status"]
    operation.outcome = outcome
    assert f'HTTP/1.1" {status} 123' in log.line(operation, NOON)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("/plain?x=1&y=%20", "/plain?x=1&y=%20"),
        ('"', r"\x22"),
        ("\\", r"\x5c"),
        ("a\r\n127.0.0.1 - -", r"a\x0d\x0a127.0.0.1 - -"),
        ("\x1b[2J\x00\x7f", r"\x1b[2J\x00\x7f"),
        ("caf\xe9\x85", r"caf\xe9\x85"),
        ("\u2028", r"\u2028"),
    ],
)
def test_nothing_in_a_field_can_end_it_or_speak_to_a_terminal(text: str, written: str) -> None:
    assert escape(text) == written


def test_the_time_has_english_months() -> None:
    assert format_time(0) == "01/Jan/1970:00:00:00 +0000"


@posix
async def test_each_request_is_a_line_in_the_file_of_all_workers(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(APP)
    file = tmp_path / "access.log"
    words = ("served:app", "--port", "0", "--workers", "2", "--access-log", file)
    async with serving(*words, folder=tmp_path) as served:
        for number in range(20):
            await get(served.port, f"/?{number}")
        exit_code, _ = await served.stop()

    assert exit_code == 0
    lines = file.read_text().splitlines()
    pattern = (
        r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET /\?(\d+) HTTP/1\.1" '
        r'200 \d+ "-" "-" \d+\.\d{6}'
    )
    found = [re.fullmatch(pattern, line) for line in lines]
    assert sorted(int(each[1]) for each in found if each) == list(range(20))


@posix
async def test_sighup_opens_a_file_that_was_moved_away_anew(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(APP)
    file = tmp_path / "access.log"
    async with serving(
        "served:app", "--port", "0", "--access-log", file, folder=tmp_path
    ) as served:
        with trio.fail_after(PATIENCE_SECONDS):
            while "/?first" not in file.read_text():
                await served.get("/?first")
        file.rename(tmp_path / "moved.log")
        served.send("SIGHUP")
        with trio.fail_after(PATIENCE_SECONDS):
            while not file.exists():
                await served.get("/?second")
        await served.stop()

    assert "/?first" in (tmp_path / "moved.log").read_text()


@posix
async def test_a_dash_is_stdout_where_no_head_of_a_request_can_forge_a_line(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(APP)
    async with serving("served:app", "--port", "0", "--access-log", "-", folder=tmp_path) as served:
        async with await net.connect_tcp("127.0.0.1", served.port) as stream:
            await stream.send_all(
                b'GET /"\\ HTTP/1.1\r\nHost: x\r\nUser-Agent: "\xe9\r\nConnection: close\r\n\r\n'
            )
            await stream.receive_all()
        await served.get("/?here")
        await served.stop()
        written = await served.out.all()

    assert '"GET /?here HTTP/1.1" 200 ' in written
    for line in written.splitlines():
        assert line.isascii()
        assert line.count('"') == 6


def test_a_file_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"open access log .*access\.log: no such file"):
        open_access_log(str(tmp_path / "nowhere" / "access.log"))


def test_values_that_never_come_again_are_not_kept(log: AccessLog) -> None:
    for number in range(3 * MAX_REMEMBERED):
        request = http.Request("GET", "/", headers={"User-Agent": f'"{number}'})
        assert f'"\\x22{number}" ' in log.line(answered(**{"http.request": request}), NOON)
    assert len(log._agents) <= MAX_REMEMBERED
    request = http.Request("GET", "/", headers={"User-Agent": "x" * 5000})
    assert f'"{"x" * 5000}" ' in log.line(answered(**{"http.request": request}), NOON)
    assert "x" * 5000 not in log._agents
