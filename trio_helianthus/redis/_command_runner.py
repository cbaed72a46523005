"""What generated commands need of the class that they are methods of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from trio_helianthus.core import CancelToken
    from trio_helianthus.wire import resp

    from ._command import Command

__all__ = ["CommandQueue", "CommandRunner"]

T = TypeVar("T", bytes, str)
"""What strings in answers are: ``bytes``, or ``str`` with ``decode_responses``."""


class CommandRunner(ABC, Generic[T]):
    """Runs commands."""

    @abstractmethod
    def _run(
        self,
        command: Command,
        args: tuple[resp.Argument, ...],
        timeout: float | None,
        token: CancelToken | None,
    ) -> Awaitable[Any]:
        """Send a command, and return its answer, decoded, when awaited; errors are raised.

        It is awaited at once, and may be a plain function that hands on what is awaited.
        """


class CommandQueue(ABC, Generic[T]):
    """Takes commands that are to leave together."""

    @abstractmethod
    def _queue(self, command: Command, args: tuple[resp.Argument, ...]) -> None:
        """Take a command as the next one."""
