"""A WebSocket of an app: from the handshake to the end, whichever side it comes from."""

from __future__ import annotations

import math
import ssl
from collections.abc import Awaitable, Callable

import pytest
import trio

from tests.asgi.conftest import Reports, ServeApp, raw_answer
from trio_helianthus import asgi, http, net, websocket
from trio_helianthus.errors import (
    ConnectionBroken,
    ResourceBusy,
    WebSocketClosed,
)
from trio_helianthus.wire import websocket as wire

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
Talk = Callable[[asgi.Receive, asgi.Send], Awaitable[None]]


class App:
    """An app that keeps what it was told, and does as the test says."""

    def __init__(self, talk: Talk, *, accepts: bool = True) -> None:
        self.scopes: list[asgi.Scope] = []
        self.received: list[asgi.Message] = []
        self.cancelled = False
        self.ended = trio.Event()
        self._talk = talk
        self._accepts = accepts

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        self.scopes.append(scope)

        async def note() -> asgi.Message:
            message = await receive()
            self.received.append(message)
            return message

        try:
            if self._accepts:
                assert (await note())["type"] == "websocket.connect"
                await send({"type": "websocket.accept"})
            await self._talk(note, send)
        except trio.Cancelled:
            self.cancelled = True
            raise
        finally:
            self.ended.set()

    async def end(self) -> None:
        with trio.fail_after(5):
            await self.ended.wait()


async def until_disconnect(receive: asgi.Receive, send: asgi.Send) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def echo(receive: asgi.Receive, send: asgi.Send) -> None:
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


def ws_url(server: http.Server, path: str = "/") -> str:
    return server.url.replace("http", "ws", 1) + path


async def end_of(connection: websocket.Connection) -> tuple[int | None, str]:
    """Code and reason with which the other side ends it."""
    with trio.fail_after(5):
        try:
            while True:
                await connection.receive()
        except WebSocketClosed:
            return connection.close_code, connection.close_reason


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


# ---- refusals


async def refusal_of(server: http.Server) -> http.ClientResponse:
    with pytest.raises(http.UpgradeRefused) as caught:
        async with websocket.open_websocket(ws_url(server)):
            pytest.fail("it must not open")
    return caught.value.response


async def test_closing_before_accepting_is_403(serve_app: ServeApp, no_errors: None) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        await send({"type": "websocket.close", "code": 4000, "reason": "never sent"})
        assert (await receive())["code"] == 1006
        with pytest.raises(asgi.AppError, match="refused"):
            await send({"type": "websocket.accept"})

    server = await serve_app(App(talk, accepts=False))
    assert (await refusal_of(server)).status == 403


async def test_an_app_may_refuse_with_an_answer_of_its_own(
    serve_app: ServeApp, no_errors: None
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        headers = [(b"www-authenticate", b"Basic"), (b"content-length", b"8")]
        start = {"type": "websocket.http.response.start", "status": 401, "headers": headers}
        await send(start)
        with pytest.raises(asgi.AppError, match=r"websocket\.http\.response\.body"):
            await send({"type": "websocket.accept"})
        body = {"type": "websocket.http.response.body", "body": b"who ", "more_body": True}
        await send(body)
        await send({"type": "websocket.http.response.body", "body": b"goes"})
        assert (await receive())["type"] == "websocket.disconnect"
        with pytest.raises(asgi.AppError):
            await send(body)

    server = await serve_app(App(talk, accepts=False))
    request = HANDSHAKE.replace(b"Connection: ", b"Connection: close, ")
    answer = await raw_answer(server, request)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"\r\nwww-authenticate: Basic\r\n" in answer
    assert answer.endswith(b"\r\n\r\nwho goes")


async def test_another_version_is_426_and_the_app_does_not_hear_of_it(
    serve_app: ServeApp, no_errors: None
) -> None:
    app = App(echo)
    server = await serve_app(app)
    request = HANDSHAKE.replace(b"Connection: ", b"Connection: close, ")
    answer = await raw_answer(server, request.replace(b"Version: 13", b"Version: 8"))
    assert answer.startswith(b"HTTP/1.1 426 ")
    assert b"sec-websocket-version: 13\r\n" in answer.lower()
    assert app.scopes == []


async def test_a_handshake_with_a_body_is_400(serve_app: ServeApp, no_errors: None) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "websocket.accept"})

    server = await serve_app(App(talk, accepts=False))
    request = HANDSHAKE.replace(b"\r\n\r\n", b"\r\nContent-Length: 500\r\n\r\n")
    assert (await raw_answer(server, request)).startswith(b"HTTP/1.1 400 ")


# ---- apps that fail


async def test_an_exception_before_accepting_is_500(serve_app: ServeApp, reports: Reports) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        raise KeyError("oops")

    server = await serve_app(App(talk, accepts=False))
    assert (await refusal_of(server)).status == 500
    assert [repr(error) for error in reports.errors] == ["KeyError('oops')"]


