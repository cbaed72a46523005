"""What a connection of a server sends: in batches while it can, piece by piece where it must."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import trio

from trio_helianthus import core
from trio_helianthus.errors import ConnectionBroken, NetworkError
from trio_helianthus.net import BinaryFile, ByteStream, SocketStream

from ._patience import WRITE_PIECE, Patience

__all__ = ["Outgoing", "PeerGone"]

MAX_BATCH: Final = 32
"""How many answers to pipelined requests leave together."""
LARGE: Final = 16 * 1024
"""How many bytes an answer has that waits for none behind it."""


class PeerGone(ConnectionBroken):
    """Nothing can be sent any more, and the handler keeps its cancellation off."""


class Outgoing:
    """Sends, and watches the time only where a client does not take at once what it is sent.

    :param patience: is told when the client cannot be reached any more, and what it is waited for.
    """

    __slots__ = (
        "_batch",
        "_budget",
        "_cut",
        "_longest",
        "_patience",
        "_rest",
        "_stream",
        "due",
        "operation",
    )

    def __init__(self, stream: ByteStream, patience: Patience) -> None:
        self.operation: core.Operation | None = None
        """What to count the bytes for."""
        self.due = False
        """Whether the batch should leave now."""
        self._stream = stream
        self._patience = patience
        self._budget = core.checkpoint_budget()
        self._longest = MAX_BATCH if isinstance(stream, SocketStream) else 1  # to be sent at once
        self._batch: list[bytes] = []
        self._cut = False
        self._rest: _Rest | None = None

    def close(self) -> None:
        """End what is being sent."""
        if self._rest is not None:
            self._rest.scope.cancel(reason="the connection has ended")

    @property
    def unfinished(self) -> bool:
        """Whether a part of something was sent, or nothing, and not the rest."""
        return self._cut or bool(self._batch) or self._rest is not None

    def put(self, data: bytes) -> None:
        """Send ``data`` with the next batch; see :attr:`due`."""
        batch = self._batch
        batch.append(data)
        if len(batch) >= self._longest or len(data) >= LARGE:
            self.due = True

    def flush_nowait(self) -> bool:
        """Send of the batch what can be sent without waiting.

        :returns: whether that was all. The rest, or a failure, is for :meth:`flush`.
        """
        if self._cut or self._rest is not None:
            return False
        batch = self._batch
        if not batch:
            return True
        data = batch.pop() if len(batch) == 1 else self._take_batch()
        self.due = False
        try:
            sent = self._stream.send_nowait(data)
        except NetworkError:  # the next send fails as well
            sent = 0
        if self.operation is not None:
            self._count(sent)
        if sent < len(data):
            batch.append(data[sent:])
            return False
        return True

    async def flush(self) -> None:
        """Send the batch. It is a schedule point only where it waits, or when one is due.

        :raises PeerGone: the client cannot be reached, and this task cannot be cancelled now.
        """
        if self._rest is not None:
            await self._rest.sent.wait()
        if self._batch:
            await self._send(self._take_batch())

    def flush_apart(self, start_soon: Callable[[Callable[[], Awaitable[object]]], object]) -> None:
        """Send the batch in a task of its own: this one is about to wait for something else.

        What is sent later waits for it.

        :param start_soon: starts the task.
        """
        if self._rest is None and not self._cut:
            self._rest = _Rest()
            start_soon(self._send_rest)

    async def _send_rest(self) -> None:
        rest = self._rest
        assert rest is not None
        with rest.scope:
            try:
                await trio.lowlevel.checkpoint_if_cancelled()  # the stream may be closed by now
                await self._send(self._take_batch())
            except PeerGone:  # whoever waits has been told
                pass
            finally:
                self._rest = None
                rest.sent.set()

    async def send(self, data: bytes) -> None:
        """Send ``data`` behind the batch."""
        if self._rest is not None:
            await self._rest.sent.wait()
        if self._batch:
            self._batch.append(data)
            data = self._take_batch()
        await self._send(data)

    async def send_file(self, file: BinaryFile, offset: int, count: int) -> int:
        """Send a part of a file behind the batch; return how much of it there was."""
        await self.flush()
        sent = 0
        while sent < count:
            size = min(count - sent, WRITE_PIECE * 16)
            self._cut = True
            self._patience.time_write(True)
            try:
                part = await self._stream.send_file(file, offset + sent, size)
            except NetworkError as exc:
                raise await self._give_up(exc) from exc
            finally:
                self._patience.time_write(False)
            self._cut = False
            self._count(part)
            sent += part
            if part < size:
                break
        return sent

    def _take_batch(self) -> bytes:
        batch = self._batch
        data = batch[0] if len(batch) == 1 else b"".join(batch)
        batch.clear()
        self.due = False
        return data

    async def _send(self, data: bytes) -> None:
        if self._cut:
            raise PeerGone("an earlier send was cut half-way")
        try:
            sent = self._stream.send_nowait(data)
            if sent == len(data):
                if self._budget.spend():
                    await trio.lowlevel.checkpoint()
                    self._budget.reset()
            else:
                await self._send_slowly(memoryview(data)[sent:])
        except NetworkError as exc:
            raise await self._give_up(exc) from exc
        if self.operation is not None:
            self._count(len(data))

    async def _send_slowly(self, rest: memoryview) -> None:
        self._cut = True
        for start in range(0, len(rest), WRITE_PIECE):
            self._patience.time_write(True)
            try:
                await self._stream.send_all(rest[start : start + WRITE_PIECE])
            finally:
                self._patience.time_write(False)
        self._cut = False

    async def _give_up(self, exc: NetworkError) -> PeerGone:
        self._patience.note_lost(exc)
        await trio.lowlevel.checkpoint()
        return PeerGone("the client is gone")

    def _count(self, sent: int) -> None:
        if self.operation is not None:
            self.operation.bytes_sent += sent


class _Rest:
    """What a task of its own sends."""

    def __init__(self) -> None:
        self.scope = trio.CancelScope()
        self.sent = trio.Event()
