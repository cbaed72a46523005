"""Bodies that are made of files: streamed, their length known where theirs are, sent again."""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping, Sequence
from mimetypes import guess_type
from pathlib import PurePath
from typing import Any, Final, Protocol, TypeAlias, cast

import trio

from trio_helianthus.errors import LocalProtocolError
from trio_helianthus.net import Buffer

from ._pieces import bytes_of

__all__ = [
    "FileContent",
    "FileTypes",
    "Files",
    "Part",
    "Progress",
    "ReadableFile",
    "Upload",
    "file_part",
    "is_file",
    "multipart",
]

PIECE: Final = 256 * 1024
"""Bytes that are read from a file at once, in a thread."""
BYTES_PIECE: Final = 64 * 1024
"""Bytes between two calls of a progress callable, where they are in memory already."""

Progress: TypeAlias = "Callable[[int, int | None], object]"
"""What ``progress=`` takes: it is called with the bytes of the body that were sent so far and,
where it is known, their number in all."""


class ReadableFile(Protocol):
    """A file that is open for reading bytes."""

    def read(self, size: int, /) -> bytes: ...


FileContent: TypeAlias = "Buffer | os.PathLike[str] | ReadableFile | AsyncIterable[Buffer]"
"""Where a file's bytes are: in memory, under a path, in an open file, or still to come."""
FileTypes: TypeAlias = (
    "FileContent | tuple[str | None, FileContent | str] | tuple[str | None, FileContent | str, str]"
)
"""One value of ``files=``: the content, or a tuple of a file name, the content, which may be text
then, and maybe a media type. ``None`` for the file name makes a field that is no file."""
Files: TypeAlias = "Mapping[str, FileTypes | list[FileTypes]] | Sequence[tuple[str, FileTypes]]"
"""What ``files=`` takes: field names and files; a list of files gives the name several times."""


class Upload:
    """A body of several parts, one after the other.

    It can be sent again if each part can; files that are open start where they stood. Those that
    it opened itself are closed by :meth:`aclose`; the others are their owner's.

    :param parts: bytes, files, or what comes piece by piece.
    :param progress: is told how much was sent.
    """

    def __init__(self, parts: Sequence[Part], progress: Progress | None = None) -> None:
        self._parts = parts
        self._progress = progress
        self._reader: _Reader | None = None
        lengths = [part.length for part in parts]
        self.length: Final[int | None] = (
            None if None in lengths else sum(cast("list[int]", lengths))
        )
        """Bytes in all, where that is known."""
        self.replayable: Final = all(part.replayable for part in parts)
        """Whether it can be sent a second time."""

    def watched(self, progress: Progress) -> Upload:
        """The same body, whose sending is told to ``progress``."""
        return Upload(self._parts, progress)

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._reader = _Reader(self._parts, self.length, self._progress)
        return self._reader

    async def aclose(self) -> None:
        """Close the file that was being sent, if it was opened for that."""
        if self._reader is not None:
            await self._reader.aclose()


class _Reader:
    """Goes through the parts once."""

    def __init__(
        self, parts: Iterable[Part], length: int | None, progress: Progress | None
    ) -> None:
        self._left = list(reversed(list(parts)))
        self._part: Part | None = None
        self._length = length
        self._progress = progress
        self._sent = self._given = 0

    def __aiter__(self) -> _Reader:
        return self

    async def __anext__(self) -> bytes:
        if self._given and self._progress is not None:  # who asks for more has sent the last one
            self._sent += self._given
            self._given = 0
            self._progress(self._sent, self._length)
        while True:
            if self._part is None:
                if not self._left:
                    raise StopAsyncIteration
                part = self._left.pop()
                await part.start()
                self._part = part
            if piece := await self._part.read():
                self._given = len(piece)
                return piece
            await self.aclose()

    async def aclose(self) -> None:
        part, self._part = self._part, None
        if part is not None:
            await part.stop()


class Part:
    """Bytes in memory; the other kinds of parts are made from it.

    :param data: the bytes.
    """

    length: int | None
    replayable = True

    def __init__(self, data: bytes = b"") -> None:
        self.data: Final = data
        self._at = 0
        self.length = len(data)

    async def start(self) -> None:
        """Get ready to be read from the beginning."""
        self._at = 0

    async def read(self) -> bytes:
        """The next bytes, ``b""`` at the end."""
        piece = self.data[self._at : self._at + BYTES_PIECE]
        self._at += len(piece)
        return piece

    async def stop(self) -> None:
        """Let go of what :meth:`start` took."""


