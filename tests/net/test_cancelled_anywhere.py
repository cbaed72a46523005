"""Every public operation of net, cancelled at each of its scheduling points."""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from types import CodeType
from typing import Any, TypeAlias

import attrs
import pytest
import trio
import trio.testing

from tests._public_operations import code_run_by, public_operations
from trio_helianthus import core, errors, net
from trio_helianthus.testing import CancelSweepError, cancel_sweep

NEVER_WAIT = {"current_network"}
OF_ANOTHER_NETWORK = {"use_network", "Readiness.wait_readable", "Readiness.wait_writable"}


@attrs.frozen
class House:
    """What a scenario may need."""

    folder: Path
    server_context: ssl.SSLContext
    client_context: ssl.SSLContext
    certificate: Path
    authorities: Path


Scenario: TypeAlias = Callable[[House], Awaitable[object]]


@pytest.fixture
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> House:
    """What is there with and without a certificate authority: only some scenarios need one."""
    folder = tmp_path_factory.mktemp("s")
    none: Any = None
    house = House(folder, none, none, folder / "server.pem", folder / "authorities.pem")
    callspec = getattr(request.node, "callspec", None)
    if callspec is not None and callspec.params.get("scenario") not in NEED_CERTIFICATES:
        return house
    if callspec is None or callspec.params["scenario"] is dtls:
        pytest.importorskip("OpenSSL", reason="DTLS needs pyOpenSSL")
    certificate = request.getfixturevalue("server_certificate")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(house.certificate))
    request.getfixturevalue("authority").cert_pem.write_to_path(str(house.authorities))
    return attrs.evolve(
        house,
        server_context=request.getfixturevalue("server_context"),
        client_context=request.getfixturevalue("client_context"),
    )


async def echo(stream: net.ByteStream) -> None:
    while data := await stream.receive_some():
        await stream.send_all(data)


def make_pair() -> tuple[net.SocketStream, net.SocketStream]:
    return tuple(map(net.adopt, socket.socketpair()))  # type: ignore[return-value]


# ---------------------------------------------------------------- streams


async def use_everything(stream: net.ByteStream) -> None:
    await stream.send_vectored([b"some ", b"exact", b"until\n"])
    assert await stream.receive_some(5) == b"some "
    assert await stream.receive_exactly(5) == b"exact"
    assert await stream.receive_until(b"\n") == b"until\n"
    await stream.wait_send_all_might_not_block()
    assert await stream.is_quiet()
    assert await stream.send_file(BytesIO(b"file")) == 4
    assert await stream.receive_into(bytearray(4)) == 4
    await stream.send_all(b"all")
    if isinstance(stream, net.SocketStream):
        await stream.send_eof()
        assert await stream.receive_all() == b"all"
    else:
        assert await stream.receive_exactly(3) == b"all"


async def tcp(house: House) -> None:
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, echo)
        async with await net.connect_tcp("127.0.0.1", server.port) as stream:
            await use_everything(stream)
        assert (await server.drain()).clean


async def tcp_with_limits(house: House) -> None:
    token = core.CancelToken()
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, echo)
        stream = await net.connect_tcp("localhost", server.port, timeout=5, token=token)
        async with stream:
            await stream.send_all(b"x", timeout=5, token=token)
            assert await stream.receive_exactly(1, timeout=5, token=token) == b"x"
        await server.drain(0)


async def tls(house: House) -> None:
    async with trio.open_nursery() as nursery:
        serve = partial(net.serve_tls, echo, ssl_context=house.server_context)
        server: net.Server = await nursery.start(serve)
        stream = await net.connect_tls("127.0.0.1", server.port, ssl_context=house.client_context)
        async with stream:
            await use_everything(stream)
        assert (await server.drain()).clean


async def unix(house: House) -> None:
    path = house.folder / "socket"
    try:
        async with trio.open_nursery() as nursery:
            server: net.Server = await nursery.start(net.serve_unix, echo, path)
            async with await net.connect_unix(path) as stream:
                await use_everything(stream)
            assert (await server.drain()).clean
    finally:
        assert not path.exists()


async def memory(house: House) -> None:
    left, right = net.memory_stream_pair(max_buffered=4)
    async with left, right, trio.open_nursery() as nursery:
        assert await right.is_quiet()
        nursery.start_soon(left.send_all, b"0123456789")
        assert await right.receive_exactly(10) == b"0123456789"
        await left.wait_send_all_might_not_block()
        await left.send_eof()
        assert await right.receive_all() == b""


async def race(house: House) -> None:
    """Two addresses; nobody listens at the first."""
    from trio_helianthus.net import _connect
    from trio_helianthus.net._address import Endpoint

    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        stream = await _connect._connect_first(
            [
                Endpoint(socket.AF_INET, nobody.getsockname()),
                Endpoint(socket.AF_INET, listener.getsockname()),
                Endpoint(socket.AF_INET, listener.getsockname()),
            ],
            {},
            [],
            0.001,
        )
        await stream.aclose()


# ---------------------------------------------------------------- listeners


async def accept(house: House) -> None:
    async with (await net.listen_tcp(0))[0] as listener:
        with socket.create_connection(listener.socket.getsockname()):
            await listener.wait_connection()
            async with await listener.accept():
                pass


async def accept_unix(house: House) -> None:
    path = house.folder / "socket"
    async with await net.listen_unix(path) as listener, trio.open_nursery() as nursery:
        nursery.start_soon(connect_and_close, path)
        async with await listener.accept():
            pass


async def connect_and_close(path: Path) -> None:
    await (await net.connect_unix(path)).aclose()


# ---------------------------------------------------------------- above streams


