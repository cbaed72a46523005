"""Both engines, the same bytes: the same answers, or a refusal at the same place."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.resp._answers import ENGINES, conversations, cut, one_by_one, play, shown
from trio_helianthus.wire import resp

pytest.importorskip("hiredis", reason="the other engine")

TIGHT = resp.Limits(max_bulk_bytes=20, max_items=3, max_depth=2)
SHORT = 60


def outcomes(data: bytes, chance: random.Random, limits: resp.Limits) -> list[Any]:
    cuttings = [[data], one_by_one(data), cut(data, chance)]
    if len(data) <= SHORT:
        cuttings += [[data[:at], data[at:]] for at in range(1, len(data))]
    return [
        play(engine, pieces, limits=limits, in_batches=in_batches)
        for engine in ENGINES
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
    if not is_known_to_differ(bytes(data)):
        must_agree(bytes(data), chance, resp.Limits(max_bulk_bytes=10_000, max_items=10_000))


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


def is_known_to_differ(data: bytes) -> bool:
    """Whether hiredis may see what it does not understand, or an end of a string that is none."""
    own = resp.client_connection(engine=resp.Engine.OWN)
    own.receive_data(data)
    try:
        while own.next_events():
            pass
    except Exception as exc:
        return "longer than was announced" in str(exc)
    return b"|" in data or b"!" in data
