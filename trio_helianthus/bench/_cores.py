"""Which cores the server and the load generator get: two that share nothing, where there are."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_SIBLINGS: Final = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"


@attrs.frozen
class Cores:
    """Where the two processes run.

    :param server: the server's core, or ``None`` for any.
    :param load: the load generator's core, or ``None`` for any.
    :param why: says it in words, for the report.
    """

    server: int | None
    load: int | None
    why: str


def choose_cores() -> Cores:
    """Return the cores for the two processes, of those that this process may use."""
    if sys.platform != "linux":
        return Cores(None, None, "not pinned: this system has no sched_setaffinity")
    return pick_cores(os.sched_getaffinity(0), thread_siblings)


def pick_cores(usable: Collection[int], siblings: Callable[[int], str]) -> Cores:
    """Pick two cores.

    :param usable: their numbers.
    :param siblings: names the hardware threads of a core's physical core, the same for each.
    """
    server, *others = sorted(usable)
    if not others:
        return Cores(None, None, "not pinned: there is only one core")
    for load in others:
        if siblings(load) != siblings(server):
            return Cores(server, load, f"server on core {server}, load on core {load}")
    load = others[0]
    why = f"server on core {server}, load on core {load}, two threads of one physical core"
    return Cores(server, load, why)


def thread_siblings(core: int) -> str:
    """Name the hardware threads of its physical core, as Linux lists them."""
    try:
        return Path(_SIBLINGS.format(core)).read_text("ascii").strip()
    except OSError:
        return str(core)
