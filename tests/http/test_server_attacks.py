"""Attacks on a server, and accidents: what a hostile review found, one test each."""

from __future__ import annotations

import gc
import socket
import ssl
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trio

from tests.http.conftest import RawClient
from trio_helianthus import net
from trio_helianthus.http import (
    FileBody,
    HandlerResult,
    Request,
    Response,
    ResponseWriter,
    ServerLimits,
)
from trio_helianthus.net import _hub
from trio_helianthus.net._hub import HubMode

if TYPE_CHECKING:
    from pathlib import Path

    from tests.http.conftest import Connect, Reports, Serve

GET = b"GET / HTTP/1.1\r\nHost: t\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: t\r\n"
SIZE = 4_000_000


@pytest.fixture(params=[HubMode.NEVER, HubMode.ALWAYS], ids=["plain", "hub"], autouse=True)
def each_way_of_waiting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_hub, "DEFAULT_MODE", request.param)


async def little_at_a_time() -> list[net.TCPListener]:
    """Listeners whose connections take little of what is sent before the client reads."""
    listeners = list(await net.listen_tcp(0))
    for listener in listeners:
        listener.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    return listeners


async def over_tls(client: RawClient, context: ssl.SSLContext) -> RawClient:
    stream = await net.start_tls(
        client.stream, ssl_context=context, server_hostname="127.0.0.1", https_compatible=True
    )
    return RawClient(stream)  # type: ignore[arg-type] # it asks no more of a stream than this has


class TestTimes:
    """Each time runs while that is waited for which it is for, and not behind it."""

    async def test_a_streamed_answer_may_take_longer_than_its_handler(
        self, serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock
    ) -> None:
        async def produce() -> AsyncIterator[bytes]:
            for _ in range(3):
                await trio.sleep(2)
                yield b"x"

        async def handler(request: Request) -> Response:
            return Response(produce(), headers={"Content-Length": "3"})

        client = await connect(await serve(handler, limits=ServerLimits(handler_timeout=1)))
        assert (await client.get("/")).body == b"xxx"

    async def test_a_slow_reader_may_take_longer_than_its_handler(
        self, serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock
    ) -> None:
        async def handler(request: Request) -> bytes:
            return bytes(20_000_000)

        client = await connect(await serve(handler, limits=ServerLimits(handler_timeout=1)))
        await client.send(GET)
        await trio.sleep(2)
        with trio.fail_after(20):
            assert len((await client.answer()).body) == 20_000_000

    async def test_a_passed_deadline_is_not_told_behind_the_answer(
        self, serve: Serve, connect: Connect
    ) -> None:
        async def handler(request: Request) -> str:
            return "in time, as it never waits"

        client = await connect(await serve(handler, limits=ServerLimits(idle_timeout=0.05)))
        answer = await client.get("/", "X-Request-Timeout: 0")
        assert answer.status == 200
        assert await client.rest() == b""

    async def test_a_handler_that_ends_late_gives_the_only_answer(
        self, serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock
    ) -> None:
        calls: list[str] = []

        async def handler(request: Request) -> str:
            calls.append(request.target)
            with trio.CancelScope(shield=True):
                await trio.sleep(2)
            return "late"

        client = await connect(await serve(handler, limits=ServerLimits(handler_timeout=1)))
        await client.send(GET + GET.replace(b"/ ", b"/next "))
        received = await client.rest()
        assert received.count(b"HTTP/1.1 ") == 1
        assert received.endswith(b"late")
        assert b"\r\nConnection: close\r\n" in received
        assert calls == ["/"]

    async def test_empty_lines_do_not_keep_a_connection(
        self, serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock
    ) -> None:
        async def handler(request: Request) -> str:
            return "ok"

        client = await connect(await serve(handler))
        began = trio.current_time()
        with trio.move_on_after(100):
            try:
                while True:
                    await client.send(b"\r\n")
                    await trio.sleep(4)
            except trio.BrokenResourceError:
                pass
        assert trio.current_time() - began < 60

    async def test_a_slow_reader_of_a_file_has_time_for_each_piece(
        self, serve: Serve, connect: Connect, tmp_path: Path
    ) -> None:
        path = tmp_path / "file"
        path.write_bytes(bytes(SIZE))

        async def handler(request: Request) -> Response:
            return Response(FileBody(path.open("rb"), 0, SIZE))

        listeners = await little_at_a_time()
        limits = ServerLimits(write_timeout=0.3)
        client = await connect(await serve(handler, listeners=listeners, limits=limits))
        await client.send(GET)
        received = 0
        while received < SIZE:
            await trio.sleep(0.03)
            received += len(await client.stream.receive_some(64 * 1024))

    @pytest.mark.parametrize("behind", [0, 1])
    async def test_who_never_reads_is_cut_whoever_sends(
        self, serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock, behind: int
    ) -> None:
        async def handler(request: Request) -> bytes:
            if request.target == "/slow":
                await trio.sleep(0.1)
            return bytes(16_000)

        server = await serve(handler, listeners=await little_at_a_time())
        client = await connect(server)
        await client.send(GET * 30 + GET.replace(b"/ ", b"/slow ") + GET * behind)
        await trio.sleep(60)
        assert server.statistics().connections == 0

    async def test_a_connection_is_idle_even_if_another_task_sends_its_last_answer(
        self, serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock
    ) -> None:
        async def handler(request: Request) -> HandlerResult:
            if request.target != "/slow":
                return bytes(16_000)
            writer = await request.respond(Response(b"last"))
            await trio.sleep(0.1)
            return writer

        limits = ServerLimits(idle_timeout=5)
        server = await serve(handler, listeners=await little_at_a_time(), limits=limits)
        client = await connect(server)
        await client.send(GET * 30 + GET.replace(b"/ ", b"/slow "))
        await trio.sleep(1)
        for _ in range(30):
            assert len((await client.answer()).body) == 16_000
        assert (await client.answer()).body == b"last"
        await trio.sleep(10)
        assert server.statistics().connections == 0

    async def test_a_client_that_is_slow_to_send_is_the_one_to_blame(
        self, serve: Serve, connect: Connect, autojump_clock: trio.testing.MockClock
    ) -> None:
        async def handler(request: Request) -> bytes:
            return await request.read()

        client = await connect(await serve(handler, limits=ServerLimits(handler_timeout=3)))
        await client.send(POST + b"Content-Length: 1000\r\n\r\nabc")
        assert (await client.answer()).status == 408


