"""The client: all commands as methods, and what goes beyond single commands."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from trio_helianthus.core import SEAM, limit, operation

from ._call import Call
from ._commands import Commands
from ._connection_face import RedisConnection
from ._finishing import find_command, finish
from ._pipeline import Pipeline
from ._recipes import RecipeOperations
from ._reports import command_operation
from ._scan import ScanOperations
from ._scripts import Library, Script
from ._streaming import StreamOperations
from ._subscribers import Subscribers
from ._subscribing import SubscribeOperations
from ._tracked_redis import TrackingOperations
from ._transaction import ATTEMPTS, run_transaction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from trio_helianthus.core import CancelToken
    from trio_helianthus.wire import resp

    from ._backend import Backend
    from ._command import Command
    from ._statistics import RedisStatistics
    from ._transaction import Transaction, TransactionResult

__all__ = ["Redis"]

T = TypeVar("T", bytes, str)
R = TypeVar("R")


class Redis(
    Commands[T],
    ScanOperations[T],
    StreamOperations[T],
    SubscribeOperations[T],
    TrackingOperations[T],
    RecipeOperations[T],
):
    """A client of a Redis or Valkey server; made by :func:`open_client`, used by any task.

    Each command of the server is a method, under the name that redis-py gives it. The commands of
    all tasks share a connection: those of one pass of the scheduler leave in one send, and each
    task gets the answer of its own. A task that is cancelled while it waits leaves the others
    alone: its answer is dropped when it comes. Whether its command has run is not known then.
    Those that were not yet sent are not sent.
    """

    def __init__(self, backend: Backend, *, is_text: bool) -> None:
        self._backend = backend
        self._begin = backend.begin
        self._is_text = is_text
        # The same, in one step for most commands.
        self._run = backend.in_one_step(self._run, is_text=is_text)  # type: ignore[method-assign]
        self._subscribers = Subscribers(backend, is_text=is_text)

    async def execute(
        self,
        *args: resp.Argument,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> Any:
        """Run any command, such as a module's, and return its answer as the protocol has it.

        ::

            await r.execute("OBJECT", "ENCODING", "key")

        :param args: its words, then its arguments.
        :param timeout: seconds.
        :param token: cancels it.
        :raises RedisError: the server refuses it.
        :raises LocalProtocolError: it changes the connection; see :meth:`connection`.
        :raises ValueError: it has no name.
        """
        return await self._run(find_command(args), args, timeout, token)

    def pipeline(self, *, transaction: bool = False) -> Pipeline[T]:
        """Return a pipeline: commands that are written down first, and leave together.

        ::

            answers = await r.pipeline().set("a", 1).incr("a").execute()

        :param transaction: have them run as one, with no other command between them (``MULTI``,
            ``EXEC``).
        """
        return Pipeline(self._backend, is_atomic=transaction, is_text=self._is_text)

    async def transaction(
        self,
        function: Callable[[Transaction[T]], Awaitable[R]],
        *keys: resp.Argument,
        attempts: int = ATTEMPTS,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> TransactionResult[R]:
        """Read keys and write depending on them, as if nobody else were there.

        ::

            async def double(tx):
                value = int(await tx.get("n") or 0)
                tx.queue.set("n", 2 * value)

            await r.transaction(double, "n")

        The keys are watched (``WATCH``). What the function reads by the methods of its
        :class:`Transaction` is read at once; what it writes down in ``tx.queue`` runs when it has
        returned, as one. If somebody else has changed one of the keys by then nothing runs, and the
        function is called again, with a new :class:`Transaction`.

        :param function: async, called with the transaction, once or several times.
        :param keys: what to watch: all that it reads.
        :param attempts: how often it is tried.
        :param timeout: seconds for all of it.
        :param token: cancels it.
        :raises TransactionConflict: each time a key was changed.
        :raises RedisError: a command was refused. One that is refused while it runs leaves the
            others alone, as servers do not roll back.
        :raises RedisExecutionAborted: a command was refused before anything ran.
        :raises OperationTimeout: the server did not answer in time, or no connection was to be had;
            nothing was written.
        :raises NetworkError: no connection lasted until the commands could run, for
            ``timeouts.reconnect`` seconds; nothing was written.
        :raises OutcomeUnknown: the connection was lost while they ran.
        :raises LocalProtocolError: a command in the queue changes the connection, is too long, or
            has a key in another slot of a cluster; nothing was written.

        What the function raises comes out, and nothing is written. If it is cancelled before it
        has returned nothing is written either.
        """
        with operation("redis.transaction"), limit(timeout, token):
            return await run_transaction(
                self._backend, function, keys, attempts=attempts, is_text=self._is_text
            )

    def register_script(self, source: str | bytes, *, is_readonly: bool = False) -> Script[T]:
        """Return a Lua script that is called like a function. Nothing is sent until then.

        :param source: Lua.
        :param is_readonly: it writes nothing: it may be sent again, and to replicas (``EVAL_RO``).
        """
        return Script(self, source, is_readonly=is_readonly)

    def register_library(self, source: str | bytes) -> Library[T]:
        """Return a library of functions, loaded when one of them is called and not known.

        :param source: Lua, beginning with ``#!lua name=<library>``.
        """
        return Library(self, source)

    @asynccontextmanager
    async def connection(self, *keys: resp.Argument) -> AsyncIterator[RedisConnection[T]]:
        """Lend the calling task a connection of its own.

        ::

            async with r.connection() as connection:
                await connection.execute("SELECT", 2)

        It goes back to the pool if it is as it was; else it is closed.

        :param keys: of a cluster: to the server that has these keys.
        :raises ResourceFull: too many tasks are waiting for one.
        :raises OperationTimeout: none was free, or could be made, in time.
        """
        async with self._backend.lend(keys) as connection:
            face = RedisConnection[T](connection, is_text=self._is_text)
            try:
                yield face
            finally:
                face._end()

    @property
    def decode_responses(self) -> bool:
        """Whether strings in answers are text."""
        return self._is_text

    @property
    def connections(self) -> int:
        """How many shared connections there are to a server."""
        return self._backend.options.connections

    def statistics(self) -> RedisStatistics:
        """Return what there is now, and what was done so far."""
        count = len(self._subscribers.listeners)
        return attrs.evolve(self._backend.statistics(), subscriptions=count)

    def _run(
        self,
        command: Command,
        args: tuple[resp.Argument, ...],
        timeout: float | None,
        token: CancelToken | None,
    ) -> Awaitable[Any]:
        if timeout is None and token is None and SEAM.instrument is None:
            answer = self._begin(command, args)
            decode = command.decode_text if self._is_text else command.decode
            if decode is None:
                return answer
            if answer.__class__ is Call:  # which does the same without a coroutine
                answer.decode = decode
                return answer
            return self._finished(command, answer)
        return self._limited(command, args, timeout, token)

    async def _finished(self, command: Command, answer: Awaitable[Any]) -> Any:
        return finish(command, await answer, is_text=self._is_text)

    async def _limited(
        self,
        command: Command,
        args: tuple[resp.Argument, ...],
        timeout: float | None,
        token: CancelToken | None,
    ) -> Any:
        with command_operation(command), limit(timeout, token):
            return finish(command, await self._begin(command, args), is_text=self._is_text)
