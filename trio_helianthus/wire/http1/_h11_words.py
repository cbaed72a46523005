"""Our events in h11's words, and h11's in ours; no type of h11 gets past this room."""

from __future__ import annotations

from typing import assert_never

import h11

from ._events import (
    ConnectionClosed,
    Data,
    EndOfMessage,
    Event,
    InformationalResponse,
    Request,
    Response,
)

__all__ = ["from_h11", "to_h11"]


def from_h11(event: object) -> Event:
    """Translate what h11 has parsed."""
    match event:
        case h11.Data():
            return Data(bytes(event.data))
        case h11.EndOfMessage():
            return EndOfMessage(event.headers)
        case h11.Request():
            return Request(
                event.method.decode("ascii"),
                event.target,
                event.headers,
                event.http_version.decode("ascii"),
            )
        case h11.Response() | h11.InformationalResponse():
            build = Response if isinstance(event, h11.Response) else InformationalResponse
            return build(
                event.status_code,
                event.headers,
                event.reason,
                event.http_version.decode("ascii"),
            )
        case _:
            return ConnectionClosed()


def to_h11(event: Event) -> h11.Event:
    """Translate what is to be sent.

    :raises h11.LocalProtocolError: h11 finds the event malformed.
    """
    match event:
        case Data(data):
            return h11.Data(data=data)
        case EndOfMessage(trailers):
            return h11.EndOfMessage(headers=list(trailers))
        case Request(method, target, headers):
            return h11.Request(method=method.encode(), target=target, headers=list(headers))
        case Response(status, headers, reason):
            return h11.Response(status_code=status, headers=list(headers), reason=reason)
        case InformationalResponse(status, headers, reason):
            return h11.InformationalResponse(
                status_code=status, headers=list(headers), reason=reason
            )
        case ConnectionClosed():
            return h11.ConnectionClosed()
    assert_never(event)