async def test_returning_before_accepting_is_500(serve_app: ServeApp, reports: Reports) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()

    server = await serve_app(App(talk, accepts=False))
    assert (await refusal_of(server)).status == 500
    (error,) = reports.errors
    assert isinstance(error, asgi.AppError)


@pytest.mark.parametrize("fails", [False, True])
async def test_half_a_refusal_is_500(serve_app: ServeApp, reports: Reports, fails: bool) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
        if fails:
            raise KeyError("oops")

    server = await serve_app(App(talk, accepts=False))
    assert (await refusal_of(server)).status == 500
    (error,) = reports.errors
    assert isinstance(error, KeyError if fails else asgi.AppError)


async def test_an_exception_behind_the_accept_closes_with_1011(
    serve_app: ServeApp, reports: Reports
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        raise KeyError("oops")

    server = await serve_app(App(talk))
    async with websocket.open_websocket(ws_url(server)) as connection:
        await connection.send("go")
        assert await end_of(connection) == (1011, "")
    assert [repr(error) for error in reports.errors] == ["KeyError('oops')"]


async def test_an_exception_behind_the_close_is_only_reported(
    serve_app: ServeApp, reports: Reports
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "websocket.close", "code": 4000})
        raise KeyError("oops")

    server = await serve_app(App(talk))
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert await end_of(connection) == (4000, "")
    assert [repr(error) for error in reports.errors] == ["KeyError('oops')"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "websocket.send", "text": "too early"},
        {"type": "websocket.http.response.body", "body": b"too early"},
        {"type": "http.response.start", "status": 200},
        {"type": "websocket.receive"},
        {"type": "websocket.accept", "headers": 5},
        {"type": "websocket.accept", "headers": [("x", "str")]},
        {"type": "websocket.accept", "headers": [(b"x", b"a\r\nb: c")]},
        {"type": "websocket.accept", "headers": [(b"Sec-WebSocket-Protocol", b"a")]},
        {"type": "websocket.accept", "headers": [(b"sec-websocket-accept", b"a")]},
        {"type": "websocket.accept", "subprotocol": b"a"},
        {"type": "websocket.http.response.start"},
        {"type": "websocket.http.response.start", "status": 101},
        {"type": "websocket.http.response.start", "status": "401"},
    ],
)
async def test_what_is_no_answer_to_a_handshake_is_refused_and_another_goes(
    serve_app: ServeApp, wrong: asgi.Message, no_errors: None
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        with pytest.raises(asgi.AppError):
            await send(wrong)
        await send({"type": "websocket.accept"})

    server = await serve_app(App(talk, accepts=False))
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert await end_of(connection) == (1000, "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "websocket.accept"},
        {"type": "websocket.http.response.start", "status": 403},
        {"type": "http.response.body", "body": b"x"},
        {"type": "websocket.send"},
        {"type": "websocket.send", "text": None, "bytes": None},
        {"type": "websocket.send", "text": b"bytes"},
        {"type": "websocket.send", "text": {"json": 1}},
        {"type": "websocket.send", "bytes": "text"},
        {"type": "websocket.send", "bytes": 5},
        {"type": "websocket.send", "text": "lone \ud800 surrogate"},
        {"type": "websocket.close", "code": 1006},
        {"type": "websocket.close", "code": 999},
        {"type": "websocket.close", "code": 2**70},
        {"type": "websocket.close", "code": True},
        {"type": "websocket.close", "code": "1000"},
        {"type": "websocket.close", "code": 1000, "reason": b"x"},
        {"type": "websocket.close", "code": 1000, "reason": "x" * 124},
        {"type": "websocket.close", "code": 1000, "reason": "\ud800"},
    ],
)
async def test_what_is_no_message_is_refused_and_another_goes(
    serve_app: ServeApp, wrong: asgi.Message, no_errors: None
) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        with pytest.raises(asgi.AppError):
            await send(wrong)
        await send({"type": "websocket.send", "text": "", "bytes": bytearray(b"another")})

    server = await serve_app(App(talk))
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert await connection.receive() == b"another"
        assert await end_of(connection) == (1000, "")


async def test_a_task_that_is_still_sending_when_the_app_has_returned_fails(
    serve_app: ServeApp, nursery: trio.Nursery, no_errors: None
) -> None:
    failed = trio.Event()

    async def send_late(app: App, send: asgi.Send) -> None:
        await app.end()
        with pytest.raises(ConnectionBroken):
            await send({"type": "websocket.send", "text": "late"})
        failed.set()

    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        nursery.start_soon(send_late, app, send)

    app = App(talk)
    server = await serve_app(app)
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert await end_of(connection) == (1000, "")
    with trio.fail_after(5):
        await failed.wait()


# ---- limits and the server's end


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
