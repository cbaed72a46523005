"""A client that connects again whenever the connection is lost."""

from __future__ import annotations

import ssl
from functools import partial
from itertools import pairwise

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


async def test_each_failure_is_told_before_it_is_waited() -> None:
    told = list[tuple[str, float]]()

    def note(failure: Exception, delay: float) -> None:
        told.append((type(failure).__name__, delay))

    with trio.fail_after(5), pytest.raises(errors.ConnectionRefused):
        await websocket.keep_connected(
            "ws://127.0.0.1:9/", echo_client, policy=QUICK, on_failure=note
        )
    assert [name for name, _ in told] == ["ConnectionRefused"] * 4
    assert all(0 <= delay <= QUICK.max_delay for _, delay in told)


async def test_who_is_told_may_end_it(serve: Serve) -> None:
    async def give_up(connection: websocket.ServerConnection) -> None:
        await connection.aclose(4000, "gone for lunch")

    def stop(failure: Exception, _: float) -> None:
        if isinstance(failure, errors.WebSocketClosed) and failure.code == 4000:
            raise LookupError(failure.reason)

    server = await serve(give_up)
    with trio.fail_after(5), pytest.raises(LookupError, match="gone for lunch"):
        await websocket.keep_connected(ws_url(server), echo_client, on_failure=stop)


async def echo_client(connection: websocket.ClientConnection) -> None:
    await connection.receive()


@pytest.mark.parametrize(
    ("status", "tries"),
    [
        (302, 1),
        (401, 1),
        (403, 1),
        (404, 1),
        (408, 5),
        (425, 5),
        (429, 5),
        (500, 5),
        (503, 5),
        (521, 5),
    ],
)
async def test_a_refused_handshake(nursery: trio.Nursery, status: int, tries: int) -> None:
    seen = 0

    async def refuse(_: http.Request) -> http.Response:
        nonlocal seen
        seen += 1
        return http.Response(status=status)

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


async def test_a_handler_that_closes_what_was_lost_is_called_again(serve: Serve) -> None:
    count = 0

    async def handler(connection: websocket.ServerConnection) -> None:
        nonlocal count
        count += 1
        if count < 3:
            await connection.aclose(websocket.CloseCode.SERVICE_RESTART)

    async def follow(connection: websocket.ClientConnection) -> None:
        async with connection:
            await connection.receive()

    server = await serve(handler)
    with trio.fail_after(5):
        await websocket.keep_connected(ws_url(server), follow, policy=QUICK)
    assert count == 3


async def test_the_last_loss_comes_out_with_its_code_though_the_handler_has_closed(
    serve: Serve,
) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        await connection.aclose(4001, "who are you?")

    async def follow(connection: websocket.ClientConnection) -> None:
        async with connection:
            await connection.receive()

    server = await serve(handler)
    with trio.fail_after(5), pytest.raises(errors.WebSocketBroken, match="who are you") as caught:
        await websocket.keep_connected(ws_url(server), follow, policy=QUICK)
    assert caught.value.code == 4001


@pytest.mark.parametrize("code", [1000, 1012, 3000])
async def test_closing_it_is_the_end_whatever_the_code(serve: Serve, code: int) -> None:
    count = 0

    async def handler(connection: websocket.ServerConnection) -> None:
        nonlocal count
        count += 1
        await echo(connection)

    async def follow(connection: websocket.ClientConnection) -> None:
        connection.close_nowait(code)
        async for _ in connection:
            pass

    server = await serve(handler)
    with trio.fail_after(5):
        await websocket.keep_connected(ws_url(server), follow, policy=QUICK)
    assert count == 1


async def test_a_message_that_is_refused_comes_out(serve: Serve) -> None:
    """It would come again, and the handler has not chosen to end."""

    async def handler(connection: websocket.ServerConnection) -> None:
        await connection.send("HELLO")
        await echo(connection)

    server = await serve(handler)
    with trio.fail_after(5), pytest.raises(errors.WebSocketBroken, match="not JSON") as caught:
        await websocket.keep_connected(
            ws_url(server), websocket.ClientConnection.receive_json, policy=QUICK
        )
    assert caught.value.code == 1007


