"""Whole services on a network that exists only in this process, and no time passes."""

from __future__ import annotations

import errno
import gc
import io
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeAlias

import pytest
import trio
import trio.testing

from trio_helianthus import core, errors, http, net, testing

Pair: TypeAlias = tuple[net.TCPStream, net.TCPStream]


@pytest.fixture
async def network() -> AsyncIterator[testing.VirtualNetwork]:
    async with testing.open_virtual_network() as network:
        yield network


@asynccontextmanager
async def open_listener(host: str, port: int = 80) -> AsyncIterator[net.TCPListener]:
    (listener,) = await net.listen_tcp(port, host=host)
    async with listener:
        yield listener


async def make_pair(network: testing.VirtualNetwork) -> Pair:
    """Connect ``here`` to ``there``."""
    with network.host("there"):
        async with open_listener("there", 0) as listener:
            assert isinstance(listener.address, tuple)
            with network.host("here"):
                one = await net.connect_tcp("there", listener.address[1])
            return one, await listener.accept()


async def echo(stream: net.ByteStream) -> None:
    while data := await stream.receive_some():
        await stream.send_all(data)


async def test_it_tells_its_hosts(network: testing.VirtualNetwork) -> None:
    network.partition("here", "elsewhere")
    assert repr(network) == "<VirtualNetwork of here, elsewhere>"


async def test_http_runs_on_it_by_name(autojump_clock: trio.testing.MockClock) -> None:
    router = http.Router()

    @router.get("/hello/{name}")
    async def hello(request: http.Request) -> str:
        return f"hello {request.path_params['name']}"

    async with (
        testing.open_virtual_network(testing.Link(latency=0.05)) as network,
        trio.open_nursery() as nursery,
    ):
        with network.host("server"):
            server: http.Server = await nursery.start(
                partial(http.serve, router, 80, host="server")
            )
        began = trio.current_time()
        async with http.open_client("http://server") as client:
            answer = await client.get("/hello/world")
            assert answer.text == "hello world"
        # A round trip to connect, and one for the request.
        assert trio.current_time() - began == pytest.approx(0.2)
        await server.drain()


async def test_tls_runs_on_it(autojump_clock: trio.testing.MockClock) -> None:
    trustme = pytest.importorskip("trustme", reason="TLS needs a certificate authority")
    authority = trustme.CA()
    server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("server").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    async with (
        testing.open_virtual_network(testing.Link(latency=0.1)) as network,
        trio.open_nursery() as nursery,
    ):
        with network.host("server"):
            server: net.Server = await nursery.start(
                partial(net.serve_tls, echo, 443, host=None, ssl_context=server_context)
            )
        async with await net.connect_tls("server", 443, ssl_context=client_context) as stream:
            await stream.send_all(b"secret")
            assert await stream.receive_exactly(6) == b"secret"
        await server.drain()


async def test_dtls_runs_on_it_and_sends_its_handshake_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    pytest.importorskip("OpenSSL", reason="DTLS needs pyOpenSSL")
    trustme = pytest.importorskip("trustme", reason="DTLS needs a certificate authority")
    authority = trustme.CA()
    certificate = authority.issue_cert("server")

    async def answer(channel: net.DTLSChannel) -> None:
        await channel.send(await channel.receive())

    link = testing.Link(latency=0.1, datagram_loss=0.3)
    async with (
        testing.open_virtual_network(link, seed=1) as network,
        trio.open_nursery() as nursery,
    ):
        with network.host("server"):
            server: net.DTLSServer = await nursery.start(
                partial(
                    net.serve_dtls,
                    answer,
                    4433,
                    host="server",
                    configure=certificate.configure_cert,
                )
            )
        async with net.open_dtls("server", 4433, configure=authority.configure_trust) as channel:
            network.set_link("here", "server", testing.Link())
            await channel.send(b"hello")
            assert await channel.receive() == b"hello"
        await server.drain(timeout=0)


async def test_the_streams_keep_trios_contract() -> None:
    core.checkpoint_budget().limit = 1
    async with testing.open_virtual_network(testing.Link(buffer_bytes=4096)) as network:

        async def make_clogged_pair() -> Pair:
            one, other = await make_pair(network)
            for stream in (one, other):
                await stream.send_all(bytes(4096))
            return one, other

        await trio.testing.check_half_closeable_stream(
            partial(make_pair, network), make_clogged_pair
        )


