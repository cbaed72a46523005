"""A WebSocket of an app: from the handshake to the end, whichever side it comes from."""

from __future__ import annotations

import ssl
from functools import partial

import pytest
import trio

from tests.asgi._websocket_app import (
    HANDSHAKE,
    App,
    echo,
    end_of,
    until_disconnect,
    ws_url,
)
from tests.asgi.conftest import ServeApp
from trio_helianthus import asgi, http, net, websocket
from trio_helianthus.errors import ConnectionBroken, ResourceBusy
from trio_helianthus.wire import websocket as wire

# ---- good order


async def test_messages_go_both_ways(serve_app: ServeApp, no_errors: None) -> None:
    app = App(echo)
    server = await serve_app(app)
    async with websocket.open_websocket(ws_url(server)) as connection:
        for message in ("text", "", b"binary", b"", "ü" * 100_000, bytes(200_000)):
            await connection.send(message)
            assert await connection.receive() == message
    await app.end()
    assert app.received[0] == {"type": "websocket.connect"}
    assert app.received[1] == {"type": "websocket.receive", "text": "text", "bytes": None}
    assert app.received[4] == {"type": "websocket.receive", "text": None, "bytes": b""}
    assert app.received[-1] == {"type": "websocket.disconnect", "code": 1000, "reason": ""}


async def test_the_scope_tells_what_the_client_asks_for(
    serve_app: ServeApp, no_errors: None
) -> None:
    app = App(until_disconnect)
    server = await serve_app(app, root_path="/app")
    async with websocket.open_websocket(
        ws_url(server, "/ch%C3%A4t?room=1"), subprotocols=["a", "b"], headers={"X-Who": "me"}
    ):
        pass
    (scope,) = app.scopes
    assert "method" not in scope
    assert scope["type"] == "websocket"
    assert scope["asgi"] == {"version": "3.0", "spec_version": "2.5"}
    assert (scope["scheme"], scope["http_version"]) == ("ws", "1.1")
    assert (scope["path"], scope["root_path"]) == ("/app/chät", "/app")
    assert scope["raw_path"] == b"/app/ch%C3%A4t"
    assert scope["query_string"] == b"room=1"
    assert scope["subprotocols"] == ["a", "b"]
    assert (b"x-who", b"me") in scope["headers"]
    assert scope["server"] == ("127.0.0.1", server.port)
    assert scope["client"][0] == "127.0.0.1"
    assert scope["state"] == {}
    assert scope["extensions"] == {"websocket.http.response": {}}


async def test_over_tls_it_is_wss(serve_app: ServeApp, no_errors: None) -> None:
    trustme = pytest.importorskip("trustme", reason="TLS needs a certificate authority")
    authority = trustme.CA()
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(ours)
    theirs = ssl.create_default_context()
    authority.configure_trust(theirs)
    app = App(echo)
    server = await serve_app(app, ssl_context=ours)
    async with websocket.open_websocket(ws_url(server), ssl_context=theirs) as connection:
        await connection.send("hello")
        assert await connection.receive() == "hello"
    (scope,) = app.scopes
    assert scope["scheme"] == "wss"
    assert scope["extensions"].keys() == {"websocket.http.response", "tls"}


async def test_the_app_may_choose_a_subprotocol_and_add_fields(
    serve_app: ServeApp, no_errors: None
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        headers = [(b"x-one", b"1"), (b"set-cookie", b"a=1"), (b"Set-Cookie", b"b=2")]
        headers += [(b"connection", b"close"), (b"Content-Length", b"5")]
        await send({"type": "websocket.accept", "subprotocol": "b", "headers": headers})

    server = await serve_app(App(talk, accepts=False))
    async with websocket.open_websocket(ws_url(server), subprotocols=["a", "b"]) as connection:
        assert connection.subprotocol == "b"
        headers = connection.response.headers
        assert headers["x-one"] == "1"
        assert headers.get_all("set-cookie") == ["a=1", "b=2"]
        assert headers.get_all("connection") == ["Upgrade"]


async def test_a_subprotocol_that_the_client_does_not_offer_is_left_out(
    serve_app: ServeApp, no_errors: None
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "websocket.accept", "subprotocol": "c", "headers": None})

    server = await serve_app(App(talk, accepts=False))
    async with websocket.open_websocket(ws_url(server), subprotocols=["a"]) as connection:
        assert connection.subprotocol is None


