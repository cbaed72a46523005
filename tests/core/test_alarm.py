"""Alarms: they go off in time, cost nothing to put off, and end with their last user."""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import AsyncGenerator, Callable

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from trio_helianthus import core
from trio_helianthus.core import Alarm

LATE = 0.01


class Notes:
    """When alarms went off."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self) -> None:
        self.times.append(trio.current_time())


def tasks() -> int:
    """How many tasks there are in this run."""
    return trio.lowlevel.current_statistics().tasks_living


async def test_an_alarm_goes_off_once_at_its_time(autojump_clock: MockClock) -> None:
    notes = Notes()
    alarm = Alarm(notes)
    at = trio.current_time() + 30
    alarm.set(at)
    assert alarm.at == at
    await trio.sleep(100)
    (went_off,) = notes.times
    assert at <= went_off <= at + LATE
    assert alarm.at == math.inf
    alarm.close()


async def test_it_can_be_set_again_after_that(autojump_clock: MockClock) -> None:
    notes = Notes()
    alarm = Alarm(notes)
    for number in range(1, 4):
        alarm.set(trio.current_time() + 2)
        await trio.sleep(3)
        assert len(notes.times) == number
    alarm.close()


async def test_a_later_time_replaces_the_first(autojump_clock: MockClock) -> None:
    notes = Notes()
    alarm = Alarm(notes)
    for _ in range(100):
        at = trio.current_time() + 30
        alarm.set(at)
        await trio.sleep(10)
    assert notes.times == []
    await trio.sleep(60)
    assert at <= notes.times[0] <= at + LATE
    alarm.close()


async def test_an_earlier_time_does_too(autojump_clock: MockClock) -> None:
    notes = Notes()
    alarm = Alarm(notes)
    at = trio.current_time() + 1
    alarm.set(at + 3600)
    await wait_all_tasks_blocked()
    alarm.set(at)
    await trio.sleep(2)
    assert at <= notes.times[0] <= at + LATE
    alarm.close()


async def test_a_time_that_has_passed_means_soon(autojump_clock: MockClock) -> None:
    notes = Notes()
    alarm = Alarm(notes)
    alarm.set(-math.inf)
    assert notes.times == []
    await trio.sleep(LATE)
    assert len(notes.times) == 1
    alarm.close()


@pytest.mark.parametrize("end", [Alarm.clear, Alarm.close])
async def test_one_that_was_cleared_or_closed_does_not_go_off(
    autojump_clock: MockClock, end: Callable[[Alarm], None]
) -> None:
    notes = Notes()
    alarm = Alarm(notes)
    alarm.set(trio.current_time() + 1)
    end(alarm)
    await trio.sleep(100)
    assert notes.times == []
    alarm.close()
    alarm.close()
    alarm.set(trio.current_time())
    await trio.sleep(1)
    assert notes.times == []


async def test_putting_it_off_wakes_nobody(autojump_clock: MockClock) -> None:
    alarm = Alarm(Notes())
    wakes = 0

    class Wakes(trio.abc.Instrument):
        def task_scheduled(self, task: trio.lowlevel.Task) -> None:
            nonlocal wakes
            wakes += "sweeper" in task.name

    alarm.set(trio.current_time() + 100)
    await wait_all_tasks_blocked()
    trio.lowlevel.add_instrument(Wakes())
    for _ in range(900):
        alarm.set(trio.current_time() + 100)
        await trio.sleep(0.1)
    assert wakes == 0
    for _ in range(2000):
        alarm.set(trio.current_time() + 100)
        await trio.sleep(0.1)
    assert wakes <= 3
    alarm.clear()
    await trio.sleep(1000)
    wakes = 0
    await trio.sleep(80_000)
    assert wakes == 0
    alarm.close()


async def test_the_sweeper_ends_with_the_last_alarm_that_was_set() -> None:
    alone = tasks()
    alarms = [Alarm(Notes()) for _ in range(3)]
    assert tasks() == alone
    for alarm in alarms[:2]:
        alarm.set(trio.current_time() + 60)
    assert tasks() == alone + 1
    for alarm in alarms:
        assert tasks() == alone + (alarm is not alarms[2])
        alarm.close()
        await wait_all_tasks_blocked()
    assert tasks() == alone


async def test_it_starts_again_even_while_it_ends(autojump_clock: MockClock) -> None:
    notes = Notes()
    alarms = [Alarm(notes) for _ in range(20)]
    for alarm in alarms:
        alarm.set(trio.current_time() + 60)
        alarm.close()
    last = Alarm(notes)
    last.set(trio.current_time() + 1)
    await trio.sleep(100)
    assert len(notes.times) == 1
    last.close()


async def test_a_callback_may_set_and_close_alarms(autojump_clock: MockClock) -> None:
    log = []

    def again() -> None:
        log.append("again")
        if len(log) < 3:
            first.set(trio.current_time())
        else:
            first.close()
            second.close()
            third.set(trio.current_time() + 1)

    first, second, third = Alarm(again), Alarm(lambda: log.append("never")), Alarm(Notes())
    now = trio.current_time()
    first.set(now + 1)
    second.set(now + 2)
    await trio.sleep(10)
    assert log == ["again"] * 3
    assert third.at == math.inf
    third.close()


async def test_a_callback_may_close_one_that_is_due_at_the_same_time(
    autojump_clock: MockClock,
) -> None:
    alarms: list[Alarm] = []
    log = []

    def close_all() -> None:
        log.append("closed")
        for alarm in alarms:
            alarm.close()

    alarms += [Alarm(close_all) for _ in range(3)]
    for alarm in alarms:
        alarm.set(trio.current_time() + 1)
    await trio.sleep(10)
    assert log == ["closed"]


async def test_what_a_callback_raises_is_reported(autojump_clock: MockClock) -> None:
    class Errors(core.Instrument):
        def __init__(self) -> None:
            self.seen: list[BaseException] = []

        def error_reported(self, error: BaseException, where: str) -> bool:
            self.seen.append(error)
            return True

    def fail() -> None:
        raise ValueError("a mistake")

    notes, errors = Notes(), Errors()
    failing, sound = Alarm(fail), Alarm(notes)
    with core.subscribe(errors):
        failing.set(trio.current_time() + 1)
        sound.set(trio.current_time() + 1)
        await trio.sleep(2)
    assert [str(error) for error in errors.seen] == ["a mistake"]
    assert len(notes.times) == 1
    failing.close()
    sound.close()


async def test_a_callback_is_let_go_of() -> None:
    class Owner:
        gone = False

        def __del__(self) -> None:
            Owner.gone = True

        def callback(self) -> None: ...

    owner = Owner()
    alarm = Alarm(owner.callback)
    alarm.set(trio.current_time() + 60)
    alarm.close()
    del owner
    assert Owner.gone


def test_each_thread_has_a_sweeper_of_its_own() -> None:
    went_off: list[int] = []

    async def main() -> None:
        alarm = Alarm(lambda: went_off.append(threading.get_ident()))
        alarm.set(trio.current_time() + 1)
        await trio.sleep(2)
        alarm.close()

    threads = [
        threading.Thread(
            target=lambda: trio.run(main, clock=MockClock(autojump_threshold=0)),
        )
        for _ in range(4)
    ]
    idents = set()
    for thread in threads:
        thread.start()
        assert thread.ident is not None
        idents.add(thread.ident)
    for thread in threads:
        thread.join()
    assert len(went_off) == 4
    assert set(went_off) == idents


def test_it_works_in_guest_mode() -> None:
    went_off: list[None] = []
    waiting: list[Callable[[], object]] = []
    there_is_one = threading.Semaphore(0)
    done = False

    async def main() -> None:
        alarm = Alarm(lambda: went_off.append(None))
        alarm.set(trio.current_time() + 0.02)
        while not went_off:  # noqa: ASYNC110
            await trio.sleep(0.01)
        alarm.close()

    def call_soon(fn: Callable[[], object]) -> None:
        waiting.append(fn)
        there_is_one.release()

    def note_end(_: object) -> None:
        nonlocal done
        done = True

    trio.lowlevel.start_guest_run(main, run_sync_soon_threadsafe=call_soon, done_callback=note_end)
    while not done:
        there_is_one.acquire()
        waiting.pop(0)()
    assert went_off == [None]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_it_starts_after_a_fork() -> None:
    async def main() -> int:
        notes = Notes()
        alarm = Alarm(notes)
        alarm.set(trio.current_time() + 1)
        await trio.sleep(2)
        alarm.close()
        return len(notes.times)

    def run() -> int:
        return trio.run(main, clock=MockClock(autojump_threshold=0))

    assert run() == 1
    child = os.fork()
    if not child:  # pragma: no cover - in another process
        os._exit(0 if run() == 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("others", ["none", "not set", "set"])
def test_alarms_that_outlive_the_run_do_nothing(others: str) -> None:
    notes, alarms = Notes(), list[Alarm]()

    async def generator() -> AsyncGenerator[None, None]:
        alarm = Alarm(notes)
        try:
            yield
        finally:  # trio finalises it when its system tasks have ended
            alarm.set(0)
            alarms.append(alarm)

    async def system_task() -> None:
        try:
            await trio.sleep_forever()
        finally:
            alarm = Alarm(notes)
            alarm.set(0)
            alarms.append(alarm)

    async def main() -> None:
        generators.append(generator())
        await anext(generators[0])
        if others != "none":
            alarms.append(Alarm(notes))
            trio.lowlevel.spawn_system_task(system_task)
        if others == "set":
            alarms[0].set(trio.current_time() + 60)

    generators: list[AsyncGenerator[None, None]] = []
    trio.run(main)
    assert len(alarms) == (1 if others == "none" else 3)
    for alarm in alarms:
        alarm.set(0)
        alarm.close()
    assert notes.times == []


@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from(["set", "clear", "sleep"]),
            st.floats(0, 200, allow_subnormal=False),
        ),
        max_size=40,
    )
)
def test_each_goes_off_in_time_whatever_is_done_with_the_others(
    steps: list[tuple[int, str, float]],
) -> None:
    async def main() -> None:
        due = [math.inf] * 4
        late: list[float] = []

        def went_off(number: int) -> Callable[[], None]:
            def callback() -> None:
                late.append(trio.current_time() - due[number])
                due[number] = math.inf

            return callback

        alarms = [Alarm(went_off(number)) for number in range(4)]
        for number, step, seconds in steps:
            match step:
                case "set":
                    due[number] = trio.current_time() + seconds
                    alarms[number].set(due[number])
                case "clear":
                    due[number] = math.inf
                    alarms[number].clear()
                case _:
                    await trio.sleep(seconds)
            assert all(trio.current_time() <= at + LATE for at in due)
        await trio.sleep(1000)
        assert due == [math.inf] * 4
        assert all(0 <= seconds <= LATE for seconds in late)
        for alarm in alarms:
            alarm.close()

    trio.run(main, clock=MockClock(autojump_threshold=0))
