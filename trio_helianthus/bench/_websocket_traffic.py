"""WebSocket connections that want echoes, and ones that are published to, as cheap as can be."""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING, Final

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Event, Request
from wsproto.utilities import ProtocolError

from ._rounds import RECEIVE_BYTES, Rounds, TrafficFailed, connect
from ._websocket_frames import FINAL, PING, PONG, client_frame, echoes, split_frame

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

MASK: Final = b"mask"
PING_BEGIN: Final = bytes((FINAL | PING,))


class Echoes(Rounds):
    """Connections that send a text, wait for all of it, check it, and send the next.

    :param port: on 127.0.0.1.
    :param length: of the texts, in bytes.
    :param connections: how many; each begins with another text.
    """

    def __init__(self, port: int, length: int, connections: int) -> None:
        turns = echoes(length)
        super().__init__(
            _EchoLine(open_connection(port), islice(cycle(turns), number, None))
            for number in range(connections)
        )


class _EchoLine:
    """One connection."""

    __slots__ = ("_expected", "_received", "_turns", "sock")

    def __init__(self, sock: socket.socket, turns: Iterator[tuple[bytes, bytes]]) -> None:
        self.sock = sock
        self._turns = turns
        self._expected = self._received = b""

    def send_next(self) -> None:
        frame, self._expected = next(self._turns)
        self.sock.sendall(frame)

    def completes_turn(self) -> bool:
        """Receive; return whether the echo is all there now."""
        data = receive(self.sock)
        if self._received:
            data = self._received + data
            self._received = b""
        if data == self._expected:
            return True
        data = answer_pings(self.sock, data)
        complete = data.startswith(self._expected)
        if complete:
            data = answer_pings(self.sock, data[len(self._expected) :])
        elif self._expected.startswith(data):
            self._received = data
            return False
        if data and data[:1] != PING_BEGIN:
            raise TrafficFailed(f"the server sent {data[:100]!r}")
        self._received = data
        return complete


def open_connection(port: int) -> socket.socket:
    """Connect to a server on this machine, and have it accept a WebSocket.

    :raises TrafficFailed: it does not.
    """
    sock = connect(port)
    try:
        _shake_hands(sock, f"127.0.0.1:{port}")
    except BaseException:
        sock.close()
        raise
    return sock


def _shake_hands(sock: socket.socket, host: str) -> None:
    client = WSConnection(ConnectionType.CLIENT)
    sock.sendall(client.send(Request(host=host, target="/")))
    event: Event | None = None
    while event is None:
        try:
            client.receive_data(receive(sock))
        except ProtocolError as exc:
            raise TrafficFailed(f"the server does not accept a WebSocket: {exc}") from exc
        event = next(client.events(), None)
    if not isinstance(event, AcceptConnection):
        raise TrafficFailed(f"the server does not accept a WebSocket: {event}")


def receive(sock: socket.socket) -> bytes:
    """Return what has come.

    :raises TrafficFailed: the connection is closed.
    """
    if data := sock.recv(RECEIVE_BYTES):
        return data
    raise TrafficFailed("the server closed a connection")


def answer_pings(sock: socket.socket, data: bytes) -> bytes:
    """Answer the pings that are in front; return what comes after them."""
    while data[:1] == PING_BEGIN and (frame := split_frame(data)) is not None:
        _, payload, data = frame
        sock.sendall(client_frame(PONG, payload, MASK))
    return data


def try_echo(sock: socket.socket) -> None:
    """Have one message back.

    :raises TrafficFailed: something else comes.
    """
    line = _EchoLine(sock, iter(echoes(32)))
    line.send_next()
    while not line.completes_turn():
        pass
