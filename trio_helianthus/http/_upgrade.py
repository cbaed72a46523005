"""Where HTTP ends and another protocol goes on, on the same connection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from trio_helianthus.net import ByteStream

__all__ = ["UpgradeHandler"]

UpgradeHandler: TypeAlias = Callable[[ByteStream], Awaitable[object]]
"""What goes on after an upgrade: an async function that takes the connection's stream.

What the client has sent behind its request comes first. The stream is the handler's until it
returns; then it is closed, and reset where the handler raises. A drain waits for it until the
drain's deadline, and cancels it then.
"""
