"""Socket files: whose they are, who may connect, and what becomes of them."""

from __future__ import annotations

import errno
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import trio
import trio.testing

from tests._unix_sockets import (
    FullBacklog,
    answers,
    echo,
    is_socket,
    leave_dead_socket,
    names_in,
    serving,
)
from trio_helianthus import net
from trio_helianthus.errors import (
    AccessDenied,
    AddressInUse,
    ConnectionRefused,
    ErrorCode,
    NetworkError,
)
from trio_helianthus.net import _socket_file
from trio_helianthus.testing import cancel_sweep

if sys.platform == "win32":
    pytest.skip("Python has no unix sockets there", allow_module_level=True)

import fcntl


@pytest.fixture
def path(socket_folder: Path) -> Path:
    return socket_folder / "socket"


@pytest.fixture
def dead(path: Path) -> Path:
    """The path of a server that has died."""
    leave_dead_socket(path)
    return path


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def inode_of(path: Path) -> int:
    return path.lstat().st_ino


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
async def test_the_mode_is_that_of_the_file(path: Path, mode: int) -> None:
    before = os.umask(0o077)
    try:
        async with await net.listen_unix(path, mode=mode):
            assert mode_of(path) == mode
    finally:
        os.umask(before)


async def test_nobody_else_may_connect_unless_told_otherwise(path: Path) -> None:
    async with await net.listen_unix(path):
        assert mode_of(path) == net.SOCKET_MODE == 0o600


@pytest.mark.parametrize("mode", [-1, 0o1000])
async def test_modes_that_are_none(path: Path, mode: int) -> None:
    with pytest.raises(ValueError, match="mode"):
        await net.listen_unix(path, mode=mode)


