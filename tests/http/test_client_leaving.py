"""What a call leaves behind: its connection, its content, and an answer that outlives it."""

from __future__ import annotations

import gc
import gzip
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import trio

from trio_helianthus import core, errors, http, net

if TYPE_CHECKING:
    from tests.http.conftest import Serve, ServeScript

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LARGE = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + bytes(1000)
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nDigest: first\r\n\r\n"
)


class Answers:
    """Answers each request on a connection by the next of some answers, in one piece."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)

    async def __call__(self, stream: net.ByteStream) -> None:
        while self._answers:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(self._answers.pop(0))
        await trio.sleep_forever()


class Content:
    """Content that notices whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    def __aiter__(self) -> Content:
        return self

    async def __anext__(self) -> bytes:
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self.closed = True


@pytest.fixture
def collector_off() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class TestTheConnection:
    @pytest.mark.parametrize("answer", [OK, CHUNKED], ids=["length", "chunked"])
    async def test_it_is_kept_where_the_answer_has_come_read_or_not(
        self, serve_script: ServeScript, answer: bytes
    ) -> None:
        async with http.open_client(await serve_script(Answers(answer, OK))) as client:
            async with client.stream("GET", "/"):
                pass
            assert client.statistics().idle == 1
            assert (await client.get("/")).content == b"ok"

    async def test_it_is_kept_where_the_body_raises(self, serve_script: ServeScript) -> None:
        refusal = b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno"
        async with http.open_client(await serve_script(Answers(refusal, OK))) as client:
            with pytest.raises(http.HTTPStatusError):
                async with client.stream("GET", "/") as response:
                    response.raise_for_status()
            assert client.statistics().idle == 1
            assert (await client.get("/")).content == b"ok"

    async def test_it_is_not_where_some_of_the_answer_is_missing(
        self, serve_script: ServeScript
    ) -> None:
        async with http.open_client(await serve_script(Answers(LARGE))) as client:
            async with client.stream("GET", "/"):
                pass
            assert client.statistics() == http.ClientStatistics(0, 0, 0)

    async def test_nor_where_the_call_is_cancelled(self, serve_script: ServeScript) -> None:
        async with http.open_client(await serve_script(Answers(OK))) as client:
            with trio.CancelScope() as scope:
                async with client.stream("GET", "/"):
                    scope.cancel()
                    await trio.lowlevel.checkpoint()
            assert client.statistics() == http.ClientStatistics(0, 0, 0)

    async def test_nor_where_an_answer_follows_that_nobody_asked_for(
        self, serve_script: ServeScript
    ) -> None:
        async with http.open_client(await serve_script(Answers(OK + OK, OK))) as client:
            async with client.stream("GET", "/"):
                pass
            assert client.statistics() == http.ClientStatistics(0, 0, 0)


class TestTheGarbageCollector:
    """It has nothing to do, however a call ends."""

    @pytest.mark.skipif(
        sys.implementation.name != "cpython", reason="only CPython frees without its collector"
    )
    @pytest.mark.parametrize("answer", [OK, LARGE, b"junk\r\n\r\n", b""])
    @pytest.mark.parametrize("kind", ["get", "post", "stream", "cancelled"])
    async def test_a_call(
        self, serve_script: ServeScript, collector_off: None, answer: bytes, kind: str
    ) -> None:
        async def call(client: http.Client) -> None:
            if kind == "stream":
                async with client.stream("GET", "/") as response:
                    await response.read(timeout=0.01)
            elif kind == "post":
                await client.post("/", content=Content())
            else:
                with trio.move_on_after(0.005 if kind == "cancelled" else 1):
                    await client.get("/")

        url = await serve_script(Answers(*[answer] * 20))
        async with http.open_client(url, timeout=0.01) as client:
            for number in range(6):
                if number == 2:
                    gc.collect()
                with suppress(errors.HelianthusError):
                    await call(client)
                await trio.testing.wait_all_tasks_blocked(0.002)
            assert gc.collect() <= 4  # not one for each call, of what others leave


class TestTheAnswer:
    async def test_its_trailers_stay_its_own(self, serve_script: ServeScript) -> None:
        other = CHUNKED.replace(b"first", b"other")
        async with http.open_client(await serve_script(Answers(CHUNKED, other))) as client:
            async with client.stream("GET", "/") as one:
                await one.read()
            async with client.stream("GET", "/") as two:
                await two.read()
                assert one.trailers["digest"] == "first"
            assert (one.trailers["digest"], two.trailers["digest"]) == ("first", "other")

    async def test_one_that_only_tells_of_a_length_is_empty(
        self, serve_script: ServeScript
    ) -> None:
        unmodified = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1000000000000\r\n\r\n"
        url = await serve_script(Answers(unmodified))
        async with http.open_client(url) as client, client.stream("GET", "/") as response:
            assert await response.read() == b""

    async def test_what_has_come_is_read_without_a_limit_and_what_has_not_within_one(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock
    ) -> None:
        url = await serve_script(Answers(LARGE))
        async with http.open_client(url) as client, client.stream("GET", "/") as response:
            assert len(await response.body.receive_some(timeout=0)) == 1000
            for seconds in (0, 5):
                began = trio.current_time()
                with pytest.raises(errors.OperationTimeout):
                    await response.body.receive_some(timeout=seconds)
                assert trio.current_time() == began + seconds
            with pytest.raises(ValueError, match="timeout"):
                await response.body.receive_some(timeout=-1)

    async def test_one_that_is_encoded_is_decoded_piece_by_piece(self, serve: Serve) -> None:
        async def handler(request: http.Request) -> http.Response:
            return http.Response(
                gzip.compress(bytes(300_000)), headers={"Content-Encoding": "gzip"}
            )

        server = await serve(handler)
        async with http.open_client(server.url) as client:
            async with client.stream("GET", "/") as response:
                assert await response.body.receive_some(10) == bytes(10)
                assert await response.read() == bytes(299_990)
                assert await response.body.receive_some() == b""
            async with client.stream("GET", "/") as response:
                with pytest.raises(errors.LimitExceeded):
                    await response.read(max_bytes=299_999)

    async def test_a_call_is_entered_once(self, serve_script: ServeScript) -> None:
        async with http.open_client(await serve_script(Answers(OK, OK))) as client:
            call = client.stream("GET", "/")
            async with call:
                pass
            with pytest.raises(RuntimeError, match="once"):
                async with call:
                    pass


class TestTheContent:
    """It is closed in any case, also where nobody has asked for it."""

    @pytest.mark.parametrize("streams", [False, True])
    async def test_where_the_credentials_fail(self, streams: bool) -> None:
        def fail(request: http.ClientRequest, answer: http.ResponseHead | None) -> None:
            raise KeyError("no credentials")

        content = Content()
        async with http.open_client("http://127.0.0.1:1", auth=fail) as client:
            with pytest.raises(KeyError, match="no credentials"):
                if streams:
                    async with client.stream("POST", "/", content=content):
                        pass
                else:
                    await client.post("/", content=content)
        assert content.closed

    @pytest.mark.parametrize("streams", [False, True])
    async def test_where_the_breaker_is_open(self, streams: bool) -> None:
        content = Content()
        async with http.open_client(
            "http://127.0.0.1:1",
            circuit_breaker=lambda origin: core.CircuitBreaker(origin, min_calls=1),
        ) as client:
            with pytest.raises(errors.NetworkError):
                await client.get("/")
            with pytest.raises(errors.CircuitOpen):
                if streams:
                    async with client.stream("POST", "/", content=content):
                        pass
                else:
                    await client.post("/", content=content)
        assert content.closed
