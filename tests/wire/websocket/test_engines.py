"""Both engines, the same bytes: the same events, or a refusal with the same code."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.websocket._corpus import by_chance, by_hand, compressed
from tests.wire.websocket._frames import (
    DEFLATE,
    Role,
    connect,
    cut_by_chance,
    one_by_one,
    play,
)
from trio_helianthus.wire.websocket import DEFAULT_LIMITS, DeflateParameters, Engine, Limits

ENGINES: Final = (Engine.OWN, Engine.WSPROTO)
TIGHT: Final = Limits(max_message_bytes=100, max_frame_bytes=90, max_fragments=3)
TINY: Final = Limits(max_message_bytes=5)
NARROW: Final = DeflateParameters(server_max_window_bits=10, client_max_window_bits=10)
SHORT: Final = 40

Outcome = tuple[list[Any], int, str | None]


def outcomes(
    role: Role, cuttings: list[list[bytes]], limits: Limits, deflate: DeflateParameters | None
) -> list[Outcome]:
    """What each engine makes of each cutting, event by event and in batches."""
    return [
        play(
            connect(role, engine, limits=limits, deflate=deflate),
            pieces,
            in_batches=in_batches,
            take_each=take_each,
        )
        for engine in ENGINES
        for pieces in cuttings
        for in_batches, take_each in ((False, 1), (True, 1), (True, 3))
    ]


def must_agree(
    role: Role, data: bytes, chance: random.Random, limits: Limits, deflate: Any
) -> Outcome:
    cuttings = [[data], one_by_one(data), cut_by_chance(chance, data)]
    if len(data) <= SHORT:
        cuttings += [[data[:at], data[at:]] for at in range(1, len(data))]
    first, *others = outcomes(role, cuttings, limits, deflate)
    for other in others:
        assert other == first, data
    return first


@pytest.mark.parametrize("limits", [DEFAULT_LIMITS, TIGHT, TINY], ids=["usual", "tight", "tiny"])
@pytest.mark.parametrize("deflate", [None, DEFLATE, NARROW], ids=["plain", "deflate", "narrow"])
def test_the_corpus_is_read_alike_however_it_is_cut(
    role: Role, limits: Limits, deflate: DeflateParameters | None
) -> None:
    chance = random.Random(5)
    codes = set()
    for data in [*by_hand(role), *compressed(role)]:
        _, code, _ = must_agree(role, data, chance, limits, deflate)
        codes.add(code)
    assert codes == {0, 1002, 1006, 1007, 1009}


@pytest.mark.parametrize("limits", [DEFAULT_LIMITS, TIGHT, TINY], ids=["usual", "tight", "tiny"])
@pytest.mark.parametrize("deflate", [None, NARROW], ids=["plain", "deflate"])
def test_what_chance_has_written_is_read_alike(
    role: Role, limits: Limits, deflate: DeflateParameters | None
) -> None:
    seed = random.randrange(10**9)
    print(f"the first seed is {seed}")
    for each in range(seed, seed + 60):
        chance = random.Random(each)
        data = by_chance(chance, role, deflate=deflate is not None)
        must_agree(role, data, chance, limits, deflate)


def test_cut_frames_are_joined_alike_at_every_border_of_a_stream(role: Role) -> None:
    chance = random.Random(7)
    data = b"".join(by_chance(chance, role, deflate=False) for _ in range(3))
    cuttings = [[data[:at], data[at:]] for at in range(len(data))]
    assert all(a == b for a, b in pairwise(outcomes(role, cuttings, DEFAULT_LIMITS, None)))


@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 400), max_size=5))
def test_the_contract_of_wire_protocols_is_kept(
    check_protocol: Any, seed: int, cuts: list[int]
) -> None:
    chance = random.Random(seed)
    role = chance.choice(list(Role))
    deflate = chance.choice([None, NARROW])
    limits = chance.choice([DEFAULT_LIMITS, TIGHT])
    data = by_chance(chance, role, deflate=deflate is not None)
    said = [
        check_protocol(
            lambda engine=engine: connect(role, engine, limits=limits, deflate=deflate),
            data,
            cuts=cuts,
            mutations=1,
        )
        for engine in ENGINES
    ]
    assert said[0] == said[1]


@given(data=st.binary(max_size=60), cuts=st.lists(st.integers(0, 60), max_size=3))
def test_junk_is_refused_or_read_and_nothing_else(
    check_protocol: Any, data: bytes, cuts: list[int]
) -> None:
    for role in Role:
        said = [
            check_protocol(
                lambda engine=engine, role=role: connect(role, engine, deflate=DEFLATE),
                data,
                cuts=cuts,
            )
            for engine in ENGINES
        ]
        assert said[0] == said[1]


def test_both_engines_write_the_same_for_a_client() -> None:
    own, reference = (connect(Role.SERVER, engine, deflate=DEFLATE) for engine in ENGINES)
    for length in (0, 1, 125, 126, 65535, 65536):
        assert own.send_text("a" * length) == reference.send_text("a" * length)
        assert own.send_binary(b"a" * length) == reference.send_binary(b"a" * length)


def test_an_engine_is_known_by_its_name() -> None:
    assert [Engine(name) for name in ("auto", "own", "wsproto")] == list(Engine)
    assert type(connect(Role.SERVER, Engine.AUTO)) is type(connect(Role.SERVER, Engine.OWN))
