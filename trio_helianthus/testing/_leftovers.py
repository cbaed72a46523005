"""Looks for what a run leaves behind outside of trio: descriptors, threads, warnings, errors."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ._trio_internals import idle_threads

THREAD_GRACE_SECONDS: Final = 2.0
"""How long a thread may go on after the run: a look-up of a name cannot be cancelled."""

_DESCRIPTORS: Final = "/dev/fd"  # Linux and macOS have it
_SPEAKS_OF_LEAKS: Final = (ResourceWarning, RuntimeWarning)


class Leftovers:
    """Compares what there is before and after a run."""

    def __init__(self) -> None:
        self._complaints: list[str] = []
        self._descriptors = _open_descriptors()
        self._threads = _busy_threads()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take down the warnings, and the errors that nobody can catch, of a run and its garbage.

        Warnings of other kinds than these speak of leaks are treated as they always are.
        """
        before = sys.unraisablehook, threading.excepthook
        with warnings.catch_warnings(record=True) as caught:
            for category in _SPEAKS_OF_LEAKS:
                warnings.simplefilter("always", category)
            sys.unraisablehook, threading.excepthook = self._unraisable, self._thread_failed
            try:
                yield
                gc.collect()
            finally:
                sys.unraisablehook, threading.excepthook = before
        for warning in caught:
            if issubclass(warning.category, _SPEAKS_OF_LEAKS):
                said = str(warning.message).strip()
                self._complaints.append(f"{warning.category.__name__}: {said}")
            else:
                warnings.warn_explicit(
                    warning.message, warning.category, warning.filename, warning.lineno
                )

    def found(self) -> list[str]:
        """Return a line for everything that was left behind or complained about."""
        busy = self._busy_for_too_long()
        left = [f"a thread still runs: {thread.name}" for thread in busy]
        opened = _open_descriptors() - self._descriptors
        left += [f"a file descriptor is still open: {_in_full(number)}" for number in opened]
        return self._complaints + left

    def _busy_for_too_long(self) -> set[threading.Thread]:
        give_up = time.monotonic() + THREAD_GRACE_SECONDS
        while busy := _busy_threads() - self._threads:
            if time.monotonic() > give_up:
                break
            time.sleep(0.001)
        return busy

    def _unraisable(self, args: sys.UnraisableHookArgs) -> None:
        said = args.err_msg or "Exception ignored in"
        self._complaints.append(f"{said} {args.object!r}: {args.exc_value!r}")

    def _thread_failed(self, args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else "a thread"
        self._complaints.append(f"{name} failed: {args.exc_value!r}")


def cannot_look_for() -> tuple[str, ...]:
    """Return what this platform does not let us look for, a sentence each."""
    if os.path.isdir(_DESCRIPTORS):  # noqa: PTH112 (asked once for each sweep)
        return ()
    return ("open files and sockets that something still holds were not looked for",)


def _open_descriptors() -> set[int]:
    try:
        listed = os.listdir(_DESCRIPTORS)  # noqa: PTH208 (asked twice for each run)
    except OSError:
        return set()
    return {number for number in map(int, listed) if _is_open(number)}


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:  # the listing's own
        return False
    return True


def _in_full(number: int) -> str:
    try:
        return f"{number} ({os.readlink(f'{_DESCRIPTORS}/{number}')})"  # noqa: PTH115
    except OSError:
        return str(number)


def _busy_threads() -> set[threading.Thread]:
    return set(threading.enumerate()) - idle_threads()
