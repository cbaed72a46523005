"""Calls that come to their end, and how connections are used again."""

from __future__ import annotations

import http.server
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any, assert_type

import pytest
import trio

from trio_helianthus import core, errors, net
from trio_helianthus.http import (
    ClientLimits,
    ClientStatistics,
    Headers,
    HTTPStatusError,
    Request,
    Response,
    Router,
    Timeouts,
    open_client,
)
from trio_helianthus.http._decoding import accept_encoding

if TYPE_CHECKING:
    from tests.http.conftest import Reports, Serve, ServeScript

router = Router()


@router.route("/echo", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def echo(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "headers": {name.lower(): value for name, value in request.headers.pairs},
        "query": request.query.pairs,
        "body": (await request.read()).decode(),
    }


@router.get("/status/{status}")
async def status(request: Request) -> Response:
    return Response.text("body", status=int(request.path_params["status"]))


@router.get("/pieces")
async def pieces(request: Request) -> Response:
    async def produce() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"0123456789"

    return Response(produce())


async def in_two_pieces() -> AsyncIterator[bytes]:
    yield b"one "
    yield b"two"


async def test_every_method(serve: Serve) -> None:
    server = await serve(router)
    async with open_client(server.url) as client:
        for method in (client.get, client.delete, client.options):
            answer = (await method("/echo", params={"x": "1"})).json()
            assert answer["method"] == method.__name__.upper()
            assert answer["query"] == [["x", "1"]]
            assert "content-length" not in answer["headers"]
        for method in (client.post, client.put, client.patch):
            answer = (await method("/echo", content="Grüße")).json()
            assert (answer["method"], answer["body"]) == (method.__name__.upper(), "Grüße")
            assert (await method("/echo")).json()["headers"]["content-length"] == "0"
        head = await client.head("/status/200")
        assert (head.content, head.headers["content-length"]) == (b"", "4")
        assert (await client.request("delete", "/echo")).json()["method"] == "DELETE"
        assert client.statistics().idle == 1


async def test_what_an_answer_tells(serve: Serve) -> None:
    server = await serve(router)
    async with open_client(server.url) as client:
        answer = await client.get("/status/200")
        assert (answer.status, answer.reason, answer.http_version) == (200, "OK", "1.1")
        assert (answer.method, answer.url) == ("GET", f"{server.url}/status/200")
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert (answer.content, answer.text) == (b"body", "body")
        assert answer.raise_for_status() is answer
        for code in (301, 404, 500):
            answer = await client.get(f"/status/{code}")
            assert answer.status == code
        with pytest.raises(HTTPStatusError) as caught:
            answer.raise_for_status()
        assert str(caught.value) == f"GET {server.url}/status/500: 500 Internal Server Error"
        assert caught.value.status == 500
        assert caught.value.response is answer


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("text/plain; charset=iso-8859-1", b"Gr\xfc\xdfe", "Grüße"),
        ("text/plain", b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
        ("text/plain; charset=klingon", b"\xff", "�"),
    ],
)
async def test_text_is_decoded_as_the_answer_says(
    serve: Serve, kind: str, content: bytes, text: str
) -> None:
    async def handler(request: Request) -> Response:
        return Response(content, content_type=kind)

    server = await serve(handler)
    async with open_client(server.url) as client:
        assert (await client.get("/")).text == text


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
async def test_an_answer_that_is_no_json(serve: Serve, content: bytes) -> None:
    async def handler(request: Request) -> bytes:
        return content

    server = await serve(handler)
    async with open_client(server.url) as client:
        answer = await client.get("/")
    with pytest.raises(ValueError):
        answer.json()


async def test_what_can_be_sent(serve: Serve) -> None:
    server = await serve(router)
    async with open_client(server.url) as client:
        json = (await client.post("/echo", json={"ü": [1]})).json()
        assert json["body"] == '{"ü":[1]}'
        assert json["headers"]["content-type"] == "application/json"
        chunks = (await client.post("/echo", content=in_two_pieces())).json()
        assert chunks["body"] == "one two"
        assert chunks["headers"]["transfer-encoding"] == "chunked"
        length = {"Content-Length": "7"}
        known = (await client.post("/echo", content=in_two_pieces(), headers=length)).json()
        assert known["body"] == "one two"
        assert "transfer-encoding" not in known["headers"]
        for buffer in (bytearray(b"x"), memoryview(b"x")):
            assert (await client.post("/echo", content=buffer)).json()["body"] == "x"


