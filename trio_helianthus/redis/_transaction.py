"""Transactions that watch keys, read them, and write only if nobody else has changed them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import attrs
import trio

from trio_helianthus.core import RetryPolicy
from trio_helianthus.errors import (
    LimitExceeded,
    LocalProtocolError,
    NetworkError,
    OperationTimeout,
    OutcomeUnknown,
    ProtocolError,
    RedisError,
    TransactionConflict,
)

from ._command_table import COMMANDS
from ._connection_face import RedisConnection
from ._finishing import finish_all, raise_first_error
from ._pipeline import CommandList
from ._server import executed, stateful

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio_helianthus.core import CancelToken
    from trio_helianthus.wire import resp

    from ._backend import Backend, Request
    from ._command import Command
    from ._connection import Connection

__all__ = ["Transaction", "TransactionResult"]

T = TypeVar("T", bytes, str)
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

ATTEMPTS: Final = 16
"""How often a transaction is tried, unless told otherwise."""
WATCH: Final = COMMANDS["WATCH"]
_OURS: Final = frozenset({"DISCARD", "EXEC", "MULTI"})
_WAITS: Final = RetryPolicy(initial_delay=0.001, factor=2.0, max_delay=0.05)


@attrs.frozen
class TransactionResult(Generic[R_co]):
    """What came of a transaction that has run."""

    value: R_co
    """What the function returned."""
    answers: list[Any]
    """The answers of the commands that it wrote down, in their order."""
    attempts: int
    """How often it was tried: 1 if nobody else changed a watched key."""


class Transaction(RedisConnection[T]):
    """What the function of :meth:`Redis.transaction` works with.

    Its own commands run at once, to read what the transaction depends on. What it writes down in
    :attr:`queue` runs when the function has returned: all of it, with nothing in between, or
    nothing if one of the watched keys was changed meanwhile. It is of use until then.
    """

    def __init__(self, connection: Connection, *, is_text: bool, answer_timeout: float) -> None:
        super().__init__(connection, is_text=is_text, answer_timeout=answer_timeout)
        self.queue: CommandList[T] = CommandList()
        """The commands that are to run as one."""

    async def _run(
        self,
        command: Command,
        args: tuple[resp.Argument, ...],
        timeout: float | None,
        token: CancelToken | None,
    ) -> Any:
        if command.name in _OURS:
            raise LocalProtocolError(f"{command.name} is sent when the function has returned")
        return await super()._run(command, args, timeout, token)


async def run_transaction(
    backend: Backend,
    function: Callable[[Transaction[T]], Awaitable[R]],
    keys: tuple[resp.Argument, ...],
    *,
    attempts: int,
    is_text: bool,
) -> TransactionResult[R]:
    """Run a transaction, again where it comes in another's way; see :meth:`Redis.transaction`."""
    if attempts < 1:
        raise ValueError(f"attempts must be at least 1, not {attempts}")
    attempt, trail, seconds = 0, backend.trail(), backend.options.timeouts.answer
    while attempt < attempts:
        connection: Connection | None = None
        try:
            async with backend.lend(keys, trail) as connection:
                transaction = Transaction[T](connection, is_text=is_text, answer_timeout=seconds)
                try:
                    answers = await _attempt(backend, transaction, connection, function, keys)
                finally:
                    transaction._end()
        except (RedisError, NetworkError) as exc:
            # A connection that was lost by then has run nothing; its fate after EXEC is unknown.
            is_ours = isinstance(exc, RedisError) or (connection is not None and connection.is_cut)
            if not is_ours or not await trail.follow(exc):  # noqa: ASYNC120 - cancelled is cancelled
                raise
            continue
        attempt += 1
        if answers is not None:
            value, raw = answers
            requests = transaction.queue._requests
            raise_first_error(requests, raw)
            return TransactionResult(value, finish_all(requests, raw, is_text=is_text), attempt)
        if attempt < attempts:
            await trio.sleep(_WAITS.delay(attempt, random.random()))  # noqa: S311 - only a wait
    raise TransactionConflict(attempts=attempts)


async def _attempt(
    backend: Backend,
    transaction: Transaction[T],
    connection: Connection,
    function: Callable[[Transaction[T]], Awaitable[R]],
    keys: tuple[resp.Argument, ...],
) -> tuple[R, list[Any]] | None:
    """Watch, call the function, and execute; ``None`` where a key was changed."""
    seconds = backend.options.timeouts.answer
    connection.is_watching = True
    if keys:
        (watched,) = await connection.exchange(("WATCH", *keys), timeout=seconds)
        if isinstance(watched, RedisError):
            raise watched
    value = await function(transaction)  # if it raises, the connection is closed as it is
    requests: list[Request] = transaction.queue._requests
    if not requests:
        if keys:
            await connection.exchange(("UNWATCH",), timeout=seconds)
        connection.is_watching = False
        return value, []
    for command, _ in requests:
        if command.is_stateful:
            raise stateful(command)
    backend.check_together([(WATCH, ("WATCH", *keys)), *requests] if keys else requests)
    commands = [("MULTI",), *(args for _, args in requests), ("EXEC",)]
    try:
        answers = await connection.exchange(*commands, timeout=seconds)
    except (LocalProtocolError, LimitExceeded):
        raise
    except (NetworkError, trio.BrokenResourceError, ProtocolError, OperationTimeout) as exc:
        raise OutcomeUnknown(command="EXEC") from exc
    connection.is_watching = False
    done = executed(answers)
    return None if done is None else (value, done)
