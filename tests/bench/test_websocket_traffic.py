"""The load on WebSockets: what a server sends wrong, twice or not at all is found."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from queue import SimpleQueue

import pytest

from trio_helianthus.bench import _rounds, _websocket_audience, _websocket_traffic, published_text
from trio_helianthus.bench._rounds import TrafficFailed
from trio_helianthus.bench._websocket_audience import Audience, Stalled
from trio_helianthus.bench._websocket_frames import client_frame, echoes, server_frame, split_frame
from trio_helianthus.bench._websocket_traffic import Echoes, open_connection, try_echo
from trio_helianthus.wire import NEED_DATA
from trio_helianthus.wire.websocket import (
    Ping,
    Pong,
    Text,
    WebSocketConnection,
    accept_token,
    server_connection,
)

PATIENCE = 0.2
UPGRADED = "HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (_websocket_audience, _rounds):
        monkeypatch.setattr(module, "STALL_SECONDS", PATIENCE)
    monkeypatch.setattr(_websocket_audience, "SHORT_STALL_SECONDS", PATIENCE)
    monkeypatch.setattr(_websocket_audience, "CLOG_SECONDS", PATIENCE)


class Peer:
    """One connection of a server that does what a test wants."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.wire: WebSocketConnection = server_connection()

    def next_text(self) -> str:
        """Return the next text; a closed connection ends the thread."""
        while True:
            event = self.wire.next_event()
            if isinstance(event, Text):
                return event.data
            if event is NEED_DATA:
                if not (data := self.sock.recv(65_536)):
                    raise SystemExit
                self.wire.receive_data(data)

    def send_text(self, text: str) -> None:
        self.sock.sendall(self.wire.send_text(text))


def echo(peer: Peer) -> None:
    while True:
        peer.send_text(peer.next_text())


@pytest.mark.parametrize("length", [32, 125, 126, 65_535, 65_536])
def test_frames_are_what_a_server_understands_and_sends(length: int) -> None:
    texts = set()
    for sent, expected in echoes(length):
        server = server_connection()
        server.receive_data(sent)
        (text,) = server.next_batch()
        assert isinstance(text, str)
        assert len(text) == length
        assert server.send_text(text) == expected
        texts.add(text)
    assert len(texts) == len(echoes(length))


@pytest.mark.parametrize("length", [0, 125, 126, 65_536])
def test_a_frame_is_split_off_when_it_is_all_there(length: int) -> None:
    frame = server_frame(1, b"x" * length)
    for missing in range(1, min(len(frame), 12)):
        assert split_frame(frame[:-missing]) is None
    assert split_frame(frame + b"more") == (0x81, b"x" * length, b"more")


def test_echoes_are_counted() -> None:
    with serving(echo) as port, closing(Echoes(port, 70_000, 3)) as traffic:
        count, seconds = traffic.run(0)
        assert count == 3
        assert seconds > 0
        assert traffic.run(0.05)[0] > 3


def test_echoes_in_pieces_and_pings_between_them_are_understood() -> None:
    pongs: SimpleQueue[object] = SimpleQueue()

    def serve(peer: Peer) -> None:
        for _ in range(3):
            text = peer.next_text()
            frames = peer.wire.send(Ping(b"are you there?")) + peer.wire.send_text(text)
            for byte in frames:
                peer.sock.sendall(bytes((byte,)))
            pong = peer.wire.next_event()
            while pong is NEED_DATA:
                peer.wire.receive_data(peer.sock.recv(100))
                pong = peer.wire.next_event()
            pongs.put(pong)
        peer.next_text()

    with serving(serve) as port, closing(open_connection(port)) as sock:
        for _ in range(3):
            try_echo(sock)
            assert pongs.get(timeout=10) == Pong(b"are you there?")


@pytest.mark.parametrize("later", [0, 1, 13])
def test_a_ping_may_come_together_with_the_echo_before_it(later: int) -> None:
    def serve(peer: Peer) -> None:
        echo_and_ping = peer.wire.send_text(peer.next_text()) + peer.wire.send(
            Ping(b"still there?")
        )
        end = len(echo_and_ping) - later
        peer.sock.sendall(echo_and_ping[:end])
        text = peer.next_text()
        peer.sock.sendall(echo_and_ping[end:] + peer.wire.send_text(text))
        peer.next_text()

    with serving(serve) as port, closing(open_connection(port)) as sock:
        line = _websocket_traffic._EchoLine(sock, iter(echoes(32)))
        for _ in range(2):
            line.send_next()
            while not line.completes_turn():
                pass


@pytest.mark.parametrize(
    ("serve", "failure"),
    [
        (lambda peer: peer.send_text(peer.next_text()[::-1]), "the server sent b'"),
        (lambda peer: peer.sock.sendall(b"\x82\x20" + peer.next_text().encode()), "b'\\x82"),
        (lambda peer: peer.sock.sendall(b"\x81\x20" + peer.next_text().encode() + b"m"), "b'm'"),
        (lambda peer: peer.next_text(), "closed a connection"),
        (lambda peer: [peer.next_text(), peer.next_text()], "no answer for"),
    ],
    ids=["wrong", "binary", "more", "closed", "nothing"],
)
def test_what_is_no_echo_is_a_failure(serve: Callable[[Peer], object], failure: str) -> None:
    with (
        serving(serve) as port,
        closing(Echoes(port, 32, 1)) as traffic,
        pytest.raises(TrafficFailed, match=re.escape(failure)),
    ):
        traffic.run(0)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        f"{UPGRADED}Sec-WebSocket-Accept: wrong\r\n\r\n".encode(),
        b"no HTTP at all\r\n\r\n",
    ],
    ids=["refused", "wrong", "babble"],
)
def test_a_server_has_to_accept_the_websocket(answer: bytes) -> None:
    with (
        serving(Peer.next_text, answer) as port,
        pytest.raises(TrafficFailed, match="does not accept a WebSocket"),
    ):
        open_connection(port)


