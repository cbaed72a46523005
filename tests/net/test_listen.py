"""Listening sockets: which port, which errors pass, and what belongs to whom."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Callable

import pytest
import trio
import trio.testing

from trio_helianthus import core, net
from trio_helianthus.errors import (
    AddressInUse,
    ErrorCode,
    NameResolutionFailed,
    NetworkError,
    OperationCancelled,
    OperationTimeout,
    ResourceBusy,
    ResourceClosed,
    TooManyOpenFiles,
)
from trio_helianthus.net import _listen
from trio_helianthus.net._address import Endpoint

many_loopback_addresses = pytest.mark.skipif(
    sys.platform == "darwin", reason="macOS has 127.0.0.1 alone"
)
TWO_ADDRESSES = [
    Endpoint(socket.AF_INET, ("127.0.0.1", 0)),
    Endpoint(socket.AF_INET, ("127.0.0.2", 0)),
]


def close_all(listeners: list[net.TCPListener]) -> None:
    for listener in listeners:
        listener.close()


@pytest.fixture
def resolve_to(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[Endpoint]], None]:
    """Let every host have these endpoints."""

    def set_endpoints(endpoints: list[Endpoint]) -> None:
        async def resolve(host: str | None, port: int, *, passive: bool) -> list[Endpoint]:
            await trio.lowlevel.checkpoint()
            return endpoints

        monkeypatch.setattr(_listen, "resolve", resolve)

    return set_endpoints


@many_loopback_addresses
async def test_a_free_port_is_the_same_at_all_addresses(
    resolve_to: Callable[[list[Endpoint]], None],
) -> None:
    resolve_to(TWO_ADDRESSES)
    listeners = await net.listen_tcp(0)
    try:
        one, other = (listener.address for listener in listeners)
        assert (one[0], other[0]) == ("127.0.0.1", "127.0.0.2")
        assert one[1] == other[1] != 0
    finally:
        close_all(listeners)


@many_loopback_addresses
async def test_another_free_port_is_sought_if_one_is_taken_at_the_second_address(
    resolve_to: Callable[[list[Endpoint]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_to(TWO_ADDRESSES)
    listen_one = _listen._listen_one
    taken: list[socket.socket] = []

    def take_the_first_port(endpoint: Endpoint, port: int | None, *rest: object) -> object:
        if port is not None and not taken:
            taken.append(socket.create_server(("127.0.0.2", port)))
        return listen_one(endpoint, port, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(_listen, "_listen_one", take_the_first_port)
    listeners = await net.listen_tcp(0)
    with taken[0]:
        assert listeners[0].address[1] == listeners[1].address[1] != taken[0].getsockname()[1]
        close_all(listeners)


async def test_all_interfaces_means_both_families() -> None:
    listeners = await net.listen_tcp(0, host=None)
    families = {listener.socket.family for listener in listeners}
    close_all(listeners)
    assert socket.AF_INET in families
    assert len(listeners) == (2 if socket.has_ipv6 and socket.AF_INET6 in families else 1)


async def test_an_address_in_use() -> None:
    (listener,) = await net.listen_tcp(0)
    async with listener:
        port = listener.address[1]
        assert isinstance(port, int)
        with pytest.raises(AddressInUse, match=rf"listen on 127\.0\.0\.1:{port}"):
            await net.listen_tcp(port)
    async with (await net.listen_tcp(port))[0]:
        pass  # it is free again at once


async def test_a_host_of_which_one_address_is_missing(
    resolve_to: Callable[[list[Endpoint]], None],
) -> None:
    missing = Endpoint(socket.AF_INET6, ("2001:db8::1", 0, 0, 0))
    resolve_to([missing, TWO_ADDRESSES[0]])
    (listener,) = await net.listen_tcp(0)
    async with listener:
        assert listener.address[0] == "127.0.0.1"
    resolve_to([missing])
    with pytest.raises(NetworkError):
        await net.listen_tcp(0)
    resolve_to([TWO_ADDRESSES[0], Endpoint(socket.AF_INET, ("192.0.2.1", 0))])
    with pytest.raises(NetworkError):  # an IPv4 address is missed, and the first one closed
        await net.listen_tcp(0)


async def test_a_host_that_does_not_exist() -> None:
    with pytest.raises(NameResolutionFailed):
        await net.listen_tcp(0, host="no-such-host.invalid")


async def test_accepted_connections_have_the_options() -> None:
    (listener,) = await net.listen_tcp(
        0, keepalive=True, socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]
    )
    async with (
        listener,
        await net.connect_tcp("127.0.0.1", listener.socket.getsockname()[1]) as client,
        await listener.accept() as stream,
    ):
        assert stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert stream.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert stream.socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 8192
        assert stream.remote_address == client.local_address
        assert stream.local_address == client.remote_address


async def test_a_wrong_option_is_told_before_there_is_a_connection() -> None:
    with pytest.raises(NetworkError, match="listen"):
        await net.listen_tcp(0, socket_options=[(socket.SOL_SOCKET, 9999, 1)])
    with pytest.raises(TypeError):
        await net.listen_tcp(0, socket_options=[(1, 2, 3.5)])  # type: ignore[list-item]


@pytest.mark.parametrize("name", ["ECONNABORTED", "EPROTO", "ECONNRESET", "ENETUNREACH"])
async def test_a_connection_that_is_lost_before_it_is_accepted_is_passed_over(
    name: str,
) -> None:
    (listener,) = await net.listen_tcp(0)
    async with (
        listener,
        await net.connect_tcp("127.0.0.1", listener.socket.getsockname()[1]),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(listener, "socket", LosesSome(listener.socket, getattr(errno, name)))
            async with await listener.accept() as stream:
                assert stream.socket.fileno() != -1


class LosesSome:
    """A listening socket that fails a few times."""

    def __init__(self, below: socket.socket, number: int) -> None:
        self._below = below
        self._number = number
        self.failures_left = 3

    def accept(self) -> tuple[socket.socket, object]:
        if self.failures_left:
            self.failures_left -= 1
            raise OSError(self._number, "it failed")
        return self._below.accept()

    def fileno(self) -> int:
        return self._below.fileno()


async def test_a_connection_that_is_lost_just_after_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_stream = net.TCPStream
    failures = 1

    def fail_once(*args: object, **kwargs: object) -> net.TCPStream:
        nonlocal failures
        if failures:
            failures -= 1
            raise OSError(errno.EINVAL, "macOS says so")
        return make_stream(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(_listen, "TCPStream", fail_once)
    (listener,) = await net.listen_tcp(0)
    port = listener.socket.getsockname()[1]
    async with (
        listener,
        await net.connect_tcp("127.0.0.1", port) as lost,
        await net.connect_tcp("127.0.0.1", port) as kept,
        await listener.accept() as stream,
    ):
        assert stream.remote_address == kept.local_address
        assert await lost.receive_some() == b""


async def test_too_many_open_files_are_told() -> None:
    (listener,) = await net.listen_tcp(0)
    async with listener:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(listener, "socket", LosesSome(listener.socket, errno.EMFILE))
            with pytest.raises(TooManyOpenFiles, match=r"accept on 127\.0\.0\.1"):
                await listener.accept()


async def test_a_closed_listener_says_so() -> None:
    (listener,) = await net.listen_tcp(0)
    assert "closed" not in repr(listener)

    async def expect_closed() -> None:
        with pytest.raises(ResourceClosed):
            await listener.accept()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(expect_closed)
        await trio.testing.wait_all_tasks_blocked()
        await listener.aclose()
    await listener.aclose()
    await expect_closed()
    assert "closed" in repr(listener)


async def test_closing_comes_between_waking_and_accepting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (listener,) = await net.listen_tcp(0)

    async def close_meanwhile(sock: socket.socket) -> None:
        listener.close()
        await trio.lowlevel.checkpoint()

    monkeypatch.setattr(trio.lowlevel, "wait_readable", close_meanwhile)
    with pytest.raises(ResourceClosed):
        await listener.accept()


async def test_one_task_accepts_at_a_time() -> None:
    (listener,) = await net.listen_tcp(0)
    async with listener, trio.open_nursery() as nursery:
        nursery.start_soon(listener.accept)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ResourceBusy, match="accepting"):
            await listener.accept()
        nursery.cancel_scope.cancel()


async def test_accepting_many_at_once_lets_others_run() -> None:
    (listener,) = await net.listen_tcp(0)
    core.checkpoint_budget().limit = 4
    accepted: list[net.TCPStream] = []
    others_ran = 0

    async def run_beside() -> None:
        nonlocal others_ran
        while True:
            await trio.lowlevel.checkpoint()
            others_ran += 1

    async with listener, trio.open_nursery() as nursery:
        clients = [socket.create_connection(listener.socket.getsockname()) for _ in range(20)]
        nursery.start_soon(run_beside)
        for _ in clients:
            accepted.append(await listener.accept())  # noqa: PERF401
        assert others_ran >= 2
        nursery.cancel_scope.cancel()
    for client, stream in zip(clients, accepted, strict=True):
        client.close()
        stream.reset()


async def test_being_cancelled_loses_no_connection() -> None:
    (listener,) = await net.listen_tcp(0)
    async with listener:
        with socket.create_connection(listener.socket.getsockname()) as client:
            with trio.CancelScope() as scope:
                scope.cancel()
                await listener.accept()
            async with await listener.accept() as stream:
                assert stream.remote_address == client.getsockname()


async def test_accepting_has_the_two_limits_of_every_operation() -> None:
    (listener,) = await net.listen_tcp(0)
    async with listener:
        with pytest.raises(OperationTimeout):
            await listener.accept(timeout=0)
        with pytest.raises(OperationTimeout):
            await listener.accept(timeout=0.01)
        token = core.CancelToken()
        token.cancel("enough")
        with pytest.raises(OperationCancelled, match="enough"):
            await listener.accept(token=token)
        address = listener.address
        assert isinstance(address, tuple)
        client = await net.connect_tcp("127.0.0.1", address[1])
        async with client, await listener.accept(timeout=5) as stream:
            assert stream.remote_address == client.local_address


async def test_what_has_come_is_accepted_without_waiting() -> None:
    (listener,) = await net.listen_tcp(0)
    async with listener:
        assert listener.accept_nowait(10) == []
        clients = [socket.create_connection(listener.socket.getsockname()) for _ in range(3)]
        await listener.wait_connection()
        streams = listener.accept_nowait(2)
        await listener.wait_connection()
        streams += listener.accept_nowait(2)
        assert [stream.remote_address for stream in streams] == [
            client.getsockname() for client in clients
        ]
        with pytest.raises(OperationTimeout):
            await listener.wait_connection(timeout=0.001)
        for client, stream in zip(clients, streams, strict=True):
            client.close()
            stream.reset()
    with pytest.raises(ResourceClosed):
        listener.accept_nowait(1)


async def test_an_error_in_the_middle_loses_no_connection() -> None:
    (listener,) = await net.listen_tcp(0)
    failing = FailsBehind(listener.socket, errno.EMFILE)
    async with listener:
        with (
            socket.create_connection(listener.socket.getsockname()) as client,
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setattr(listener, "socket", failing)
            (stream,) = listener.accept_nowait(10)
            with pytest.raises(TooManyOpenFiles):
                listener.accept_nowait(10)
            async with stream:
                assert stream.remote_address == client.getsockname()


class FailsBehind:
    """A listening socket that fails from the second connection on."""

    def __init__(self, below: socket.socket, number: int) -> None:
        self._below = below
        self._number = number
        self._accepted = False

    def accept(self) -> tuple[socket.socket, object]:
        if self._accepted:
            raise OSError(self._number, "it failed")
        self._accepted = True
        return self._below.accept()


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="this system cannot share ports")
async def test_several_listeners_share_a_port() -> None:
    (one,) = await net.listen_tcp(0, reuse_port=True)
    async with one:
        port = one.socket.getsockname()[1]
        (other,) = await net.listen_tcp(port, reuse_port=True)
        async with other:
            assert one.address == other.address
            with pytest.raises(AddressInUse):
                await net.listen_tcp(port)


async def test_a_system_that_cannot_share_ports_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_listen, "_SO_REUSEPORT", None)
    with pytest.raises(NetworkError, match=r"listen on 127\.0\.0\.1:80: .*cannot share") as caught:
        await net.listen_tcp(80, reuse_port=True)
    assert caught.value.code is ErrorCode.NOT_SUPPORTED


async def test_a_listener_is_a_stream_socket() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        pytest.raises(ValueError, match="stream socket"),
    ):
        net.TCPListener(datagrams)