class _OpenFile(Part):
    """A file that is open already: what it has from here on, or so many bytes of it."""

    def __init__(self, file: Any) -> None:
        super().__init__()
        if isinstance(file, io.TextIOBase):
            raise TypeError("a file has to be open for reading bytes, not text (mode 'rb')")
        self._file = file
        self._inline = isinstance(file, io.BytesIO)
        self.replayable = _is_seekable(file)
        self._begin = file.tell() if self.replayable else 0
        self.length = self._measure() if self.replayable else None
        self._sent = 0

    def _measure(self) -> int:
        end = self._file.seek(0, os.SEEK_END)
        self._file.seek(self._begin)
        return max(0, cast("int", end) - self._begin)

    async def start(self) -> None:
        self._sent = 0
        if self.replayable:
            self._file.seek(self._begin)

    async def read(self) -> bytes:
        size = PIECE if self.length is None else min(PIECE, self.length - self._sent)
        if size == 0:
            return b""
        if self._inline:
            piece = self._file.read(size)
        else:
            piece = await trio.to_thread.run_sync(self._file.read, size)
        if not piece and self.length is not None:
            raise LocalProtocolError("a file became shorter while it was being sent")
        piece = bytes_of(piece)
        self._sent += len(piece)
        return piece


class _PathFile(_OpenFile):
    """A file that is opened when its turn comes."""

    def __init__(self, path: os.PathLike[str]) -> None:
        Part.__init__(self)
        self._path = path
        self._inline = False
        found = os.stat(path)  # noqa: PTH116  # a missing file is found out at once
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
        # A pipe has no length that could be known, and what it gives it gives once.
        self.replayable = stat.S_ISREG(found.st_mode)
        self.length = found.st_size if self.replayable else None
        self._sent = 0

    async def start(self) -> None:
        self._sent = 0
        self._file = await trio.to_thread.run_sync(open, self._path, "rb")

    async def stop(self) -> None:
        self._file.close()


class _Pieces(Part):
    """What comes piece by piece."""

    length = None
    replayable = False

    def __init__(self, pieces: AsyncIterable[Buffer]) -> None:
        self._pieces = pieces

    async def start(self) -> None:
        self._iterator = aiter(self._pieces)

    async def read(self) -> bytes:
        async for piece in self._iterator:
            if data := bytes_of(piece):
                return data
        return b""

    async def stop(self) -> None:
        if close := getattr(self._iterator, "aclose", None):
            await close()


def is_file(content: object) -> bool:
    """Whether this is a path or an open file."""
    return isinstance(content, os.PathLike) or hasattr(content, "read")


def file_part(content: Any) -> Part:
    """The part that a file's content makes.

    :raises TypeError: it is nothing to be sent as a file.
    :raises OSError: there is no such file.
    """
    content = getattr(content, "wrapped", content)  # trio's asynchronous files
    if isinstance(content, bytes | bytearray | memoryview):
        return Part(bytes(content))
    if isinstance(content, os.PathLike):
        return _PathFile(content)
    if hasattr(content, "read"):
        return _OpenFile(content)
    if isinstance(content, AsyncIterable):
        return _Pieces(content)
    raise TypeError(
        "a file is bytes, a Path, an open file or an async iterable of bytes, "
        f"not {type(content).__name__}"
    )


def multipart(data: Iterable[tuple[str, str | bytes]], files: Files) -> tuple[list[Part], str]:
    """The parts of a ``multipart/form-data`` body (:rfc:`7578`), and its ``Content-Type``.

    Names are escaped as the HTML standard has browsers do it.
    """
    boundary = secrets.token_hex(16)
    parts = list[Part]()
    head = ""
    for name, value in data:
        head += f'--{boundary}\r\nContent-Disposition: form-data; name="{_escape(name)}"\r\n\r\n'
        if isinstance(value, str):
            head += f"{value}\r\n"
        else:
            parts += [Part(head.encode()), Part(value)]
            head = "\r\n"
    given = files.items() if isinstance(files, Mapping) else files
    for name, one in given:
        for file in one if isinstance(one, list) else [one]:
            filename, content, media_type = _described(file)
            head += f'--{boundary}\r\nContent-Disposition: form-data; name="{_escape(name)}"'
            if filename is not None:
                head += f'; filename="{_escape(filename)}"'
            if media_type is not None:
                head += f"\r\nContent-Type: {media_type}"
            parts += [Part(f"{head}\r\n\r\n".encode()), file_part(content)]
            head = "\r\n"
    parts.append(Part(f"{head}--{boundary}--\r\n".encode()))
    return parts, f"multipart/form-data; boundary={boundary}"


def _described(file: FileTypes) -> tuple[str | None, FileContent, str | None]:
    """File name, content and media type."""
    media_type: str | None = None
    if isinstance(file, tuple):
        filename, content, *rest = file
        if isinstance(content, str):
            content = content.encode()
        media_type = rest[0] if rest else None
    else:
        content = file
        name = content if isinstance(content, os.PathLike) else getattr(content, "name", None)
        filename = PurePath(name).name if isinstance(name, str | os.PathLike) else "upload"
    if media_type is None and filename is not None:
        media_type = guess_type(filename)[0] or "application/octet-stream"
    if media_type is not None and not (media_type.isprintable() and media_type.isascii()):
        raise ValueError(f"invalid media type {media_type!r}")
    return filename, content, media_type


def _escape(name: str) -> str:
    return name.replace("\n", "%0A").replace("\r", "%0D").replace('"', "%22")


def _is_seekable(file: Any) -> bool:
    seekable = getattr(file, "seekable", None)
    return seekable is not None and bool(seekable())
