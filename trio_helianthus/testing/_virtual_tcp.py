"""The state of a virtual TCP connection, and what each side is told: as Linux does it."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

from ._virtual_flow import Flow, Mark

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

    from ._virtual_flow import Item
    from ._virtual_host import VirtualHost
    from ._virtual_link import Path
    from ._virtual_time import Timetable


class Side:
    """One side of a connection (RFC 9293, with the errors that Linux makes of it).

    What came is received before an error is told; an error is told once, to whoever asks first,
    and is an end to those who receive later. After the peer's end a reset breaks only sending.

    :param changed: is called when there may be something new to receive, or room to send.
    """

    def __init__(self, changed: Callable[[], object]) -> None:
        self.received = bytearray()
        self.error = 0
        """What went wrong and nobody was told yet."""
        self.closed: bool = False
        """Whether its owner has closed it; the connection may live on for a while."""
        self.outgoing: Flow
        self.peer: Side
        self._changed = changed
        self._dead = False
        self._end_received = False
        self._end_sent = False
        self._stopped_reading = False

    @property
    def readable(self) -> bool:
        """Whether a receive would return or raise at once."""
        return bool(
            self.received or self._end_received or self._dead or self.error or self._stopped_reading
        )

    @property
    def writable(self) -> bool:
        """Whether a send would take something or raise at once."""
        if self._dead or self.error or self._end_sent:
            return True
        # Not for each free byte: small pieces would come of it. A third is what Linux waits for.
        return self._room() * 3 >= self.outgoing.path.link.buffer_bytes

    def receive(self, max_bytes: int, *, peek: bool = False) -> bytes:
        """Take what has arrived; ``b""`` at the end."""
        if self.received:
            data = bytes(self.received[:max_bytes])
            if not peek:
                del self.received[:max_bytes]
                self.peer.wake()
            return data
        if self._end_received:
            return b""
        if self.error:
            raise self.take_error()
        if self._dead or self._stopped_reading:
            return b""
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    def send(self, buffers: Iterable[bytes | bytearray | memoryview]) -> int:
        """Take as much of the buffers as there is room for."""
        if self.error:
            raise self.take_error()
        if self._dead or self._end_sent:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        room = self._room()
        if room <= 0:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        taken = bytearray()
        for buffer in buffers:
            taken += memoryview(buffer)[: room - len(taken)]
        if self.outgoing.loses_connection():
            self.lose()
        elif taken:
            self.outgoing.put(bytes(taken))
        return len(taken)

    def end(self) -> None:
        """End this side; the other goes on."""
        if self._dead:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        if not self._end_sent:
            self._end_sent = True
            self.outgoing.put(Mark.END)

    def stop_reading(self) -> None:
        """Receive no more: all that comes is an end."""
        self._stopped_reading = True
        self.wake()

    def close(self, *, reset: bool = False) -> None:
        """Close it; what was sent still arrives.

        With bytes that nobody received it is a reset (RFC 1122, 4.2.2.13).
        """
        if self.closed:
            return
        self.closed = True
        if self._dead:
            return
        if reset or self.received:
            self.received.clear()
            self._dead = True
            self.outgoing.put(Mark.RESET)
        else:
            self.end()

    def lose(self) -> None:
        """Let the network reset both sides, whatever is on the way."""
        for side in (self, self.peer):
            side.outgoing.clear()
        for side in (self, self.peer):
            side._was_reset()

    def arrive(self, item: Item) -> None:
        """Take what the peer has sent."""
        if item is Mark.RESET:
            self._was_reset()
        elif self._dead or (self.closed and item is not Mark.END):
            self._dead = True
            self.outgoing.put(Mark.RESET)
        elif item is Mark.END:
            self._end_received = True
            self.wake()
        else:
            self.received += item
            self.wake()

    def give_up(self) -> None:
        """Stop sending again what nobody acknowledges."""
        self._die(errno.ETIMEDOUT)

    def take_error(self) -> OSError:
        """Return the error that was not told yet; it is told now."""
        number, self.error = self.error, 0
        return OSError(number, os.strerror(number))

    def wake(self) -> None:
        """Let whoever waits look again."""
        self._changed()

    def _room(self) -> int:
        used = self.outgoing.bytes_on_the_way + len(self.peer.received)
        return self.outgoing.path.link.buffer_bytes - used

    def _was_reset(self) -> None:
        if self._end_received and self._end_sent:
            self._die(0)  # it was over
        else:
            self._die(errno.EPIPE if self._end_received else errno.ECONNRESET)

    def _die(self, error: int) -> None:
        if not self._dead:
            self._dead = True
            self.error = error
            self.outgoing.clear()
            self.wake()


class Connection:
    """Two sides, and a flow each way.

    :param rngs: one for each direction, so that no direction's fate depends on another.
    """

    def __init__(
        self,
        path: Path,
        timetable: Timetable,
        rngs: tuple[random.Random, random.Random],
        sides: tuple[Side, Side],
        hosts: tuple[VirtualHost, VirtualHost],
    ) -> None:
        self.path: Final = path
        self.hosts: Final = hosts
        self.sides: Final = sides
        for side, peer, rng in zip(sides, reversed(sides), rngs, strict=True):
            side.peer = peer
            side.outgoing = Flow(path, timetable, rng, arrived=peer.arrive, gave_up=side.give_up)

    @property
    def over(self) -> bool:
        """Whether both sides were closed by their owners."""
        return all(side.closed for side in self.sides)

    def lose(self) -> None:
        """Let the network reset both sides."""
        self.sides[0].lose()

    def heal(self) -> None:
        """Send again what did not get through."""
        for side in self.sides:
            side.outgoing.heal()
