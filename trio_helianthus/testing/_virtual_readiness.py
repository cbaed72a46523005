"""What waits for a virtual socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from trio_helianthus.errors import ResourceClosed
from trio_helianthus.net import PeerState, Readiness

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._virtual_socket import VirtualSocket


class VirtualReadiness(Readiness):
    """Waits for a virtual socket, which wakes whoever waits when something has changed."""

    __slots__ = ("_closed", "_socket")

    def __init__(self, socket: VirtualSocket) -> None:
        self._socket = socket
        self._closed = False
        self.readable = False
        self.insists = False
        self.place = None
        self.peer = PeerState.PRESENT
        self.peer_watcher = None

    async def wait_readable(self) -> None:
        """Wait until there may be something to receive, an end or an error included."""
        await self._wait(self._socket.is_readable, self._socket.readers)

    async def wait_writable(self) -> None:
        """Wait until the socket may take something to send."""
        await self._wait(self._socket.is_writable, self._socket.writers)

    def close(self) -> None:
        """End all waiting; the socket is about to be closed."""
        self._closed = True
        self._socket.readers.unpark_all()
        self._socket.writers.unpark_all()

    async def _wait(self, is_ready: Callable[[], bool], waiting: trio.lowlevel.ParkingLot) -> None:
        self._check_open()
        if is_ready():
            await trio.lowlevel.checkpoint()
        else:
            await waiting.park()
        self._check_open()

    def _check_open(self) -> None:
        if self._closed:
            raise ResourceClosed("the socket was closed while it was waited for")
