"""A client's calls of every kind, cancelled at each point: a pool of one is never stuck."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial

import pytest
import trio

from trio_helianthus import core, http, net
from trio_helianthus.testing import cancel_sweep

ONE_CONNECTION = http.ClientLimits(max_connections=1)


async def echo(request: http.Request) -> http.Response:
    async def reply() -> AsyncIterator[bytes]:
        async for piece in request.body:
            yield piece

    return http.Response(reply())


async def pieces() -> AsyncIterator[bytes]:
    for _ in range(3):
        yield b"piece "
        await trio.lowlevel.checkpoint()


async def use(client: http.Client, url: str) -> None:
    assert (await client.get(url)).content == b""
    assert (await client.post(url, content=b"whole")).content == b"whole"
    assert (await client.post(url, content=pieces())).content == b"piece " * 3
    asked = await client.post(url, content=pieces(), expect_continue=5, trailers={"X": "y"})
    assert asked.content == b"piece " * 3
    async with client.stream("POST", url, content=pieces(), timeout=5) as response:
        assert await response.read() == b"piece " * 3
    async with client.stream("POST", url, content=b"left early"):
        pass


async def end_well(client: http.Client, url: str) -> None:
    assert client.statistics().active == client.statistics().waiting == 0
    assert (await client.post(url, content=b"still", timeout=5)).content == b"still"


@pytest.mark.sweep
@pytest.mark.parametrize("kind", ["tcp", "tls", "in process"])
def test_every_kind_of_call_over_every_transport(
    tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext], kind: str
) -> None:
    ours, theirs = tls_contexts

    async def scenario(scope: trio.CancelScope) -> None:
        async with AsyncExitStack() as stack:
            url = "http://service/"
            options: http.ConnectionOptions = {}
            if kind == "in process":
                options["transport"] = await stack.enter_async_context(http.in_process(echo))
            else:
                nursery = await stack.enter_async_context(trio.open_nursery())
                stack.callback(nursery.cancel_scope.cancel)
                server: http.Server = await nursery.start(
                    partial(http.serve, echo, 0, ssl_context=ours if kind == "tls" else None)
                )
                url = server.url
                if kind == "tls":
                    options["ssl_context"] = theirs
            async with http.open_client(limits=ONE_CONNECTION, **options) as client:
                with scope:
                    await use(client, url)
                await end_well(client, url)

    assert cancel_sweep(scenario).points > 50


@pytest.mark.sweep
def test_two_that_want_the_same_connection() -> None:
    async def scenario(scope: trio.CancelScope) -> None:
        async with trio.open_nursery() as nursery:
            server: http.Server = await nursery.start(http.serve, echo, 0)
            async with http.open_client(server.url, limits=ONE_CONNECTION) as client:
                async with trio.open_nursery() as callers:
                    callers.start_soon(partial(client.post, "/", content=pieces()))
                    with scope:
                        await client.post("/", content=b"mine")
                        await client.get("/")
                await end_well(client, "/")
            nursery.cancel_scope.cancel()

    assert cancel_sweep(scenario).points > 10


@pytest.mark.sweep
def test_an_upgrade() -> None:
    async def switch(stream: net.ByteStream) -> None:
        await stream.receive_until(b"\r\n\r\n")
        await stream.send_all(
            b"HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly"
        )
        await stream.send_all(await stream.receive_some())

    async def scenario(scope: trio.CancelScope) -> None:
        async with trio.open_nursery() as nursery:
            server = await nursery.start(net.serve_tcp, switch, 0)
            url = f"http://127.0.0.1:{server.port}"
            async with http.open_client(url, limits=ONE_CONNECTION) as client:
                with scope:
                    async with client.upgrade("echo", "/") as upgraded:
                        assert await upgraded.stream.receive_exactly(5) == b"early"
                        await upgraded.stream.send_all(b"x")
                        assert await upgraded.stream.receive_some() == b"x"
                assert client.statistics() == http.ClientStatistics(0, 0, 0)
            nursery.cancel_scope.cancel()

    assert cancel_sweep(scenario).points > 5


@pytest.mark.sweep
def test_calls_that_are_made_again() -> None:
    async def moody(stream: net.ByteStream) -> None:
        for status in (503, 200):
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(b"HTTP/1.1 %d Hm\r\nContent-Length: 0\r\n\r\n" % status)
        stream.reset()

    async def scenario(scope: trio.CancelScope) -> None:
        retries = http.Retries(policy=core.RetryPolicy(initial_delay=0.0001))
        async with trio.open_nursery() as nursery:
            server = await nursery.start(net.serve_tcp, moody, 0)
            url = f"http://127.0.0.1:{server.port}"
            async with http.open_client(
                url,
                limits=ONE_CONNECTION,
                retries=retries,
                circuit_breaker=core.CircuitBreaker,
                rate_limiter=lambda _: core.RateLimiter(1000),
            ) as client:
                with scope:
                    # Once it is cancelled there is no time left for another try.
                    assert (await client.get("/")).status in {200, 503}
                    async with client.stream("GET", "/") as response:
                        assert response.status in {200, 503}
                assert client.statistics().active == client.statistics().waiting == 0
            nursery.cancel_scope.cancel()

    assert cancel_sweep(scenario).points > 10
