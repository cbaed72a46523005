"""The load: it finds wrong echoes, lost datagrams and dead servers, and sends all of a message."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from trio_helianthus.bench import Protocol, Scenario, _flows, _poll
from trio_helianthus.bench._flows import Load, LoadFailed, make_messages

LONG = 200_000
SHORT = Scenario(Protocol.TCP, 64, 1)
DATAGRAM = Scenario(Protocol.UDP, 64, 1)
TWO_DATAGRAMS = Scenario(Protocol.UDP, 64, 2)


@pytest.fixture(params=["best", "portable"], autouse=True)
def poll(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting with the system's best, and with what every system has."""
    if request.param == "portable":
        monkeypatch.setattr(_flows, "make_poll", _poll.SelectorPoll)


def test_every_echo_has_a_latency() -> None:
    with serving(echo) as port, load(SHORT, port) as flows:
        conversation = flows.converse(60, 10)

    assert len(conversation.latencies) == 10
    assert min(conversation.latencies) > 0
    assert sum(conversation.latencies) <= conversation.seconds
    assert conversation.rate >= 10 / conversation.seconds
    assert conversation.resent == 0


def test_the_time_is_a_limit_and_what_is_under_way_still_counts() -> None:
    with serving(echo) as port, load(SHORT, port) as flows:
        assert len(flows.converse(0).latencies) == 1
        assert len(flows.converse(0.3).latencies) > 1


@pytest.mark.parametrize("echoes", [1, 3, 4, 7])
def test_the_number_of_echoes_is_exact(echoes: int) -> None:
    with serving(echo, 3) as port, load(Scenario(Protocol.TCP, 64, 3), port) as flows:
        assert len(flows.converse(60, echoes).latencies) == echoes


def test_a_long_message_goes_out_in_parts_and_comes_back_in_parts() -> None:
    with serving(echo_late) as port, load(Scenario(Protocol.TCP, LONG, 1), port) as flows:
        for sock in flows._sockets:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        assert len(flows.converse(60, 3).latencies) == 3


def test_single_bytes_make_an_echo() -> None:
    with serving(echo_bytes) as port, load(SHORT, port) as flows:
        assert len(flows.converse(60, 3).latencies) == 3


def test_a_wrong_echo_is_a_failure() -> None:
    with (
        serving(lambda sock: sock.sendall(b"x" * len(sock.recv(64)))) as port,
        load(SHORT, port) as flows,
        pytest.raises(LoadFailed, match="not the echo"),
    ):
        flows.converse(60, 3)


def test_the_echo_of_the_message_before_is_a_failure() -> None:
    def lag(sock: socket.socket) -> None:
        first = receive(sock, 64)
        sock.sendall(first)
        receive(sock, 64)
        sock.sendall(first)

    with (
        serving(lag) as port,
        load(SHORT, port) as flows,
        pytest.raises(LoadFailed, match="not the echo"),
    ):
        flows.converse(60, 3)


def test_a_server_that_hangs_up_is_a_failure() -> None:
    with (
        serving(lambda sock: sock.recv(64)) as port,
        load(SHORT, port) as flows,
        pytest.raises(LoadFailed, match="closed a connection"),
    ):
        flows.converse(60, 3)


@pytest.mark.parametrize("scenario", [SHORT, DATAGRAM])
def test_a_server_that_says_nothing_is_a_failure(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_flows, "STALL_SECONDS", 0.1)
    with (
        silence(scenario.protocol) as port,
        load(scenario, port) as flows,
        pytest.raises(LoadFailed, match="no echo for"),
    ):
        flows.converse(60, 3)


def test_a_lost_datagram_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_flows, "RESEND_SECONDS", 0.01)

    def lose_first(sock: socket.socket) -> None:
        sock.recvfrom(64)
        echo_datagrams(sock)

    with serving_datagrams(lose_first) as port, load(DATAGRAM, port) as flows:
        conversation = flows.converse(60, 3)

    assert conversation.resent >= 1
    assert len(conversation.latencies) == 3
    assert max(conversation.latencies) > 0.01, "it counts from the first attempt"


