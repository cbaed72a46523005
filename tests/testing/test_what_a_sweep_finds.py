"""One bug of each kind, and the sweep that finds it."""

from __future__ import annotations

import gc
import socket
import threading
import time
import warnings
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from trio_helianthus.testing import CancelSweepError, _leftovers, cancel_sweep

needs_a_list_of_descriptors = pytest.mark.skipif(
    not Path("/dev/fd").is_dir(), reason="this platform has no list of open files"
)


@contextmanager
def finds(problem: str) -> Iterator[None]:
    with pytest.raises(CancelSweepError, match=problem):
        yield
    gc.collect()


# ---------------------------------------------------------------- a pool, right and wrong


class Pool:
    """Lends numbers to tasks, and is wrong in one way, or in none."""

    def __init__(self, bug: str = "") -> None:
        self.idle = [1]
        self._returned = trio.Event()
        self._bug = bug

    @asynccontextmanager
    async def lend(self) -> AsyncGenerator[int]:
        while not self.idle:
            await self._returned.wait()
            self._returned = trio.Event()
        number = self.idle.pop()
        if self._bug == "awaits before it is ready to clean up":
            await trio.lowlevel.checkpoint()
        try:
            yield number
        finally:
            if self._bug == "awaits while it cleans up":
                await trio.lowlevel.checkpoint()  # noqa: ASYNC102 - the bug
            self.idle.append(number)
            self._returned.set()


async def borrow_twice(bug: str, part: trio.CancelScope) -> None:
    pool = Pool(bug)

    async def borrow() -> None:
        async with pool.lend():
            await trio.lowlevel.checkpoint()

    with part:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(borrow)
            nursery.start_soon(borrow)
    assert pool.idle == [1], "a number was lost"


def test_a_pool_that_cleans_up_is_fine() -> None:
    assert cancel_sweep(partial(borrow_twice, ""), seeds=[1, 2, 3]).runs > 30


@pytest.mark.parametrize(
    "bug", ["awaits before it is ready to clean up", "awaits while it cleans up"]
)
def test_a_pool_that_loses_its_numbers(bug: str) -> None:
    with finds("AssertionError: a number was lost"):
        cancel_sweep(partial(borrow_twice, bug))


def test_a_pool_whose_check_fails() -> None:
    pools: list[Pool] = []

    async def scenario() -> None:
        pools[:] = [Pool("awaits while it cleans up")]
        async with pools[0].lend():
            await trio.lowlevel.checkpoint()

    def is_whole() -> None:
        assert pools[0].idle == [1]

    async def is_whole_in_a_while() -> None:
        await trio.lowlevel.checkpoint()
        is_whole()

    with finds(r"check\(\) raised AssertionError"):
        cancel_sweep(scenario, check=is_whole)
    with finds(r"check\(\) raised AssertionError"):
        cancel_sweep(scenario, check=is_whole_in_a_while)


def test_a_pool_that_is_stuck() -> None:
    async def scenario(part: trio.CancelScope) -> None:
        pool = Pool("awaits while it cleans up")
        with part:
            async with pool.lend():
                await trio.lowlevel.checkpoint()
        async with pool.lend():
            pass

    with finds("it hangs; its tasks are:(.|\n)*in lend"):
        cancel_sweep(scenario, run_seconds=0.5)


# ---------------------------------------------------------------- what comes out


def test_another_exception() -> None:
    async def scenario() -> None:
        try:
            await trio.lowlevel.checkpoint()
        except trio.Cancelled:
            raise ConnectionError("gone") from None  # noqa: ASYNC104 - the bug

    with finds("the scenario raised ConnectionError: gone"):
        cancel_sweep(scenario)


def test_another_exception_beside_cancelled() -> None:
    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            try:
                await trio.lowlevel.checkpoint()
                nursery.cancel_scope.cancel()
            finally:
                if trio.current_effective_deadline() < 0 and not nursery.cancel_scope.cancel_called:
                    raise ConnectionError("gone")

    with finds("the scenario raised ExceptionGroup"):
        cancel_sweep(scenario)


def test_a_cancelled_that_is_swallowed() -> None:
    async def scenario() -> None:
        try:
            await trio.lowlevel.checkpoint()
        except BaseException:  # noqa: ASYNC103 - the bug
            pass

    with finds("its Cancelled was swallowed"):
        cancel_sweep(scenario)


def test_a_cancelled_that_a_child_swallows() -> None:
    async def child() -> None:
        try:
            await trio.lowlevel.checkpoint()
        except BaseException:  # noqa: ASYNC103 - the bug
            pass

    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
            nursery.start_soon(trio.lowlevel.checkpoint)

    with finds("its Cancelled was swallowed"):
        cancel_sweep(scenario, children=True)


def test_a_cancelled_of_children_that_is_swallowed() -> None:
    async def scenario() -> None:
        try:
            async with trio.open_nursery() as nursery:  # noqa: ASYNC112 - a child's, not ours
                nursery.start_soon(trio.lowlevel.checkpoint)
        except* trio.Cancelled:  # noqa: ASYNC103 - the bug
            pass

    with finds("its Cancelled was swallowed"):
        cancel_sweep(scenario)


def test_a_child_that_swallows_what_would_have_cancelled_the_whole() -> None:
    async def child() -> None:
        try:
            await trio.lowlevel.checkpoint()
        except BaseException:  # noqa: ASYNC103 - the bug
            pass

    async def scenario() -> None:
        async with trio.open_nursery() as nursery:  # noqa: ASYNC112 - a child's, not ours
            nursery.start_soon(child)

    with finds("its Cancelled was swallowed"):
        cancel_sweep(scenario)