async def test_headers_of_the_client_and_of_the_call(serve: Serve) -> None:
    server = await serve(router)
    async with open_client(server.url, headers={"X-A": "client", "accept": "text/*"}) as client:
        headers = (await client.get("/echo", headers=[("x-a", "call"), ("X-B", "1")])).json()
        assert headers["headers"] == {
            "host": server.url.removeprefix("http://"),
            "user-agent": "trio_helianthus",
            "accept": "text/*",
            "accept-encoding": accept_encoding(),
            "x-a": "call",
            "x-b": "1",
        }
        again = (await client.get("/echo", headers={"Host": "other"})).json()["headers"]
        assert (again["x-a"], again["host"]) == ("client", "other")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"method": "GE T"}, ValueError),
        ({"method": "CONNECT"}, ValueError),
        ({"headers": {"X": "a\r\nb"}}, ValueError),
        ({"headers": {"Transfer-Encoding": "chunked"}}, ValueError),
        ({"headers": {"Upgrade": "h2c"}}, ValueError),
        ({"content": b"x", "json": 1}, ValueError),
        ({"json": object()}, TypeError),
        ({"json": float("nan")}, ValueError),
        ({"content": 42}, TypeError),
        ({"content": b"x", "expect_continue": -1}, ValueError),
        ({"timeout": -1}, ValueError),
    ],
)
async def test_misuse_is_refused_before_anything_is_sent(
    options: dict[str, Any], error: type[Exception], reports: Reports
) -> None:
    async with open_client("http://127.0.0.1:9") as client:
        with pytest.raises(error):
            await client.request(options.pop("method", "POST"), "/", **options)
    assert reports.named("net.tcp.connect") == []


async def test_misusing_the_client_itself() -> None:
    for wrong in (-1, float("nan")):
        with pytest.raises(ValueError, match="total"):
            async with open_client(timeout=wrong):
                pass
    with pytest.raises(ValueError, match="not both"):
        async with open_client(timeout=1, timeouts=Timeouts(total=1)):
            pass
    with pytest.raises(ValueError, match="max_redirects"):
        async with open_client(max_redirects=0):
            pass
    with pytest.raises(ValueError, match="invalid header name"):
        async with open_client(headers={"": ""}):
            pass
    with pytest.raises(ValueError, match="Expect is the client's business"):
        async with open_client(headers={"Expect": "100-continue"}):
            pass
    async with open_client("http://127.0.0.1:9") as client:
        pass
    with pytest.raises(errors.ResourceClosed):
        await client.get("/")


