"""Connections of their own, for what cannot share one: what blocks, and what watches keys."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import trio

from trio_helianthus.core import Pool, open_background_nursery
from trio_helianthus.errors import (
    HelianthusError,
    LimitExceeded,
    LocalProtocolError,
    NetworkError,
    OperationTimeout,
    OutcomeUnknown,
    ProtocolError,
    RedisError,
    ResourceClosed,
)

from ._block_time import block_seconds
from ._line import MAX_SENDS, closed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from trio_helianthus.core import BackgroundNursery
    from trio_helianthus.wire import resp

    from ._backend import Request
    from ._command import Command
    from ._connection import Connection
    from ._limits import Timeouts
    from ._options import Options


class Sessions:
    """Lends connections to one task each, and keeps those that come back as they were."""

    def __init__(
        self,
        pool: Pool[Connection],
        timeouts: Timeouts,
        refusal: Callable[[], HelianthusError],
    ) -> None:
        self.pool = pool
        self._timeouts = timeouts
        self._refusal = refusal

    @asynccontextmanager
    async def lend(self, *, is_asking: bool = False) -> AsyncIterator[Connection]:
        """Lend one; if it comes back with answers outstanding, or changed, it is closed.

        :param is_asking: of a cluster's node: for a slot that it is about to get.
        """
        connection = await self.acquire()
        connection.is_asking = is_asking
        try:
            yield connection
        finally:
            connection.is_asking = False
            self.pool.release(connection)

    async def acquire(self) -> Connection:
        """Lend one; whoever has it calls ``pool.release``.

        :raises OperationTimeout: none was free in time.
        :raises ResourceFull: too many tasks wait for one.
        :raises HelianthusError: there are none to be had any more.
        """
        seconds = self._timeouts.session
        try:
            with trio.move_on_after(seconds):
                return await self.pool.acquire()
        except ResourceClosed as exc:
            raise self._refusal() from exc
        most, lent = self.pool.limits.max_size, self.pool.statistics().acquired
        raise OperationTimeout(
            f"no connection of its own within {seconds:g} seconds: {lent} of max_sessions={most}"
            " are in use; nothing was sent",
            seconds=seconds,
        )

    async def run(
        self, command: Command, args: Sequence[resp.Argument], *, is_asking: bool = False
    ) -> Any:
        """Run one command on a connection of its own.

        Being cancelled closes the connection, whereupon the server stops waiting.

        :param is_asking: of a cluster's node: for a slot that it is about to get.
        :raises RedisError: what it is answered.
        :raises OutcomeUnknown: the connection was lost behind it.
        """
        (answer,) = await self.run_many([(command, args)], is_asking=is_asking)
        if isinstance(answer, RedisError):
            raise answer
        return answer

    async def run_many(self, requests: Sequence[Request], *, is_asking: bool = False) -> list[Any]:
        """Run several commands on a connection of their own; errors are values.

        What only reads is sent again after a loss.

        :raises OperationTimeout: there was no connection, or what only reads was not answered.
        :raises OutcomeUnknown: the connection was lost behind them.
        :raises LimitExceeded: an answer is larger than it may be.
        """
        timeout = self._timeouts.answer + sum(block_seconds(*request) for request in requests)
        is_repeatable = all(command.is_repeatable for command, _ in requests)
        name = requests[0][0].name if len(requests) == 1 else ""
        sends = 0
        while True:
            async with self.lend(is_asking=is_asking) as connection:
                sends += 1
                try:
                    return await connection.exchange(
                        *[args for _, args in requests], timeout=timeout
                    )
                except (LocalProtocolError, LimitExceeded):
                    raise
                except (
                    NetworkError,
                    trio.BrokenResourceError,
                    ProtocolError,
                    OperationTimeout,
                ) as exc:
                    if not is_repeatable:
                        raise OutcomeUnknown(command=name) from exc
                    if isinstance(exc, OperationTimeout) or sends >= MAX_SENDS:
                        raise


@asynccontextmanager
async def open_sessions(
    connect: Callable[[], Awaitable[Connection]],
    *,
    options: Options,
) -> AsyncIterator[Sessions]:
    """Open a pool of them; while the server is away, opening one waits for its return."""
    async with open_background_nursery() as nursery:
        sessions = make_sessions(nursery, connect, options=options)
        try:
            yield sessions
        finally:
            sessions.pool.close()


def make_sessions(
    nursery: BackgroundNursery,
    connect: Callable[[], Awaitable[Connection]],
    *,
    options: Options,
    is_current: Callable[[Connection], bool] = lambda _: True,
    refusal: Callable[[], HelianthusError] = closed,
) -> Sessions:
    """Make a pool of them, which is closed before the nursery is left.

    :param is_current: whether a connection is to the server that is meant now.
    :param refusal: why there are none any more, once the pool was closed.
    """

    async def open_patiently() -> Connection:
        failures, until = 0, trio.current_time() + options.timeouts.reconnect
        while True:
            try:
                return await connect()
            except (NetworkError, OperationTimeout):
                failures += 1
                delay = options.reconnect.delay(failures, random.random())  # noqa: S311
                if trio.current_time() + delay >= until:
                    raise
                await trio.sleep(delay)

    async def is_usable(connection: Connection) -> bool:
        return is_current(connection) and await is_alive(connection)

    pool = Pool(
        nursery,
        open_patiently,
        lambda connection: connection.close(),
        limits=options.limits.pool,
        check=is_usable,
        is_reusable=lambda connection: connection.is_fit and is_current(connection),
    )
    return Sessions(pool, options.timeouts, refusal)


async def is_alive(connection: Connection) -> bool:
    """Whether the server has not closed it, nor sent anything unasked, while it was idle."""
    quiet = connection.stream.seems_quiet()
    return await connection.stream.is_quiet() if quiet is None else quiet
