"""What a send queue sends at once."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus.net._send_batch import BatchSize, take_batch


@given(
    messages=st.lists(st.integers(1, 3000), min_size=1, max_size=600),
    most=st.integers(1, 20_000),
)
def test_batches_are_everything_in_order_and_within_their_size(
    messages: list[int], most: int
) -> None:
    queue = deque(bytes([size % 256]) * size for size in messages)
    expected, size_of = list(queue), BatchSize(most)
    taken: list[bytes] = []
    while queue:
        limit = size_of.bytes
        assert 1 <= limit <= most
        batch, size = take_batch(queue, sum(map(len, queue)), size_of)
        assert size == sum(map(len, batch))
        assert len(batch) == 1 or size <= limit
        assert 1 <= len(batch) <= 512
        taken += batch
    assert taken == expected


def test_batches_grow_under_load_and_shrink_without() -> None:
    size = BatchSize(100_000)
    first = size.bytes
    for _ in range(10):
        size.adapt(taken=size.bytes, left=1)
    assert size.bytes == 100_000
    size.adapt(taken=50_000, left=0)
    assert size.bytes == 100_000
    for _ in range(10):
        size.adapt(taken=1, left=0)
    assert size.bytes == first
