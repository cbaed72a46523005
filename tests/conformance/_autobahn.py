"""The Autobahn test suite of WebSockets: its installation, its runs and its reports.

It needs CPython 2.7 with pip, and a C compiler: ``HELIANTHUS_PYTHON27``, or ``python2.7`` on the
path, or one of pyenv's.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
import trio

from tests.conformance._suites import BUILD

EVERY_CASE: Final = 517
"""How many cases the suite has, in the version that is installed."""
PARTS: Final = (("12.*",), tuple(f"{n}.*" for n in (*range(1, 12), 13)))
"""All of them, in parts that take the same time and run side by side."""
AGENT: Final = "trio_helianthus"
INSTALL_SECONDS: Final = 300
LISTEN_SECONDS: Final = 30
REQUIREMENTS: Final = Path(__file__).with_name("autobahn-requirements.txt")
WSTEST: Final = """
import site, sys
site.addsitedir(sys.argv.pop(1))
from autobahntestsuite import wstest
wstest.run()
"""
ONLY_TOLD: Final = frozenset({"7.1.6", "7.13.1", "7.13.2"})
"""Cases in which the suite calls whatever happens ``INFORMATIONAL``."""


@attrs.frozen
class Case:
    """What the suite says of one case."""

    name: str
    behavior: str
    """Of the messages before the close."""
    close: str
    """Of the closing handshake."""
    why: str

    @property
    def passed(self) -> bool:
        """``NON-STRICT`` is no failure for the suite, but is one here."""
        wanted = "INFORMATIONAL" if self.name in ONLY_TOLD else "OK"
        return self.behavior == self.close == wanted

    def __str__(self) -> str:
        return f"{self.name}: {self.behavior}, close {self.close}: {self.why}"


def summary(cases: Sequence[Case]) -> str:
    """How many cases ended how."""
    behaviors = Counter(case.behavior for case in cases)
    closes = Counter(case.close for case in cases)
    told = ", ".join(f"{count} {verdict}" for verdict, count in behaviors.most_common())
    return f"{told}; closes: " + ", ".join(f"{n} {verdict}" for verdict, n in closes.most_common())


@cache
def python27() -> str:
    """A CPython 2.7; the test skips without one."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    candidates = [
        os.environ.get("HELIANTHUS_PYTHON27"),
        shutil.which("python2.7"),
        *map(str, sorted(pyenv.glob("2.7.*/bin/python"))),
    ]
    question = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in filter(None, candidates):
        answer = subprocess.run(
            [candidate, "-c", question], capture_output=True, text=True, check=False
        )
        if answer.stdout.strip() == "2.7":  # version managers leave stubs that only print advice
            return candidate
    pytest.skip("the Autobahn test suite runs on CPython 2.7; HELIANTHUS_PYTHON27 may name one")


@cache
def wstest() -> tuple[str, ...]:
    """The command that runs the suite, which is installed if it was not; skips where it cannot."""
    python = python27()
    place = BUILD / "autobahn"
    installed = place / "installed.txt"
    if not installed.exists() or installed.read_bytes() != REQUIREMENTS.read_bytes():
        shutil.rmtree(place, ignore_errors=True)
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        command = [*pip, "--no-deps", "--target", str(place), "-r", str(REQUIREMENTS)]
        try:
            subprocess.run(command, check=True, timeout=INSTALL_SECONDS, capture_output=True)
        except subprocess.CalledProcessError as exc:
            pytest.skip(f"the Autobahn test suite cannot be installed: {exc.stderr.decode()}")
        except subprocess.TimeoutExpired as exc:
            pytest.skip(f"the Autobahn test suite cannot be installed: {exc}")
        shutil.copy(REQUIREMENTS, installed)
    return (python, "-W", "ignore", "-c", WSTEST, str(place))


async def fuzz_server(url: str, cases: Sequence[str], folder: Path) -> list[Case]:
    """Run cases against a server that echoes."""
    specification = {"servers": [{"url": url, "agent": AGENT}], **_choice(cases, folder)}
    command = _command("fuzzingclient", specification, folder)
    with (folder / "output.txt").open("wb") as output:
        await trio.run_process(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
    return _report(folder)


@asynccontextmanager
async def fuzzing_server(cases: Sequence[str], folder: Path) -> AsyncIterator[FuzzingServer]:
    """A server that runs cases against a client that echoes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"ws://127.0.0.1:{port}"
    command = _command("fuzzingserver", {"url": url, **_choice(cases, folder)}, folder)
    with (folder / "output.txt").open("wb") as output:
        process = await trio.lowlevel.open_process(
            [*command, "--webport", "0"], stdout=output, stderr=subprocess.STDOUT, cwd=folder
        )
        try:
            await _wait_listening(process, port)
            yield FuzzingServer(url, folder)
        finally:
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()


@attrs.frozen
class FuzzingServer:
    """One that runs."""

    url: str
    folder: Path

    def case_url(self, number: int) -> str:
        """Where a case, counted from 1, is run."""
        return f"{self.url}/runCase?case={number}&agent={AGENT}"

    @property
    def report_url(self) -> str:
        """What has to be opened before the report can be read."""
        return f"{self.url}/updateReports?agent={AGENT}"

    def report(self) -> list[Case]:
        """What it says of each case."""
        return _report(self.folder)


async def _wait_listening(process: trio.Process, port: int) -> None:
    with trio.fail_after(LISTEN_SECONDS):
        while process.poll() is None:
            try:
                await (await trio.open_tcp_stream("127.0.0.1", port)).aclose()
            except OSError:
                await trio.sleep(0.05)
            else:
                return
    raise AssertionError("the suite's server has ended")


def _choice(cases: Sequence[str], folder: Path) -> dict[str, Any]:
    return {
        "outdir": str(folder / "reports"),
        "cases": list(cases),
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }


def _command(mode: str, specification: dict[str, Any], folder: Path) -> list[str]:
    folder.mkdir(parents=True)
    path = folder / "specification.json"
    path.write_text(json.dumps(specification))
    return [*wstest(), "--mode", mode, "--spec", str(path)]


def _report(folder: Path) -> list[Case]:
    index = json.loads((folder / "reports" / "index.json").read_text())
    cases = []
    for name, told in index[AGENT].items():
        details = json.loads((folder / "reports" / told["reportfile"]).read_text())
        why = f"{details['result']} {details['resultClose']}"
        cases.append(Case(name, told["behavior"], told["behaviorClose"], why))
    return cases
