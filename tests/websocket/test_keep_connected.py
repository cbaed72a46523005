"""A client that connects again whenever the connection is lost."""

from __future__ import annotations

from functools import partial

import pytest
import trio
import trio.testing

from tests.websocket.conftest import Serve, echo, running, ws_url
from trio_helianthus import core, errors, http, net, testing, websocket

QUICK = core.RetryPolicy(max_attempts=5, initial_delay=0.01, max_delay=0.02)


@pytest.mark.parametrize("code", [1001, 1011, 1012, 1013, 4000])
async def test_it_connects_again(serve: Serve, code: int) -> None:
    count = 0

    async def handler(connection: websocket.ServerConnection) -> None:
        nonlocal count
        count += 1
        await connection.send(str(count))
        if count < 3:
            await connection.aclose(code)
        else:
            await connection.receive()

    server = await serve(handler)
    got = list[str | bytes]()

    async def follow(connection: websocket.ClientConnection) -> None:
        async for message in connection:
            got.append(message)
            if message == "3":
                return

    with trio.fail_after(10):
        await websocket.keep_connected(ws_url(server), follow, policy=QUICK)
    assert got == ["1", "2", "3"]


async def test_it_survives_a_server_that_comes_back() -> None:
    listener = (await net.listen_tcp(0, host="127.0.0.1"))[0]
    port = listener.socket.getsockname()[1]
    await listener.aclose()
    got = trio.Event()

    async def follow(connection: websocket.ClientConnection) -> None:
        await connection.send("hello")
        await connection.receive()
        got.set()

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(
                partial(
                    websocket.keep_connected,
                    f"ws://127.0.0.1:{port}/",
                    follow,
                    policy=core.RetryPolicy(max_attempts=1000, max_delay=0.05),
                )
            )
            await trio.sleep(0.2)
            async with running(echo, port=port):
                await got.wait()


async def test_normal_closure_by_the_server_is_the_end(serve: Serve) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        await connection.send("all of it")

    server = await serve(handler)
    got = list[str | bytes]()

    async def follow(connection: websocket.ClientConnection) -> None:
        async for message in connection:
            got.append(message)

    with trio.fail_after(5):
        await websocket.keep_connected(ws_url(server), follow, policy=QUICK)
    assert got == ["all of it"]


@pytest.mark.parametrize("code", [1002, 1003, 1007, 1008, 1009])
async def test_codes_that_would_come_again_come_out(serve: Serve, code: int) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        await connection.aclose(code)

    server = await serve(handler)
    with trio.fail_after(5), pytest.raises(errors.WebSocketBroken) as caught:
        await websocket.keep_connected(
            ws_url(server), websocket.ClientConnection.receive, policy=QUICK
        )
    assert caught.value.code == code


async def test_the_policy_ends_it() -> None:
    with trio.fail_after(5), pytest.raises(errors.ConnectionRefused):
        await websocket.keep_connected("ws://127.0.0.1:9/", echo_client, policy=QUICK)


async def echo_client(connection: websocket.ClientConnection) -> None:
    await connection.receive()


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (401, 1), (503, 5)])
async def test_a_refused_handshake(nursery: trio.Nursery, status: int, tries: int) -> None:
    seen = 0

    async def refuse(_: http.Request) -> http.Response:
        nonlocal seen
        seen += 1
        raise http.HTTPError(status)

    server: http.Server = await nursery.start(http.serve, refuse)
    with trio.fail_after(5), pytest.raises(http.UpgradeRefused):
        await websocket.keep_connected(ws_url(server), echo_client, policy=QUICK)
    assert seen == tries


async def test_other_exceptions_come_out(serve: Serve) -> None:
    async def fail(connection: websocket.ClientConnection) -> None:
        raise errors.ConnectionRefused("of something else")

    server = await serve(echo)
    with trio.fail_after(5), pytest.raises(errors.ConnectionRefused, match="something else"):
        await websocket.keep_connected(ws_url(server), fail, policy=QUICK)


async def test_a_token_ends_it(serve: Serve) -> None:
    server = await serve(echo)
    token = core.CancelToken()

    async def follow(connection: websocket.ClientConnection) -> None:
        token.cancel("enough")
        await connection.receive()

    with trio.fail_after(5), pytest.raises(errors.OperationCancelled):
        await websocket.keep_connected(ws_url(server), follow, token=token)


async def test_who_has_only_so_much_time_is_kept_connected_until_then(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def follow(connection: websocket.ClientConnection) -> None:
        raise AssertionError("nobody is there")

    async with testing.open_virtual_network():
        slow = core.RetryPolicy(max_attempts=100, initial_delay=4, jitter=0)
        with trio.move_on_after(5) as scope:
            await websocket.keep_connected("ws://127.0.0.1:9/", follow, policy=slow)
        assert scope.cancelled_caught, "no wait that is too long ends it before its time"


async def test_attempts_that_take_long_are_failures_too(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Only a WebSocket that was open for long begins the row anew."""
    attempts = 0

    async def silent(stream: net.ByteStream) -> None:
        nonlocal attempts
        attempts += 1
        await trio.sleep_forever()

    async with testing.open_virtual_network(), trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, silent)
        policy = core.RetryPolicy(max_attempts=3, initial_delay=0.1, max_delay=1)
        with trio.fail_after(1000), pytest.raises(errors.OperationTimeout):
            await websocket.keep_connected(
                f"ws://127.0.0.1:{server.port}/", echo_client, policy=policy, timeout=5
            )
        nursery.cancel_scope.cancel()
    assert attempts == 3
