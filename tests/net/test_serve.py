"""Servers: whose errors are told, how connections end, and how the whole ends."""

from __future__ import annotations

import errno
import math
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from functools import partial

import pytest
import trio
import trio.testing

from trio_helianthus import core, net
from trio_helianthus.errors import (
    AddressInUse,
    ConnectionRefused,
    ConnectionReset,
    NetworkError,
    ResourceClosed,
    ServiceDraining,
)
from trio_helianthus.net import _serve


@asynccontextmanager
async def serving(handler: net.Handler, **options: object) -> AsyncIterator[net.Server]:
    async with trio.open_nursery() as nursery:

        async def serve(task_status: trio.TaskStatus[net.Server]) -> None:
            kind = net.serve_tls if "ssl_context" in options else net.serve_tcp
            await kind(handler, task_status=task_status, **options)  # type: ignore[arg-type]

        yield await nursery.start(serve)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def connect(server: net.Server) -> AsyncIterator[net.TCPStream]:
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        yield stream


async def echo(stream: net.ByteStream) -> None:
    while data := await stream.receive_some():
        await stream.send_all(data)


async def holds(condition: Callable[[], bool]) -> None:
    """Wait until what another task does has been done."""
    while not condition():  # noqa: ASYNC110 (statistics wake nobody)
        await trio.sleep(0.001)


async def all_ended(server: net.Server) -> None:
    await holds(lambda: not server.statistics().connections)


async def test_each_connection_has_a_handler_of_its_own() -> None:
    async with serving(echo) as server, connect(server) as one, connect(server) as other:
        assert server.addresses == (("127.0.0.1", server.port),)
        await one.send_all(b"one")
        await other.send_all(b"other")
        assert await one.receive_exactly(3) == b"one"
        assert await other.receive_exactly(5) == b"other"
        assert server.statistics() == net.ServerStatistics(
            connections=2, accepted=2, failed_handshakes=0, accept_pauses=0
        )
        await one.send_eof()
        assert await one.receive_all() == b""
        await holds(lambda: server.statistics().connections == 1)
        assert server.statistics().accepted == 2


async def test_the_task_of_a_connection_is_called_after_the_handler() -> None:
    names: list[str] = []

    async def handler(stream: net.ByteStream) -> None:
        names.append(trio.lowlevel.current_task().name)

    async with serving(handler) as server, connect(server) as stream:
        assert await stream.receive_all() == b""
    assert names == [f"{__name__}.{handler.__qualname__}"]


async def test_a_server_shows_where_it_is_and_what_it_does() -> None:
    async with serving(echo) as server:
        assert repr(server) == f"<Server serving at 127.0.0.1:{server.port}>"
        await server.drain()
        assert "draining" in repr(server)


async def test_a_mistake_of_a_handler_is_told_and_the_server_lives(
    errors_on_stderr: Callable[[], str],
) -> None:
    async def stumble(stream: net.ByteStream) -> None:
        stream.activity = "stumbling"
        if await stream.receive_exactly(1) == b"!":
            raise ZeroDivisionError("by mistake")
        await stream.send_all(b"fine")

    async with serving(stumble) as server:
        async with connect(server) as client:
            await client.send_all(b"!")
            with pytest.raises(ConnectionReset):
                await client.receive_all()
        told = errors_on_stderr()
        assert "ZeroDivisionError: by mistake" in told
        assert "unhandled error in tcp, stumbling (127.0.0.1:" in told
        async with connect(server) as client:
            await client.send_all(b"?")
            assert await client.receive_all() == b"fine"


async def test_errors_of_the_connection_itself_are_not_told(
    errors_on_stderr: Callable[[], str],
) -> None:
    async def fail_in_a_group(stream: net.ByteStream) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.receive_exactly, 10)
            nursery.start_soon(trio.sleep_forever)

    async def fail_plainly(stream: net.ByteStream) -> None:
        await stream.receive_exactly(10)

    def has_accepted_both() -> bool:
        return server.statistics().accepted == 2

    for handler in (fail_plainly, fail_in_a_group):
        async with serving(handler) as server:
            async with connect(server) as client:
                await client.send_all(b"half")
                await client.send_eof()
                with pytest.raises(ConnectionReset):
                    await client.receive_all()
            async with connect(server) as client:
                await holds(has_accepted_both)
                client.reset()
            await all_ended(server)
    assert not errors_on_stderr()


