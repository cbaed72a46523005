"""What a server makes of commands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.resp._answers import one_by_one
from trio_helianthus.errors import LocalProtocolError, RemoteProtocolError
from trio_helianthus.wire import END_OF_STREAM, NEED_DATA, resp


def commands(data: bytes) -> list[list[bytes]]:
    """Read commands, however they are cut."""
    found: list[list[list[bytes]]] = []
    for pieces in ([data], one_by_one(data)):
        connection = resp.server_connection()
        received: list[list[bytes]] = []
        for piece in pieces:
            connection.receive_data(piece)
            while isinstance(command := connection.next_event(), list):
                received.append(command)
        connection.receive_eof()
        assert connection.next_event() is END_OF_STREAM
        found.append(received)
    assert found[0] == found[1]
    return found[0]


def test_commands_are_lists_of_bytes() -> None:
    data = b"*2\r\n$3\r\nGET\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n"
    assert commands(data) == [[b"GET", b""], [b"PING"]]


def test_empty_commands_are_passed_over() -> None:
    assert commands(b"*0\r\n*-1\r\n*-5\r\n\r\n  \r\n*1\r\n$4\r\nPING\r\n") == [[b"PING"]]


@pytest.mark.parametrize("end", [b"\r\n", b"\n"], ids=["CRLF", "LF"])
def test_a_command_may_be_typed_as_a_line(end: bytes) -> None:
    line = b"  SET  key 'two words'" + end
    array = b"*2\r\n$4\r\nECHO\r\n$1\r\n*\r\n"
    assert commands(line + array + line) == [
        [b"SET", b"key", b"two words"],
        [b"ECHO", b"*"],
        [b"SET", b"key", b"two words"],
    ]


@pytest.mark.parametrize(
    "data",
    [
        b'SET "a\r\n', b"SET 'a\r\n", b"*x\r\n", b"*\r\n", b"*01\r\n", b"*1\n$4\r\nPING\r\n",
        b"*1\r\n:1\r\n", b"*1\r\nPING\r\n", b"*1\r\n$x\r\n", b"*1\r\n$-1\r\n", b"*1\r\n$1\r\nabc",
        b"*1\r\n$4\nPING\r\n", b"*1\r\n$" + b"1" * 40, b"*" + b"1" * 40,
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_command_is_refused(data: bytes) -> None:
    for pieces in ([data], one_by_one(data)):
        connection = resp.server_connection()
        with pytest.raises(RemoteProtocolError):
            for piece in pieces:
                connection.receive_data(piece)
                connection.next_event()
        with pytest.raises(RemoteProtocolError):
            connection.next_event()


@pytest.mark.parametrize("data", [b"*", b"*1\r\n", b"*1\r\n$4\r\nPI", b"PING"], ids=repr)
def test_an_end_within_a_command_is_a_mistake(data: bytes) -> None:
    connection = resp.server_connection()
    connection.receive_data(data)
    assert connection.next_event() is NEED_DATA
    connection.receive_eof()
    with pytest.raises(RemoteProtocolError, match="within a command"):
        connection.next_event()
    with pytest.raises(LocalProtocolError):
        connection.receive_data(b"more")


def test_nothing_is_kept_behind_a_refusal() -> None:
    connection = resp.server_connection()
    connection.receive_data(b"*x\r\n")
    with pytest.raises(RemoteProtocolError):
        connection.next_event()
    before = connection.buffered
    connection.receive_data(b"more" * 1000)
    assert connection.buffered == before


def test_a_large_argument_in_pieces_is_searched_for_no_line() -> None:
    looked = 0

    class Counting(bytearray):
        def find(self, *args: Any) -> int:
            nonlocal looked
            looked += 1
            return super().find(*args)

    connection = resp.server_connection()
    connection._buffer = Counting()
    connection.receive_data(b"*1\r\n$1000000\r\n")
    assert connection.next_event() is NEED_DATA
    before = looked
    assert before == 2
    for _ in range(1000):
        connection.receive_data(b"x" * 1000)
        assert connection.next_event() is NEED_DATA
    assert looked == before
    connection.receive_data(b"\r\n")
    assert connection.next_event() == [b"x" * 1_000_000]


def test_a_line_in_pieces_is_searched_once() -> None:
    starts = []

    class Noting(bytearray):
        def find(self, what: Any, start: Any = 0, *_: Any) -> int:
            starts.append(start)
            return super().find(what, start)

    connection = resp.server_connection()
    connection._buffer = Noting()
    for _ in range(100):
        connection.receive_data(b"x" * 100)
        assert connection.next_event() is NEED_DATA
    assert starts == list(range(0, 10_000, 100))