async def frames(house: House) -> None:
    ours, theirs = (net.FramedChannel(end, net.LengthPrefix(2)) for end in make_pair())
    async with ours, theirs:
        await ours.send(b"one")
        await ours.send_many([b"two", b"three"])
        assert await theirs.receive() == b"one"
        assert await theirs.receive_many() == [b"two", b"three"]
        await ours.send_eof()
        async for _ in theirs:
            raise AssertionError("nothing was sent")


async def a_frame_is_not_lost(part: trio.CancelScope, house: House) -> None:
    """A receive that was cancelled has taken nothing."""
    ours, theirs = make_pair()
    channel = net.FramedChannel(theirs, net.LengthPrefix(2))
    received: list[bytes] = []

    async def send_byte_by_byte() -> None:
        async with ours:
            for byte in b"\0\3one\0\3two":
                await trio.testing.wait_all_tasks_blocked()
                await ours.send_all(bytes([byte]))

    async with channel, trio.open_nursery() as nursery:
        nursery.start_soon(send_byte_by_byte)
        with part:
            while len(received) < 2:
                received.append(await channel.receive())
        received += [frame async for frame in channel]
    assert received == [b"one", b"two"]


async def send_queue(house: House) -> None:
    ours, theirs = make_pair()

    async def send(queue: net.SendQueue) -> None:
        await queue.wait_for_room()
        await queue.send(b"x" * 100)

    async with ours, theirs:
        async with net.open_send_queue(ours, high_water=300, low_water=100) as queue:
            async with trio.open_nursery() as nursery:
                for _ in range(5):
                    nursery.start_soon(send, queue)
            await queue.flush()
        assert len(await theirs.receive_exactly(500)) == 500


# ---------------------------------------------------------------- datagrams


async def udp(house: House) -> None:
    async with net.open_udp() as server:
        async with net.open_udp(remote=("127.0.0.1", server.port)) as client:
            await client.send(b"one")
            data, address, _ = await server.receive()
            await server.send_to(data, address)
            assert await client.receive() == b"one"
            await client.send(b"two")
            await client.send(b"three")
            assert len(await server.receive_many()) >= 1
        await server.resolve("localhost", server.port)


async def dtls(house: House) -> None:
    async def answer(channel: net.DTLSChannel) -> None:
        async for datagram in channel:
            await channel.send(datagram)

    serve = partial(net.serve_dtls, answer, certificate=house.certificate)
    async with trio.open_nursery() as nursery:
        server: net.DTLSServer = await nursery.start(serve)
        async with net.open_dtls(
            "127.0.0.1", server.port, authorities=house.authorities
        ) as channel:
            await channel.send(b"one")
            assert await channel.receive() == b"one"
        await server.drain(5)


async def watch_a_certificate(house: House) -> None:
    scope, made = trio.CancelScope(), 0

    def make_context() -> ssl.SSLContext:
        nonlocal made
        made += 1
        if made == 2:
            scope.cancel()
        return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    certificate = net.ReloadingCertificate(house.certificate, make_context=make_context)
    house.certificate.write_bytes(house.certificate.read_bytes() + b"\n")
    with scope:
        await certificate.watch(interval=0.0005)


SCENARIOS: list[Scenario] = [
    tcp,
    tcp_with_limits,
    tls,
    memory,
    race,
    accept,
    frames,
    send_queue,
    udp,
    dtls,
    watch_a_certificate,
]
NEED_CERTIFICATES = {tls, dtls, watch_a_certificate}
if sys.platform != "win32":
    SCENARIOS += [unix, accept_unix]


@pytest.mark.sweep
@pytest.mark.usefixtures("each_way_of_waiting")
@pytest.mark.parametrize("budget", [core.CHECKPOINT_BUDGET, 1])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_it_may_be_cancelled_anywhere(scenario: Scenario, budget: int, house: House) -> None:
    report = cancel_sweep(partial(scenario, house), checkpoint_budget=budget)
    assert report.points >= 3 * len(report.seeds)


@pytest.mark.sweep
@pytest.mark.parametrize("budget", [core.CHECKPOINT_BUDGET, 1])
def test_a_frame_is_never_lost(budget: int, house: House) -> None:
    scenario = partial(a_frame_is_not_lost, house=house)
    assert cancel_sweep(scenario, checkpoint_budget=budget).points > 3


@pytest.mark.sweep
@pytest.mark.usefixtures("each_way_of_waiting")
@pytest.mark.parametrize("scenario", [tcp, tls])
def test_a_handler_may_be_cancelled_anywhere(scenario: Scenario, house: House) -> None:
    """Its client sees the connection end, or break, and the server drains as ever."""
    cancel_sweep(
        partial(scenario, house),
        children=lambda task: task.name.endswith(".echo"),
        may_raise=(errors.NetworkError, AssertionError),
    )


@pytest.mark.usefixtures("each_way_of_waiting")
def test_a_system_task_that_is_left_is_found_where_the_hub_is_not_yet_gone(house: House) -> None:
    async def leave_one_behind() -> None:
        await tcp(house)
        trio.lowlevel.spawn_system_task(trio.sleep_forever, name="left behind")

    with pytest.raises(
        CancelSweepError, match=r"a task is still alive: task 'left behind' at [^;]*$"
    ):
        cancel_sweep(leave_one_behind)


def test_every_public_operation_is_in_a_scenario(house: House) -> None:
    run: set[CodeType] = set()
    for scenario in SCENARIOS:
        run |= code_run_by(partial(cancel_sweep, partial(scenario, house), points=[]))
    missing = {name for name, code in public_operations(net).items() if code not in run}
    assert missing <= NEVER_WAIT | OF_ANOTHER_NETWORK
