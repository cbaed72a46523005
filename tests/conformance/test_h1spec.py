"""Two suites by the name of h1spec, run against a live ``helianthus serve``.

Their figures stand in docs/explanation/conformance.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest
import trio

from tests._serving import serving
from tests.conformance._suites import suite

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(sys.platform == "win32", reason="runs a server that signals stop"),
]

ECHO: Final = """
from trio_helianthus import http

async def app(request):
    return http.Response(await request.read())
"""
SUITE_SECONDS: Final = 180
ENGINES: Final = (
    "h11",
    pytest.param(
        "httptools",
        marks=pytest.mark.skipif(find_spec("httptools") is None, reason="needs the extra 'speed'"),
    ),
)


@pytest.fixture(params=ENGINES)
async def port(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[int]:
    """Where a server answers with what it is sent."""
    (tmp_path / "echo.py").write_text(ECHO)
    words = ("echo:app", "--port", "0", "--engine", request.param)
    async with serving(*words, folder=tmp_path) as served:
        yield served.port


async def run(*command: str, cwd: Path) -> str:
    with trio.fail_after(SUITE_SECONDS):
        done = await trio.run_process(
            command, cwd=cwd, capture_stdout=True, stderr=subprocess.STDOUT, check=False
        )
    output = done.stdout.decode()
    print(output)
    return output


@pytest.fixture
def deno() -> str:
    found = shutil.which("deno", path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("the suite runs on deno, which pip installs")
    return found


@pytest.fixture
def uwebsockets() -> Path:
    return suite("uNetworking/h1spec", "f0a5650a20c575fbea0f7179a3a9cfa50f20ba6e")


@pytest.fixture
def dropseeds() -> Path:
    return suite("dropseed/h1spec", "d8f69184825d3eedd649843a545c957f3fccac06")


async def test_uwebsockets_h1spec_passes_all_33(port: int, deno: str, uwebsockets: Path) -> None:
    words = [deno, "run", "--no-check", "--allow-net", "http_test.ts"]
    output = await run(*words, "127.0.0.1", str(port), cwd=uwebsockets)

    assert [line for line in output.splitlines() if "\N{CROSS MARK}" in line] == []
    assert "33 out of 33 tests passed." in output


async def test_dropseeds_h1spec_passes_all_33(port: int, dropseeds: Path) -> None:
    program = "import sys, h1spec; sys.exit(h1spec.main())"

    output = await run(
        sys.executable, "-c", program, "--strict", f"127.0.0.1:{port}", cwd=dropseeds
    )

    assert re.findall(r"\N{BALLOT X}.*", output) == []
    assert "33/33 passed" in output
