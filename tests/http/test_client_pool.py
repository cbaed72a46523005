"""A client's connections: how many, which, for how long, and never stuck."""

from __future__ import annotations

import math
import random
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

import pytest
import trio

from trio_helianthus import core, errors, http, net, testing

if TYPE_CHECKING:
    from tests.http.conftest import Reports, Serve, ServeScript

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NOTHING = http.ClientStatistics(active=0, idle=0, waiting=0)


async def pieces() -> AsyncIterator[bytes]:
    yield b"one "
    await trio.lowlevel.checkpoint()
    yield b"two"


async def echo_target(request: http.Request) -> str:
    await trio.sleep(random.random() * 0.002)
    return request.target


async def test_no_more_connections_than_the_limit_and_in_order(
    serve: Serve, reports: Reports
) -> None:
    order: list[str] = []

    async def handler(request: http.Request) -> str:
        order.append(request.path)
        return ""

    server = await serve(handler)
    limits = http.ClientLimits(max_connections=1)
    async with http.open_client(server.url, limits=limits) as client:
        async with trio.open_nursery() as nursery:
            for number in range(10):
                nursery.start_soon(client.get, f"/{number}")
                await trio.testing.wait_all_tasks_blocked()
        assert client.statistics() == http.ClientStatistics(0, 1, 0)
    assert order == [f"/{number}" for number in range(10)]
    assert len(reports.named("net.tcp.connect")) == 1


async def test_waiting_for_a_connection_has_its_own_timeout(
    serve_script: ServeScript, autojump_clock: trio.testing.MockClock
) -> None:
    async def silent(stream: net.ByteStream) -> None:
        await stream.receive_all()

    timeouts = http.Timeouts(60, pool=3, connect=20)
    limits = http.ClientLimits(max_connections=1)
    url = await serve_script(silent)
    async with http.open_client(url, timeouts=timeouts, limits=limits) as client:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(client.get, "/", timeout=math.inf))
            await trio.testing.wait_all_tasks_blocked()
            began = trio.current_time()
            with pytest.raises(errors.OperationTimeout):
                await client.get("/")
            assert trio.current_time() - began == 3
            assert client.statistics() == http.ClientStatistics(1, 0, 0)
            nursery.cancel_scope.cancel()
        assert client.statistics() == NOTHING


async def test_too_many_that_wait_are_told(serve_script: ServeScript) -> None:
    async def silent(stream: net.ByteStream) -> None:
        await stream.receive_all()

    limits = http.ClientLimits(max_connections=1, max_waiting=1)
    async with (
        http.open_client(await serve_script(silent), limits=limits) as client,
        trio.open_nursery() as nursery,
    ):
        for _ in range(2):
            nursery.start_soon(client.get, "/")
            await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(errors.ResourceFull, match="max_waiting"):
            await client.get("/")
        nursery.cancel_scope.cancel()


async def test_idle_connections_are_closed_after_a_while(
    serve: Serve, autojump_clock: trio.testing.MockClock
) -> None:
    server = await serve(echo_target)
    limits = http.ClientLimits(idle_timeout=5)
    async with http.open_client(server.url, limits=limits) as client:
        await client.get("/")
        assert client.statistics().idle == 1
        await trio.sleep(6)
        assert client.statistics() == NOTHING
        await client.get("/")


async def test_old_connections_are_replaced(
    serve_script: ServeScript, reports: Reports, autojump_clock: trio.testing.MockClock
) -> None:
    async def script(stream: net.ByteStream) -> None:
        while True:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(OK)

    limits = http.ClientLimits(max_lifetime=5)
    async with http.open_client(await serve_script(script), limits=limits) as client:
        for _ in range(12):
            await client.get("/")
            await trio.sleep(1)
    assert 3 <= len(reports.named("net.tcp.connect")) <= 4


async def test_origins_that_nobody_asks_any_more_are_forgotten() -> None:
    async with http.in_process(echo_target) as transport:
        limits = http.ClientLimits(max_idle=1, idle_timeout=0.001, max_origins=50)
        async with http.open_client(transport=transport, limits=limits) as client:
            for number in range(200):
                assert (await client.get(f"http://host{number}/")).status == 200
                await trio.sleep(0.0005)
            pools = client._exchanges._pools
            assert len(pools) <= 50


