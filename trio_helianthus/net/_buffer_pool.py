"""A pool of buffers in a few sizes, for programs that receive large pieces again and again."""

from __future__ import annotations

import operator
from bisect import bisect_left
from threading import Lock
from typing import TYPE_CHECKING, Final

import attrs

from trio_helianthus.errors import ResourceFull

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from types import TracebackType

POOL_SIZES: Final = (4 * 1024, 16 * 1024, 64 * 1024, 256 * 1024, 1024 * 1024)
"""The lengths of a pool's buffers, unless told otherwise."""
MAX_KEPT_BYTES: Final = 16 * 1024 * 1024
"""How much a pool keeps for later, unless told otherwise."""
MAX_OUTSTANDING_BYTES: Final = 256 * 1024 * 1024
"""How much a pool has lent out at a time, unless told otherwise."""


@attrs.frozen
class BufferPoolStatistics:
    """What a buffer pool has done so far.

    :param hits: requests that a kept buffer served.
    :param misses: requests for which a buffer was made.
    :param outstanding: buffers that are lent out.
    :param outstanding_bytes: bytes of these, in whole buffers.
    :param highest_outstanding_bytes: the most that these ever were.
    :param kept: buffers that wait for their next use.
    :param kept_bytes: bytes of these.
    :param discarded: buffers that came back while somebody still looked at them.
    """

    hits: int
    misses: int
    outstanding: int
    outstanding_bytes: int
    highest_outstanding_bytes: int
    kept: int
    kept_bytes: int
    discarded: int


