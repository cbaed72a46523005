"""What a client makes of answers, whichever engine parses them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.wire.resp._answers import ENGINES, one_by_one, play, shown
from trio_helianthus.errors import (
    LocalProtocolError,
    MissingExtraError,
    RedisError,
    RedisWrongType,
    RemoteProtocolError,
)
from trio_helianthus.wire import END_OF_STREAM, NEED_DATA, WireProtocol, resp

pytest.importorskip("hiredis", reason="the other engine")

ANSWERS: list[tuple[bytes, Any]] = [
    (b"+OK\r\n", b"OK"),
    (b"+\r\n", b""),
    (b"$5\r\nhello\r\n", b"hello"),
    (b"$0\r\n\r\n", b""),
    (b"$4\r\n\r\n\r\n\r\n", b"\r\n\r\n"),
    (b"$-1\r\n", None),
    (b"=-1\r\n", None),
    (b"~-1\r\n", None),
    (b"%-1\r\n", None),
    (b">-1\r\n", None),
    (b"*-1\r\n", None),
    (b"_\r\n", None),
    (b":0\r\n", 0),
    (b":-42\r\n", -42),
    (b":9223372036854775807\r\n", 2**63 - 1),
    (b":-9223372036854775808\r\n", -(2**63)),
    (b",1.5\r\n", 1.5),
    (b",10\r\n", 10.0),
    (b",-1e3\r\n", -1000.0),
    (b",inf\r\n", math.inf),
    (b",.5\r\n", 0.5),
    (b",5.\r\n", 5.0),
    (b",1E-5\r\n", 1e-5),
    (b",nan\r\n", math.nan),
    (b",-NaN\r\n", math.nan),
    (b"," + b"0" * 320 + b"1.5\r\n", 1.5),
    (b",-inf\r\n", -math.inf),
    (b"#t\r\n", True),
    (b"#f\r\n", False),
    (b"(349289032840923850932485094385\r\n", b"349289032840923850932485094385"),
    (b"=15\r\ntxt:Some string\r\n", b"Some string"),
    (b"*0\r\n", []),
    (b"*3\r\n:1\r\n$1\r\na\r\n*1\r\n_\r\n", [1, b"a", [None]]),
    (b"~2\r\n:1\r\n:2\r\n", [1, 2]),
    (b"%2\r\n+a\r\n:1\r\n:2\r\n*1\r\n:3\r\n", {b"a": 1, 2: [3]}),
    (b"%0\r\n", {}),
    (b"%2\r\n_\r\n:1\r\n,1.5\r\n:2\r\n", {None: 1, 1.5: 2}),
]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("data", "answer"), ANSWERS, ids=[repr(data) for data, _ in ANSWERS])
def test_an_answer_becomes_a_plain_value(engine: resp.Engine, data: bytes, answer: Any) -> None:
    for pieces in ([data], one_by_one(data)):
        assert play(engine, pieces) == ([shown(answer)], "end")


@pytest.mark.parametrize("engine", ENGINES)
def test_an_error_is_a_value_also_within_others(engine: resp.Engine) -> None:
    connection = resp.client_connection(engine=engine)
    connection.receive_data(b"-WRONGTYPE Operation against\r\n*2\r\n:1\r\n-ERR \xff\r\n")
    first, second = connection.next_events()
    assert isinstance(first, RedisWrongType)
    assert first.code == "WRONGTYPE"
    assert isinstance(second[1], RedisError)
    assert str(second[1]) == "ERR \N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_pushed_is_told_from_answers(engine: resp.Engine) -> None:
    connection = resp.client_connection(engine=engine)
    connection.receive_data(b"*1\r\n:1\r\n>2\r\n+message\r\n$1\r\nx\r\n*1\r\n:2\r\n")
    answer, push, other = connection.next_events()
    assert type(answer) is type(other) is list
    assert isinstance(push, resp.Push)
    assert push == [b"message", b"x"]
    assert repr(push) == "Push([b'message', b'x'])"


@pytest.mark.parametrize("engine", ENGINES)
def test_it_knows_whether_it_is_between_answers(engine: resp.Engine) -> None:
    connection = resp.client_connection(engine=engine)
    assert connection.is_between_answers
    for data, there in ((b"*2\r\n", False), (b":1\r\n", False), (b":2\r\n", True)):
        connection.receive_data(data)
        assert not connection.is_between_answers
        event = connection.next_event()
        assert (event is not NEED_DATA) is there
        assert connection.is_between_answers is there
    connection.receive_data(b":1\r\n:2\r\n")
    connection.next_event()
    assert not connection.is_between_answers
    assert connection.next_events() == [2]
    connection.receive_data(b"*")
    assert connection.next_event() is NEED_DATA
    assert not connection.is_between_answers


@pytest.mark.parametrize("engine", ENGINES)
def test_answers_in_front_of_a_mistake_are_handed_out(engine: resp.Engine) -> None:
    connection = resp.client_connection(engine=engine)
    connection.receive_data(b":1\r\n:2\r\nnonsense\r\n")
    assert connection.next_events() == [1, 2]
    assert connection.error is not None
    with pytest.raises(RemoteProtocolError):
        connection.next_events()
    connection.receive_data(b":3\r\n")
    with pytest.raises(RemoteProtocolError):
        connection.next_event()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "data",
    [b"*", b"*2\r\n:1\r\n", b"$5\r\nhel", b"+OK", b"+OK\r", b"|1\r\n"[:1], b"*12345678"],
    ids=repr,
)
def test_an_end_within_an_answer_is_a_mistake(engine: resp.Engine, data: bytes) -> None:
    for pieces in ([data], one_by_one(data)):
        assert play(engine, pieces) == ([], "RemoteProtocolError")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_end_is_told(engine: resp.Engine) -> None:
    connection = resp.client_connection(engine=engine)
    connection.receive_eof()
    connection.receive_eof()
    assert connection.next_event() is END_OF_STREAM
    assert connection.next_events() == []
    with pytest.raises(LocalProtocolError):
        connection.receive_data(b"more")


JUNK = [
    b"x\r\n", b"\r\n", b" \r\n", b":\r\n", b":+1\r\n", b":01\r\n", b":-0\r\n", b": 1\r\n",
    b":1x\r\n",
    b":9223372036854775808\r\n", b":1_0\r\n", b",\r\n", b",x\r\n", b",+1\r\n", b", 1\r\n",
    b",0x1\r\n", b",1e400\r\n", b",-1e400\r\n", b",infinity\r\n", b",1_0\r\n", b",.\r\n",
    b"," + b"1" * 326 + b"\r\n", b"%1\r\n*0\r\n", b"%1\r\n~1\r\n",
    b"%1\r\n>0\r\n", b"%2\r\n:1\r\n:1\r\n%0\r\n",
    b"#\r\n", b"#x\r\n", b"#true\r\n", b"_x\r\n", b"(x\r\n", b"(+1\r\n", b"(1.5\r\n",
    b"$x\r\n", b"$-2\r\n", b"$+1\r\n", b"$01\r\na\r\n", b"$\r\n", b"$?\r\n", b"*x\r\n", b"*-2\r\n",
    b"*\r\n", b"*?\r\n", b"%-2\r\n", b"~x\r\n", b"=3\r\ntxt\r\n", b"=4\r\ntxtx\r\n",
    b"%1\r\n*0\r\n:1\r\n", b"*1\r\n%1\r\n%0\r\n:1\r\n", b"+a\rb\r\n", b"+a\nb\r\n", b":1\n:2\r\n",
]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("data", JUNK, ids=repr)
def test_junk_is_refused(engine: resp.Engine, data: bytes) -> None:
    for pieces in ([b":7\r\n" + data], one_by_one(b":7\r\n" + data)):
        assert play(engine, pieces) == ([("int", 7)], "RemoteProtocolError")


def test_what_only_our_own_engine_understands() -> None:
    own, hiredis = ENGINES
    attribute = b"|1\r\n+ttl\r\n:3600\r\n:5\r\n"
    assert play(own, [attribute]) == ([("int", 5)], "end")
    within = b"*2\r\n:1\r\n" + attribute
    assert play(own, [within]) == ([[("int", 1), ("int", 5)]], "end")
    assert play(own, [b"|0\r\n:5\r\n"]) == ([("int", 5)], "end")
    as_key = b"%1\r\n|1\r\n+ttl\r\n*0\r\n:1\r\n:2\r\n"
    assert play(own, [as_key]) == ([[(("int", 1), ("int", 2))]], "end")
    for junk in (b"|-1\r\n:5\r\n", b"|x\r\n", b"|1\r\n+ttl\r\n", b"|1\r\n+ttl\r\n:3600\r\n"):
        for pieces in ([junk], one_by_one(junk)):
            assert play(own, pieces) == play(hiredis, pieces) == ([], "RemoteProtocolError")
    for data in (attribute, within):
        for pieces in ([data], one_by_one(data)):
            assert play(hiredis, pieces) == ([], "RemoteProtocolError")
    error = b"!9\r\nERR\r\nlong\r\n"
    assert play(own, [error])[0][0][2] == "ERR\r\nlong"
    assert play(hiredis, [error]) == ([], "RemoteProtocolError")
    assert play(own, [b"$3\r\nabcde"]) == ([], "RemoteProtocolError")


def test_a_missing_engine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in ("_hiredis_client", "_hiredis_encoding"):
        monkeypatch.delitem(sys.modules, f"trio_helianthus.wire.resp.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "hiredis", None)
    with pytest.raises(MissingExtraError, match="speed"):
        resp.client_connection(engine=resp.Engine.HIREDIS)
    with pytest.raises(MissingExtraError, match="speed"):
        resp.command_encoder(resp.Engine.HIREDIS)
    connection = resp.client_connection()
    connection.receive_data(b":1\r\n")
    assert connection.next_event() == 1
    assert connection.send(("PING",)) == b"*1\r\n$4\r\nPING\r\n"


def test_both_sides_are_wire_protocols_for_the_type_checker() -> None:
    client: WireProtocol[Any, Any] = resp.client_connection()
    server: WireProtocol[Any, Any] = resp.server_connection()
    assert client.next_event() is server.next_event() is NEED_DATA
