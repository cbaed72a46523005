"""Where HTTP ends and another protocol goes on, on the same connection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Final, TypeAlias

from trio_helianthus.net import ByteStream

__all__ = ["UpgradeHandler", "WithContext"]

_NOT_SET: Final = object()

UpgradeHandler: TypeAlias = Callable[[ByteStream], Awaitable[object]]
"""What goes on after an upgrade: an async function that takes the connection's stream.

What the client has sent behind its request comes first. The stream is the handler's until it
returns; then it is closed, and reset where the handler raises. A drain waits for it until the
drain's deadline, and cancels it then.
"""


class WithContext:
    """An upgrade handler that has the context variables of the request's handler.

    A request has a context of its own, which middleware sets variables in, and which ends with the
    answer. What goes on behind the answer is the last that its task does, so it may have them.
    """

    __slots__ = ("_context", "_handler")

    def __init__(self, handler: UpgradeHandler, context: Context) -> None:
        self._handler = handler
        self._context = context

    def __call__(self, stream: ByteStream) -> Awaitable[object]:
        """Set the variables in the context of whoever calls, and begin."""
        for variable, value in self._context.items():
            if variable.get(_NOT_SET) is not value:
                variable.set(value)
        return self._handler(stream)
