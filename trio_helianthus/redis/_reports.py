"""What commands report of themselves to whoever listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trio_helianthus.core import SEAM, operation

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ._command import Command


def command_operation(command: Command) -> AbstractContextManager[Any]:
    """Report one command, as ``redis.command`` with the attribute ``redis.command``."""
    if SEAM.instrument is None:
        return operation("")
    asked: dict[str, Any] = {"redis.command": command.name}
    return operation("redis.command", **asked)


def pipeline_operation(commands: int) -> AbstractContextManager[Any]:
    """Report a pipeline, as ``redis.pipeline`` with the attribute ``redis.commands``."""
    if SEAM.instrument is None:
        return operation("")
    asked: dict[str, Any] = {"redis.commands": commands}
    return operation("redis.pipeline", **asked)
