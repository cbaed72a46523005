"""A part of a file as the body of an answer, which the system can send by itself."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final, Self

import trio

from trio_helianthus.net import BinaryFile

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["FileBody"]

PIECE: Final = 256 * 1024
"""How much of a file is read at once where the system cannot send it."""


class FileBody:
    """A file, or a part of one, that is sent with ``sendfile(2)`` where that is possible.

    ::

        file = open("report.pdf", "rb")
        return http.Response(http.FileBody(file), content_type="application/pdf")

    :meth:`Response.file` makes one, with everything else that belongs to a file. It is also an
    async iterable of its bytes, read in threads.

    :param file: open for reading in binary mode, and able to seek. Whoever sends the answer
        closes it.
    :param offset: where to begin, in bytes.
    :param count: how many bytes; all up to its end, as it is now, where it is left out.
    :raises ValueError: an offset or a count below zero, or an offset behind the end.
    """

    __slots__ = ("count", "file", "offset")

    def __init__(self, file: BinaryFile, offset: int = 0, count: int | None = None) -> None:
        if offset < 0 or (count is not None and count < 0):
            raise ValueError("offset and count must not be negative")
        if count is None:
            count = _size(file) - offset
            if count < 0:
                raise ValueError(f"the file ends before {offset}")
        self.file: BinaryFile = file
        self.offset: int = offset
        self.count: int = count

    def close(self) -> None:
        """Close the file. Doing it twice is fine."""
        close = getattr(self.file, "close", None)
        if close is not None:
            close()

    async def aclose(self) -> None:
        """As :meth:`close`; no checkpoint, so that no cancellation keeps a file open."""
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Pieces(self)

    def __repr__(self) -> str:
        return f"<FileBody, {self.count} bytes from {self.offset}>"


class _Pieces:
    """Reads a part of a file piece by piece.

    No async generator: it may be given up at any time, and has nothing to be closed.
    """

    def __init__(self, body: FileBody) -> None:
        self._file = body.file
        self._offset = body.offset
        self._left = body.count

    def __aiter__(self) -> _Pieces:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        size = min(self._left, PIECE)
        data = await trio.to_thread.run_sync(_read, self._file, self._offset, size)
        if not data:
            raise EOFError(f"the file ended {self._left} bytes before the answer did")
        self._offset += len(data)
        self._left -= len(data)
        return data


def _read(file: BinaryFile, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def _size(file: BinaryFile) -> int:
    from_its_end: Any = file.seek
    return int(from_its_end(0, os.SEEK_END))
