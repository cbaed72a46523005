"""One exchange: a call on a connection, from taking that to giving it back."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeAlias

import attrs

from trio_helianthus import core
from trio_helianthus.errors import ConnectionTimedOut, NetworkError
from trio_helianthus.wire import http1

from ._call import Call
from ._client_connection import ClientConnection
from ._sending import Sending

if TYPE_CHECKING:
    from ._origin_pool import OriginPool

__all__ = ["Exchange", "Head", "ask_at_once", "begin_exchange", "note_exchange"]

Head: TypeAlias = "http1.Response | http1.InformationalResponse"
_EXPECTATION_FAILED: Final = 417


class Exchange:
    """The head of an answer, and the connection on which its body comes.

    Whoever has it leaves it, as a context manager or by :meth:`end`. Then the connection goes back
    for the next call if all of the answer has come, read or not, and is reset if not.
    """

    __slots__ = ("_operation", "_pool", "_report", "_sending", "connection", "head")

    def __init__(
        self, pool: OriginPool, connection: ClientConnection, head: Head, sending: Sending | None
    ) -> None:
        self.connection: Final = connection
        self.head: Final = head
        self._pool = pool
        self._sending = sending
        self._operation: core.Operation | None = None
        self._report: AbstractContextManager[object] | None = None

    def report(self, operation: core.Operation, scope: AbstractContextManager[object]) -> None:
        """At the end, tell what it was, and leave what the operation was entered by."""
        self._operation, self._report = operation, scope

    async def wait_sent(self) -> None:
        """Wait until the content was sent, if the whole answer came before that.

        :raises Exception: what the content has raised.
        """
        if self._sending is not None and self.connection.is_complete():
            await self._sending.wait_sent()

    async def end(self, error: BaseException | None = None) -> None:
        """Stop sending, and give the connection back.

        :param error: how whoever had it has failed.
        :raises Exception: what the content has raised, unless that comes out already.
        """
        if self._report is None or self._operation is None:
            await self._end(error)
            return
        note_exchange(self._operation, self.connection, self.head)
        try:
            await self._end(error)
        except BaseException as exc:
            error = exc
            raise
        finally:
            kind = None if error is None else type(error)
            self._report.__exit__(kind, error, None if error is None else error.__traceback__)

    async def _end(self, error: BaseException | None) -> None:
        gone_well = False
        try:
            if self._sending is not None:
                await self._end_sending(self._sending, error)
            gone_well = error is None or isinstance(error, Exception)
        finally:
            if gone_well:
                self._pool.give_back(self.connection)
            else:
                self._pool.discard(self.connection)

    async def _end_sending(self, sending: Sending, error: BaseException | None) -> None:
        try:
            if error is None:
                sending.check()
        finally:
            await sending.stop()  # noqa: ASYNC102 - shielded in there

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.end(exc)  # noqa: ASYNC102 - the one wait in there is shielded


async def ask_at_once(
    pool: OriginPool, call: Call, deadline: float
) -> tuple[ClientConnection, Head]:
    """Send a call in one piece, and wait for the head of its answer.

    :param deadline: in trio's time, for all of the exchange.
    :returns: the head too, and the connection, which is to be given back or discarded.
    """
    connection = pool.take_nowait() or await pool.take(deadline)
    timeouts = pool.timeouts
    try:
        while True:
            connection.begin(deadline, read=timeouts.read, write=timeouts.write)
            await connection.send(pool.encode(connection, call, deadline))
            try:
                return connection, await connection.receive_head()
            except NetworkError as exc:
                # The server closed it while it was idle; the request found nobody.
                if not _may_repeat(call, connection, exc):
                    raise
            await pool.reconnect(connection, deadline)
    except BaseException:
        pool.discard(connection)
        raise


async def begin_exchange(
    pool: OriginPool, call: Call, deadline: float, background: core.BackgroundNursery
) -> Exchange:
    """Send a call, in pieces if need be, and wait for the head of its answer.

    :param deadline: in trio's time, for all of the exchange.
    :param background: where content is sent while the answer is received.
    """
    if call.at_once:
        connection, head = await ask_at_once(pool, call, deadline)
        return Exchange(pool, connection, head, None)
    connection = await pool.take(deadline)
    try:
        while True:
            connection.begin(deadline)
            exchange = await _try_in_pieces(pool, connection, call, deadline, background)
            if exchange is not None:
                return exchange
            if connection.answered:
                # The same again, without asking first (RFC 9110, section 10.1.1).
                call = attrs.evolve(call, expect_continue=0.0)
            await pool.reconnect(connection, deadline)
    except BaseException:
        pool.discard(connection)
        raise


async def _try_in_pieces(
    pool: OriginPool,
    connection: ClientConnection,
    call: Call,
    deadline: float,
    background: core.BackgroundNursery,
) -> Exchange | None:
    """Begin to send a call; ``None`` where that is to be done again on a new connection."""
    sending = Sending(connection, call, pool.timeouts)
    exchange: Exchange | None = None
    try:
        await sending.send_head(pool.more_fields(call, deadline), pool.target(call))
        sending.start(background)
        head = await connection.receive_head()
        sending.hear(head.status)
        if head.status != _EXPECTATION_FAILED or sending.begun:
            exchange = Exchange(pool, connection, head, sending)
    except NetworkError as exc:
        untouched = not sending.begun
        if sending.error is not None or not _may_repeat(call, connection, exc, untouched=untouched):
            raise
    finally:
        if exchange is None:
            await sending.stop()  # noqa: ASYNC102 - shielded in there
    return exchange


def note_exchange(operation: core.Operation, connection: ClientConnection, head: Head) -> None:
    """Let an operation tell of the exchange that it was; before the connection is given back."""
    operation.connection_id = connection.stream.connection_id
    operation.peer = connection.stream.remote_address
    operation.attributes["http.status"] = head.status
    operation.bytes_sent = connection.bytes_sent
    operation.bytes_received = connection.bytes_received


def _may_repeat(
    call: Call, connection: ClientConnection, error: NetworkError, *, untouched: bool = False
) -> bool:
    """Whether a call that failed may be sent again on a new connection.

    The server has closed an idle connection just as it was used again (:rfc:`9112` section 9.3.1).
    It may have acted on the request all the same, unless not a byte of it was sent. A peer that
    does not answer at all has closed nothing, and would not answer a second time.

    :param untouched: nobody has asked for the content yet.
    """
    if not connection.exchanges or connection.answered or isinstance(error, ConnectionTimedOut):
        return False
    if connection.nothing_sent:
        return call.replayable or untouched
    return call.repeatable
