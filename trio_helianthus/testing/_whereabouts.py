"""Says in words where a task is: the innermost line that is not trio's or ours."""

from __future__ import annotations

import linecache
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final

import outcome
import trio

_OURS: Final = str(Path(__file__).parent)
_NOT_OF_INTEREST: Final = (
    str(Path(trio.__file__).parent),
    str(Path(outcome.__file__).parent),
    _OURS,
)


def whereabouts(task: trio.lowlevel.Task) -> str:
    """Return one task's name and place: ``task 'fetch' at /srv/pool.py:31 in acquire``."""
    name = task.name if task.name.startswith("<") else task.name.rpartition(".")[2]
    frame = _innermost_frame(task)
    if frame is None:
        return f"task {name!r}"
    return f"task {name!r} at {frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"


def task_tree() -> str:
    """Return the places of all tasks of the run, a child indented below its parent."""
    root = trio.lowlevel.current_root_task()
    return "\n".join(_branch(root, 0)) if root is not None else ""


def _branch(task: trio.lowlevel.Task, depth: int) -> Iterator[str]:
    indent = "  " * depth
    yield indent + whereabouts(task)
    frame = _innermost_frame(task)
    if frame is not None:
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        if line:
            yield f"{indent}    {line}"
    for nursery in task.child_nurseries:
        for child in sorted(nursery.child_tasks, key=lambda child: child.name):
            yield from _branch(child, depth + 1)


def _innermost_frame(task: trio.lowlevel.Task) -> FrameType | None:
    found = of_trio = None
    for frame, _ in task.iter_await_frames():
        if not frame.f_code.co_filename.startswith(_NOT_OF_INTEREST):
            found = frame
        elif not frame.f_code.co_filename.startswith(_OURS):
            of_trio = frame
    return found or of_trio
