"""The rules that recipes go by, without a server: names, waits, margins, entries, chances."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus.redis._cache_entry import Entry, encode_entry, is_due, parse_entry
from trio_helianthus.redis._claim import ask_again_in, drift_margin
from trio_helianthus.redis._recipe_keys import plain_key, tagged_key
from trio_helianthus.redis._slots import slot_of

NAMES = st.text(alphabet="ab{}:é", min_size=1) | st.binary(min_size=1)


@given(NAMES)
def test_all_keys_of_one_name_are_in_one_slot(name: str | bytes) -> None:
    try:
        keys = [tagged_key(prefix, name) for prefix in ("lock:", "lock-fence:", "cache:")]
    except ValueError:
        assert name[:1] in ("}", b"}")
        return
    assert len({slot_of(key) for key in keys}) == 1
    assert len(set(keys)) == 3


@given(NAMES, NAMES)
def test_different_names_have_different_keys(one: str | bytes, two: str | bytes) -> None:
    names = [name.encode() if isinstance(name, str) else name for name in (one, two)]
    if any(name.startswith(b"}") for name in names):
        return
    keys = {tagged_key("lock:", name) for name in names}
    # One has no tag of its own: with one it is the same name.
    are_same = names[0] in (names[1], b"{%b}" % names[1]) or names[1] == b"{%b}" % names[0]
    assert len(keys) == (1 if are_same else 2)


def test_a_tag_of_its_own_is_kept() -> None:
    assert tagged_key("lock:", "{user:7}:mail") == b"lock:{user:7}:mail"
    assert slot_of(tagged_key("lock:", "{user:7}:mail")) == slot_of("user:7")
    assert tagged_key("lock:", "mail") == b"lock:{mail}"
    assert slot_of(tagged_key("lock:", "mail")) == slot_of("mail")


def test_a_key_for_each_subject_has_no_tag() -> None:
    assert plain_key("rate:", "api", b"7") == b"rate:api:7"
    with pytest.raises(ValueError, match="not empty"):
        plain_key("rate:", "api", "")


@given(
    st.integers(0, 10_000),
    st.floats(-10, 100),
    st.floats(0, 1, exclude_max=True),
)
def test_who_is_next_asks_often_and_the_others_rarely(
    ahead: int, ends_in: float, chance: float
) -> None:
    delay = ask_again_in(ahead, ends_in, chance)
    assert 0 < delay <= min(1.0, 0.025 * (ahead + 1))
    if ahead:
        assert delay >= 0.0125 * 2 - 1e-9
    if ends_in > 0 and not ahead:
        assert delay <= ends_in + 0.001
    assert ask_again_in(ahead + 1, ends_in, chance) >= delay
    assert ask_again_in(ahead, 0, chance) == ask_again_in(ahead, 0, 0) * (1 + chance)


@given(st.floats(0.05, 1e6))
def test_a_lease_ends_for_us_before_it_does_for_the_server(ttl: float) -> None:
    assert 0 < ttl - drift_margin(ttl) < ttl


@given(
    st.none() | st.binary(),
    st.floats(0, 1e6),
    st.floats(0, 1e6),
)
def test_an_entry_is_read_as_it_was_written(
    payload: bytes | None, load_seconds: float, stale_seconds: float
) -> None:
    entry = parse_entry(encode_entry(Entry(payload, load_seconds, stale_seconds)))
    assert entry is not None
    assert entry.payload == payload
    assert entry.load_seconds == pytest.approx(load_seconds, abs=1e-5)
    assert entry.stale_seconds == pytest.approx(stale_seconds, abs=1e-2)


@given(st.binary())
def test_what_is_not_ours_is_no_entry(data: bytes) -> None:
    assert parse_entry(data) is None or data.startswith(b"hc1 ")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hc1",
        b"hc1 + 1 1",
        b"hc2 + 1 1 x",
        b"hc1 ? 1 1 x",
        b"hc1 + -1 1 x",
        b"hc1 + 1 1.5 x",
        b"hc1 + " + b"9" * 400 + b" 1 x",
        b'{"a": 1}',
    ],
)
def test_junk_is_no_entry(data: bytes) -> None:
    assert parse_entry(data) is None


@given(
    st.floats(0.001, 1000),
    st.floats(0, 100),
    st.floats(0, 10),
    st.floats(0, 1, exclude_max=True),
)
def test_an_entry_is_due_with_the_chance_that_the_paper_gives(
    fresh: float, load: float, early: float, chance: float
) -> None:
    expected = math.exp(-fresh / (load * early)) if load * early > 1e-9 else 0.0
    if abs((1 - chance) - expected) > 1e-9:
        assert is_due(fresh, load, early, chance) == (1 - chance <= expected)


@given(st.floats(-100, 0), st.floats(0, 100), st.floats(0, 10), st.floats(0, 1, exclude_max=True))
def test_what_is_stale_is_always_due(
    fresh: float, load: float, early: float, chance: float
) -> None:
    assert is_due(fresh, load, early, chance)


def test_what_is_good_for_long_is_never_due() -> None:
    assert not any(is_due(math.inf, 1.0, 1.0, n / 1000) for n in range(1000))


def test_names_are_text_or_bytes() -> None:
    wrong: Any = 7
    with pytest.raises(TypeError, match="str or bytes"):
        tagged_key("lock:", wrong)


def test_no_two_pairs_of_name_and_key_share_one() -> None:
    pairs = [("user", "settings:7"), ("user:settings", "7"), ("user%3Asettings", "7"), ("a", ":")]
    assert len({plain_key("cache:", name, key) for name, key in pairs}) == len(pairs)
    assert plain_key("cache:", "user", "7") == b"cache:user:7"
