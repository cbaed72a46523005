"""Middleware on a real server: what curl sees, and every kind of answer."""

from __future__ import annotations

import gzip
import math
import shutil
import subprocess
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from trio_helianthus import http, net
from trio_helianthus.http.middleware import (
    CORS,
    BodyLimit,
    Compression,
    LoadShedding,
    RequestID,
    SecurityHeaders,
    Timeout,
)

from ..conftest import Connect, Serve

DONE: list[float] = []
APP = "https://app.example.com"
TEXT = "sunflowers turn to the sun; " * 200


def make_router() -> http.Router:
    router = http.Router(
        middleware=[
            RequestID(),
            CORS(origins=[APP], credentials=True, headers=["Authorization"]),
            SecurityHeaders(),
            LoadShedding(100),
            Compression(codings=["gzip"]),
        ]
    )

    @router.get("/text")
    async def text(request: http.Request) -> str:
        return TEXT

    @router.post("/echo")
    async def echo(request: http.Request) -> http.Response:
        return http.Response(request.body, content_type="text/plain")

    @router.get("/pieces")
    async def pieces(request: http.Request) -> http.Response:
        async def produce() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield TEXT.encode()

        return http.Response(produce(), content_type="text/plain")

    @router.get("/push")
    async def push(request: http.Request) -> http.ResponseWriter:
        writer = await request.start_response(http.Response(content_type="text/plain"))
        await writer.send_all(b"one ")
        await writer.send_all(b"two")
        return writer

    @router.get("/push/fail")
    async def break_off(request: http.Request) -> http.ResponseWriter:
        writer = await request.start_response(http.Response(content_type="text/plain"))
        await writer.send_all(b"one ")
        raise ValueError("oh")

    @router.get("/push/slow")
    async def sleep(request: http.Request) -> http.ResponseWriter:
        writer = await request.start_response(http.Response(content_type="text/plain"))
        await writer.send_all(b"one ")
        with trio.fail_after(0.01):
            await trio.sleep_forever()
        return writer

    @router.get("/push/long", middleware=[Timeout(0.05)])
    async def take_time(request: http.Request) -> http.ResponseWriter:
        writer = await request.start_response(http.Response(content_type="text/plain"))
        await trio.sleep(0.1)
        await writer.send_all(b"one")
        return writer

    @router.get("/later", middleware=[Timeout(0.05)])
    async def go_on(request: http.Request) -> http.ResponseWriter:
        writer = await request.respond(http.Response.text("soon"))
        await trio.sleep(0.1)
        DONE.append(request.deadline)
        return writer

    @router.get("/upgrade")
    async def upgrade(request: http.Request) -> http.Response:
        async def shout(stream: net.ByteStream) -> None:
            data = await stream.receive_some()
            await stream.send_all(data.upper())

        return http.Response.upgrade("shout", shout)

    @router.get("/fail")
    async def fail(request: http.Request) -> str:
        raise ValueError("oh")

    return router


@pytest.fixture
async def url(serve: Serve) -> str:
    return (await serve(make_router())).url


async def curl(*arguments: str) -> tuple[str, dict[str, str], bytes]:
    """The status, the fields by name in lower case, and the body as it came."""
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not installed")
    run = partial(trio.run_process, capture_stdout=True, capture_stderr=True, check=False)
    process: subprocess.CompletedProcess[bytes] = await run(
        [program, "-s", "-i", "--max-time", "10", *arguments]
    )
    head, _, body = process.stdout.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:])
    status = f"{lines[0].split()[1]} exit {process.returncode}"
    return status, {name.lower(): value for name, value in fields.items()}, body


def reads(fields: dict[str, str]) -> bool:
    return fields.get("access-control-allow-origin") == APP and "x-request-id" in fields


