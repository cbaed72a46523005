"""What an app sends is what the client gets, and what it must not send is an error in the app."""

from __future__ import annotations

import pytest
import trio

from tests.asgi.conftest import ServeApp, get, raw_answer, reply
from trio_helianthus import asgi, http
from trio_helianthus.wire.http1 import Engine

pytestmark = pytest.mark.usefixtures("no_errors")


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def head_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[0].lower()


async def test_one_message_is_an_answer_with_a_length(serve_app: ServeApp) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await reply(send, b"hello", headers=[(b"x-app", b"1"), (b"content-length", b"5")])

    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/"))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert body_of(answer) == b"hello"
    assert head_of(answer).count(b"content-length: 5") == 1
    assert b"x-app: 1" in head_of(answer)
    assert b"content-type" not in head_of(answer)  # the app has said none


async def test_two_messages_are_an_answer_in_chunks(serve_app: ServeApp) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "http.response.start", "status": 201})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})

    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/"))
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert body_of(answer) == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"


async def test_a_length_that_the_app_says_is_kept_in_front_of_pieces(serve_app: ServeApp) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        headers = [(b"content-length", b"6"), (b"transfer-encoding", b"chunked")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})

    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/"))
    assert body_of(answer) == b"onetwo"
    assert b"content-length: 6" in head_of(answer)
    assert b"transfer-encoding" not in head_of(answer)


async def test_each_piece_arrives_when_it_is_sent(serve_app: ServeApp) -> None:
    arrived = trio.Event()

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await arrived.wait()
        await send({"type": "http.response.body", "body": b"second"})

    server = await serve_app(app, lifespan="off")
    async with http.open_client(server.url) as client, client.stream("GET", "/") as answer:
        assert await answer.body.receive_some() == b"first"
        arrived.set()
        assert await answer.body.receive_some() == b"second"


async def test_a_stream_of_events_is_open_before_the_first_one(serve_app: ServeApp) -> None:
    is_open = trio.Event()

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await is_open.wait()
        await send({"type": "http.response.body", "body": b"data: 1\n\n"})

    server = await serve_app(app, lifespan="off")
    async with http.open_client(server.url) as client:
        with trio.fail_after(5):
            async with client.stream("GET", "/") as answer:
                is_open.set()
                assert await answer.read() == b"data: 1\n\n"


async def test_an_answer_does_not_wait_for_what_the_app_does_afterwards(
    serve_app: ServeApp,
) -> None:
    go_on = trio.Event()
    done = trio.Event()

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await trio.lowlevel.checkpoint()
        await reply(send, b"hello")
        await go_on.wait()
        await trio.sleep(0.01)
        done.set()

    server = await serve_app(app, lifespan="off")
    async with http.open_client(server.url) as client:
        assert (await client.get("/", timeout=5)).text == "hello"
    await trio.testing.wait_all_tasks_blocked(0.05)
    go_on.set()  # and the client is gone by now
    with trio.fail_after(5):
        await done.wait()


async def test_head_gets_the_length_and_no_body(serve_app: ServeApp) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await reply(send, b"hello", headers=[(b"content-length", b"5")])

    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/", method="HEAD"))
    assert body_of(answer) == b""
    assert b"content-length: 5" in head_of(answer)


async def test_head_without_a_body_gets_the_length_that_the_app_says(serve_app: ServeApp) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await reply(send, headers=[(b"content-length", b"5000")])

    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/", method="HEAD"))
    assert b"content-length: 5000" in head_of(answer)


async def test_304_without_a_length_gets_none(serve_app: ServeApp) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await reply(send, status=304, headers=[(b"etag", b'"1"')])

    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/"))
    assert b"content-length" not in head_of(answer)


@pytest.mark.parametrize("status", [204, 304])
async def test_a_body_where_none_is_allowed_is_dropped(serve_app: ServeApp, status: int) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await reply(send, b"null", status=status, headers=[(b"content-length", b"4")])

    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/"))
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert body_of(answer) == b""


START: asgi.Message = {"type": "http.response.start", "status": 200}
END: asgi.Message = {"type": "http.response.body", "body": b"x"}
MORE: asgi.Message = {"type": "http.response.body", "body": b"x", "more_body": True}
PATH: asgi.Message = {"type": "http.response.pathsend", "path": __file__}
TRAILERS: asgi.Message = {"type": "http.response.trailers"}


@pytest.mark.parametrize(
    ("before", "wrong"),
    [
        ([], END),
        ([], PATH),
        ([], TRAILERS),
        ([START], START),
        ([START], TRAILERS),
        ([START, MORE], START),
        ([START, MORE], PATH),
        ([START, MORE], TRAILERS),
        ([START, END], START),
        ([START, END], END),
        ([START, MORE, END], MORE),
        ([START], {"type": "http.response.nonsense"}),
        ([START], {"type": "websocket.send"}),
    ],
)
async def test_a_message_out_of_turn_is_an_error_in_the_app(
    serve_app: ServeApp, before: list[asgi.Message], wrong: asgi.Message
) -> None:
    complaints = []

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        for message in before:
            await send(message)
        with pytest.raises(asgi.AppError, match=wrong["type"]) as caught:
            await send(wrong)
        assert isinstance(caught.value, RuntimeError)
        complaints.append(caught.value)
        for message in [START, MORE, END][min(len(before), 2) :]:
            if before[-1:] != [END]:
                await send(message)

    server = await serve_app(app, lifespan="off")
    assert (await raw_answer(server, get("/"))).startswith(b"HTTP/1.1 200 ")
    assert len(complaints) == 1


async def test_a_body_of_another_length_than_the_app_says_is_an_error_in_the_app(
    serve_app: ServeApp,
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await send({**START, "headers": [(b"content-length", b"3")]})
        with pytest.raises(asgi.AppError, match="content-length"):
            await send({**END, "body": b"four"})
        await send({**END, "body": b"two"})

    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/"))
    assert body_of(answer) == b"two"


@pytest.mark.parametrize("body", ["text", 5, None, [b"x"]])
async def test_a_body_that_is_no_bytes_is_an_error_in_the_app(
    serve_app: ServeApp, body: object
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await send(START)
        with pytest.raises(asgi.AppError, match="not bytes"):
            await send({**END, "body": body})
        await send({**END, "body": bytearray(b"bytes")})

    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/"))
    assert body_of(answer) == b"bytes"


@pytest.mark.parametrize("engine", [Engine.H11, Engine.AUTO])
async def test_the_engine_is_the_callers(serve_app: ServeApp, engine: Engine) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await reply(send, b"hello")

    server = await serve_app(app, lifespan="off", engine=engine)
    assert body_of(await raw_answer(server, get("/"))) == b"hello"


async def test_one_connection_serves_many_requests(serve_app: ServeApp) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await reply(send, scope["raw_path"])

    server = await serve_app(app, lifespan="off")
    pipelined = b"".join(b"GET /%d HTTP/1.1\r\nHost: test\r\n\r\n" % number for number in range(20))
    answer = await raw_answer(server, pipelined + get("/last"))
    assert answer.count(b"HTTP/1.1 200 ") == 21
    assert body_of(answer.rpartition(b"HTTP/1.1")[2]) == b"/last"
