"""Calls that are made again, refused while an origin fails, or made to wait."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest
import trio

from trio_helianthus import core, errors, http, net
from trio_helianthus.http._guard import retry_after

if TYPE_CHECKING:
    from tests.http.conftest import ServeScript

Script = Callable[[net.ByteStream], Awaitable[object]]
POLICY = core.RetryPolicy(max_attempts=4, initial_delay=1, jitter=0)
RETRIES = http.Retries(policy=POLICY)


class Answers:
    """A server that gives these answers, one after the other; ``None`` is a reset."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.times: list[float] = []

    async def __call__(self, stream: net.ByteStream) -> None:
        while True:
            head = await stream.receive_until(b"\r\n\r\n")
            if b"chunked" in head:
                await stream.receive_until(b"0\r\n\r\n")
            self.times.append(trio.current_time())
            answer = self.answers.pop(0)
            if answer is None:
                stream.reset()
                return
            await stream.send_all(answer)

    @property
    def waits(self) -> list[float]:
        return [round(b - a, 1) for a, b in zip(self.times, self.times[1:], strict=False)]


def status(code: int, *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {code} Hm", "Content-Length: 0", *fields, "", ""]
    return "\r\n".join(lines).encode()


async def pieces() -> AsyncIterator[bytes]:
    yield b"x"


class TestRetries:
    async def test_until_it_works_with_growing_waits(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock
    ) -> None:
        server = Answers(None, status(503), status(502), status(200))
        async with http.open_client(await serve_script(server), retries=RETRIES) as client:
            assert (await client.get("/")).status == 200
        assert server.waits == [1, 2, 4]

    async def test_when_the_server_says(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock
    ) -> None:
        server = Answers(status(429, "Retry-After: 7"), status(200))
        async with http.open_client(await serve_script(server), retries=RETRIES) as client:
            assert (await client.get("/")).status == 200
        assert server.waits == [7]

    async def test_streams_too(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock
    ) -> None:
        server = Answers(status(503), None, status(200))
        async with http.open_client(await serve_script(server), retries=RETRIES) as client:
            async with client.stream("GET", "/") as response:
                assert response.status == 200
            assert client.statistics().active == 0

    async def test_not_more_often_than_the_policy_says(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock
    ) -> None:
        server = Answers(*[status(503)] * 9)
        async with http.open_client(await serve_script(server), retries=RETRIES) as client:
            assert (await client.get("/")).status == 503
        assert len(server.times) == 4
        server = Answers(*[None] * 9)
        async with http.open_client(await serve_script(server), retries=RETRIES) as client:
            with pytest.raises(errors.NetworkError):
                await client.get("/")
        assert len(server.times) == 4

    async def test_not_beyond_the_deadline(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock
    ) -> None:
        server = Answers(*[status(503)] * 9)
        async with http.open_client(await serve_script(server), retries=RETRIES) as client:
            assert (await client.get("/", timeout=2)).status == 503
            assert len(server.times) == 2
            with trio.fail_after(2):
                assert (await client.get("/")).status == 503
        assert len(server.times) == 4

    async def test_not_what_could_be_done_twice(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock
    ) -> None:
        server = Answers(status(503), None, status(503), status(503), status(200))
        async with http.open_client(await serve_script(server), retries=RETRIES) as client:
            assert (await client.post("/")).status == 503
            with pytest.raises(errors.NetworkError):
                await client.post("/")
            assert (await client.put("/", content=pieces())).status == 503
            assert (await client.post("/", idempotent=True)).status == 200

    async def test_whatever_never_left(self, autojump_clock: trio.testing.MockClock) -> None:
        (listener,) = await net.listen_tcp(0, host="127.0.0.1")
        port = listener.address[1]
        await listener.aclose()
        began = trio.current_time()
        async with http.open_client(f"http://127.0.0.1:{port}", retries=RETRIES) as client:
            with pytest.raises(errors.ConnectionRefused):
                await client.post("/")
        assert trio.current_time() - began == pytest.approx(7, abs=0.1)

    @pytest.mark.parametrize(("code", "asked"), [(407, 1), (403, 1), (502, 4)])
    async def test_not_what_a_proxy_refuses_for_good(
        self,
        serve_script: ServeScript,
        autojump_clock: trio.testing.MockClock,
        code: int,
        asked: int,
    ) -> None:
        proxy = Answers(*[status(code)] * 9)
        async with http.open_client(proxy=await serve_script(proxy), retries=RETRIES) as client:
            with pytest.raises(http.ProxyRefused):
                await client.get("https://example.org/")
        assert len(proxy.times) == asked

    async def test_not_more_than_the_budget_pays(
        self, serve_script: ServeScript, autojump_clock: trio.testing.MockClock
    ) -> None:
        server = Answers(*[status(503)] * 99)
        retries = http.Retries(
            policy=POLICY, budget=lambda: core.RetryBudget(0, min_per_second=0, burst=5)
        )
        async with http.open_client(await serve_script(server), retries=retries) as client:
            for _ in range(10):
                assert (await client.get("/")).status == 503
        assert len(server.times) == 15


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 0 ", 0),
        (formatdate(1_000_010, usegmt=True), 10),
        (formatdate(900_000, usegmt=True), 0),
        ("9" * 99, float("inf")),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        ("Mon, 99 Foo 99999 99:99:99 GMT", None),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2030 00:00:00 +999999999999", None),
    ],
)
def test_what_retry_after_says(value: str, seconds: float | None) -> None:
    assert retry_after(value, 1_000_000.0) == seconds


async def test_a_breaker_refuses_at_once_while_an_origin_fails(
    serve_script: ServeScript, autojump_clock: trio.testing.MockClock
) -> None:
    server = Answers(status(500), None, status(500), status(200), status(200))

    def breaker(name: str) -> core.CircuitBreaker:
        return core.CircuitBreaker(name, min_calls=3, open_seconds=5)

    url = await serve_script(server)
    async with http.open_client(url, circuit_breaker=breaker) as client:
        assert (await client.post("/")).status == 500
        with pytest.raises(errors.NetworkError):
            await client.post("/")
        assert (await client.post("/")).status == 500
        for _ in range(10):
            with pytest.raises(errors.CircuitOpen, match=url):
                await client.get("/")
        assert len(server.times) == 3
        await trio.sleep(5)
        assert (await client.get("/")).status == 200
        async with client.stream("GET", "/") as response:
            assert response.status == 200


async def test_a_rate_limit_makes_calls_wait(
    serve_script: ServeScript, autojump_clock: trio.testing.MockClock
) -> None:
    server = Answers(*[status(200)] * 6)

    def limiter(name: str) -> core.RateLimiter:
        return core.RateLimiter(0.5, burst=2)

    async with http.open_client(await serve_script(server), rate_limiter=limiter) as client:
        for _ in range(6):
            await client.get("/")
        with pytest.raises(errors.OperationTimeout):
            await client.get("/", timeout=1)
    assert server.waits == [0, 2, 2, 2, 2]


def test_time_is_the_worlds_for_dates() -> None:
    assert retry_after(formatdate(time.time() + 60, usegmt=True), time.time()) == pytest.approx(
        60, abs=2
    )
