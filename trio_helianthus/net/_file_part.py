"""Parts of files to send: where they are read, and whether that needs a disk."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import attrs
import trio

if TYPE_CHECKING:
    import socket as socket_module

FILE_PART_BYTES: Final = 1024 * 1024
"""How much of a file is read, and made sure to be in memory, at a time."""


@runtime_checkable
class BinaryFile(Protocol):
    """What can be sent as a file: a file open in binary mode, or what reads like one."""

    def read(self, size: int, /) -> bytes:
        """Read at most ``size`` bytes."""
        ...

    def seek(self, offset: int, /) -> int:
        """Go to a place, counted from the beginning."""
        ...


@attrs.frozen
class FilePart:
    """A part of a file.

    :param file: open for reading in binary mode.
    :param offset: where the part begins, in bytes.
    :param count: how long it is; ``None``: to the end of the file.
    """

    file: BinaryFile
    offset: int
    count: int | None

    def __attrs_post_init__(self) -> None:
        file: object = self.file
        if isinstance(file, io.TextIOBase) or not isinstance(file, BinaryFile):
            raise TypeError(f"a file to send is one open in binary mode, not {file!r}")
        if self.offset < 0:
            raise ValueError(f"offset must be at least 0, not {self.offset}")
        if self.count is not None and self.count < 0:
            raise ValueError(f"count must be at least 0, not {self.count}")

    @property
    def number(self) -> int | None:
        """The file descriptor, if the file has one."""
        try:
            return self.file.fileno()  # type: ignore[attr-defined, no-any-return]
        except (AttributeError, OSError):  # it lives in memory, or inside of an archive
            return None

    def rest(self, sent: int) -> tuple[int, int]:
        """Return where to go on after ``sent`` bytes, and with how many at most."""
        missing = FILE_PART_BYTES if self.count is None else self.count - sent
        return self.offset + sent, min(missing, FILE_PART_BYTES)

    def after(self, sent: int) -> FilePart:
        """Return the part that is left after ``sent`` bytes."""
        count = None if self.count is None else self.count - sent
        return FilePart(self.file, self.offset + sent, count)

    async def load(self, sent: int) -> None:
        """Have the system read ahead what comes after ``sent`` bytes, in a thread if need be."""
        if self.number is None or not is_in_memory(self.number, *self.rest(sent)):
            await self.read(sent)

    async def read(self, sent: int) -> bytes:
        """Read, in a thread, what comes after ``sent`` bytes; ``b""`` where nothing does."""
        offset, size = self.rest(sent)
        return await trio.to_thread.run_sync(_read, self.file, offset, size) if size else b""


def _read(file: BinaryFile, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def is_in_memory(number: int, offset: int, size: int) -> bool:
    """Tell whether a part of a file can be read without waiting for a disk, by its two ends."""
    if sys.platform != "linux":
        return False  # nobody knows
    try:
        for place in (offset, offset + size - 1):
            os.preadv(number, [bytearray(1)], place, os.RWF_NOWAIT)
    except OSError:  # it is not, or this file system cannot tell
        return False
    return True


def send_from_file(socket: socket_module.socket, number: int, offset: int, count: int) -> int:
    """Send from a file without copying (sendfile(2)).

    :returns: how many bytes were sent; 0 where the file has ended.
    :raises CannotSendFromFile: the system cannot, with this file or this socket.
    :raises OSError: the file cannot be read, or nothing can be sent.
    """
    if sys.platform == "win32":
        raise CannotSendFromFile
    try:
        return os.sendfile(socket.fileno(), number, offset, count)
    except OSError as exc:
        if exc.errno in _NOT_WITH_THESE:
            raise CannotSendFromFile from None
        raise


class CannotSendFromFile(Exception):
    """The file has to be read and sent instead."""


# A socket that is none of the system's has no number: EBADF.
_NOT_WITH_THESE: Final = (errno.EBADF, errno.EINVAL, errno.ENOSYS, errno.ENOTSOCK, errno.ENOTSUP)
