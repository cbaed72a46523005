"""One message for many connections: encoded once, and nobody waits for the slowest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.core import checkpoint_budget
from trio_helianthus.net import SYSTEM_ERRORS
from trio_helianthus.wire.websocket import PreparedMessage

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from ._connection import Connection

__all__ = ["broadcast"]

AT_A_TIME: Final = 250
"""After how many connections other tasks may run: about a millisecond."""


async def broadcast(
    connections: Iterable[Connection],
    message: str | bytes | PreparedMessage,
    *,
    key: Hashable = None,
) -> int:
    """Send a message to many connections, and wait for none of them.

    It is encoded once, and compressed once for each setting that was agreed on. What cannot be
    sent at once waits in the connection's feed, by the policy of its :class:`WebSocketLimits`.
    Tasks that broadcast at the same time may reach different peers in different orders; where
    that matters, use a :class:`trio_helianthus.core.Broadcast` with ``connection.offer`` attached
    while the connection is there.

    :param connections: those that are there when it begins.
    :param message: ``str`` for a text message, ``bytes`` for a binary one.
    :param key: under ``CONFLATE``, the message replaces the one of the same key that waits.
    :returns: how many connections are open, and go on. What their feeds have dropped meanwhile
        their statistics tell.

    Cancelled, it has reached some of them, each with the whole message.
    """
    if not isinstance(message, PreparedMessage):
        message = PreparedMessage(message)
    plain = message.plain_frame()
    size, reached = len(plain), 0
    await trio.lowlevel.checkpoint_if_cancelled()
    audience = list(connections)
    for begin in range(0, len(audience), AT_A_TIME):
        if begin:
            await trio.lowlevel.checkpoint()
        for connection in audience[begin : begin + AT_A_TIME]:
            # offer(), without its calls, where the system takes the same bytes for all.
            send, outgoing = connection._send_plain, connection._outgoing
            if send is not None and outgoing.ready:
                try:
                    sent = send(plain)
                except SYSTEM_ERRORS:  # it is full, or lost, and offer() sees what to do
                    reached += connection.offer(message, key)
                    continue
                connection._stream.bytes_sent += sent
                if sent != size:
                    outgoing.put_rest(plain, sent)
                outgoing.messages += 1
                reached += 1
            elif connection.offer(message, key):
                reached += 1
    if (budget := checkpoint_budget()).spend():
        await budget.refill()
    return reached
