"""What a send queue sends at once: as many of its messages as the load asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections import deque

MAX_BATCH_BYTES: Final = 64 * 1024
"""How much one send of a queue takes at most; a longer message goes alone."""
MAX_BATCH_MESSAGES: Final = 512
"""How many messages one send of a queue takes at most."""
MIN_BATCH_BYTES: Final = 8 * 1024
"""Where the size of the batches begins, and whereto it returns when there is little to send."""
GATHER_BYTES: Final = 4 * 1024
"""From this average length on, messages are gathered; copying shorter ones into one costs less."""


class BatchSize:
    """How many bytes the next batch takes: doubled under load, halved when there is little.

    What is in a batch cannot be dropped any more, and nobody gets its room before all of it is
    sent. So a batch is no larger than it has to be for the queue not to grow.

    :param most: the size is never more than this.
    """

    def __init__(self, most: int) -> None:
        self._least = min(MIN_BATCH_BYTES, most)
        self._most = most
        self.bytes = self._least

    def adapt(self, *, taken: int, left: int) -> None:
        """Take note of a batch.

        :param taken: bytes in the batch.
        :param left: bytes for which it had no room.
        """
        if left:
            self.bytes = min(2 * self.bytes, self._most)
        elif 4 * taken < self.bytes:
            self.bytes = max(self.bytes // 2, self._least)


def take_batch(queue: deque[bytes], queued: int, batch_size: BatchSize) -> tuple[list[bytes], int]:
    """Take the next batch out of a queue: one message at least, whatever its length.

    :param queued: bytes in the queue.
    :returns: the messages, and how many bytes they are.
    """
    if queued <= batch_size.bytes and len(queue) <= MAX_BATCH_MESSAGES:
        batch, size = list(queue), queued
        queue.clear()
    else:
        batch, size = [], 0
        while queue and len(batch) < MAX_BATCH_MESSAGES:
            if batch and size + len(queue[0]) > batch_size.bytes:
                break
            size += len(queue[0])
            batch.append(queue.popleft())
    batch_size.adapt(taken=size, left=queued - size)
    return batch, size
