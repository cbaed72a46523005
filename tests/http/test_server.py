"""What a server answers, to clients of all kinds."""

from __future__ import annotations

import http.client
import re
import shutil
import ssl
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import attrs
import pytest
import trio
import trio.testing

from trio_helianthus import core, errors, net
from trio_helianthus.http import (
    HTTPError,
    Request,
    Response,
    ResponseWriter,
    Router,
    Server,
    ServerLimits,
    open_client,
)
from trio_helianthus.http import serve as http_serve

if TYPE_CHECKING:
    from tests.http.conftest import Connect, Reports, Serve

router = Router()


@router.get("/hello/{name}")
async def hello(request: Request) -> str:
    return f"Hello, {request.path_params['name']}!"


@router.post("/echo")
async def echo(request: Request) -> Response:
    kind = request.headers.get("content-type", "application/octet-stream")
    return Response(await request.read(), content_type=kind)


@router.get("/count/{number}")
async def count(request: Request) -> Response:
    async def produce() -> AsyncIterator[bytes]:
        for number in range(int(request.path_params["number"])):
            yield b"%d\n" % number

    return Response(produce(), content_type="text/plain")


@router.get("/about")
async def about(request: Request) -> dict[str, object]:
    assert isinstance(request.client_address, tuple)
    return {
        "version": request.http_version,
        "from": request.client_address[0],
        "tls": None if request.tls is None else request.tls.version,
        "method": request.method,
        "query": dict(request.query),
    }


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


async def curl(*arguments: str, stdin: bytes = b"") -> str:
    command = ["curl", "--silent", "--show-error", "--max-time", "20", *arguments]
    done = await trio.run_process(command, capture_stdout=True, stdin=stdin)
    return done.stdout.decode().replace("\r\n", "\n")


@needs_curl
@pytest.mark.usefixtures("no_errors")
class TestCurl:
    async def test_gets_text(self, serve: Serve) -> None:
        server = await serve(router)
        answer = await curl("--include", f"{server.url}/hello/J%C3%BCrgen")
        assert answer.startswith("HTTP/1.1 200 OK\n")
        assert "\nContent-Type: text/plain; charset=utf-8\n" in answer
        assert re.search(r"\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\n", answer)
        assert answer.endswith("\n\nHello, Jürgen!")

    async def test_uses_one_connection_for_several_requests(self, serve: Serve) -> None:
        server = await serve(router)
        url = f"{server.url}/hello/you"
        answer = await curl("--write-out", " %{num_connects};", url, url, url)
        assert answer == "Hello, you! 1;Hello, you! 0;Hello, you! 0;"

    async def test_asks_for_the_head_alone(self, serve: Serve) -> None:
        server = await serve(router)
        answer = await curl("--head", f"{server.url}/hello/you")
        assert "\nContent-Length: 11\n" in answer
        assert answer.endswith("\n\n")

    async def test_receives_chunks(self, serve: Serve) -> None:
        server = await serve(router)
        answer = await curl("--include", f"{server.url}/count/3")
        assert "\nTransfer-Encoding: chunked\n" in answer
        assert answer.endswith("\n\n0\n1\n2\n")

    async def test_of_http_1_0_receives_a_body_that_ends_with_the_connection(
        self, serve: Serve
    ) -> None:
        server = await serve(router)
        answer = await curl("--include", "--http1.0", f"{server.url}/count/3")
        assert "\nConnection: close\n" in answer
        assert "Transfer-Encoding" not in answer
        assert answer.endswith("\n\n0\n1\n2\n")

    @pytest.mark.parametrize("framing", ["Expect: 100-continue", "Transfer-Encoding: chunked"])
    async def test_sends_a_large_body(self, serve: Serve, framing: str) -> None:
        server = await serve(router)
        data = b"0123456789" * 50_000
        send = ["--data-binary", "@-", "--header", framing, f"{server.url}/echo"]
        assert await curl(*send, stdin=data) == data.decode()

    async def test_reads_the_refusal_of_a_body_that_is_too_large(self, serve: Serve) -> None:
        server = await serve(router, limits=ServerLimits(max_body_bytes=1000))
        send = ["--include", "--data-binary", "@-", "--header", "Expect:", f"{server.url}/echo"]
        answer = await curl(*send, stdin=bytes(3_000_000))
        assert answer.startswith("HTTP/1.1 413 Content Too Large\n")
        assert "\nConnection: close\n" in answer
        assert answer.endswith("\n\nthe body is longer than 1000 bytes\n")

    async def test_is_told_about_methods_and_paths(self, serve: Serve) -> None:
        server = await serve(router)
        answer = await curl("--include", "--request", "DELETE", f"{server.url}/echo")
        assert answer.startswith("HTTP/1.1 405 Method Not Allowed\nAllow: OPTIONS, POST\n")
        assert answer.endswith("\n\nMethod Not Allowed\n")
        assert await curl(f"{server.url}/nothing") == "Not Found\n"