async def test_an_app_that_returns_closes_with_1000(serve_app: ServeApp, no_errors: None) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "websocket.send", "text": "goodbye"})

    server = await serve_app(App(talk))
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert await connection.receive() == "goodbye"
        assert await end_of(connection) == (1000, "")


@pytest.mark.parametrize(
    ("close", "told"),
    [
        ({}, (1000, "")),
        ({"code": None, "reason": None}, (1000, "")),
        ({"code": 3000, "reason": "bored"}, (3000, "bored")),
        ({"code": websocket.CloseCode.POLICY_VIOLATION}, (1008, "")),
    ],
)
async def test_the_app_closes_with_a_code_and_hears_it_itself(
    serve_app: ServeApp, close: asgi.Message, told: tuple[int, str], no_errors: None
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "websocket.close", **close})
        for _ in range(2):
            code, reason = told
            assert await receive() == {
                "type": "websocket.disconnect",
                "code": code,
                "reason": reason,
            }
        with pytest.raises(asgi.AppError, match="has closed"):
            await send({"type": "websocket.send", "text": "x"})

    server = await serve_app(App(talk))
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert await end_of(connection) == told


async def test_an_app_that_has_closed_may_go_on(
    serve_app: ServeApp, no_errors: None, autojump_clock: trio.testing.MockClock
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "websocket.close"})
        await trio.sleep(60)

    app = App(talk)
    async with (
        asgi.transport(app) as transport,
        http.open_client("http://app", transport=transport) as client,
        websocket.open_websocket("/", client=client) as connection,
    ):
        assert await end_of(connection) == (1000, "")
        await app.ended.wait()
    assert not app.cancelled


