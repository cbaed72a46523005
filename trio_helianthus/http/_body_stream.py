"""What the bodies of requests and of answers have in common: pieces, read by one task at a time."""

from __future__ import annotations

from abc import abstractmethod
from typing import Final

import trio

from trio_helianthus.core import checkpoint_budget
from trio_helianthus.errors import ResourceBusy, ResourceClosed

__all__ = ["BodyStream", "check_max_bytes"]


class BodyStream(trio.abc.ReceiveStream):
    """A body that comes in pieces and is read in portions.

    A piece that is larger than was asked for stays here in part. Cancellation loses nothing, as
    long as it loses nothing in :meth:`_next_piece`.

    :param name: for errors: ``"the request's body"``.
    """

    def __init__(self, name: str) -> None:
        self._name: Final = name
        self._rest = b""
        self._busy = False
        self._closed = False

    @abstractmethod
    async def _next_piece(self) -> bytes:
        """Wait for the next piece, ``b""`` at the end."""

    async def __anext__(self) -> bytes:
        """The next bytes, as ``receive_some`` gives them."""
        if data := bytes(await self.receive_some()):
            return data
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Stop reading; what is left of the body is given up."""
        self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """As :meth:`aclose`, without a checkpoint."""
        self._closed = True
        self._rest = b""

    async def _read(self, max_bytes: int | None) -> bytes:
        if self._closed:
            raise ResourceClosed(f"{self._name} is closed")
        if self._busy:
            raise ResourceBusy(f"another task is reading {self._name}")
        await trio.lowlevel.checkpoint_if_cancelled()
        if not self._rest:
            self._busy = True
            try:
                self._rest = await self._next_piece()
            finally:
                self._busy = False
        budget = checkpoint_budget()
        if budget.spend():
            await budget.refill()
        size = len(self._rest) if max_bytes is None else max_bytes
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def check_max_bytes(max_bytes: int | None) -> None:
    """Refuse a number of bytes that could not tell the end from waiting.

    :raises ValueError: it is below 1.
    """
    if max_bytes is not None and max_bytes < 1:
        raise ValueError(f"max_bytes must be at least 1, got {max_bytes}")
