"""What a service holds of the system."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Final

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from trio_helianthus import http

DESCRIPTORS: Final = Path("/proc/self/fd")
RESIDENT: Final = Path("/proc/self/statm")
MAX_GROWTH_BYTES: Final = 8 * 1024 * 1024
PATIENCE_SECONDS: Final = 20

needs_proc: Final = pytest.mark.skipif(
    not DESCRIPTORS.exists(), reason="counts descriptors in /proc"
)


async def footprint(server: http.Server) -> tuple[int, int]:
    """Descriptors and resident bytes, once all connections have ended."""
    with trio.fail_after(PATIENCE_SECONDS):
        while server.statistics().connections:  # noqa: ASYNC110 only counted, never announced
            await trio.sleep(0.01)
        await wait_all_tasks_blocked()  # the hub lets go of its epoll after the last socket
    gc.collect()
    pages = int(RESIDENT.read_text("ascii").split()[1])
    return len(list(DESCRIPTORS.iterdir())), pages * 4096
