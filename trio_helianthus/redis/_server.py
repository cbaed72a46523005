"""One server: shared connections for most commands, connections of their own for the others."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import trio

from trio_helianthus.core import SEAM, open_background_nursery
from trio_helianthus.errors import (
    HelianthusError,
    LocalProtocolError,
    NetworkError,
    RedisError,
    RedisExecutionAborted,
    TransactionConflict,
)
from trio_helianthus.wire import resp

from ._backend import Backend
from ._call import Batch, Call
from ._command import Command, CommandFlag
from ._connect import connect
from ._connection import check_size
from ._line import Line
from ._sessions import open_sessions
from ._statistics import RedisStatistics
from ._trail import NO_TRAIL, Returning, Trail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from trio_helianthus.core import BackgroundNursery, CancelToken

    from ._backend import Request, Run
    from ._connection import Connection
    from ._options import Options
    from ._sessions import Sessions
    from ._url import Place

MULTI: Final = Command("MULTI", CommandFlag.READONLY)
EXEC: Final = Command("EXEC", CommandFlag.READONLY)


class Server(Backend):
    """Brings commands to one server, which may be found at another place each time."""

    def __init__(
        self,
        nursery: BackgroundNursery,
        connect: Callable[[], Awaitable[Connection]],
        sessions: Sessions,
        options: Options,
        *,
        on_lost: Callable[[], object] = lambda: None,
    ) -> None:
        self.nursery = nursery
        self.options = options
        self.sessions = sessions
        self.lines = [
            Line(nursery, connect, options=options, on_lost=on_lost)
            for _ in range(options.connections)
        ]
        self._line = self.lines[0] if len(self.lines) == 1 else None
        self._connect = connect
        self._encode = resp.command_encoder(options.engine)
        self._max_command_bytes = options.limits.max_command_bytes
        self._spare: list[Call] = []
        self._commands = 0

    async def open(self) -> None:
        """Make the shared connections."""
        for line in self.lines:
            await line.open()

    def begin(self, command: Command, args: Sequence[resp.Argument]) -> Awaitable[Any]:
        if command.is_for_sessions:
            if command.is_stateful:
                raise stateful(command)
            return self._run_alone(command, args)
        data = self._encode(args)
        if len(data) > self._max_command_bytes:
            check_size(data, self.options.limits)
        self._commands += 1
        spare = self._spare
        call = spare.pop() if spare else Call(spare)
        call.command = command
        call.data = data
        call.decode = None
        return (self._line or self._pick()).begin(call)

    def in_one_step(self, run: Run, *, is_text: bool) -> Run:
        """Do what ``run``, :meth:`begin` and :meth:`Line.begin` do for a command that leaves with
        others, in one function: a fourteenth of all that a command costs is calling these.
        """
        if self._line is None:
            return run
        line, encode, spare, most = self._line, self._encode, self._spare, self._max_command_bytes

        def run_in_one_step(
            command: Command,
            args: tuple[resp.Argument, ...],
            timeout: float | None,
            token: CancelToken | None,
        ) -> Awaitable[Any]:
            if (
                timeout is None
                and token is None
                and SEAM.instrument is None
                and (link := line.link) is not None
                and len(link.outbox) < link.room
                and not line.waiting
                and not command.is_for_sessions
                and len(data := encode(args)) <= most
            ):
                self._commands += 1
                call = spare.pop() if spare else Call(spare)
                call.command = command
                call.data = data
                call.decode = command.decode_text if is_text else command.decode
                link.outbox.append(call)
                return call
            return run(command, args, timeout, token)

        return run_in_one_step

    async def run_many(self, requests: Sequence[Request], *, is_atomic: bool) -> list[Any]:
        for command, _ in requests:
            if command.is_for_sessions:
                if command.is_stateful:
                    raise stateful(command)
                if not is_atomic:
                    return await self._run_many_alone(requests)
        if not is_atomic:
            return await self._run_batch(requests)
        answers = await self._run_batch([(MULTI, (b"MULTI",)), *requests, (EXEC, (b"EXEC",))])
        done = executed(answers)
        if done is None:  # nobody watches here; but a server may do as it likes
            raise TransactionConflict
        return done

    def submit(self, call: Call) -> None:
        """Send what :meth:`make_batch` has made; it may be awaited later."""
        (self._line or self._pick()).submit(call)

    def make_batch(self, requests: Sequence[Request]) -> Batch:
        """Return several commands that are to leave together."""
        encode = self._encode
        parts = [encode(args) for _, args in requests]
        data = b"".join(parts)
        if len(data) > self._max_command_bytes:
            for each in parts:
                check_size(each, self.options.limits)
        self._commands += len(requests)
        return Batch([command for command, _ in requests], data)

    async def _run_batch(self, requests: Sequence[Request]) -> list[Any]:
        batch = self.make_batch(requests)
        answers: list[Any] = await (self._line or self._pick()).begin(batch)
        return answers

    async def _run_many_alone(self, requests: Sequence[Request]) -> list[Any]:
        for command, _ in requests:
            if command.is_stateful:
                raise stateful(command)
        self._commands += len(requests)
        return await self.sessions.run_many(requests)

    async def _run_alone(self, command: Command, args: Sequence[resp.Argument]) -> Any:
        check_size(self._encode(args), self.options.limits)
        self._commands += 1
        return await self.sessions.run(command, args)

    def trail(self) -> Trail:
        return Returning(self.options.timeouts.reconnect)

    def lend(
        self, keys: Sequence[resp.Argument], trail: Trail = NO_TRAIL
    ) -> AbstractAsyncContextManager[Connection]:
        return self.sessions.lend()

    async def connect(self, key: resp.Argument | None = None) -> Connection:
        return await self._connect()

    def statistics(self) -> RedisStatistics:
        pool = self.sessions.pool.statistics()
        links = [line.link for line in self.lines if line.link is not None]
        return RedisStatistics(
            commands=self._commands,
            sends=sum(line.sends for line in self.lines) + sum(link.sends for link in links),
            in_flight=sum(len(link.calls) for link in links),
            waiting=sum(len(line.waiting) for line in self.lines)
            + sum(len(link.outbox) for link in links),
            connects=sum(line.connects for line in self.lines),
            repeated=sum(line.repeated for line in self.lines),
            sessions=pool.size,
            sessions_lent=pool.acquired,
            subscriptions=0,  # the client counts them
            is_connected=len(links) == len(self.lines),
        )

    def close(self) -> None:
        """Close all connections."""
        for line in self.lines:
            line.close()

    def _pick(self) -> Line:
        """Return the line with the least to do."""
        return min(self.lines, key=_load)


def _load(line: Line) -> int:
    return len(line.waiting) + (line.link.load if line.link is not None else 1_000_000)


def stateful(command: Command) -> LocalProtocolError:
    """Return the error of a command that would change a connection that others use."""
    instead = _INSTEAD.get(command.name, "connection()")
    return LocalProtocolError(
        f"{command.name} changes the connection that it is sent on, which is shared: use {instead}"
    )


def executed(answers: list[Any]) -> list[Any] | None:
    """Return what a transaction has answered: the answers of its commands.

    :param answers: those of MULTI, of the commands, and of EXEC.
    :returns: ``None`` where a watched key was changed.
    :raises RedisExecutionAborted: one of the commands was refused; nothing has run.
    :raises RedisError: the server refused the transaction otherwise.
    """
    *queued, last = answers
    if isinstance(last, RedisError):
        refusal = next((each for each in queued if isinstance(each, RedisError)), None)
        if isinstance(last, RedisExecutionAborted) and refusal is not None:
            raise RedisExecutionAborted(
                f"nothing of the transaction has run: {refusal.message}", code=last.code
            ) from refusal
        raise last
    done: list[Any] | None = last
    return done


UNANSWERED: Final = frozenset(
    {
        "CLIENT REPLY",
        "SUBSCRIBE",
        "PSUBSCRIBE",
        "SSUBSCRIBE",
        "UNSUBSCRIBE",
        "PUNSUBSCRIBE",
        "SUNSUBSCRIBE",
        "MONITOR",
        "SYNC",
        "PSYNC",
    }
)
"""Commands that are not answered in the order in which they are asked, or not at all."""
_INSTEAD: Final = {
    "MULTI": "pipeline(transaction=True) or transaction()",
    "EXEC": "pipeline(transaction=True) or transaction()",
    "DISCARD": "transaction()",
    "WATCH": "transaction()",
    "UNWATCH": "transaction()",
    "SUBSCRIBE": "subscribe()",
    "PSUBSCRIBE": "subscribe()",
    "SSUBSCRIBE": "subscribe()",
    "UNSUBSCRIBE": "subscribe()",
    "PUNSUBSCRIBE": "subscribe()",
    "SUNSUBSCRIBE": "subscribe()",
    "MONITOR": "monitor()",
}


@asynccontextmanager
async def open_server(
    places: Sequence[Place], options: Options, *, lazy: bool = False
) -> AsyncIterator[Server]:
    """Open a server around a block of code.

    :param places: where it may be; they are tried in turn whenever a connection is made.
    :param lazy: do not connect before the body starts.
    """

    async def connect_somewhere() -> Connection:
        return await connect_first(places, options)

    async with (
        open_background_nursery() as nursery,
        open_sessions(connect_somewhere, options=options) as sessions,
    ):
        server = Server(nursery, connect_somewhere, sessions, options)
        server.open_twin = partial(open_server, places)
        try:
            if lazy:
                for line in server.lines:
                    line.keep()
            else:
                await server.open()
            yield server
        finally:
            server.close()


async def connect_first(places: Sequence[Place], options: Options) -> Connection:
    """Connect to the first of several places where a server answers."""
    *others, last = places
    for place in others:
        try:
            return await connect(place, options)
        except (NetworkError, HelianthusError, trio.BrokenResourceError):
            pass  # the next one may be better
    return await connect(last, options)