async def test_the_standard_librarys_client_keeps_its_connection(
    serve: Serve, no_errors: None
) -> None:
    server = await serve(router)

    def talk() -> list[tuple[int, bytes]]:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        answers = []
        for method, path, body in [
            ("GET", "/hello/you", None),
            ("POST", "/echo", b"data"),
            ("POST", "/echo", iter([b"in ", b"chunks"])),
            ("GET", "/count/2", None),
            ("HEAD", "/hello/you", None),
            ("GET", "/nothing", None),
        ]:
            connection.request(method, path, body)
            answer = connection.getresponse()
            answers.append((answer.status, answer.read()))
        connection.close()
        return answers

    assert await trio.to_thread.run_sync(talk) == [
        (200, b"Hello, you!"),
        (200, b"data"),
        (200, b"in chunks"),
        (200, b"0\n1\n"),
        (200, b""),
        (404, b"Not Found\n"),
    ]
    assert server.statistics().requests == 6


async def test_pipelined_requests_are_answered_in_order(serve: Serve, connect: Connect) -> None:
    server = await serve(router)
    client = await connect(server)
    ask = "GET /hello/{} HTTP/1.1\r\nHost: t\r\n\r\n"
    post = "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi"
    await client.send((ask.format(1) + post + ask.format(2) * 200 + ask.format(3)).encode())
    assert (await client.answer()).body == b"Hello, 1!"
    assert (await client.answer()).body == b"hi"
    for _ in range(200):
        assert (await client.answer()).body == b"Hello, 2!"
    assert (await client.answer()).body == b"Hello, 3!"


async def test_pipelined_requests_in_front_of_an_end_of_stream_are_all_answered(
    serve: Serve, connect: Connect
) -> None:
    server = await serve(router)
    client = await connect(server)
    await client.send(b"GET /hello/you HTTP/1.1\r\nHost: t\r\n\r\n" * 5)
    await client.stream.send_eof()
    assert (await client.rest()).count(b"Hello, you!") == 5


async def test_what_a_handler_knows_about_its_client(serve: Serve) -> None:
    server = await serve(router)
    async with open_client(server.url) as client:
        answer = await client.get("/about?x=1&x=2&y=")
    assert answer.json() == {
        "version": "1.1",
        "from": "127.0.0.1",
        "tls": None,
        "method": "GET",
        "query": {"x": "1", "y": ""},
    }


