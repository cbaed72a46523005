"""The hub: one task waits for many sockets, and wakes the tasks that wait for them in batches."""

from __future__ import annotations

import contextlib
import select
import sys
from enum import Enum
from socket import AF_INET, AF_INET6
from typing import TYPE_CHECKING, Final, Protocol, cast

import attrs
import trio

from trio_helianthus.core import WOKEN, Parking
from trio_helianthus.errors import ResourceClosed

from ._peer_state import PeerState
from ._readiness import Readiness

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable

EVENTS_AT_A_TIME: Final = 256
"""How many sockets one wake-up of the hub tells about; the others come with the next."""
SMALLEST_BATCH: Final = 1.5
"""How many sockets a wake-up has to tell about, on average, to be worth its own cost."""
SMALLEST_CROWD: Final = 3
"""How many different sockets have to be among the watched waits for the hub to be tried."""
WAITS_WATCHED: Final = 64
"""How many waits are watched before the hub is tried; doubles whenever it was not worth it."""
MAX_WAITS_WATCHED: Final = 4096
LOOK_AGAIN: Final = 4
"""How many sockets a look has to find for the next look to come without being woken."""
WAKES_WATCHED: Final = 32
"""How many wake-ups are watched before the hub is given up."""


class HubMode(Enum):
    """When sockets are waited for in the hub."""

    ADAPTIVE = "adaptive"
    """While several of them become readable at a time, which is when it is cheaper."""
    ALWAYS = "always"
    NEVER = "never"


@attrs.frozen
class HubStatistics:
    """What the hub of a run does.

    :param batching: whether sockets are waited for in the hub now.
    :param registered: how many sockets it watches.
    :param wakes: how often it was woken, counted in steps of ``WAKES_WATCHED``.
    :param events: how many sockets were ready then, all in all.
    """

    batching: bool
    registered: int
    wakes: int
    events: int


DEFAULT_MODE = HubMode.ADAPTIVE
"""How the hub of each new run begins."""


