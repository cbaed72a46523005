"""Headless Chromium, driven through chromedriver (W3C WebDriver) by our own client."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import trio

from tests._serving import PATIENCE_SECONDS, Lines
from trio_helianthus import http

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM: Final = next(filter(None, map(shutil.which, NAMES)), None)
DRIVER: Final = shutil.which("chromedriver")
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--window-size=1080,900",
)
ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"
"""What the standard calls the field that an element's id is in."""
WAIT: Final = """
    const done = arguments[0];
    const look = () => { const found = (%s); if (found) done(found); return found; };
    if (!look()) {
        const watcher = new MutationObserver(() => { if (look()) watcher.disconnect(); });
        const all = { subtree: true, childList: true, characterData: true, attributes: true };
        watcher.observe(document, all);
    }
"""


class Browser:
    """One tab."""

    def __init__(self, client: http.Client, session: str) -> None:
        self._client = client
        self._session = session

    async def open(self, url: str) -> None:
        """Load a page, up to its ``load`` event."""
        await self._post("url", url=url)

    async def click(self, selector: str) -> None:
        await self._post(f"element/{await self._find(selector)}/click")

    async def type(self, selector: str, text: str) -> None:
        """Type behind what is there; into an input for files, the path of one."""
        await self._post(f"element/{await self._find(selector)}/value", text=text)

    async def clear(self, selector: str) -> None:
        await self._post(f"element/{await self._find(selector)}/clear")

    async def until(self, expression: str) -> Any:
        """Wait until some JavaScript, looked at whenever the page changes, gives what is true."""
        return await self._post("execute/async", script=WAIT % expression, args=[])

    async def text(self, selector: str) -> str:
        """What the element shows."""
        return str(await self._get(f"element/{await self._find(selector)}/text"))

    async def name_of(self, selector: str) -> str:
        """What the element is called for those who do not see it."""
        return str(await self._get(f"element/{await self._find(selector)}/computedlabel"))

    async def complaints(self) -> list[str]:
        """The console's errors and warnings since it was asked last."""
        return [line["message"] for line in await self._post("se/log", type="browser")]

    async def resize(self, width: int, height: int) -> None:
        """Make the window such that the page has so many pixels."""
        await self._post("window/rect", width=width, height=height)
        script = "return [window.innerWidth, window.innerHeight]"
        inside = await self._post("execute/sync", script=script, args=[])
        await self._post("window/rect", width=2 * width - inside[0], height=2 * height - inside[1])

    async def emulate(self, command: str, **arguments: object) -> None:
        """Have it believe that it is another device: a command of its ``Emulation`` domain."""
        arguments = {"cmd": f"Emulation.{command}", "params": arguments}
        await self._post("goog/cdp/execute", **arguments)

    async def window(self) -> bytes:
        """What is to be seen of the page, as PNG."""
        return base64.b64decode(await self._get("screenshot"))

    async def picture(self) -> bytes:
        """The whole page, as PNG."""
        height = await self.until("document.documentElement.offsetHeight")
        await self._post("window/rect", width=1080, height=height)
        # A window is higher than what it shows, by as much as this browser likes.
        inside = await self._post("execute/sync", script="return window.innerHeight", args=[])
        await self._post("window/rect", width=1080, height=2 * height - inside)
        return await self.window()

    async def _find(self, selector: str) -> str:
        found = await self._post("element", using="css selector", value=selector)
        return str(found[ELEMENT])

    async def _get(self, path: str) -> Any:
        return value_of(await self._client.get(f"{self._session}/{path}"))

    async def _post(self, path: str, **arguments: object) -> Any:
        return value_of(await self._client.post(f"{self._session}/{path}", json=arguments))


def value_of(answer: http.ClientResponse) -> Any:
    """What a command gives; where the driver refuses it, the test fails with its words."""
    value = answer.json()["value"]
    if answer.status != 200:
        raise AssertionError(f"{value['error']}: {value['message']}")
    return value


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Browser]:
    """Start a browser with a profile of its own."""
    async with browsers(folder) as (tab,):
        yield tab


@asynccontextmanager
async def browsers(*folders: Path) -> AsyncIterator[list[Browser]]:
    """Start several browsers, each with a profile of its own."""
    assert CHROMIUM is not None
    async with AsyncExitStack() as stack:
        base_url = await stack.enter_async_context(driver())
        client = await stack.enter_async_context(
            http.open_client(base_url, timeout=PATIENCE_SECONDS)
        )
        paths = [
            await stack.enter_async_context(session(client, CHROMIUM, folder)) for folder in folders
        ]
        yield [Browser(client, path) for path in paths]


@asynccontextmanager
async def driver() -> AsyncIterator[str]:
    """Start chromedriver; the URL of it."""
    assert DRIVER is not None
    process, port = await start_driver(DRIVER)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # a test that was cancelled leaves a browser behind
        with trio.CancelScope(shield=True):
            await process.wait()


async def start_driver(program: str) -> tuple[trio.Process, str]:
    """Start chromedriver, and find out its port.

    It takes any free port of IPv6, and ends where that of IPv4 is somebody else's.
    """
    while True:
        process = await trio.lowlevel.open_process(
            [program, "--port=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert process.stdout is not None
        lines = Lines(process.stdout)
        try:
            found = await lines.until(r"started successfully on port (\d+)|port not available")
        except BaseException:
            process.kill()
            raise
        if found[1] is not None:
            return process, found[1]
        await process.wait()


@asynccontextmanager
async def session(client: http.Client, binary: str, folder: Path) -> AsyncIterator[str]:
    """Open a tab; the path that all commands to it begin with."""
    options = {"binary": binary, "args": [*FLAGS, f"--user-data-dir={folder}"]}
    wanted = {
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "ALL"},
        "timeouts": {"script": int(PATIENCE_SECONDS * 1000)},
    }
    answer = await client.post("/session", json={"capabilities": {"alwaysMatch": wanted}})
    path = f"/session/{value_of(answer)['sessionId']}"
    try:
        yield path
    finally:
        with trio.move_on_after(5, shield=True):
            await client.delete(path)