async def test_names_are_those_of_the_hosts() -> None:
    async with testing.open_virtual_network() as network:
        with network.host("server", addresses=["10.1.2.3", "fd00::7"]):
            listeners = await net.listen_tcp(80, host="server")
            assert [listener.address for listener in listeners] == [
                ("10.1.2.3", 80),
                ("fd00::7", 80, 0, 0),
            ]
        with network.host("client", addresses=["fd00::8"]):
            async with await net.connect_tcp("SERVER", 80) as stream:
                assert stream.remote_address == ("fd00::7", 80, 0, 0)
                assert stream.local_address[0] == "fd00::8"
        with pytest.raises(errors.NameResolutionFailed, match="no host called 'nobody'"):
            await net.connect_tcp("nobody", 80)
        for listener in listeners:
            await listener.aclose()


async def test_a_fixture_may_open_it(network: testing.VirtualNetwork) -> None:
    with pytest.raises(errors.NameResolutionFailed, match="the virtual network has no host"):
        await net.connect_tcp("example.org", 80)
    with network.host("server"):
        async with open_listener("server"), await net.connect_tcp("server", 80) as stream:
            assert stream.remote_address == ("10.0.0.2", 80)


async def test_each_host_has_a_loopback_of_its_own() -> None:
    async with testing.open_virtual_network() as network:
        with network.host("server"):
            async with open_listener("127.0.0.1"):
                async with await net.connect_tcp("localhost", 80) as stream:
                    assert stream.remote_address == ("127.0.0.1", 80)
                for port in (80, 81):
                    with network.host("client"), pytest.raises(errors.ConnectionRefused):
                        await net.connect_tcp("server", port)


async def test_an_address_that_nobody_has_is_unreachable() -> None:
    async with testing.open_virtual_network():
        with pytest.raises(errors.Unreachable):
            await net.connect_tcp("192.0.2.1", 80)
        with pytest.raises(errors.Unreachable):
            await net.connect_tcp("fd00::1", 80)  # this host has no IPv6