async def test_tls(serve: Serve, tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    ours, theirs = tls_contexts
    server = await serve(router, ssl_context=ours)
    assert server.url == f"https://127.0.0.1:{server.port}"
    async with open_client(server.url, ssl_context=theirs) as client:
        for _ in range(2):
            assert (await client.get("/about")).json()["tls"] == "TLSv1.3"
        big = bytes(1_000_000)
        assert (await client.post("/echo", content=big)).content == big
        assert client.statistics().idle == 1
    async with open_client(server.url) as distrustful:
        with pytest.raises(errors.CertificateInvalid):
            await distrustful.get("/about")


@pytest.mark.parametrize(
    ("result", "kind", "body"),
    [
        ("text", "text/plain; charset=utf-8", b"text"),
        (b"bytes", "application/octet-stream", b"bytes"),
        ({"a": 1}, "application/json", b'{"a":1}'),
        ([1, 2], "application/json", b"[1,2]"),
        (Response.html("<p>"), "text/html; charset=utf-8", b"<p>"),
    ],
)
async def test_what_a_handler_may_return(serve: Serve, result: str, kind: str, body: bytes) -> None:
    async def handler(request: Request) -> str:
        return result

    server = await serve(handler)
    async with open_client(server.url) as client:
        for _ in range(2):
            answer = await client.get("/")
            assert (answer.status, answer.headers["content-type"]) == (200, kind)
            assert answer.content == body


@pytest.mark.parametrize("result", [None, 42, object(), {"a": object()}, [float("inf")]])
async def test_what_a_handler_must_not_return(serve: Serve, reports: Reports, result: str) -> None:
    async def handler(request: Request) -> str:
        return result

    server = await serve(handler)
    async with open_client(server.url) as client:
        answer = await client.get("/")
    assert (answer.status, answer.text) == (500, "Internal Server Error\n")
    assert isinstance(reports.errors[0], TypeError | ValueError)


async def test_a_failing_handler_is_reported_and_the_connection_goes_on(
    serve: Serve, connect: Connect, reports: Reports
) -> None:
    async def handler(request: Request) -> str:
        if request.path == "/bad":
            raise KeyError("oops")
        if request.path == "/group":
            raise ExceptionGroup("several", [HTTPError(404)])
        if request.path == "/teapot":
            raise HTTPError(418, "short and stout", {"X-Spout": "yes"})
        return "good"

    client = await connect(await serve(handler))
    assert (await client.get("/bad")).status == 500
    assert (await client.get("/group")).status == 404
    teapot = await client.get("/teapot")
    assert (teapot.status, teapot.headers["x-spout"]) == (418, "yes")
    assert teapot.body == b"short and stout\n"
    assert (await client.get("/")).body == b"good"
    assert [type(error) for error in reports.errors] == [KeyError]


async def test_an_answer_that_cannot_be_framed_is_a_500(
    serve: Serve, connect: Connect, reports: Reports
) -> None:
    closed = []

    async def produce() -> AsyncIterator[bytes]:
        try:
            yield b"x"
        finally:
            closed.append(True)

    async def handler(request: Request) -> Response:
        pieces = produce()
        await anext(pieces)
        response = Response(pieces)
        match request.path:
            case "/te":
                response.headers["Transfer-Encoding"] = "gzip"
            case "/cl":
                response.headers["Content-Length"] = "?"
            case _:
                response.status = "200"  # type: ignore[assignment]
        return response

    server = await serve(handler)
    for path in ("/te", "/cl", "/status"):
        client = await connect(server)
        assert (await client.get(path)).status == 500
        assert await client.rest() == b""
    assert [type(error) for error in reports.errors] == [
        errors.LocalProtocolError,
        errors.LocalProtocolError,
        TypeError,
    ]
    assert closed == [True] * 3


class TestStreaming:
    """A body that comes piece by piece."""

    async def test_each_piece_is_sent_at_once(self, serve: Serve, connect: Connect) -> None:
        send, receive = trio.open_memory_channel[bytes](0)

        async def handler(request: Request) -> Response:
            return Response(receive)

        client = await connect(await serve(handler))
        await client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        assert b"chunked" in await client.stream.receive_until(b"\r\n\r\n")
        async with send:
            for piece in (b"first", b"second"):
                await send.send(piece)
                assert await client.stream.receive_until(b"\r\n") == b"%x\r\n" % len(piece)
                assert await client.stream.receive_until(b"\r\n") == piece + b"\r\n"
            await send.send(b"")
        assert await client.stream.receive_exactly(5) == b"0\r\n\r\n"
        with pytest.raises(trio.ClosedResourceError):
            receive.receive_nowait()

    async def test_a_length_that_is_known_is_said(self, serve: Serve, connect: Connect) -> None:
        async def handler(request: Request) -> Response:
            return Response(produce(), headers={"Content-Length": "6"})

        async def produce() -> AsyncIterator[bytes | bytearray]:
            yield b"abc"
            yield bytearray(b"def")

        client = await connect(await serve(handler))
        assert (await client.get("/")).body == b"abcdef"
        assert (await client.get("/")).body == b"abcdef"

    @pytest.mark.parametrize("fault", ["exception", "not bytes", "too short", "too long"])
    async def test_a_body_that_fails_is_cut_and_never_looks_complete(
        self, serve: Serve, connect: Connect, reports: Reports, fault: str
    ) -> None:
        async def produce() -> AsyncIterator[bytes]:
            yield b"abc"
            if fault == "exception":
                raise KeyError("half-way")
            if fault == "not bytes":
                yield "text"  # type: ignore[misc]
            if fault == "too long":
                yield b"defghijkl"

        async def handler(request: Request) -> Response:
            fields = {"Content-Length": "6"} if "too" in fault else {}
            return Response(produce(), headers=fields)

        client = await connect(await serve(handler))
        await client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        received = b""
        with pytest.raises(errors.ConnectionReset):
            while True:
                received += await client.stream.receive_some()
        assert not received.endswith(b"0\r\n\r\n")
        assert len(reports.errors) == 1

    async def test_without_a_place_for_a_body_the_iterable_is_closed(
        self, serve: Serve, connect: Connect
    ) -> None:
        send, receive = trio.open_memory_channel[bytes](1)

        async def handler(request: Request) -> Response:
            return Response(receive)

        client = await connect(await serve(handler))
        await client.send(b"HEAD / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
        assert (await client.answer(bodiless=True)).status == 200
        assert await client.rest() == b""
        with pytest.raises(trio.BrokenResourceError):
            send.send_nowait(b"x")

    async def test_an_answer_can_be_made_from_a_body_that_still_arrives(
        self, serve: Serve, connect: Connect, no_errors: None
    ) -> None:
        async def handler(request: Request) -> Response:
            return Response(request.body)

        client = await connect(await serve(handler))
        for _ in range(2):
            await client.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 6\r\n\r\nabc")
            await client.stream.receive_until(b"\r\n\r\n")
            assert await client.stream.receive_exactly(8) == b"3\r\nabc\r\n"
            await client.send(b"def")
            assert await client.stream.receive_exactly(13) == b"3\r\ndef\r\n0\r\n\r\n"

    async def test_an_answer_made_from_a_malformed_body_is_cut(
        self, serve: Serve, connect: Connect, no_errors: None
    ) -> None:
        async def handler(request: Request) -> Response:
            return Response(request.body)

        client = await connect(await serve(handler))
        head = b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        await client.send(head + b"3\r\nabc\r\njunk\r\n")
        with pytest.raises(errors.ConnectionReset):
            await client.rest()


class TestRequestBodies:
    """What becomes of a body, read or not."""

    async def test_a_small_unread_body_is_thrown_away(self, serve: Serve, connect: Connect) -> None:
        async def handler(request: Request) -> str:
            return request.path

        client = await connect(await serve(handler))
        head = "POST /{} HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n"
        for number in range(3):
            await client.send(head.format(number).encode())
            assert (await client.answer()).body == f"/{number}".encode()
            await client.send(bytes(100_000))
        assert (await client.get("/last")).body == b"/last"

    @pytest.mark.parametrize("framing", ["Content-Length: 500000", "Transfer-Encoding: chunked"])
    async def test_a_large_unread_body_ends_the_connection_but_not_the_answer(
        self, serve: Serve, connect: Connect, framing: str
    ) -> None:
        async def handler(request: Request) -> str:
            return "enough"

        client = await connect(await serve(handler))
        await client.send(f"POST / HTTP/1.1\r\nHost: t\r\n{framing}\r\n\r\n".encode())
        prefix = b"7a120\r\n" if "chunked" in framing else b""
        await client.send(prefix + bytes(500_000))
        assert (await client.answer()).body == b"enough"
        assert await client.rest() == b""

    async def test_100_continue_is_sent_when_the_handler_reads(
        self, serve: Serve, connect: Connect
    ) -> None:
        client = await connect(await serve(router))
        head = "POST /{} HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        await client.send(head.format("echo").encode())
        assert (await client.answer()).status == 100
        await client.send(b"hi")
        assert (await client.answer()).body == b"hi"
        await client.send(head.format("nothing").encode())
        refusal = await client.answer()
        assert (refusal.status, refusal.headers["connection"]) == (404, "close")
        assert await client.rest() == b""

    async def test_a_malformed_body_is_a_bad_request(
        self, serve: Serve, connect: Connect, no_errors: None
    ) -> None:
        client = await connect(await serve(router))
        head = b"POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        await client.send(head + b"3\r\nabc\r\nxyz\r\n")
        answer = await client.answer()
        assert (answer.status, answer.headers["connection"]) == (400, "close")
        assert await client.rest() == b""

    @pytest.mark.parametrize("read", [False, True])
    async def test_a_malformed_body_ends_the_connection_read_or_not(
        self, serve: Serve, connect: Connect, read: bool
    ) -> None:
        async def handler(request: Request) -> str:
            if read:
                with pytest.raises(HTTPError):
                    await request.read()
            return "ok"

        server = await serve(handler)
        head = b"POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        for first, second in [(b"xyz\r\n", b""), (b"", b"xyz\r\n")]:
            client = await connect(server)
            await client.send(head + first)
            if not read:
                assert (await client.answer()).body == b"ok"
            await client.send(second)
            if read:
                assert (await client.answer()).body == b"ok"
            assert await client.rest() == b""

    async def test_an_unread_body_that_has_arrived_in_part_is_thrown_away_first(
        self, serve: Serve, connect: Connect
    ) -> None:
        async def handler(request: Request) -> str:
            await trio.testing.wait_all_tasks_blocked(0.01)
            return "ok"

        client = await connect(await serve(handler))
        await client.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 250000\r\n\r\n")
        await client.send(bytes(200_000))
        answer = await client.answer()
        assert (answer.body, "connection" in answer.headers) == (b"ok", False)
        await client.send(bytes(50_000))
        assert (await client.get("/")).body == b"ok"

    async def test_an_unread_body_of_many_tiny_chunks_that_are_there_is_thrown_away(
        self, serve: Serve, connect: Connect
    ) -> None:
        async def handler(request: Request) -> str:
            await trio.testing.wait_all_tasks_blocked(0.01)
            return "ok"

        client = await connect(await serve(handler))
        await client.send(b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
        await client.send(b"1\r\nx\r\n" * 5000 + b"0\r\n\r\n")
        answer = await client.answer()
        assert (answer.body, "connection" in answer.headers) == (b"ok", False)

    async def test_a_body_belongs_to_its_own_request_only(
        self, serve: Serve, connect: Connect
    ) -> None:
        kept: list[Request] = []

        async def handler(request: Request) -> str:
            if kept:
                with pytest.raises(errors.ResourceClosed):
                    await kept[0].read()
            kept.append(request)
            return "ok"

        client = await connect(await serve(handler))
        for _ in range(2):
            await client.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\r\nx")
            assert (await client.answer()).body == b"ok"


async def test_closing_is_said_when_it_is_due(serve: Serve, connect: Connect) -> None:
    async def handler(request: Request) -> Response:
        return Response(b"x", headers={"Connection": "close"} if request.path == "/close" else {})

    server = await serve(handler, limits=ServerLimits(max_requests_per_connection=2))
    client = await connect(server)
    assert "connection" not in (await client.get("/")).headers
    assert (await client.get("/")).headers["connection"] == "close"
    assert await client.rest() == b""
    for path, field in [("/close", "X: y"), ("/", "Connection: close")]:
        client = await connect(server)
        assert (await client.get(path, field)).headers["connection"] == "close"
        assert await client.rest() == b""


async def test_a_length_for_a_head_that_has_no_body(serve: Serve, connect: Connect) -> None:
    async def handler(request: Request) -> Response:
        return Response(headers={"Content-Length": "1234"})

    client = await connect(await serve(handler))
    await client.send(b"HEAD / HTTP/1.1\r\nHost: t\r\n\r\n")
    assert (await client.answer(bodiless=True)).headers["content-length"] == "1234"
    assert (await client.get("/")).headers["content-length"] == "0"


async def test_a_handler_may_set_the_date_itself(serve: Serve, connect: Connect) -> None:
    async def handler(request: Request) -> Response:
        return Response(status=204, headers={"Date": "today", "Content-Length": "0"})

    answer = await (await connect(await serve(handler))).get("/")
    assert answer.headers.pairs == [("Date", "today")]


async def test_this_server_is_no_proxy(serve: Serve, connect: Connect) -> None:
    async def handler(request: Request) -> str:
        return "never"

    client = await connect(await serve(handler))
    await client.send(b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n")
    await client.send(b"GET /meant-for-the-tunnel HTTP/1.1\r\nHost: example.org\r\n\r\n")
    answer = await client.answer()
    assert (answer.status, answer.headers["connection"]) == (405, "close")
    assert await client.rest() == b""


async def test_an_upgrade_is_not_taken_up(serve: Serve, connect: Connect) -> None:
    client = await connect(await serve(router))
    answer = await client.get("/hello/a", "Connection: Upgrade", "Upgrade: h2c")
    assert answer.body == b"Hello, a!"
    assert (await client.get("/hello/b")).body == b"Hello, b!"


async def test_the_trace_of_the_client_is_the_handlers(
    serve: Serve, connect: Connect, reports: Reports
) -> None:
    traces: list[core.TraceContext | None] = []

    async def handler(request: Request) -> str:
        traces.append(core.current_trace())
        return "ok"

    server = await serve(handler)
    trace = core.TraceContext.new()
    trace = attrs.evolve(trace, state="vendor=1")
    with core.use_trace(trace):
        async with open_client(server.url) as client:
            await client.get("/")
    raw = await connect(server)
    await raw.get("/", "traceparent: junk")
    await raw.get("/")
    assert traces == [trace, None, None]
    asked, first, *_ = reports.named("http.client.request") + reports.named("http.server.request")
    assert asked.trace == first.trace == trace
    assert {"http.method": "GET", "http.target": "/", "http.status": 200}.items() <= (
        first.attributes.items()
    )
    assert first.bytes_sent > 0


async def test_both_sides_report_the_bytes_of_each_call(serve: Serve, reports: Reports) -> None:
    async def echo(request: Request) -> bytes:
        return await request.read()

    server = await serve(echo)
    async with open_client(server.url) as client:
        for size in (1000, 2000):
            await client.post("/", content=bytes(size))
    asked, answered = reports.named("http.client.request"), reports.named("http.server.request")
    assert [one.bytes_sent for one in asked] == [one.bytes_received for one in answered]
    assert [one.bytes_received for one in asked] == [one.bytes_sent for one in answered]
    assert asked[1].bytes_sent - asked[0].bytes_sent == 1000
    assert asked[0].bytes_received > 1000


async def test_the_bytes_of_an_answer_count_that_leaves_while_its_handler_waits(
    serve: Serve, reports: Reports
) -> None:
    async def handler(request: Request) -> ResponseWriter:
        answer = await request.respond(Response.text("ok"))
        await trio.lowlevel.checkpoint()
        return answer

    server = await serve(handler)
    async with open_client(server.url) as client:
        await client.get("/")
        await trio.testing.wait_all_tasks_blocked()
    (asked,) = reports.named("http.client.request")
    (answered,) = reports.named("http.server.request")
    assert answered.bytes_sent == asked.bytes_received > 0


async def test_the_server_object(serve: Serve, connect: Connect) -> None:
    go_on = trio.Event()

    async def handler(request: Request) -> str:
        await go_on.wait()
        return "ok"

    server = await serve(handler)
    assert server.addresses == (("127.0.0.1", server.port),)
    assert server.url == f"http://127.0.0.1:{server.port}"
    client, _idle = await connect(server), await connect(server)
    await client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
    await trio.testing.wait_all_tasks_blocked(0.01)
    statistics = server.statistics()
    assert (statistics.connections, statistics.active_requests, statistics.requests) == (2, 1, 1)
    go_on.set()
    await client.answer()
    assert server.statistics().active_requests == 0
    await client.stream.aclose()
    await trio.testing.wait_all_tasks_blocked(0.01)
    assert server.statistics().connections == 1
    assert server.statistics().requests == 1


@pytest.mark.parametrize(("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")])
async def test_the_url_is_one_that_a_client_can_use(
    nursery: trio.Nursery, host: str, shown: str
) -> None:
    if ":" in host and not await _has_ipv6():
        pytest.skip("no IPv6 on the loopback interface")
    server: Server = await nursery.start(_serve_at, host)
    assert server.url == f"http://{shown}:{server.port}"
    async with open_client(server.url) as client:
        assert (await client.get("/hello/you")).text == "Hello, you!"


async def _serve_at(host: str, *, task_status: trio.TaskStatus[Server]) -> None:
    await http_serve(router, 0, host=host, task_status=task_status)


async def _has_ipv6() -> bool:
    try:
        for listener in await net.listen_tcp(0, host="::1"):
            await listener.aclose()
    except errors.NetworkError:
        return False
    return True


async def test_serving_what_is_no_handler(serve: Serve) -> None:
    def handler(request: Request) -> str:
        return "blocking"

    with pytest.raises(TypeError, match="async def"):
        await http_serve(handler, 0)  # type: ignore[arg-type]


async def test_the_host_in_an_absolute_target_wins(serve: Serve, connect: Connect) -> None:
    async def handler(request: Request) -> str:
        return f"{request.headers['host']} {request.host} {request.path}"

    client = await connect(await serve(handler))
    await client.send(b"GET http://example.org:81?x HTTP/1.1\r\nHost: evil.example\r\n\r\n")
    assert (await client.answer()).body == b"example.org:81 example.org:81 /"
    assert (await client.get("/a")).body == b"test test /a"
