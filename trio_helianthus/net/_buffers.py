"""The buffers of a send: viewed as bytes, joined where they are small, dropped when sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Buffer: TypeAlias = "bytes | bytearray | memoryview"
WritableBuffer: TypeAlias = "bytearray | memoryview"

MAX_JOINED_BYTES: Final = 64 * 1024
"""Up to this size buffers are joined where they cannot be gathered."""


def view_bytes(buffer: Buffer) -> memoryview:
    """Return a view of a buffer's bytes, whatever the type of its items.

    :raises TypeError: it is not bytes-like, or its bytes do not lie in one piece.
    """
    view = memoryview(buffer)
    if view.format == "B" and view.ndim == 1 and view.contiguous:
        return view
    if not view.c_contiguous:
        raise TypeError("the bytes of a memoryview to send must lie in one piece: use bytes(view)")
    # An empty view of several dimensions has nothing to cast.
    return view.cast("B") if view.nbytes else memoryview(b"")


def joined(buffers: Iterable[Buffer]) -> Iterator[Buffer]:
    """Join neighbouring small buffers, and leave large ones as they are."""
    small: list[Buffer] = []
    size = 0
    for buffer in buffers:
        if small and size + len(buffer) > MAX_JOINED_BYTES:
            yield b"".join(small)
            small, size = [], 0
        if len(buffer) > MAX_JOINED_BYTES:
            yield buffer
        else:
            small.append(buffer)
            size += len(buffer)
    if small:
        yield b"".join(small)


def drop_sent(buffers: list[memoryview], sent: int) -> None:
    """Take the first ``sent`` bytes out of ``buffers``."""
    whole = 0
    while whole < len(buffers) and sent >= len(buffers[whole]):
        sent -= len(buffers[whole])
        whole += 1
    del buffers[:whole]
    if sent:
        buffers[0] = buffers[0][sent:]
