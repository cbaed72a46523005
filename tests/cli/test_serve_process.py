"""What the process has from whoever started it, and what it lets stand when that is gone."""

from __future__ import annotations

import ctypes
import io
import os
import signal
import subprocess
import sys

import pytest
import trio

from tests._serving import ended
from trio_helianthus.cli._serve_orphans import reap_orphans
from trio_helianthus.cli._serve_process import Terminal, say

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX has it")
PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


def test_no_socket_gets_the_number_of_a_stream_that_was_closed() -> None:
    program = (
        "import os, socket, sys; from trio_helianthus.cli._serve_process import *; "
        "os.closerange(0, 3); open_standard_streams(); sys.exit(socket.socket().fileno())"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 3


class NobodyReads(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("stream", [NobodyReads(), None], ids=["broken", "closed"])
def test_what_nobody_hears_is_said_all_the_same(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    say("anybody there?")


@pytest.mark.parametrize("nohup", [False, True], ids=["", "nohup"])
def test_a_terminal_that_is_closed_is_gone(monkeypatch: pytest.MonkeyPatch, nohup: bool) -> None:
    groups: dict[int, int | OSError] = {0: OSError(), 1: os.getpgrp(), 2: os.getpgrp()}

    def tcgetpgrp(fd: int) -> int:
        group = groups[fd]
        if isinstance(group, OSError):
            raise group
        return group

    monkeypatch.setattr(os, "tcgetpgrp", tcgetpgrp)
    on_hangup = signal.SIG_IGN if nohup else signal.SIG_DFL
    monkeypatch.setattr(signal, "getsignal", lambda _: on_hangup)
    terminal = Terminal()
    assert not terminal.is_gone()
    groups[1] = OSError()
    assert terminal.is_gone() is not nohup


def test_in_the_background_a_terminal_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp() + 1)
    terminal = Terminal()
    monkeypatch.setattr(os, "tcgetpgrp", {}.__getitem__)
    assert not terminal.is_gone()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to us")
async def test_the_end_of_orphans_is_taken_note_of(nursery: trio.Nursery) -> None:
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # as the first process of a container is
    try:
        own = set[int]()
        nursery.start_soon(reap_orphans, lambda pid: not own or pid in own)
        shell = ["sh", "-c", "sleep 0.05 & echo $!"]
        process = await trio.lowlevel.open_process(shell, stdout=subprocess.PIPE)
        own.add(process.pid)
        assert process.stdout is not None
        async with process.stdout as out:
            orphan = int(await out.receive_some())
        assert await process.wait() == 0  # whose end was left to us
        await ended(orphan)
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
