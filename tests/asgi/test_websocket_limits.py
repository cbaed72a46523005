"""What limits the WebSockets of an app: sizes, times, the server's end; and what is left then."""

from __future__ import annotations

import gc
import math

import pytest
import trio

from tests.asgi._websocket_app import (
    App,
    Talk,
    echo,
    end_of,
    refusal_of,
    until_disconnect,
    ws_url,
)
from tests.asgi.conftest import Reports, ServeApp
from trio_helianthus import asgi, http, websocket


async def test_a_message_over_the_limit_ends_with_1009(
    serve_app: ServeApp, no_errors: None
) -> None:
    app = App(until_disconnect)
    limits = websocket.WebSocketLimits(max_message_bytes=10)
    server = await serve_app(app, websocket_limits=limits)
    async with websocket.open_websocket(ws_url(server)) as connection:
        await connection.send(bytes(11))
        code, _ = await end_of(connection)
    assert code == 1009
    await app.end()
    assert app.received[-1]["code"] == 1009


@pytest.mark.parametrize("deflate", [None, websocket.Deflate()])
async def test_compression_may_be_switched_off(
    serve_app: ServeApp, no_errors: None, deflate: websocket.Deflate | None
) -> None:
    server = await serve_app(App(echo), websocket_deflate=deflate)
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert (connection.deflate is None) == (deflate is None)
        await connection.send("x" * 10_000)
        assert await connection.receive() == "x" * 10_000


async def test_a_drain_closes_with_1001(serve_app: ServeApp, no_errors: None) -> None:
    app = App(until_disconnect)
    server = await serve_app(app)
    async with (
        websocket.open_websocket(ws_url(server)) as connection,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(server.drain, 5)
        code, _ = await end_of(connection)
        assert code == 1001
    await app.end()
    assert app.received[-1]["code"] == 1001
    assert not app.cancelled


async def test_a_websocket_that_is_accepted_during_a_drain_is_closed_at_once(
    serve_app: ServeApp, no_errors: None, nursery: trio.Nursery
) -> None:
    go_on = trio.Event()

    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        await go_on.wait()
        await send({"type": "websocket.accept"})
        await until_disconnect(receive, send)

    app = App(talk, accepts=False)
    server = await serve_app(app)

    async def drain_soon() -> None:
        await trio.testing.wait_all_tasks_blocked(0.01)
        nursery.start_soon(server.drain, 5)
        await trio.testing.wait_all_tasks_blocked(0.01)
        go_on.set()

    nursery.start_soon(drain_soon)
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert (await end_of(connection))[0] == 1001


async def test_the_time_of_a_handler_ends_with_the_handshake(
    autojump_clock: trio.testing.MockClock, no_errors: None
) -> None:
    limits = http.ServerLimits(handler_timeout=1)
    async with (
        asgi.transport(App(echo), limits=limits) as transport,
        http.open_client("http://app", transport=transport) as client,
        websocket.open_websocket(
            "/", client=client, headers={"X-Request-Timeout": "0.5"}
        ) as connection,
    ):
        await trio.sleep(100)
        await connection.send("still there")
        assert await connection.receive() == "still there"


async def test_an_app_that_does_not_answer_the_handshake_in_time_is_503(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await trio.sleep_forever()

    limits = http.ServerLimits(handler_timeout=1)
    async with (
        asgi.transport(App(talk, accepts=False), limits=limits) as transport,
        http.open_client("http://app", transport=transport) as client,
    ):
        with pytest.raises(http.UpgradeRefused) as caught:
            async with websocket.open_websocket("/", client=client):
                pytest.fail("it must not open")
        assert caught.value.response.status == 503


async def test_an_idle_app_keeps_its_client_by_pings(
    autojump_clock: trio.testing.MockClock, no_errors: None
) -> None:
    limits = websocket.WebSocketLimits(ping_interval=10, idle_timeout=math.inf)
    app = App(until_disconnect)
    async with (
        asgi.transport(app, websocket_limits=limits) as transport,
        http.open_client("http://app", transport=transport) as client,
        websocket.open_websocket("/", client=client) as connection,
    ):
        await trio.sleep(1000)
        assert connection.close_code is None


async def test_middleware_stays_around_it_and_times_the_handshake_only(
    autojump_clock: trio.testing.MockClock, no_errors: None
) -> None:
    shedding = http.middleware.LoadShedding(1)
    router = http.Router(middleware=[shedding, http.middleware.Timeout(1)])
    router.mount("/api", asgi.as_handler(App(echo)))
    async with (
        http.in_process(router) as transport,
        http.open_client("http://app", transport=transport) as client,
    ):
        async with websocket.open_websocket("/api/", client=client) as connection:
            await trio.sleep(100)
            assert shedding.statistics().in_flight == 1
            await connection.send("x")
            assert await connection.receive() == "x"
        await trio.testing.wait_all_tasks_blocked()
        assert shedding.statistics().in_flight == 0


async def test_a_websocket_may_be_mounted_in_a_router(
    nursery: trio.Nursery, no_errors: None
) -> None:
    app = App(echo)
    router = http.Router()
    router.mount("/api", asgi.as_handler(app))
    async with (
        http.in_process(router) as transport,
        http.open_client("http://app", transport=transport) as client,
        websocket.open_websocket("/api/chat", client=client) as connection,
    ):
        await connection.send("x")
        assert await connection.receive() == "x"
    assert (app.scopes[0]["path"], app.scopes[0]["root_path"]) == ("/api/chat", "/api")


@pytest.mark.parametrize("talk", [echo, until_disconnect, None])
async def test_an_ended_websocket_is_let_go_without_the_garbage_collector(
    serve_app: ServeApp, reports: Reports, talk: Talk | None
) -> None:
    async def fail(receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        raise KeyError("oops")

    app = App(talk or fail)
    server = await serve_app(app)
    gc.collect()
    gc.disable()
    try:
        async with websocket.open_websocket(ws_url(server)) as connection:
            await trio.testing.wait_all_tasks_blocked(0.01)
            assert count(websocket.ServerConnection) == 1
            await connection.send("x")
        await app.end()
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert count(websocket.ServerConnection) == 0
    finally:
        gc.enable()


async def test_an_error_in_front_of_the_accept_is_let_go_without_the_garbage_collector(
    serve_app: ServeApp, reports: Reports
) -> None:
    class OopsError(Exception):
        pass

    async def fail(receive: asgi.Receive, send: asgi.Send) -> None:
        raise OopsError

    server = await serve_app(App(fail, accepts=False))
    gc.collect()
    gc.disable()
    try:
        assert (await refusal_of(server)).status == 500
        assert len(reports.errors) == 1
        reports.errors.clear()
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert count(OopsError) == 0
    finally:
        gc.enable()


def count(kind: type) -> int:
    """How many objects of a class there are."""
    return sum(type(thing) is kind for thing in gc.get_objects())
