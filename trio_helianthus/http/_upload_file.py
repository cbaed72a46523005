"""A file that came with a form."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import IO, BinaryIO, Final

import trio

from trio_helianthus.errors import ResourceClosed

from ._headers import Headers
from ._spool import Spool

__all__ = ["UploadFile"]

PIECE: Final = 1024 * 1024
"""How much is read or copied in one go."""


class UploadFile:
    """A file that a client has uploaded: in memory when it is small, else in a temporary file.

    ::

        form = await request.form()
        photo = form.files["photo"]
        await photo.save(folder / photo.filename)

    It is closed when the request has been answered. What is to be used after that has to be
    saved, or taken over with :meth:`detach`. Iterating gives the content piece by piece from where
    it is being read.
    """

    def __init__(
        self, spool: Spool, *, filename: str, raw_filename: str, content_type: str, headers: Headers
    ) -> None:
        self.filename: Final = filename
        """The name, made safe to store the file under; see :attr:`raw_filename`."""
        self.raw_filename: Final = raw_filename
        """The name as the client sent it: perhaps with folders, perhaps to trick you."""
        self.content_type: Final = content_type
        """What the client says it is, without parameters; ``""`` where it says nothing."""
        self.headers: Final = headers
        """All header fields of the part."""
        self._spool = spool
        self._detached = False

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return self._spool.size

    @property
    def in_memory(self) -> bool:
        """Whether it was small enough not to be put on disk."""
        return not self._spool.on_disk

    @property
    def file(self) -> BinaryIO:
        """The open file itself, as for a library that wants one. Reading may wait for the disk.

        :raises ResourceClosed: after :meth:`close` or :meth:`detach`.
        """
        if self._detached or self._spool.file.closed:
            raise ResourceClosed("the uploaded file is closed")
        return self._spool.file

    async def read(self, size: int = -1) -> bytes:
        """Read from where the last read has ended.

        :param size: at most so many bytes; all that are left where it is below zero.
        :returns: ``b""`` at the end.
        :raises ResourceClosed: after :meth:`close`, or once the request has been answered.
        """
        file = self.file
        if self.in_memory:
            await trio.lowlevel.checkpoint()
            return file.read(size)
        return await trio.to_thread.run_sync(file.read, size)

    async def seek(self, offset: int) -> None:
        """Have the next read begin at a place, counted from the beginning.

        :raises ResourceClosed: as :meth:`read` does.
        """
        await trio.lowlevel.checkpoint()
        self.file.seek(offset)

    def __aiter__(self) -> UploadFile:
        return self

    async def __anext__(self) -> bytes:
        if data := await self.read(PIECE):
            return data
        raise StopAsyncIteration

    async def save(self, path: str | os.PathLike[str]) -> None:
        """Store the whole file under a path, instead of what may be there; the next read goes on
        from where the last one has ended.

        Where it is cancelled or fails, everything is as before: the content goes to a new file in
        the same folder first, which takes the name in the end.

        :raises OSError: it cannot be written.
        :raises ResourceClosed: as :meth:`read` does.
        """
        target = Path(path)
        source = self.file
        unfinished = target.with_name(f".{secrets.token_hex(8)}.part")
        copy: IO[bytes] | None = None
        position = source.tell()
        try:
            copy = await trio.to_thread.run_sync(unfinished.open, "xb")
            offset = 0
            while offset < self.size:
                await trio.to_thread.run_sync(_copy_piece, source, copy, offset)
                offset += PIECE
            await trio.to_thread.run_sync(copy.close)
            await trio.to_thread.run_sync(unfinished.replace, target)
        except BaseException:
            if copy is not None:
                copy.close()
                unfinished.unlink(missing_ok=True)
            raise
        finally:
            if not source.closed:
                source.seek(position)

    def detach(self) -> BinaryIO:
        """Take the open file over, at its beginning: closing it is your business from now on.

        :raises ResourceClosed: as :meth:`read` does.
        """
        file = self.file
        file.seek(0)
        self._detached = True
        return file

    def close(self) -> None:
        """Close the file; doing it twice is fine."""
        if not self._detached:
            self._spool.close()

    def __repr__(self) -> str:
        return f"<UploadFile {self.filename!r}, {self.size} bytes>"


def _copy_piece(source: BinaryIO, target: IO[bytes], offset: int) -> None:
    source.seek(offset)
    target.write(source.read(PIECE))
