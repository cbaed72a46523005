"""Thousands of clients that misbehave leave nothing behind."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Final

import pytest
import trio

from tests._serving import PATIENCE_SECONDS, get, serving
from tests.integration._abuse import LIMITS, SERVED, abuse, descriptors, resident_bytes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

MAX_GROWTH_BYTES: Final = 5 * 1024 * 1024


async def check_abuse(folder: Path, count: int) -> None:
    """Measure before and after; what a process needs once for so many at a time comes first."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    (folder / "served.py").write_text(SERVED)
    async with serving("served:app", "--port", "0", *LIMITS, folder=folder) as served:
        pid = served.process.pid
        open_at_start = descriptors(pid)
        await abuse(served.port, count, seed)
        await wait_descriptors(pid, open_at_start)
        memory_before = resident_bytes(pid)
        assert await abuse(served.port, count, seed + count) == count
        await wait_descriptors(pid, open_at_start)
        grown = resident_bytes(pid) - memory_before
        print(f"{count} connections: {open_at_start} descriptors, {grown // 1024} KiB more")
        assert await get(served.port) == "here"
        exit_code, report = await served.stop()

    assert grown < MAX_GROWTH_BYTES
    assert exit_code == 0
    assert "Traceback" not in report


async def wait_descriptors(pid: int, at_most: int) -> None:
    """Wait until a process has closed all but these."""
    with trio.fail_after(PATIENCE_SECONDS):
        while descriptors(pid) > at_most:  # noqa: ASYNC110 (another process tells nobody)
            await trio.sleep(0.05)


async def test_a_few_hundred_abusive_connections_leave_nothing_behind(tmp_path: Path) -> None:
    await check_abuse(tmp_path, 300)


@pytest.mark.conformance
async def test_four_thousand_abusive_connections_leave_nothing_behind(tmp_path: Path) -> None:
    await check_abuse(tmp_path, 4000)