class BufferPool:
    """Lends buffers, and keeps those that come back for the next who asks.

    A request gets a buffer of the smallest size that fits, of which it sees as many bytes as it
    asked for. One beyond the largest size gets a buffer of its own, which is not kept. The last
    buffer that came back is lent first, as it may still be in the processor's cache.

    Whether a pool is worth it: see :doc:`/explanation/memory`. All methods may be called from any
    thread, and none waits for anything.

    :param sizes: the lengths of the buffers, in bytes.
    :param max_kept_bytes: what comes back beyond this is left to the garbage collection.
    :param max_outstanding_bytes: when so much is lent out, requests raise :exc:`ResourceFull`.
    :param zero: overwrite with zeros what comes back. Otherwise the next who gets the buffer sees
        what the last one wrote.
    """

    def __init__(
        self,
        *,
        sizes: Iterable[int] = POOL_SIZES,
        max_kept_bytes: int = MAX_KEPT_BYTES,
        max_outstanding_bytes: int = MAX_OUTSTANDING_BYTES,
        zero: bool = False,
    ) -> None:
        self._sizes = sorted(set(sizes))
        if not self._sizes or self._sizes[0] < 1:
            raise ValueError(f"sizes must be one or more lengths of at least 1, not {sizes!r}")
        if max_kept_bytes < 0 or max_outstanding_bytes < 1:
            raise ValueError("a pool must be able to lend at least 1 byte, and to keep 0")
        self._max_kept_bytes = max_kept_bytes
        self._max_outstanding_bytes = max_outstanding_bytes
        self._zero = zero
        self._lock = Lock()
        self._kept: dict[int, list[bytearray]] = {size: [] for size in self._sizes}
        # By identity: what is in here cannot be collected, so no other view has its id.
        self._lent: dict[int, tuple[memoryview, bytearray]] = {}
        self._kept_bytes = self._outstanding_bytes = self._highest_outstanding_bytes = 0
        self._hits = self._misses = self._discarded = 0

    def lease(self, size: int) -> AbstractContextManager[memoryview]:
        """Lend a buffer for the length of a ``with`` block; see :meth:`acquire`.

        :param size: how many bytes the view is to have.
        :raises ResourceFull: on entering: ``max_outstanding_bytes`` are lent out.

        The block may release the view itself; then nothing is left to do at its end.
        """
        return _Lease(self, size)

    def acquire(self, size: int) -> memoryview:
        """Lend a buffer, until :meth:`release`.

        :param size: how many bytes the view is to have.
        :returns: a writable view. Its bytes may be anything.
        :raises ResourceFull: ``max_outstanding_bytes`` are lent out.
        """
        if operator.index(size) < 1:
            raise ValueError(f"size must be at least 1, not {size}")
        index = bisect_left(self._sizes, size)
        capacity = self._sizes[index] if index < len(self._sizes) else size
        with self._lock:
            if self._outstanding_bytes + capacity > self._max_outstanding_bytes:
                raise ResourceFull(
                    f"no room for {capacity} bytes: {self._outstanding_bytes} are lent out",
                    limit_name="max_outstanding_bytes",
                    limit=self._max_outstanding_bytes,
                )
            outstanding = self._outstanding_bytes = self._outstanding_bytes + capacity
            self._highest_outstanding_bytes = max(self._highest_outstanding_bytes, outstanding)
            if kept := self._kept.get(capacity):
                self._hits += 1
                self._kept_bytes -= capacity
                buffer = kept.pop()
            else:
                self._misses += 1
                buffer = self._make(capacity)
            view = memoryview(buffer)[:size]
            self._lent[id(view)] = view, buffer
        return view

    def release(self, view: memoryview) -> None:
        """Take a view back that :meth:`acquire` has lent. It cannot be used any more.

        A buffer that somebody still looks at, such as a slice of the view, is not kept: it stays
        theirs, and nobody else gets it.

        :raises ValueError: the view is not lent out by this pool: it was released before, or is a
            slice of what the pool lent.
        """
        with self._lock:
            if id(view) not in self._lent:
                raise ValueError("this pool has not lent this view, or has it back already")
            _, buffer = self._lent.pop(id(view))
            capacity = len(buffer)
            if self._zero:
                buffer[:] = bytes(capacity)
            free = _released(view) and _is_free(buffer)
            self._outstanding_bytes -= capacity
            if not free:
                self._discarded += 1
            elif capacity in self._kept and self._kept_bytes + capacity <= self._max_kept_bytes:
                self._kept[capacity].append(buffer)
                self._kept_bytes += capacity

    def clear(self) -> None:
        """Let go of the buffers that are kept; those that are lent out come back as usual."""
        with self._lock:
            for kept in self._kept.values():
                kept.clear()
            self._kept_bytes = 0

    def statistics(self) -> BufferPoolStatistics:
        """Return what the pool has done so far."""
        with self._lock:
            return BufferPoolStatistics(
                hits=self._hits,
                misses=self._misses,
                outstanding=len(self._lent),
                outstanding_bytes=self._outstanding_bytes,
                highest_outstanding_bytes=self._highest_outstanding_bytes,
                kept=sum(map(len, self._kept.values())),
                kept_bytes=self._kept_bytes,
                discarded=self._discarded,
            )

    def _make(self, capacity: int) -> bytearray:
        try:
            buffer = bytearray(capacity + 1)
        except BaseException:  # MemoryError: nothing was lent
            self._outstanding_bytes -= capacity
            raise
        del buffer[-1]  # leaves a byte to spare, so that _is_free moves nothing
        return buffer


class _Lease:
    """The length of a ``with`` block; see :meth:`BufferPool.lease`."""

    __slots__ = ("_pool", "_size", "_view")

    def __init__(self, pool: BufferPool, size: int) -> None:
        self._pool = pool
        self._size = size

    def __enter__(self) -> memoryview:
        self._view = self._pool.acquire(self._size)
        return self._view

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if id(self._view) in self._pool._lent:
            self._pool.release(self._view)
        del self._view


def _released(view: memoryview) -> bool:
    """Release a view; return whether it was possible: nothing else uses it."""
    try:
        view.release()
    except BufferError:
        return False
    return True


def _is_free(buffer: bytearray) -> bool:
    """Tell whether nobody looks at a buffer: only then can its length be changed."""
    try:
        buffer.append(0)
    except BufferError:
        return False
    del buffer[-1]
    return True
