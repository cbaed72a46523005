"""A file that was opened to be sent: in one visit to a thread, all that an answer needs of it."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

import attrs

__all__ = ["SMALL_FILE", "OpenedFile", "open_regular"]

SMALL_FILE: Final = 64 * 1024
"""Up to this size a file is read when it is opened: cheaper than to send it by the system."""
_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a named pipe would wait for a writer
)


@attrs.frozen
class OpenedFile:
    """A regular file."""

    file: BinaryIO
    size: int
    etag: str
    modified: float
    """Seconds since 1970."""
    coding: str | None = None
    """What it is packed with, as a content coding."""

    def close(self) -> None:
        """Close it; doing it twice is fine."""
        self.file.close()


def open_regular(
    path: str | os.PathLike[str], *, coding: str | None = None, flags: int = 0
) -> OpenedFile:
    """Open a regular file, and read it if it is small. Waits for the disk.

    :param flags: for ``os.open``, beside those for reading.
    :raises FileNotFoundError: there is none, or it is a folder, a device or the like.
    :raises OSError: it cannot be opened.
    """
    if not stat.S_ISREG(Path(path).stat().st_mode):  # asked first: opening a device can do things
        raise FileNotFoundError(f"not a regular file: {Path(path)}")
    descriptor = os.open(path, _FLAGS | flags)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise FileNotFoundError(f"not a regular file: {Path(path)}")
        raw = io.FileIO(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise
    try:
        etag = f'"{found.st_mtime_ns:x}-{found.st_size:x}{"-" + coding if coding else ""}"'
        if found.st_size > SMALL_FILE:
            return OpenedFile(io.BufferedReader(raw), found.st_size, etag, found.st_mtime, coding)
        content = raw.read(found.st_size) or b""
    except BaseException:
        raw.close()
        raise
    raw.close()
    return OpenedFile(io.BytesIO(content), len(content), etag, found.st_mtime, coding)
