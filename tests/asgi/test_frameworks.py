"""Apps that others wrote, on trio, called by clients that others wrote."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path

import pytest
import trio

from tests.asgi._framework_apps import Events
from tests.asgi.conftest import ServeApp
from trio_helianthus import asgi

pytestmark = pytest.mark.usefixtures("no_errors")


def make_app(framework: str, events: Events, file: Path) -> asgi.ASGIApp:
    """An app with the same routes in each framework."""
    pytest.importorskip(framework)
    if framework == "quart":
        pytest.importorskip("quart_trio", reason="plain Quart runs on asyncio only")
    make = importlib.import_module(f"tests.asgi._{framework}_app").make
    app: asgi.ASGIApp = make(events, file)
    return app


@pytest.mark.parametrize("framework", ["starlette", "fastapi", "litestar", "quart"])
async def test_a_framework_does_on_trio_what_it_does_elsewhere(
    framework: str, serve_app: ServeApp, tmp_path: Path
) -> None:
    httpx = pytest.importorskip("httpx", reason="the foreign client")
    file = tmp_path / "file.bin"
    file.write_bytes(bytes(range(256)) * 1000)
    events = Events()
    server = await serve_app(make_app(framework, events, file), lifespan="on")
    assert events.happened == ["startup"]
    async with httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.get("/items/7", params={"q": "ü"})
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"id": 7, "q": "ü"}
        if framework == "starlette":
            assert answer.headers["x-marked"] == "yes"
        answer = await client.post("/echo", content=b"x" * 300_000)
        assert answer.content == b"x" * 300_000
        assert (await client.get("/ticks")).text == "0\n1\n2\n"
        assert (await client.get("/file")).content == file.read_bytes()
        assert (await client.get("/thread")).text.strip('"') == "thread"
        assert (await client.get("/later")).text == "now"
        with trio.fail_after(5):
            await events.background.wait()
        assert (await client.get("/nothing")).status_code == 404
        assert (await client.head("/items/7", params={"q": ""})).content == b""
    await server.drain(5)
    await trio.testing.wait_all_tasks_blocked(0.01)
    assert events.happened == ["startup", "shutdown"]


async def test_curl_understands_what_an_app_answers(serve_app: ServeApp, tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    file = tmp_path / "file.bin"
    file.write_bytes(b"file")
    server = await serve_app(make_app("starlette", Events(), file))
    urls = [f"{server.url}/items/1?q=2", f"{server.url}/ticks", f"{server.url}/file"]
    done = await trio.run_process([curl, "-sS", "--fail", *urls], capture_stdout=True)
    assert done.stdout == b'{"id":1,"q":"2"}0\n1\n2\nfile'
    done = await trio.run_process(
        [curl, "-sS", "--fail", "--data", "body", f"{server.url}/echo"], capture_stdout=True
    )
    assert done.stdout == b"body"
