"""Slow clients, large messages and junk: each has its answer, and none of them hangs."""

from __future__ import annotations

import math
import random
from functools import partial
from typing import TYPE_CHECKING

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from trio_helianthus import errors, net
from trio_helianthus.http import ClientLimits, Request, Response, Router, ServerLimits, serve_stream
from trio_helianthus.http import serve as http_serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.http.conftest import Connect, Serve

pytestmark = pytest.mark.usefixtures("no_errors")

router = Router()


@router.get("/")
async def root(request: Request) -> str:
    return "ok"


@router.post("/{name}")
async def length_of(request: Request) -> Response:
    return Response.json(len(await request.read()))


HEAD = b"GET / HTTP/1.1\r\nHost: t\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: t\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (HEAD + b"no colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS client hello\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: t\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", 400),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: t\r\n\r\n", 414),
        (HEAD + b"X: " + b"x" * 70_000 + b"\r\n\r\n", 431),
        (HEAD + b"X: y\r\n" * 200 + b"\r\n", 431),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (POST + b"Content-Length: 99999999\r\n\r\n", 413),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1000001\r\n", 413),
        (b"GET /%ff HTTP/1.1\r\nHost: t\r\n\r\n", 400),
    ],
)
async def test_what_is_refused_is_told_why(
    serve: Serve, connect: Connect, request_bytes: bytes, status: int
) -> None:
    client = await connect(await serve(router))
    await client.send(request_bytes)
    if status == 413:
        await client.send(bytes(17_000_000))
    answer = await client.answer()
    assert answer.status == status
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert 0 < len(answer.body) < 100
    if request_bytes.startswith(b"GET /%ff"):
        return
    assert answer.headers["connection"] == "close"
    assert await client.rest() == b""


async def test_a_refusal_behind_good_requests_comes_last(serve: Serve, connect: Connect) -> None:
    client = await connect(await serve(router))
    await client.send(HEAD + b"\r\n" + HEAD + b"bad\r\n\r\n" + HEAD + b"\r\n")
    assert (await client.answer()).status == 200
    assert (await client.answer()).status == 400
    assert await client.rest() == b""


