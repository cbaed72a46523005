"""Calls, cancelled at each of their scheduling points: nothing is left behind, no place is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import trio

from trio_helianthus import http
from trio_helianthus.testing import cancel_sweep

ONE_CONNECTION = http.ClientLimits(max_connections=1)


class Pieces:
    """A body in two pieces."""

    def __init__(self) -> None:
        self._pieces = [b"pieces", b"two "]

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        await trio.lowlevel.checkpoint()
        if not self._pieces:
            raise StopAsyncIteration
        return self._pieces.pop()


def make_router() -> http.Router:
    router = http.Router()

    @router.get("/")
    async def index(_: http.Request) -> str:
        return "here"

    @router.post("/echo")
    async def echo(request: http.Request) -> bytes:
        return await request.read()

    @router.get("/pieces")
    async def pieces(_: http.Request) -> http.Response:
        return http.Response(Pieces())

    return router


async def use_everything(client: http.Client) -> None:
    assert (await client.get("/")).text == "here"
    assert (await client.post("/echo", content=Pieces())).content == b"two pieces"
    assert (await client.head("/", timeout=5)).content == b""
    async with client.stream("GET", "/pieces") as response:
        assert await response.read() == b"two pieces"
    async with client.stream("GET", "/pieces"):
        pass  # left early, so its connection is reset


@pytest.mark.sweep
def test_nothing_is_left_behind_on_either_side() -> None:
    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            server: http.Server = await nursery.start(http.serve, make_router(), 0)
            async with http.open_client(server.url) as client:
                await use_everything(client)
            assert (await server.drain(5)).clean

    assert cancel_sweep(scenario).points > 50


@pytest.mark.sweep
def test_a_pool_of_one_connection_is_never_stuck() -> None:
    async def scenario(scope: trio.CancelScope) -> None:
        async with trio.open_nursery() as nursery:
            server: http.Server = await nursery.start(http.serve, make_router(), 0)
            async with http.open_client(server.url, limits=ONE_CONNECTION) as client:
                with scope:
                    await use_everything(client)
                assert client.statistics().active == client.statistics().waiting == 0
                assert (await client.get("/", timeout=5)).text == "here"
            assert (await server.drain(5)).clean

    assert cancel_sweep(scenario).points > 50