async def test_happy_eyeballs_goes_on_to_the_next_address(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with testing.open_virtual_network(testing.Link(latency=1)) as network:
        with network.host("server", addresses=["fd00::7", "10.1.2.3"]):
            listener = open_listener("10.1.2.3")
            async with listener:
                with network.host("client", addresses=["fd00::8", "10.1.2.4"]):
                    stream = await net.connect_tcp("server", 80)
                    async with stream:
                        assert stream.remote_address == ("10.1.2.3", 80)


async def test_hosts_have_names_and_addresses_of_their_own() -> None:
    async with testing.open_virtual_network() as network:
        with network.host("one", addresses=["10.9.9.9"]), network.host("one"):
            pass
        with (
            pytest.raises(ValueError, match="has the addresses"),
            network.host("one", addresses=["10.9.9.8"]),
        ):
            pass
        with (
            pytest.raises(ValueError, match="one has the address"),
            network.host("two", addresses=["10.9.9.9"]),
        ):
            pass
        for name in ("", "localhost", "Server"):
            with pytest.raises(ValueError, match="no name"), network.host(name):
                pass
        with pytest.raises(ValueError, match="no link to itself"):
            network.partition("one", "one")


async def test_a_partition_stalls_and_healing_delivers(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with testing.open_virtual_network(testing.Link(latency=0.1)) as network:
        one, other = await make_pair(network)
        async with one, other:
            network.partition("here", "there")
            await one.send_all(b"are you there?")
            with pytest.raises(errors.OperationTimeout):
                await other.receive_some(timeout=10)
            network.heal("here", "there")
            began = trio.current_time()
            assert await other.receive_some() == b"are you there?"
            assert trio.current_time() - began == pytest.approx(0.1)


async def test_a_partition_that_lasts_times_out_who_sends_and_is_silent_to_who_receives(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with testing.open_virtual_network() as network:
        one, other = await make_pair(network)
        async with one, other:
            network.partition("here", "there")
            began = trio.current_time()
            await one.send_all(b"lost")
            with pytest.raises(errors.ConnectionTimedOut) as caught:
                await one.receive_some()
            assert caught.value.errno == errno.ETIMEDOUT
            assert trio.current_time() - began == pytest.approx(testing.RETRANSMISSION_SECONDS)
            with pytest.raises(errors.OperationTimeout):
                await other.receive_some(timeout=1000)
            network.heal("here", "there")
            await other.send_all(b"to nobody")
            with pytest.raises(errors.ConnectionReset):
                await other.receive_some()


async def test_connecting_across_a_partition_times_out_or_waits_for_its_end(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with testing.open_virtual_network() as network:
        with network.host("there"):
            async with open_listener("there"):
                network.partition("here", "there")
                with network.host("here"):
                    with pytest.raises(errors.ConnectionTimedOut):
                        await net.connect_tcp("there", 80)
                    with pytest.raises(errors.OperationTimeout):
                        await net.connect_tcp("there", 80, timeout=5)
                    async with trio.open_nursery() as nursery:

                        @nursery.start_soon
                        async def heal() -> None:
                            await trio.sleep(3.5)
                            network.heal("here", "there")

                        began = trio.current_time()
                        async with await net.connect_tcp("there", 80):
                            assert trio.current_time() - began == pytest.approx(4)


async def test_who_finds_the_backlog_full_tries_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with testing.open_virtual_network(), trio.open_nursery() as nursery:
        (listener,) = await net.listen_tcp(80, backlog=1)
        async with listener, await net.connect_tcp("127.0.0.1", 80):

            @nursery.start_soon
            async def accept_later() -> None:
                await trio.sleep(2.5)
                await (await listener.accept()).aclose()

            began = trio.current_time()
            async with await net.connect_tcp("127.0.0.1", 80):
                assert trio.current_time() - began == pytest.approx(3)
            with pytest.raises(errors.ConnectionTimedOut):
                await net.connect_tcp("127.0.0.1", 80)


async def test_connections_can_be_lost(autojump_clock: trio.testing.MockClock) -> None:
    async with testing.open_virtual_network(testing.Link(latency=1)) as network:
        one, other = await make_pair(network)
        async with one, other:
            await one.send_all(b"on its way")
            assert network.reset_connections("here", "elsewhere") == 0
            assert network.reset_connections("there", "here") == 1
            for stream in (one, other):
                with pytest.raises(errors.ConnectionReset):
                    await stream.receive_some()
        assert network.reset_connections() == 0


async def test_connections_are_lost_by_chance_and_the_chance_by_the_seed() -> None:
    async def count_sends(seed: int) -> int:
        link = testing.Link(reset_chance=0.1)
        async with testing.open_virtual_network(link, seed=seed) as network:
            one, other = await make_pair(network)
            async with one, other:
                with pytest.raises(errors.ConnectionReset):
                    while True:
                        await one.send_all(b"x")
                        await other.receive_some()
                return one.bytes_sent

    counts = [await count_sends(seed) for seed in range(5)]
    assert counts == [await count_sends(seed) for seed in range(5)]
    assert len(set(counts)) > 1


async def measure_arrivals(link: testing.Link, seed: int = 0) -> tuple[list[float], bytes]:
    """Send a hundred bytes one by one, and tell when each came."""
    async with testing.open_virtual_network(link, seed=seed) as network:
        one, other = await make_pair(network)
        async with one, other:
            began = trio.current_time()
            times, received = [], b""
            async with trio.open_nursery() as nursery:

                @nursery.start_soon
                async def send() -> None:
                    for number in range(100):
                        await one.send_all(bytes([number]))
                        await trio.sleep(0.01)

                while len(received) < 100:
                    received += await other.receive_some()
                    times.append(trio.current_time() - began)
            return times, received


async def test_jitter_keeps_the_order_and_is_the_same_for_one_seed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    link = testing.Link(latency=1, jitter=0.5)
    times, received = await measure_arrivals(link)
    assert received == bytes(range(100))
    assert len(times) > 10
    assert all(1 <= time <= 2.5 for time in times)
    again, _ = await measure_arrivals(link)
    assert again == pytest.approx(times)
    assert (await measure_arrivals(link, seed=1))[0] != pytest.approx(times)


async def test_bandwidth_takes_time_for_each_byte(autojump_clock: trio.testing.MockClock) -> None:
    async with testing.open_virtual_network(testing.Link(bandwidth=1000)) as network:
        one, other = await make_pair(network)
        async with one, other:
            began = trio.current_time()
            await one.send_all(bytes(10_000))
            assert len(await other.receive_some()) == 4096  # a piece
            assert trio.current_time() - began == pytest.approx(4.096)
            await other.receive_exactly(10_000 - 4096)
            assert trio.current_time() - began == pytest.approx(10)


async def test_a_slow_reader_pushes_back(autojump_clock: trio.testing.MockClock) -> None:
    async with testing.open_virtual_network(testing.Link(buffer_bytes=1000)) as network:
        one, other = await make_pair(network)
        async with one, other:
            await one.send_all(bytes(1000))
            with pytest.raises(errors.OperationTimeout):
                await one.wait_send_all_might_not_block(timeout=1)
            await other.receive_some(300)
            with pytest.raises(errors.OperationTimeout):
                await one.wait_send_all_might_not_block(timeout=1)
            await other.receive_some(100)
            await one.wait_send_all_might_not_block(timeout=1)
            assert one.socket.send(bytes(1000)) > 0


async def test_a_link_can_be_changed(autojump_clock: trio.testing.MockClock) -> None:
    async with testing.open_virtual_network() as network:
        one, other = await make_pair(network)
        async with one, other:
            network.set_link("here", "there", testing.Link(latency=7))
            began = trio.current_time()
            await one.send_all(b"x")
            await other.receive_some()
            assert trio.current_time() - began == pytest.approx(7)


@pytest.mark.parametrize("cancel_after", [0.5, 1.5])
async def test_a_connection_that_was_given_up_is_seen_as_reset(
    cancel_after: float, autojump_clock: trio.testing.MockClock
) -> None:
    async with testing.open_virtual_network(testing.Link(latency=1)) as network:
        with network.host("there"):
            async with open_listener("there") as listener:
                with network.host("here"), trio.move_on_after(cancel_after):
                    await net.connect_tcp("there", 80)
                if cancel_after < 1:
                    with pytest.raises(errors.OperationTimeout):
                        await listener.accept(timeout=10)
                else:
                    async with await listener.accept() as stream:
                        with pytest.raises(errors.ConnectionReset):
                            await stream.receive_some()


async def test_what_was_sent_before_closing_still_arrives(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with testing.open_virtual_network(testing.Link(latency=1, bandwidth=1000)) as network:
        one, other = await make_pair(network)
        async with other:
            await one.send_all(bytes(5000))
            await one.aclose()
            assert len(await other.receive_all()) == 5000
            await other.send_all(b"too late")
            await trio.sleep(3)
            with pytest.raises(errors.ConnectionBroken):
                await other.send_all(b"x")


async def exchange_datagrams(link: testing.Link, seed: int = 0) -> list[int]:
    """Send a hundred datagrams, and tell which came, in their order."""
    async with testing.open_virtual_network(link, seed=seed) as network:
        with network.host("server"):
            async with net.open_udp(53, host="server") as server:
                with network.host("client"):
                    async with net.open_udp(remote=("server", 53)) as client:
                        for number in range(100):
                            await client.send(bytes([number]))
                            await trio.sleep(0.004)
                came = []
                with trio.move_on_after(10):
                    while True:
                        came += [datagram.data[0] for datagram in await server.receive_many()]
                return came


@pytest.mark.parametrize(
    ("link", "is_so"),
    [
        (testing.Link(latency=1), lambda came: came == list(range(100))),
        (testing.Link(datagram_loss=0.2), lambda came: 60 < len(came) < 95),
        (testing.Link(datagram_duplication=0.2), lambda came: 105 < len(came) < 140),
        (testing.Link(datagram_reordering=0.2), lambda came: came != sorted(came)),
        (testing.Link(latency=0.1, jitter=0.05), lambda came: came != sorted(came)),
    ],
    ids=["latency", "loss", "duplication", "reordering", "jitter"],
)
async def test_datagrams_meet_the_faults_of_the_link(
    link: testing.Link,
    is_so: Callable[[list[int]], bool],
    autojump_clock: trio.testing.MockClock,
) -> None:
    came = await exchange_datagrams(link)
    assert is_so(came)
    assert set(came) <= set(range(100))
    assert await exchange_datagrams(link) == came


async def test_datagrams_are_answered_from_where_they_came(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with testing.open_virtual_network(testing.Link(latency=1)) as network:
        with network.host("server"):
            async with net.open_udp(53, host="0.0.0.0") as server:
                with network.host("client"):
                    async with net.open_udp(host="0.0.0.0") as client:
                        await client.send_to(b"?", await client.resolve("server", 53))
                        question = await server.receive()
                        await server.send_to(b"!", question.address)
                        answer = await client.receive()
                        assert answer.data == b"!"
                        assert answer.address == ("10.0.0.2", 53)
                        await client.send_to(b"?", ("10.0.0.99", 53))  # nobody there: lost
                        network.partition("client", "server")
                        await client.send_to(b"?", ("10.0.0.2", 53))
                        with pytest.raises(errors.OperationTimeout):
                            await server.receive(timeout=10)


async def test_a_datagram_buffer_that_is_full_drops(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with testing.open_virtual_network(testing.Link(buffer_bytes=10)) as network:
        with network.host("server"):
            async with net.open_udp(53, host="server") as server:
                with network.host("client"):
                    async with net.open_udp(remote=("server", 53)) as client:
                        for _ in range(5):
                            await client.send(b"four")
                assert len(await server.receive_many()) == 2


async def test_a_real_socket_still_works_inside() -> None:
    async with testing.open_virtual_network():
        left, right = socket.socketpair()
        async with net.adopt(left) as one, net.adopt(right) as other:
            await one.send_all(b"x")
            assert await other.receive_some() == b"x"


async def test_what_the_network_leaves_behind_is_reset_and_makes_nothing_new() -> None:
    async with testing.open_virtual_network() as network:
        one, other = await make_pair(network)
        inside = net.current_network()
    async with one, other:
        with pytest.raises(errors.ConnectionReset):
            await one.receive_some()
    with net.use_network(inside), pytest.raises(errors.NetworkError) as caught:
        await net.connect_tcp("there", 80)
    assert caught.value.errno == errno.ENETDOWN
    assert net.current_network() is not inside


async def test_a_socket_that_nobody_closed_is_told() -> None:
    async with testing.open_virtual_network():
        stream = net.current_network().open_socket(socket.AF_INET, socket.SOCK_STREAM)
        assert repr(stream) == "<VirtualStreamSocket 0.0.0.0:0>"
        del stream
        with pytest.warns(ResourceWarning, match="unclosed <VirtualStreamSocket"):
            gc.collect()


async def test_a_virtual_socket_has_no_descriptor_and_does_not_block() -> None:
    async with testing.open_virtual_network():
        network = net.current_network()
        with network.open_socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            with pytest.raises(io.UnsupportedOperation, match="no file descriptor"):
                sock.fileno()
            with pytest.raises(io.UnsupportedOperation, match="cannot block"):
                sock.setblocking(True)
        with pytest.raises(OSError) as caught:
            network.open_socket(socket.AF_INET, socket.SOCK_RAW)
        assert caught.value.errno == errno.EAFNOSUPPORT


@pytest.mark.parametrize(
    "make",
    [
        partial(testing.Link, latency=-1),
        partial(testing.Link, jitter=float("nan")),
        partial(testing.Link, bandwidth=0),
        partial(testing.Link, buffer_bytes=0),
        partial(testing.Link, retransmission_timeout=0),
        partial(testing.Link, reset_chance=1.1),
        partial(testing.Link, datagram_loss=-0.1),
    ],
)
def test_a_link_that_makes_no_sense_is_refused(make: Callable[[], testing.Link]) -> None:
    with pytest.raises(ValueError):
        make()


@pytest.mark.sweep
def test_a_service_on_it_may_be_cancelled_anywhere() -> None:
    router = http.Router()

    @router.get("/")
    async def hello(request: http.Request) -> str:
        await trio.sleep(1)
        return "hello"

    async def scenario() -> None:
        async with (
            testing.open_virtual_network(testing.Link(latency=0.1)) as network,
            trio.open_nursery() as nursery,
        ):
            with network.host("server"):
                server: http.Server = await nursery.start(
                    partial(http.serve, router, 80, host="server")
                )
            async with http.open_client("http://server") as client:
                assert (await client.get("/")).text == "hello"
            await server.drain()

    testing.cancel_sweep(scenario, clock=lambda: trio.testing.MockClock(autojump_threshold=0))
