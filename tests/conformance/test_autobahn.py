"""The Autobahn test suite, every case, against our WebSocket server and our client.

The peers only echo; their limits are raised to what the cases for limits need. A run takes some
minutes. ``HELIANTHUS_AUTOBAHN_RUNS`` says how many runs there are of each kind, one unless told.
"""

from __future__ import annotations

import contextlib
import faulthandler
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pytest
import trio

from tests.conformance import _autobahn as autobahn
from tests.websocket.conftest import echo, reports, running, ws_url
from trio_helianthus import websocket
from trio_helianthus.errors import RemoteProtocolError, WebSocketBroken
from trio_helianthus.wire.websocket import Engine

__all__ = ["reports"]

pytestmark = pytest.mark.conformance

RUNS: Final = int(os.environ.get("HELIANTHUS_AUTOBAHN_RUNS", "1"))
RUN_SECONDS: Final = 3600
LIMITS: Final = websocket.WebSocketLimits(
    max_message_bytes=16 * 1024 * 1024,
    max_frame_bytes=16 * 1024 * 1024,
    max_fragments=65_537,  # 4 MiB by 64 bytes, and an empty one
    ping_interval=math.inf,  # the suite takes each frame for part of its case
)
BUSY: Final = "while True: pass"


@pytest.fixture(autouse=True)
def suite() -> None:
    """Have the suite, and time: the watch over tests that hang would end so long a one."""
    autobahn.wstest()
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(params=["idle", "busy"])
def core_beside(request: pytest.FixtureRequest) -> Iterator[str]:
    """Another core, with nothing to do, or with a process that spins."""
    if request.param == "idle":
        yield request.param
        return
    with subprocess.Popen([sys.executable, "-c", BUSY]) as process:
        yield request.param
        process.kill()


@pytest.mark.parametrize("run", range(1, RUNS + 1))
@pytest.mark.parametrize("engine", [Engine.OWN, Engine.WSPROTO])
@pytest.mark.usefixtures("core_beside")
async def test_our_server_passes_every_case(
    engine: Engine, run: int, tmp_path: Path, reports: list[BaseException]
) -> None:
    cases: list[autobahn.Case] = []

    async def fuzz(url: str, number: int) -> None:
        folder = tmp_path / f"part{number}"
        cases.extend(await autobahn.fuzz_server(url, autobahn.PARTS[number], folder))

    with trio.fail_after(RUN_SECONDS):
        async with (
            running(echo, engine=engine, limits=LIMITS) as server,
            trio.open_nursery() as nursery,
        ):
            for number in range(len(autobahn.PARTS)):
                nursery.start_soon(fuzz, ws_url(server), number)

    print(f"server, {engine}, run {run}: {autobahn.summary(cases)}")
    assert [str(case) for case in cases if not case.passed] == []
    assert len(cases) == autobahn.EVERY_CASE
    assert reports == []


@pytest.mark.parametrize("run", range(1, RUNS + 1))
@pytest.mark.parametrize("engine", [Engine.OWN, Engine.WSPROTO])
@pytest.mark.usefixtures("core_beside")
async def test_our_client_passes_every_case(
    engine: Engine, run: int, tmp_path: Path, reports: list[BaseException]
) -> None:
    cases: list[autobahn.Case] = []
    open_websocket = partial(websocket.open_websocket, wire_engine=engine, limits=LIMITS)

    async def be_fuzzed(number: int) -> None:
        folder = tmp_path / f"part{number}"
        async with autobahn.fuzzing_server(autobahn.PARTS[number], folder) as server:
            async with open_websocket(f"{server.url}/getCaseCount") as connection:
                count = int(await connection.receive_text())
            for case in range(1, count + 1):
                await echo_all(server.case_url(case))
            async with open_websocket(server.report_url) as connection:
                async for _ in connection:
                    pass
            cases.extend(server.report())

    async def echo_all(url: str) -> None:
        # What the suite does wrong is raised here. What we do wrong, it reports.
        with contextlib.suppress(RemoteProtocolError, WebSocketBroken):
            async with open_websocket(url) as connection:
                async for message in connection:
                    await connection.send(message)

    with trio.fail_after(RUN_SECONDS):
        async with trio.open_nursery() as nursery:
            for number in range(len(autobahn.PARTS)):
                nursery.start_soon(be_fuzzed, number)

    print(f"client, {engine}, run {run}: {autobahn.summary(cases)}")
    assert [str(case) for case in cases if not case.passed] == []
    assert len(cases) == autobahn.EVERY_CASE
    assert reports == []
