"""How the manuals of frameworks use WebSockets, run on our server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio

from tests.asgi.conftest import ServeApp
from trio_helianthus import http, websocket
from trio_helianthus.errors import WebSocketClosed

pytestmark = pytest.mark.usefixtures("no_errors")


async def serve_at(serve_app: ServeApp, app: Any) -> str:
    server = await serve_app(app)
    return server.url.replace("http", "ws", 1)


async def end_of(connection: websocket.ClientConnection) -> tuple[int | None, str]:
    """Code and reason with which the server ends it."""
    with pytest.raises(WebSocketClosed):
        while True:
            await connection.receive(timeout=5)
    return connection.close_code, connection.close_reason


async def refusal_at(url: str) -> http.ClientResponse:
    with pytest.raises(http.UpgradeRefused) as refused:
        async with websocket.open_websocket(url):
            pytest.fail("it must not open")
    return refused.value.response


# ---- Starlette


async def test_starlettes_endpoint_class_is_told_of_each_step(serve_app: ServeApp) -> None:
    pytest.importorskip("starlette")
    from starlette.endpoints import WebSocketEndpoint
    from starlette.websockets import WebSocket

    codes: list[int] = []
    ended = trio.Event()

    class Calculator(WebSocketEndpoint):
        encoding = "json"

        async def on_connect(self, websocket: WebSocket) -> None:
            await websocket.accept(headers=[(b"x-kind", b"calculator")])

        async def on_receive(self, websocket: WebSocket, data: Any) -> None:
            await websocket.send_json(sum(data))

        async def on_disconnect(self, websocket: WebSocket, close_code: int) -> None:
            codes.append(close_code)
            ended.set()

    url = await serve_at(serve_app, Calculator)
    async with websocket.open_websocket(url) as connection:
        assert connection.response.headers["x-kind"] == "calculator"
        await connection.send_json([1, 2, 3])
        assert await connection.receive_json() == 6
        await connection.aclose(4321)
    with trio.fail_after(5):
        await ended.wait()
    assert codes == [4321]


async def test_starlette_tells_one_who_only_sends_that_the_client_is_gone(
    serve_app: ServeApp,
) -> None:
    pytest.importorskip("starlette")
    from starlette.websockets import WebSocket, WebSocketDisconnect

    codes: list[int] = []
    ended = trio.Event()

    async def tick(scope: Any, receive: Any, send: Any) -> None:
        socket = WebSocket(scope, receive, send)
        await socket.accept()
        try:
            while True:
                await socket.send_text("tick")
                await trio.sleep(0.01)
        except WebSocketDisconnect as exc:
            codes.append(exc.code)
        ended.set()

    url = await serve_at(serve_app, tick)
    async with websocket.open_websocket(url) as connection:
        assert await connection.receive() == "tick"
    with trio.fail_after(5):
        await ended.wait()
    assert codes == [1006]


async def test_starlette_refuses_with_a_streamed_answer(serve_app: ServeApp) -> None:
    pytest.importorskip("starlette")
    from starlette.responses import StreamingResponse
    from starlette.websockets import WebSocket

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"not ", b"today"):
            yield piece

    async def deny(scope: Any, receive: Any, send: Any) -> None:
        socket = WebSocket(scope, receive, send)
        await socket.send_denial_response(StreamingResponse(pieces(), 418))

    answer = await refusal_at(await serve_at(serve_app, deny))
    assert (answer.status, answer.text) == (418, "not today")


# ---- FastAPI


async def test_fastapis_chat_notices_who_leaves(serve_app: ServeApp) -> None:
    pytest.importorskip("fastapi")
    from tests.asgi._fastapi_idioms import make_chat

    app, sockets = make_chat()
    url = await serve_at(serve_app, app)
    async with websocket.open_websocket(f"{url}/ws/1") as first:
        await first.send("anybody?")
        assert await first.receive() == "1 says: anybody?"
        async with websocket.open_websocket(f"{url}/ws/2") as second:
            await second.send("me")
            assert await first.receive() == await second.receive() == "2 says: me"
        assert await first.receive(timeout=5) == "2 has left"
        assert len(sockets) == 1


async def test_fastapis_dependencies_refuse_and_are_left_at_the_end(serve_app: ServeApp) -> None:
    pytest.importorskip("fastapi")
    from tests.asgi._fastapi_idioms import make_shop

    app, sessions = make_shop()
    url = await serve_at(serve_app, app)
    assert (await refusal_at(f"{url}/items/5")).status == 403
    assert (await refusal_at(f"{url}/items/x?token=me")).status == 403
    async with websocket.open_websocket(f"{url}/items/5?token=me") as connection:
        assert await connection.receive_json() == [5, "me", 42]
        assert sessions.open == ["me"]
        await connection.send("go on")
        assert await end_of(connection) == (4003, "not so")
    with trio.fail_after(5):
        await sessions.left.wait()
    assert sessions.open == []


# ---- Litestar


async def test_litestars_listeners_and_streams(serve_app: ServeApp) -> None:
    pytest.importorskip("litestar")
    from tests.asgi._litestar_idioms import make

    app, steps = make()
    url = await serve_at(serve_app, app)
    async with websocket.open_websocket(f"{url}/add") as connection:
        await connection.send_json({"a": 40, "b": 2})
        assert await connection.receive_json() == {"sum": 42}
    async with websocket.open_websocket(f"{url}/shout") as connection:
        await connection.send("hello")
        assert await connection.receive() == "HELLO"
    async with websocket.open_websocket(f"{url}/count") as connection:
        assert [await connection.receive() for _ in range(3)] == ["0", "1", "2"]
        assert await end_of(connection) == (1000, "")
    async with websocket.open_websocket(f"{url}/forever") as connection:
        assert await connection.receive() == "again"
    with trio.fail_after(5):
        await steps.left.wait()
        await steps.stopped.wait()


# ---- Quart


async def test_quarts_tasks_send_and_receive_at_once(serve_app: ServeApp) -> None:
    pytest.importorskip("quart")
    quart_trio = pytest.importorskip("quart_trio", reason="plain Quart runs on asyncio only")
    from quart import copy_current_websocket_context
    from quart import websocket as socket

    app: Any = quart_trio.QuartTrio(__name__)
    ended = trio.Event()

    async def check() -> Any:
        return None if socket.args.get("token") else ("no token", 401)

    async def both() -> None:
        @copy_current_websocket_context
        async def send() -> None:
            for number in range(3):
                await socket.send(str(number))

        @copy_current_websocket_context
        async def receive() -> None:
            while await socket.receive() != "stop":
                pass
            await socket.close(4000, "stopped")

        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(send)
                nursery.start_soon(receive)
        finally:
            ended.set()

    app.before_websocket(check)
    app.add_websocket("/both", view_func=both)
    url = await serve_at(serve_app, app)
    assert (await refusal_at(f"{url}/both")).status == 401
    async with websocket.open_websocket(f"{url}/both?token=1") as connection:
        assert [await connection.receive() for _ in range(3)] == ["0", "1", "2"]
        await connection.send(b"")
        await connection.send("stop")
        assert await end_of(connection) == (4000, "stopped")
    with trio.fail_after(5):
        await ended.wait()