class TestStreams:
    async def test_an_answer_comes_piece_by_piece(self, serve: Serve) -> None:
        server = await serve(router)
        async with open_client(server.url) as client:
            async with client.stream("GET", "/pieces") as response:
                assert (response.status, response.headers["transfer-encoding"]) == (200, "chunked")
                assert await response.body.receive_some(4) == b"0123"
                rest = assert_type([piece async for piece in response.body], list[bytes])
                assert b"".join(rest) == (b"0123456789" * 10)[4:]
                assert await response.body.receive_some() == b""
            assert client.statistics().idle == 1
            with pytest.raises(errors.ResourceClosed):
                await response.body.receive_some()

    async def test_or_as_a_whole(self, serve: Serve) -> None:
        server = await serve(router)
        async with open_client(server.url) as client:
            async with client.stream("POST", "/echo", json=1) as response:
                assert b'"body":"1"' in await response.raise_for_status().read()
            async with client.stream("HEAD", "/pieces") as response:
                pass
            async with client.stream("GET", "/status/200") as response:
                with pytest.raises(errors.LimitExceeded) as caught:
                    await response.read(max_bytes=3)
            assert (caught.value.limit_name, caught.value.limit) == ("max_bytes", 3)

    async def test_leaving_early_resets_the_connection(self, serve: Serve) -> None:
        closed = trio.Event()

        async def produce() -> AsyncIterator[bytes]:
            try:
                yield b"first"
                await trio.sleep_forever()
            finally:
                closed.set()

        async def handler(request: Request) -> Response:
            return Response(produce())

        server = await serve(handler)
        async with open_client(server.url) as client:
            async with client.stream("GET", "/") as response:
                await response.body.receive_some()
            await closed.wait()
            assert client.statistics().idle == 0
            with pytest.raises(KeyError, match="mine"):
                async with client.stream("GET", "/") as response:
                    raise KeyError("mine")

    async def test_misusing_the_body(self, serve: Serve) -> None:
        async def produce() -> AsyncIterator[bytes]:
            await trio.sleep_forever()
            yield b""

        async def handler(request: Request) -> Response:
            return Response(produce())

        server = await serve(handler)
        async with open_client(server.url) as client, client.stream("GET", "/") as response:
            with pytest.raises(ValueError, match="at least 1"):
                await response.body.receive_some(0)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(response.body.receive_some)
                await trio.testing.wait_all_tasks_blocked()
                with pytest.raises(errors.ResourceBusy):
                    await response.body.receive_some()
                nursery.cancel_scope.cancel()
            with pytest.raises(errors.OperationTimeout):
                await response.body.receive_some(timeout=0.001)
            token = core.CancelToken()
            token.cancel("enough")
            with pytest.raises(errors.OperationCancelled, match="enough"):
                await response.body.receive_some(token=token)
            await response.body.aclose()
            with pytest.raises(errors.ResourceClosed):
                await response.body.receive_some()

    async def test_the_token_of_a_stream_is_the_token_of_its_body(self, serve: Serve) -> None:
        async def produce() -> AsyncIterator[bytes]:
            yield b"x"
            await trio.sleep_forever()

        async def handler(request: Request) -> Response:
            return Response(produce())

        server = await serve(handler)
        token = core.CancelToken()
        async with (
            open_client(server.url) as client,
            client.stream("GET", "/", token=token) as response,
        ):
            assert await response.body.receive_some() == b"x"
            token.cancel("enough")
            with pytest.raises(errors.OperationCancelled):
                await response.body.receive_some()
            with pytest.raises(errors.OperationCancelled):
                await response.read()


class TestConnections:
    async def test_the_one_used_last_is_used_next(self, serve: Serve, reports: Reports) -> None:
        server = await serve(router)
        async with open_client(server.url) as client:
            async with trio.open_nursery() as nursery:
                for _ in range(3):
                    nursery.start_soon(client.get, "/status/200")
            assert client.statistics().idle == 3
            last = reports.named("http.client.request")[-1].connection_id
            for _ in range(3):
                await client.get("/status/200")
            used = [one.connection_id for one in reports.named("http.client.request")[3:]]
            assert used == [last] * 3

    async def test_never_more_than_the_limit_and_no_more_idle_than_theirs(
        self, serve: Serve
    ) -> None:
        running = most = 0
        go_on = trio.Event()

        async def handler(request: Request) -> str:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await go_on.wait()
            running -= 1
            return "ok"

        server = await serve(handler)
        limits = ClientLimits(max_connections=4, max_idle=2)
        async with open_client(server.url, limits=limits) as client:
            async with trio.open_nursery() as nursery:
                for _ in range(20):
                    nursery.start_soon(client.get, "/")
                await trio.testing.wait_all_tasks_blocked()
                assert client.statistics().waiting == 16
                go_on.set()
            statistics = client.statistics()
            assert (statistics.active, statistics.idle, statistics.waiting) == (0, 2, 0)
        assert most == 4

    async def test_a_cancelled_wait_or_call_never_blocks_the_others(self, serve: Serve) -> None:
        async def handler(request: Request) -> str:
            if request.path == "/slow":
                await trio.sleep_forever()
            return "ok"

        server = await serve(handler)
        async with open_client(server.url, limits=ClientLimits(max_connections=1)) as client:
            for _ in range(20):
                with trio.move_on_after(0.001):
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(client.get, "/slow")
                        nursery.start_soon(client.get, "/slow")
            assert (await client.get("/")).text == "ok"

    async def test_an_idle_connection_grows_old(
        self, serve: Serve, reports: Reports, autojump_clock: trio.testing.MockClock
    ) -> None:
        server = await serve(router)
        async with open_client(server.url, limits=ClientLimits(idle_timeout=5)) as client:
            for pause in (0, 4, 6):
                await trio.sleep(pause)
                await client.get("/status/200")
        first, second, third = [one.connection_id for one in reports.named("http.client.request")]
        assert first == second != third

    async def test_closing_the_client_ends_what_still_runs(self, serve: Serve) -> None:
        async def handler(request: Request) -> str:
            await trio.sleep_forever()
            return "never"

        server = await serve(handler)
        limits = ClientLimits(max_connections=1)
        async with trio.open_nursery() as nursery, open_client(server.url, limits=limits) as client:
            get = client.get
            for _ in range(3):  # one runs, two wait
                nursery.start_soon(self.expect_closed, get)
            await trio.testing.wait_all_tasks_blocked(0.01)
            nursery.start_soon(self.expect_closed, get)
        assert client.statistics().active == 0

    async def test_closing_the_client_leaves_nothing_to_those_who_wait(self, serve: Serve) -> None:
        server = await serve(router)
        limits = ClientLimits(max_connections=1)
        async with trio.open_nursery() as nursery, AsyncExitStack() as stack:
            async with open_client(server.url, limits=limits) as client:
                response = await stack.enter_async_context(client.stream("GET", "/about"))
                await response.read()
                get = client.get
                nursery.start_soon(self.expect_closed, get)
                await trio.testing.wait_all_tasks_blocked()
            await stack.aclose()
        assert client.statistics() == ClientStatistics(active=0, idle=0, waiting=0)

    async def test_a_connection_that_comes_too_late_is_closed(self, serve: Serve) -> None:
        server = await serve(router)
        async with trio.open_nursery() as nursery, open_client(server.url) as client:
            get = client.get
            nursery.start_soon(self.expect_closed, get)
            await trio.lowlevel.checkpoint()

    @staticmethod
    async def expect_closed(get: Any) -> None:
        with pytest.raises(errors.ResourceClosed):
            await get("/")


