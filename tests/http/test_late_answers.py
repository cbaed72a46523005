"""A task that outlives its handler cannot answer another request."""

from __future__ import annotations

import pytest
import trio

from tests.http.conftest import Serve
from trio_helianthus import http
from trio_helianthus.errors import ResourceBusy


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
