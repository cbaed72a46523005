"""One load of a cache's entry, shared by all tasks of the process that want it meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import trio

from trio_helianthus.core import report_error
from trio_helianthus.errors import ResourceClosed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from trio_helianthus.core import BackgroundNursery

V = TypeVar("V")


class Flight(Generic[V]):
    """Runs a function once, in a task of its own, for all who wait for what it returns.

    Who is cancelled while it waits leaves the others alone; when nobody waits any more the function
    is cancelled.

    :param on_end: called once, when nobody is to join any more.
    """

    def __init__(self, on_end: Callable[[Flight[V]], object]) -> None:
        self._on_end = on_end
        self._scope = trio.CancelScope()
        self._ended = trio.Event()
        self._result: list[V] = []
        self._error: Exception | None = None
        self._traceback: TracebackType | None = None
        self._waiters = 0

    def start(self, nursery: BackgroundNursery, load: Callable[[], Awaitable[V]]) -> None:
        """Run it."""
        nursery.start_soon(self._run, load, name="load for a Redis cache")

    async def join(self) -> V:
        """Wait for what it returns.

        :raises ResourceClosed: the client was closed meanwhile.

        What the function raises comes out, for each who waits.
        """
        self._waiters += 1
        try:
            await self._ended.wait()
            if self._error is not None:
                raise self._error.with_traceback(self._traceback)
            if not self._result:
                raise ResourceClosed("the Redis client was closed")
            return self._result[0]
        finally:
            self._waiters -= 1
            if not self._waiters:
                # The error refers by its traceback to what refers to it.
                self._error = self._traceback = None
                self._on_end(self)
                self._scope.cancel(reason="nobody waits any more for what is loaded")

    async def _run(self, load: Callable[[], Awaitable[V]]) -> None:
        try:
            with self._scope:
                self._result.append(await load())
        except Exception as exc:  # it belongs to those who wait
            if self._waiters:
                self._error, self._traceback = exc, exc.__traceback__
            else:
                report_error(exc, where="loading for a Redis cache, while nobody waits")
        finally:
            self._on_end(self)
            self._ended.set()
