"""Pipelines: commands that are written down first, and leave together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import trio

from trio_helianthus.core import limit

from ._finishing import find_command, finish_all, raise_first_error
from ._pipelined import QueuedCommands
from ._reports import pipeline_operation

if TYPE_CHECKING:
    from trio_helianthus.core import CancelToken
    from trio_helianthus.wire import resp

    from ._backend import Backend, Request
    from ._command import Command

__all__ = ["CommandList", "Pipeline"]

T = TypeVar("T", bytes, str)


class CommandList(QueuedCommands[T]):
    """Commands that are to run together: each method writes its command down, and returns the list.

    ::

        commands.set("a", 1).incr("a").get("a")
    """

    def __init__(self) -> None:
        self._requests: list[Request] = []

    def __len__(self) -> int:
        return len(self._requests)

    def __bool__(self) -> bool:
        return True  # an empty one is one, too

    def add(self, *args: resp.Argument) -> Self:
        """Write any command down, with its words in front; its answer is not decoded.

        :raises ValueError: it has no name.
        """
        self._queue(find_command(args), args)
        return self

    def clear(self) -> None:
        """Forget what was written down."""
        self._requests = []

    def _queue(self, command: Command, args: tuple[resp.Argument, ...]) -> None:
        self._requests.append((command, args))


class Pipeline(CommandList[T], Generic[T]):
    """Commands that leave in one send, whose answers come together; see :meth:`Redis.pipeline`.

    It can be filled and executed again and again, by one task at a time.
    """

    def __init__(self, backend: Backend, *, is_atomic: bool, is_text: bool) -> None:
        super().__init__()
        self._backend = backend
        self._is_atomic = is_atomic
        self._is_text = is_text

    async def execute(
        self,
        *,
        raise_errors: bool = True,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[Any]:
        """Send the commands, and return their answers in order; the pipeline is empty then.

        :param raise_errors: raise the first error among the answers, though the other commands
            have run; else errors stand in the list, at their commands' places.
        :param timeout: seconds for all of it.
        :param token: cancels it.
        :raises RedisError: a command was refused; a note says which one.
        :raises RedisExecutionAborted: of a transaction: nothing has run.
        :raises OutcomeUnknown: the connection was lost on the way.
        :raises TypeError: an argument is neither text, bytes nor a number; nothing was sent. So
            with :exc:`~trio_helianthus.errors.LocalProtocolError`, for a command that is too long
            or cannot stand here.

        If it is cancelled some commands, or all, may have run or may still run.
        """
        requests, self._requests = self._requests, []
        with (
            pipeline_operation(len(requests)),
            limit(timeout, token),
        ):
            if not requests:
                await trio.lowlevel.checkpoint()
                return []
            answers = await self._backend.run_many(requests, is_atomic=self._is_atomic)
        if raise_errors:
            raise_first_error(requests, answers)
        return finish_all(requests, answers, is_text=self._is_text)
