"""How a supervisor keeps a worker at its place, with processes that only seem to be ones."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from itertools import count
from typing import TypeAlias

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from trio_helianthus.cli import _serve_place
from trio_helianthus.cli._serve_arguments import ServeOptions, add_arguments, read_arguments
from trio_helianthus.cli._serve_child import Child
from trio_helianthus.cli._serve_place import Crew, Place
from trio_helianthus.cli._serve_restarts import RestartLimit
from trio_helianthus.cli._serve_sockets import SharedPort
from trio_helianthus.cli._serve_worker import DRAIN, LEAVING, READY, REPLACED
from trio_helianthus.core import open_lifecycle, open_service

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="workers need a POSIX system")
KILLED = -signal.SIGKILL


class Worker:
    """Seems to be the process of a worker."""

    pids = count(1001)

    def __init__(self) -> None:
        self.pid = next(self.pids)
        self.returncode: int | None = None
        self._ended = trio.Event()
        self._heard, commands = os.pipe()
        said, self._says = os.pipe()
        os.set_blocking(self._heard, False)
        self.child = Child(self, commands, said)  # type: ignore[arg-type]

    async def wait(self) -> int | None:
        await self._ended.wait()
        return self.returncode

    def end(self, code: int) -> None:
        if self.returncode is None:
            self.returncode = code
            self._ended.set()
            os.close(self._says)

    def kill(self) -> None:
        self.end(KILLED)

    def terminate(self) -> None:
        self.end(-signal.SIGTERM)

    def say(self, word: bytes) -> None:
        os.write(self._says, word)

    def heard(self) -> bytes:
        """What it was told since it was asked last."""
        try:
            return os.read(self._heard, 100)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        self.end(0)
        os.close(self._heard)


class NoSockets(SharedPort):
    """Has none, and notes what it would have closed."""

    def __init__(self) -> None:
        super().__init__([], spread=True)
        self.numbers = count(1)
        self.removed: list[int] = []

    def add_place(self) -> list[int]:
        return [next(self.numbers)]

    def remove_place(self, fds: Sequence[int]) -> None:
        self.removed += fds


class Stage:
    """A crew, and the workers that were started for it."""

    def __init__(self, crew: Crew, port: NoSockets) -> None:
        self.crew = crew
        self.port = port
        self.workers: list[Worker] = []
        self.sockets: list[list[int]] = []
        """Those that each worker was started with."""
        self.refusals = 0
        """How many processes the system will not start."""

    async def start_child(self, options: ServeOptions, sockets: Sequence[int]) -> Child:
        await trio.lowlevel.checkpoint()
        if self.refusals:
            self.refusals -= 1
            raise BlockingIOError("too many processes")
        self.workers.append(Worker())
        self.sockets.append(list(sockets))
        return self.workers[-1].child

    @property
    def newest(self) -> Worker:
        return self.workers[-1]

    async def serving(self) -> tuple[Place, Worker]:
        """A place with a worker that serves."""
        place = self.crew.add_place()
        start = place.begin_start()
        worker = await self.next_serving()
        assert await start.succeeded()
        self.crew.serves = True
        return place, worker

    async def next_serving(self, after: float = 0) -> Worker:
        """The worker that was started last, when it serves."""
        await trio.sleep(after)
        await wait_all_tasks_blocked()
        self.newest.say(READY)
        await wait_all_tasks_blocked()
        return self.newest


Staging: TypeAlias = Callable[..., AbstractAsyncContextManager[Stage]]


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> Staging:
    return partial(open_stage, monkeypatch)


@asynccontextmanager
async def open_stage(monkeypatch: pytest.MonkeyPatch, *words: str) -> AsyncIterator[Stage]:
    """A stage for a supervisor with these options."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    options = read_arguments(parser.parse_args(["shop", *words], argparse.Namespace(words=[])))
    port = NoSockets()
    async with open_lifecycle() as lifecycle, trio.open_nursery() as nursery:
        with open_service("workers") as service:
            restarts = RestartLimit(options.max_restarts, options.restart_window)
            stage = Stage(Crew(options, port, service, lifecycle, restarts), port)
            monkeypatch.setattr(_serve_place, "start_child", stage.start_child)
            nursery.start_soon(service.run, trio.sleep_forever)  # noqa: ASYNC111 - it ends below
            await wait_all_tasks_blocked()
            yield stage
            for worker in stage.workers:
                worker.close()
            nursery.cancel_scope.cancel()


async def test_one_that_dies_is_started_again_at_its_socket(
    staged: Staging,
    autojump_clock: trio.abc.Clock,
) -> None:
    async with staged() as stage:
        place, first = await stage.serving()
        first.end(KILLED)
        second = await stage.next_serving()

    assert place.worker is not first.child
    assert stage.workers == [first, second]
    assert stage.port.removed == []


