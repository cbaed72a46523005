"""Parts of files to send: where they are read, and whether that needs a disk."""

from __future__ import annotations

import errno
import inspect
import io
import os
import sys
from typing import TYPE_CHECKING, Final, Protocol

import attrs
import trio

if TYPE_CHECKING:
    import socket as socket_module

FILE_PART_BYTES: Final = 1024 * 1024
"""How much of a file is read, and made sure to be in memory, at a time."""
MAX_OFFSET: Final = 2**63 - 1
"""Systems count no further."""


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
        # Asked one by one, as isinstance overlooks what a tempfile.NamedTemporaryFile passes on.
        methods = getattr(file, "read", None), getattr(file, "seek", None)
        if isinstance(file, io.TextIOBase) or not all(map(callable, methods)):
            raise TypeError(f"a file to send is one open in binary mode, not {file!r}")
        if inspect.iscoroutinefunction(methods[0]):
            raise TypeError(
                "a file to send is a synchronous one: of a trio file, take its .wrapped"
            )
        if not 0 <= self.offset <= MAX_OFFSET:
            raise ValueError(f"offset must be at least 0, and less than 2**63, not {self.offset}")
        if self.count is not None and self.count < 0:
            raise ValueError(f"count must be at least 0, not {self.count}")

    @property
    def number(self) -> int | None:
        """The file descriptor, if there is a use for it, and reading it is reading the file."""
        raw = self._raw if hasattr(os, "sendfile") else None
        return None if raw is None else raw.fileno()

    @property
    def _raw(self) -> io.FileIO | None:
        # Not all that have a descriptor: what gzip.open returns has that of the packed file.
        raw = getattr(self.file, "raw", self.file)
        return raw if isinstance(raw, io.FileIO) else None

    async def flush(self) -> None:
        """Give the system, in a thread, what Python has kept of what was written to the file."""
        if (raw := self._raw) is not None and raw.writable():
            # What is above a FileIO that can be written has flush.
            await trio.to_thread.run_sync(self.file.flush)  # type: ignore[attr-defined]

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
    if sys.platform != "linux" or _NOWAIT is None:
        return False  # nobody knows
    try:
        for place in (offset, offset + size - 1):
            os.preadv(number, [bytearray(1)], place, _NOWAIT)
    except (OSError, OverflowError):  # it is not, or this file system cannot tell
        return False
    return True


def send_from_file(socket: socket_module.socket, number: int, offset: int, count: int) -> int:
    """Send from a file without copying (sendfile(2)).

    :returns: how many bytes were sent; 0 where the file has ended.
    :raises CannotSendFromFile: the system cannot, with this file or this socket.
    :raises OSError: nothing can be sent.
    """
    if sys.platform == "win32":
        raise CannotSendFromFile
    try:
        return os.sendfile(socket.fileno(), number, offset, count)
    except io.UnsupportedOperation:  # the socket is none of the system's
        raise CannotSendFromFile from None
    except OSError as exc:
        if exc.errno in _NOT_WITH_THESE:
            raise CannotSendFromFile from None
        raise


class CannotSendFromFile(Exception):
    """The file has to be read and sent instead."""


_NOWAIT: Final[int | None] = getattr(os, "RWF_NOWAIT", None)  # Linux, by a recent C library
# Where it is the file that cannot be read, reading it says so.
_NOT_WITH_THESE: Final = (
    errno.EBADF,
    errno.EINVAL,
    errno.EIO,
    errno.ENOSYS,
    errno.ENOTSOCK,
    errno.ENOTSUP,
    errno.EOVERFLOW,
)
