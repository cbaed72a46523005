"""The buffer pool: exact views, nothing lent twice, nothing kept that somebody still looks at."""

from __future__ import annotations

import pickle
import threading

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from trio_helianthus import net
from trio_helianthus.errors import ResourceFull


def test_a_view_has_the_length_that_was_asked_for() -> None:
    pool = net.BufferPool(sizes=[16, 64])
    for size in (1, 15, 16, 17, 64, 65, 1000):
        with pool.lease(size) as view:
            assert len(view) == size
            assert not view.readonly


def test_a_buffer_that_came_back_is_lent_again() -> None:
    pool = net.BufferPool(sizes=[16])
    with pool.lease(10) as view:
        view[:5] = b"hello"
    with pool.lease(12) as view:
        assert bytes(view[:5]) == b"hello"
    statistics = pool.statistics()
    assert (statistics.hits, statistics.misses) == (1, 1)


def test_a_pool_that_zeroes_leaks_nothing() -> None:
    pool = net.BufferPool(sizes=[16], zero=True)
    with pool.lease(16) as view:
        view[:] = b"a secret, a word"
    with pool.lease(16) as view:
        assert view == bytes(16)
    assert pool.statistics().hits == 1


def test_a_view_is_dead_after_its_lease() -> None:
    pool = net.BufferPool()
    with pool.lease(10) as view:
        pass
    with pytest.raises(ValueError, match="released"):
        view[0]


def test_releasing_twice_is_a_mistake() -> None:
    pool = net.BufferPool()
    view = pool.acquire(10)
    pool.release(view)
    with pytest.raises(ValueError, match="back already"):
        pool.release(view)
    with pytest.raises(ValueError, match="not lent"):
        pool.release(memoryview(bytearray(10)))
    with pytest.raises(ValueError, match="not lent"), pool.lease(10) as view:
        pool.release(view[:5])
    assert pool.statistics().outstanding == 0


def test_a_lease_may_end_early() -> None:
    pool = net.BufferPool()
    with pool.lease(10) as view:
        pool.release(view)
    assert pool.statistics().kept == 1


def test_a_lease_ends_with_an_exception_too() -> None:
    pool = net.BufferPool()
    with pytest.raises(KeyError), pool.lease(10):
        raise KeyError
    assert pool.statistics().outstanding == 0


@pytest.mark.parametrize("zero", [True, False])
def test_a_view_that_its_user_has_released_comes_back_all_the_same(zero: bool) -> None:
    pool = net.BufferPool(sizes=[16], zero=zero)
    with pool.lease(10) as view, view:
        view[:6] = b"secret"
    assert (pool.statistics().outstanding_bytes, pool.statistics().kept) == (0, 1)
    with pool.lease(6) as view:
        assert view == (bytes(6) if zero else b"secret")


def test_a_size_that_is_no_number_of_bytes_lends_nothing() -> None:
    pool = net.BufferPool()
    for wrong in (1.5, "1", None):
        with pytest.raises(TypeError):
            pool.acquire(wrong)  # type: ignore[arg-type]
    assert pool.statistics().outstanding_bytes == 0


@pytest.mark.parametrize("zero", [True, False])
def test_a_buffer_with_a_slice_alive_is_not_lent_again(zero: bool) -> None:
    pool = net.BufferPool(sizes=[16], zero=zero)
    with pool.lease(16) as view:
        kept_slice = view[2:4]
    with pool.lease(16) as view:
        view[:] = b"x" * 16
        assert kept_slice == bytes(2)
    statistics = pool.statistics()
    assert (statistics.discarded, statistics.hits, statistics.kept) == (1, 0, 1)


def test_a_buffer_whose_view_is_in_use_is_not_lent_again() -> None:
    pool = net.BufferPool(sizes=[16])
    view = pool.acquire(16)
    in_use = pickle.PickleBuffer(view)
    pool.release(view)
    assert pool.statistics().discarded == 1
    assert bytes(in_use) == bytes(16)


def test_what_is_kept_has_a_limit() -> None:
    pool = net.BufferPool(sizes=[16, 64], max_kept_bytes=100)
    views = [pool.acquire(size) for size in (16, 16, 64, 64, 16)]
    for view in views:
        pool.release(view)
    assert pool.statistics().kept_bytes == 96
    pool.clear()
    assert (pool.statistics().kept, pool.statistics().kept_bytes) == (0, 0)


