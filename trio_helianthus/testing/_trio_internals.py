"""The private names of trio that this kit needs, in one place, each with a way to go on without.

A trio that has changed takes an ability away, never the whole kit: :func:`lost_abilities` says
which, in sentences that stand in the report of a sweep.
"""

from __future__ import annotations

import ctypes
import random
import threading
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import outcome
import trio
from trio._core import _run, _run_context, _thread_cache

_SHUFFLER: Final = "_r"
_SHUFFLES_WITH_IT: Final = "_ALLOW_DETERMINISTIC_SCHEDULING"


def lost_abilities() -> tuple[str, ...]:
    """Return what this version of trio does not let us do, a sentence each."""
    lost = []
    if not _can_seed():
        lost.append("the order of tasks did not follow the seed")
    if not _has(trio.CancelScope, "_cancel_status"):
        lost.append("points outside of the scenario's scope were tried, too")
    if not _has(trio.lowlevel.Task, "_next_send"):
        lost.append("whether somebody swallows Cancelled was not checked")
    if not _has(trio.lowlevel.Task, "_cancel_status"):
        lost.append("shielded tasks that hang could not be stopped")
    if not hasattr(_run_context, "GLOBAL_RUN_CONTEXT") or not _has(_run.Runner, "clock"):
        lost.append("tasks that go on for ever when they are cancelled could not be stopped")
    if not hasattr(getattr(_thread_cache, "THREAD_CACHE", None), "_idle_workers"):
        lost.append("threads that trio keeps for later count as left behind")
    return tuple(f"{sentence} (trio {trio.__version__} has changed)" for sentence in lost)


def _has(attrs_class: type, name: str) -> bool:
    return any(field.name == name for field in getattr(attrs_class, "__attrs_attrs__", ()))


def _can_seed() -> bool:
    return isinstance(getattr(_run, _SHUFFLER, None), random.Random) and isinstance(
        getattr(_run, _SHUFFLES_WITH_IT, None), bool
    )


@contextmanager
def seeded_scheduling(seed: int) -> Iterator[None]:
    """Let trio put the tasks that are ready in an order that follows from ``seed`` alone."""
    if not _can_seed():
        yield
        return
    names = vars(_run)
    shuffler: random.Random = names[_SHUFFLER]
    state, before = shuffler.getstate(), names[_SHUFFLES_WITH_IT]
    shuffler.seed(seed)
    names[_SHUFFLES_WITH_IT] = True
    try:
        yield
    finally:
        names[_SHUFFLES_WITH_IT] = before
        shuffler.setstate(state)


def is_entered(scope: trio.CancelScope) -> bool:
    """Whether somebody is inside of ``scope`` now."""
    return getattr(scope, "_cancel_status", scope) is not None


def cancellation_given_to(task: trio.lowlevel.Task) -> trio.Cancelled | None:
    """Return the ``Cancelled`` with which ``task`` is about to go on, if it is one."""
    given = getattr(task, "_next_send", None)
    error = given.error if isinstance(given, outcome.Error) else None
    return error if isinstance(error, trio.Cancelled) else None


def put_under(scope: trio.CancelScope, task: trio.lowlevel.Task) -> None:
    """Make ``scope`` enclose all of a task that was spawned and has not begun."""
    enclosed: Any = _inside(scope, task.coro)
    task.coro = enclosed


async def _inside(scope: trio.CancelScope, work: Awaitable[object]) -> object:
    with scope:
        return await work
    return None


class RunCrashedError(Exception):
    """The end of a run that nothing else has ended."""


class _BrokenClock(trio.abc.Clock):
    def start_clock(self) -> None:
        raise RunCrashedError

    def current_time(self) -> float:
        raise RunCrashedError

    def deadline_to_sleep_time(self, deadline: float) -> float:
        raise RunCrashedError


def crash_run(tasks: Sequence[trio.lowlevel.Task]) -> None:
    """Let the current run end as it would by a bug of trio, without another step of its tasks.

    :param tasks: all that it has. They stay in memory for ever, since Python closes a coroutine
        that it throws away, and one that swallows what cancels it swallows that, too.
    """
    runner: Any = getattr(getattr(_run_context, "GLOBAL_RUN_CONTEXT", None), "runner", None)
    if hasattr(runner, "clock") and hasattr(ctypes, "pythonapi"):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(list(tasks)))
        runner.clock = _BrokenClock()


def idle_threads() -> set[threading.Thread]:
    """Return the threads that trio keeps for later, and that do nothing now."""
    cache = getattr(_thread_cache, "THREAD_CACHE", None)
    workers = list(getattr(cache, "_idle_workers", ()))
    return {thread for worker in workers if (thread := getattr(worker, "_thread", None))}


def lift_shields(task: trio.lowlevel.Task) -> None:
    """Let cancellation through to ``task``, whatever scopes it is in."""
    status: Any = getattr(task, "_cancel_status", None)
    while status is not None:
        scope = getattr(status, "_scope", None)
        if isinstance(scope, trio.CancelScope):
            scope.shield = False
        status = getattr(status, "_parent", None)
