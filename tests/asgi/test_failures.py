"""Apps that fail: the client gets 500 or a reset, and whoever runs the server hears of it."""

from __future__ import annotations

import pytest

from tests.asgi.conftest import Reports, ServeApp, get, raw_answer, reply
from trio_helianthus import asgi
from trio_helianthus.errors import ConnectionReset


async def test_an_exception_before_the_head_is_500(serve_app: ServeApp, reports: Reports) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        raise KeyError("oops")

    server = await serve_app(app, lifespan="off")
    answer = await raw_answer(server, get("/"))
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"oops" not in answer
    assert [repr(error) for error in reports.errors] == ["KeyError('oops')"]


async def test_a_head_alone_does_not_count(serve_app: ServeApp, reports: Reports) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        raise KeyError("oops")

    server = await serve_app(app, lifespan="off")
    assert (await raw_answer(server, get("/"))).startswith(b"HTTP/1.1 500 ")
    assert [repr(error) for error in reports.errors] == ["KeyError('oops')"]


async def test_an_exception_in_the_middle_of_an_answer_resets(
    serve_app: ServeApp, reports: Reports
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        raise KeyError("oops")

    server = await serve_app(app, lifespan="off")
    with pytest.raises(ConnectionReset):
        await raw_answer(server, get("/"))
    assert [repr(error) for error in reports.errors] == ["KeyError('oops')"]


async def test_an_exception_behind_the_answer_is_only_reported(
    serve_app: ServeApp, reports: Reports
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await reply(send, b"fine")
        raise KeyError("in a background task")

    server = await serve_app(app, lifespan="off")
    assert (await raw_answer(server, get("/"))).endswith(b"\r\n\r\nfine")
    assert [repr(error) for error in reports.errors] == ["KeyError('in a background task')"]


async def test_an_app_that_returns_without_an_answer_is_500(
    serve_app: ServeApp, reports: Reports
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        pass

    server = await serve_app(app, lifespan="off")
    assert (await raw_answer(server, get("/"))).startswith(b"HTTP/1.1 500 ")
    (error,) = reports.errors
    assert isinstance(error, asgi.AppError)


async def test_an_app_that_returns_in_the_middle_of_its_answer_resets(
    serve_app: ServeApp, reports: Reports
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})

    server = await serve_app(app, lifespan="off")
    with pytest.raises(ConnectionReset):
        await raw_answer(server, get("/"))
    (error,) = reports.errors
    assert isinstance(error, asgi.AppError)


@pytest.mark.parametrize("field", [(b"x-bad", b"a\r\nb: c"), (b"x bad", b"a"), (b"", b"")])
async def test_a_field_that_cannot_be_sent_is_500(
    serve_app: ServeApp, reports: Reports, field: tuple[bytes, bytes]
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await reply(send, b"fine", headers=[field])

    server = await serve_app(app, lifespan="off")
    assert (await raw_answer(server, get("/"))).startswith(b"HTTP/1.1 500 ")
    assert len(reports.errors) == 1


@pytest.mark.parametrize("status", [100, 99, 1000])
async def test_a_status_that_ends_no_exchange_is_500(
    serve_app: ServeApp, reports: Reports, status: int
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await reply(send, b"fine", status=status)

    server = await serve_app(app, lifespan="off")
    assert (await raw_answer(server, get("/"))).startswith(b"HTTP/1.1 500 ")
    assert len(reports.errors) == 1
