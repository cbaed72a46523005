"""The load: connections that send a message, wait for its echo, check it, and begin again.

It is a closed loop: a connection has one message under way, so a slow server is asked less often.
Two messages take turns on each connection, as in the alternating-bit protocol, so that the echo of
a datagram that was sent twice is not taken for the next one's.
"""

from __future__ import annotations

import math
import socket
import ssl
import time
from array import array
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Final

import attrs

from ._poll import READABLE, WRITABLE, make_poll
from ._scenario import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._scenario import Scenario

CONNECT_SECONDS: Final = 10.0
"""How long the server may take to accept one connection, with its TLS handshake."""
STALL_SECONDS: Final = 10.0
"""How long an echo may take before the server counts as dead."""
RESEND_SECONDS: Final = 0.2
"""After how long without an echo a datagram counts as lost and is sent again."""
CHECK_SECONDS: Final = 0.1
"""How often the load looks for what is overdue."""

_WOULD_BLOCK: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class LoadFailed(Exception):
    """The server did not do its part, and what it did instead."""


@attrs.frozen
class Conversation:
    """What a part of the load found.

    :param latencies: seconds, one for each echo.
    :param seconds: how long it took altogether.
    :param rate: echoes a second, while every connection had one under way.
    :param resent: how many datagrams were sent again.
    """

    latencies: array[float]
    seconds: float
    rate: float
    resent: int


class Flow:
    """One connection, with the message that is under way on it."""

    __slots__ = (
        "_load", "_received", "_sock", "message", "other", "recv", "send", "sent_at", "tried_at",
        "unsent",
    )  # fmt: skip

    def __init__(self, load: Load, sock: socket.socket, number: int) -> None:
        self._load = load
        self._sock = sock
        self._received = bytearray()
        self.recv = sock.recv
        self.send = sock.send
        # The one that is, or will be, under way, and the one whose echo came last.
        self.message, self.other = make_messages(number, load.scenario.payload)
        self.unsent: memoryview | None = None
        self.sent_at = math.inf
        """When the message was first sent, or infinity while none is under way."""
        self.tried_at = math.inf

    def completes(self, data: bytes) -> bool:
        """Look at data that is not simply the whole echo; return whether it completes one."""
        if self._load.datagrams:
            if data == self.other:
                return False  # a late echo of a datagram that was sent twice
            raise LoadFailed("the server sent something that is not the echo")
        if not data:
            raise LoadFailed("the server closed a connection")
        self._received += data
        if self.unsent is not None:
            self.send_rest()
        if not self.message.startswith(self._received):
            raise LoadFailed("the server sent something that is not the echo")
        if len(self._received) < len(self.message):
            return False
        self._received.clear()
        return True

    def keep(self, sent: int) -> None:
        """Remember that only some bytes of the message could be sent."""
        self.unsent = memoryview(self.message)[sent:]
        self._load.poll.modify(self._sock.fileno(), READABLE | WRITABLE)

    def send_rest(self) -> None:
        """Send more of a long message."""
        if self.unsent is None:
            return
        try:
            self.unsent = self.unsent[self.send(self.unsent) :] or None
        except _WOULD_BLOCK:
            return
        if self.unsent is None:
            self._load.poll.modify(self._sock.fileno(), READABLE)


class Load:
    """All connections to one server.

    :param scenario: how many, and what they send.
    :param port: of the server, on 127.0.0.1.
    :param context: trusts the server's certificate, for TLS.
    """

    def __init__(
        self, scenario: Scenario, port: int, context: ssl.SSLContext | None = None
    ) -> None:
        self.scenario = scenario
        self.datagrams: Final = scenario.protocol is Protocol.UDP
        self.poll = make_poll()
        self._sockets: list[socket.socket] = []
        self._flows: dict[int, Flow] = {}
        for number in range(scenario.connections):
            sock = self._connect(port, context)
            self._sockets.append(sock)
            self._flows[sock.fileno()] = Flow(self, sock, number)
            self.poll.register(sock.fileno(), READABLE)

    def close(self) -> None:
        """Close all connections."""
        self.poll.close()
        for sock in self._sockets:
            sock.close()

    def converse(self, seconds: float, echoes: float = math.inf) -> Conversation:
        """Send and wait for echoes until the time is up or there were enough.

        :raises LoadFailed: an echo is wrong, or does not come.
        :raises OSError: a connection broke.
        """
        clock: Callable[[], float] = time.perf_counter
        latencies = array("d")
        add, poll, send, flows = latencies.append, self.poll.poll, self._send, self._flows
        size = self.scenario.payload
        rate, resent = 0.0, 0
        began = clock()
        deadline, next_check = began + seconds, began + CHECK_SECONDS
        under_way = int(min(echoes, len(flows)))
        to_send = echoes - under_way
        for flow in islice(flows.values(), under_way):
            send(flow, clock())
        while under_way:
            for descriptor, _ in poll(CHECK_SECONDS):
                flow = flows[descriptor]
                try:
                    data = flow.recv(size)
                except _WOULD_BLOCK:
                    flow.send_rest()
                    continue
                if data != flow.message and not flow.completes(data):
                    continue
                now = clock()
                add(now - flow.sent_at)
                flow.message, flow.other = flow.other, flow.message
                if now < deadline and to_send > 0:
                    to_send -= 1
                    send(flow, now)
                else:
                    # What is still under way, or lost, would only dilute the rate.
                    rate = rate or len(latencies) / (now - began)
                    under_way -= 1
                    flow.sent_at = math.inf
            if clock() > next_check:
                resent += self._look_for_overdue(clock())
                next_check = clock() + CHECK_SECONDS
        return Conversation(latencies, clock() - began, rate, resent)

    def _send(self, flow: Flow, now: float) -> None:
        flow.sent_at = flow.tried_at = now
        try:
            sent = flow.send(flow.message)
        except _WOULD_BLOCK:
            sent = 0
        if sent != self.scenario.payload:
            flow.keep(sent)

    def _look_for_overdue(self, now: float) -> int:
        """Send lost datagrams again, and return how many; an echo does not take for ever."""
        resent = 0
        for flow in self._flows.values():
            if now - flow.sent_at > STALL_SECONDS:
                raise LoadFailed(f"no echo for {STALL_SECONDS:.0f} s")
            if self.datagrams and flow.sent_at <= now and now - flow.tried_at > RESEND_SECONDS:
                flow.tried_at = now
                flow.send(flow.message)
                resent += 1
        return resent

    def _connect(self, port: int, context: ssl.SSLContext | None) -> socket.socket:
        if self.datagrams:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.connect(("127.0.0.1", port))
        else:
            sock = socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context is not None:
                sock = context.wrap_socket(sock, server_hostname="localhost")
        sock.setblocking(False)
        return sock


def make_messages(number: int, size: int) -> tuple[bytes, bytes]:
    """Return the two messages of a connection, which differ from all others' if they are long."""

    def message(bit: int) -> bytes:
        mark = bytes([bit]) + blake2b(b"%d %d" % (number, bit), digest_size=31).digest()
        return (mark * (size // len(mark) + 1))[:size]

    return message(0), message(1)
