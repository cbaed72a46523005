"""Many connections, each of which asks again as soon as it has its answer, as cheaply as can be."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Final, Protocol

from ._poll import READABLE, make_poll

if TYPE_CHECKING:
    from collections.abc import Iterable

STALL_SECONDS: Final = 10.0
"""How long an answer may take before the server counts as dead."""
RECEIVE_BYTES: Final = 262_144


class TrafficFailed(Exception):
    """The server did not answer as it should, and what it did instead."""


class Line(Protocol):
    """One connection."""

    @property
    def sock(self) -> socket.socket:
        """Which is waited for."""
        ...

    def send_next(self) -> object:
        """Ask."""

    def completes_turn(self) -> bool:
        """Receive; return whether all of the answer is there now.

        :raises TrafficFailed: it is wrong.
        """
        ...


class Rounds:
    """Has connections ask, one round behind the other."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._poll = make_poll()
        self._lines: dict[int, Line] = {}
        for line in lines:
            self._lines[line.sock.fileno()] = line
            self._poll.register(line.sock.fileno(), READABLE)

    def run(self, seconds: float) -> tuple[int, float]:
        """Send and receive until the time is up and all answers are there.

        :returns: how many turns, and in how many seconds.
        :raises TrafficFailed: an answer is wrong, or does not come.
        """
        clock, poll, lines = time.perf_counter, self._poll.poll, self._lines
        began = clock()
        deadline = began + seconds
        for line in lines.values():
            line.send_next()
        under_way, turns = len(lines), 0
        while under_way:
            ready = poll(STALL_SECONDS)
            if not ready:
                raise TrafficFailed(f"no answer for {STALL_SECONDS:.0f} s")
            goes_on = clock() < deadline
            for descriptor, _ in ready:
                line = lines[descriptor]
                if line.completes_turn():
                    turns += 1
                    if goes_on:
                        line.send_next()
                    else:
                        under_way -= 1
        return turns, clock() - began

    def close(self) -> None:
        """Close all connections."""
        self._poll.close()
        for line in self._lines.values():
            line.sock.close()


def connect(port: int) -> socket.socket:
    """Connect to a server on this machine."""
    sock = socket.create_connection(("127.0.0.1", port), STALL_SECONDS)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock
