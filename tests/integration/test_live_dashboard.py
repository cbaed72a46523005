"""The feed of ``examples/live_dashboard.py``, as a service and in a real browser."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing

from examples import live_dashboard
from trio_helianthus import core, http

from ._browser import CHROMIUM, DRIVER, browser


async def test_a_drain_ends_it_without_cutting_anything() -> None:
    async with core.open_lifecycle(drain_timeout=5) as lifecycle, trio.open_nursery() as nursery:
        nursery.start_soon(live_dashboard.stay_up, 0)
        await trio.testing.wait_all_tasks_blocked()
        lifecycle.drain()
    assert lifecycle.report is not None
    assert not lifecycle.report.body_cut


@pytest.mark.skipif(sys.platform == "win32", reason="ends groups of processes")
@pytest.mark.skipif(None in (CHROMIUM, DRIVER), reason="needs Chromium and chromedriver")
async def test_the_page_says_when_its_values_are_old_and_comes_back(
    nursery: trio.Nursery, tmp_path: Path
) -> None:
    server: http.Server = await nursery.start(http.serve, live_dashboard.router, 0)
    nursery.start_soon(live_dashboard.measure)
    again = partial(http.serve, live_dashboard.router, server.port)
    async with browser(tmp_path) as tab:
        await tab.open(f"{server.url}/?from=a+link#sensors")
        await tab.until("document.querySelectorAll('meter').length === 3")
        assert "kitchen" in await tab.name_of("meter")
        await tab.until("document.getElementById('state').textContent === 'live'")
        await server.drain(1)
        await tab.until("document.getElementById('state').textContent.includes('old')")
        await nursery.start(again)
        await tab.until("document.getElementById('state').textContent === 'live'")
        assert await tab.until("document.querySelectorAll('meter').length") == 3
    nursery.cancel_scope.cancel()
