"""Unix sockets: paths and abstract names, servers and clients, and who is at the other end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import socket
import ssl
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing

from tests._unix_sockets import (
    FullBacklog,
    answers,
    echo,
    is_socket,
    names_in,
    serving,
)
from trio_helianthus import core, net
from trio_helianthus.errors import (
    AddressInUse,
    ConnectionRefused,
    ErrorCode,
    NetworkError,
    OperationCancelled,
    OperationTimeout,
    ResourceClosed,
    TooManyOpenFiles,
)
from trio_helianthus.net import _unix_address

if sys.platform == "win32":
    pytest.skip("Python has no unix sockets there", allow_module_level=True)


@pytest.fixture
def path(socket_folder: Path) -> Path:
    return socket_folder / "socket"


def needs_command(name: str) -> pytest.MarkDecorator:
    # A mark, as a skip from inside of an async test loses its reason.
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed")


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has abstract names")


async def test_a_server_and_its_client(path: Path) -> None:
    async with serving(echo, path) as server:
        assert server.addresses == (str(path),)
        assert repr(server) == f"<Server serving at {path}>"
        with pytest.raises(ValueError, match="no port"):
            _ = server.port
        async with await net.connect_unix(path) as stream:
            assert (stream.local_address, stream.remote_address) == ("", str(path))
            await stream.send_vectored([b"one\n", b"two\n"])
            assert await stream.receive_until(b"\n") == b"one\n"
            await stream.send_eof()
            assert await stream.receive_all() == b"two\n"
        assert not (await server.drain()).cut
        assert not names_in(path.parent)


async def test_the_server_s_side_knows_its_name(path: Path) -> None:
    seen: list[tuple[object, ...]] = []

    async def look(stream: net.ByteStream) -> None:
        seen.append((type(stream), stream.local_address, stream.remote_address))

    async with serving(look, path), await net.connect_unix(path) as client:
        assert await client.receive_all() == b""
    assert seen == [(net.UnixStream, str(path), "")]


@pytest.mark.parametrize("kind", [str, os.fsencode, Path])
async def test_paths_of_every_kind(path: Path, kind: type[str]) -> None:
    async with await net.listen_unix(kind(path)) as listener:
        assert listener.address == str(path)
        async with await net.connect_unix(kind(path)) as client, await listener.accept() as stream:
            await client.send_all(b"x")
            assert await stream.receive_exactly(1) == b"x"
    assert not names_in(path.parent)


@pytest.mark.parametrize(
    "wrong", ["", "a\0b", "a/", "/", "/tmp/" + "x" * 103, b"\0", b"\0" + b"x" * 108, "é" * 60]
)
async def test_paths_that_are_none(wrong: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"path|name"):
        await net.connect_unix(wrong)
    with pytest.raises(ValueError, match=r"path|name"):
        await net.listen_unix(wrong)


async def test_the_longest_path(socket_folder: Path) -> None:
    room = _unix_address.MAX_PATH_BYTES - len(os.fsencode(socket_folder)) - 1
    async with serving(echo, socket_folder / ("x" * room)):
        assert await answers(socket_folder / ("x" * room))
    inner = socket_folder / ("x" * (room - 2))
    inner.mkdir()
    with pytest.raises(ValueError, match=f"may have {_unix_address.MAX_PATH_BYTES} bytes"):
        await net.listen_unix(inner / "x")  # where another name would have to fit, too


@on_linux
async def test_abstract_names() -> None:
    name = f"\0helianthus-{os.getpid()}"
    async with serving(echo, name) as server:
        assert server.addresses == (name.encode(),)
        assert repr(server) == f"<Server serving at @{name[1:]}>"
        assert await answers(name)
        assert await answers(name.encode())
        with pytest.raises(AddressInUse, match=f"listen on @{name[1:]}"):
            await net.listen_unix(name)
    with pytest.raises(ConnectionRefused, match=f"connect to @{name[1:]}"):
        await net.connect_unix(name)


async def test_a_socket_that_was_brought_along_keeps_its_file(path: Path) -> None:
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(path))
    sock.listen()
    async with serving(echo, listeners=[net.UnixListener(sock)]) as server:
        assert server.addresses == (str(path),)
        assert await answers(path)
    assert is_socket(path)
    with pytest.raises(TypeError, match="path, or listeners"):
        await net.serve_unix(echo)


async def test_a_listener_is_for_one_kind_of_socket() -> None:
    with socket.socket() as tcp, pytest.raises(ValueError, match="unix socket"):
        net.UnixListener(tcp)
    with socket.socket(socket.AF_UNIX) as unix, pytest.raises(ValueError, match="TCP socket"):
        net.TCPListener(unix)
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams,
        pytest.raises(ValueError, match="stream socket"),
    ):
        net.UnixListener(datagrams)


async def test_wrong_options_leave_nothing_behind(path: Path) -> None:
    with pytest.raises(NetworkError, match=f"listen on {path}"):
        await net.listen_unix(path, socket_options=[(socket.SOL_SOCKET, 9999, 1)])
    with pytest.raises(TypeError):
        await net.listen_unix(path, socket_options=[(1, 2, 3.5)])  # type: ignore[list-item]
    assert not names_in(path.parent)
    async with await net.listen_unix(path):
        with pytest.raises(NetworkError, match=f"connect to {path}"):
            await net.connect_unix(path, socket_options=[(socket.SOL_SOCKET, 9999, 1)])
        with pytest.raises(TypeError):
            await net.connect_unix(path, socket_options=[(1, 2, 3.5)])  # type: ignore[list-item]


async def test_connections_have_the_options(path: Path) -> None:
    options = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]
    async with (
        await net.listen_unix(path, socket_options=options) as listener,
        await net.connect_unix(path, socket_options=options) as client,
        await listener.accept() as stream,
    ):
        for end in (client, stream):
            assert end.socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 8192


@pytest.mark.skipif(
    sys.platform not in {"linux", "darwin"}, reason="no other system tells who the peer is"
)
async def test_peers_know_each_other(path: Path) -> None:
    async with (
        await net.listen_unix(path) as listener,
        await net.connect_unix(path) as client,
    ):
        stream = await listener.accept()
        me = net.PeerCredentials(os.getpid(), os.geteuid(), os.getegid())
        assert stream.peer_credentials() == client.peer_credentials() == me
        await stream.aclose()
        with pytest.raises(ResourceClosed):
            stream.peer_credentials()


async def test_a_system_that_does_not_tell_who_the_peer_is(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trio_helianthus.net import _unix_stream

    def fail(sock: socket.socket) -> net.PeerCredentials:
        raise OSError(errno.ENOPROTOOPT, "protocol not available")

    monkeypatch.setattr(_unix_stream, "_peer_credentials", fail)
    async with await net.listen_unix(path), await net.connect_unix(path) as client:
        with pytest.raises(NetworkError, match=f"get peer credentials with {path}"):
            client.peer_credentials()


async def test_adopting_a_unix_socket() -> None:
    left, right = socket.socketpair()
    async with net.adopt(left) as one, net.adopt(right) as other:
        assert isinstance(one, net.UnixStream)
        assert (one.local_address, one.remote_address) == ("", "")
        assert one.peer_credentials().uid == os.geteuid()
        await one.send_all(b"hello")
        other.reset()
        with pytest.raises(NetworkError):
            await one.receive_some()  # Linux tells of what the other side has not received
            await one.send_all(b"x")


@on_linux
async def test_connecting_waits_while_the_backlog_is_full(path: Path) -> None:
    with FullBacklog(path) as full, trio.fail_after(5):
        with pytest.raises(OperationTimeout):
            await net.connect_unix(path, timeout=0.01)
        async with trio.open_nursery() as nursery:

            async def make_room() -> None:
                await trio.testing.wait_all_tasks_blocked()
                full.server.accept()[0].close()

            nursery.start_soon(make_room)
            async with await net.connect_unix(path):
                pass


async def test_connections_are_told_to_instruments(path: Path) -> None:
    operations: list[core.Operation] = []

    class Keep(core.Instrument):
        def operation_ended(self, operation: core.Operation) -> None:
            operations.append(operation)

    with core.subscribe(Keep()):
        async with await net.listen_unix(path), await net.connect_unix(path) as stream:
            pass
    (connected,) = operations
    assert connected.name == "net.unix.connect"
    assert connected.peer == str(path)
    assert connected.connection_id == stream.connection_id


async def test_no_file_descriptor_is_left(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> socket.socket:
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(TooManyOpenFiles, match="connect to"):
        await net.connect_unix(path)
    with pytest.raises(TooManyOpenFiles, match="listen on"):
        await net.listen_unix(path)


async def test_connecting_has_the_two_limits_of_every_operation(path: Path) -> None:
    token = core.CancelToken()
    token.cancel("enough")
    async with await net.listen_unix(path):
        with pytest.raises(OperationCancelled, match="enough"):
            await net.connect_unix(path, token=token)
        with pytest.raises(OperationTimeout):
            await net.connect_unix(path, timeout=0)


async def test_a_handler_that_fails_ends_its_connection(
    path: Path, errors_on_stderr: Callable[[], str]
) -> None:
    async def stumble(stream: net.UnixStream) -> None:
        raise ZeroDivisionError("by mistake")

    async with trio.open_nursery() as nursery:
        await nursery.start(partial(net.serve_unix, stumble, path))
        async with await net.connect_unix(path) as client:
            assert await client.receive_some() == b""
        assert "unhandled error in unix" in errors_on_stderr()
        nursery.cancel_scope.cancel()


async def test_a_drain_names_the_socket_of_what_it_cuts(path: Path) -> None:
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_unix, echo, path)
        async with await net.connect_unix(path) as client:
            await client.send_all(b"x")
            await client.receive_exactly(1)
            report = await server.drain(0)
    assert report.cut == (str(path),)


async def test_tls_over_a_unix_socket(
    path: Path, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    listener = await net.listen_unix(path)
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(
            partial(net.serve_tls, echo, ssl_context=server_context, listeners=[listener])
        )
        async with await net.start_tls(
            await net.connect_unix(path), ssl_context=client_context, server_hostname="example.org"
        ) as client:
            await client.send_all(b"secret")
            assert await client.receive_exactly(6) == b"secret"
        await server.drain()


async def test_a_system_without_unix_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_unix_address, "_AF_UNIX", None)
    for call in (net.connect_unix, net.listen_unix):
        with pytest.raises(NetworkError, match="no unix sockets on this system") as caught:
            await call("/run/socket")
        assert caught.value.code is ErrorCode.NOT_SUPPORTED


async def test_a_system_without_abstract_names(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "darwin")
        with pytest.raises(NetworkError, match="no abstract names on this system") as caught:
            await net.connect_unix("\0name")
    assert caught.value.code is ErrorCode.NOT_SUPPORTED


def test_asyncio_talks_to_us(path: Path) -> None:
    """A foreign client in a thread; the server is ours."""

    async def ask() -> bytes:
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"hello")
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer

    async def main() -> None:
        async with serving(echo, path):
            assert await trio.to_thread.run_sync(asyncio.run, ask()) == b"hello"

    trio.run(main)


def test_we_talk_to_asyncio(path: Path) -> None:
    ended = asyncio.Semaphore(0)

    async def echo_foreign(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError):  # who only looks whether we live hangs up
                writer.write(await reader.read())
                writer.close()
                await writer.wait_closed()
        finally:
            ended.release()

    async def main() -> None:
        async with await asyncio.start_unix_server(echo_foreign, str(path)):
            assert await asyncio.to_thread(trio.run, answers, path)
            with pytest.raises(AddressInUse):
                await asyncio.to_thread(lambda: trio.run(net.listen_unix, path))
            for _ in range(2):
                await ended.acquire()

    asyncio.run(main())


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, id=command[0], marks=needs_command(command[0]))
        for command in (
            ["socat", "-t5", "-", "UNIX-CONNECT:{path}"],
            ["ncat", "-U", "{path}"],
        )
    ],
)
async def test_command_line_clients(path: Path, command: list[str]) -> None:
    async with serving(echo, path):
        finished = await trio.run_process(
            [word.format(path=path) for word in command], stdin=b"hello", capture_stdout=True
        )
        assert finished.stdout == b"hello"
