"""Opening a send queue: its writer in the background, and what is left sent on leaving."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

from trio_helianthus.core import open_background_nursery
from trio_helianthus.errors import NetworkError, ResourceClosed

from ._send_batch import MAX_BATCH_BYTES
from ._send_policy import FLUSH_SECONDS, HIGH_WATER, LOW_WATER, WhenFull
from ._send_queue import SendQueue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ._stream import ByteStream


@asynccontextmanager
async def open_send_queue(
    stream: ByteStream,
    *,
    high_water: int = HIGH_WATER,
    low_water: int = LOW_WATER,
    when_full: WhenFull = WhenFull.WAIT,
    max_batch_bytes: int = MAX_BATCH_BYTES,
    flush_timeout: float = FLUSH_SECONDS,
) -> AsyncIterator[SendQueue]:
    """Open a queue through which any number of tasks may send to one stream.

    As long as it is open, send to the stream only through the queue; receiving is not concerned.
    Leaving sends what is queued, as :meth:`SendQueue.aclose` does, and leaves the stream open.
    Cancellation cuts that short, and then the stream is reset: a part of what was to be sent
    must not pass for all of it. The body's own exception comes out as it is.

    When the connection fails, every waiting and every later operation raises. A failure that no
    operation told about comes out when the body is left.

    :param stream: any :class:`ByteStream`.
    :param high_water: with how many bytes, waiting and being sent, the queue is full.
    :param low_water: at how many bytes left those who wait for room go on.
    :param when_full: what becomes of a message for which there is no room.
    :param max_batch_bytes: how much one send takes at most; a longer message goes alone.
    :param flush_timeout: how long leaving waits for the peer to take what is left.
    :raises ValueError: a limit is out of its range, or ``low_water`` not below ``high_water``.
    """
    queue = SendQueue(
        stream,
        high_water=high_water,
        low_water=low_water,
        when_full=when_full,
        max_batch_bytes=max_batch_bytes,
        flush_timeout=flush_timeout,
    )
    async with open_background_nursery() as nursery:
        nursery.start_soon(queue._write, name=f"the writer of {queue!r}")
        try:
            yield queue
        except BaseException as exc:
            await _close_after(queue, exc)  # noqa: ASYNC102 - timed in there
            raise
        else:
            await queue.aclose()


async def _close_after(queue: SendQueue, error: BaseException) -> None:
    """Close a queue whose body has raised, so that the body's exception can come out."""
    try:
        await queue.aclose()
    except trio.Cancelled:  # noqa: ASYNC103 - the body's exception is raised instead
        pass
    except (NetworkError, ResourceClosed) as exc:
        error.add_note(f"in the background: {exc!r}")
