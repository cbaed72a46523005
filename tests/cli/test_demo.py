"""The demonstration runs, tells the truth, and ends."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trio_helianthus import cli

pytest.importorskip("trustme", reason="the demonstration needs the extra 'demo'")

DEMO = [sys.executable, "-m", "trio_helianthus", "demo"]
ROOT = Path(__file__).parents[2]


def test_it_reports_what_ran_what_was_cancelled_and_what_was_drained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["demo"]) == 0

    out, err = capsys.readouterr()
    assert err == ""
    assert re.search(r"echoes received +500 +0 ", out)
    assert re.search(r"UDP datagrams, both sides +10[01] ", out)
    assert re.search(r"DTLS handshakes, both sides +2 +0 ", out)
    assert re.search(r"DTLS datagrams, both sides +10[01] ", out)
    assert re.search(r"HTTP calls by our client +206 +1 ", out)
    stopped = re.search(r"stopped ([0-9.]+) ms later", out)
    assert stopped is not None
    assert float(stopped[1]) < 5000
    assert "5 calls were running and finished; exit code 0" in out
    assert "http: 5 connections finished, 0 cut" in out


def test_curl_is_left_out_visibly_where_it_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    assert cli.main(["demo"]) == 0

    assert "curl was not found" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT to another process")
def test_it_serves_until_it_is_told_to_stop() -> None:
    with serving_demo() as (process, url):
        assert "Hello, you!" in _get(f"{url}/hello/you")
        assert "<h1>trio_helianthus</h1>" in _get(f"{url}/")
        assert '"slow calls cancelled"' in _get(f"{url}/status")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)

    assert process.returncode == 0
    assert out == ""
    assert "drained in" in err
    assert "(SIGINT)" in err


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT to another process")
def test_a_client_that_leaves_is_announced_while_serving() -> None:
    with serving_demo() as (process, url):
        leave = "import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=0.2)"
        client = [sys.executable, "-c", leave, f"{url}/slow"]
        subprocess.run(client, capture_output=True, check=False)
        assert process.stdout is not None
        announced = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)

    assert announced.startswith("/slow: its client went away")
    assert process.returncode == 0


@contextmanager
def serving_demo() -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen(
        [*DEMO, "--serve"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(9)]
            url = re.search(r"http://127\.0\.0\.1:\d+", lines[0])
            assert url is not None
            yield process, url[0]
        finally:
            process.kill()


def _get(url: str) -> str:
    code = (
        "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=10).read().decode())"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, url], capture_output=True, text=True, check=True
    )
    return result.stdout
