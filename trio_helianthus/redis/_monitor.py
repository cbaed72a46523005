"""What a server runs, for whomever, as it runs it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import trio

from trio_helianthus import core
from trio_helianthus.errors import NetworkError, ProtocolError, RedisError, RemoteProtocolError
from trio_helianthus.wire import resp

from ._messages import MonitoredCommand

if TYPE_CHECKING:
    from ._connection import Connection

__all__ = ["Monitor"]

_LINE: Final = re.compile(rb"([0-9]+\.[0-9]+) \[([0-9]+) ([^\]]*(?:\][^ ]*)?)\] (.*)", re.DOTALL)


class Monitor(core.Subscription[MonitoredCommand]):
    """Receives the commands that a server runs; made by :meth:`Redis.monitor`."""


async def watch(connection: Connection, inbox: core.Inbox[MonitoredCommand]) -> None:
    """Hand what a server tells to an inbox, until the connection is lost."""
    try:
        while True:
            event = await connection.receive_event()
            if isinstance(event, bytes):
                inbox.take(parse_monitored(event))
    except (NetworkError, trio.BrokenResourceError, ProtocolError) as exc:
        inbox.finish(exc)


def parse_monitored(line: bytes) -> MonitoredCommand:
    """Read a line such as ``1339518083.107412 [0 127.0.0.1:60866] "keys" "*"``.

    :raises RemoteProtocolError: it is no such line.
    """
    match = _LINE.fullmatch(line)
    if match is None:
        raise RemoteProtocolError(f"not what MONITOR sends: {line[:60]!r}")
    time, db, client, words = match.groups()
    args = resp.split_inline(words)
    return MonitoredCommand(float(time), int(db), client.decode(errors="replace"), args)


def check_ok(answer: Any) -> None:
    """Raise the error that MONITOR was answered by."""
    if isinstance(answer, RedisError):
        raise answer
