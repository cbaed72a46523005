"""Apps whose tasks receive and send beside each other, or for longer than they should."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trio

from tests.asgi.conftest import Reports, ServeApp, get, raw_answer, reply
from trio_helianthus import asgi, http, net
from trio_helianthus.errors import ConnectionBroken


@pytest.mark.usefixtures("no_errors")
async def test_everybody_who_listens_is_woken_by_the_end_of_the_answer(
    serve_app: ServeApp,
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(receive)
            await trio.testing.wait_all_tasks_blocked()
            await reply(send, b"done")

    server = await serve_app(app, lifespan="off")
    async with http.open_client(server.url) as client:
        for _ in range(2):
            assert (await client.get("/", timeout=5)).text == "done"


@pytest.mark.usefixtures("no_errors")
@pytest.mark.parametrize("pieces", [1, 2])
async def test_nobody_is_told_of_the_end_before_the_client_has_taken_the_answer(
    serve_app: ServeApp, pieces: int
) -> None:
    size = 20_000_000

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()

        async def listen() -> None:
            await receive()
            nursery.cancel_scope.cancel()  # as frameworks do when the client is gone

        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen)
            await trio.testing.wait_all_tasks_blocked()
            await send({"type": "http.response.start", "status": 200})
            body = bytes(size // pieces)
            for rest in range(pieces - 1, -1, -1):
                more = {"more_body": rest > 0}
                await send({"type": "http.response.body", "body": body, **more})

    server = await serve_app(app, lifespan="off")
    async with http.open_client(server.url) as client, client.stream("GET", "/") as answer:
        await trio.testing.wait_all_tasks_blocked(0.05)
        received = 0
        async for piece in answer.body:
            received += len(piece)
        assert received == size


async def test_an_app_that_goes_on_asking_for_news_stops_nobody_else(
    serve_app: ServeApp, reports: Reports
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        if scope["path"] == "/other":
            await reply(send, b"other")
        else:
            while True:
                await receive()

    server = await serve_app(app, lifespan="off", limits=http.ServerLimits(half_close_grace=0.2))
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send_all(get("/"))
        await stream.send_eof()
        with trio.fail_after(5):
            assert (await raw_answer(server, get("/other"))).endswith(b"other")
            await stream.receive_all()
    assert reports.errors == []


async def test_a_task_that_outlives_its_app_answers_no_other_request(
    serve_app: ServeApp, nursery: trio.Nursery, reports: Reports
) -> None:
    second = trio.Event()
    sent = trio.Event()

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        async def linger() -> None:
            await second.wait()
            with pytest.raises(ConnectionBroken):
                await send({"type": "http.response.body", "body": b"of the first"})
            assert await receive() == {"type": "http.disconnect"}
            sent.set()

        if scope["path"] == "/first":
            await send({"type": "http.response.start", "status": 200})
            nursery.start_soon(linger)
            raise ValueError("it gives up")
        second.set()
        await sent.wait()
        await reply(send, b"of the second")

    server = await serve_app(app, lifespan="off")
    async with http.open_client(server.url) as client:
        assert (await client.get("/first")).status == 500
        assert (await client.get("/second", timeout=5)).text == "of the second"
    assert [str(error) for error in reports.errors] == ["it gives up"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a file that is slow to open")
async def test_a_file_that_opens_late_answers_no_other_request(
    serve_app: ServeApp, nursery: trio.Nursery, reports: Reports, tmp_path: Path
) -> None:
    slow = tmp_path / "slow"
    os.mkfifo(slow)
    second = trio.Event()
    refused = trio.Event()

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        async def linger() -> None:
            with pytest.raises(ConnectionBroken):
                await send({"type": "http.response.pathsend", "path": str(slow)})
            refused.set()

        if scope["path"] == "/first":
            await send({"type": "http.response.start", "status": 200})
            nursery.start_soon(linger)
            await trio.testing.wait_all_tasks_blocked(0.01)
            raise ValueError("it gives up")
        second.set()
        await refused.wait()
        await reply(send, b"of the second")

    async def let_it_open() -> None:
        await second.wait()
        descriptor = await trio.to_thread.run_sync(os.open, slow, os.O_WRONLY)
        os.close(descriptor)

    server = await serve_app(app, lifespan="off")
    async with http.open_client(server.url) as client:
        assert (await client.get("/first")).status == 500
        nursery.start_soon(let_it_open)
        assert (await client.get("/second", timeout=5)).text == "of the second"
    assert [str(error) for error in reports.errors] == ["it gives up"]


@pytest.mark.usefixtures("no_errors")
async def test_an_app_that_middleware_cuts_answers_no_other_request(
    nursery: trio.Nursery,
) -> None:
    sends: list[asgi.Send] = []

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        if scope["path"] == "/slow":
            sends.append(send)
            await trio.sleep_forever()
        with pytest.raises(ConnectionBroken):
            await reply(sends[0], b"slow")
        await reply(send, b"fast")

    async def hurry(request: http.Request, call_next: http.CallNext) -> http.Response:
        with trio.move_on_after(0.05):
            return await call_next(request)
        return http.Response.text("too slow", status=503)

    router = http.Router(middleware=[hurry])
    router.mount("/", asgi.as_handler(app))
    server: http.Server = await nursery.start(http.serve, router)
    async with http.open_client(server.url) as client:
        assert (await client.get("/slow")).status == 503
        assert (await client.get("/fast")).text == "fast"


@pytest.mark.usefixtures("no_errors")
async def test_two_tasks_cannot_send_one_answer(serve_app: ServeApp) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        async def send_more() -> None:
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(asgi.AppError, match="another task"):
                await send({"type": "http.response.body", "body": b"more"})

        await send({"type": "http.response.start", "status": 200})
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send_more)
            await send({"type": "http.response.body", "body": bytes(20_000_000)})

    server = await serve_app(app, lifespan="off")
    async with http.open_client(server.url) as client, client.stream("GET", "/") as answer:
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert sum([len(piece) async for piece in answer.body]) == 20_000_000