async def test_a_loss_that_only_a_sender_has_noticed_is_a_loss(serve: Serve) -> None:
    count = 0

    async def follow(connection: websocket.ClientConnection) -> None:
        nonlocal count
        count += 1
        if count == 3:
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(connection.receive)
            await trio.testing.wait_all_tasks_blocked()
            connection._ending.lose_sending(errors.ConnectionReset())
            await connection.send("anybody there?")

    server = await serve(echo)
    with trio.fail_after(5):
        await websocket.keep_connected(ws_url(server), follow, policy=QUICK)
    assert count == 3


async def test_a_certificate_that_does_not_verify_comes_out(nursery: trio.Nursery) -> None:
    trustme = pytest.importorskip("trustme")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server: http.Server = await nursery.start(
        partial(websocket.serve_websocket, echo, ssl_context=context)
    )
    with trio.fail_after(10), pytest.raises(errors.CertificateInvalid):
        await websocket.keep_connected(ws_url(server), echo_client)


async def test_a_subprotocol_that_was_not_offered_comes_out(serve: Serve) -> None:
    async def choose(request: http.Request) -> http.Response:
        response = websocket.accept(request, echo)
        response.headers["Sec-WebSocket-Protocol"] = "telepathy"
        return response

    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, choose)
        with trio.fail_after(5), pytest.raises(errors.RemoteProtocolError, match="telepathy"):
            await websocket.keep_connected(ws_url(server), echo_client)
        nursery.cancel_scope.cancel()


async def test_each_attempt_offers_the_same(serve: Serve) -> None:
    seen: list[tuple[str | None, str | None]] = []

    async def handler(connection: websocket.ServerConnection) -> None:
        seen.append((connection.subprotocol, connection.request.headers.get("x-name")))
        await connection.aclose(1012 if len(seen) < 3 else 1000)

    server = await serve(handler, subprotocols=["chat"])
    with trio.fail_after(5):
        await websocket.keep_connected(
            ws_url(server),
            echo_client,
            policy=QUICK,
            subprotocols=iter(["chat"]),
            headers=iter([("X-Name", "ann")]),
        )
    assert seen == [("chat", "ann")] * 3


@pytest.mark.parametrize(("status", "tries"), [(407, 1), (502, 5)])
async def test_a_proxy_that_refuses(nursery: trio.Nursery, status: int, tries: int) -> None:
    seen = 0

    async def refuse(stream: net.ByteStream) -> None:
        nonlocal seen
        seen += 1
        await stream.receive_until(b"\r\n\r\n")
        await stream.send_all(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)
        await stream.receive_all()

    server: net.Server = await nursery.start(net.serve_tcp, refuse)
    with trio.fail_after(5), pytest.raises(http.ProxyRefused):
        await websocket.keep_connected(
            "wss://example.invalid/",
            echo_client,
            policy=QUICK,
            proxy=f"http://127.0.0.1:{server.port}",
        )
    assert seen == tries


async def test_a_server_that_ends_before_it_has_answered_is_tried_again(
    nursery: trio.Nursery,
) -> None:
    answers = [b"", b"HTTP/1.1 101 Swit", b"", b"HTTP/1.1 101 Switching\r\nUpgra", b""]
    seen = iter(answers)

    async def die(stream: net.ByteStream) -> None:
        await stream.receive_until(b"\r\n\r\n")
        await stream.send_all(next(seen))

    server: net.Server = await nursery.start(net.serve_tcp, die)
    with trio.fail_after(5), pytest.raises(errors.NetworkError):
        await websocket.keep_connected(f"ws://127.0.0.1:{server.port}/", echo_client, policy=QUICK)
    assert next(seen, None) is None


async def test_what_opens_and_is_lost_at_once_is_waited_for_longer_and_longer(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """And from the beginning again once a WebSocket was open for longer than the longest wait."""
    opened: list[float] = []

    async def follow(connection: websocket.ClientConnection) -> None:
        opened.append(trio.current_time())
        if len(opened) == 6:
            connection.close_nowait()
        else:
            await connection.send("hello")
            await connection.receive()

    async def handler(connection: websocket.ServerConnection) -> None:
        await connection.receive()
        await trio.sleep(10 if len(opened) == 4 else 0)
        await connection.aclose(websocket.CloseCode.TRY_AGAIN_LATER)

    policy = core.RetryPolicy(max_attempts=100, initial_delay=1, max_delay=9, jitter=0)
    async with testing.open_virtual_network(), running(handler) as server:
        await websocket.keep_connected(ws_url(server), follow, policy=policy)
    waits = [round(later - one) for one, later in pairwise(opened)]
    assert waits == [1, 2, 4, 10 + 1, 2]