async def test_a_receive_in_another_task_hears_of_the_apps_own_close(
    serve_app: ServeApp, no_errors: None
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(until_disconnect, receive, send)
            await trio.testing.wait_all_tasks_blocked(0.01)
            await send({"type": "websocket.close", "code": 4000})

    app = App(talk)
    server = await serve_app(app)
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert await end_of(connection) == (4000, "")
    await app.end()
    assert app.received[-1]["code"] == 4000


async def test_only_one_task_may_receive(serve_app: ServeApp, no_errors: None) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(until_disconnect, receive, send)
            await trio.testing.wait_all_tasks_blocked(0.01)
            with pytest.raises(ResourceBusy):
                await receive()
            await send({"type": "websocket.send", "text": "done"})

    server = await serve_app(App(talk))
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert await connection.receive() == "done"


async def test_scopes_of_the_app_may_reach_around_its_accept(
    serve_app: ServeApp, no_errors: None
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                await receive()
                await send({"type": "websocket.accept"})
                nursery.start_soon(echo, receive, send)

    server = await serve_app(App(talk, accepts=False))
    async with websocket.open_websocket(ws_url(server)) as connection:
        await connection.send("x")
        assert await connection.receive() == "x"


async def test_another_task_may_send_while_one_accepts(
    serve_app: ServeApp, no_errors: None
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        async def accept() -> None:
            begun.set()
            await send({"type": "websocket.accept"})

        await receive()
        begun = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(accept)
            await begun.wait()
            await send({"type": "websocket.send", "text": "x"})

    server = await serve_app(App(talk, accepts=False))
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert await connection.receive() == "x"
        assert await end_of(connection) == (1000, "")


# ---- the client's end


@pytest.mark.parametrize(
    ("close", "code", "reason"),
    [
        (wire.Close(1001, "moved on"), 1001, "moved on"),
        (wire.Close(4321), 4321, ""),
        (wire.Close(), 1005, ""),
        (None, 1006, ""),
    ],
)
async def test_the_app_is_told_how_the_client_ended(
    serve_app: ServeApp, no_errors: None, close: wire.Close | None, code: int, reason: str
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await until_disconnect(receive, send)
        assert (await receive())["code"] == code  # whoever asks again is told again
        with pytest.raises(OSError, match="gone") as caught:
            await send({"type": "websocket.send", "text": "are you there?"})
        assert isinstance(caught.value, ConnectionBroken)
        await send({"type": "websocket.close"})  # changes nothing

    app = App(talk)
    server = await serve_app(app)
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send_all(HANDSHAKE)
        assert (await stream.receive_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        if close is not None:
            await stream.send_all(wire.client_connection().send(close))
            await stream.receive_all()
    await app.end()
    assert app.received[-1] == {"type": "websocket.disconnect", "code": code, "reason": reason}
    assert not app.cancelled


async def test_a_message_that_comes_with_the_handshake_is_not_lost(
    serve_app: ServeApp, no_errors: None
) -> None:
    server = await serve_app(App(echo))
    frame = wire.client_connection().send_text("early")
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send_all(HANDSHAKE + frame)
        await stream.receive_until(b"\r\n\r\n")
        assert await stream.receive_exactly(7) == b"\x81\x05early"


async def test_an_app_that_ends_as_sending_failed_is_no_mistake(
    serve_app: ServeApp, no_errors: None
) -> None:
    gone = trio.Event()

    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await gone.wait()
        async with trio.open_nursery():
            while True:
                await send({"type": "websocket.send", "bytes": bytes(1000)})

    app = App(talk)
    server = await serve_app(app)
    async with websocket.open_websocket(ws_url(server)):
        pass
    gone.set()
    await app.end()


async def test_an_app_that_does_not_notice_is_cancelled_after_a_grace(
    autojump_clock: trio.testing.MockClock, no_errors: None
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await trio.sleep_forever()

    app = App(talk)
    limits = websocket.WebSocketLimits(closed_grace=5)
    async with (
        asgi.transport(app, websocket_limits=limits) as transport,
        http.open_client("http://app", transport=transport) as client,
    ):
        async with websocket.open_websocket("/", client=client):
            pass
        left = trio.current_time()
        await app.ended.wait()
        assert 4.9 < trio.current_time() - left < 5.5
    assert app.cancelled


async def test_before_it_accepts_the_app_is_cancelled_when_its_client_leaves(
    serve_app: ServeApp, no_errors: None
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        await trio.sleep_forever()

    app = App(talk, accepts=False)
    server = await serve_app(app)
    stream = await net.connect_tcp("127.0.0.1", server.port)
    await stream.send_all(HANDSHAKE)
    await trio.testing.wait_all_tasks_blocked(0.01)
    stream.reset()
    await app.end()
    assert app.cancelled


async def test_before_it_accepts_the_app_may_wait_for_its_client_to_leave(
    serve_app: ServeApp, no_errors: None
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        await receive()
        await send({"type": "websocket.close"})  # changes nothing
        await send({"type": "websocket.accept"})

    app = App(talk, accepts=False)
    server = await serve_app(app, limits=http.ServerLimits(half_close_grace=60))
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send_all(HANDSHAKE)
        await stream.send_eof()
        await app.end()
    assert app.received[-1] == {"type": "websocket.disconnect", "code": 1006, "reason": ""}


@pytest.mark.parametrize("goes_on", [False, True])
async def test_a_client_that_leaves_before_its_refusal_is_complete_is_no_mistake_of_the_app(
    serve_app: ServeApp, no_errors: None, goes_on: bool
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
        assert (await receive())["type"] == "websocket.disconnect"
        if goes_on:
            await send({"type": "websocket.http.response.body", "body": b"who goes there?"})

    app = App(talk, accepts=False)
    server = await serve_app(app, limits=http.ServerLimits(half_close_grace=60))
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send_all(HANDSHAKE)
        await stream.send_eof()
        await app.end()
        await stream.receive_all()


async def test_a_client_that_ends_its_side_while_it_is_accepted_is_heard_to_its_end(
    no_errors: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def talk(steps: int, receive: asgi.Receive, send: asgi.Send) -> None:
        async def end_side() -> None:
            for _ in range(steps):
                await trio.lowlevel.checkpoint()
            ended_side.set()

        await receive()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(until_disconnect, receive, send)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(end_side)
            await send({"type": "websocket.accept"})

    async def handle(request: http.Request) -> http.HandlerResult:
        monkeypatch.setattr(request, "wait_disconnect", ended_side.wait)
        return await asgi.as_handler(app)(request)

    async with (
        http.in_process(handle) as transport,
        http.open_client("http://app", transport=transport) as client,
    ):
        for steps in 5 * list(range(20)):  # which of them is the first is chance
            ended_side = trio.Event()
            app = App(partial(talk, steps), accepts=False)
            async with websocket.open_websocket("/", client=client) as connection:
                await connection.send("the last")
                await connection.aclose(4000)
            await app.end()
            kinds = [message["type"] for message in app.received[1:]]
            assert kinds == ["websocket.receive", "websocket.disconnect"]
            assert app.received[-1]["code"] == 4000