async def test_one_that_does_not_start_again_is_tried_as_often_as_one_may_die(
    staged: Staging,
    autojump_clock: trio.abc.Clock,
) -> None:
    async with staged("--max-restarts", "3") as stage:
        place, first = await stage.serving()
        _, other = await stage.serving()
        first.end(KILLED)
        for _ in range(5):
            await trio.sleep(10)
            stage.newest.end(1)

        assert len(stage.workers) == 2 + 3
        # The others go on, and get what would wait at a socket that nobody accepts from.
        assert place.worker is None
        assert stage.port.removed == [1]
        assert other.returncode is None
        assert not stage.crew.service.draining

        start = place.begin_start()  # as SIGHUP does, when it is mended
        await stage.next_serving()
        assert await start.succeeded()
        assert stage.sockets[-1] == [3]


@pytest.mark.parametrize("last", ["dies", "does not start"])
async def test_the_last_one_that_goes_too_often_ends_the_service(
    staged: Staging, autojump_clock: trio.abc.Clock, last: str
) -> None:
    async with staged("--max-restarts", "1") as stage:
        _, first = await stage.serving()
        first.end(KILLED)
        if last == "dies":
            await stage.next_serving()
        await wait_all_tasks_blocked()
        stage.newest.end(1)
        await wait_all_tasks_blocked()
        assert len(stage.workers) == 2
        assert stage.crew.service.draining
        assert stage.crew.exit_code == 1


async def test_a_system_that_starts_no_process_for_a_while_is_waited_for(
    staged: Staging,
    autojump_clock: trio.abc.Clock,
) -> None:
    async with staged() as stage:
        place, first = await stage.serving()
        stage.refusals = 2
        first.end(KILLED)
        second = await stage.next_serving(after=1)
        assert place.worker is second.child


async def test_one_that_somebody_else_tells_to_stop_is_replaced_while_it_drains(
    staged: Staging,
    autojump_clock: trio.abc.Clock,
) -> None:
    async with staged() as stage:
        place, first = await stage.serving()
        first.say(LEAVING)
        second = await stage.next_serving(after=1)
        assert place.worker is second.child
        assert first.returncode is None
        assert first.heard() == REPLACED
        first.end(0)
        await trio.sleep(10)

    assert stage.workers == [first, second]
    assert stage.crew.exit_code == 0


async def test_one_that_would_not_stop_is_killed(
    staged: Staging, autojump_clock: trio.abc.Clock
) -> None:
    words = ("--drain-timeout", "7", "--stop-timeout", "3")
    async with staged(*words) as stage:
        place, first = await stage.serving()
        start = place.begin_start()
        await stage.next_serving()
        assert await start.succeeded()
        assert first.heard() == REPLACED
        await trio.sleep(10)
        assert first.returncode is None
        await trio.sleep(3)
        assert first.returncode == KILLED


async def test_one_that_would_not_start_is_killed(
    staged: Staging, autojump_clock: trio.abc.Clock
) -> None:
    async with staged("--start-timeout", "20") as stage:
        start = stage.crew.add_place().begin_start()
        await trio.sleep(20)
        assert stage.newest.returncode is None
        assert not await start.succeeded()
        assert stage.newest.returncode == KILLED


async def test_one_that_does_not_serve_yet_is_not_waited_for_in_a_drain(
    staged: Staging,
    autojump_clock: trio.abc.Clock,
) -> None:
    async with staged() as stage:
        start = stage.crew.add_place().begin_start()
        await wait_all_tasks_blocked()
        stage.crew.lifecycle.drain()
        stage.newest.child.stop()
        assert not await start.succeeded()

    assert stage.newest.returncode == -signal.SIGTERM
    assert stage.crew.exit_code == 0


async def test_the_last_words_of_one_that_dies_at_once_are_heard(
    staged: Staging, autojump_clock: trio.abc.Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with staged() as stage:
        start = stage.crew.add_place().begin_start()
        await wait_all_tasks_blocked()
        stage.newest.say(READY)
        stage.newest.end(3)
        assert await start.succeeded()
        await wait_all_tasks_blocked()

    assert f"worker {stage.workers[0].pid} died: exit code 3" in capsys.readouterr().err


@pytest.mark.parametrize(("when", "code"), [("before", 0), ("in", 1)])
async def test_what_a_worker_has_cut_counts_in_a_drain_only(
    staged: Staging, when: str, code: int
) -> None:
    async with staged() as stage:
        place, first = await stage.serving()
        place.begin_start()
        await stage.next_serving()
        if when == "in":
            stage.crew.lifecycle.drain()
        first.end(1)
        await wait_all_tasks_blocked()
        assert stage.crew.exit_code == code


async def test_workers_that_die_too_often_wait_for_a_change_where_one_may_come(
    staged: Staging, autojump_clock: trio.abc.Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with staged("--reload", "--max-restarts", "1") as stage:
        _, first = await stage.serving()
        first.end(1)
        second = await stage.next_serving()
        second.end(1)
        await trio.sleep(10)
        assert not stage.crew.service.draining
        assert stage.port.removed == []

    assert "waiting for a change" in capsys.readouterr().err


async def test_a_place_that_is_closed_has_no_worker_any_more(
    staged: Staging,
    autojump_clock: trio.abc.Clock,
) -> None:
    async with staged() as stage:
        place, first = await stage.serving()
        await stage.serving()
        place.close()
        assert first.heard() == DRAIN
        first.end(0)
        await trio.sleep(10)
        assert stage.port.removed == [1]
        assert len(stage.workers) == 2
