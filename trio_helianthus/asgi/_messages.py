"""The vocabulary of ASGI 3, and the two errors that the specification leads to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

from trio_helianthus.errors import HelianthusError, LocalProtocolError

__all__ = [
    "ASGI_VERSION",
    "SPEC_VERSION",
    "ASGIApp",
    "AppError",
    "LifespanFailed",
    "Message",
    "Receive",
    "Scope",
    "Send",
]

Scope: TypeAlias = MutableMapping[str, Any]
"""What an app is told about a connection; ``scope["type"]`` says which kind it is."""

Message: TypeAlias = MutableMapping[str, Any]
"""One event, in either direction; ``message["type"]`` says which."""

Receive: TypeAlias = Callable[[], Awaitable[Message]]
"""Waits for the next event that is meant for the app."""

Send: TypeAlias = Callable[[Message], Awaitable[None]]
"""Hands the server one event of the app."""

ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI 3 app: an async function of scope, receive and send, or an object that can be called
like one."""

ASGI_VERSION: Final = "3.0"
SPEC_VERSION: Final = "2.5"
"""Of the HTTP and WebSocket part; from 2.4 on, sending to a client that is gone is an OSError."""


class AppError(LocalProtocolError, RuntimeError):
    """An app did what ASGI does not allow.

    Raised from ``receive`` or ``send`` into the app, with the reason; where an app ends without
    an answer, it is what the server reports.
    """

    _default_message = "the app did what ASGI does not allow"


class LifespanFailed(HelianthusError):
    """An app could not start up or shut down; its exception is the cause where there was one."""

    _default_message = "the app's lifespan failed"
