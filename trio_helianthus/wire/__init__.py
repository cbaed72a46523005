"""Protocols without I/O: bytes go in, events come out, and the other way round.

Nothing in here waits, reads a clock or knows a socket, so a protocol is tested by calling it.
Every protocol keeps the contract of :class:`WireProtocol`.
"""

from __future__ import annotations

from ._contract import (
    NEED_DATA as NEED_DATA,
)
from ._contract import (
    PAUSED as PAUSED,
)
from ._contract import (
    NeedData as NeedData,
)
from ._contract import (
    Paused as Paused,
)
from ._contract import (
    WireProtocol as WireProtocol,
)

__all__ = ["NEED_DATA", "PAUSED", "NeedData", "Paused", "WireProtocol"]