@contextmanager
def standard_library_server() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(201, "Made")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(data[::-1])
            self.close_connection = True

        def log_request(self, code: object = "-", size: object = "-") -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


async def test_the_standard_librarys_server() -> None:
    with standard_library_server() as url:
        async with open_client(url) as client:
            for _ in range(3):
                assert (await client.get("/")).content == b"hello"
            answer = await client.post("/", content=b"abc" * 100_000)
            assert (answer.status, answer.reason) == (201, "Made")
            assert answer.content == b"cba" * 100_000


async def test_answers_with_every_framing(serve_script: ServeScript) -> None:
    answers = {
        b"/length": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        b"/chunks": b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\n",
        b"/end": b"HTTP/1.1 200 Fine by me\r\n\r\nabc",
        b"/old": b"HTTP/1.0 200 OK\r\n\r\nabc",
        b"/early": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    }

    async def script(stream: net.ByteStream) -> None:
        head = await stream.receive_until(b"\r\n\r\n")
        await stream.send_all(answers[head.split(b" ")[1]])

    url = await serve_script(script)
    async with open_client(url) as client:
        for path in answers:
            assert (await client.get(path.decode())).content == b"abc"
        for name in ("/length", "/chunks"):
            assert (await client.head(name)).content == b""


async def test_the_operation_of_a_call_is_reported(serve: Serve, reports: Reports) -> None:
    server = await serve(router)
    async with open_client(server.url) as client:
        await client.get("/status/404")
    (operation,) = reports.named("http.client.request")
    assert operation.outcome is core.Outcome.OK
    assert operation.peer == ("127.0.0.1", server.port)
    assert operation.attributes == {
        "http.method": "GET",
        "http.url": f"{server.url}/status/404",
        "http.status": 404,
    }


def test_a_status_error_can_be_pickled() -> None:
    import pickle

    from trio_helianthus.http import ClientResponse

    response = ClientResponse(
        method="GET",
        url="http://h/",
        status=404,
        reason="",
        headers=Headers({"A": "b"}),
        http_version="1.1",
        content=b"x",
    )
    with pytest.raises(HTTPStatusError) as caught:
        response.raise_for_status()
    twin = pickle.loads(pickle.dumps(caught.value))
    assert str(twin) == str(caught.value) == "GET http://h/: 404"
    assert twin.response.content == b"x"
