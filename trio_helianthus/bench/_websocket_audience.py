"""Connections to which messages are published: every delivery is counted, checked and timed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from ._poll import READABLE, make_poll
from ._rounds import STALL_SECONDS, TrafficFailed
from ._websocket_frames import (
    PUBLISHED_BYTES,
    PUBLISHED_FILLER,
    PUBLISHED_HEADER,
    TEXT,
    client_frame,
    server_frame,
)
from ._websocket_loads import JOIN, PUBLISH, STAMP_DIGITS
from ._websocket_traffic import MASK, answer_pings, open_connection, receive

if TYPE_CHECKING:
    import socket

_JOIN: Final = client_frame(TEXT, JOIN.encode(), MASK)
_JOINED: Final = server_frame(TEXT, JOIN.encode())
_PUBLISH: Final = client_frame(TEXT, PUBLISH.encode(), MASK)
_FILLER_AT: Final = len(PUBLISHED_HEADER) + STAMP_DIGITS
CLOG_FRAME: Final = client_frame(TEXT, b"-" * 65_536, MASK)
CLOG_BYTES: Final = 16 << 20
"""The most that a connection that never reads asks to have back."""
CLOG_SECONDS: Final = 0.5
"""A server that takes nothing for so long waits for a connection that does not read."""
SHORT_STALL_SECONDS: Final = 3.0
"""How long a delivery may take while one connection does not read."""


class Stalled(TrafficFailed):
    """One connection does not read, and the others get nothing."""


class Audience:
    """All connections that have joined, and one that publishes.

    :param port: on 127.0.0.1.
    :param connections: how many have joined.
    :param under_way: how many messages at a time.
    """

    def __init__(self, port: int, connections: int, under_way: int) -> None:
        self._port = port
        self._under_way = under_way
        self._never_reads: socket.socket | None = None
        self._publisher = open_connection(port)
        self._poll = make_poll()
        self._lines: dict[int, _Line] = {}
        for _ in range(connections):
            line = _Line(_join(port))
            self._lines[line.sock.fileno()] = line
            self._poll.register(line.sock.fileno(), READABLE)

    def add_one_that_never_reads(self) -> None:
        """Let one more join, and ask for so much that the way to it is full."""
        self._never_reads = _join(self._port)
        _clog(self._never_reads)

    def run(self, seconds: float) -> tuple[list[int], float]:
        """Publish until the time is up and all deliveries are there.

        :returns: how many nanoseconds each took since its message was made, and in how many
            seconds all of them came.
        :raises TrafficFailed: a delivery is wrong, or does not come.
        """
        clock, poll, lines = time.perf_counter, self._poll.poll, self._lines
        patience = STALL_SECONDS if self._never_reads is None else SHORT_STALL_SECONDS
        latencies: list[int] = []
        began = clock()
        deadline = began + seconds
        published = 0
        while True:
            complete = len(latencies) // len(lines)
            while published - complete < self._under_way and (not published or clock() < deadline):
                self._publisher.sendall(_PUBLISH)
                published += 1
            if len(latencies) >= published * len(lines):
                break
            ready = poll(patience)
            if not ready:
                what = f"no delivery for {patience:.0f} s"
                if self._never_reads is not None:
                    raise Stalled(f"stalled: {what} while one connection does not read")
                raise TrafficFailed(what)
            for descriptor, _ in ready:
                lines[descriptor].receive(latencies)
        for line in lines.values():
            line.check(published)
        return latencies, clock() - began

    def close(self) -> None:
        """Close all connections."""
        self._poll.close()
        self._publisher.close()
        if self._never_reads is not None:
            self._never_reads.close()
        for line in self._lines.values():
            line.sock.close()


class _Line:
    """One connection."""

    __slots__ = ("_count", "_rest", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._rest = b""
        self._count = 0

    def receive(self, latencies: list[int]) -> None:
        """Receive, and add how long each delivery took."""
        data = receive(self.sock)
        now = time.perf_counter_ns()
        if self._rest:
            data = self._rest + data
        begin = 0
        while len(data) - begin >= PUBLISHED_BYTES:
            end = begin + PUBLISHED_BYTES
            filler = begin + _FILLER_AT
            if not data.startswith(PUBLISHED_HEADER, begin) or data[filler:end] != PUBLISHED_FILLER:
                data, begin = self._without_pings(data[begin:]), 0
                continue
            latencies.append(now - int(data[begin + len(PUBLISHED_HEADER) : filler]))
            self._count += 1
            begin = end
        rest = data[begin:]
        self._rest = answer_pings(self.sock, rest) if rest else rest

    def _without_pings(self, data: bytes) -> bytes:
        rest = answer_pings(self.sock, data)
        if len(rest) == len(data):
            raise TrafficFailed(f"the server sent {data[:100]!r}")
        return rest

    def check(self, published: int) -> None:
        """Complain unless exactly so many deliveries have come since the last time."""
        if self._count != published:
            raise TrafficFailed(f"{self._count} of {published} messages came on a connection")
        self._count = 0


def _join(port: int) -> socket.socket:
    sock = open_connection(port)
    sock.sendall(_JOIN)
    if (answer := receive(sock)) != _JOINED:
        raise TrafficFailed(f"the server sent {answer[:100]!r} where one has joined")
    return sock


def _clog(sock: socket.socket) -> None:
    """Ask for messages back, and read none, until the server waits or has taken many."""
    sock.settimeout(CLOG_SECONDS)
    try:
        for _ in range(CLOG_BYTES // len(CLOG_FRAME)):
            sock.sendall(CLOG_FRAME)
    except TimeoutError:
        pass
