"""A handler ends with its client, and a server ends with its requests."""

from __future__ import annotations

import math
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest
import trio

from trio_helianthus import core, errors, http, net
from trio_helianthus.http import Request, Response, ServerLimits

if TYPE_CHECKING:
    from tests.http.conftest import Connect, RawClient, Reports, Serve

GET = b"GET / HTTP/1.1\r\nHost: t\r\n\r\n"


class Handler:
    """Runs until it is cancelled, or told to go on."""

    def __init__(self) -> None:
        self.started = trio.Event()
        self.stopped = trio.Event()
        self.go_on = trio.Event()
        self.cancelled = False

    async def __call__(self, request: Request) -> str:
        self.started.set()
        try:
            await self.go_on.wait()
        except trio.Cancelled:
            self.cancelled = True
            raise
        finally:
            self.stopped.set()
        return "finished"


async def test_a_reset_cancels_the_handler_at_once(serve: Serve, connect: Connect) -> None:
    handler = Handler()
    client = await connect(await serve(handler))
    await client.send(GET)
    await handler.started.wait()
    client.stream.reset()
    began = trio.current_time()
    await handler.stopped.wait()
    assert handler.cancelled
    assert trio.current_time() - began < 0.2


async def test_a_cancelled_call_of_our_client_cancels_the_handler_at_once(serve: Serve) -> None:
    handler = Handler()
    server = await serve(handler)
    async with http.open_client(server.url) as client, trio.open_nursery() as nursery:
        nursery.start_soon(client.get, "/")
        await handler.started.wait()
        nursery.cancel_scope.cancel()
        began = trio.current_time()
        with trio.CancelScope(shield=True):
            await handler.stopped.wait()
        assert handler.cancelled
        assert trio.current_time() - began < 0.2


async def test_a_reset_is_noticed_even_when_nothing_more_can_be_read(
    serve: Serve, connect: Connect
) -> None:
    handler = Handler()
    client = await connect(await serve(handler))
    await client.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 300000\r\n\r\n")
    await client.send(bytes(200_000))
    await handler.started.wait()
    await trio.testing.wait_all_tasks_blocked(0.01)
    client.stream.reset()
    await handler.stopped.wait()
    assert handler.cancelled


async def test_a_client_that_half_closes_gets_an_answer_within_the_grace(
    serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock
) -> None:
    async def handler(request: Request) -> str:
        await trio.sleep(0.9)
        return "just in time"

    client = await connect(await serve(handler))
    await client.send(GET)
    await client.stream.send_eof()
    assert (await client.answer()).body == b"just in time"
    assert await client.rest() == b""


async def test_a_client_that_ended_its_stream_loses_its_handler_after_the_grace(
    serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock
) -> None:
    handler = Handler()
    client = await connect(await serve(handler))
    await client.send(GET)
    await client.stream.send_eof()
    began = trio.current_time()
    await handler.stopped.wait()
    assert handler.cancelled
    assert trio.current_time() - began == pytest.approx(1)
    assert await client.rest() == b""


async def test_the_grace_can_be_forever(
    serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock
) -> None:
    async def handler(request: Request) -> str:
        await trio.sleep(10_000)
        return "at last"

    limits = ServerLimits(half_close_grace=math.inf, handler_timeout=math.inf)
    client = await connect(await serve(handler, limits=limits))
    await client.send(GET)
    await client.stream.send_eof()
    assert (await client.answer()).body == b"at last"


async def test_each_piece_that_can_be_sent_starts_the_grace_anew(
    serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock
) -> None:
    async def produce() -> AsyncIterator[bytes]:
        for _ in range(5):
            await trio.sleep(0.9)
            yield b"x"

    async def handler(request: Request) -> Response:
        return Response(produce(), headers={"Content-Length": "5"})

    client = await connect(await serve(handler))
    await client.send(GET)
    await client.stream.send_eof()
    assert (await client.answer()).body == b"xxxxx"


async def test_a_failed_write_closes_the_body_of_the_answer(serve: Serve, connect: Connect) -> None:
    closed = trio.Event()

    async def produce() -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(100_000)
        finally:
            closed.set()

    async def handler(request: Request) -> Response:
        return Response(produce())

    client = await connect(await serve(handler))
    await client.send(GET)
    await client.stream.receive_exactly(500_000)
    client.stream.reset()
    await closed.wait()


async def test_a_body_is_closed_even_if_its_client_left_before_the_head(
    serve: Serve, connect: Connect
) -> None:
    send, receive = trio.open_memory_channel[bytes](0)

    async def handler(request: Request) -> Response:
        with trio.CancelScope(shield=True):
            client.stream.reset()
            await trio.testing.wait_all_tasks_blocked(0.005)
        return Response(receive)

    client = await connect(await serve(handler))
    await client.send(GET)
    with trio.fail_after(2), pytest.raises(trio.BrokenResourceError):
        await send.send(b"nobody is left")


