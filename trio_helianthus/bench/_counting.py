"""Counting what a process spends: instructions where perf can, CPU time elsewhere."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

EVENTS: Final = "instructions:u,instructions:k"


@cache
def perf_works() -> bool:
    """Whether perf is there and may count instructions, in the kernel too; it is tried once."""
    perf = shutil.which("perf")
    if perf is None:
        return False
    tried = subprocess.run(
        [perf, "stat", "-x", ",", "-e", EVENTS, sys.executable, "-c", ""],
        capture_output=True,
        text=True,
        check=False,
    )
    return tried.returncode == 0 and "<not" not in tried.stderr and read_perf(tried.stderr) > 0


def cost_unit() -> str:
    """Return what the costs here are told in: ``k instructions``, or ``CPU us`` without perf."""
    return "k instructions" if perf_works() else "CPU us"


def cost_of(*command: str) -> float:
    """Run a command and return what it spent.

    :param command: a program and its arguments; what it prints is dropped.
    :returns: thousands of instructions, or microseconds of CPU time; :func:`cost_unit` says which.
    :raises subprocess.CalledProcessError: the command failed.
    :raises OSError: there is neither perf nor a system that tells what a child spent.
    """
    if perf_works():
        return _instructions_of(command) / 1000
    before = children_seconds()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return (children_seconds() - before) * 1e6


def _instructions_of(command: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="helianthus-perf-") as folder:
        counts, status = Path(folder, "counts"), Path(folder, "status")
        # Of a command that ends before perf waits for it, perf forgets the exit code.
        remember = ("sh", "-c", '"$@"; echo $? > "$0"', str(status))
        subprocess.run(
            ["perf", "stat", "-x", ",", "-e", EVENTS, "-o", str(counts), *remember, *command],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        if (exit_code := int(status.read_text("utf-8"))) != 0:
            raise subprocess.CalledProcessError(exit_code, command)
        return read_perf(counts.read_text("utf-8"))


class Count:
    """``with Count(pid) as count: ...`` and then ``count.cost``.

    Every thread that the processes have at the start is counted.

    :param pids: the processes to watch.
    :raises OSError: there is no such process, or neither perf nor ``/proc``.
    """

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._perf: subprocess.Popen[bytes] | None = None
        self.cost: float = 0.0
        """What it spent, as :func:`cost_unit` says, when the block has been left."""

    def __enter__(self) -> Self:
        if perf_works():
            try:
                self._start_perf()
            except BaseException:
                self._stop_perf()
                raise
        else:
            self._before = sum(map(cpu_seconds, self._pids))
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if perf_works():
            counts = self._stop_perf()
            if exc is None:
                if not counts:
                    raise OSError(f"perf has not written what {self._who()} did")
                self.cost = read_perf(counts) / 1000
        elif exc is None:
            self.cost = (sum(map(cpu_seconds, self._pids)) - self._before) * 1e6

    def _who(self) -> str:
        return f"process {', '.join(map(str, self._pids))}"

    def _start_perf(self) -> None:
        """Return when it counts, which it says through a pipe."""
        self._folder = tempfile.TemporaryDirectory(prefix="helianthus-perf-")
        output = Path(self._folder.name) / "counts"
        control_read, control = os.pipe()
        ready, ready_write = os.pipe()
        try:
            self._perf = subprocess.Popen(
                [
                    *("perf", "stat", "-x", ",", "-e", EVENTS, "-o", str(output)),
                    *("-D", "-1", "--control", f"fd:{control_read},{ready_write}"),
                    *("-p", ",".join(map(str, self._pids))),
                ],
                pass_fds=(control_read, ready_write),
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            os.close(ready_write)
            ready_write = -1
            os.write(control, b"enable\n")
            if not os.read(ready, 16):
                raise OSError(f"perf ended instead of counting {self._who()}")
        finally:
            for descriptor in (control_read, control, ready, ready_write):
                if descriptor != -1:
                    os.close(descriptor)

    def _stop_perf(self) -> str:
        """Return what it has written."""
        if self._perf is not None:
            self._perf.send_signal(signal.SIGINT)  # with -p it stops on that, and writes
            self._perf.wait()
        with self._folder as folder:
            output = Path(folder) / "counts"
            return output.read_text("utf-8") if output.exists() else ""


def read_perf(text: str) -> int:
    """Add up the counts in the output of ``perf stat -x ,``."""
    rows = [line.split(",") for line in text.splitlines()]
    # Cores of two kinds count for themselves, as `cpu_core/instructions:u/` (perf-stat(1)).
    counts = [row[0] for row in rows if len(row) > 2 and "instructions:" in row[2]]
    # Of a process that did nothing at all meanwhile, there is nothing to count.
    return sum(int(count) for count in counts if count != "<not counted>")


def children_seconds() -> float:
    """Return the CPU time of all child processes that have ended (getrusage(2))."""
    if sys.platform == "win32":
        raise OSError("this system does not tell what a child process spent")
    import resource

    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def family_of(pid: int) -> list[int]:
    """Return a process and those that it has started, and so on; itself only where nobody knows."""
    family = [pid]
    for member in family:
        for children in Path(f"/proc/{member}/task").glob("*/children"):
            family += map(int, children.read_text("ascii").split())
    return family


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of another process, from /proc (proc(5), fields utime and stime)."""
    if sys.platform == "win32":
        raise OSError("there is no /proc to read CPU times from")
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int) -> float:
    """Return the KiB that a process has in memory for itself (proc(5), smaps_rollup)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("Private_"))