@pytest.mark.parametrize(
    ("path", "status"), [("/text", 200), ("/none", 404), ("/echo", 405), ("/fail", 500)]
)
async def test_curl_sees_cors_on_every_answer(
    url: str, path: str, status: int, reports: Any
) -> None:
    said, fields, _ = await curl("-H", f"Origin: {APP}", url + path)
    assert said == f"{status} exit 0"
    assert reads(fields)
    assert fields["access-control-allow-credentials"] == "true"


async def test_curl_sends_a_preflight(url: str) -> None:
    asked = ("-X", "OPTIONS", "-H", "Access-Control-Request-Method: PUT")
    said, fields, body = await curl(*asked, "-H", f"Origin: {APP}", url + "/nowhere")
    assert (said, body, reads(fields)) == ("204 exit 0", b"", True)
    assert fields["access-control-allow-headers"] == "Authorization"
    said, fields, _ = await curl(*asked, "-H", "Origin: https://evil.example", url + "/text")
    assert (said, reads(fields)) == ("403 exit 0", False)


@pytest.mark.parametrize(("path", "times"), [("/text", 1), ("/pieces", 3)])
async def test_curl_gets_it_compressed_and_can_read_it(url: str, path: str, times: int) -> None:
    _, fields, body = await curl("--raw", "-H", "Accept-Encoding: gzip", url + "/text")
    assert fields["content-encoding"] == "gzip"
    assert int(fields["content-length"]) == len(body) < len(TEXT) / 10
    assert gzip.decompress(body).decode() == TEXT
    said, _, body = await curl("--compressed", url + path)
    assert (said, body.decode()) == ("200 exit 0", TEXT * times)


async def test_a_compressed_echo_comes_while_it_is_sent(url: str, connect: Connect) -> None:
    said, fields, body = await curl(
        "--compressed", "-H", "Content-Type: text/plain", "--data-binary", TEXT, url + "/echo"
    )
    assert (said, body.decode()) == ("200 exit 0", TEXT)
    assert fields["content-encoding"] == "gzip"


@pytest.mark.parametrize("path", ["/text", "/pieces", "/push"])
async def test_head_has_the_fields_and_no_body(url: str, path: str) -> None:
    said, fields, body = await curl("-I", "-H", f"Origin: {APP}", "--compressed", url + path)
    assert (said, body) == ("200 exit 0", b"")
    assert reads(fields)


async def test_a_handler_that_sends_by_itself_has_the_fields_too(url: str) -> None:
    said, fields, body = await curl("-H", f"Origin: {APP}", "--compressed", url + "/push")
    assert (said, body) == ("200 exit 0", b"one two")
    assert reads(fields)
    assert fields["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/push/fail", "/push/slow"])
async def test_what_it_has_begun_and_cannot_end_is_never_taken_for_whole(
    url: str, path: str, reports: Any
) -> None:
    said, _, body = await curl("-H", f"Origin: {APP}", url + path)
    assert said.startswith("200 exit ")
    assert said != "200 exit 0"
    assert body in {b"one ", b""}


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_a_file_passes_in_whole_and_in_part(
    serve: Serve, tmp_path: Path, encoding: str
) -> None:
    (tmp_path / "text.txt").write_text(TEXT)
    router = make_router()
    router.static("/files", tmp_path)
    url = (await serve(router)).url + "/files/text.txt"
    said, fields, body = await curl("--compressed", "-H", f"Accept-Encoding: {encoding}", url)
    assert (said, body.decode()) == ("200 exit 0", TEXT)
    assert fields.get("content-encoding", "identity") == encoding
    assert fields["etag"].startswith("W/") is (encoding == "gzip")
    said, _, body = await curl("-H", f"If-None-Match: {fields['etag']}", url)
    assert (said, body) == ("304 exit 0", b"")
    said, fields, body = await curl("-H", "Accept-Encoding: gzip", "-r", "3-7", url)
    assert (said, body.decode()) == ("206 exit 0", TEXT[3:8])
    assert "content-encoding" not in fields


