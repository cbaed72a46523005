"""Commands and answers as bytes."""

from __future__ import annotations

import array
import enum
import math
import random
import re
import tracemalloc
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.resp._answers import ENGINES, cut
from trio_helianthus.errors import LocalProtocolError, redis_error
from trio_helianthus.wire import NEED_DATA, resp
from trio_helianthus.wire.resp._short_encoding import encoder_with_shortcut

pytest.importorskip("hiredis", reason="the other engine")


class Number(enum.IntEnum):
    SEVEN = 7


class Mixed(int, enum.Enum):
    EIGHT = 8


class Text(str):
    __slots__ = ()


class Data(bytes):
    __slots__ = ()


class Loud(float):
    __slots__ = ()

    def __repr__(self) -> str:
        return "loud"


class Command(NamedTuple):
    name: str
    key: Any


ARGUMENTS: list[tuple[Any, bytes]] = [
    (b"bytes", b"bytes"),
    ("te\N{LATIN SMALL LETTER SHARP S}t", "teßt".encode()),
    (bytearray(b"array"), b"array"),
    (memoryview(b"view"), b"view"),
    (memoryview(b"0123456789")[::2], b"02468"),
    (memoryview(b"\x01\x00\x02\x00").cast("h"), b"\x01\x00\x02\x00"),
    (0, b"0"),
    (-(2**70), b"-1180591620717411303424"),
    (1.5, b"1.5"),
    (0.1, b"0.1"),
    (1e22, b"1e+22"),
    (math.inf, b"inf"),
    (-math.inf, b"-inf"),
    (math.nan, b"nan"),
    (Number.SEVEN, b"7"),
    (Mixed.EIGHT, b"8"),
    (Text("text"), b"text"),
    (Data(b"data"), b"data"),
    (Loud(1.5), b"1.5"),
    (memoryview(b"0123456789")[::-1], b"9876543210"),
    (memoryview(bytes(range(8))).cast("i"), bytes(range(8))),
    (memoryview(b"abcd").cast("B", (2, 2)), b"abcd"),
    (memoryview(b""), b""),
    (2**64, b"18446744073709551616"),
    (10**4000, b"1" + b"0" * 4000),
    (1e16, b"1e+16"),
    (1e-7, b"1e-07"),
    (-0.0, b"-0.0"),
    (b"", b""),
    ("", b""),
    (b"\r\n\0", b"\r\n\0"),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("argument", "data"), ARGUMENTS, ids=[f"{type(a).__name__} {d[:20]!r}" for a, d in ARGUMENTS]
)
def test_arguments_become_bytes(engine: resp.Engine, argument: Any, data: bytes) -> None:
    encode = resp.command_encoder(engine)
    expected = b"*2\r\n$3\r\nSET\r\n$%d\r\n%b\r\n" % (len(data), data)
    assert encode((b"SET", argument)) == expected
    assert encode(["SET", argument]) == expected
    assert encode(Command("SET", argument)) == expected
    assert resp.client_connection(engine=engine).send(("SET", argument)) == expected
    mixed = (argument, 1, 2.5, b"x", argument)
    assert encode(mixed) == resp.encode_command(mixed)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("command", "error", "says"),
    [
        ((b"SET", None), TypeError, "bytes, str, int or float, not NoneType"),
        ((b"SET", True), TypeError, "a bool is not a Redis value"),
        ((b"SET", [b"x"]), TypeError, "not list"),
        ((b"SET", object()), TypeError, "not object"),
        ((b"SET", "\ud800"), ValueError, "surrogates"),
        (("\ud800", 1), ValueError, "surrogates"),
        ((b"SET", 10**5000), ValueError, "4300 digits"),
        ((b"SET", (b"x",)), TypeError, "not tuple"),
        ((b"SET", 1j), TypeError, "not complex"),
        ((b"SET", array.array("b")), TypeError, "not array"),
        ((b"SET", Decimal(1)), TypeError, "not Decimal"),
        ((), ValueError, "a command has a name"),
        ([], ValueError, "a command has a name"),
    ],
    ids=[
        "none",
        "bool",
        "list",
        "object",
        "surrogate",
        "surrogate and number",
        "very long number",
        "tuple",
        "complex",
        "array",
        "decimal",
        "empty tuple",
        "empty list",
    ],
)
def test_what_has_no_bytes_is_refused(
    engine: resp.Engine, command: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says) as caught:
        resp.command_encoder(engine)(command)
    with pytest.raises(error, match=re.escape(str(caught.value))):
        resp.encode_command(command)
    with pytest.raises(LocalProtocolError, match=says):
        resp.client_connection(engine=engine).send(command)


