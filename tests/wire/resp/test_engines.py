"""Both engines, the same bytes: the same answers, or a refusal at the same place."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.resp._answers import ENGINES, conversations, cut, one_by_one, play, shown
from trio_helianthus.errors import RemoteProtocolError
from trio_helianthus.wire import resp
from trio_helianthus.wire.resp._own_client import OwnClientConnection

pytest.importorskip("hiredis", reason="the other engine")

TIGHT = resp.Limits(max_bulk_bytes=20, max_items=3, max_depth=2)
SHORT = 40
MEDIUM = 1000


def outcomes(
    data: bytes,
    chance: random.Random,
    limits: resp.Limits,
    engines: Sequence[resp.Engine] = ENGINES,
) -> list[Any]:
    cuttings = [[data], cut(data, chance)]
    cuttings.append(one_by_one(data) if len(data) < MEDIUM else cut(data, chance, pieces=50))
    if len(data) <= SHORT:
        cuttings += [[data[:at], data[at:]] for at in range(1, len(data))]
    return [
        play(engine, pieces, limits=limits, in_batches=in_batches)
        for engine in engines
        for pieces in cuttings
        for in_batches in (False, True)
    ]


def must_agree(data: bytes, chance: random.Random, limits: resp.Limits) -> Any:
    first, *others = outcomes(data, chance, limits)
    for other in others:
        assert other == first, data
    return first


@given(conversations, st.sampled_from([2, 3]), st.randoms(use_true_random=False))
def test_what_servers_answer_is_understood(
    conversation: list[Any], protocol: int, chance: random.Random
) -> None:
    if protocol == 2:  # there is no push in RESP2, and maps are lists
        conversation = [each for each in conversation if not isinstance(each, resp.Push)]
    data = b"".join(resp.encode_answer(each, protocol=protocol) for each in conversation)
    events, end = must_agree(data, chance, resp.DEFAULT_LIMITS)
    assert end == "end"
    assert len(events) == len(conversation)
    if protocol == 3:
        assert events == [shown(as_received(each)) for each in conversation]


def as_received(value: Any) -> Any:
    """An answer as the other side sees it: text is bytes there."""
    match value:
        case str():
            return value.encode()
        case resp.Push():
            return resp.Push(as_received(each) for each in value)
        case list():
            return [as_received(each) for each in value]
        case dict():
            return {as_received(key): as_received(each) for key, each in value.items()}
    return value


@given(conversations, st.randoms(use_true_random=False))
def test_damaged_answers_are_taken_or_refused_alike(
    conversation: list[Any], chance: random.Random
) -> None:
    data = bytearray(b"".join(resp.encode_answer(each, protocol=3) for each in conversation))
    for _ in range(chance.randrange(1, 4)):
        if data:
            damage(data, chance)
    must_agree_or_differ_as_known(bytes(data), chance)


HOSTILE = b"\r\n*99999\r\n$77777\r\n|1\r\n>1234567\r\n:1*1234\r\n"
SHREDS = [
    *(bytes([byte]) for byte in b"*%~>$=+-:,#_(|!0123et.x\r\n\0 "),
    *([b"\r\n"] * 12),
    *(b"%c%d\r\n" % (kind, size) for kind in b"*%~>" for size in (-1, 0, 1, 2, 1234)),
    b"*99999999\r\n", b"$9999999999\r\n", b"$12345\r\n", b"$12\r\n", b"$-1\r\n", b"$0\r\n\r\n",
    b":1\r\n", b"+OK\r\n", b"-ERR x\r\n", b"#t\r\n", b"_\r\n", b",1.5\r\n", b"(12\r\n",
    b"$3\r\nabc\r\n", b"=7\r\ntxt:abc\r\n", b"inf", b"nan", b"1e400", b"1234", b"+*1234\r\n",
    b"$%d\r\n%b\r\n" % (len(HOSTILE), HOSTILE),
    b"$11000\r\n%b\r\n" % (HOSTILE * 250)[:11_000],
    b"$3\r\nabcXY", b"$11000\r\n%bXY" % (HOSTILE * 250)[:11_000],
]  # fmt: skip


@given(st.lists(st.sampled_from(SHREDS), max_size=16), st.randoms(use_true_random=False))
def test_shreds_of_answers_are_taken_or_refused_alike(
    shreds: list[bytes], chance: random.Random
) -> None:
    must_agree_or_differ_as_known(b"".join(shreds), chance)


def must_agree_or_differ_as_known(data: bytes, chance: random.Random) -> None:
    """Where engines differ, each of them must still agree with itself, however data is cut."""
    if not is_known_to_differ(data):
        must_agree(data, chance, resp.DEFAULT_LIMITS)
        return
    for engine in ENGINES:
        first, *others = outcomes(data, chance, resp.DEFAULT_LIMITS, [engine])
        for other in others:
            assert other == first, data


DIFFERENT = [
    (b"|1\r\n+ttl\r\n:1\r\n:5\r\n", [("int", 5)], "end", [], "RemoteProtocolError"),
    (b"!1\r\nx\r\n", [("error", "RedisError", "x", "")], "end", [], "RemoteProtocolError"),
    (b"$1\r\naXY:5\r\n", [], "RemoteProtocolError", [b"a", ("int", 5)], "end"),
    (b"(\r\n", [], "RemoteProtocolError", [b""], "end"),
    (b"(-\r\n", [], "RemoteProtocolError", [b"-"], "end"),
    (b"#\0\r\n", [], "RemoteProtocolError", [("bool", False)], "end"),
    (
        b"%3\r\n+a\r\n:1\r\n+b\r\n:2\r\n+a\r\n:3\r\n",
        [[(b"a", ("int", 3)), (b"b", ("int", 2))]], "end",
        [[(b"a", None), (b"b", ("int", 3))]], "end",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "own", "own_end", "hiredis", "hiredis_end"),
    DIFFERENT,
    ids=[repr(d[0]) for d in DIFFERENT],
)
def test_what_differs_is_what_is_written_down(
    data: bytes, own: Any, own_end: str, hiredis: Any, hiredis_end: str
) -> None:
    assert play(resp.Engine.OWN, [data]) == (own, own_end)
    assert play(resp.Engine.HIREDIS, [data]) == (hiredis, hiredis_end)
    assert is_known_to_differ(data)


@given(conversations, st.randoms(use_true_random=False))
def test_limits_are_the_same(conversation: list[Any], chance: random.Random) -> None:
    data = b"".join(resp.encode_answer(each, protocol=3) for each in conversation)
    if is_known_to_differ(data):
        return
    own, *others = (
        play(engine, pieces, limits=TIGHT)
        for engine in ENGINES
        for pieces in ([data], one_by_one(data))
    )
    for other in others:
        # hiredis notices depth when the answer is there, and a line's length not at all.
        if own[1] == other[1] == "end":
            assert other == own, data


def damage(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    match chance.randrange(4):
        case 0:
            data[at] ^= 1 << chance.randrange(8)
        case 1:
            del data[at]
        case 2:
            data.insert(at, chance.choice(b"\r\n*$:+-%~>0123456789"))
        case 3:
            del data[at:]


class _Noting(OwnClientConnection):
    """Takes note of maps that have a key twice."""

    has_key_twice = False

    def _close(self, top: Any, *, is_top: bool) -> Any:
        value = super()._close(top, is_top=is_top)
        if isinstance(value, dict) and len(value) < len(top.items) // 2:
            self.has_key_twice = True
        return value


def is_known_to_differ(data: bytes) -> bool:
    """Whether the docstring of ``Engine`` says that ``data`` is taken differently."""
    own = _Noting(resp.DEFAULT_LIMITS, resp.encode_command)
    own.receive_data(data)
    try:
        while own.next_events():
            pass
    except RemoteProtocolError as exc:
        if str(exc) in {
            "a string is longer than was announced",
            "not a big number: b''",
            "not a big number: b'-'",
            "not a boolean: b'\\x00'",
        }:
            return True
    # As a header; within a string the engines must agree.
    return own.has_key_twice or re.search(rb"(?:\A|\r\n)[|!]", data) is not None
