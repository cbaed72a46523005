"""The network underneath can be another one, for the tasks that are told so."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest
import trio

from trio_helianthus import errors, net


class WithNames(net.SystemNetwork):
    """The system's network, with names of our own."""

    def __init__(self, names: dict[str | None, str]) -> None:
        self._names = names
        self.opened: list[socket.SocketKind] = []

    def open_socket(self, family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        self.opened.append(kind)
        return super().open_socket(family, kind)

    async def getaddrinfo(
        self,
        host: str | None,
        port: int,
        *,
        family: int = socket.AF_UNSPEC,
        kind: socket.SocketKind = socket.SOCK_STREAM,
        flags: int = 0,
    ) -> Sequence[net.AddressInfo]:
        host = self._names.get(host, host)
        return await super().getaddrinfo(host, port, family=family, kind=kind, flags=flags)


def test_the_systems_network_is_the_default() -> None:
    assert type(net.current_network()) is net.SystemNetwork


def test_another_one_is_used_inside_only() -> None:
    outer, inner = WithNames({}), WithNames({})
    with net.use_network(outer):
        assert net.current_network() is outer
        with net.use_network(inner):
            assert net.current_network() is inner
        assert net.current_network() is outer
    with pytest.raises(KeyError), net.use_network(outer):
        raise KeyError
    assert type(net.current_network()) is net.SystemNetwork


async def test_names_and_sockets_come_from_it() -> None:
    network = WithNames({"database.test": "127.0.0.1"})
    with net.use_network(network):
        (listener,) = await net.listen_tcp(0, host="database.test")
        async with listener:
            assert isinstance(listener.address, tuple)
            port = listener.address[1]
            async with (
                await net.connect_tcp("database.test", port) as one,
                await listener.accept() as other,
            ):
                await one.send_all(b"hello")
                assert await other.receive_some() == b"hello"
            async with net.open_udp(remote=("database.test", port)):
                pass
    assert network.opened == [socket.SOCK_STREAM, socket.SOCK_STREAM, socket.SOCK_DGRAM]


async def test_tasks_started_inside_use_it_also_later() -> None:
    network = WithNames({})
    proceed = trio.Event()
    seen: list[net.Network] = []

    async def look() -> None:
        await proceed.wait()
        seen.append(net.current_network())

    async with trio.open_nursery() as nursery:
        with net.use_network(network):
            nursery.start_soon(look)
        nursery.start_soon(look)
        proceed.set()
    assert network in seen
    assert len(set(seen)) == 2


async def test_what_it_raises_is_translated() -> None:
    class Broken(net.SystemNetwork):
        def open_socket(
            self, family: socket.AddressFamily, kind: socket.SocketKind
        ) -> socket.socket:
            raise OSError(24, "too many open files")

    with net.use_network(Broken()):
        with pytest.raises(errors.NetworkError, match="too many open files"):
            await net.connect_tcp("127.0.0.1", 1)
        with pytest.raises(errors.NetworkError, match="too many open files"):
            await net.listen_tcp(0)
