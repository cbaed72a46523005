"""A task that outlives its handler cannot answer another request, nor waits for ever."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from tests.http.conftest import Connect, Serve
from trio_helianthus import http
from trio_helianthus.errors import NetworkError, ResourceBusy, ResourceClosed
from trio_helianthus.net import _hub
from trio_helianthus.net._hub import HubMode


@pytest.mark.parametrize("prefix", ["", "/below"])
@pytest.mark.parametrize("way", ["respond", "start_response"])
async def test_an_answer_that_comes_late_is_refused(
    serve: Serve, nursery: trio.Nursery, no_errors: None, prefix: str, way: str
) -> None:
    second = trio.Event()
    refused = trio.Event()

    async def handle(request: http.Request) -> str:
        async def linger() -> None:
            await second.wait()
            with pytest.raises(ResourceBusy):
                await getattr(request, way)(http.Response.text("of the first"))
            refused.set()

        if request.path == "/first":
            nursery.start_soon(linger)
            return "gone"
        second.set()
        await refused.wait()
        return "of the second"

    router = http.Router()
    router.mount(prefix or "/", handle)
    server = await serve(router)
    async with http.open_client(server.url) as client:
        assert (await client.get(f"{prefix}/first")).text == "gone"
        assert (await client.get(f"{prefix}/second", timeout=5)).text == "of the second"


@pytest.mark.parametrize("mode", [HubMode.NEVER, HubMode.ALWAYS])
async def test_a_task_that_reads_on_is_told_when_the_client_is_gone(
    serve: Serve,
    connect: Connect,
    nursery: trio.Nursery,
    monkeypatch: pytest.MonkeyPatch,
    mode: HubMode,
) -> None:
    monkeypatch.setattr(_hub, "DEFAULT_MODE", mode)
    told = 0

    async def handle(request: http.Request) -> str:
        async def read() -> None:
            nonlocal told
            with trio.fail_after(5), pytest.raises((NetworkError, ResourceClosed)):
                await request.read()
            told += 1

        nursery.start_soon(read)
        await trio.sleep_forever()
        return "never"

    server = await serve(handle)
    for number in range(1, 11):  # whether it or the connection's task runs first is chance
        client = await connect(server)
        await client.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc")
        await trio.testing.wait_all_tasks_blocked(0.01)
        client.stream.reset()
        with trio.fail_after(5):
            while told < number:  # noqa: ASYNC110
                await trio.sleep(0.01)