class Hub:
    """Waits for the sockets of one trio run, in an epoll of its own inside of trio's.

    A wait for one socket costs trio three system calls and some work; where many become readable
    at a time, the hub pays that once for all of them: each socket is registered once, for edges
    (epoll(7)), and the tasks that wait for one just park. Where only few are ready at a time the
    hub's own wake-up would come on top, so it measures, and leaves them to trio then.
    """

    def __init__(self) -> None:
        self.batching = DEFAULT_MODE is HubMode.ALWAYS and _HAS_EPOLL
        """Whether to wait in the hub."""
        self.window: object = object()
        """Changes with each new set of watched waits."""
        self.distinct = 0
        """How many different sockets are among the watched waits."""
        self.waits_left = WAITS_WATCHED
        """How many waits are still to be watched."""
        self._mode = DEFAULT_MODE
        self._waits_watched = WAITS_WATCHED
        self._entries: dict[int, HubReadiness] = {}
        self._scope: trio.CancelScope | None = None  # of the waiting task, while there is one
        self._epoll: _Epoll | None = None
        self._wakes = 0
        self._events = 0

    @property
    def mode(self) -> HubMode:
        """When sockets are waited for here; changing it concerns the waits to come."""
        return self._mode

    @mode.setter
    def mode(self, mode: HubMode) -> None:
        self._mode = mode
        self._set_batching(mode is HubMode.ALWAYS and _HAS_EPOLL)
        self._watch_waits(WAITS_WATCHED)

    def statistics(self) -> HubStatistics:
        """Return what the hub does."""
        return HubStatistics(
            batching=self.batching,
            registered=len(self._entries),
            wakes=self._wakes,
            events=self._events,
        )

    def register(self, number: int, entry: HubReadiness) -> bool:
        """Watch a socket from now on; what is there already counts as an edge.

        :returns: whether the system lets us; it has a limit on what may be watched (epoll(7)).
        """
        try:
            epoll = self._epoll or self._start()
            epoll.register(number, _WATCHED)
        except OSError:  # which may pass, as a lack of file descriptors does
            self._set_batching(False)
            self._watch_waits(MAX_WAITS_WATCHED)
            if not self._entries:
                self._stop()
            return False
        self._entries[number] = entry
        return True

    def unregister(self, number: int, entry: HubReadiness) -> None:
        """Watch a socket no more."""
        if self._epoll is None or self._entries.get(number) is not entry:
            return
        del self._entries[number]
        with contextlib.suppress(OSError):  # somebody has closed the socket behind our back
            self._epoll.unregister(number)
        if not self._entries:
            self._stop()

    def watches(self, number: int, entry: HubReadiness) -> bool:
        """Tell whether a socket is among those that are watched."""
        return self._entries.get(number) is entry

    def end_window(self) -> None:
        """Judge by the watched waits whether to wait in the hub from now on."""
        if self._mode is HubMode.ADAPTIVE and _HAS_EPOLL and self.distinct >= SMALLEST_CROWD:
            self._set_batching(True)
        self._watch_waits(self._waits_watched)

    def _set_batching(self, batching: bool) -> None:
        self.batching = batching
        for entry in self._entries.values():
            entry.place = entry.parking if batching else None

    def _watch_waits(self, number: int) -> None:
        self._waits_watched = self.waits_left = number
        self.distinct = 0
        self.window = object()

    def _start(self) -> _Epoll:
        epoll, scope = _open_epoll(), trio.CancelScope()
        trio.lowlevel.spawn_system_task(self._wait_for_all, epoll, scope, name="net's hub")
        self._epoll, self._scope = epoll, scope
        return epoll

    def _stop(self) -> None:
        if self._scope is not None:
            self._scope.cancel(reason="the hub has no sockets left")
        self._epoll = self._scope = None
        if self._mode is HubMode.ADAPTIVE:  # else each of a row of connections would start it anew
            self._set_batching(False)

    async def _wait_for_all(self, epoll: _Epoll, scope: trio.CancelScope) -> None:
        with epoll:
            try:
                with scope:
                    await self._wake_the_ready(epoll)
            finally:
                if epoll is self._epoll:
                    self._give_up()

    async def _wake_the_ready(self, epoll: _Epoll) -> None:
        entries, reschedule = self._entries, trio.lowlevel.reschedule
        wakes = events_seen = last = 0
        while True:
            # Where many come at a time, more have come in the meantime, and to look is cheaper.
            if last < LOOK_AGAIN:
                await trio.lowlevel.wait_readable(epoll.fileno())
            else:
                await trio.lowlevel.checkpoint()
            events = epoll.poll(0, EVENTS_AT_A_TIME)
            last = len(events)
            for number, event in events:
                entry = entries.get(number)
                if entry is None:  # closed behind our back, while a copy of it lives on
                    continue
                entry.readable = True
                if event & _INSISTENT:
                    entry.insists = True
                    if event & _LEAVING:
                        entry.note_leaving(event)
                parking = entry.parking
                if (task := parking.task) is not None:  # parking.wake(), without the call
                    parking.task = None
                    reschedule(task, WOKEN)
            wakes += 1
            events_seen += last
            if wakes == WAKES_WATCHED:
                self._judge(wakes, events_seen)
                wakes = events_seen = 0

    def _give_up(self) -> None:
        """Leave all waiting to trio: the run is ending, and the hub ends before other tasks."""
        self.mode = HubMode.NEVER
        self._epoll = self._scope = None
        for entry in self._entries.values():
            entry.parking.wake()
        self._entries.clear()

    def _judge(self, wakes: int, events: int) -> None:
        self._wakes += wakes
        self._events += events
        if not self.batching or self._mode is not HubMode.ADAPTIVE:
            return
        if events < wakes * SMALLEST_BATCH:
            self._set_batching(False)
            self._watch_waits(min(self._waits_watched * 2, MAX_WAITS_WATCHED))
        else:
            self._waits_watched = WAITS_WATCHED


