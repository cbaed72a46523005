"""Connecting: which address wins, what the errors say, and that nothing is left open."""

from __future__ import annotations

import errno
import math
import socket
import sys
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
import trio
import trio.abc

from trio_helianthus import core, net
from trio_helianthus.errors import (
    AddressNotAvailable,
    ConnectionRefused,
    NameResolutionFailed,
    NetworkError,
    OperationTimeout,
)
from trio_helianthus.net import _connect
from trio_helianthus.net._address import Endpoint, interleave_families, resolve

Address: TypeAlias = tuple[str, int]

many_loopback_addresses = pytest.mark.skipif(
    sys.platform == "darwin", reason="macOS has 127.0.0.1 alone"
)


class Resolver(trio.abc.HostnameResolver):
    """Knows one name."""

    def __init__(self, *addresses: Address | tuple[str, int, int, int]) -> None:
        self._addresses = addresses

    async def getaddrinfo(self, host: bytes | None, *_: object, **__: object) -> Any:
        await trio.lowlevel.checkpoint()
        assert host == b"somewhere.example"
        return [
            (
                socket.AF_INET6 if ":" in address[0] else socket.AF_INET,
                socket.SOCK_STREAM,
                socket.IPPROTO_TCP,
                "",
                address,
            )
            for address in self._addresses
        ]

    async def getnameinfo(self, sockaddr: object, flags: int) -> tuple[str, str]:
        raise NotImplementedError


def resolve_to(*addresses: Address | tuple[str, int, int, int]) -> None:
    """Let ``somewhere.example`` have these addresses, in this trio run."""
    trio.socket.set_custom_hostname_resolver(Resolver(*addresses))


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def address(server: socket.socket) -> Address:
    name: Address = server.getsockname()
    return name


@pytest.fixture
def refusing() -> Iterator[Address]:
    """An address where nobody listens, nor will as long as it is taken."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        yield nobody.getsockname()


@pytest.fixture
def silent() -> Iterator[Address]:
    """An address that answers nothing: its backlog is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        name: Address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(name)
        yield name
        for filler in fillers:
            filler.close()


async def test_a_numeric_address_needs_no_resolver(address: Address) -> None:
    resolve_to()
    async with await net.connect_tcp(*address) as stream:
        assert stream.remote_address == address
        assert stream.socket.getpeername() == address
        assert stream.local_address == stream.socket.getsockname()


async def test_a_name_is_resolved(address: Address) -> None:
    async with await net.connect_tcp("localhost", address[1]) as stream:
        assert stream.remote_address[1] == address[1]


async def test_the_next_address_is_tried_as_soon_as_one_refuses(
    address: Address, refusing: Address
) -> None:
    resolve_to(refusing, address)
    with trio.fail_after(5):
        async with await net.connect_tcp("somewhere.example", 1, happy_eyeballs_delay=60) as stream:
            assert stream.remote_address == address


async def test_a_dead_address_is_given_a_head_start_only(address: Address, silent: Address) -> None:
    resolve_to(silent, address)
    async with await net.connect_tcp("somewhere.example", 1, happy_eyeballs_delay=0.005) as stream:
        assert stream.remote_address == address


