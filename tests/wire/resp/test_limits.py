"""What a server or a client may cost: nothing that is only announced, and no more than is named."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from tests.wire.resp._answers import ENGINES, one_by_one, play
from trio_helianthus.errors import LimitExceeded, RemoteProtocolError
from trio_helianthus.wire import NEED_DATA, resp

pytest.importorskip("hiredis", reason="the other engine")

MIB = 1024 * 1024


def refusal(engine: resp.Engine, data: bytes, limits: resp.Limits) -> LimitExceeded:
    """Hand over the data at once; what is raised must be the same byte by byte."""
    names = []
    for pieces in ([data], one_by_one(data)):
        connection = resp.client_connection(engine=engine, limits=limits)
        with pytest.raises(LimitExceeded) as caught:
            for piece in pieces:
                connection.receive_data(piece)
                while connection.next_event() is not NEED_DATA:
                    pass
        names.append(caught.value.limit_name)
    assert names[0] == names[1]
    return caught.value


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("limits", "good", "bad"),
    [
        ({"max_bulk_bytes": 10}, b"$10\r\n0123456789\r\n", b"$11\r\n"),
        ({"max_bulk_bytes": 10}, b"=9\r\ntxt:01234\r\n", b"=11\r\n"),
        ({"max_items": 2}, b"*2\r\n:1\r\n:2\r\n", b"*3\r\n"),
        ({"max_items": 2}, b"~2\r\n:1\r\n:2\r\n", b"~3\r\n"),
        ({"max_items": 2}, b">2\r\n:1\r\n:2\r\n", b">3\r\n"),
        ({"max_items": 2}, b"%2\r\n:1\r\n:2\r\n:3\r\n:4\r\n", b"%3\r\n"),
        ({"max_items": 2}, b"*1\r\n*2\r\n:1\r\n:2\r\n", b"*1\r\n*3\r\n"),
        ({"max_depth": 2}, b"*1\r\n*1\r\n:1\r\n", b"*1\r\n*1\r\n*1\r\n:1\r\n"),
        ({"max_depth": 1}, b"%1\r\n:1\r\n:1\r\n", b"%1\r\n:1\r\n*1\r\n:1\r\n"),
        ({"max_depth": 1}, b">1\r\n:1\r\n", b">1\r\n*1\r\n:1\r\n"),
    ],
)
def test_each_limit_is_kept_and_named(
    engine: resp.Engine, limits: Any, good: bytes, bad: bytes
) -> None:
    (name,) = limits
    chosen = resp.Limits(**limits)
    assert play(engine, [good], limits=chosen)[1] == "end"
    assert play(engine, one_by_one(good), limits=chosen)[1] == "end"
    error = refusal(engine, bad, chosen)
    assert error.limit_name == name
    assert error.limit == limits[name]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_answer_may_not_grow_for_ever(engine: resp.Engine) -> None:
    limits = resp.Limits(max_answer_bytes=1000)
    connection = resp.client_connection(engine=engine, limits=limits)
    connection.receive_data(b"*10000\r\n")
    with pytest.raises(LimitExceeded, match="max_answer_bytes=1000"):
        for _ in range(1000):
            connection.receive_data(b":1234567\r\n")
            assert connection.next_event() is NEED_DATA
    # Each answer has the whole of it.
    many = b"*10\r\n" + b":1234567\r\n" * 10
    assert len(play(engine, [many] * 100, limits=limits)[0]) == 100
    assert len(play(engine, one_by_one(many * 20), limits=limits)[0]) == 20


@pytest.mark.parametrize("engine", ENGINES)
def test_a_line_may_not_grow_for_ever(engine: resp.Engine) -> None:
    limits = resp.Limits(max_bulk_bytes=100, max_answer_bytes=1000)
    connection = resp.client_connection(engine=engine, limits=limits)
    with pytest.raises(LimitExceeded):
        for _ in range(100):
            connection.receive_data(b"+" + b"x" * 99)
            connection.next_event()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "data",
    [b"*16000000\r\n" * 30, b"$536870912\r\n", b"%16000000\r\n", b"*4294967295\r\n"],
    ids=repr,
)
def test_what_is_announced_takes_no_memory(engine: resp.Engine, data: bytes) -> None:
    tracemalloc.start()
    try:
        play(engine, [data])
        # A list of so many items is reserved by hiredis, in pages that are never touched.
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert engine is resp.Engine.HIREDIS or most < MIB


@pytest.mark.parametrize("engine", ENGINES)
def test_what_looks_like_a_length_within_a_string_is_none(engine: resp.Engine) -> None:
    hostile = b"\r\n*99999999\r\n\r\n|1\r\n\r\n$9999999999\r\n"
    data = b"*2\r\n$%d\r\n%b\r\n:1\r\n" % (len(hostile), hostile)
    expected = ([[hostile, ("int", 1)]], "end")
    assert play(engine, [data]) == expected
    assert play(engine, one_by_one(data)) == expected
    for at in range(1, len(data)):
        assert play(engine, [data[:at], data[at:]]) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_depth_without_end_neither_crashes_nor_costs(engine: resp.Engine) -> None:
    events, end = play(engine, [b"*1\r\n" * 100_000 + b":1\r\n"])
    assert events == []
    assert end in {"LimitExceeded", "RemoteProtocolError"}  # as hiredis may run out of levels


def test_a_string_in_small_pieces_is_not_looked_at_again_and_again() -> None:
    looked = 0

    class Counting(bytearray):
        def find(self, *args: Any) -> int:
            nonlocal looked
            looked += 1
            return super().find(*args)

    connection = resp.client_connection(engine=resp.Engine.OWN)
    connection._buffer = Counting()  # type: ignore[attr-defined] # of this engine
    connection.receive_data(b"*1\r\n$1000000\r\n")
    assert connection.next_event() is NEED_DATA
    before = looked
    for _ in range(1000):
        connection.receive_data(b"x" * 1000)
        assert connection.next_event() is NEED_DATA
    assert looked == before
    connection.receive_data(b"\r\n")
    assert connection.next_event() == [b"x" * 1_000_000]


@pytest.mark.parametrize("name", ["max_bulk_bytes", "max_items", "max_depth", "max_answer_bytes"])
def test_a_limit_is_at_least_one(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        resp.Limits(**{name: 0})
    with pytest.raises(TypeError, match=name):
        resp.Limits(**{name: 1.5})  # type: ignore[arg-type] # that is the mistake


@pytest.mark.parametrize(
    ("limits", "data"),
    [
        ({"max_bulk_bytes": 3}, b"*1\r\n$4\r\n"),
        ({"max_items": 2}, b"*3\r\n"),
        ({"max_command_bytes": 5}, b"*3\r\n$3\r\nGET\r\n$3\r\n"),
        ({"max_inline_bytes": 5}, b"GET key"),
        ({"max_inline_bytes": 5}, b"GET key\r\n"),
    ],
)
def test_a_client_is_held_to_limits(limits: Any, data: bytes) -> None:
    (name,) = limits
    for pieces in ([data], one_by_one(data)):
        connection = resp.server_connection(limits=resp.CommandLimits(**limits))
        with pytest.raises(LimitExceeded, match=name):
            for piece in pieces:
                connection.receive_data(piece)
                connection.next_event()
        with pytest.raises(RemoteProtocolError):
            connection.next_event()
