"""Lines to a file: none is torn or lost in silence, and nobody waits for them."""

from __future__ import annotations

import errno
import os
import sys
import threading
from pathlib import Path

import pytest

from trio_helianthus.cli import _serve_line_writer as line_writer
from trio_helianthus.cli._serve_line_writer import PIPE_CHUNK_BYTES, LineWriter

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs /dev/fd")
LINE = "x" * 9 + "\n"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_writer, "GATHER_SECONDS", 0.001)


def test_what_is_put_is_appended(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("before\n")
    writer = LineWriter(str(tmp_path / "log"))
    for number in range(1000):
        writer.put(f"{number}\n")
    writer.close()
    assert (tmp_path / "log").read_text() == "before\n" + "".join(f"{n}\n" for n in range(1000))


def test_lines_that_are_too_many_are_counted_and_left_out(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(line_writer, "GATHER_SECONDS", 60)
    monkeypatch.setattr(line_writer, "MAX_WAITING_BYTES", 100)
    writer = LineWriter(str(tmp_path / "log"))
    for _ in range(15):
        writer.put(LINE)
    writer.close()

    assert (tmp_path / "log").read_text() == LINE * 10
    assert "5 requests are not in the access log" in capfd.readouterr().err


@posix
def test_a_file_that_takes_nothing_does_not_keep_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(line_writer, "CLOSE_SECONDS", 0.05)
    read, write = os.pipe()
    writer = LineWriter(f"/dev/fd/{write}")
    for _ in range(100):
        writer.put("x" * 4000 + "\n")
    writer.close()  # the pipe holds 64 KiB, and nobody reads
    os.close(write)
    while os.read(read, 1 << 20):
        pass
    os.close(read)


class Writes:
    """Stands in for writing: notes what is written at once, and fails as it is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.chunks: list[bytes] = []
        self.failure: OSError | None = None
        self.failed = threading.Semaphore(0)
        self.may = threading.Event()
        self.may.set()
        monkeypatch.setattr(line_writer, "_write_all", self)

    def __call__(self, fd: int, data: bytes) -> None:
        if self.failure is not None:
            self.failed.release()
            raise self.failure
        self.chunks.append(data)
        assert self.may.wait(20)


@posix
def test_lines_of_workers_that_share_a_pipe_do_not_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    writes = Writes(monkeypatch)
    read, write = os.pipe()
    writer = LineWriter(f"/dev/fd/{write}")
    for number in range(2000):
        writer.put(f"{number:099}\n")
    writer.close()
    os.close(read)
    os.close(write)

    # write(2) keeps together what is no longer than this.
    assert max(map(len, writes.chunks)) <= PIPE_CHUNK_BYTES
    assert all(chunk.endswith(b"\n") for chunk in writes.chunks)
    assert len(b"".join(writes.chunks)) == 2000 * 100


def test_what_comes_while_the_last_lines_are_written_is_written_as_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    writes = Writes(monkeypatch)
    writes.may.clear()
    writer = LineWriter(str(tmp_path / "log"))
    writer.put("first\n")
    while not writes.chunks:
        threading.Event().wait(0.001)
    writer.put("last\n")
    threading.Timer(0.02, writes.may.set).start()
    writer.close()
    assert b"".join(writes.chunks) == b"first\nlast\n"


def test_that_a_file_cannot_be_written_is_said_once_and_what_it_cost(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    writes = Writes(monkeypatch)
    writes.failure = OSError(errno.ENOSPC, "no space left")
    writer = LineWriter(str(tmp_path / "log"))
    for _ in range(3):
        writer.put(LINE)
        assert writes.failed.acquire(timeout=20)
    while writer._waiting:
        threading.Event().wait(0.001)
    writes.failure = None
    writer.put("at last\n")
    writer.close()

    assert writes.chunks == [b"at last\n"]
    said = capfd.readouterr().err
    assert said.count("no space left") == 1
    assert "3 requests are not in the access log" in said


@posix
def test_a_pipe_that_does_not_block_is_waited_for() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    writer = LineWriter(f"/dev/fd/{write}")
    os.set_blocking(writer._fd, False)
    for _ in range(1000):
        writer.put("x" * 99 + "\n")
    received = 0
    while received < 1000 * 100:
        received += len(os.read(read, 1 << 16))
    writer.close()
    os.close(write)
    os.close(read)


def test_stdout_is_not_closed(capfd: pytest.CaptureFixture[str]) -> None:
    writer = LineWriter("-")
    writer.put("line\n")
    writer.close()
    print("still open", flush=True)
    assert capfd.readouterr().out == "line\nstill open\n"
