"""Commands and answers as bytes."""

from __future__ import annotations

import enum
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.resp._answers import ENGINES, cut
from trio_helianthus.errors import LocalProtocolError, redis_error
from trio_helianthus.wire import NEED_DATA, resp

pytest.importorskip("hiredis", reason="the other engine")


class Number(enum.IntEnum):
    SEVEN = 7


class Text(str):
    __slots__ = ()


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
    (Text("text"), b"text"),
    (b"", b""),
    ("", b""),
    (b"\r\n\0", b"\r\n\0"),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("argument", "data"), ARGUMENTS, ids=[f"{type(a).__name__} {d!r}" for a, d in ARGUMENTS]
)
def test_arguments_become_bytes(engine: resp.Engine, argument: Any, data: bytes) -> None:
    encode = resp.command_encoder(engine)
    expected = b"*2\r\n$3\r\nSET\r\n$%d\r\n%b\r\n" % (len(data), data)
    assert encode((b"SET", argument)) == expected
    assert encode(["SET", argument]) == expected


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("command", "error", "says"),
    [
        ((b"SET", None), TypeError, "bytes, str, int or float, not NoneType"),
        ((b"SET", True), TypeError, "a bool is not a Redis value"),
        ((b"SET", [b"x"]), TypeError, "not list"),
        ((b"SET", object()), TypeError, "not object"),
        ((b"SET", "\ud800"), ValueError, "surrogates"),
        ((), ValueError, "a command has a name"),
        ((b"SET", 10**5000), ValueError, "digits"),
    ],
    ids=["none", "bool", "list", "object", "surrogate", "empty", "thousands of digits"],
)
def test_what_has_no_bytes_is_refused(
    engine: resp.Engine, command: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        resp.command_encoder(engine)(command)
    with pytest.raises(LocalProtocolError, match=says):
        resp.client_connection(engine=engine).send(command)


@given(
    st.lists(
        st.lists(st.one_of(st.binary(), st.text(), st.integers(), st.floats()), min_size=1).map(
            tuple
        ),
        max_size=5,
    ),
    st.randoms(use_true_random=False),
)
def test_a_server_reads_what_clients_write(commands: Any, chance: Any) -> None:
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
    "answer", [object(), "two\r\nlines", redis_error("ERR two\nlines"), [[object()]]], ids=type
)
def test_what_is_no_answer_is_refused(answer: Any) -> None:
    with pytest.raises(LocalProtocolError):
        resp.encode_answer(answer)


def test_an_answer_is_not_nested_without_end() -> None:
    answer: list[Any] = []
    answer.append(answer)
    with pytest.raises(LocalProtocolError, match="nested"):
        resp.encode_answer(answer)
