"""Bodies that come piece by piece: each piece checked, the iterable closed in any case."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from trio_helianthus.net import Buffer

__all__ = ["bytes_of", "close_source", "closing"]


def bytes_of(piece: Buffer) -> bytes:
    """The bytes of one piece.

    :raises TypeError: it is none; ``bytes(3)`` would be three zeros.
    """
    if not isinstance(piece, bytes | bytearray | memoryview):
        raise TypeError(f"a piece of a body is bytes, not {type(piece).__name__}")
    return bytes(piece)


def closing(body: Any) -> AbstractAsyncContextManager[Any]:
    """Close on leaving what a body is made of, if it is an iterable that can be closed.

    Not shielded: the iterable belongs to the user, who knows what must not be interrupted.
    """
    return _Closing(body) if hasattr(body, "aclose") else nullcontext()


async def close_source(source: object) -> None:
    """Close an iterable, if it can be closed.

    A generator that waits inside of a nursery is told to end by an exception that comes back in a
    group. Nobody has done anything wrong then: else a client that leaves could end a server.
    """
    close = getattr(source, "aclose", None)
    if close is None:
        return
    try:
        await close()
    except BaseExceptionGroup as group:
        _, others = group.split(GeneratorExit)
        if others is not None:
            raise others from None


class _Closing(AbstractAsyncContextManager[Any]):
    def __init__(self, body: Any) -> None:
        self._body = body

    async def __aenter__(self) -> Any:
        return self._body

    async def __aexit__(self, *_: object) -> None:
        await close_source(self._body)  # noqa: ASYNC102 - the body shields what it must
