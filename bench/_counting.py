"""Counting what a process spends: instructions where perf can, CPU microseconds elsewhere."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

EVENTS: Final = "instructions:u,instructions:k"


def perf_works() -> bool:
    """Whether perf is there and may count instructions, in the kernel too."""
    if shutil.which("perf") is None:
        return False
    tried = subprocess.run(
        ["perf", "stat", "-x", ",", "-e", EVENTS, sys.executable, "-c", ""],
        capture_output=True,
        text=True,
        check=False,
    )
    return tried.returncode == 0 and "<not" not in tried.stderr


PERF: Final = perf_works()
UNIT: Final = "k instructions" if PERF else "CPU us"


class Count:
    """``with Count(pid) as count: ...`` and then ``count.thousands``."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.thousands = 0.0
        """Thousands of instructions, or milliseconds of CPU time."""

    def __enter__(self) -> Self:
        if PERF:
            # -p stops on SIGINT and then writes what it has counted.
            self._file = Path(tempfile.mkdtemp()) / "perf"
            command = ["perf", "stat", "-x", ",", "-e", EVENTS, "-o", str(self._file)]
            ready, ready_write = os.pipe()
            control_read, control = os.pipe()
            self._perf = subprocess.Popen(
                [
                    *command,
                    *("-D", "-1", "--control", f"fd:{control_read},{ready_write}"),
                    *("-p", str(self._pid)),
                ],
                pass_fds=(control_read, ready_write),
                stderr=subprocess.DEVNULL,
            )
            os.write(control, b"enable\n")
            os.read(ready, 16)
            for descriptor in (ready, ready_write, control_read, control):
                os.close(descriptor)
        else:
            self._before = cpu_seconds(self._pid)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if PERF:
            self._perf.send_signal(signal.SIGINT)
            self._perf.wait()
            self.thousands = read_perf(self._file.read_text()) / 1000
            shutil.rmtree(self._file.parent)
        else:
            self.thousands = (cpu_seconds(self._pid) - self._before) * 1000


def cost_of(*command: str) -> float:
    """Run a command; return its thousands of instructions, or milliseconds of CPU time."""
    if PERF:
        finished = subprocess.run(
            ["perf", "stat", "-x", ",", "-e", EVENTS, *command],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            check=True,
        )
        return read_perf(finished.stderr) / 1000
    before = os.times()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    spent = after.children_user - before.children_user
    return (spent + after.children_system - before.children_system) * 1000


def read_perf(text: str) -> int:
    """Add up the counts in the output of ``perf stat -x ,``."""
    counts = [line.split(",")[0] for line in text.splitlines() if ",instructions:" in line]
    return sum(map(int, counts))


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of another process, from /proc (proc(5), fields utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