async def test_events_come_one_by_one(serve: Serve, connect: Connect) -> None:
    router = make_router()
    more = trio.Event()

    @router.get("/events")
    async def events(request: http.Request) -> http.Response:
        async def produce() -> AsyncIterator[str]:
            yield "one"
            await more.wait()
            yield "two"

        return http.Response.events(produce())

    client = await connect(await serve(router))
    await client.send(b"GET /events HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
    head = await client.stream.receive_until(b"\r\n\r\n")
    assert b"content-encoding" not in head.lower()
    assert b"x-request-id" in head.lower()
    await client.stream.receive_until(b"data: one")
    more.set()
    await client.stream.receive_until(b"data: two")


@pytest.mark.parametrize(
    ("method", "framing", "answer"),
    [
        (b"GET", b"\r\n", (200, b"0")),
        (b"POST", b"content-length: 4\r\n\r\n1234", (200, b"4")),
        (b"POST", b"Content-Length: 5\r\n\r\n12345", (413, None)),
        (b"POST", b"Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n", (413, None)),
    ],
)
async def test_bodies_are_limited_whatever_says_that_they_are_there(
    serve: Serve,
    connect: Connect,
    method: bytes,
    framing: bytes,
    answer: tuple[int, bytes | None],
) -> None:
    async def measure(request: http.Request) -> str:
        return str(len(await request.read()))

    router = http.Router(middleware=[BodyLimit(4)])
    router.add("/", measure, methods=["GET", "POST"])
    client = await connect(await serve(router))
    await client.send(method + b" / HTTP/1.1\r\nHost: x\r\n" + framing)
    said = await client.answer()
    assert said.status == answer[0]
    assert answer[1] in {None, said.body}


async def test_what_one_answer_is_given_stays_with_it() -> None:
    async def mark_one(request: http.Request, call_next: http.CallNext) -> http.Response:
        response = await call_next(request)
        if request.query:
            response.headers["X-Mark"] = "1"
            del response.headers["X-Frame-Options"]
        return response

    async def hello(request: http.Request) -> str:
        return "hello"

    router = http.Router(middleware=[mark_one, CORS(origins=[APP]), SecurityHeaders()])
    router.get("/")(hello)
    names = []
    for target in ("/?x", "/", "/?x", "/"):
        answer: Any = await router(http.Request("GET", target, headers={"Origin": APP}))
        names.append({name.lower() for name in answer.headers} & {"x-mark", "x-frame-options"})
    assert names == [{"x-mark"}, {"x-frame-options"}] * 2


async def test_a_timeout_ends_where_the_answer_begins(url: str, no_errors: None) -> None:
    DONE.clear()
    assert (await curl(url + "/push/long"))[2] == b"one"
    said, _, body = await curl(url + "/later", url + "/later")  # the second waits for the first
    assert (said, body[:4]) == ("200 exit 0", b"soon")
    assert DONE[0] == math.inf


async def test_an_upgrade_passes(serve: Serve, connect: Connect) -> None:
    client = await connect(await serve(make_router()))
    await client.send(
        b"GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: shout\r\n"
        b"Accept-Encoding: gzip\r\n\r\nhello"
    )
    head = await client.stream.receive_until(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"content-encoding" not in head.lower()
    assert await client.rest() == b"HELLO"


async def test_a_handler_ends_with_its_client_behind_all_of_them(
    serve: Serve, connect: Connect
) -> None:
    ended = trio.Event()
    router = make_router()

    @router.get("/forever")
    async def forever(request: http.Request) -> str:
        try:
            await trio.sleep_forever()
        finally:
            ended.set()
        return ""

    client = await connect(await serve(router))
    await client.send(b"GET /forever HTTP/1.1\r\nHost: x\r\n\r\n")
    await trio.sleep(0.05)
    client.stream.reset()
    with trio.fail_after(5):
        await ended.wait()
