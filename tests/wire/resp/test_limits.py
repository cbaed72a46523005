"""What a server or a client may cost: nothing that is only announced, and no more than is named."""

from __future__ import annotations

import tracemalloc
from typing import Any

import attrs
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
@pytest.mark.parametrize("begin", [b"+", b"-", b":", b"(", b"$", b"*", b"*2\r\n+", b""], ids=repr)
def test_a_line_may_not_grow_for_ever(engine: resp.Engine, begin: bytes) -> None:
    limits = resp.Limits(max_line_bytes=1000)
    good = b"+" + b"x" * 1000 + b"\r\n"
    assert play(engine, one_by_one(good), limits=limits) == ([good[1:-2]], "end")
    connection = resp.client_connection(engine=engine, limits=limits)
    connection.receive_data(begin)
    assert connection.next_event() is NEED_DATA
    with pytest.raises(RemoteProtocolError) as caught:
        for _ in range(20):
            connection.receive_data(b"1" * 99)
            assert connection.next_event() is NEED_DATA
    if isinstance(caught.value, LimitExceeded):
        assert caught.value.limit_name == "max_line_bytes"
    else:
        assert begin == b"", "what cannot begin an answer may be refused at once"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("begin", [b"$11000\r\n", b"$9999\r\n", b"$200\r\n"], ids=repr)
def test_a_string_without_line_ends_is_no_line(engine: resp.Engine, begin: bytes) -> None:
    limits = resp.Limits(max_line_bytes=100)
    data = begin + b"x" * int(begin[1:]) + b"\r\n"
    assert play(engine, one_by_one(data), limits=limits) == ([data[len(begin) : -2]], "end")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_string_with_a_wrong_end_hides_no_endless_line(engine: resp.Engine) -> None:
    connection = resp.client_connection(engine=engine)
    connection.receive_data(b"$3\r\nabc")
    assert connection.next_event() is NEED_DATA
    with pytest.raises(RemoteProtocolError, match="longer than was announced"):
        for _ in range(11):
            connection.receive_data(b"x" * 1000)
            assert connection.next_event() is NEED_DATA


def peak_of(engine: resp.Engine, pieces: list[bytes], limits: resp.Limits) -> tuple[str, int]:
    """Say how it ended, and how many bytes of memory it took at most."""
    tracemalloc.start()
    try:
        _, end = play(engine, pieces, limits=limits)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return end, most


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "data",
    [
        b"$536870912\r\n",
        b"=536870912\r\nxxx",
        b"%16000000\r\n",
        b"*4294967295\r\n",
        b"~1000000000\r\n",
        b">1000000000\r\n",
        b"*2\r\n:1\r\n*1000000000\r\n",
        b"%1\r\n:1\r\n*1000000000\r\n",
        b"*9223372036854775807\r\n",
        b"*99999999999999999999999999999999\r\n",
        # hiredis does not see that the string has no end.
        b"*2\r\n$3\r\nabcXY*1000000000\r\n",
        b"*2\r\n$3\r\nabcXY>1000000000\r\n",
        b"*2\r\n$3\r\nabcXY~1000000000\r\n",
        b"*2\r\n$3\r\nabc\r\r*1000000000\r\n",
        b"*2\r\n$3\r\nabc++*1000000000\r\n",
    ],
    ids=repr,
)
def test_what_is_announced_takes_no_memory(engine: resp.Engine, data: bytes) -> None:
    ends = set()
    for pieces in ([data], one_by_one(data), [b":1\r\n" + data], [data[:12], data[12:]]):
        end, most = peak_of(engine, pieces, resp.DEFAULT_LIMITS)
        assert most < MIB
        ends.add(end)
    assert len(ends) == 1
    assert "end" not in ends


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", [b"*", b"~", b">"], ids=repr)
@pytest.mark.parametrize("items", [999, 1000, 100_000])
def test_announcements_within_each_other_do_not_add_up(
    engine: resp.Engine, kind: bytes, items: int
) -> None:
    data = b"%b%d\r\n" % (kind, items) * 10_000
    limits = resp.Limits(max_items=100_000)
    for pieces in ([data], [data[at : at + 7] for at in range(0, len(data), 7)]):
        end, most = peak_of(engine, pieces, limits)
        assert end != "end"
        assert most < 16 * MIB  # 1024 levels of 999, or 265,536 items; and pushes are made twice


