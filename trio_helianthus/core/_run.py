"""Running a program: trio's ``run`` with a lifecycle, signals, an exit code and a report."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeVarTuple

import trio

from ._lifecycle import EXIT_CUT, Lifecycle, LifecycleReport, open_lifecycle
from ._service import DRAIN_SECONDS, STOP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from types import FrameType

_Args = TypeVarTuple("_Args")

SAME_SIGNAL_SECONDS: Final = 0.05
"""A signal that comes again so soon is the same one: ``timeout``, ``npm`` and their like send it to
the program and to its process group."""
SLACK_SECONDS: Final = 1.0
"""How much longer than its timeouts a program may take before the watchdog ends the process."""


def stop_signals() -> tuple[signal.Signals, ...]:
    """Return the signals that ask a program to stop, on this platform."""
    if sys.platform == "win32":
        return (signal.SIGINT, signal.SIGBREAK)
    return (signal.SIGINT, signal.SIGTERM)


def print_report(report: LifecycleReport) -> None:
    """Print a report to stderr, if there was a drain, and if stderr can be written."""
    if report.reason is not None:
        with suppress(OSError):
            print(report, file=sys.stderr, flush=True)


def run(
    async_fn: Callable[[*_Args], Awaitable[object]],
    *args: *_Args,
    drain_timeout: float = DRAIN_SECONDS,
    stop_timeout: float = STOP_SECONDS,
    on_report: Callable[[LifecycleReport], object] = print_report,
    clock: trio.abc.Clock | None = None,
) -> int:
    """Run a program until it ends or is told to stop by a signal.

    The first SIGTERM or SIGINT (on Windows SIGINT or SIGBREAK) drains: servers stop accepting
    and finish what runs. The second cancels everything at once. The third kills the process, as
    if there were no handler. The same one within 50 ms does not count again. After a drain began
    the process ends for certain: if it is still there ``drain_timeout + stop_timeout`` and a second
    later, because a task swallows its cancellation or blocks the thread, a watchdog prints what
    would not stop and exits with 1.

    Signals are handled only where Python allows it, in the main thread. Elsewhere the lifecycle
    works as well, without them.

    Use it as ``sys.exit(run(main))``.

    :param async_fn: the program; called with ``args`` in a new trio run.
    :param drain_timeout: seconds that running work may take after the first signal.
    :param stop_timeout: seconds that cancelled work may take to clean up.
    :param on_report: called with the report at the end; the default prints to stderr.
    :param clock: trio's clock, for tests.
    :returns: the exit code: 0 if everything finished, 1 if something was cut.
    :raises BaseException: whatever ``async_fn`` raises comes out as it is, after the report.
    """
    lifecycle: Lifecycle | None = None

    async def main() -> None:
        nonlocal lifecycle
        async with open_lifecycle(
            drain_timeout=drain_timeout, stop_timeout=stop_timeout
        ) as lifecycle:
            with _watchdog(lifecycle) as watchdog, _signals(lifecycle, watchdog):
                await async_fn(*args)

    try:
        trio.run(main, clock=clock)
    finally:
        report = None if lifecycle is None else lifecycle.report
        if report is not None:
            on_report(report)
    assert report is not None
    return report.exit_code


class _Watchdog(threading.Thread):
    """Ends the process when the trio thread fails to do so in time.

    Asleep until it is given a deadline. Its queue is the one that signal handlers may use.
    """

    def __init__(self, lifecycle: Lifecycle) -> None:
        super().__init__(name="trio_helianthus watchdog", daemon=True)
        self._lifecycle = lifecycle
        self._seconds_left: SimpleQueue[float | None] = SimpleQueue()

    def end_within(self, seconds: float) -> None:
        self._seconds_left.put(seconds)

    def dismiss(self) -> None:
        self._seconds_left.put(None)

    def run(self) -> None:
        deadline = math.inf
        while (left := deadline - monotonic()) > 0:
            wait = None if left == math.inf else min(left, threading.TIMEOUT_MAX)
            try:
                seconds = self._seconds_left.get(timeout=wait)
            except Empty:
                continue
            if seconds is None:
                return
            deadline = min(deadline, monotonic() + seconds)
        # In a thread of its own, as the stream may be what the program is blocked on.
        last_words = threading.Thread(target=self._print_names, daemon=True)
        last_words.start()
        last_words.join(SLACK_SECONDS)
        os._exit(EXIT_CUT)

    def _print_names(self) -> None:
        names = self._lifecycle.still_running() or ("main",)
        lines = ["would not stop, so the process is ended:", *(f"  {name}" for name in names)]
        print("\n".join(lines), file=sys.stderr, flush=True)
        sys.stdout.flush()


@contextmanager
def _watchdog(lifecycle: Lifecycle) -> Iterator[_Watchdog]:
    watchdog = _Watchdog(lifecycle)
    watchdog.start()
    after_deadline = lifecycle.stop_timeout + SLACK_SECONDS
    lifecycle._watchers.append(lambda seconds: watchdog.end_within(seconds + after_deadline))
    try:
        yield watchdog
    finally:
        watchdog.dismiss()


@contextmanager
def _signals(lifecycle: Lifecycle, watchdog: _Watchdog) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    run_token = trio.lowlevel.current_trio_token()
    received = 0
    last = (0, -math.inf)

    def handle(signum: int, _frame: FrameType | None) -> None:
        nonlocal received, last
        before, at = last
        now = monotonic()
        if signum == before and now - at < SAME_SIGNAL_SECONDS:
            return
        last = (signum, now)
        received += 1
        name = signal.Signals(signum).name
        limit = lifecycle.stop_timeout + SLACK_SECONDS
        try:
            if received == 1:
                watchdog.end_within(lifecycle.drain_timeout + limit)
                run_token.run_sync_soon(lifecycle.drain, name)
            elif received == 2:
                watchdog.end_within(limit)
                run_token.run_sync_soon(lifecycle.cut, name)
            else:
                signal.signal(signum, signal.SIG_DFL)
                signal.raise_signal(signum)
        except trio.RunFinishedError:
            pass

    previous = {signum: signal.signal(signum, handle) for signum in stop_signals()}
    try:
        yield
    finally:
        for signum, handler in previous.items():
            if handler is not None:  # None: it was not installed by Python
                signal.signal(signum, handler)