class TestAnswers:
    """No answer waits for what is none of its business, and none ends up in another."""

    async def test_an_answer_over_tls_waits_for_no_handler_behind_it(
        self,
        serve: Serve,
        connect: Connect,
        tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext],
    ) -> None:
        go_on = trio.Event()

        async def handler(request: Request) -> str:
            if request.target == "/slow":
                await go_on.wait()
            return request.target

        ours, theirs = tls_contexts
        client = await over_tls(await connect(await serve(handler, ssl_context=ours)), theirs)
        await client.send(GET + GET + GET.replace(b"/ ", b"/slow ") + GET)
        with trio.fail_after(2):
            assert [(await client.answer()).body for _ in range(2)] == [b"/", b"/"]
            go_on.set()
            assert [(await client.answer()).body for _ in range(2)] == [b"/slow", b"/"]

    async def test_a_handler_answers_over_tls_and_goes_on(
        self,
        serve: Serve,
        connect: Connect,
        tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext],
    ) -> None:
        async def handler(request: Request) -> HandlerResult:
            writer = await request.respond(Response.text("now"))
            await trio.sleep(10)
            return writer

        ours, theirs = tls_contexts
        client = await over_tls(await connect(await serve(handler, ssl_context=ours)), theirs)
        with trio.fail_after(2):
            assert (await client.get("/")).body == b"now"

    async def test_a_child_task_answers_and_goes_on(self, serve: Serve, connect: Connect) -> None:
        async def handler(request: Request) -> HandlerResult:
            async def answer_and_go_on() -> None:
                writers.append(await request.respond(Response.text("now")))
                await trio.sleep(10)

            writers: list[ResponseWriter] = []
            async with trio.open_nursery() as nursery:  # noqa: ASYNC112 - a child is to answer
                nursery.start_soon(answer_and_go_on)
            return writers[0]

        client = await connect(await serve(handler))
        with trio.fail_after(2):
            assert (await client.get("/")).body == b"now"

    async def test_what_the_system_did_not_take_at_once_waits_for_no_handler(
        self, serve: Serve, connect: Connect
    ) -> None:
        async def handler(request: Request) -> bytes:
            if request.target == "/slow":
                await trio.sleep(10)
            return bytes(16_000)

        server = await serve(handler, listeners=await little_at_a_time())
        client = await connect(server)
        await client.send(GET * 30 + GET.replace(b"/ ", b"/slow "))
        await trio.testing.wait_all_tasks_blocked(0.05)
        with trio.fail_after(2):
            for _ in range(30):
                assert len((await client.answer()).body) == 16_000

    async def test_nothing_follows_a_send_that_was_cut(
        self, serve: Serve, connect: Connect
    ) -> None:
        async def handler(request: Request) -> HandlerResult:
            if request.target == "/next":
                return "next"
            writer = await request.start_response(Response(content_type="text/plain"))
            with trio.CancelScope() as scope:
                scope.cancel()
                await writer.send_all(b"x" * 20_000_000)
            await writer.send_all(b"behind the gap")
            return writer

        client = await connect(await serve(handler))
        await client.send(GET + GET.replace(b"/ ", b"/next "))
        await trio.testing.wait_all_tasks_blocked(0.05)
        received = bytearray()
        with trio.move_on_after(2):
            try:
                while data := await client.stream.receive_some():
                    received += data
            except trio.BrokenResourceError:
                pass
        assert b"behind the gap" not in received
        assert b"next" not in received

    async def test_a_head_that_cannot_be_sent_is_answered_once(
        self, serve: Serve, connect: Connect, reports: Reports
    ) -> None:
        async def handler(request: Request) -> HandlerResult:
            bad = Response(headers={"Transfer-Encoding": "chunked"})
            return await request.start_response(bad)

        client = await connect(await serve(handler))
        answer = await client.get("/")
        assert answer.status == 500
        if "connection" not in answer.headers:  # else it ends here
            assert (await client.get("/")).status == 500

    async def test_empty_pieces_do_not_end_a_body(self, serve: Serve, connect: Connect) -> None:
        async def produce() -> AsyncIterator[bytes]:
            for piece in (b"", b"a", b"", b"b", b""):
                yield piece

        async def handler(request: Request) -> Response:
            return Response(produce())

        client = await connect(await serve(handler))
        await client.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = await client.rest()
        assert received.endswith(b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n")


class TestClientsThatLeave:
    """Their handlers end, and nobody blames those."""

    async def test_a_reset_that_came_with_the_request_ends_its_handler_at_once(
        self, serve: Serve
    ) -> None:
        stopped = trio.Event()

        async def handler(request: Request) -> str:
            try:
                await trio.sleep_forever()
            finally:
                stopped.set()
            return "never"

        server = await serve(handler, limits=ServerLimits(half_close_grace=60))
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            await trio.testing.wait_all_tasks_blocked(0.01)
            client.sendall(GET)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        await trio.testing.wait_all_tasks_blocked(0.05)
        # Linux may drop the request with the reset; then there is no handler.
        assert stopped.is_set() or not server.statistics().connections

    async def test_a_reset_amid_a_body_is_not_the_handlers_fault(
        self, serve: Serve, connect: Connect, reports: Reports
    ) -> None:
        reading = trio.Event()

        async def handler(request: Request) -> str:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                reading.set()
                await request.read()
            return "never"

        server = await serve(handler)
        client = await connect(server)
        await client.send(POST + b"Content-Length: 10\r\n\r\nabc")
        await reading.wait()
        await trio.testing.wait_all_tasks_blocked(0.01)
        client.stream.reset()
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert server.statistics().connections == 0
        assert reports.errors == []

    async def test_a_malformed_body_is_not_the_handlers_fault(
        self, serve: Serve, connect: Connect, reports: Reports
    ) -> None:
        async def handler(request: Request) -> str:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                await request.read()
            return "never"

        client = await connect(await serve(handler))
        await client.send(POST + b"Transfer-Encoding: chunked\r\n\r\nno number\r\n")
        assert (await client.answer()).status == 400
        assert reports.errors == []

    async def test_a_reset_is_noticed_when_the_hub_gives_up_meanwhile(
        self, serve: Serve, connect: Connect
    ) -> None:
        read, stopped = trio.Event(), trio.Event()

        async def handler(request: Request) -> str:
            async def read_and_go_on() -> None:
                await request.read()
                read.set()
                await trio.sleep_forever()

            try:
                async with trio.open_nursery() as nursery:  # noqa: ASYNC112 - a child reads
                    nursery.start_soon(read_and_go_on)
            finally:
                stopped.set()
            return "never"

        client = await connect(await serve(handler))
        await client.send(POST + b"Content-Length: 6\r\n\r\nabc")
        await trio.testing.wait_all_tasks_blocked(0.01)
        _hub.current_hub().mode = HubMode.NEVER
        await client.send(b"d")
        await trio.testing.wait_all_tasks_blocked(0.01)
        await client.send(b"ef")
        await read.wait()
        await trio.testing.wait_all_tasks_blocked(0.01)
        client.stream.reset()
        with trio.fail_after(2):
            await stopped.wait()

    @pytest.mark.parametrize("fields", [b"", b"Expect: 100-continue\r\n"])
    async def test_a_reset_amid_a_body_leaves_nothing_for_the_garbage_collector(
        self, serve: Serve, connect: Connect, fields: bytes
    ) -> None:
        requests: list[weakref.ref[Request]] = []

        async def handler(request: Request) -> bytes:
            requests.append(weakref.ref(request))
            return await request.read()

        server = await serve(handler)
        client = await connect(server)
        gc.collect()
        gc.disable()
        try:
            await client.send(POST + b"Content-Length: 10\r\n" + fields + b"\r\n")
            await trio.testing.wait_all_tasks_blocked(0.02)
            client.stream.reset()
            await trio.testing.wait_all_tasks_blocked(0.02)
            assert server.statistics().connections == 0
            assert requests[0]() is None
        finally:
            gc.enable()

    async def test_who_cannot_upgrade_is_not_the_handlers_fault(
        self, serve: Serve, connect: Connect, reports: Reports
    ) -> None:
        async def talk(stream: net.ByteStream) -> None:
            await stream.send_all(b"hello")

        async def handler(request: Request) -> Response:
            return Response.upgrade("chat", talk)

        client = await connect(await serve(handler))
        assert (await client.get("/")).status == 426
        client = await connect(await serve(handler))
        await client.send(
            POST + b"Connection: upgrade\r\nUpgrade: chat\r\nContent-Length: 5\r\n\r\n"
        )
        assert (await client.answer()).status in {400, 426}
        assert reports.errors == []


class TestEnds:
    """Where a connection ends, no request has begun that has no answer."""

    async def test_a_request_that_comes_with_the_drain_is_left_alone_or_answered(
        self, serve: Serve, connect: Connect
    ) -> None:
        begun: list[str] = []

        async def handler(request: Request) -> str:
            begun.append(request.target)
            await trio.lowlevel.checkpoint()
            return "done"

        server = await serve(handler)
        clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(30)]
        try:
            for client in clients:
                client.sendall(GET)
            await trio.testing.wait_all_tasks_blocked(0.02)
            for client in clients:
                assert client.recv(1000)
            begun.clear()
            for client in clients:
                client.sendall(GET)
            await trio.lowlevel.checkpoint()
            async with trio.open_nursery() as nursery:  # noqa: ASYNC112 - it drains a turn later
                nursery.start_soon(server.drain, 5)
            answered = 0
            for client in clients:
                try:
                    answered += bool(client.recv(1000))
                except ConnectionResetError:
                    pass
        finally:
            for client in clients:
                client.close()
        assert answered == len(begun)