def test_scopes_that_end_first_swallow_nothing() -> None:
    async def scenario() -> None:
        with trio.CancelScope() as scope:
            scope.cancel()
            await trio.lowlevel.checkpoint()
        with trio.CancelScope(shield=True):
            await trio.lowlevel.checkpoint()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()

    assert cancel_sweep(scenario, seeds=[1, 2, 3]).missed == 0


# ---------------------------------------------------------------- what is left behind


async def open_and_close(make: type[socket.socket], kept: list[socket.socket]) -> None:
    connection = make()
    kept.append(connection)
    await trio.lowlevel.checkpoint()
    connection.close()
    kept.clear()


def test_a_socket_that_nobody_closed() -> None:
    with finds("ResourceWarning: unclosed <socket"):
        cancel_sweep(lambda: open_and_close(socket.socket, []))


@needs_a_list_of_descriptors
def test_a_socket_that_somebody_holds() -> None:
    kept: list[socket.socket] = []
    with finds("a file descriptor is still open"):
        cancel_sweep(lambda: open_and_close(socket.socket, kept))
    kept.pop().close()


def test_without_a_list_of_open_files_the_report_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_leftovers, "_DESCRIPTORS", "/nowhere")
    kept: list[socket.socket] = []
    report = cancel_sweep(lambda: open_and_close(socket.socket, kept))
    assert "were not looked for" in str(report)
    for connection in kept:
        connection.close()


def test_a_coroutine_that_nobody_awaited() -> None:
    async def scenario() -> None:
        work = trio.lowlevel.checkpoint()  # noqa: ASYNC105 (that is the bug)
        await trio.lowlevel.checkpoint()
        await work

    with finds("RuntimeWarning: coroutine 'checkpoint' was never awaited"):
        cancel_sweep(scenario)


def test_other_warnings_are_nobodys_leak() -> None:
    async def scenario() -> None:
        warnings.warn("old", DeprecationWarning, stacklevel=1)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cancel_sweep(scenario, points=[])
    assert [str(warning.message) for warning in caught] == ["old", "old"]


def test_a_system_task() -> None:
    async def work_in_the_background(stop: trio.Event) -> None:
        await stop.wait()

    async def forgets() -> None:
        stop = trio.Event()
        trio.lowlevel.spawn_system_task(work_in_the_background, stop)
        await trio.lowlevel.checkpoint()
        stop.set()

    with finds("a task is still alive: task 'work_in_the_background' at .*:"):
        cancel_sweep(forgets)

    async def remembers() -> None:
        stop = trio.Event()
        trio.lowlevel.spawn_system_task(work_in_the_background, stop)
        try:
            await trio.lowlevel.checkpoint()
        finally:
            stop.set()

    cancel_sweep(remembers)


async def count() -> AsyncGenerator[int]:
    yield 1
    yield 2


def test_an_async_generator_that_somebody_holds() -> None:
    kept: list[AsyncGenerator[int]] = []

    async def scenario() -> None:
        kept[:] = [count()]
        async for _ in kept[0]:
            await trio.lowlevel.checkpoint()

    with finds("an async generator is still open: <async_generator object count"):
        cancel_sweep(scenario)


def test_an_async_generator_that_nobody_closed() -> None:
    async def scenario() -> None:
        async for _ in count():
            await trio.lowlevel.checkpoint()

    with finds("ResourceWarning: Async generator '.*count' was garbage collected"):
        cancel_sweep(scenario)


def test_an_async_generator_that_is_closed() -> None:
    async def scenario() -> None:
        async with aclosing(count()) as numbers:
            async for _ in numbers:
                await trio.lowlevel.checkpoint()

    cancel_sweep(scenario)


@pytest.fixture
def no_patience_with_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_leftovers, "THREAD_GRACE_SECONDS", 0.05)


@pytest.mark.usefixtures("no_patience_with_threads")
def test_a_thread() -> None:
    stop = threading.Event()

    async def scenario() -> None:
        stop.clear()
        threading.Thread(target=stop.wait, name="forgotten").start()
        await trio.lowlevel.checkpoint()
        stop.set()

    with finds("a thread still runs: forgotten"):
        cancel_sweep(scenario)
    stop.set()


@pytest.mark.usefixtures("no_patience_with_threads")
def test_a_thread_of_trio_that_was_left_to_itself() -> None:
    stop = threading.Event()

    async def scenario() -> None:
        stop.clear()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(trio.to_thread.run_sync, stop.wait, abandon_on_cancel=True))
            await trio.lowlevel.checkpoint()
            stop.set()

    with finds("a thread still runs: wait from"):
        cancel_sweep(scenario)
    stop.set()


def test_a_thread_that_soon_ends_is_waited_for() -> None:
    async def scenario() -> None:
        await trio.to_thread.run_sync(time.sleep, 0.02, abandon_on_cancel=True)

    cancel_sweep(scenario)


def test_a_thread_that_fails() -> None:
    async def scenario() -> None:
        thread = threading.Thread(target=int, args=["x"], name="worker")
        thread.start()
        thread.join()

    with finds("worker failed: ValueError"):
        cancel_sweep(scenario)


class Thing:
    """Cannot even be thrown away."""

    def __del__(self) -> None:
        raise OSError("cannot close")


def test_an_exception_that_could_be_raised_nowhere() -> None:
    async def scenario() -> None:
        thing = Thing()
        await trio.lowlevel.checkpoint()
        del thing

    with finds(r"Exception ignored in.*Thing.__del__.*OSError\('cannot close'\)"):
        cancel_sweep(scenario)
