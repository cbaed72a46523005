"""The numbers of RFC 6455: what a frame is, and why a connection is closed."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

__all__ = ["CloseCode", "Opcode", "may_be_sent"]


class Opcode(IntEnum):
    """What a frame is (:rfc:`6455` section 5.2)."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class CloseCode(IntEnum):
    """Why a connection is closed (:rfc:`6455` section 7.4, and the IANA registry).

    1005, 1006 and 1015 are never sent: they say what a Close could not.
    """

    NORMAL = 1000
    """It has done what it was for."""
    GOING_AWAY = 1001
    """A server stops, or a page is left."""
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    """For example binary messages where only text makes sense."""
    NO_STATUS = 1005
    """The peer's Close had no code."""
    ABNORMAL = 1006
    """The connection was lost without a Close."""
    INVALID_DATA = 1007
    """Text that is not UTF-8."""
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    """A client's: the server did not agree to an extension that it needs."""
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    TLS_FAILED = 1015
    """There never was a connection."""


_REGISTERED: Final = frozenset(CloseCode) - {
    CloseCode.NO_STATUS,
    CloseCode.ABNORMAL,
    CloseCode.TLS_FAILED,
}


def may_be_sent(code: int) -> bool:
    """Whether a Close may have this code: a registered one, or one for libraries and programs."""
    return 3000 <= code <= 4999 or code in _REGISTERED
