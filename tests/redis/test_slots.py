"""Which slot a key is in; the numbers are what servers answer to CLUSTER KEYSLOT."""

from __future__ import annotations

from binascii import crc_hqx
from typing import Any

import pytest

from trio_helianthus.redis._slots import SLOTS, slot_of


@pytest.mark.parametrize(
    ("key", "slot"),
    [
        ("123456789", 0x31C3),  # the check value of the cluster specification
        ("foo", 12182),
        ("bar", 5061),
        ("hello", 866),
        ("", 0),
        (b"\x00\xff\r\n", 6261),
    ],
)
def test_a_key_has_a_slot(key: Any, slot: int) -> None:
    assert slot_of(key) == slot


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        ("{user1000}.following", "user1000"),
        ("{user1000}.followers", "user1000"),
        ("foo{bar}{zap}", "bar"),
        ("foo{{bar}}zap", "{bar"),
        ("{}foo", "{}foo"),
        ("foo{}{bar}", "foo{}{bar}"),
        ("foo{bar", "foo{bar"),
        ("foo}bar{", "foo}bar{"),
        ("{a}", "a"),
    ],
)
def test_what_stands_in_braces_is_hashed_where_it_is_something(key: str, hashed: str) -> None:
    assert slot_of(key) == crc_hqx(hashed.encode(), 0) % SLOTS


@pytest.mark.parametrize(
    ("key", "same"),
    [
        ("ä", "ä".encode()),
        (7, b"7"),
        (-7, b"-7"),
        (1.5, b"1.5"),
        (bytearray(b"abc"), b"abc"),
        (memoryview(b"abc"), b"abc"),
    ],
)
def test_keys_of_all_types_are_hashed_as_they_are_sent(key: Any, same: bytes) -> None:
    assert slot_of(key) == slot_of(same)


@pytest.mark.parametrize("key", [None, True, object, ["a"]])
def test_what_is_no_key_is_refused(key: Any) -> None:
    with pytest.raises(TypeError, match="a key is bytes"):
        slot_of(key)


def test_all_slots_are_used() -> None:
    assert {slot_of(str(number)) for number in range(200_000)} == set(range(SLOTS))
