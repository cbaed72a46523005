from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus.wire.websocket import accept_token, apply_mask, is_key, make_key
from trio_helianthus.wire.websocket._mask import apply_mask_in_python, rotate_mask


def test_a_key_is_answered_as_the_rfc_shows() -> None:
    assert accept_token("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_a_key_is_sixteen_fresh_bytes() -> None:
    keys = {make_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(is_key(key) and len(base64.b64decode(key)) == 16 for key in keys)


@pytest.mark.parametrize(
    "wrong",
    [
        *("", "abc", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ==\n", "=" * 24),
        *("dGhlIHNhbXBsZSBub25jZQAA", "dGhlIHNhbXBsZSBub25j-_==", " dGhlIHNhbXBsZSBub25jZQ=="),
        "\u00e4GhlIHNhbXBsZSBub25jZQ==",
    ],
)
def test_what_is_no_key(wrong: str) -> None:
    assert not is_key(wrong)


@given(
    st.binary(max_size=20) | st.binary(min_size=595, max_size=610),
    st.binary(min_size=4, max_size=4),
)
def test_masking_is_the_same_in_c_and_in_python(data: bytes, mask: bytes) -> None:
    expected = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
    for kind in (bytes, bytearray, memoryview):
        for apply in (apply_mask, apply_mask_in_python):
            masked = apply(kind(data), mask)
            assert type(masked) is bytes
            assert masked == expected


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4), st.integers(0, 300))
def test_a_mask_goes_on_where_it_was_left(data: bytes, mask: bytes, at: int) -> None:
    first, second = data[:at], data[at:]
    rest = rotate_mask(mask, len(first))
    assert apply_mask(first, mask) + apply_mask(second, rest) == apply_mask(data, mask)
