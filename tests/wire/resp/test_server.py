"""What a server makes of commands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.resp._answers import one_by_one
from trio_helianthus.errors import LocalProtocolError, RemoteProtocolError
from trio_helianthus.testing import check_protocol
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
    assert commands(b"*0\r\n*-1\r\n\r\n  \r\n*1\r\n$4\r\nPING\r\n") == [[b"PING"]]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"PING", [b"PING"]),
        (b"  SET  a\tb ", [b"SET", b"a", b"b"]),
        (b'SET a "two words"', [b"SET", b"a", b"two words"]),
        (b"SET a 'two words'", [b"SET", b"a", b"two words"]),
        (rb'ECHO "\n\r\t\b\a\x41\"\\\q"', [b"ECHO", b'\n\r\t\b\aA"\\q']),
        (rb"ECHO 'it\'s \n'", [b"ECHO", rb"it's \n"]),
        (b'ECHO ""', [b"ECHO", b""]),
        (b"ECHO ''", [b"ECHO", b""]),
        (b'ECHO pre"fix"', [b"ECHO", b"prefix"]),
    ],
)
def test_a_command_may_be_typed_as_a_line(line: bytes, words: list[bytes]) -> None:
    assert commands(line + b"\r\n") == [words]
    assert commands(line + b"\n") == [words]


@pytest.mark.parametrize(
    "data",
    [
        b'SET "a\r\n', b"SET 'a\r\n", b'SET "a"b\r\n', b"*x\r\n", b"*1\r\n:1\r\n", b"*1\r\n$x\r\n",
        b"*1\r\n$-1\r\n", b"*1\r\n$1\r\nabc", b"*01\r\n", b"*-5\r\n", b"*1\r\n$" + b"1" * 40,
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


def test_a_server_keeps_the_contract_of_wire_protocols() -> None:
    data = b"*2\r\n$3\r\nGET\r\n$1\r\na\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$3\r\n\r\n*\r\n" * 2
    transcript = check_protocol(resp.server_connection, data, mutations=100)
    assert len(transcript.events) == 7


class _Comparable:
    """A client whose errors can be compared."""

    def __init__(self, engine: resp.Engine) -> None:
        self._connection = resp.client_connection(engine=engine)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def next_event(self) -> Any:
        event = self._connection.next_event()
        return repr(event) if isinstance(event, (Exception, list, dict, float)) else event


@pytest.mark.parametrize("engine", [resp.Engine.OWN, resp.Engine.HIREDIS])
def test_a_client_keeps_the_contract_of_wire_protocols(engine: resp.Engine) -> None:
    if engine is resp.Engine.HIREDIS:
        pytest.importorskip("hiredis")
    data = (
        b"+OK\r\n+OK\r\n:1\r\n:1\r\n-ERR no\r\n$5\r\nhello\r\n*2\r\n:1\r\n%1\r\n+a\r\n,1.5\r\n"
        b">2\r\n+message\r\n_\r\n#t\r\n=7\r\ntxt:abc\r\n(123\r\n"
    )
    transcript = check_protocol(lambda: _Comparable(engine), data, mutations=200)
    assert len(transcript.events) == 12
