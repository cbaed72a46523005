"""``helianthus serve``: what the process has from whoever started it: streams, and a terminal."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import Final

STANDARD_STREAMS: Final = range(3)


def open_standard_streams() -> None:
    """Open what was closed of stdin, stdout and stderr, to nowhere.

    Otherwise sockets and pipes get their numbers, and what is printed.
    """
    for fd in STANDARD_STREAMS:
        try:
            os.fstat(fd)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            os.set_inheritable(opened, True)


def say(what: str) -> None:
    """Print a line to stderr. A service does not end because nobody reads it any more."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(what, file=sys.stderr, flush=True)


class Terminal:
    """The terminal in whose foreground this process was started, if it was.

    When it is closed its processes get SIGHUP, which means to stop then, as Ctrl-C does. Under
    ``nohup`` they are to outlive it.
    """

    def __init__(self) -> None:
        self._fd: int | None = None
        if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            self._fd = next((fd for fd in STANDARD_STREAMS if _is_in_foreground(fd)), None)

    def is_gone(self) -> bool:
        """Tell whether it was closed."""
        if sys.platform == "win32" or self._fd is None:
            return False
        try:
            os.tcgetpgrp(self._fd)
        except OSError:
            return True
        return False


if sys.platform != "win32":

    def _is_in_foreground(fd: int) -> bool:
        try:
            return os.tcgetpgrp(fd) == os.getpgrp()
        except OSError:
            return False
