"""Bytes of unknown number: kept in memory while they are few, on disk when they are many."""

from __future__ import annotations

import io
import tempfile
from typing import BinaryIO, Final, cast

import trio

__all__ = ["Spool"]

WRITE_BYTES: Final = 256 * 1024
"""How much is written to the disk at a time: a thread for each piece received costs too much."""


class Spool:
    """A temporary file that the disk need not know of; all waiting for the disk is in threads.

    :param memory_bytes: up to here it stays in memory.
    """

    def __init__(self, memory_bytes: int) -> None:
        self.file: BinaryIO = io.BytesIO()
        """What was added, after :meth:`flush`."""
        self.size: int = 0
        self._memory_bytes = memory_bytes
        self._on_disk = False
        self._unwritten = bytearray()

    @property
    def on_disk(self) -> bool:
        """Whether it has become a file of the system's."""
        return self._on_disk

    def add(self, data: bytes) -> bool:
        """Append some bytes, in memory.

        :returns: whether so many wait for the disk that :meth:`flush` is due.
        """
        self.size += len(data)
        if self.size <= self._memory_bytes:
            self.file.write(data)
            return False
        self._unwritten += data
        return len(self._unwritten) >= WRITE_BYTES

    async def flush(self) -> None:
        """Write what is to be written. No checkpoint where the disk is not needed."""
        if not self._unwritten:
            return
        if not self._on_disk:
            # In one step with the assignment: a thread's result is not lost to a cancellation.
            self.file = await trio.to_thread.run_sync(_move_to_disk, self.file)
            self._on_disk = True
        data, self._unwritten = self._unwritten, bytearray()
        await trio.to_thread.run_sync(self.file.write, data)

    def close(self) -> None:
        """Give the memory or the file back; doing it twice is fine.

        The file has no name any more, so nothing waits for the disk here.
        """
        self._unwritten.clear()
        self.file.close()


def _move_to_disk(memory: BinaryIO) -> BinaryIO:
    assert isinstance(memory, io.BytesIO)
    file = tempfile.TemporaryFile(prefix="helianthus-")  # noqa: SIM115 - the spool closes it
    try:
        file.write(memory.getbuffer())
    except BaseException:
        file.close()
        raise
    return cast("BinaryIO", file)  # on Windows, where it has a name, a wrapper of one