async def test_the_origin_that_was_left_alone_for_longest_makes_room(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def handler(request: http.Request) -> str:
        if request.path == "/slow":
            await trio.sleep(10)
        return request.headers["host"]

    def origins(client: http.Client) -> list[str]:
        return [origin.host for origin in client._exchanges._pools]

    async with (
        http.in_process(handler) as transport,
        http.open_client(transport=transport, limits=http.ClientLimits(max_origins=3)) as client,
    ):
        for host in ("one", "two", "three", "one"):
            await client.get(f"http://{host}/")
            await trio.sleep(1)
        await client.get("http://four/")
        assert origins(client) == ["one", "three", "four"]
        assert client.statistics().idle == 3
        async with trio.open_nursery() as nursery:
            for host in ("one", "three", "four"):
                nursery.start_soon(client.get, f"http://{host}/slow")
            await trio.testing.wait_all_tasks_blocked()
            assert (await client.get("http://five/")).text == "five"
            assert len(origins(client)) == 4  # who is being asked is not forgotten


async def test_an_origin_is_not_forgotten_while_a_call_waits_for_its_next_try(
    autojump_clock: trio.testing.MockClock,
) -> None:
    asked: list[str] = []

    async def handler(request: http.Request) -> http.Response:
        asked.append(request.headers["host"])
        return http.Response(status=503 if asked == ["moody"] else 200)

    policy = core.RetryPolicy(initial_delay=5, jitter=0)
    async with (
        http.in_process(handler) as transport,
        http.open_client(
            transport=transport,
            limits=http.ClientLimits(max_origins=1),
            retries=http.Retries(policy=policy),
        ) as client,
        trio.open_nursery() as nursery,
    ):

        @nursery.start_soon
        async def call() -> None:
            assert (await client.get("http://moody/")).status == 200

        await trio.sleep(2)
        assert (await client.get("http://other/")).status == 200


async def test_each_caller_gets_its_own_answer_whatever_others_do(serve: Serve) -> None:
    """Calls that are given up at random times never leave an answer for somebody else."""
    server = await serve(echo_target)
    rng = random.Random(1)
    limits = http.ClientLimits(max_connections=3)

    async def call(client: http.Client, number: int, seconds: float) -> None:
        with trio.move_on_after(seconds):
            target = f"/{number}"
            content = pieces() if number % 3 == 0 else b"x"
            if number % 2:
                answer = await client.post(target, content=content)
                assert answer.text == target
            else:
                async with client.stream("PUT", target, content=content) as response:
                    assert await response.read() == target.encode()

    async with http.open_client(server.url, limits=limits) as client:
        for _ in range(10):
            async with trio.open_nursery() as nursery:
                for number in range(30):
                    nursery.start_soon(call, client, number, rng.random() * 0.03)
            assert client.statistics().active == client.statistics().waiting == 0
        assert (await client.get("/last", timeout=5)).text == "/last"


async def test_a_server_that_resets_everything_now_and_then(serve: Serve) -> None:
    server = await serve(echo_target)
    async with (
        testing.open_fault_proxy("127.0.0.1", server.port) as proxy,
        http.open_client(f"http://127.0.0.1:{proxy.port}") as client,
    ):
        for number in range(20):
            answer = await client.get(f"/{number}")
            assert answer.text == f"/{number}"
            if number % 3 == 0:
                proxy.break_all()


@pytest.mark.parametrize("cut", [testing.CutAt, testing.ResetAt])
@pytest.mark.parametrize("direction", ["to_server", "to_client"])
async def test_a_connection_cut_at_any_byte_is_an_error_and_the_next_works(
    serve: Serve, cut: type[testing.CutAt], direction: str
) -> None:
    async def handler(request: http.Request) -> bytes:
        return await request.read()

    server = await serve(handler)
    async with (
        testing.open_fault_proxy("127.0.0.1", server.port) as proxy,
        http.open_client(f"http://127.0.0.1:{proxy.port}", timeout=5) as client,
    ):
        whole = 0
        for position in range(0, 220, 3):
            proxy.faults = testing.Faults(**{direction: [cut(position)]})
            try:
                answer = await client.post("/", content=b"content")
            except errors.NetworkError:
                assert client.statistics() == NOTHING
            else:
                whole += 1
                assert answer.content == b"content"
                proxy.break_all()
                await trio.testing.wait_all_tasks_blocked(0.001)
        assert whole < 70
        proxy.faults = testing.Faults()
        assert (await client.post("/", content=b"content")).content == b"content"


async def test_a_closed_client_ends_what_is_under_way(serve_script: ServeScript) -> None:
    async def silent(stream: net.ByteStream) -> None:
        await stream.receive_all()

    async with trio.open_nursery() as nursery:
        async with http.open_client(await serve_script(silent)) as client:

            @nursery.start_soon
            async def call() -> None:
                with pytest.raises(errors.ResourceClosed, match="client is closed"):
                    await client.get("/")

            await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(errors.ResourceClosed):
            await client.get("/")
