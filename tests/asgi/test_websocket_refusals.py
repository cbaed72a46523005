"""Handshakes that an app refuses, and apps that fail before, during and behind them."""

from __future__ import annotations

import pytest
import trio

from tests.asgi._websocket_app import (
    HANDSHAKE,
    App,
    echo,
    end_of,
    refusal_of,
    ws_url,
)
from tests.asgi.conftest import Reports, ServeApp, raw_answer
from trio_helianthus import asgi, net, websocket
from trio_helianthus.errors import ConnectionBroken

# ---- refusals


async def test_closing_before_accepting_is_403(serve_app: ServeApp, no_errors: None) -> None:
    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        await send({"type": "websocket.close", "code": 4000, "reason": "never sent"})
        assert repr((await receive())["code"]) == "1006"  # a plain number
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


async def test_a_task_that_still_receives_when_the_app_has_ended_is_told_so(
    serve_app: ServeApp, reports: Reports, nursery: trio.Nursery
) -> None:
    told = trio.Event()

    async def receive_late(receive: asgi.Receive, send: asgi.Send) -> None:
        assert (await receive())["type"] == "websocket.disconnect"
        told.set()

    async def talk(receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        nursery.start_soon(receive_late, receive, send)
        await trio.testing.wait_all_tasks_blocked(0.01)

    server = await serve_app(App(talk, accepts=False))
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send_all(HANDSHAKE)
        assert (await stream.receive_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 500 ")
        with trio.fail_after(5):
            await told.wait()
    assert len(reports.errors) == 1


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