class HubReadiness(Readiness):
    """Waits in the hub, or in the plain form while that is cheaper."""

    __slots__ = ("_hub", "_window", "parking")

    def __init__(self, socket: socket.socket, hub: Hub) -> None:
        super().__init__(socket)
        self.parking: Final = Parking()
        """Where the task is that waits in the hub."""
        self._hub = hub
        self._window: object = None

    @property
    def watches_peer(self) -> bool:
        """Whether :attr:`peer` changes by itself: while the hub watches the socket."""
        return self._hub.watches(self._number, self)

    def note_leaving(self, event: int) -> None:
        """Take note that the peer has ended its side, or that the connection has failed."""
        peer = PeerState.GONE if event & _FAILED else PeerState.ENDED
        if peer > self.peer:
            self.peer = peer
            if self.peer_watcher is not None:
                self.peer_watcher(peer)

    @trio.lowlevel.enable_ki_protection  # what is watched is always among the entries
    def wait_readable(self) -> Awaitable[None]:
        """Wait until there may be something to receive, an end or an error included.

        :raises trio.ClosedResourceError: it was closed meanwhile.
        """
        hub = self._hub
        if hub.batching and hub.register(self._number, self):
            self.place = self.parking
            return self.parking
        self._hub.unregister(self._number, self)
        if self._window is not hub.window:
            self._window = hub.window
            hub.distinct += 1
        hub.waits_left -= 1
        if hub.waits_left <= 0:
            hub.end_window()
        return super().wait_readable()

    @trio.lowlevel.enable_ki_protection
    def close(self) -> None:
        """End all waiting, with :exc:`trio.ClosedResourceError`."""
        self._hub.unregister(self._number, self)
        self.place = self.peer_watcher = None
        self.parking.fail(ResourceClosed("the socket was closed while it was waited for"))
        self.parking.clear()
        super().close()


def readiness_of(socket: socket.socket) -> Readiness:
    """Return what waits for a non-blocking socket in the current trio run."""
    # Not for unix sockets: a file descriptor in their bytes cuts a receive, and no edge tells.
    if _HAS_EPOLL and socket.family in _HUB_FAMILIES:
        return HubReadiness(socket, current_hub())
    return Readiness(socket)


def current_hub() -> Hub:
    """Return the hub of the current trio run."""
    try:
        return _run_hub.get()
    except LookupError:
        hub = Hub()
        _run_hub.set(hub)
        return hub


_run_hub: Final = trio.lowlevel.RunVar["Hub"]("hub")
_HUB_FAMILIES: Final = (AF_INET, AF_INET6)


class _Epoll(Protocol):
    """What the hub uses of :class:`select.epoll`, which not every platform has."""

    def __enter__(self) -> object: ...

    def __exit__(self, *args: object) -> None: ...

    def fileno(self) -> int: ...

    def register(self, number: int, events: int, /) -> None: ...

    def unregister(self, number: int, /) -> None: ...

    def poll(self, timeout: float, at_most: int, /) -> list[tuple[int, int]]: ...


_HAS_EPOLL: Final = sys.platform == "linux"
if sys.platform == "linux":
    _WATCHED: Final = select.EPOLLIN | select.EPOLLPRI | select.EPOLLRDHUP | select.EPOLLET
    # Urgent data cuts what a receive returns (tcp(7)), so that a short one proves nothing; after
    # an end or an error no other edge may come.
    _FAILED: Final = select.EPOLLHUP | select.EPOLLERR
    _LEAVING: Final = select.EPOLLRDHUP | _FAILED
    _INSISTENT: Final = select.EPOLLPRI | _LEAVING

    def _open_epoll() -> _Epoll:
        return cast("_Epoll", select.epoll())  # typeshed has its arguments by name

else:  # pragma: no cover - never asked for
    _WATCHED: Final = 0
    _FAILED: Final = 0
    _LEAVING: Final = 0
    _INSISTENT: Final = 0

    def _open_epoll() -> _Epoll:
        raise NotImplementedError("this platform has no epoll")