async def test_a_shielded_handler_of_a_client_that_is_gone_is_left_to_its_end(
    serve: Serve, connect: Connect, reports: Reports
) -> None:
    started, ended = trio.Event(), trio.Event()

    async def handler(request: Request) -> str:
        started.set()
        with trio.CancelScope(shield=True):
            await trio.sleep(0.02)
            with pytest.raises(errors.ConnectionBroken):
                await request.read()  # would send 100 Continue
        ended.set()
        return "nobody hears this"

    server = await serve(handler)
    client = await connect(server)
    await client.send(
        b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
    )
    await started.wait()
    client.stream.reset()
    await ended.wait()
    assert reports.errors == []


async def test_a_handler_that_fails_while_it_is_cancelled_is_reported(
    serve: Serve, connect: Connect, reports: Reports
) -> None:
    started = trio.Event()

    async def handler(request: Request) -> str:
        started.set()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            try:
                await trio.sleep_forever()
            finally:
                raise KeyError("while cleaning up")
        return "never"

    server = await serve(handler)
    client = await connect(server)
    await client.send(GET)
    await started.wait()
    client.stream.reset()
    await trio.testing.wait_all_tasks_blocked(0.01)
    assert server.statistics().connections == 0
    assert "while cleaning up" in repr(reports.errors)


async def test_a_client_that_does_not_read_is_cut(
    serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock
) -> None:
    async def handler(request: Request) -> bytes:
        return bytes(50_000_000)

    client = await connect(await serve(handler))
    await client.send(GET)
    began = trio.current_time()
    await trio.sleep(31)
    with pytest.raises(errors.ConnectionReset):
        await client.stream.receive_all(max_bytes=100_000_000)
    assert trio.current_time() - began == pytest.approx(31)


async def test_cancelling_the_server_cancels_handlers_and_cuts_connections(
    connect: Connect,
) -> None:
    handler = Handler()
    async with trio.open_nursery() as nursery:
        server = await nursery.start(partial(http.serve, handler, 0))
        client, idle = await connect(server), await connect(server)
        await client.send(GET)
        await handler.started.wait()
        nursery.cancel_scope.cancel()
    assert handler.cancelled
    for one in (client, idle):
        with pytest.raises(errors.ConnectionReset):
            await one.rest()


async def test_a_half_sent_answer_of_a_cancelled_server_does_not_look_complete(
    connect: Connect,
) -> None:
    async def produce() -> AsyncIterator[bytes]:
        yield b"half"
        await trio.sleep_forever()

    async def handler(request: Request) -> Response:
        return Response(produce())

    async with trio.open_nursery() as nursery:
        server = await nursery.start(partial(http.serve, handler, 0))
        client = await connect(server)
        await client.send(b"GET / HTTP/1.0\r\n\r\n")
        await client.stream.receive_until(b"half")
        nursery.cancel_scope.cancel()
    with pytest.raises(errors.ConnectionReset):
        await client.rest()


