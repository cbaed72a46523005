"""The head that an app sends: what is made of it, and what the app is told at once."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import pytest

from tests.asgi.conftest import ServeApp, get, raw_answer, reply
from trio_helianthus import asgi, http
from trio_helianthus.asgi import _answer

pytestmark = pytest.mark.usefixtures("no_errors")


async def head_for(serve_app: ServeApp, headers: Iterable[Any]) -> list[bytes]:
    """The header lines that go out for some of an app."""

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await reply(send, b"hello", headers=headers)

    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == b"hello"
    return head.split(b"\r\n")[1:]


async def test_order_case_and_repetition_stay(serve_app: ServeApp) -> None:
    headers = [(b"set-cookie", b"a=1"), (b"X-Other", b"1"), (b"set-cookie", b"b=2")]
    lines = await head_for(serve_app, headers)
    assert lines[:3] == [b"set-cookie: a=1", b"X-Other: 1", b"set-cookie: b=2"]


async def test_pairs_may_be_lists(serve_app: ServeApp) -> None:
    lines = await head_for(serve_app, [[b"x-one", b"1"], [b"content-length", b"5"]])
    assert b"x-one: 1" in lines


async def test_white_space_around_a_value_is_no_part_of_it(serve_app: ServeApp) -> None:
    value = b" default-src 'self';\t img-src *; "
    lines = await head_for(serve_app, [(b"content-security-policy", value)])
    assert b"content-security-policy: default-src 'self';\t img-src *;" in lines


@pytest.mark.parametrize("name", [b"content-length", b"Content-Length", b"CONTENT-LENGTH"])
async def test_the_length_is_said_once(serve_app: ServeApp, name: bytes) -> None:
    lines = await head_for(serve_app, [(name, b"5"), (b"content-length", b"05")])
    assert [line.lower() for line in lines].count(b"content-length: 5") == 1
    assert sum(line.lower().startswith(b"content-length") for line in lines) == 1


@pytest.mark.parametrize("name", [b"transfer-encoding", b"Transfer-Encoding"])
async def test_the_transfer_encoding_is_the_servers_business(
    serve_app: ServeApp, name: bytes
) -> None:
    lines = await head_for(serve_app, [(name, b"gzip, chunked")])
    assert not any(line.lower().startswith(b"transfer-encoding") for line in lines)


async def test_a_length_in_front_of_pieces_is_said_once(serve_app: ServeApp) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        headers = [(b"content-length", b"6"), (b"Content-Length", b"6")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})

    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/"))
    assert answer.lower().count(b"content-length: 6\r\n") == 1
    assert answer.endswith(b"\r\n\r\nonetwo")


async def test_the_status_may_be_of_an_enumeration(serve_app: ServeApp) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await reply(send, status=HTTPStatus.CREATED)

    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/"))
    assert answer.startswith(b"HTTP/1.1 201 Created\r\n")


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"status": None},
        {"status": "200"},
        {"status": 100},
        {"status": 600},
        {"status": 200, "headers": None},
        {"status": 200, "headers": [("x-str", "1")]},
        {"status": 200, "headers": [(b"x-half", None)]},
        {"status": 200, "headers": [(b"x-single",)]},
        {"status": 200, "headers": [(5, 6)]},
        {"status": 200, "headers": [(bytearray(b"x"), b"1")]},
        {"status": 200, "headers": [5]},
        {"status": 200, "headers": {b"x-dict": b"1"}},
        {"status": 200, "headers": [(b"x-injected", b"a\r\nset-cookie: b")]},
        {"status": 200, "headers": [(b"x-nul", b"a\0b")]},
        {"status": 200, "headers": [(b"x bad", b"a")]},
        {"status": 200, "headers": [(b"x-bad\r\ny", b"a")]},
        {"status": 200, "headers": [(b"", b"a")]},
        {"status": 200, "headers": [(b":status", b"200")]},
        {"status": 200, "headers": [(b"content-length", b"-1")]},
        {"status": 200, "headers": [(b"content-length", b"9" * 5000)]},
        {"status": 200, "headers": [(b"content-length", b"1"), (b"content-length", b"2")]},
        {"status": 200, "headers": [(b"content-length", 5)]},
    ],
)
async def test_a_head_that_cannot_be_sent_is_refused_at_once_and_another_goes(
    serve_app: ServeApp, wrong: asgi.Message
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        with pytest.raises(asgi.AppError):
            await send({"type": "http.response.start", **wrong})
        await reply(send, b"another")

    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/"))
    assert answer.endswith(b"\r\n\r\nanother")


async def test_what_the_app_changes_afterwards_changes_nothing(serve_app: ServeApp) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        start: asgi.Message = {"type": "http.response.start", "status": 200}
        start["headers"] = [(b"x-one", b"1")]
        await send(start)
        start["status"] = 500
        start["headers"].append((b"x-two", b"2"))
        await send({"type": "http.response.body"})

    answer = await raw_answer(await serve_app(app, lifespan="off"), get("/"))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"x-one" in answer
    assert b"x-two" not in answer


async def test_a_field_that_is_new_in_each_answer_is_that_of_this_one(
    serve_app: ServeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_answer, "MAX_KEPT", 8)

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        number = scope["query_string"]
        body = b"x" * int(number)
        headers = [(b"x-number", number), (b"content-length", number), (b"x-same", b"same")]
        await reply(send, body, headers=headers)

    server = await serve_app(app, lifespan="off")
    async with http.open_client(server.url) as client:
        for number in [*range(30), *range(30)]:
            answer = await client.get(f"/?{number}")
            assert answer.headers["x-number"] == str(number)
            assert answer.headers["x-same"] == "same"
            assert len(answer.content) == number
    for memory in (_answer._names, _answer._checked, _answer._shared, _answer._starts):
        assert len(memory) <= 8
