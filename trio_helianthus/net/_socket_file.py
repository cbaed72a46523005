"""Socket files: how a unix listener gets its name in the file system, and gives it up again."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
from typing import TYPE_CHECKING, Final

import attrs
import trio

from trio_helianthus.errors import AddressInUse

from ._unix_address import check_length, unix_socket

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator
    from pathlib import Path

LOCK_SECONDS: Final = 5.0
"""How long others may have the folder locked before a dead server's file is left where it is."""
LOCK_PAUSE_SECONDS: Final = 0.005
"""How often the lock is tried."""
CLAIM_ATTEMPTS: Final = 16
"""How often a name is claimed that somebody else has each time, and is dead the next moment."""


@attrs.frozen
class SocketFile:
    """The name of a listening socket in the file system.

    :param path: absolute, as a program may change its working directory.
    :param device: with ``inode``, what tells the file from another of the same name. No other
        file gets the same numbers while the socket is open.
    :param process: who made it. A fork closes its copy of the socket, but not the service.
    """

    path: Path
    device: int
    inode: int
    process: int = attrs.field(factory=os.getpid)

    @classmethod
    def at(cls, path: Path) -> SocketFile:
        """Note which file there is at a path."""
        found = path.lstat()
        return cls(path.absolute(), found.st_dev, found.st_ino)

    def remove(self) -> None:
        """Remove the file if it is still ours; call this before the socket is closed."""
        if os.getpid() != self.process:
            return
        with contextlib.suppress(OSError):  # it is gone, or its folder is read-only now
            found = self.path.lstat()
            if (found.st_dev, found.st_ino) == (self.device, self.inode):
                self.path.unlink()


async def listen_at(sock: socket.socket, path: Path, *, mode: int, backlog: int) -> SocketFile:
    """Bind a socket to a path and listen, replacing the file of a dead server.

    Whoever sees the file can connect to it already, and only who is allowed to: the socket gets a
    name that nobody knows first, then its mode, listens, and is given its name at last, in one
    step that fails where there is one already (link(2)).

    :raises AddressInUse: a server that lives has the path, or a file that is no socket.
    :raises OSError: the system does not permit it, or there is no such folder.
    :raises ValueError: the folder's name is too long.
    """
    temporary = path.with_name(f".{secrets.token_hex(4)}")
    check_length(os.fsencode(temporary))
    sock.bind(os.fspath(temporary))
    try:
        _set_mode(temporary, mode)
        sock.listen(backlog)
        made = SocketFile.at(temporary)
        await _claim(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return attrs.evolve(made, path=made.path.with_name(path.name))


def _set_mode(path: Path, mode: int) -> None:
    """Set the mode of a socket file; never that of a file which a link in its place leads to."""
    try:
        path.chmod(mode, follow_symlinks=False)
    except NotImplementedError:  # it is a link, or the system cannot tell
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
        path.chmod(mode)


async def _claim(temporary: Path, path: Path) -> None:
    for _ in range(CLAIM_ATTEMPTS):
        try:
            _give_name(temporary, path)
        except FileExistsError:
            # Of several that find the same dead file one at a time may look and remove; else the
            # second could remove what the first has just put there.
            async with _locked_folder(path):
                _remove_dead(path)
        else:
            return
    raise AddressInUse("other servers come and go there", operation="listen", address=path)


def _give_name(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links; here two at once could both succeed
        if _look_at(path) is not None:
            raise FileExistsError from None
        temporary.rename(path)


def _remove_dead(path: Path) -> None:
    """Remove a dead server's socket file; nothing else.

    :raises AddressInUse: it is no socket, or its server lives.
    """
    found = _look_at(path)
    if found is None:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise AddressInUse("it is a file, and no socket", operation="listen", address=path)
    if _is_alive(path):
        raise AddressInUse("another server listens there", operation="listen", address=path)
    # Who does not know of our lock may have replaced it since; its inode number may be the same.
    now = _look_at(path)
    if now is not None and _fingerprint(now) == _fingerprint(found):
        path.unlink(missing_ok=True)


def _look_at(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _fingerprint(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_dev, found.st_ino, found.st_ctime_ns


def _is_alive(path: Path) -> bool:
    """Tell whether somebody listens, by connecting; a live server sees a client that hangs up.

    macOS refuses a full backlog, too: a server that accepts nothing for that long seems dead.

    :raises PermissionError: there is no telling.
    """
    name = os.fspath(path)
    with unix_socket(name, operation="listen") as probe:
        try:
            probe.connect(name)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except PermissionError:
            raise
        except OSError:  # its backlog is full, or it is a socket of another kind
            return True
        return True


@contextlib.asynccontextmanager
async def _locked_folder(path: Path) -> AsyncIterator[None]:
    """Hold the lock (flock(2)) of a path's folder, which leaves no file behind.

    :raises AddressInUse: another program has it for too long.
    """
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with trio.move_on_after(LOCK_SECONDS) as scope:
            while not _lock(folder):  # noqa: ASYNC110 (the system tells nobody)
                await trio.sleep(LOCK_PAUSE_SECONDS)
        if scope.cancelled_caught:
            raise AddressInUse(
                "another program has locked the folder", operation="listen", address=path
            )
        try:
            yield
        finally:
            _unlock(folder)
    finally:
        os.close(folder)


if sys.platform != "win32":

    def _lock(folder: int) -> bool:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks, which all of them have to do without
            pass
        return True

    def _unlock(folder: int) -> None:
        # Closing would not do: a child that was forked meanwhile has it open, too.
        with contextlib.suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_UN)

else:  # pragma: no cover - without unix sockets nobody gets here

    def _lock(_: int) -> bool:
        return True

    def _unlock(_: int) -> None:
        pass
