"""Queues that never wait: what is kept, what is dropped, and that the counts add up."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus.core import Overflow, OverflowQueue


@attrs.frozen
class Item:
    """Something that has a key and a size."""

    number: int
    key: str | None = None
    size: int = 1


def all_of(queue: OverflowQueue[Any]) -> list[Any]:
    return [queue.popleft() for _ in range(len(queue))]


def test_what_was_there_longest_makes_room() -> None:
    queue = OverflowQueue[int](2, Overflow.DROP_OLDEST)
    assert [queue.offer(number) for number in range(5)] == [True] * 5
    assert (len(queue), queue.dropped) == (2, 3)
    assert all_of(queue) == [3, 4]


def test_what_comes_last_is_dropped() -> None:
    queue = OverflowQueue[int](2, Overflow.DROP_NEWEST)
    assert [queue.offer(number) for number in range(4)] == [True, True, False, False]
    assert queue.dropped == 2
    assert all_of(queue) == [0, 1]
    assert queue.offer(7)


def test_who_is_too_slow_is_disconnected_and_keeps_what_it_has() -> None:
    queue = OverflowQueue[int](2, Overflow.DISCONNECT)
    assert [queue.offer(number) for number in range(4)] == [True, True, False, False]
    assert queue.over
    assert queue.dropped == 2
    assert queue.popleft() == 0
    assert not queue.offer(4), "it stays over when there is room again"
    assert all_of(queue) == [1]
    queue.clear()
    assert not queue.offer(5)


def test_a_policy_may_be_told_by_its_plain_value() -> None:
    queue = OverflowQueue[int](1, "disconnect")  # type: ignore[arg-type] # of a configuration
    assert [queue.offer(number) for number in range(2)] == [True, False]
    assert queue.over


def test_a_newer_item_takes_the_place_of_the_one_of_its_key() -> None:
    queue = OverflowQueue[Item](3, Overflow.CONFLATE, key=lambda item: item.key)
    for number, key in enumerate(["a", "b", None, "a", None, "b", "c"]):
        assert queue.offer(Item(number, key))
    assert queue.conflated == 2
    assert queue.dropped == 2  # room for the second None and for "c"
    assert [item.number for item in all_of(queue)] == [2, 4, 6]
    assert queue.offer(Item(7, "a"))
    assert queue.conflated == 2, "what was taken is not replaced"


def test_the_sizes_have_a_limit_too() -> None:
    queue = OverflowQueue[str](10, Overflow.DROP_OLDEST, max_size=6)
    for text in ["aa", "bbb", "cc"]:
        queue.offer(text)
    assert queue.size == 5
    assert all_of(queue) == ["bbb", "cc"]
    assert queue.size == 0


@pytest.mark.parametrize("overflow", Overflow)
def test_an_item_that_is_larger_than_the_limit_goes_into_an_empty_queue(
    overflow: Overflow,
) -> None:
    queue = OverflowQueue[str](10, overflow, max_size=3, key=lambda text: None)
    assert queue.offer("aaaaa")
    assert queue.offer("b") is (overflow in {Overflow.DROP_OLDEST, Overflow.CONFLATE})
    assert len(queue) == 1


def test_an_item_that_has_grown_in_its_place_stays_and_others_go() -> None:
    queue = OverflowQueue[Item](
        9, Overflow.CONFLATE, key=lambda item: item.key, max_size=6, size=lambda item: item.size
    )
    for item in [Item(0, "a", 2), Item(1, "b", 2), Item(2, "c", 2), Item(3, "a", 4)]:
        queue.offer(item)
    assert (queue.size, queue.dropped, queue.conflated) == (6, 1, 1)
    assert [item.number for item in all_of(queue)] == [3, 2]


def test_a_key_that_fails_leaves_everything_as_it_was() -> None:
    queue = OverflowQueue[Any](2, Overflow.CONFLATE, key=lambda item: item)
    queue.offer(1)
    with pytest.raises(TypeError):
        queue.offer([])
    assert all_of(queue) == [1]


def test_what_is_cleared_was_not_dropped() -> None:
    queue = OverflowQueue[str](3, Overflow.CONFLATE, key=lambda text: text, max_size=10)
    queue.offer("a")
    queue.clear()
    assert (len(queue), queue.size, queue.dropped) == (0, 0, 0)
    assert queue.offer("a")
    assert queue.conflated == 0


def test_an_empty_queue_has_nothing_to_take() -> None:
    with pytest.raises(IndexError):
        OverflowQueue[int](1, Overflow.DROP_OLDEST).popleft()


def test_it_says_what_it_is() -> None:
    queue = OverflowQueue[int](1, Overflow.DISCONNECT)
    queue.offer(1)
    assert repr(queue) == "<OverflowQueue: 1 of 1, disconnect>"
    queue.offer(2)
    assert repr(queue) == "<OverflowQueue: over, 1 of 1, disconnect>"


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ({"max_items": 0, "overflow": Overflow.DROP_OLDEST}, "max_items"),
        ({"max_items": 1, "overflow": Overflow.DROP_OLDEST, "max_size": 0}, "max_size"),
        ({"max_items": 1, "overflow": Overflow.CONFLATE}, "needs a key"),
        ({"max_items": 1, "overflow": "conflate"}, "needs a key"),
        ({"max_items": 1, "overflow": "drop"}, "Overflow"),
    ],
)
def test_its_arguments_have_to_make_sense(arguments: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        OverflowQueue(**arguments)


class Model:
    """The same as an OverflowQueue, as plainly as can be said."""

    def __init__(self, max_items: int, overflow: Overflow, max_size: int | None) -> None:
        self.max_items, self.overflow, self.max_size = max_items, overflow, max_size
        self.items: list[Item] = []
        self.dropped = self.conflated = 0
        self.over = False

    def is_too_full(self, items: list[Item]) -> bool:
        size = sum(item.size for item in items)
        too_large = self.max_size is not None and size > self.max_size and len(items) > 1
        return len(items) > self.max_items or too_large

    def offer(self, item: Item) -> bool:
        keys = [other.key for other in self.items]
        if self.overflow is Overflow.CONFLATE and item.key is not None and item.key in keys:
            self.conflated += 1
            self.items[keys.index(item.key)] = item
            while self.is_too_full(self.items):
                self.items.remove(next(other for other in self.items if other is not item))
                self.dropped += 1
            return True
        if self.over or self.is_too_full([*self.items, item]):
            if self.overflow in {Overflow.DROP_NEWEST, Overflow.DISCONNECT}:
                self.over = self.overflow is Overflow.DISCONNECT
                self.dropped += 1
                return False
            while self.is_too_full([*self.items, item]):
                self.items.pop(0)
                self.dropped += 1
        self.items.append(item)
        return True


items = st.builds(Item, st.integers(), st.sampled_from(["a", "b", "c", None]), st.integers(0, 12))


@given(
    steps=st.lists(st.one_of(items, st.sampled_from(["take", "clear"])), max_size=60),
    max_items=st.integers(1, 5),
    overflow=st.sampled_from(Overflow),
    max_size=st.none() | st.integers(1, 20),
)
def test_it_does_what_the_plain_one_does(
    steps: list[Item | str], max_items: int, overflow: Overflow, max_size: int | None
) -> None:
    queue = OverflowQueue[Item](
        max_items,
        overflow,
        key=lambda item: item.key,
        max_size=max_size,
        size=lambda item: item.size,
    )
    model = Model(max_items, overflow, max_size)
    offered = left = 0
    for step in steps:
        if isinstance(step, Item):
            offered += 1
            assert queue.offer(step) == model.offer(step)
        elif step == "clear":
            left += len(queue)
            queue.clear()
            model.items.clear()
        elif model.items:
            left += 1
            assert queue.popleft() is model.items.pop(0)
        assert len(queue) == len(model.items)
        assert len(queue) <= max_items
        assert queue.over is model.over
        assert (queue.dropped, queue.conflated) == (model.dropped, model.conflated)
        assert offered == left + queue.dropped + queue.conflated + len(queue)
        if max_size is not None:
            assert queue.size == sum(item.size for item in model.items)
            assert queue.size <= max_size or len(queue) == 1
    assert all_of(queue) == model.items
