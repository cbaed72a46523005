"""What a server runs, for whomever, as it runs it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs
import trio

from trio_helianthus import core
from trio_helianthus.errors import (
    NetworkError,
    ProtocolError,
    RedisError,
    RemoteProtocolError,
    ResourceClosed,
)
from trio_helianthus.wire import resp

from ._connection import lost
from ._messages import MonitoredCommand

if TYPE_CHECKING:
    from ._connection import Connection

__all__ = ["Monitor"]

_LINE: Final = re.compile(rb"([0-9]+\.[0-9]+) \[([0-9]+) (.*?)\] (\".*)", re.DOTALL)


class Monitor(core.Subscription[MonitoredCommand]):
    """Receives the commands that a server runs; made by :meth:`Redis.monitor`."""


async def begin(connection: Connection, engine: resp.Engine) -> None:
    """Have a server tell what it runs.

    :raises RedisError: it refuses.
    """
    # A command is told as a line, however long its arguments are.
    limits = connection.limits.wire
    limits = attrs.evolve(limits, max_line_bytes=limits.max_answer_bytes)
    connection.wire = resp.client_connection(engine=engine, limits=limits)
    (answer,) = await connection.exchange(("MONITOR",))
    if isinstance(answer, RedisError):
        raise answer


async def watch(connection: Connection, inbox: core.Inbox[MonitoredCommand]) -> None:
    """Hand what a server tells to an inbox, until the connection is lost."""
    try:
        while True:
            event = await connection.receive_event()
            if not isinstance(event, resp.Push):
                inbox.take(parse_monitored(event))
    except trio.Cancelled:
        inbox.finish(ResourceClosed("the Redis client was closed"))
        raise
    except trio.ClosedResourceError:  # the server was given up
        inbox.finish(lost(connection.stream))
    except (NetworkError, ProtocolError) as exc:
        inbox.finish(exc)


def parse_monitored(line: object) -> MonitoredCommand:
    """Read a line such as ``1339518083.107412 [0 127.0.0.1:60866] "keys" "*"``.

    :raises RemoteProtocolError: it is no such line.
    """
    match = _LINE.fullmatch(line) if isinstance(line, bytes) else None
    if match is None:
        raise RemoteProtocolError(f"not what MONITOR sends: {line!r:.60}")
    time, db, client, words = match.groups()
    args = resp.split_inline(words)
    return MonitoredCommand(float(time), int(db), client.decode(errors="replace"), args)