@pytest.mark.parametrize("engine", ENGINES)
def test_large_arrays_may_follow_each_other_and_hold_some(engine: resp.Engine) -> None:
    limits = resp.Limits(max_items=1000)
    large = b"*1000\r\n" + b":1\r\n" * 1000
    assert len(play(engine, [large * 200], limits=limits)[0]) == 200
    within = b"*100\r\n" + large * 100
    (answer,), end = play(engine, [within[:5], within[5:]], limits=limits)
    assert end == "end"
    assert [len(each) for each in answer] == [1000] * 100


@pytest.mark.parametrize("engine", ENGINES)
def test_what_looks_like_a_header_within_a_string_is_none(engine: resp.Engine) -> None:
    hostile = b"\r\n*99999999\r\n\r\n|1\r\n\r\n$9999999999\r\n>12345:1*1234\r\n%9999999\r\n"
    data = b"*2\r\n$%d\r\n%b\r\n:1\r\n" % (len(hostile), hostile)
    expected = ([[hostile, ("int", 1)]], "end")
    assert play(engine, [data]) == expected
    assert play(engine, one_by_one(data)) == expected
    for at in range(1, len(data)):
        assert play(engine, [data[:at], data[at:]]) == expected


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", [b"$", b"="], ids=repr)
def test_a_long_string_may_hold_anything_and_be_cut_anywhere(
    engine: resp.Engine, kind: bytes
) -> None:
    hostile = b"txt:\r\n*99999999\r\n|1\r\n$99999999999\r\n>12345:1*1234\r\n"
    text = (hostile * 300)[:12_345]
    data = b"*2\r\n%b%d\r\n%b\r\n:1\r\n" % (kind, len(text), text)
    expected = ([[text.removeprefix(b"txt:") if kind == b"=" else text, ("int", 1)]], "end")
    for at in [*range(1, 90), *range(len(data) - 90, len(data))]:
        assert play(engine, [data[:at], data[at:]]) == expected
    assert play(engine, one_by_one(data)) == expected
    for at in (len(data) - 6, len(data) - 5):  # its end
        wrong = data[:at] + b"x" + data[at + 1 :]
        for pieces in ([wrong], one_by_one(wrong), [wrong[:at], wrong[at:]]):
            assert play(engine, pieces) == ([], "RemoteProtocolError")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", [b"*", b"~", b">", b"%", b"$", b"="], ids=repr)
@pytest.mark.parametrize(
    "before",
    [b"", b":1\r\n", b"*2\r\n:1\r\n", b"$11200\r\n%b\r\n" % (b"*12345\r\n" * 1400)],
    ids=["first", "second", "within", "behind a long string"],
)
def test_a_header_is_judged_wherever_it_stands(
    engine: resp.Engine, before: bytes, kind: bytes
) -> None:
    data = before + kind + b"99999999999\r\n"
    name = "max_bulk_bytes" if kind in b"$=" else "max_items"
    assert refusal(engine, data, resp.DEFAULT_LIMITS).limit_name == name


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", [b"*1\r\n", b"%1\r\n:1\r\n", b"*2\r\n:1\r\n"], ids=repr)
def test_depth_without_end_neither_crashes_nor_costs(engine: resp.Engine, kind: bytes) -> None:
    data = kind * 100_000 + b":1\r\n"
    for pieces in ([data], [data[at : at + 1000] for at in range(0, len(data), 1000)]):
        end, most = peak_of(engine, pieces, resp.DEFAULT_LIMITS)
        assert end in {"LimitExceeded", "RemoteProtocolError"}  # hiredis has a depth of its own
        assert most < 4 * MIB


def test_what_is_nested_deeply_is_taken_if_it_may_be() -> None:
    own, hiredis = ENGINES
    for engine, depth in ((own, 100_000), (hiredis, 1000)):
        limits = resp.Limits(max_depth=depth)
        connection = resp.client_connection(engine=engine, limits=limits)
        connection.receive_data(b"*1\r\n" * depth + b":1\r\n")
        answer = connection.next_event()
        for _ in range(depth):
            (answer,) = answer
        assert answer == 1
        connection.receive_data(b"*1\r\n" * (depth + 1) + b":1\r\n")
        with pytest.raises(LimitExceeded, match=f"max_depth={depth}"):
            connection.next_event()