class TestSlowClients:
    """Each wait has its own time, on trio's clock."""

    @pytest.mark.parametrize(
        ("sent", "seconds", "status"),
        [
            (b"", 10, None),
            (HEAD, 10, 408),
            (HEAD + b"\r\n", 75, None),
            (POST + b"Content-Length: 5\r\n\r\nabc", 30, 408),
            (POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nab", 30, 408),
        ],
    )
    async def test_waiting_is_finite(
        self,
        serve: Serve,
        connect: Connect,
        autojump_clock: trio.testing.MockClock,
        sent: bytes,
        seconds: float,
        status: int | None,
    ) -> None:
        client = await connect(await serve(router))
        await client.send(sent)
        if sent.endswith(b"\r\n\r\n"):
            assert (await client.answer()).status == 200
        began = trio.current_time()
        if status is not None:
            answer = await client.answer()
            assert (answer.status, answer.headers["connection"]) == (status, "close")
        assert await client.rest() == b""
        assert trio.current_time() - began == pytest.approx(seconds)

    async def test_a_head_that_trickles_does_not_start_the_time_anew(
        self, serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock
    ) -> None:
        client = await connect(await serve(router))
        for byte in HEAD:
            await trio.sleep(0.9)
            try:
                await client.send(bytes([byte]))
            except errors.NetworkError:
                break
        else:
            pytest.fail("the server has waited for more than ten seconds")

    async def test_nor_does_a_body_that_nobody_wants(
        self, serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock
    ) -> None:
        client = await connect(await serve(Router()))
        await client.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\n")
        assert (await client.answer()).status == 404
        with pytest.raises(errors.NetworkError):
            for _ in range(1000):
                await client.send(b"x")
                await trio.sleep(20)
        assert trio.current_time() < 100

    async def test_a_client_that_goes_on_sending_does_not_keep_its_connection(
        self, serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock
    ) -> None:
        client = await connect(await serve(router))
        await client.send(b"junk\r\n\r\n")
        with pytest.raises(errors.NetworkError):
            while True:
                await client.send(b"more junk")
                await trio.sleep(0.5)
        assert trio.current_time() < 4

    async def test_the_times_are_settings(
        self, serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock
    ) -> None:
        client = await connect(await serve(router, limits=ServerLimits(idle_timeout=math.inf)))
        await client.get("/")
        await trio.sleep(80_000)
        assert (await client.get("/")).body == b"ok"


async def test_no_more_connections_than_the_limit(serve: Serve, connect: Connect) -> None:
    server = await serve(router, limits=ServerLimits(max_connections=2))
    first, second, third = [await connect(server) for _ in range(3)]
    assert (await first.get("/")).status == (await second.get("/")).status == 200
    await third.send(HEAD + b"\r\n")
    await trio.testing.wait_all_tasks_blocked(0.01)
    assert server.statistics().connections == 2
    await first.stream.aclose()
    assert (await third.answer()).status == 200


async def test_an_idle_server_wakes_nobody(serve: Serve, connect: Connect) -> None:
    server = await serve(router)
    clients = [await connect(server) for _ in range(5)]
    for client in clients:
        await client.get("/")
    await trio.testing.wait_all_tasks_blocked(0.01)
    steps = 0

    class Counter(trio.abc.Instrument):
        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            nonlocal steps
            steps += 1

    counter = Counter()
    trio.lowlevel.add_instrument(counter)
    await trio.sleep(0.05)
    trio.lowlevel.remove_instrument(counter)
    assert steps == 1  # this test's own


def test_limits_are_checked() -> None:
    with pytest.raises(ValueError, match="max_connections"):
        ServerLimits(max_connections=0)
    with pytest.raises(TypeError, match="max_body_bytes"):
        ServerLimits(max_body_bytes=1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="idle_timeout"):
        ServerLimits(idle_timeout=0)
    with pytest.raises(ValueError, match="half_close_grace"):
        ServerLimits(half_close_grace=-1)
    with pytest.raises(ValueError, match="max_idle"):
        ClientLimits(max_idle=0)
    assert ServerLimits(half_close_grace=0).half_close_grace == 0


VALID = (
    HEAD
    + b"Accept: */*\r\n\r\n"
    + POST
    + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
)
cuts = st.lists(st.integers(0, len(VALID)), max_size=5)


def mutate(seed: int) -> bytes:
    """A valid pair of requests with a few bytes gone wrong."""
    rng = random.Random(seed)
    data = bytearray(VALID)
    for _ in range(rng.randrange(1, 6)):
        place = rng.randrange(len(data))
        match rng.randrange(3):
            case 0:
                data[place] = rng.randrange(256)
            case 1:
                del data[place : place + rng.randrange(1, 5)]
            case _:
                data[place:place] = rng.choice([b"\r\n", b"\0", b" ", b":", b"\xff", b"99999"])
    return bytes(data)


@settings(max_examples=15)
@given(seeds=st.lists(st.integers(0, 2**32), min_size=10, max_size=10), junk=st.binary(max_size=99))
def test_junk_is_never_a_server_error_and_never_hangs(seeds: list[int], junk: bytes) -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            server = await nursery.start(http_serve, router, 0)
            for data in [junk, *map(mutate, seeds)]:
                stream = await net.connect_tcp("127.0.0.1", server.port)
                await stream.send_all(data)
                await stream.send_eof()
                try:
                    answers = await stream.receive_all(timeout=20)
                except errors.ConnectionReset:
                    answers = b""
                assert not any(b"HTTP/1.1 5%02d" % code in answers for code in (0, 2, 3, 4)), data
                await stream.aclose()
            assert server.statistics().active_requests == 0
            nursery.cancel_scope.cancel()

    trio.run(main)


@pytest.mark.parametrize(("length", "connection"), [(3, None), (10_000_000, "close")])
async def test_a_streamed_answer_says_whether_the_connection_survives_an_unread_body(
    serve: Serve, connect: Connect, length: int, connection: str | None
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"piece"

    async def handler(_: Request) -> Response:
        return Response(pieces())

    client = await connect(await serve(handler))
    await client.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % length)
    answer = await client.answer(bodiless=True)
    assert answer.headers.get("connection") == connection


class TestWhatAConnectionHolds:
    """What a client sends unasked is bounded, however much there is of it."""

    PIECE = 64 * 1024  # what one receive takes at most

    async def test_bytes_behind_a_running_handler_wait_with_the_client(self) -> None:
        size, taken = 5_000_000, []
        go_on = trio.Event()

        async def handler(request: Request) -> str:
            await go_on.wait()
            taken.append(len(await request.read()))
            return "read"

        ours, client = await tcp_pair()
        async with client, trio.open_nursery() as nursery:
            limits = ServerLimits(read_ahead_bytes=10_000)
            nursery.start_soon(partial(serve_stream, handler, ours, limits=limits))
            head = POST + b"Content-Length: %d\r\n\r\n" % size
            nursery.start_soon(client.send_all, head + bytes(size))
            await trio.testing.wait_all_tasks_blocked(0.01)
            assert ours.bytes_received < 10_000 + 3 * self.PIECE
            go_on.set()
            assert (await client.receive_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            assert await client.receive_exactly(4) == b"read"
            nursery.cancel_scope.cancel()
        assert taken == [size]

    async def test_a_client_that_goes_on_sending_behind_the_last_answer_is_cut(self) -> None:
        ours, client = await tcp_pair()
        async with client, trio.open_nursery() as nursery:
            limits = ServerLimits(linger_bytes=100_000, linger_timeout=math.inf)
            nursery.start_soon(partial(serve_stream, Router(), ours, limits=limits))
            await client.send_all(POST + b"Content-Length: 16000000\r\n\r\n")
            assert (await client.receive_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 404")
            with pytest.raises(errors.NetworkError):
                while True:
                    await client.send_all(bytes(50_000))
        assert ours.bytes_received < 100_000 + 3 * self.PIECE

    async def test_a_client_that_neither_sends_nor_leaves_behind_the_last_answer_is_cut(
        self, autojump_clock: trio.testing.MockClock
    ) -> None:
        ours, client = await tcp_pair()
        async with client:
            await client.send_all(POST + b"Content-Length: 16000000\r\n\r\n")
            began = trio.current_time()
            await serve_stream(Router(), ours, limits=ServerLimits(linger_timeout=7))
            assert trio.current_time() - began == pytest.approx(7)


async def tcp_pair() -> tuple[net.TCPStream, net.TCPStream]:
    """Two ends of a connection: a server's, which nobody serves yet, and its client's."""
    (listener,) = await net.listen_tcp(0)
    async with listener:
        client = await net.connect_tcp("127.0.0.1", listener.socket.getsockname()[1])
        return await listener.accept(), client