def test_what_comes_late_does_not_dilute_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_flows, "RESEND_SECONDS", 0.2)

    def lose_first(sock: socket.socket) -> None:
        sock.recvfrom(64)
        for _ in range(2):
            data, address = sock.recvfrom(64)
            sock.sendto(data, address)

    with serving_datagrams(lose_first) as port, load(TWO_DATAGRAMS, port) as flows:
        conversation = flows.converse(60, 2)

    assert conversation.seconds > 0.2
    assert conversation.rate > 1 / conversation.seconds


def test_a_second_echo_of_a_datagram_is_not_taken_for_the_next() -> None:
    def echo_twice(sock: socket.socket) -> None:
        for _ in range(3):
            data, address = sock.recvfrom(64)
            sock.sendto(data, address)
            sock.sendto(data, address)

    with serving_datagrams(echo_twice) as port, load(DATAGRAM, port) as flows:
        assert len(flows.converse(60, 3).latencies) == 3


def test_a_late_echo_on_an_idle_flow_is_not_counted() -> None:
    def echo_one_twice(sock: socket.socket) -> None:
        first, first_address = sock.recvfrom(64)
        second, second_address = sock.recvfrom(64)
        for _ in range(2):
            sock.sendto(first, first_address)
        sock.sendto(second, second_address)

    with serving_datagrams(echo_one_twice) as port, load(TWO_DATAGRAMS, port) as flows:
        conversation = flows.converse(60, 2)

    assert len(conversation.latencies) == 2
    assert min(conversation.latencies) > 0


def test_a_wrong_datagram_is_a_failure() -> None:
    def answer(sock: socket.socket) -> None:
        _, address = sock.recvfrom(64)
        sock.sendto(b"pardon?", address)

    with (
        serving_datagrams(answer) as port,
        load(DATAGRAM, port) as flows,
        pytest.raises(LoadFailed, match="not the echo"),
    ):
        flows.converse(60, 3)


@pytest.mark.parametrize("size", [1, 2, 31, 64, 65])
def test_the_two_messages_of_a_connection_differ(size: int) -> None:
    one, other = make_messages(7, size)

    assert len(one) == len(other) == size
    assert one != other
    assert size < 8 or {one, other}.isdisjoint(make_messages(8, size))


@contextmanager
def load(scenario: Scenario, port: int) -> Iterator[Load]:
    flows = Load(scenario, port)
    try:
        yield flows
    finally:
        flows.close()


@contextmanager
def serving(handler: Callable[[socket.socket], object], connections: int = 1) -> Iterator[int]:
    """Accept so many connections and handle each in a thread."""

    def handle(sock: socket.socket) -> None:
        with sock:
            handler(sock)

    def accept(listener: socket.socket) -> None:
        for _ in range(connections):
            thread = threading.Thread(target=handle, args=[listener.accept()[0]])
            thread.start()
            threads.append(thread)

    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        acceptor = threading.Thread(target=accept, args=[listener])
        acceptor.start()
        yield listener.getsockname()[1]
        acceptor.join()
    for thread in threads:
        thread.join()


@contextmanager
def serving_datagrams(handler: Callable[[socket.socket], object]) -> Iterator[int]:
    with silent_socket(Protocol.UDP) as sock:
        thread = threading.Thread(target=handler, args=[sock])
        thread.start()
        yield sock.getsockname()[1]
        thread.join()


@contextmanager
def silence(protocol: Protocol) -> Iterator[int]:
    with silent_socket(protocol) as sock:
        yield sock.getsockname()[1]


def silent_socket(protocol: Protocol) -> socket.socket:
    if protocol is Protocol.TCP:
        return socket.create_server(("127.0.0.1", 0))
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    return sock


def echo(sock: socket.socket) -> None:
    while data := sock.recv(65536):
        sock.sendall(data)


def echo_late(sock: socket.socket) -> None:
    """Read a whole message before the first byte of it goes back."""
    for _ in range(3):
        sock.sendall(receive(sock, LONG))


def echo_bytes(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while data := sock.recv(1):
        sock.sendall(data)


def echo_datagrams(sock: socket.socket) -> None:
    seen: set[bytes] = set()
    while len(seen) < 2:  # the two messages that take turns
        data, address = sock.recvfrom(64)
        seen.add(data)
        sock.sendto(data, address)
    data, address = sock.recvfrom(64)
    sock.sendto(data, address)


def receive(sock: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        received += sock.recv(size - len(received))
    return received