async def test_a_link_in_place_of_the_socket_leads_nowhere(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may write to the folder, too, gets no file of ours opened to everybody."""
    secret = path.with_name("secret")
    secret.touch(mode=0o600)
    bind = socket.socket.bind

    def bind_and_be_too_slow(sock: socket.socket, name: str) -> None:
        bind(sock, name)
        Path(name).unlink()
        Path(name).symlink_to(secret)

    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "bind", bind_and_be_too_slow)
        with pytest.raises(NetworkError):
            await net.listen_unix(path, mode=0o666)
    assert mode_of(secret) == 0o600
    assert names_in(path.parent) == ["secret"]


async def test_a_system_that_always_follows_links(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chmod = Path.chmod

    def refuse(path: Path, mode: int, *, follow_symlinks: bool = True) -> None:
        if not follow_symlinks:
            raise NotImplementedError
        chmod(path, mode)

    monkeypatch.setattr(Path, "chmod", refuse)
    async with await net.listen_unix(path, mode=0o640):
        assert mode_of(path) == 0o640


async def test_the_file_appears_when_one_can_connect_and_with_its_mode(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = _socket_file._claim

    async def look_first(temporary: Path, name: Path) -> None:
        assert names_in(path.parent) == [temporary.name]
        assert mode_of(temporary) == 0o620
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(temporary))
        await claim(temporary, name)

    monkeypatch.setattr(_socket_file, "_claim", look_first)
    async with await net.listen_unix(path, mode=0o620):
        assert names_in(path.parent) == ["socket"]


async def test_a_dead_server_s_file_is_replaced(dead: Path) -> None:
    with pytest.raises(ConnectionRefused, match="connect to"):
        await net.connect_unix(dead)
    async with serving(echo, dead):
        assert await answers(dead)
    assert not names_in(dead.parent)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
async def test_a_living_server_s_file_is_not(path: Path, kind: int) -> None:
    with socket.socket(socket.AF_UNIX, kind) as sock:
        sock.bind(str(path))
        if kind == socket.SOCK_STREAM:
            sock.listen()
        inode = inode_of(path)
        with pytest.raises(AddressInUse, match=f"listen on {path}: another server listens there"):
            await net.listen_unix(path)
        assert inode_of(path) == inode
        assert names_in(path.parent) == ["socket"]


@pytest.mark.skipif(sys.platform != "linux", reason="macOS says that nobody is there")
async def test_a_living_server_whose_backlog_is_full_is_not_dead(path: Path) -> None:
    with FullBacklog(path), pytest.raises(AddressInUse):
        await net.listen_unix(path)


def make_what_is_no_socket(folder: Path) -> None:
    leave_dead_socket(folder / "dead")
    (folder / "socket").write_text("precious")
    (folder / "link").symlink_to("dead")
    (folder / "folder").mkdir()


async def test_what_is_no_socket_is_not_removed(socket_folder: Path) -> None:
    make_what_is_no_socket(socket_folder)
    for name in ("socket", "link", "folder"):
        with pytest.raises(AddressInUse, match="no socket"):
            await net.listen_unix(socket_folder / name)
    assert names_in(socket_folder) == ["dead", "folder", "link", "socket"]


async def test_a_folder_that_is_not_there(socket_folder: Path) -> None:
    with pytest.raises(NetworkError, match="no such file") as caught:
        await net.listen_unix(socket_folder / "missing" / "socket")
    assert caught.value.code is ErrorCode.NOT_FOUND
    with pytest.raises(NetworkError, match="connect to") as caught:
        await net.connect_unix(socket_folder / "socket")
    assert caught.value.code is ErrorCode.NOT_FOUND


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
async def test_a_folder_that_one_may_not_write_to(socket_folder: Path) -> None:
    await trio.Path(socket_folder).chmod(0o500)
    with pytest.raises(AccessDenied):
        await net.listen_unix(socket_folder / "socket")


async def test_a_server_that_cannot_be_asked_is_left_alone(
    dead: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "permission denied")

    monkeypatch.setattr(_socket_file, "_is_alive", deny)
    with pytest.raises(AccessDenied, match="listen on"):
        await net.listen_unix(dead)
    assert is_socket(dead)


async def test_closing_removes_only_what_is_its_own(path: Path) -> None:
    listener = await net.listen_unix(path)
    remove(path)
    async with await net.listen_unix(path) as successor:
        await listener.aclose()
        assert is_socket(path)
        async with await net.connect_unix(path), await successor.accept():
            pass
    assert not names_in(path.parent)
    listener.close()  # once more changes nothing


async def test_closing_after_somebody_has_tidied_up(path: Path) -> None:
    async with await net.listen_unix(path):
        remove(path)


async def test_a_forked_child_does_not_remove_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = await net.listen_unix(path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        listener.close()
    assert is_socket(path)


async def test_a_relative_path_is_removed_from_another_folder_too(
    socket_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(socket_folder)
    async with await net.listen_unix("socket") as listener:
        assert listener.address == "socket"
        assert is_socket(socket_folder / "socket")
        monkeypatch.chdir("/")
    assert not names_in(socket_folder)


async def test_a_drain_removes_the_file_at_once(path: Path) -> None:
    async with serving(echo, path) as server, await net.connect_unix(path) as client:
        await client.send_all(b"x")
        await client.receive_exactly(1)
        server._service.begin_drain(5)
        assert not names_in(path.parent)
        async with serving(echo, path):  # the successor may start before the last client is gone
            assert await answers(path)
            await client.send_eof()
            assert (await server.drain()).finished == 1
            assert is_socket(path)


async def test_of_many_that_start_at_once_one_gets_the_path(dead: Path) -> None:
    started: list[net.UnixListener] = []
    refused = 0

    async def start() -> None:
        nonlocal refused
        try:
            started.append(await net.listen_unix(dead))
        except AddressInUse:
            refused += 1

    for round_ in range(1, 11):
        async with trio.open_nursery() as nursery:
            for _ in range(8):
                nursery.start_soon(start)
        winner = started.pop()
        assert (started, refused) == ([], round_ * 7)
        async with winner, await net.connect_unix(dead), await winner.accept():
            pass
        leave_dead_socket(dead)


RACER = """
import sys, trio
from trio_helianthus import errors, net

async def main():
    path, go = sys.argv[1:]
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        listener = await net.listen_unix(path)
    except errors.AddressInUse:
        print("in use", flush=True)
    else:
        print("mine", flush=True)
        sys.stdin.readline()

trio.run(main)
"""


def test_of_several_processes_that_start_at_once_one_gets_the_path(dead: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(dead), "go"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    try:
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        told = sorted(racer.stdout.readline().strip() for racer in racers if racer.stdout)
        assert told == ["in use"] * 3 + ["mine"]
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(dead))
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()


async def test_a_file_system_without_hard_links(
    dead: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "not here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    async with serving(echo, dead):
        assert await answers(dead)
        with pytest.raises(AddressInUse):
            await net.listen_unix(dead)
    assert not names_in(dead.parent)


async def test_a_file_system_without_locks(dead: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(number: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "not here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    async with serving(echo, dead):
        assert await answers(dead)


async def test_a_folder_that_somebody_has_locked(
    dead: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = os.open(dead.parent, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        with monkeypatch.context() as patch:
            patch.setattr(_socket_file, "LOCK_SECONDS", 0.01)
            with pytest.raises(AddressInUse, match="locked the folder"):
                await net.listen_unix(dead)
        async with trio.open_nursery() as nursery:
            server_started = trio.Event()

            async def serve() -> None:
                async with await net.listen_unix(dead):
                    server_started.set()

            nursery.start_soon(serve)
            await trio.testing.wait_all_tasks_blocked(0.001)
            assert not server_started.is_set()
            fcntl.flock(number, fcntl.LOCK_UN)
        assert server_started.is_set()
    finally:
        os.close(number)


async def test_a_stranger_replaces_the_file_while_we_look_at_it(
    dead: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_alive = _socket_file._is_alive
    with socket.socket(socket.AF_UNIX) as stranger:

        def be_quicker(path: Path) -> bool:
            answer = is_alive(path)
            if not answer:
                remove(path)
                stranger.bind(str(path))
                stranger.listen()
            return answer

        monkeypatch.setattr(_socket_file, "_is_alive", be_quicker)
        with pytest.raises(AddressInUse):
            await net.listen_unix(dead)
        assert is_socket(dead)


async def test_a_path_where_others_come_and_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(temporary: Path, path: Path) -> None:
        raise FileExistsError

    monkeypatch.setattr(_socket_file, "_give_name", taken)
    with pytest.raises(AddressInUse, match="come and go"):
        await net.listen_unix(path)
    assert not names_in(path.parent)


async def test_a_file_that_is_gone_before_we_look(path: Path) -> None:
    _socket_file._remove_dead(path)
    assert not _socket_file._is_alive(path)


@pytest.mark.sweep
def test_unix_sockets_cancelled_anywhere(path: Path) -> None:
    async def use_everything() -> None:
        if not names_in(path.parent):
            leave_dead_socket(path)
        try:
            async with trio.open_nursery() as nursery:
                server: net.Server = await nursery.start(net.serve_unix, echo, path)
                async with await net.connect_unix(path, timeout=5) as stream:
                    await stream.send_all(b"all")
                    await stream.send_eof()
                    assert await stream.receive_all() == b"all"
                assert (await server.drain()).clean
        finally:
            left = set(names_in(path.parent))
            assert left <= {"socket"}, "a temporary name was left"
            if left:
                assert not _socket_file._is_alive(path), "a listener was left"

    assert cancel_sweep(use_everything).points > 20


@pytest.mark.sweep
def test_listening_cancelled_anywhere(path: Path) -> None:
    async def listen_and_accept() -> None:
        async with (
            await net.listen_unix(path) as listener,
            await net.connect_unix(path),
            await listener.accept(),
        ):
            pass

    assert cancel_sweep(listen_and_accept).points > 4
    assert not names_in(path.parent)
