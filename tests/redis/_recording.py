"""Clients that write down what they would send."""

from __future__ import annotations

from typing import Any

from trio_helianthus.core import CancelToken
from trio_helianthus.redis._command import Command
from trio_helianthus.redis._commands import ConnectionCommands
from trio_helianthus.redis._pipelined import QueuedCommands
from trio_helianthus.redis._values import Value


class RecordingClient(ConnectionCommands[bytes]):
    """Sends nothing; each method returns ``None``, or raises what it refuses."""

    def __init__(self) -> None:
        self.sent: list[tuple[Command, tuple[Value, ...]]] = []
        self.limits: list[tuple[float | None, CancelToken | None]] = []

    async def _run(
        self,
        command: Command,
        args: tuple[Value, ...],
        timeout: float | None,
        token: CancelToken | None,
    ) -> Any:
        self.sent.append((command, args))
        self.limits.append((timeout, token))
        return None


class RecordingQueue(QueuedCommands[bytes]):
    """Takes commands, and does nothing with them."""

    def __init__(self) -> None:
        self.sent: list[tuple[Command, tuple[Value, ...]]] = []

    def _queue(self, command: Command, args: tuple[Value, ...]) -> None:
        self.sent.append((command, args))


def as_words(args: tuple[Value, ...]) -> list[str]:
    """Return arguments as text, for reading."""
    return [arg.decode() if isinstance(arg, bytes) else str(arg) for arg in args]
