"""``helianthus serve`` as a process of its own, and clients that count what goes wrong."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
import trio

from trio_helianthus import net

PATIENCE_SECONDS: Final = 40.0
"""How long anything may take on a busy machine."""
ROOT: Final = Path(__file__).parent.parent

APP: Final = """
import os
import trio
from trio_helianthus import http

app = http.Router()

@app.get("/")
async def index(request):
    return f"{os.getpid()}"

@app.get("/slow")
async def slow(request):
    os.write(1, b"begun\\n")  # in one piece: workers share the pipe
    await trio.sleep(0.5)
    return f"{os.getpid()}"

@app.get("/endless")
async def endless(request):
    os.write(1, b"begun\\n")  # in one piece: workers share the pipe
    await trio.sleep_forever()

@app.get("/client")
async def client(request):
    return repr(request.client_address)
"""


@attrs.define
class Lines:
    """What a process writes, in lines."""

    stream: trio.abc.ReceiveStream
    seen: list[str] = attrs.Factory(list)
    rest: bytes = b""

    async def next(self) -> str:
        while b"\n" not in self.rest:
            chunk = await self.stream.receive_some()
            if not chunk:
                raise AssertionError("the process has ended:\n" + "\n".join(self.seen))
            self.rest += chunk
        line, _, self.rest = self.rest.partition(b"\n")
        self.seen.append(line.decode())
        return self.seen[-1]

    async def until(self, pattern: str) -> re.Match[str]:
        """Read up to the line in which the pattern is found."""
        with trio.fail_after(PATIENCE_SECONDS):
            while not (found := re.search(pattern, await self.next())):
                pass
            return found

    async def all(self) -> str:
        chunks = [chunk async for chunk in self.stream]
        return "\n".join([*self.seen, (self.rest + b"".join(chunks)).decode()])


@attrs.define
class Serving:
    """A running ``helianthus serve``."""

    process: trio.Process
    out: Lines
    err: Lines
    place: str = ""

    @property
    def port(self) -> int:
        return int(self.place.rpartition(":")[2])

    def send(self, name: str) -> None:
        """Send it a signal."""
        self.process.send_signal(signal.Signals[name])

    async def worker_pids(self, count: int) -> list[int]:
        """Wait until so many more workers have said that they serve."""
        return [int((await self.err.until(r"worker (\d+) serves"))[1]) for _ in range(count)]

    async def end(self) -> tuple[int, str]:
        """Wait for its end; return the exit code and all that it wrote to stderr."""
        with trio.fail_after(PATIENCE_SECONDS):
            report = await self.err.all()
            return await self.process.wait(), report

    async def stop(self, name: str = "SIGTERM") -> tuple[int, str]:
        self.send(name)
        return await self.end()

    async def get(self, target: str = "/") -> str:
        return await get(self.port, target)


@asynccontextmanager
async def starting(
    *words: str | Path,
    folder: Path,
    env: Mapping[str, str] | None = None,
    fds: Sequence[int] = (),
    prefix: Sequence[str] = (sys.executable, "-m", "trio_helianthus", "serve"),
) -> AsyncIterator[Serving]:
    """Start it in a folder, and kill it at the end if it is still there."""
    process = await trio.lowlevel.open_process(
        [*prefix, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        pass_fds=fds,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    async with process.stdout, process.stderr:
        try:
            yield Serving(process, Lines(process.stdout), Lines(process.stderr))
        finally:
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()


@asynccontextmanager
async def serving(
    *words: str | Path,
    folder: Path,
    env: Mapping[str, str] | None = None,
    fds: Sequence[int] = (),
) -> AsyncIterator[Serving]:
    """Start it, and go on when it listens."""
    async with starting(*words, folder=folder, env=env, fds=fds) as served:
        served.place = (await served.err.until(r"listening on (\S+)"))[1]
        yield served


async def get(port: int, target: str = "/", *fields: str) -> str:
    """Ask over a connection of its own, and return the answer's body."""
    lines = [f"GET {target} HTTP/1.1", "Host: test", "Connection: close", *fields, "", ""]
    async with await net.connect_tcp("127.0.0.1", port) as stream:
        await stream.send_all("\r\n".join(lines).encode())
        head, _, body = (await stream.receive_all()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    return body.decode()


async def ended(pid: int) -> None:
    """Wait for the end of a process that is no child of ours."""
    with trio.fail_after(PATIENCE_SECONDS):
        while True:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return
            await trio.sleep(0.01)


@attrs.define
class Load:
    """Clients that ask all the time, each time over a new connection."""

    port: int
    answers: dict[str, int] = attrs.Factory(dict)
    failures: list[Exception] = attrs.Factory(list)
    changed: trio.lowlevel.ParkingLot = attrs.Factory(trio.lowlevel.ParkingLot)

    async def run(self) -> None:
        while True:
            try:
                with trio.fail_after(PATIENCE_SECONDS):
                    body = await get(self.port)
            except (OSError, trio.TooSlowError, trio.BrokenResourceError, AssertionError) as exc:
                self.failures.append(exc)
            else:
                self.answers[body] = self.answers.get(body, 0) + 1
            self.changed.unpark_all()

    async def wait_answered_by(self, *pids: int) -> None:
        """Wait until each of these processes has answered."""
        with trio.fail_after(PATIENCE_SECONDS):
            while not all(str(pid) in self.answers for pid in pids):
                await self.changed.park()

    async def wait_more(self, count: int) -> None:
        """Wait for so many more answers."""
        goal = sum(self.answers.values()) + count
        with trio.fail_after(PATIENCE_SECONDS):
            while sum(self.answers.values()) < goal:
                await self.changed.park()


@asynccontextmanager
async def load(port: int, clients: int = 8) -> AsyncIterator[Load]:
    running = Load(port)
    async with trio.open_nursery() as nursery:
        for _ in range(clients):
            nursery.start_soon(running.run)
        yield running
        nursery.cancel_scope.cancel()