SHORT_AND_LONG: list[Any] = [
    b"",
    b"x",
    b"x" * 1023,
    b"x" * 1024,
    "x" * 1023,
    "\u00e4" * 512,
    0,
    -7,
    1.5,
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("word", [b"SET", "SET", bytearray(b"SET"), b"", b"w" * 33, 7])
def test_short_commands_are_written_as_long_ones_are(engine: resp.Engine, word: Any) -> None:
    encode = resp.command_encoder(engine)
    for one in SHORT_AND_LONG:
        assert encode((word, one)) == resp.encode_command((word, one))
        for two in SHORT_AND_LONG:
            assert encode((word, one, two)) == resp.encode_command((word, one, two))


def test_how_commands_begin_is_not_kept_without_end() -> None:
    encode = encoder_with_shortcut(resp.encode_command)
    words = [b"w%d" % number for number in range(20_000)]
    tracemalloc.start()
    try:
        for word in words:
            assert encode((word, b"x")) == resp.encode_command((word, b"x"))
            assert encode((word, b"x", 1)) == resp.encode_command((word, b"x", 1))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 512 * 2 * 250


@given(
    st.lists(
        st.lists(st.one_of(st.binary(), st.text(), st.integers(), st.floats()), min_size=1).map(
            tuple
        ),
        max_size=5,
    ),
    st.randoms(use_true_random=False),
)
def test_a_server_reads_what_clients_write(
    commands: list[tuple[Any, ...]], chance: random.Random
) -> None:
    own, hiredis = (
        b"".join(resp.command_encoder(engine)(command) for command in commands)
        for engine in ENGINES
    )
    assert own == hiredis
    connection = resp.server_connection()
    received = []
    for piece in cut(own, chance):
        connection.receive_data(piece)
        while (command := connection.next_event()) is not NEED_DATA:
            received.append(command)
    assert received == [[resp_bytes(arg) for arg in command] for command in commands]


def resp_bytes(arg: Any) -> bytes:
    return arg if isinstance(arg, bytes) else str(arg).encode()


@pytest.mark.parametrize(
    ("answer", "in_resp2", "in_resp3"),
    [
        ("OK", b"+OK\r\n", b"+OK\r\n"),
        (b"x", b"$1\r\nx\r\n", b"$1\r\nx\r\n"),
        (None, b"$-1\r\n", b"_\r\n"),
        (True, b":1\r\n", b"#t\r\n"),
        (False, b":0\r\n", b"#f\r\n"),
        (5, b":5\r\n", b":5\r\n"),
        (2**63, b"$19\r\n9223372036854775808\r\n", b"(9223372036854775808\r\n"),
        (1.5, b"$3\r\n1.5\r\n", b",1.5\r\n"),
        (math.nan, b"$3\r\nnan\r\n", b",nan\r\n"),
        ([1, "a"], b"*2\r\n:1\r\n+a\r\n", b"*2\r\n:1\r\n+a\r\n"),
        ((1,), b"*1\r\n:1\r\n", b"*1\r\n:1\r\n"),
        ({1}, b"*1\r\n:1\r\n", b"~1\r\n:1\r\n"),
        ({b"a": 1}, b"*2\r\n$1\r\na\r\n:1\r\n", b"%1\r\n$1\r\na\r\n:1\r\n"),
        (resp.Push([1]), b"*1\r\n:1\r\n", b">1\r\n:1\r\n"),
        (redis_error("ERR no"), b"-ERR no\r\n", b"-ERR no\r\n"),
    ],
    ids=lambda value: repr(value) if not isinstance(value, bytes) else None,
)
def test_answers_become_bytes(answer: Any, in_resp2: bytes, in_resp3: bytes) -> None:
    connection = resp.server_connection()
    assert connection.send(answer) == in_resp2
    connection.protocol = 3
    assert connection.send(answer) == in_resp3


@pytest.mark.parametrize(
    "answer",
    [object(), "two\r\nlines", "\r", redis_error("ERR two\nlines"), [[object()]], {b"a": object()}],
    ids=["object", "lines", "CR", "error", "nested", "map"],
)
def test_what_is_no_answer_is_refused(answer: Any) -> None:
    with pytest.raises(LocalProtocolError):
        resp.encode_answer(answer)


def test_an_answer_is_not_nested_without_end() -> None:
    answer: list[Any] = []
    answer.append(answer)
    with pytest.raises(LocalProtocolError, match="nested"):
        resp.encode_answer(answer)


def test_there_is_no_fourth_protocol() -> None:
    with pytest.raises(ValueError, match="not 4"):
        resp.encode_answer(b"x", protocol=4)


@pytest.mark.parametrize("engine", ENGINES)
def test_depth_of_answers_is_what_clients_take(engine: resp.Engine) -> None:
    answer: list[Any] = []
    for _ in range(31):
        answer = [answer]
    connection = resp.client_connection(engine=engine)
    connection.receive_data(resp.encode_answer(answer))
    assert connection.next_event() == answer
    with pytest.raises(LocalProtocolError, match="nested"):
        resp.encode_answer([answer])
