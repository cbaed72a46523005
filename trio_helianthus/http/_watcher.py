"""What finds out that a client has gone while its handler runs, where the system does not tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import trio

from trio_helianthus import core
from trio_helianthus.errors import HelianthusError, NetworkError, ResourceClosed
from trio_helianthus.net import ByteStream, PeerState

__all__ = ["Watcher"]

LOOK_SECONDS: Final = 0.1
"""How often a connection that is too full to be read is asked whether the peer has reset it."""


class Watcher:
    """Receives in a task of its own while the connection's task is busy with a handler.

    One task at a time receives: the watcher from when it is called (:meth:`call`) until something
    has come and no handler runs any more; the connection's task otherwise. What the watcher has
    received waits here, ``capacity`` bytes and the one piece that went over it.

    :param stream: the connection.
    :param capacity: bytes.
    :param tell: is told when the client has ended its side, or is gone.
    """

    def __init__(
        self, stream: ByteStream, capacity: int, tell: Callable[[PeerState], object]
    ) -> None:
        self.scope = trio.CancelScope()
        """Ends it."""
        self.receiving = False
        """Whether it is the watcher that receives; then :meth:`take` waits for it."""
        self._stream = stream
        self._capacity = capacity
        self._tell = tell
        self._wanted = False
        self._data = bytearray()  # not a list: of tiny pieces, that would cost many times more
        self._ended = False
        self._error: NetworkError | ResourceClosed | None = None
        self._called = core.Parking()
        self._arrived = core.Parking()
        self._taken = core.Parking()

    @property
    def holds_something(self) -> bool:
        """Whether :meth:`take` returns at once."""
        return bool(self._data) or self._ended or self._error is not None

    @property
    def ended(self) -> bool:
        """Whether the client has ended its side, perhaps behind bytes that are still here."""
        return self._ended

    def call(self) -> None:
        """Let it receive: a handler waits for something else."""
        self._wanted = True
        if not self.receiving and not self._ended and self._error is None:
            self.receiving = True
            self._called.wake()

    def dismiss(self) -> None:
        """Let it come to rest with what comes next: no handler runs any more."""
        self._wanted = False

    async def take(self) -> bytes:
        """Wait for what it receives; ``b""`` is the end of the stream.

        :raises NetworkError: the connection failed.
        :raises ResourceClosed: this side has closed it.
        """
        while not self.holds_something:
            await self._arrived
        if self._data:
            data = bytes(self._data)
            self._data.clear()
            self._taken.wake()
            return data
        if self._error is not None:
            raise self._error
        return b""

    async def stop(self) -> bytes:
        """End it, and return what it has received and nobody has taken."""
        self.scope.cancel(reason="the connection goes on without it")
        while self.receiving:
            await self._arrived
        return bytes(self._data)

    def close(self) -> None:
        """End it, and forget why the client is gone, if it is: that refers to this.

        A task that still takes is told that the connection has ended.
        """
        self.scope.cancel(reason="the connection has ended")
        self._error = ResourceClosed("the connection has ended")
        self._arrived.wake()

    async def run(self) -> None:
        """Watch until :attr:`scope` is cancelled or the stream ends."""
        with self.scope:
            try:
                while not self._ended:
                    while not self.receiving:
                        await self._called
                    await self._receive()
            except NetworkError as exc:
                self._error = exc.with_traceback(None)  # which refers to this
                self._tell(PeerState.GONE)
            except HelianthusError:  # closed by the connection's task
                self._ended = True
            finally:
                self.receiving = False
                self._arrived.wake()

    async def _receive(self) -> None:
        while True:
            data = await self._stream.receive_some()
            if not data:
                self._ended = True
                self._arrived.wake()
                self._tell(PeerState.ENDED)
                return
            self._data += data
            self._arrived.wake()
            while self._wanted and len(self._data) >= self._capacity:
                with trio.move_on_after(LOOK_SECONDS):
                    await self._taken
                if self._stream.is_broken():
                    self._tell(PeerState.GONE)
                    return
            # Who has just taken what was here may wait for more of it by now.
            if not self._wanted and (self.holds_something or self._arrived.task is None):
                self.receiving = False
                return
