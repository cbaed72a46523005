"""HTTP connections that ask, wait for the whole answer, and ask again, as cheaply as can be."""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING, Final

import attrs
import h11

from ._rounds import RECEIVE_BYTES, Rounds, TrafficFailed, connect

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Iterator, Sequence

    from ._http_loads import Exchange

FINE: Final = b"HTTP/1.1 200"


@attrs.frozen
class Turn:
    """What is sent at a time, and what comes back.

    :param requests: the bytes.
    :param length: of the answers, heads included.
    :param end: the last bytes of the last answer.
    """

    requests: bytes
    length: int
    end: bytes


class Traffic(Rounds):
    """All connections to one server.

    Each request is tried once, and its answer parsed, before anything is measured. From then on
    an answer to it has to be as long as that, begin with the same status and end with the same
    body.

    :param port: on 127.0.0.1.
    :param exchanges: take turns on each connection; each begins with another one.
    :param connections: how many.
    :param pipelined: how many requests are sent at a time.
    """

    def __init__(
        self, port: int, exchanges: Sequence[Exchange], connections: int, pipelined: int = 1
    ) -> None:
        self._pipelined = pipelined
        turns = list(_turns(port, exchanges, pipelined))
        super().__init__(
            _Line(connect(port), islice(cycle(turns), number, None))
            for number in range(connections)
        )

    def run(self, seconds: float) -> tuple[int, float]:
        """Send and receive; see :meth:`Rounds.run`.

        :returns: how many answers, and in how many seconds.
        """
        turns, took = super().run(seconds)
        return turns * self._pipelined, took


class _Line:
    """One connection."""

    __slots__ = ("_end", "_left", "_length", "_turns", "sock")

    def __init__(self, sock: socket.socket, turns: Iterator[Turn]) -> None:
        self.sock = sock
        self._turns = turns
        self._left = self._length = 0
        self._end = b""

    def send_next(self) -> None:
        turn = next(self._turns)
        self._left = self._length = turn.length
        self._end = turn.end
        self.sock.sendall(turn.requests)

    def completes_turn(self) -> bool:
        """Receive; return whether all answers are there now."""
        data = self.sock.recv(RECEIVE_BYTES)
        if not data:
            raise TrafficFailed("the server closed a connection")
        if self._left == self._length and not data.startswith(FINE):
            raise TrafficFailed(f"the server answered {data[:100]!r}")
        self._left -= len(data)
        if self._left > 0:
            return False
        if self._left or not data.endswith(self._end):
            raise TrafficFailed(f"the server answered {data[-100:]!r}")
        return True


def try_once(sock: socket.socket, exchange: Exchange) -> Turn:
    """Send a request, and parse and check its answer.

    :raises TrafficFailed: it is not what was expected.
    """
    sock.sendall(exchange.request)
    client = h11.Connection(h11.CLIENT)
    method = exchange.request.split(b" ", 1)[0]
    client.send(h11.Request(method=method, target="/", headers=[("Host", "127.0.0.1")]))
    client.send(h11.EndOfMessage())
    status, body, received = 0, b"", b""
    while True:
        event = client.next_event()
        if event is h11.NEED_DATA:
            if not (data := sock.recv(RECEIVE_BYTES)):
                raise TrafficFailed("the server closed a connection")
            received += data
            client.receive_data(data)
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            break
        else:
            raise TrafficFailed(f"the server answered {received[:100]!r}")
    if status != 200 or body != exchange.body:
        raise TrafficFailed(f"the server answered {status} with {body[:100]!r}")
    return Turn(exchange.request, len(received), received[-len(body) :])


def _turns(port: int, exchanges: Iterable[Exchange], pipelined: int) -> Iterator[Turn]:
    with connect(port) as sock:
        for exchange in exchanges:
            turn = try_once(sock, exchange)
            yield Turn(turn.requests * pipelined, turn.length * pipelined, turn.end)
