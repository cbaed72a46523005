"""What operations report: names, bytes, connections, parents, outcomes."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeAlias

import pytest
import trio

from trio_helianthus import core, net
from trio_helianthus.errors import ErrorCode

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]


class Recorder(core.Instrument):
    def __init__(self) -> None:
        self.ended: list[core.Operation] = []

    def operation_ended(self, operation: core.Operation) -> None:
        self.ended.append(operation)

    def outcomes(self) -> list[core.Outcome | None]:
        return [operation.outcome for operation in self.ended]

    def last(self, name: str) -> core.Operation:
        return [operation for operation in self.ended if operation.name == name][-1]


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    with core.subscribe(recorder):
        yield recorder


async def test_each_operation_reports_its_bytes(
    recorder: Recorder, make_tcp_pair: MakeTCPPair
) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        await one.send_all(b"12345")
        await one.send_vectored([b"line\n", b"the ", b"rest"])
        await one.send_eof()
        assert await other.receive_some(3) == b"123"
        assert await other.receive_exactly(2) == b"45"
        assert await other.receive_until(b"\n") == b"line\n"
        assert await other.receive_all() == b"the rest"
    assert [(it.name, it.bytes_sent, it.bytes_received) for it in recorder.ended] == [
        ("net.send", 5, 0),
        ("net.send", 13, 0),
        ("net.receive", 0, 3),
        ("net.receive_exactly", 0, 2),
        ("net.receive_until", 0, 5),
        ("net.receive_all", 0, 8),
    ]
    assert {it.outcome for it in recorder.ended} == {core.Outcome.OK}
    assert recorder.ended[0].connection_id == one.connection_id
    assert recorder.ended[0].peer == one.remote_address
    assert recorder.ended[2].connection_id == other.connection_id


async def test_outcomes_are_told(recorder: Recorder, make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair(small_buffers=True)
    async with one:
        with pytest.raises(TimeoutError):
            await one.receive_some(timeout=0.001)
        assert recorder.outcomes() == [core.Outcome.TIMEOUT]
        token = core.CancelToken()
        token.cancel()
        with pytest.raises(Exception, match="cancelled"):
            await one.receive_some(token=token)
        assert recorder.outcomes()[-1] is core.Outcome.CANCELLED
        with trio.move_on_after(0.001):
            await one.send_all(bytes(1_000_000))
        assert recorder.outcomes()[-1] is core.Outcome.CANCELLED
        assert 0 < recorder.ended[-1].bytes_sent < 1_000_000
        other.reset()
        with pytest.raises(ConnectionResetError):
            await one.receive_some()
        assert recorder.outcomes()[-1] is core.Outcome.ERROR
        assert recorder.ended[-1].error_code is ErrorCode.RESET


async def test_a_connection_reports_from_both_sides(
    recorder: Recorder, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async def echo(stream: net.ByteStream) -> None:
        await stream.send_all(await stream.receive_exactly(5))

    async def serve(task_status: trio.TaskStatus[net.Server]) -> None:
        await net.serve_tls(echo, ssl_context=server_context, task_status=task_status)

    with core.operation("test") as around:
        assert around is not None
        async with trio.open_nursery() as nursery:
            server: net.Server = await nursery.start(serve)
            client = await net.connect_tls("localhost", server.port, ssl_context=client_context)
            async with client:
                await client.send_all(b"hello")
                assert await client.receive_all() == b"hello"
            await server.drain()
    connect = recorder.last("net.tcp.connect")
    assert connect.connection_id == client.connection_id
    assert connect.peer == client.remote_address
    assert connect.parent_id == around.id
    handshakes = [it for it in recorder.ended if it.name == "net.tls.handshake"]
    assert len(handshakes) == 2
    served = recorder.last("net.connection")
    assert (served.bytes_received, served.bytes_sent) == (5, 5)
    assert served.peer == client.local_address
    assert served.outcome is core.Outcome.OK
    (inside,) = [it for it in handshakes if it.connection_id == served.connection_id]
    assert inside.parent_id == served.id
    # What TLS sends and receives below is no operation of its own; the transport counts it.
    receive = recorder.last("net.receive_all")
    assert not [it for it in recorder.ended if it.parent_id == receive.id]
    assert client.transport.bytes_received > client.bytes_received == 5


async def test_a_failed_connect_is_told(recorder: Recorder) -> None:
    with pytest.raises(OSError, match="refused"):
        await net.connect_tcp("127.0.0.1", 1)
    (connect,) = recorder.ended
    assert connect.error_code is ErrorCode.REFUSED
    assert connect.peer == ("127.0.0.1", 1)
    assert connect.connection_id is None


async def test_nobody_listening_costs_nothing_to_see(make_tcp_pair: MakeTCPPair) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        await one.send_all(b"x", timeout=1)
        assert await other.receive_some(timeout=1) == b"x"
