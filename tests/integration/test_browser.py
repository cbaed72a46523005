"""A real browser on the page of ``helianthus demo --serve``: what it shows, happens on the server.

``HELIANTHUS_SCREENSHOT=docs/_static/demo-page.png`` has the last test take a picture of it.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import trio

from tests._serving import PATIENCE_SECONDS, Serving, starting

from ._browser import CHROMIUM, DRIVER, Browser, browser

for needed in ("trustme", "OpenSSL", "python_multipart"):
    pytest.importorskip(needed, reason="the demonstration needs the extra 'demo'")

DEMO: Final = (sys.executable, "-m", "trio_helianthus", "demo")

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="ends groups of processes"),
    pytest.mark.skipif(None in (CHROMIUM, DRIVER), reason="needs Chromium and chromedriver"),
]


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Serving]:
    async with starting("--serve", folder=tmp_path, prefix=DEMO) as served:
        served.place = (await served.out.until(r"in a browser: +(\S+)"))[1]
        await served.out.until("Ctrl-C")
        yield served


@pytest.fixture
async def page(demo: Serving, tmp_path: Path) -> AsyncIterator[Browser]:
    async with browser(tmp_path / "profile") as tab:
        await tab.open(demo.place)
        yield tab
        assert await tab.complaints() == []


async def test_the_events_arrive_and_say_what_the_server_counts(page: Browser) -> None:
    await page.until("document.getElementById('link').textContent === 'live'")
    await page.until("Number(document.getElementById('events').textContent) >= 3")
    assert int(await page.text("#requests")) >= 4  # the page itself, and what it is made of
    assert int(await page.text("#connections")) >= 1
    assert int(await page.text("#active_requests")) >= 1  # that of the events


async def test_a_request_that_the_page_aborts_stops_its_handler(
    page: Browser, demo: Serving
) -> None:
    await page.click("#start")
    await page.until("document.getElementById('slow_running').textContent === '1'")
    await page.click("#abort")
    await page.until("document.getElementById('verdict').dataset.state === 'stopped'")
    assert "after abort()" in await page.text("#verdict")
    await page.until("document.getElementById('slow_cancelled').textContent === '1'")
    await page.until("document.getElementById('slow_running').textContent === '0'")
    await demo.out.until("/slow: its client went away")


async def test_a_file_is_uploaded_with_its_progress_and_hashed(
    page: Browser, tmp_path: Path
) -> None:
    seeds = tmp_path / "seeds.bin"
    seeds.write_bytes(os.urandom(3_000_000))
    await page.type("#file", str(seeds))
    await page.until("document.getElementById('uploaded').textContent.includes('SHA-256')")
    shown = await page.text("#uploaded")
    assert shown.startswith("seeds.bin: 3,000,000 bytes")
    assert hashlib.sha256(seeds.read_bytes()).hexdigest() in shown
    assert await page.until("document.getElementById('progress').value") == 1


async def test_a_file_that_is_too_long_is_refused_in_words(page: Browser, tmp_path: Path) -> None:
    long = tmp_path / "long.bin"
    long.write_bytes(bytes(40_000_000))
    await page.type("#file", str(long))
    await page.until("/413|too long/.test(document.getElementById('uploaded').textContent)")
    assert len(await page.complaints()) == 1  # that the answer was an error, says the browser


async def test_typed_routes_and_json_calls_are_answered(page: Browser) -> None:
    await page.click("#planets button:nth-child(6)")
    await page.until("document.getElementById('planet').textContent.includes('Saturn')")
    assert "X-Request-ID: " in await page.text("#planet")
    assert "Server-Timing: handler;dur=" in await page.text("#planet")

    await page.clear("#text")
    await page.type("#text", "one two three")
    await page.until("document.getElementById('words').textContent.includes('eerht owt eno')")
    assert '"words": 3' in await page.text("#words")

    await page.click("#planets button:last-child")
    await page.until("document.getElementById('planet').textContent.startsWith('404')")
    (complaint,) = await page.complaints()
    assert "/planets/three" in complaint


async def test_a_streamed_answer_arrives_as_a_whole(page: Browser) -> None:
    await page.click("#pull")
    await page.until("document.getElementById('streamed').textContent.startsWith('64.0 MiB')")


async def test_what_is_written_on_the_wall_comes_back_over_a_websocket(page: Browser) -> None:
    await page.until("document.getElementById('pages').textContent === 'first page here'")
    await page.type("#line", "<i>hello</i>, wall")
    await page.click("#write button")
    await page.until("document.querySelector('#wall li')?.textContent === '<i>hello</i>, wall'")
    await page.until("document.getElementById('pages').textContent === 'reached 1 page'")
    await page.click("#echo")
    await page.until("document.getElementById('pages').textContent.endsWith('ms an echo')")


async def test_a_page_that_is_open_does_not_hold_up_the_end(page: Browser, demo: Serving) -> None:
    await page.until("document.getElementById('link').textContent === 'live'")
    demo.send("SIGINT")
    with trio.fail_after(PATIENCE_SECONDS):
        code, report = await demo.end()
    assert code == 0, report
    assert "drained in" in report
    await page.until("document.getElementById('link').textContent === 'lost'")
    await page.open("about:blank")  # which does not ask for the events again, every second
    await page.complaints()  # that they were gone


@pytest.mark.skipif("HELIANTHUS_SCREENSHOT" not in os.environ, reason="no picture is wanted")
async def test_it_takes_the_picture_for_the_documentation(page: Browser) -> None:
    await page.click("#made")
    await page.until("document.getElementById('uploaded').textContent.includes('SHA-256')")
    await page.click("#pull")
    await page.until("document.getElementById('streamed').textContent.startsWith('64.0 MiB')")
    for number in (1, 2, 3):
        await page.click("#start")
        await page.until("parseFloat(document.getElementById('clock').textContent) >= 0.5")
        await page.click("#abort")
        await page.until(f"document.querySelectorAll('#stops li').length === {number}")
        await page.type("#text", "!")
    await page.click("#planets button:nth-child(3)")
    for line in ("The sunflowers are up!", "All of them?"):
        await page.type("#line", line)
        await page.click("#write button")
    await page.click("#echo")
    await page.until("document.getElementById('pages').textContent.endsWith('ms an echo')")
    events = "Number(document.getElementById('events').textContent)"
    await page.until(f"{events} >= {await page.until(events) + 4}")

    picture = await page.picture()

    assert len(picture) < 170_000
    await trio.Path(os.environ["HELIANTHUS_SCREENSHOT"]).write_bytes(picture)