def test_a_long_string_is_handed_on_once_and_not_searched() -> None:
    fed = searched = 0
    connection: Any = resp.client_connection(engine=resp.Engine.HIREDIS)
    reader, search = connection._reader, connection._search_all

    class Counting:
        gets, has_data = reader.gets, reader.has_data

        @staticmethod
        def feed(data: bytes, start: int, length: int) -> None:
            nonlocal fed
            fed += length
            reader.feed(data, start, length)

    def counting(data: bytes, *places: int) -> Any:
        nonlocal searched
        searched += len(data)
        return search(data, *places)

    connection._reader, connection._search_all = Counting, counting
    begin = b"*1\r\n$1000000\r\n"
    connection.receive_data(begin)
    for _ in range(1000):
        assert connection.next_events() == []
        connection.receive_data(b"\r\n*99999\r\n" + b"x" * 990)
    assert connection.next_events() == []
    connection.receive_data(b"\r\n")
    ((text,),) = connection.next_events()
    assert len(text) == 1_000_000
    assert fed == len(begin) + 1_000_000 + 2
    assert searched == len(begin)


def test_what_looks_like_headers_is_not_searched_for_each_of_them() -> None:
    connection: Any = resp.client_connection(engine=resp.Engine.HIREDIS)
    searched = 0

    def counting(search: Any) -> Any:
        def count(data: bytes, start: int, end: int) -> Any:
            nonlocal searched
            match = search(data, start, end)
            searched += (end if match is None else match.end()) - start
            return match

        return count

    for kind in ("all", "arrays", "pushes", "sets", "strings", "others"):
        name = f"_search_{kind}"
        setattr(connection, name, counting(getattr(connection, name)))
    text = b"*~>$=|" + b"\r\n%1234" * 1000
    data = b"$%d\r\n%b\r\n" % (len(text), text)
    connection.receive_data(data * 10)
    assert connection.next_events() == [text] * 10
    assert searched < 30 * len(data * 10)


def test_a_line_in_pieces_is_handed_on_as_a_whole() -> None:
    connection: Any = resp.client_connection(engine=resp.Engine.HIREDIS)
    for begin in (b"", b"*2\r\n", b"$5\r\na\r\nbc\r\n"):
        connection.receive_data(begin + b"+")
        for _ in range(1000):
            connection.next_events()
            connection.receive_data(b"x" * 100)
        assert connection._reader.len() < 20
        assert not connection._reader.has_data()
        connection.receive_data(b"\r\n+\r\n")
        connection.next_events()
        assert connection.is_between_answers


def test_our_own_parser_does_not_look_at_a_string_again_and_again() -> None:
    looked = 0

    class Counting(bytearray):
        def find(self, *args: Any) -> int:
            nonlocal looked
            looked += 1
            return super().find(*args)

    connection: Any = resp.client_connection(engine=resp.Engine.OWN)
    connection.receive_data(b"*1\r\n$1000000\r")
    assert connection.next_event() is NEED_DATA
    connection._buffer = Counting(connection._buffer)
    connection.receive_data(b"\n")
    assert connection.next_event() is NEED_DATA
    assert looked == 1
    for _ in range(1000):
        connection.receive_data(b"x" * 1000)
        assert connection.next_event() is NEED_DATA
    connection.receive_data(b"\r\n")
    assert connection.next_event() == [b"x" * 1_000_000]
    assert looked == 1


def test_our_own_parser_searches_a_line_once() -> None:
    starts = []

    class Noting(bytearray):
        def find(self, what: Any, start: Any = 0, *_: Any) -> int:
            starts.append(start)
            return super().find(what, start)

    connection: Any = resp.client_connection(engine=resp.Engine.OWN)
    connection.receive_data(b"+")
    connection._buffer = Noting(connection._buffer)
    for _ in range(100):
        assert connection.next_event() is NEED_DATA
        connection.receive_data(b"x" * 100)
    assert starts == [0, *range(0, 9900, 100)]


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_kept_behind_a_refusal(engine: resp.Engine) -> None:
    connection = resp.client_connection(engine=engine)
    connection.receive_data(b"nonsense\r\n")
    with pytest.raises(RemoteProtocolError):
        connection.next_event()
    before = connection.buffered
    for _ in range(3):
        connection.receive_data(b":1\r\n" * 1000)
        with pytest.raises(RemoteProtocolError):
            connection.next_event()
        assert connection.buffered == before


@pytest.mark.parametrize("name", [each.name for each in attrs.fields(resp.Limits)])
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