def test_what_is_lent_out_has_a_limit() -> None:
    pool = net.BufferPool(sizes=[16], max_outstanding_bytes=40)
    first, second = pool.acquire(1), pool.acquire(16)
    with pytest.raises(ResourceFull, match="lent out") as caught:
        pool.acquire(1)
    assert (caught.value.limit_name, caught.value.limit) == ("max_outstanding_bytes", 40)
    pool.release(first)
    pool.release(pool.acquire(1))
    pool.release(second)
    assert pool.statistics().highest_outstanding_bytes == 32


def test_what_is_longer_than_every_size_is_not_kept() -> None:
    pool = net.BufferPool(sizes=[16])
    for _ in range(2):
        with pool.lease(17):
            assert pool.statistics().outstanding_bytes == 17
    assert (pool.statistics().kept, pool.statistics().misses) == (0, 2)


def test_a_buffer_that_cannot_be_made_is_not_outstanding() -> None:
    pool = net.BufferPool(max_outstanding_bytes=1 << 62)
    with pytest.raises(MemoryError):
        pool.acquire(1 << 61)
    assert pool.statistics().outstanding_bytes == 0


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="sizes"):
        net.BufferPool(sizes=[])
    with pytest.raises(ValueError, match="sizes"):
        net.BufferPool(sizes=[0, 4])
    with pytest.raises(ValueError, match="keep"):
        net.BufferPool(max_kept_bytes=-1)
    with pytest.raises(ValueError, match="lend"):
        net.BufferPool(max_outstanding_bytes=0)
    with pytest.raises(ValueError, match="at least 1"):
        net.BufferPool().acquire(0)


def test_threads_never_share_a_buffer() -> None:
    pool = net.BufferPool(sizes=[64], max_kept_bytes=256)
    shared: list[bytes] = []

    def use(mark: int) -> None:
        expected = bytes([mark]) * 64
        for _ in range(2_000):
            with pool.lease(64) as view:
                view[:] = expected
                if view != expected:
                    shared.append(bytes(view))

    threads = [threading.Thread(target=use, args=[mark]) for mark in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statistics = pool.statistics()
    assert not shared
    assert statistics.hits + statistics.misses == 16_000
    assert (statistics.outstanding, statistics.outstanding_bytes) == (0, 0)
    assert statistics.kept_bytes <= 256


class Borrowers(RuleBasedStateMachine):
    """Any order of requests and returns, with slices that outlive their leases."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = net.BufferPool(sizes=[4, 8], max_kept_bytes=32, max_outstanding_bytes=64)
        self.lent: list[tuple[memoryview, bytes]] = []
        self.slices: list[tuple[memoryview, bytes]] = []
        self.requests = 0

    @rule(size=st.integers(1, 12), mark=st.integers(0, 255))
    def acquire(self, size: int, mark: int) -> None:
        try:
            view = self.pool.acquire(size)
        except ResourceFull:
            assert self.pool.statistics().outstanding_bytes + max(size, 4) > 64 - 8
            return
        self.requests += 1
        view[:] = bytes([mark]) * size
        self.lent.append((view, bytes(view)))

    @precondition(lambda self: self.lent)
    @rule(data=st.data(), keep_slice=st.booleans())
    def release(self, data: st.DataObject, keep_slice: bool) -> None:
        view, content = self.lent.pop(data.draw(st.integers(0, len(self.lent) - 1)))
        if keep_slice:
            self.slices.append((view[1:], content[1:]))
        self.pool.release(view)

    @rule()
    def forget_slices(self) -> None:
        self.slices.clear()

    @invariant()
    def nobody_writes_into_what_another_sees(self) -> None:
        for view, content in self.lent + self.slices:
            assert view == content

    @invariant()
    def the_books_balance(self) -> None:
        statistics = self.pool.statistics()
        assert statistics.outstanding == len(self.lent)
        assert statistics.outstanding_bytes <= 64
        assert statistics.kept_bytes <= 32
        assert statistics.hits + statistics.misses == self.requests


TestBorrowers = Borrowers.TestCase