async def test_a_slow_address_can_still_win(
    silent: Address, refusing: Address, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect_one = _connect._connect_one

    async def slow_first(endpoint: Endpoint, *args: object) -> net.TCPStream:
        if endpoint.address == address:
            await trio.sleep(0.01)
        return await connect_one(endpoint, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(_connect, "_connect_one", slow_first)
    resolve_to(address, refusing, silent)
    async with await net.connect_tcp("somewhere.example", 1, happy_eyeballs_delay=0.001) as stream:
        assert stream.remote_address == address


@many_loopback_addresses
async def test_of_two_winners_one_is_thrown_away(
    server: socket.socket, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[net.TCPStream] = []
    connect_one = _connect._connect_one
    both = trio.Event()

    async def win_together(*args: object) -> net.TCPStream:
        stream = await connect_one(*args)  # type: ignore[arg-type]
        made.append(stream)
        if len(made) == 2:
            both.set()
        await both.wait()
        return stream

    monkeypatch.setattr(_connect, "_connect_one", win_together)
    resolve_to(address, ("127.0.0.2", address[1]))
    with socket.create_server(("127.0.0.2", address[1])):
        async with await net.connect_tcp(
            "somewhere.example", 1, happy_eyeballs_delay=0.001
        ) as stream:
            assert len(made) == 2
            assert [repr(one).endswith("closed>") for one in made].count(True) == 1
            assert stream in made
            await stream.send_all(b"x")


async def test_a_cancelled_race_throws_its_winner_away(
    address: Address, refusing: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[net.TCPStream] = []
    connect_one = _connect._connect_one

    async def cancel_on_winning(*args: object) -> net.TCPStream:
        made.append(await connect_one(*args))  # type: ignore[arg-type]
        scope.cancel()
        return made[-1]

    monkeypatch.setattr(_connect, "_connect_one", cancel_on_winning)
    resolve_to(address, refusing)
    with trio.CancelScope() as scope:
        await net.connect_tcp("somewhere.example", 1)
    assert scope.cancelled_caught
    assert made[0].socket.fileno() == -1


@many_loopback_addresses
async def test_when_all_fail_the_first_error_has_the_others_as_notes(
    refusing: Address,
) -> None:
    resolve_to(refusing, ("127.0.0.2", refusing[1]))
    with pytest.raises(ConnectionRefused) as caught:
        await net.connect_tcp("somewhere.example", 1)
    error = caught.value
    assert error.address == refusing
    assert str(error).startswith(f"connect to 127.0.0.1:{refusing[1]}: connection refused")
    (note,) = error.__notes__
    assert note.startswith(f"also tried: connect to 127.0.0.2:{refusing[1]}: ")


@many_loopback_addresses
@pytest.mark.parametrize("addresses", [1, 2])
async def test_a_timeout_closes_all_attempts(silent: Address, addresses: int) -> None:
    resolve_to(*[silent, ("127.0.0.2", 1), silent][:addresses])
    with pytest.raises(OperationTimeout):
        await net.connect_tcp("somewhere.example", 1, timeout=0.005, happy_eyeballs_delay=0.001)


@pytest.mark.parametrize(
    "name",
    ["no-such-host.invalid", "", "a..b", "x" * 64 + ".example", "\udcff", "ü" * 70, "a b"],
)
async def test_a_name_without_an_address(name: str) -> None:
    with pytest.raises(NameResolutionFailed) as caught:
        await net.connect_tcp(name, 80)
    assert caught.value.operation == "resolve"


async def test_a_resolver_without_an_answer() -> None:
    resolve_to()
    with pytest.raises(NameResolutionFailed, match="no address"):
        await net.connect_tcp("somewhere.example", 80)


@pytest.mark.parametrize("port", [-1, 65536])
async def test_a_port_out_of_range(port: int) -> None:
    with pytest.raises(ValueError, match="port"):
        await net.connect_tcp("127.0.0.1", port)


async def test_a_port_is_a_number() -> None:
    with pytest.raises(TypeError, match="port"):
        await net.connect_tcp("127.0.0.1", "http")  # type: ignore[arg-type]


@many_loopback_addresses
async def test_connecting_from_a_chosen_address(address: Address) -> None:
    async with await net.connect_tcp(*address, local_host="127.0.0.3") as stream:
        assert stream.local_address[0] == "127.0.0.3"


async def test_only_addresses_of_the_local_hosts_family_are_tried(refusing: Address) -> None:
    resolve_to(("::1", refusing[1], 0, 0), refusing)
    with pytest.raises(ConnectionRefused) as caught:
        await net.connect_tcp("somewhere.example", 1, local_host="127.0.0.1")
    assert caught.value.address == refusing
    assert not hasattr(caught.value, "__notes__")
    resolve_to(("::1", refusing[1], 0, 0))
    with pytest.raises(AddressNotAvailable, match="no address of that family"):
        await net.connect_tcp("somewhere.example", 1, local_host="127.0.0.1")


async def test_an_address_of_another_machine_cannot_be_connected_from(address: Address) -> None:
    with pytest.raises(AddressNotAvailable):
        await net.connect_tcp(*address, local_host="192.0.2.1")


async def test_socket_options_are_set(address: Address) -> None:
    async with await net.connect_tcp(*address) as stream:
        assert stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert not stream.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    async with await net.connect_tcp(
        *address,
        nodelay=False,
        keepalive=True,
        socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)],
    ) as stream:
        assert not stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert stream.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert stream.socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 8192


async def test_a_wrong_option_is_told_and_leaves_nothing_open(
    address: Address, refusing: Address
) -> None:
    with pytest.raises(NetworkError, match="connect"):
        await net.connect_tcp(*address, socket_options=[(socket.SOL_SOCKET, 9999, 1)])
    resolve_to(refusing, address)
    with pytest.raises(TypeError):
        await net.connect_tcp(
            "somewhere.example",
            1,
            socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 1.5)],  # type: ignore[list-item]
        )


async def test_a_connection_with_itself_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    endpoint = Endpoint(socket.AF_INET, address)
    with pytest.raises(NetworkError) as caught:
        await _connect._connect_one(endpoint, {socket.AF_INET: address}, [])
    if sys.platform == "linux":
        assert isinstance(caught.value, ConnectionRefused)


@pytest.mark.parametrize("delay", [-1, math.nan])
async def test_a_delay_is_a_number_of_seconds(delay: float, address: Address) -> None:
    with pytest.raises(ValueError, match="happy_eyeballs_delay"):
        await net.connect_tcp(*address, happy_eyeballs_delay=delay)


async def test_a_family_that_the_system_does_not_have(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_socket = socket.socket

    def without_ipv6(family: int, kind: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return make_socket(family, kind)

    monkeypatch.setattr(socket, "socket", without_ipv6)
    resolve_to(("::1", address[1], 0, 0), address)
    async with await net.connect_tcp("somewhere.example", 1) as stream:
        assert stream.remote_address == address


async def test_a_connection_that_is_reset_at_once_leaves_nothing_open(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> net.TCPStream:
        raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    monkeypatch.setattr(_connect, "TCPStream", fail)
    with pytest.raises(NetworkError, match="connect to"):
        await net.connect_tcp(*address)


def test_families_take_turns() -> None:
    six, four = socket.AF_INET6, socket.AF_INET
    mixed = [Endpoint(six, f"6{n}") for n in range(3)] + [Endpoint(four, "40")]
    assert [one.address for one in interleave_families(mixed)] == ["60", "40", "61", "62"]
    assert interleave_families([]) == []


async def test_an_address_that_a_name_has_twice_counts_once() -> None:
    resolve_to(("127.0.0.1", 80), ("127.0.0.1", 80))
    assert len(await resolve("somewhere.example", 80)) == 1


async def test_an_ambient_deadline_is_not_a_timeout(silent: Address) -> None:
    with trio.move_on_after(0.005) as scope:
        await net.connect_tcp(*silent, token=core.CancelToken())
    assert scope.cancelled_caught
