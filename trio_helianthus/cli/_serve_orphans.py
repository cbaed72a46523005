"""``helianthus serve``: the ends of processes that no other parent is left for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final

import trio

from trio_helianthus.core import open_signals

OWN_END_SECONDS: Final = 0.1
"""How long to leave the end of a process to whoever started it, before looking again."""


async def reap_orphans(is_own: Callable[[int], bool]) -> None:
    """Take note of the end of processes that became ours, until cancelled.

    What a worker has started, and leaves behind, is handed to the first process of a container,
    which the supervisor may be. Each that nobody took note of would stay as a zombie. On systems
    without containers nothing is done.

    :param is_own: tells whether somebody else waits for a process, by its number.
    """
    with open_signals("SIGCHLD") as signals:
        async for _ in signals:
            while (pid := _ended_child()) is not None:
                if is_own(pid):
                    await trio.sleep(OWN_END_SECONDS)
                else:
                    _forget(pid)


if sys.platform == "linux":

    def _ended_child() -> int | None:
        """Return the number of a child that has ended, and leave it as it is."""
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:  # there is no child at all
            return None
        return None if ended is None else ended.si_pid

    def _forget(pid: int) -> None:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG)

else:

    def _ended_child() -> int | None:
        return None

    def _forget(pid: int) -> None: ...
