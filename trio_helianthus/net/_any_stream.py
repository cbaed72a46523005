"""Streams that are not ours, as far as a framed channel needs them to be like ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import trio

from trio_helianthus.core import checkpoint_budget, next_connection_id
from trio_helianthus.errors import ConnectionBroken, HelianthusError

from ._buffers import joined
from ._exclusive import Exclusive

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._buffers import Buffer

_E = TypeVar("_E", bound=HelianthusError)


class AnyStream:
    """One of trio's streams, with gathered sends, and broken for sending after a cut send.

    What it raises is what the stream raises.
    """

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.connection_id = next_connection_id()
        self.remote_address = None
        self._stream = stream
        self._budget = checkpoint_budget()
        self._cut_send = False
        self._sender = Exclusive("sending to this stream")

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        return bytes(await self._stream.receive_some(max_bytes))

    async def send_all(self, data: Buffer) -> None:
        await self.send_vectored((data,))

    async def send_vectored(self, buffers: Iterable[Buffer]) -> None:
        with self._sender:
            self._check_not_cut()
            pieces = list(joined(buffers))
            if not pieces:
                await self._checkpoint()
                return
            await trio.lowlevel.checkpoint_if_cancelled()
            try:
                for data in pieces:
                    await self._stream.send_all(data)
            except BaseException:
                self._cut_send = True  # perhaps: trio's streams do not tell how much they sent
                raise

    async def send_eof(self) -> None:
        assert isinstance(self._stream, trio.abc.HalfCloseableStream)
        with self._sender:
            self._check_not_cut()
            await self._stream.send_eof()

    async def aclose(self) -> None:
        if self._cut_send:
            await trio.aclose_forcefully(self._stream)
        else:
            await self._stream.aclose()

    async def _checkpoint(self) -> None:
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._budget.spend():
            await self._budget.refill()

    def _check_not_cut(self) -> None:
        if self._cut_send:
            raise ConnectionBroken("an earlier send was cut half-way", operation="send")

    def _failed(self, error: _E) -> _E:
        return error
