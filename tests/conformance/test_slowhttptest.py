"""slowhttptest with a thousand slow connections: they are shed, and others notice nothing.

With the server's own limits. The program comes with the system (``apt install slowhttptest``).
"""

from __future__ import annotations

import shutil
import statistics
import sys
from functools import partial
from pathlib import Path
from typing import Final

import pytest
import trio

from tests._serving import get, serving
from tests.integration._abuse import descriptors

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.skipif(shutil.which("slowhttptest") is None, reason="it is not installed"),
]

SERVED: Final = """
from pathlib import Path
from trio_helianthus import http

app = http.Router()
LARGE = Path("large.bin")
LARGE.write_bytes(bytes(4 * 1024 * 1024))

@app.get("/")
async def index(request):
    return "here"

@app.post("/")
async def read(request):
    return f"{len(await request.read())} bytes"

@app.get("/file")
async def file(request):
    return await http.Response.file(LARGE, request)
"""
CONNECTIONS: Final = 1000
SECONDS: Final = 70
PAUSE_SECONDS: Final = 0.02
FEW: Final = 5
"""Connections of the good client, and of the program's own probe."""
MODES: Final = {
    "slow headers": ["-H", "-i", "5", "-x", "24", "-u", "/"],
    "slow body": ["-B", "-i", "5", "-s", "8192", "-x", "10", "-u", "/"],
    "ranges": ["-R", "-a", "10", "-b", "3000", "-t", "GET", "-u", "/file"],
    "slow read": ["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3", "-u", "/file"],
}


@pytest.mark.parametrize("mode", MODES)
async def test_slow_connections_are_shed_and_a_good_client_does_not_notice(
    mode: str, tmp_path: Path
) -> None:
    (tmp_path / "served.py").write_text(SERVED)
    async with serving("served:app", "--port", "0", folder=tmp_path) as served:
        *options, target = MODES[mode]
        words = ["slowhttptest", *options, f"http://127.0.0.1:{served.port}{target}"]
        words += ["-c", f"{CONNECTIONS}", "-r", "500", "-l", f"{SECONDS}", "-p", "3"]
        seconds: list[float] = []
        with (tmp_path / "attack.txt").open("w+b") as said:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ask_all_the_time, served.port, seconds)
                attack = await nursery.start(
                    partial(trio.run_process, words, stdout=said, stderr=said, check=False)
                )
                shed_after = await wait_shed(served.process.pid, attack)
                nursery.cancel_scope.cancel()
            said.seek(0)
            assert b"NO" not in said.read()  # "service available"
        exit_code, report = await served.stop()

    p99 = statistics.quantiles(seconds, n=100)[-1]
    print(
        f"{mode}: shed after {shed_after:.0f} s, {len(seconds)} good answers, "
        f"P99 {p99 * 1000:.0f} ms"
    )
    assert p99 < 1.0
    assert exit_code == 0
    assert "Traceback" not in report


async def wait_shed(pid: int, attack: trio.Process) -> float:
    """Wait until the server has got rid of the connections, all of which it has had.

    :returns: seconds since the beginning.
    """
    began = trio.current_time()
    at_start = at_most = descriptors(pid)
    while attack.poll() is None:
        now = descriptors(pid)
        at_most = max(at_most, now)
        if at_most - at_start > CONNECTIONS * 0.9 and now <= at_start + FEW:
            break
        assert trio.current_time() - began < SECONDS, f"{now - at_start} are still open"
        await trio.sleep(0.02)
    return trio.current_time() - began


async def ask_all_the_time(port: int, seconds: list[float]) -> None:
    while True:
        began = trio.current_time()
        assert await get(port) == "here"
        seconds.append(trio.current_time() - began)
        await trio.sleep(PAUSE_SECONDS)