class TestDrain:
    """Under load: some requests run, some connections are idle."""

    @asynccontextmanager
    async def under_load(
        self, handler: Handler, connect: Connect
    ) -> AsyncIterator[tuple[http.Server, list[RawClient], RawClient]]:
        async with trio.open_nursery() as nursery:
            serve = partial(http.serve, handler, 0, limits=ServerLimits(drain_grace=0))
            server: http.Server = await nursery.start(serve)
            busy = [await connect(server) for _ in range(3)]
            idle = await connect(server)
            for client in busy:
                await client.send(GET)
            await trio.testing.wait_all_tasks_blocked(0.01)
            assert server.statistics().active_requests == 3
            yield server, busy, idle

    async def test_running_requests_finish_and_idle_connections_end_at_once(
        self, connect: Connect
    ) -> None:
        handler = Handler()
        reports: list[core.DrainReport] = []
        async with (
            self.under_load(handler, connect) as (server, busy, idle),
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(self.drain_into, reports, server, 10)
            assert await idle.rest() == b""
            with pytest.raises(errors.ConnectionRefused):
                await connect(server)
            handler.go_on.set()
            for client in busy:
                answer = await client.answer()
                assert (answer.body, answer.headers["connection"]) == (b"finished", "close")
                assert await client.rest() == b""
        assert reports[0].clean
        assert reports[0].finished == 4
        assert not handler.cancelled

    async def test_what_still_runs_at_the_deadline_is_cut(self, connect: Connect) -> None:
        handler = Handler()
        async with self.under_load(handler, connect) as (server, busy, _idle):
            report = await server.drain(0.02)
            for client in busy:
                with pytest.raises(errors.ConnectionReset):
                    await client.rest()
        assert handler.cancelled
        assert not report.clean
        assert report.finished == 1
        assert sorted(name.partition(" (")[0] for name in report.cut) == ["GET /"] * 3

    async def test_a_request_that_has_begun_to_arrive_is_still_answered(
        self, connect: Connect
    ) -> None:
        handler = Handler()
        handler.go_on.set()
        async with trio.open_nursery() as nursery:
            server = await nursery.start(partial(http.serve, handler, 0))
            client = await connect(server)
            await client.send(GET[:10])
            await trio.testing.wait_all_tasks_blocked(0.01)
            nursery.start_soon(server.drain)
            await trio.testing.wait_all_tasks_blocked(0.01)
            await client.send(GET[10:])
            answer = await client.answer()
            assert (answer.body, answer.headers["connection"]) == (b"finished", "close")

    async def test_a_connection_that_was_still_shaking_hands_ends_too(
        self, connect: Connect, tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext]
    ) -> None:
        handler = Handler()
        ours, theirs = tls_contexts
        async with trio.open_nursery() as nursery:
            server = await nursery.start(partial(http.serve, handler, 0, ssl_context=ours))
            client = await connect(server)
            await trio.testing.wait_all_tasks_blocked(0.01)
            nursery.start_soon(server.drain)
            await trio.testing.wait_all_tasks_blocked(0.01)
            stream = await net.start_tls(
                client.stream,
                ssl_context=theirs,
                server_hostname="127.0.0.1",
                https_compatible=True,
            )
            with trio.fail_after(2):
                assert await stream.receive_some() == b""

    async def test_who_has_asked_before_being_accepted_is_answered(self) -> None:
        handler = Handler()
        handler.go_on.set()
        listeners = await net.listen_tcp(0)
        asking, silent = [socket.create_connection(listeners[0].socket.getsockname()) for _ in "12"]
        with asking, silent:
            asking.sendall(GET)
            async with trio.open_nursery() as nursery:
                server = await nursery.start(partial(http.serve, handler, listeners=listeners))
                report = await server.drain(5)
            assert (report.finished, report.cut) == (2, ())
            answer = asking.recv(1000)
            assert b"\r\nConnection: close\r\n" in answer
            assert answer.endswith(b"\r\n\r\nfinished")
            assert asking.recv(1) == silent.recv(1) == b""

    async def test_the_first_request_of_a_connection_may_be_on_its_way(
        self, serve: Serve, connect: Connect
    ) -> None:
        handler = Handler()
        handler.go_on.set()
        server = await serve(handler, limits=ServerLimits(drain_grace=5))
        client = await connect(server)
        await trio.testing.wait_all_tasks_blocked(0.02)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.drain, 10)
            await trio.testing.wait_all_tasks_blocked(0.02)
            await client.send(GET)
            answer = await client.rest()
        assert b"\r\nConnection: close\r\n" in answer
        assert answer.endswith(b"\r\n\r\nfinished")

    async def test_a_connection_that_stays_silent_does_not_hold_up_the_end(
        self, serve: Serve, connect: Connect
    ) -> None:
        server = await serve(Handler(), limits=ServerLimits(drain_grace=0.05))
        client = await connect(server)
        await trio.testing.wait_all_tasks_blocked(0.02)
        with trio.fail_after(5):
            report = await server.drain(10)
            assert await client.rest() == b""
        assert (report.finished, report.cut) == (1, ())

    async def test_a_lifecycle_drains_its_servers(self, connect: Connect) -> None:
        handler = Handler()
        handler.go_on.set()
        async with core.open_lifecycle() as lifecycle, trio.open_nursery() as nursery:
            server = await nursery.start(partial(http.serve, handler, 0))
            client = await connect(server)
            await client.get("/")
            lifecycle.drain("enough")
            assert await client.rest() == b""
        assert lifecycle.report is not None
        assert lifecycle.report.exit_code == core.EXIT_DRAINED

    @staticmethod
    async def drain_into(
        reports: list[core.DrainReport], server: http.Server, timeout: float
    ) -> None:
        reports.append(await server.drain(timeout))


@pytest.mark.parametrize("moment", ["before", "while the handler runs", "after"])
async def test_requests_can_be_given_up_at_any_moment(serve: Serve, moment: str) -> None:
    reached = trio.Event()

    async def handler(request: Request) -> str:
        if moment == "while the handler runs" and request.path == "/":
            reached.set()
            await trio.sleep_forever()
        return "ok"

    async def call() -> None:
        await client.get("/")
        reached.set()
        await client.get("/forever")

    server = await serve(handler)
    async with http.open_client(server.url) as client:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call)
            if moment != "before":
                await reached.wait()
            nursery.cancel_scope.cancel()
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert server.statistics().active_requests == 0
        assert (await client.get("/again")).text == "ok"
