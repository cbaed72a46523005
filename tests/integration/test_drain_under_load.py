"""A busy service that gets a signal finishes its work, or is cut, and says which."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
import pytest
import trio

from trio_helianthus import http
from trio_helianthus.errors import NetworkError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends signals to a process")

SERVICE: Final = Path(__file__).with_name("drained_service.py")
CALLS: Final = 20


@attrs.define
class Running:
    process: trio.Process
    url: str = ""
    _read: bytes = b""

    async def read_line(self) -> str:
        assert self.process.stdout is not None
        while b"\n" not in self._read:
            chunk = await self.process.stdout.receive_some()
            assert chunk, "the service ended"
            self._read += chunk
        line, _, self._read = self._read.partition(b"\n")
        return line.decode()

    async def wait_begun(self, calls: int) -> None:
        for _ in range(calls):
            assert await self.read_line() == "begun"

    async def end(self) -> tuple[int, str]:
        """Wait for the process to end; return its exit code and what it wrote to stderr."""
        assert self.process.stderr is not None
        with trio.fail_after(20):
            report = b"".join([chunk async for chunk in self.process.stderr])
            return await self.process.wait(), report.decode()


@asynccontextmanager
async def running_service(*, drain: float, handler: float) -> AsyncIterator[Running]:
    command = [sys.executable, str(SERVICE), str(drain), str(handler)]
    process = await trio.lowlevel.open_process(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    async with process.stdout, process.stderr:
        running = Running(process)
        try:
            with trio.fail_after(20):
                running.url = await running.read_line()
            yield running
        finally:
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()


async def test_running_calls_finish_and_the_exit_code_is_0() -> None:
    answers: list[str] = []

    async def call(client: http.Client, number: int) -> None:
        answers.append((await client.get(f"/work/{number}", timeout=20)).text)

    async with running_service(drain=15, handler=0.5) as service:
        async with http.open_client(service.url) as client, trio.open_nursery() as nursery:
            for number in range(CALLS):
                nursery.start_soon(call, client, number)
            await service.wait_begun(CALLS)
            service.process.send_signal(signal.SIGTERM)
        exit_code, report = await service.end()

    assert sorted(answers) == sorted(f"work {number} is done" for number in range(CALLS))
    assert exit_code == 0
    assert report.startswith("drained in ")
    assert f"http: {CALLS} finished, 0 cut, 0 would not stop" in report


async def test_calls_that_take_too_long_are_cut_and_the_exit_code_is_1() -> None:
    failures: list[NetworkError] = []

    async def call(client: http.Client, number: int) -> None:
        try:
            await client.get(f"/work/{number}", timeout=20)
        except NetworkError as exc:
            failures.append(exc)

    async with running_service(drain=0.2, handler=60) as service:
        async with http.open_client(service.url) as client, trio.open_nursery() as nursery:
            for number in range(CALLS):
                nursery.start_soon(call, client, number)
            await service.wait_begun(CALLS)
            service.process.send_signal(signal.SIGTERM)
        exit_code, report = await service.end()

    assert len(failures) == CALLS
    assert exit_code == 1
    assert report.startswith("cut in ")
    assert f"http: 0 finished, {CALLS} cut, 0 would not stop" in report
    assert "cut: GET /work/" in report
    assert f"and {CALLS - 10} more" in report


async def test_a_second_signal_does_not_wait_for_the_deadline() -> None:
    async with running_service(drain=60, handler=60) as service:
        async with http.open_client(service.url) as client, trio.open_nursery() as nursery:

            async def call() -> None:
                with pytest.raises(NetworkError):
                    await client.get("/work/1", timeout=20)

            nursery.start_soon(call)
            await service.wait_begun(1)
            service.process.send_signal(signal.SIGTERM)
            service.process.send_signal(signal.SIGINT)
        exit_code, report = await service.end()

    assert exit_code == 1
    assert "1 cut" in report