class Feed:
    """A server that publishes; ``receivers`` picks to whom."""

    def __init__(self, receivers: Callable[[list[Peer]], list[Peer]]) -> None:
        self.receivers = receivers
        self.audience: list[Peer] = []

    def __call__(self, peer: Peer) -> None:
        while True:
            message = peer.next_text()
            if message == "publish":
                text = published_text()
                for each in self.receivers(self.audience):
                    each.send_text(text)
                continue
            if message == "join":
                self.audience.append(peer)
            peer.send_text(message)


@pytest.mark.parametrize("under_way", [1, 8])
def test_every_delivery_is_counted_and_timed(under_way: int) -> None:
    with (
        serving(Feed(list)) as port,
        closing(Audience(port, 3, under_way)) as audience,
    ):
        latencies, seconds = audience.run(0.05)

    assert len(latencies) % 3 == 0
    assert len(latencies) >= 3 * under_way
    assert 0 < min(latencies) <= max(latencies) <= seconds * 1e9


def test_deliveries_in_pieces_and_pings_between_them_are_understood() -> None:
    def serve(peer: Peer) -> None:
        peer.send_text(peer.next_text())
        for byte in peer.wire.send(Ping(b"")) + peer.wire.send_text(published_text()):
            peer.sock.sendall(bytes((byte,)))
        peer.next_text()

    with serving(serve) as port, closing(open_connection(port)) as sock:
        sock.sendall(client_frame(1, b"join", b"mask"))
        assert _websocket_traffic.receive(sock) == server_frame(1, b"join")
        line = _websocket_audience._Line(sock)
        latencies: list[int] = []
        while not latencies:
            line.receive(latencies)
        line.check(1)


@pytest.mark.parametrize(
    ("receivers", "failure"),
    [
        (lambda audience: audience[1:], "no delivery for"),
        (lambda audience: [*audience[1:], audience[1]], "of 1 messages came on a connection"),
    ],
    ids=["one gets nothing", "one gets another one's"],
)
def test_a_delivery_that_is_missing_is_a_failure(
    receivers: Callable[[list[Peer]], list[Peer]], failure: str
) -> None:
    with (
        serving(Feed(receivers)) as port,
        closing(Audience(port, 3, 1)) as audience,
        pytest.raises(TrafficFailed, match=failure),
    ):
        audience.run(0)


@pytest.mark.parametrize("wrong", ["y" * 128, "short"])
def test_a_delivery_that_says_something_else_is_a_failure(wrong: str) -> None:
    def serve(peer: Peer) -> None:
        peer.send_text(peer.next_text())
        peer.send_text(wrong * 100)
        peer.next_text()

    with (
        serving(serve) as port,
        closing(Audience(port, 1, 1)) as audience,
        pytest.raises(TrafficFailed, match="the server sent"),
    ):
        audience.run(0)


def test_a_server_that_waits_for_one_that_never_reads_has_stalled() -> None:
    with (
        serving(Feed(list)) as port,
        closing(Audience(port, 2, 1)) as audience,
    ):
        assert audience.run(0)[0]
        audience.add_one_that_never_reads()
        with pytest.raises(Stalled, match="stalled: no delivery for"):
            audience.run(60)


def test_a_server_that_goes_on_beside_one_that_never_reads_has_not() -> None:
    def all_but_the_last(audience: list[Peer]) -> list[Peer]:
        return audience[:2]

    with (
        serving(Feed(all_but_the_last)) as port,
        closing(Audience(port, 2, 1)) as audience,
    ):
        audience.add_one_that_never_reads()
        assert audience.run(0.05)[0]


@contextmanager
def serving(serve: Callable[[Peer], object], answer: bytes | None = None) -> Iterator[int]:
    """Serve each connection in a thread of its own; yield the port.

    :param answer: to the handshake, in place of the right one.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=partial(accept, listener, serve, answer), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def accept(listener: socket.socket, serve: Callable[[Peer], object], answer: bytes | None) -> None:
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=partial(handle, sock, serve, answer), daemon=True).start()


def handle(sock: socket.socket, serve: Callable[[Peer], object], answer: bytes | None) -> None:
    with sock:
        try:
            request = sock.recv(65_536)
            found = re.search(rb"Sec-WebSocket-Key: *(\S+)", request, re.IGNORECASE)
            assert found is not None
            token = accept_token(found[1].decode())
            right = f"{UPGRADED}Sec-WebSocket-Accept: {token}\r\n\r\n".encode()
            sock.sendall(answer or right)
            serve(Peer(sock))
        except (OSError, SystemExit):
            pass
