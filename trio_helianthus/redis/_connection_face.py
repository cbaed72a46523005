"""A connection lent to one task: the same commands as the client's, and those that change it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar

from trio_helianthus.core import limit
from trio_helianthus.errors import LocalProtocolError, RedisError, ResourceClosed

from ._block_time import block_seconds
from ._command import Command
from ._commands import ConnectionCommands
from ._finishing import find_command, finish
from ._reports import command_operation
from ._server import UNANSWERED

if TYPE_CHECKING:
    from trio_helianthus.core import CancelToken
    from trio_helianthus.wire import resp

    from ._connection import Connection

__all__ = ["RedisConnection"]

T = TypeVar("T", bytes, str)


class RedisConnection(ConnectionCommands[T]):
    """A connection for the calling task alone; lent by :meth:`Redis.connection`, until the end of
    its context.

    It has all commands of the client, and also those that change a connection: ``SELECT``,
    ``CLIENT SETNAME``, ``CLIENT NO-EVICT``. One that is cancelled here leaves the connection
    without use, since its answer may still come: whatever is asked next raises
    :exc:`~trio_helianthus.errors.LocalProtocolError`. Time limits for answers are the caller's:
    there are none but ``timeout`` and scopes.
    """

    def __init__(
        self, connection: Connection, *, is_text: bool, answer_timeout: float = math.inf
    ) -> None:
        self._connection = connection
        self._is_text = is_text
        self._answer_timeout = answer_timeout
        self._is_over = False

    def _end(self) -> None:
        """Refuse everything from now on, as another task may get the connection."""
        self._is_over = True

    @property
    def protocol(self) -> int:
        """The version of RESP that is spoken: 2 or 3."""
        return self._connection.protocol

    async def execute(
        self,
        *args: resp.Argument,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> Any:
        """Run any command, with its words in front; see :meth:`Redis.execute`."""
        return await self._run(find_command(args), args, timeout, token)

    async def _run(
        self,
        command: Command,
        args: tuple[resp.Argument, ...],
        timeout: float | None,
        token: CancelToken | None,
    ) -> Any:
        connection = self._connection
        if self._is_over:
            raise ResourceClosed("the connection was given back")
        if command.name in UNANSWERED:
            raise LocalProtocolError(f"{command.name} has no answer that could be waited for here")
        if command.is_stateful:
            connection.is_changed = True
        with command_operation(command), limit(timeout, token):
            seconds = self._answer_timeout + block_seconds(command, args)
            (answer,) = await connection.exchange(args, timeout=seconds)
        if isinstance(answer, RedisError):
            raise answer
        return finish(command, answer, is_text=self._is_text)
