"""What subscribers receive."""

from __future__ import annotations

from enum import Enum
from typing import Generic, TypeVar

import attrs

__all__ = ["KeyEvent", "Kind", "Message", "MonitoredCommand"]

T = TypeVar("T", bytes, str)


class Kind(Enum):
    """What can be subscribed to."""

    CHANNEL = ("SUBSCRIBE", "UNSUBSCRIBE")
    PATTERN = ("PSUBSCRIBE", "PUNSUBSCRIBE")
    SHARD = ("SSUBSCRIBE", "SUNSUBSCRIBE")

    def __init__(self, begin: str, end: str) -> None:
        self.begin = begin
        """The command that begins it."""
        self.end = end
        """The command that ends it."""


@attrs.frozen
class Message(Generic[T]):
    """What somebody has published."""

    channel: T
    """Where."""
    data: T
    """What. With ``decode_responses``, bytes that are no UTF-8 stand in it as surrogates
    (:pep:`383`)."""
    pattern: T | None = None
    """The pattern that the channel has matched, of a subscription to patterns. Who subscribes to
    a channel and to a pattern that it matches gets the message twice, as servers send it so."""


@attrs.frozen
class KeyEvent(Generic[T]):
    """What has happened to a key."""

    key: T
    """Which key."""
    event: str
    """What, in the server's words: ``"set"``, ``"expired"``, ``"del"``."""
    db: int
    """In which database."""


@attrs.frozen
class MonitoredCommand:
    """A command that the server has run for somebody."""

    time: float
    """When, in seconds since 1970, by the server's clock."""
    db: int
    """In which database."""
    client: str
    """For whom: an address, ``"lua"``, or ``"unix:..."``."""
    args: list[bytes]
    """Its name and its arguments."""
