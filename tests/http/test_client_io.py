"""One request, one answer: both ways at once, before and behind the bodies, and out of HTTP."""

from __future__ import annotations

import math
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest
import trio

from trio_helianthus import core, errors, http, net
from trio_helianthus.http._call import Call
from trio_helianthus.http._url import parse_url
from trio_helianthus.wire import http1

if TYPE_CHECKING:
    from tests.http.conftest import Reports, Serve, ServeScript

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
Script = Callable[[net.ByteStream], Awaitable[object]]


async def numbers(count: int, *, pause: float = 0) -> AsyncIterator[bytes]:
    for number in range(count):
        yield b"%d " % number
        await trio.sleep(pause)


class TestBothWaysAtOnce:
    async def test_an_answer_comes_while_the_request_is_sent(
        self, serve_script: ServeScript
    ) -> None:
        async def echo(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                size = int(await stream.receive_until(b"\r\n"), 16)
                data = await stream.receive_exactly(size + 2)
                await stream.send_all(b"%x\r\n%b" % (size, data))
                if not size:
                    return

        ours, theirs = trio.open_memory_channel[bytes](0)
        async with http.open_client(await serve_script(echo)) as client:
            call = client.stream("POST", "/", content=theirs)
            async with call as response:
                for piece in (b"one", b"two", b"three"):
                    await ours.send(piece)
                    assert await response.body.receive_some() == piece
                await ours.aclose()
                assert await response.body.receive_some() == b""

    async def test_a_server_that_answers_as_it_reads_does_not_deadlock(
        self, nursery: trio.Nursery
    ) -> None:
        size = 2_000_000  # many times what is under way at a time

        async def echo(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            left = size
            while left:
                data = await stream.receive_some()
                left -= len(data)
                await stream.send_all(data)

        class InMemory:
            async def connect(
                self,
                origin: http.Origin,
                *,
                timeout: float | None = None,
                token: core.CancelToken | None = None,
            ) -> net.ByteStream:
                ours, theirs = net.memory_stream_pair()
                nursery.start_soon(echo, theirs)
                return ours

        async with http.open_client("http://echo", transport=InMemory()) as client:
            content = bytes(range(250)) * (size // 250)
            assert (await client.post("/", content=content)).content == content
            assert client.statistics().idle == 1

    async def test_leaving_a_stream_ends_its_sending(self, serve_script: ServeScript) -> None:
        async def early(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(OK)
            await stream.receive_all()

        ours, theirs = trio.open_memory_channel[bytes](0)
        async with http.open_client(await serve_script(early)) as client:
            async with client.stream("POST", "/", content=theirs) as response:
                assert await response.read() == b"ok"
            with pytest.raises(trio.BrokenResourceError):
                await ours.send(b"x")
            assert client.statistics() == http.ClientStatistics(0, 0, 0)

    async def test_a_whole_call_sends_all_of_its_content(self, serve_script: ServeScript) -> None:
        received = bytearray()

        async def early(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(OK)
            received.extend(await stream.receive_until(b"0\r\n\r\n"))

        async with http.open_client(await serve_script(early)) as client:
            answer = await client.post("/", content=numbers(3, pause=0.002))
        assert answer.content == b"ok"
        assert received == b"2\r\n0 \r\n2\r\n1 \r\n2\r\n2 \r\n0\r\n\r\n"

    @pytest.mark.parametrize("status", [307, 413, 500])
    @pytest.mark.parametrize("large", [b"", bytes(30_000_000)])
    async def test_an_answer_that_refuses_stops_the_upload(
        self, serve_script: ServeScript, status: int, large: bytes
    ) -> None:
        async def refuse(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(b"HTTP/1.1 %d No\r\nContent-Length: 2\r\n\r\nno" % status)
            await trio.sleep_forever()  # and never reads: our side has to stop

        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield bytes(1000)

        async with http.open_client(await serve_script(refuse)) as client:
            answer = await client.post("/", content=large or endless(), timeout=5)
            assert (answer.status, answer.content) == (status, b"no")
            assert client.statistics() == http.ClientStatistics(0, 0, 0)


class TestAskingFirst:
    """``Expect: 100-continue``."""

    async def test_the_body_follows_when_the_server_says_so(self, serve: Serve) -> None:
        async def handler(request: http.Request) -> str:
            assert request.headers["expect"] == "100-continue"
            return f"{len(await request.read())} bytes"

        server = await serve(handler)
        async with http.open_client(server.url) as client:
            for content in (b"x" * 10, numbers(3)):
                answer = await client.post("/", content=content, expect_continue=60)
                assert answer.text in {"10 bytes", "6 bytes"}
            assert client.statistics().idle == 1

    async def test_no_body_follows_a_final_answer(self, serve_script: ServeScript) -> None:
        heard: list[bytes] = []

        async def refuse(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(b"HTTP/1.1 401 Who?\r\nContent-Length: 0\r\n\r\n")
            try:
                heard.append(await stream.receive_all())
            except errors.ConnectionReset:
                heard.append(b"")

        async with http.open_client(await serve_script(refuse)) as client:
            answer = await client.put("/", content=b"secret", expect_continue=60)
            assert answer.status == 401
        await trio.testing.wait_all_tasks_blocked(0.005)
        assert heard == [b""]

    async def test_a_server_that_says_nothing_gets_the_body_after_a_while(
        self, serve_script: ServeScript
    ) -> None:
        async def old(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            assert await stream.receive_exactly(4) == b"body"
            await stream.send_all(OK)

        async with http.open_client(await serve_script(old)) as client:
            assert (await client.post("/", content=b"body", expect_continue=0.01)).status == 200

    async def test_one_that_cannot_promise_is_asked_without(
        self, serve_script: ServeScript
    ) -> None:
        async def picky(stream: net.ByteStream) -> None:
            head = await stream.receive_until(b"\r\n\r\n")
            if b"100-continue" in head:
                await stream.send_all(b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")
                await stream.receive_all()
            else:
                assert await stream.receive_until(b"0\r\n\r\n") == b"2\r\n0 \r\n0\r\n\r\n"
                await stream.send_all(OK)

        async with http.open_client(await serve_script(picky)) as client:
            answer = await client.post("/", content=numbers(1), expect_continue=60)
            assert answer.content == b"ok"


class TestTrailers:
    async def test_behind_a_request(self, serve_script: ServeScript) -> None:
        async def script(stream: net.ByteStream) -> None:
            head = await stream.receive_until(b"\r\n\r\n")
            assert b"Transfer-Encoding: chunked" in head
            rest = await stream.receive_until(b"0\r\nDigest: abc\r\n\r\n")
            assert rest.startswith(b"2\r\n0 \r\n")
            await stream.send_all(OK)

        async with http.open_client(await serve_script(script)) as client:
            for trailers in ({"Digest": "abc"}, lambda: {"Digest": "abc"}):
                answer = await client.post("/", content=numbers(1), trailers=trailers)
                assert answer.status == 200

    async def test_behind_an_answer(self, serve_script: ServeScript) -> None:
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"

        async def script(stream: net.ByteStream) -> None:
            while True:
                await stream.receive_until(b"\r\n\r\n")
                await stream.send_all(chunked + b"0\r\nDigest: abc\r\n\r\n")

        async with http.open_client(await serve_script(script)) as client:
            assert (await client.get("/")).trailers["digest"] == "abc"
            async with client.stream("GET", "/") as response:
                assert await response.read() == b"ok"
                assert response.trailers["digest"] == "abc"
            assert client.statistics().idle == 1


class TestUpgrading:
    SWITCH = b"HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"

    async def test_the_stream_is_ours_with_what_came_early_in_front(
        self, serve_script: ServeScript
    ) -> None:
        async def script(stream: net.ByteStream) -> None:
            head = (await stream.receive_until(b"\r\n\r\n")).lower()
            assert b"upgrade: echo\r\n" in head
            assert b"connection: upgrade\r\n" in head
            await stream.send_all(self.SWITCH + b"welcome")
            await stream.send_all((await stream.receive_exactly(5)).upper())
            assert await stream.receive_some() == b""

        async with http.open_client(await serve_script(script)) as client:
            async with client.upgrade("echo", "/") as upgraded:
                assert upgraded.response.status == 101
                assert await upgraded.stream.receive_exactly(7) == b"welcome"
                await upgraded.stream.send_all(b"hello")
                assert await upgraded.stream.receive_exactly(5) == b"HELLO"
                assert client.statistics().active == 1
            assert client.statistics() == http.ClientStatistics(0, 0, 0)

    async def test_the_answer_may_set_cookies(self, serve_script: ServeScript) -> None:
        async def script(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(self.SWITCH[:-2] + b"Set-Cookie: session=1\r\n\r\n")
            await stream.receive_all()

        url = await serve_script(script)
        async with http.open_client(url) as client, client.upgrade("echo", "/"):
            assert dict(client.cookies) == {"session": "1"}

    async def test_a_server_that_goes_on_with_http(self, serve: Serve) -> None:
        async def handler(request: http.Request) -> str:
            return "just this"

        server = await serve(handler)
        async with http.open_client(server.url) as client:
            with pytest.raises(http.UpgradeRefused, match="no upgrade but 200") as caught:
                async with client.upgrade("echo", "/"):
                    raise AssertionError
            assert caught.value.response.content == b"just this"
            assert client.statistics().active == 0

    async def test_a_body_that_fails_resets_the_connection(self, serve_script: ServeScript) -> None:
        heard: list[BaseException] = []

        async def script(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(self.SWITCH)
            try:
                await stream.receive_all()
            except errors.ConnectionReset as error:
                heard.append(error)

        async with http.open_client(await serve_script(script)) as client:
            with pytest.raises(KeyError):
                async with client.upgrade("echo", "/"):
                    raise KeyError
        await trio.testing.wait_all_tasks_blocked(0.005)
        assert len(heard) == 1


class TestOtherServers:
    @pytest.mark.parametrize(
        ("answer", "content", "kept"),
        [
            (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok", 0),
            (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end", 0),
            (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end", 0),
            (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", b"ok", 0),
            (b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", b"ok", 1),
            (b"HTTP/1.1 204 No\r\n\r\n", b"", 1),
            (b"HTTP/1.1 304 No\r\nContent-Length: 99\r\n\r\n", b"", 1),
            (b"HTTP/1.1 304 No\r\nContent-Length: 999999999999\r\n\r\n", b"", 1),
            (CONTINUE + b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK, b"ok", 1),
            (OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", b"ok", 0),
            (OK + b"\r\n", b"ok", 0),
        ],
    )
    async def test_what_they_answer_and_whether_the_connection_is_kept(
        self, serve_script: ServeScript, answer: bytes, content: bytes, kept: int
    ) -> None:
        async def script(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(answer)
            if kept:
                await stream.receive_all()

        async with http.open_client(await serve_script(script)) as client:
            assert (await client.get("/")).content == content
            assert client.statistics() == http.ClientStatistics(0, kept, 0)

    @pytest.mark.parametrize("engine", http1.Engine)
    async def test_byte_by_byte(self, serve_script: ServeScript, engine: http1.Engine) -> None:
        if engine is http1.Engine.HTTPTOOLS:
            pytest.importorskip("httptools", reason="the engine needs it")

        async def slow(stream: net.ByteStream) -> None:
            while True:
                await stream.receive_until(b"\r\n\r\n")
                for byte in CONTINUE + OK:
                    await stream.send_all(bytes([byte]))
                    await trio.lowlevel.checkpoint()

        async with http.open_client(await serve_script(slow), engine=engine) as client:
            for _ in range(2):
                assert (await client.get("/")).content == b"ok"

    async def test_a_slow_trickle_ends_at_the_deadline(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock
    ) -> None:
        async def trickle(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while True:
                await stream.send_all(b"x")
                await trio.sleep(1)

        async with http.open_client(await serve_script(trickle)) as client:
            began = trio.current_time()
            with pytest.raises(errors.OperationTimeout):
                await client.get("/")
            assert trio.current_time() - began == pytest.approx(30, abs=0.1)

    @pytest.mark.parametrize("part", ["read", "write"])
    async def test_one_that_falls_silent_ends_the_call_before_the_total(
        self,
        serve_script: ServeScript,
        autojump_clock: trio.testing.MockClock,
        part: str,
    ) -> None:
        async def silent(stream: net.ByteStream) -> None:
            await stream.receive_some(1)
            await trio.sleep_forever()

        timeouts = http.Timeouts(60, **{part: 3.0})
        content = bytes(60_000) if part == "read" else bytes(60_000_000)
        async with http.open_client(await serve_script(silent), timeouts=timeouts) as client:
            began = trio.current_time()
            with pytest.raises(errors.OperationTimeout):
                await client.post("/", content=content)
            assert trio.current_time() - began == pytest.approx(3, abs=0.1)
            assert client.statistics() == http.ClientStatistics(0, 0, 0)

    @pytest.mark.parametrize("read", [math.inf, 60.0])
    async def test_the_time_for_sending_is_not_that_for_answering(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock, read: float
    ) -> None:
        async def thoughtful(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await trio.sleep(20)
            await stream.send_all(OK)

        timeouts = http.Timeouts(60, read=read, write=3)
        async with http.open_client(await serve_script(thoughtful), timeouts=timeouts) as client:
            assert (await client.post("/", content=b"x")).content == b"ok"

    async def test_each_part_of_a_large_piece_has_its_own_time(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock
    ) -> None:
        async def slow_reader(stream: net.ByteStream) -> None:
            while True:
                if not await stream.receive_some(1_000_000):
                    return
                await trio.sleep(5)

        async def large() -> AsyncIterator[bytes]:
            yield bytes(50_000_000)

        timeouts = http.Timeouts(200, write=50)
        async with http.open_client(await serve_script(slow_reader), timeouts=timeouts) as client:
            began = trio.current_time()
            with pytest.raises(errors.OperationTimeout):
                await client.post("/", content=large())
            assert trio.current_time() - began == pytest.approx(200, abs=0.1)

    async def test_a_server_need_not_answer_before_all_was_sent(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock
    ) -> None:
        async def patient(stream: net.ByteStream) -> None:
            for _ in range(2):
                await stream.receive_until(b"0\r\n\r\n")
                await stream.send_all(OK)

        async with http.open_client(await serve_script(patient), timeout=300) as client:
            assert (await client.post("/", content=numbers(10, pause=10))).content == b"ok"
            call = client.stream("POST", "/", content=numbers(10, pause=10))
            async with call as response:
                assert await response.read() == b"ok"

    async def test_but_it_has_to_then(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock
    ) -> None:
        async def silent(stream: net.ByteStream) -> None:
            await stream.receive_all()

        async with http.open_client(await serve_script(silent), timeout=300) as client:
            began = trio.current_time()
            with pytest.raises(errors.OperationTimeout):
                await client.post("/", content=numbers(10, pause=10))
            assert trio.current_time() - began == pytest.approx(100 + 30, abs=0.1)

    async def test_content_that_never_ends_does_not_outlast_the_total(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock
    ) -> None:
        async def early(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(OK)
            await stream.receive_all()

        async with http.open_client(await serve_script(early), timeout=20) as client:
            for pause in (1, math.inf):
                began = trio.current_time()
                with pytest.raises(errors.OperationTimeout):
                    await client.post("/", content=numbers(1000, pause=pause))
                assert trio.current_time() - began == pytest.approx(20, abs=0.1)
                assert client.statistics() == http.ClientStatistics(0, 0, 0)

    async def test_an_upload_that_was_refused_leaves_its_time_to_the_answer(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock
    ) -> None:
        async def refuse(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\n")
            await trio.sleep(10)
            await stream.send_all(b"no")

        timeouts = http.Timeouts(60, write=5)
        async with http.open_client(await serve_script(refuse), timeouts=timeouts) as client:
            assert (await client.post("/", content=bytes(50_000_000))).content == b"no"

    async def test_while_an_answer_is_streamed_its_request_has_to_be_taken(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock
    ) -> None:
        async def deaf(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(OK[:-2])
            await trio.sleep_forever()

        timeouts = http.Timeouts(60, read=100, write=5)
        async with http.open_client(await serve_script(deaf), timeouts=timeouts) as client:
            began = trio.current_time()
            with pytest.raises(errors.OperationTimeout):
                async with client.stream("POST", "/", content=bytes(50_000_000)) as response:
                    await response.read()
            assert trio.current_time() - began == pytest.approx(5, abs=0.1)


class TestWhatServersAreTold:
    async def test_the_time_that_is_left(self, serve: Serve) -> None:
        async def handler(request: http.Request) -> str:
            return request.headers.get("x-request-timeout", "nothing")

        server = await serve(handler)
        async with http.open_client(server.url) as client:
            assert (await client.get("/")).text == "nothing"
        for told in (True, [server.url]):
            async with http.open_client(server.url, propagate_deadline=told) as client:
                assert 29 < float((await client.get("/")).text) <= 30
                assert 4 < float((await client.get("/", timeout=5)).text) <= 5
                with trio.fail_after(3):
                    assert 2 < float((await client.get("/", timeout=5)).text) <= 3
                    async with client.stream("GET", "/") as response:
                        assert 2 < float(await response.read()) <= 3
                assert (await client.get("/", timeout=float("inf"))).text == "nothing"
        async with http.open_client(server.url, propagate_deadline=["http://other"]) as client:
            assert (await client.get("/")).text == "nothing"

    async def test_the_trace_of_this_moment(self, serve: Serve) -> None:
        async def handler(request: http.Request) -> str:
            return request.headers.get("traceparent", "none")

        server = await serve(handler)
        trace = core.TraceContext.from_traceparent(f"00-{'1' * 32}-{'2' * 16}-01")
        assert trace is not None
        async with http.open_client(server.url) as client:
            assert (await client.get("/")).text == "none"
            with core.use_trace(trace):
                assert (await client.get("/")).text == trace.to_traceparent()
            assert (await client.get("/")).text == "none"


async def test_reports_of_calls_of_every_kind(serve: Serve, reports: Reports) -> None:
    async def handler(request: http.Request) -> bytes:
        return await request.read()

    server = await serve(handler)
    async with http.open_client(server.url) as client:
        await client.get("/")
        await client.post("/", content=numbers(2))
        async with client.stream("GET", "/"):
            pass
    calls = reports.named("http.client.request")
    assert [call.attributes["http.status"] for call in calls] == [200, 200, 200]
    assert all(call.bytes_sent and call.bytes_received for call in calls)


@pytest.mark.parametrize("tls", [False, True])
async def test_a_cancelled_call_is_heard_of_at_once(
    serve: Serve, tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext], tls: bool
) -> None:
    began, ended = trio.Event(), trio.Event()

    async def handler(request: http.Request) -> str:
        began.set()
        try:
            await trio.sleep_forever()
        finally:
            ended.set()
        return ""

    ours, theirs = tls_contexts
    limits = http.ServerLimits(half_close_grace=math.inf)  # so that an end alone ends nothing
    server = await serve(handler, ssl_context=ours if tls else None, limits=limits)
    async with http.open_client(server.url, ssl_context=theirs if tls else None) as client:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(client.get, "/"))
            await began.wait()
            nursery.cancel_scope.cancel()
        with trio.fail_after(30):
            await ended.wait()


@pytest.mark.parametrize("target", ["/a b", "/a#b", "/ä", "/a\r\n", "a", "", "http://h/#b"])
def test_a_target_is_printable_ascii_without_a_fragment(target: str) -> None:
    call = Call("GET", parse_url("http://example.org/"), http.Headers(), b"")
    with pytest.raises(ValueError):
        call.head_for(target)
