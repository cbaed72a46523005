"""Ends runs that do not end by themselves, and says where their tasks were."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import trio

from ._trio_internals import crash_run, lift_shields
from ._whereabouts import task_tree

_LOOKS_EACH: Final = 0.25  # seconds; a run costs nothing but writing down when it began
_LOOKS_UNTIL_STACKS: Final = 2  # how long a loop that still turns may take to end by force


class Watched:
    """A run that is watched."""

    def __init__(self, name: str, run: trio.lowlevel.TrioToken) -> None:
        self.name = name
        self.run = run
        self.began = time.monotonic()
        self.scope = trio.CancelScope()
        self.hung: str | None = None
        self.crashed = False
        self.looks_until_stacks = _LOOKS_UNTIL_STACKS

    def end_it(self) -> None:
        """Cancel the run, shields or not. Called by its own trio loop."""
        self.hung = task_tree()
        for task in _all_tasks():
            lift_shields(task)
        self.scope.cancel(reason="it took too long")

    def crash_it(self) -> None:
        """End the run, although it goes on when it is cancelled. Called by its own trio loop."""
        self.crashed = True
        crash_run(_all_tasks())


def _all_tasks() -> list[trio.lowlevel.Task]:
    root = trio.lowlevel.current_root_task()
    tasks = [] if root is None else [root]
    for task in tasks:  # which grows meanwhile
        for nursery in task.child_nurseries:
            tasks += nursery.child_tasks
    return tasks


class Watchdog:
    """A thread that measures real time, which a run with a mock clock cannot.

    :param seconds: how long each run may take. One that goes on for as long again after it was
        cancelled is ended by force. One that goes on even then blocks its thread; nobody can end it
        from outside, so the stacks of all threads are written to stderr.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._watched: Watched | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(
            target=self._look, name="cancel_sweep watchdog", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closed.set()
        self._thread.join()

    def watch(self, name: str) -> Watched:
        """Watch the current run until :meth:`rest`."""
        self._watched = Watched(name, trio.lowlevel.current_trio_token())
        return self._watched

    def rest(self) -> None:
        """Watch nothing: the run has ended."""
        self._watched = None

    def _look(self) -> None:
        while not self._closed.wait(min(_LOOKS_EACH, self._seconds / 4)):
            watched = self._watched
            if watched is None:
                continue
            late = time.monotonic() - watched.began - self._seconds
            if late > 0 and watched.hung is None:
                watched.hung = ""
                _tell(watched, watched.end_it)
            elif late > self._seconds:
                was_cancelled = bool(watched.hung)  # else its loop does not turn
                if was_cancelled and watched.looks_until_stacks == _LOOKS_UNTIL_STACKS:
                    _tell(watched, watched.crash_it)
                elif watched.looks_until_stacks == 0:
                    _write_stacks(watched)
                watched.looks_until_stacks -= 1


def _tell(watched: Watched, order: Callable[[], None]) -> None:
    try:
        watched.run.run_sync_soon(order)
    except trio.RunFinishedError:
        return


def _write_stacks(watched: Watched) -> None:
    lines = [
        f"cancel_sweep: a run hangs, and cancelling it did not help: {watched.name}\n",
        f"{watched.hung}\n",
    ]
    for number, frame in sys._current_frames().items():
        lines += [f"thread {number}:\n", *traceback.format_stack(frame)]
    sys.stderr.write("".join(lines))
