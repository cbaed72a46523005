"""What the demonstration's handlers have done, and the events that tell browsers of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import attrs
import trio

from trio_helianthus import http

if TYPE_CHECKING:
    from collections.abc import Callable

BACKLOG: Final = 16
"""How many events wait for a browser; what it is too slow for is left out, and soon out of date."""

MAX_STOPS: Final = 16
"""How many stopped calls wait for who wants to know; later ones are only counted."""


@attrs.frozen
class Stop:
    """A slow call that was cancelled."""

    name: str
    """What its client calls it."""
    began: float
    """When its handler began, on trio's clock."""
    at: float
    """When its handler stopped, on trio's clock."""
    told: float
    """The seconds that its client would wait, as the handler was told when it began."""


class Board:
    """Counts slow calls, and tells its followers of each that stopped.

    :param announce: whether to tell the terminal, too.
    """

    def __init__(self, *, announce: bool = False) -> None:
        self._announce = announce
        self.statistics: Callable[[], http.ServerStatistics] | None = None
        """What the server counts, where it is known."""
        self.brief_started: Final = trio.Semaphore(0)
        """Released by each call of the brief handler."""
        self.running = 0
        self.finished = 0
        self.cancelled = 0
        self.last_follower_left_at = 0.0
        """On trio's clock."""
        self._stop_in, self.stops = trio.open_memory_channel[Stop](MAX_STOPS)
        self._followers: dict[trio.MemorySendChannel[http.ServerSentEvent], None] = {}
        self._is_closed = False
        self._nobody_follows = trio.Event()

    @contextmanager
    def slow_call(self, name: str, deadline: float) -> Iterator[None]:
        """Count a slow call while the body runs, and how it ends."""
        began = trio.current_time()
        self.running += 1
        try:
            yield
        except trio.Cancelled:
            self.cancelled += 1
            self._tell(Stop(name, began, trio.current_time(), deadline - began))
            raise
        else:
            self.finished += 1
        finally:
            self.running -= 1

    async def follow(self, every: float) -> AsyncGenerator[http.ServerSentEvent, None]:
        """Events: what is counted, at once and every so many seconds; and each slow call's stop."""
        if self._is_closed:  # since this was asked for, and before it began
            return
        tell, told = trio.open_memory_channel[http.ServerSentEvent](BACKLOG)
        self._followers[tell] = None
        self._nobody_follows = trio.Event()
        due = trio.current_time()
        try:
            while True:
                event = self._count()
                with trio.move_on_at(due) as waiting:
                    event = await told.receive()
                if waiting.cancelled_caught:
                    due = trio.current_time() + every
                yield event
        except trio.EndOfChannel:
            pass
        finally:
            self._followers.pop(tell, None)
            if not self._followers:
                self.last_follower_left_at = trio.current_time()
                self._nobody_follows.set()

    async def no_followers(self) -> None:
        """Wait until the last follower has left."""
        await self._nobody_follows.wait()

    def close(self) -> None:
        """End the events, so that nobody who follows them holds up a drain."""
        self._is_closed = True
        while self._followers:
            self._followers.popitem()[0].close()

    def _count(self) -> http.ServerSentEvent:
        counted = {} if self.statistics is None else attrs.asdict(self.statistics())
        counted |= {
            "slow_running": self.running,
            "slow_cancelled": self.cancelled,
        }
        return http.ServerSentEvent.json(counted, event="statistics")

    def _tell(self, stop: Stop) -> None:
        with suppress(trio.WouldBlock):
            self._stop_in.send_nowait(stop)
        if self._announce:
            print("/slow: its client went away, so the handler was cancelled", flush=True)
        told = {"name": stop.name, "seconds": stop.at - stop.began}
        event = http.ServerSentEvent.json(told, event="stopped")
        for follower in self._followers:
            with suppress(trio.WouldBlock):
                follower.send_nowait(event)