async def test_errors_of_another_connection_are_told(
    errors_on_stderr: Callable[[], str],
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        upstream = nobody.getsockname()

        async def ask_upstream(stream: net.ByteStream) -> None:
            await net.connect_tcp(*upstream)

        async def fail_both_ways(stream: net.ByteStream) -> None:
            async def fail() -> None:
                with trio.CancelScope(shield=True):
                    await ask_upstream(stream)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(stream.receive_exactly, 10)
                nursery.start_soon(fail)

        for handler in (ask_upstream, fail_both_ways):
            async with serving(handler) as server, connect(server) as client:
                with pytest.raises(ConnectionReset):
                    await client.receive_all()
                await all_ended(server)
            assert "ConnectionRefused" in errors_on_stderr()


async def test_cutting_a_handler_resets_its_connection() -> None:
    async with serving(echo) as server, connect(server) as client:
        await client.send_all(b"x")
        await client.receive_exactly(1)
        report = await server.drain(0)
        assert (report.finished, len(report.cut), report.stuck) == (0, 1, ())
        with pytest.raises(ConnectionReset):
            await client.receive_some()


async def test_cancelling_serve_cuts_all_connections() -> None:
    async with AsyncExitStack() as clients:
        async with trio.open_nursery() as nursery:
            server: net.Server = await nursery.start(net.serve_tcp, echo)
            streams = [await clients.enter_async_context(connect(server)) for _ in range(3)]
            await holds(lambda: server.statistics().connections == 3)
            nursery.cancel_scope.cancel()
        for stream in streams:
            with pytest.raises(ConnectionReset):
                await stream.receive_some()
        with pytest.raises(ConnectionRefused):
            await net.connect_tcp("127.0.0.1", server.port)


async def test_max_connections_lets_further_ones_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running = most = 0
    listeners = [*await net.listen_tcp(0), *await net.listen_tcp(0)]

    async def count(stream: net.ByteStream) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await echo(stream)
        running -= 1

    async with serving(count, listeners=listeners, max_connections=2) as server:
        async with AsyncExitStack() as stack:
            streams = [
                await stack.enter_async_context(
                    await net.connect_tcp(str(address[0]), int(address[1]))
                )
                for address in server.addresses
                for _ in range(4)
            ]
            for stream in streams:
                await stream.send_all(b"x")
                await stream.send_eof()
            for stream in streams:
                assert await stream.receive_all() == b"x"
        await all_ended(server)
        assert server.statistics().accepted == 8
    assert most == 2


async def test_cancelling_while_a_connection_waits_for_its_place() -> None:
    listeners = [*await net.listen_tcp(0), *await net.listen_tcp(0)]
    async with (
        AsyncExitStack() as stack,
        serving(echo, listeners=listeners, max_connections=1) as server,
    ):
        for address in server.addresses:
            await stack.enter_async_context(await net.connect_tcp(str(address[0]), int(address[1])))
        await trio.testing.wait_all_tasks_blocked(0.002)
        assert server.statistics().connections == 1


class OutOf:
    """A listening socket that has a few failures in front."""

    def __init__(self, below: socket.socket, number: int) -> None:
        self._below = below
        self._number = number
        self.failures_left = 2

    def accept(self) -> tuple[socket.socket, object]:
        if self.failures_left:
            self.failures_left -= 1
            raise OSError(self._number, "none left")
        return self._below.accept()

    def fileno(self) -> int:
        return self._below.fileno()

    def close(self) -> None:
        self._below.close()


@pytest.mark.parametrize("name", ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"])
async def test_accepting_pauses_when_the_system_is_out_of_something(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_serve, "ACCEPT_PAUSE_SECONDS", 0.002)
    (listener,) = await net.listen_tcp(0)
    listening_socket = listener.socket
    monkeypatch.setattr(listener, "socket", OutOf(listening_socket, getattr(errno, name)))
    async with serving(echo, listeners=[listener]) as server, connect(server) as client:
        await client.send_all(b"x")
        assert await client.receive_exactly(1) == b"x"
        assert server.statistics().accept_pauses == 2
        monkeypatch.setattr(listener, "socket", listening_socket)


async def test_a_listener_that_fails_ends_the_server() -> None:
    (listener,) = await net.listen_tcp(0)
    with (
        socket.create_connection(listener.socket.getsockname()),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(listener, "socket", OutOf(listener.socket, errno.EINVAL))
        with pytest.raises(NetworkError, match="accept on"):
            await net.serve_tcp(echo, listeners=[listener])


async def test_listeners_may_be_brought_along() -> None:
    listeners = await net.listen_tcp(0)
    async with serving(echo, listeners=listeners) as server, connect(server) as client:
        assert server.addresses == (listeners[0].address,)
        await client.send_all(b"x")
        assert await client.receive_exactly(1) == b"x"
    with pytest.raises(ResourceClosed):
        await listeners[0].accept()
    with pytest.raises(ValueError, match="no listeners"):
        await net.serve_tcp(echo, listeners=[])


async def test_an_address_in_use_is_told_before_the_start() -> None:
    (listener,) = await net.listen_tcp(0)
    async with listener:
        with pytest.raises(AddressInUse):
            await net.serve_tcp(echo, listener.socket.getsockname()[1])


async def test_a_handler_may_ask_for_the_kind_of_stream_that_it_gets(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async def end(stream: net.TCPStream) -> None:
        await stream.send_eof()
        assert await stream.receive_all() == b"after the end"

    async def tell_version(stream: net.TLSStream) -> None:
        await stream.send_all(stream.info.version.encode())

    async with trio.open_nursery() as nursery:  # type checkers look at these two calls
        tcp = await nursery.start(partial(net.serve_tcp, end))
        tls = await nursery.start(partial(net.serve_tls, tell_version, ssl_context=server_context))
        async with connect(tcp) as client:
            assert await client.receive_all() == b""
            await client.send_all(b"after the end")
        async with await net.connect_tls(
            "localhost", tls.port, ssl_context=client_context
        ) as tls_client:
            assert await tls_client.receive_all() == b"TLSv1.3"
        await tcp.drain()
        await tls.drain()


async def test_wrong_limits_are_told_before_the_start(server_context: ssl.SSLContext) -> None:
    with pytest.raises(ValueError, match="max_connections"):
        await net.serve_tcp(echo, max_connections=0)
    for seconds in (-1, math.nan):
        with pytest.raises(ValueError, match="handshake_timeout"):
            await net.serve_tls(echo, ssl_context=server_context, handshake_timeout=seconds)


async def test_without_a_context_nothing_is_served_in_the_clear() -> None:
    with pytest.raises(TypeError, match="SSLContext"):
        await net.serve_tls(echo, ssl_context=None)  # type: ignore[arg-type]


async def test_served_connections_have_the_options() -> None:
    seen: list[bool] = []

    async def look(stream: net.ByteStream) -> None:
        assert isinstance(stream, net.TCPStream)
        seen.extend(
            bool(stream.socket.getsockopt(level, option))
            for level, option in [
                (socket.IPPROTO_TCP, socket.TCP_NODELAY),
                (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                (socket.SOL_SOCKET, socket.SO_OOBINLINE),
            ]
        )

    options = {
        "nodelay": False,
        "keepalive": True,
        "socket_options": [(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)],
    }
    async with serving(look, **options) as server, connect(server) as client:
        await client.receive_all()
    assert seen == [False, True, True]


async def serve_load(
    nursery: trio.Nursery, stack: AsyncExitStack, handler: net.Handler, count: int = 50
) -> tuple[net.Server, list[net.TCPStream]]:
    server: net.Server = await nursery.start(net.serve_tcp, handler)
    clients = []
    for _ in range(count):
        clients.append(await stack.enter_async_context(connect(server)))  # noqa: PERF401
    for client in clients:
        await client.send_all(b"hello")
        assert await client.receive_exactly(5) == b"hello"
    return server, clients


async def test_a_drain_under_load_lets_all_finish() -> None:
    async with AsyncExitStack() as stack, trio.open_nursery() as nursery:
        server, clients = await serve_load(nursery, stack, echo)
        told: list[str] = []
        server.on_drain(lambda: told.append("drains"))
        reports: list[core.DrainReport] = []

        async def drain() -> None:
            reports.append(await server.drain(10))

        nursery.start_soon(drain)
        await trio.testing.wait_all_tasks_blocked()
        assert server.draining
        assert told == ["drains"]
        server.on_drain(lambda: told.append("at once"))
        assert told == ["drains", "at once"]
        with pytest.raises(ConnectionRefused):
            await net.connect_tcp("127.0.0.1", server.port)
        for client in clients:
            await client.send_all(b"bye")
            await client.send_eof()
            assert await client.receive_all() == b"bye"
    (report,) = reports
    assert (report.name, report.finished, report.cut, report.stuck) == ("tcp", 50, (), ())
    assert report.clean


async def test_a_drain_under_load_cuts_what_does_not_finish() -> None:
    async with AsyncExitStack() as stack, trio.open_nursery() as nursery:
        server, clients = await serve_load(nursery, stack, echo)
        for client in clients[:20]:
            await client.send_eof()
            assert await client.receive_all() == b""
        report = await server.drain(0.005)
        assert len(report.cut) == 30
        assert report.finished <= 20
        assert report.cut[0].startswith("127.0.0.1:")
        for client in clients[20:]:
            with pytest.raises(ConnectionReset):
                await client.receive_some()


async def test_a_drain_names_what_will_not_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = trio.Event()

    async def stubborn(stream: net.ByteStream) -> None:
        stream.activity = "being stubborn"
        await stream.send_all(b"hello")
        with trio.CancelScope(shield=True):
            await let_go.wait()

    async with (
        core.open_lifecycle(drain_timeout=0.005, stop_timeout=0.005),
        serving(stubborn) as server,
        connect(server) as client,
    ):
        await client.receive_exactly(5)
        report = await server.drain()
        assert len(report.stuck) == len(report.cut) == 1
        assert report.stuck[0].startswith("being stubborn (127.0.0.1:")
        let_go.set()


async def test_a_tls_handler_tells_what_it_is_busy_with_too(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async def work(stream: net.ByteStream) -> None:
        stream.activity = "GET /"
        await stream.send_all(b"x")
        await trio.sleep_forever()

    async with serving(work, ssl_context=server_context) as server:
        client = await net.connect_tls("localhost", server.port, ssl_context=client_context)
        await client.receive_exactly(1)
        report = await server.drain(0)
        assert report.name == "tls"
        assert report.cut[0].startswith("GET / (127.0.0.1:")
        client.reset()


async def test_a_drain_cuts_handshakes_too(server_context: ssl.SSLContext) -> None:
    async with serving(echo, ssl_context=server_context) as server, connect(server) as client:
        await holds(lambda: server.statistics().connections == 1)
        report = await server.drain(0.002)
        assert len(report.cut) == 1
        assert server.statistics().failed_handshakes == 1
        with pytest.raises(ConnectionReset):
            await client.receive_some()


async def test_who_has_connected_before_a_drain_is_served() -> None:
    (listener,) = await net.listen_tcp(0)
    clients = [socket.create_connection(listener.socket.getsockname()) for _ in range(3)]
    async with serving(echo, listeners=[listener]) as server:
        assert server.statistics().accepted == 0
        server._service.begin_drain(5)
        assert server.statistics().accepted == 3
        for client in clients:
            async with net.adopt(client) as stream:
                await stream.send_all(b"x")
                await stream.send_eof()
                assert await stream.receive_all() == b"x"
        report = await server.drain()
        assert (report.finished, report.cut) == (3, ())


async def test_the_last_handlers_have_the_context_of_the_server_too() -> None:
    where, seen = ContextVar[str]("where"), list[str]()

    async def look(stream: net.ByteStream) -> None:
        seen.append(where.get())

    (listener,) = await net.listen_tcp(0)
    with socket.create_connection(listener.socket.getsockname()):
        where.set("the server")
        async with serving(look, listeners=[listener]) as server:
            assert server.statistics().accepted == 0
            where.set("a request")
            assert (await server.drain()).finished == 1
    assert seen == ["the server"]


async def test_a_drain_takes_no_more_than_there_is_room_for() -> None:
    (listener,) = await net.listen_tcp(0)
    clients = [socket.create_connection(listener.socket.getsockname()) for _ in range(3)]
    async with serving(echo, listeners=[listener], max_connections=2) as server:
        report = await server.drain(0)
        assert len(report.cut) == server.statistics().accepted == 2
        for client in clients:
            with client, pytest.raises(ConnectionResetError):
                client.recv(1)


async def test_a_drain_begins_when_there_are_no_files_left_to_accept_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (listener,) = await net.listen_tcp(0)
    with socket.create_connection(listener.socket.getsockname()):
        monkeypatch.setattr(listener, "socket", OutOf(listener.socket, errno.EMFILE))
        async with serving(echo, listeners=[listener]) as server:
            assert (await server.drain(0)).clean
            assert server.statistics().accepted == 0


async def test_a_listener_that_somebody_else_closes_ends_the_server() -> None:
    (listener,) = await net.listen_tcp(0)
    async with trio.open_nursery() as nursery:

        async def expect_the_end() -> None:
            with pytest.raises(ResourceClosed):
                await net.serve_tcp(echo, listeners=[listener])

        nursery.start_soon(expect_the_end)
        await trio.testing.wait_all_tasks_blocked()
        listener.close()


async def test_one_listener_does_not_keep_the_others_from_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_serve, "ACCEPT_BATCH", 2)
    batches: list[int] = []
    accept_nowait = net.TCPListener.accept_nowait

    def accept_and_count(listener: net.TCPListener, at_most: int) -> list[net.TCPStream]:
        streams = accept_nowait(listener, at_most)
        batches.append(len(streams))
        return streams

    monkeypatch.setattr(net.TCPListener, "accept_nowait", accept_and_count)
    listeners = [*await net.listen_tcp(0), *await net.listen_tcp(0)]
    clients = [
        socket.create_connection(listener.socket.getsockname())
        for listener in listeners
        for _ in range(5)
    ]
    async with serving(echo, listeners=listeners) as server:
        await holds(lambda: server.statistics().accepted == 10)
        assert max(batches) == 2
        for client in clients:
            client.close()
        await all_ended(server)


async def test_servers_drain_with_the_lifecycle_around_them() -> None:
    async with core.open_lifecycle() as lifecycle, trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, echo)
        async with connect(server) as client:
            await client.send_all(b"x")
            await client.receive_exactly(1)
            lifecycle.drain("enough")
            await client.send_eof()
            assert await client.receive_all() == b""
    assert lifecycle.report is not None
    (report,) = lifecycle.report.services
    assert (report.name, report.finished) == ("tcp", 1)


async def test_a_lifecycle_may_be_given_and_refuses_when_it_drains() -> None:
    async with core.open_lifecycle() as lifecycle:
        lifecycle.drain()
        (listener,) = await net.listen_tcp(0)
        with pytest.raises(ServiceDraining):
            await net.serve_tcp(echo, listeners=[listener], lifecycle=lifecycle)
        with pytest.raises(ResourceClosed):
            await listener.accept()


class CountPasses(trio.abc.Instrument):
    """Counts how often the scheduler comes back from waiting for input and output."""

    def __init__(self) -> None:
        self.passes = 0

    def after_io_wait(self, timeout: float) -> None:
        self.passes += 1


async def test_an_idle_server_with_open_connections_wakes_nobody() -> None:
    async with AsyncExitStack() as stack, trio.open_nursery() as nursery:
        server, _ = await serve_load(nursery, stack, echo)
        await trio.testing.wait_all_tasks_blocked()
        count = CountPasses()
        trio.lowlevel.add_instrument(count)
        await trio.sleep(0.05)
        trio.lowlevel.remove_instrument(count)
        assert count.passes <= 2
        assert server.statistics().connections == 50
        nursery.cancel_scope.cancel()
