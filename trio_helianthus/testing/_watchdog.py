"""Ends runs that do not end by themselves, and says where their tasks were."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from types import TracebackType
from typing import Final, Self

import trio

from ._trio_internals import lift_shields
from ._whereabouts import task_tree

_LOOKS_EACH: Final = 0.25  # seconds; a run costs nothing but writing down when it began


class Watched:
    """A run that is watched."""

    def __init__(self, name: str, run: trio.lowlevel.TrioToken) -> None:
        self.name = name
        self.run = run
        self.began = time.monotonic()
        self.scope = trio.CancelScope()
        self.hung: str | None = None
        self.given_up = False

    def end_it(self) -> None:
        """Cancel the run, shields or not. Called by its own trio loop."""
        self.hung = task_tree()
        todo = [trio.lowlevel.current_root_task()]
        while todo:
            task = todo.pop()
            if task is None:
                continue
            lift_shields(task)
            for nursery in task.child_nurseries:
                todo += nursery.child_tasks
        self.scope.cancel(reason="it took too long")


class Watchdog:
    """A thread that measures real time, which a run with a mock clock cannot.

    :param seconds: how long each run may take. One that goes on for as long again after it was
        cancelled blocks its thread; nobody can end it from outside, so the stacks of all threads
        are written to stderr.
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
            if late > self._seconds and not watched.given_up:
                watched.given_up = True
                _write_stacks(watched)
            elif late > 0 and watched.hung is None:
                _tell(watched)


def _tell(watched: Watched) -> None:
    watched.hung = ""
    try:
        watched.run.run_sync_soon(watched.end_it)
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
