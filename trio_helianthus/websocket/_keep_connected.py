"""``keep_connected``: a client that connects again whenever the connection is lost."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, Unpack

import trio

from trio_helianthus import core, http
from trio_helianthus.errors import NetworkError, OperationTimeout, WebSocketClosed
from trio_helianthus.wire.websocket import CloseCode

from ._client_connection import ClientConnection
from ._open import open_websocket

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio_helianthus.wire import websocket as wire

    from ._limits import WebSocketLimits

__all__ = ["RECONNECT", "OpenOptions", "keep_connected"]

RECONNECT: Final = core.RetryPolicy(max_attempts=10**9, initial_delay=0.2, max_delay=30.0)
"""After which waits :func:`keep_connected` connects again, unless told otherwise."""
_FOR_GOOD: Final = frozenset(
    {
        CloseCode.PROTOCOL_ERROR,
        CloseCode.UNSUPPORTED_DATA,
        CloseCode.INVALID_DATA,
        CloseCode.POLICY_VIOLATION,
        CloseCode.MESSAGE_TOO_BIG,
        CloseCode.MANDATORY_EXTENSION,
    }
)
"""Close codes that would come again."""
_WORTH_TRYING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses of a refused handshake that may pass."""


class OpenOptions(http.ConnectionOptions, total=False):
    """Arguments of :func:`open_websocket`, as :func:`keep_connected` hands them on."""

    subprotocols: Iterable[str]
    """Those that this side speaks, the best first."""
    headers: http.HeaderTypes
    """Header fields of the request."""
    origin: str | None
    """The ``Origin`` field."""
    deflate: wire.Deflate | None
    """How messages are compressed; ``None`` for never."""
    limits: WebSocketLimits | None
    """What the server may cost."""
    wire_engine: wire.Engine
    """What parses the frames."""
    client: http.Client | None
    """Makes the connections."""
    timeout: float | None
    """Seconds for one attempt to connect."""


async def keep_connected(
    url: str,
    handler: Callable[[ClientConnection], Awaitable[object]],
    *,
    policy: core.RetryPolicy = RECONNECT,
    token: core.CancelToken | None = None,
    **options: Unpack[OpenOptions],
) -> None:
    """Open a WebSocket and run ``handler`` with it, again and again, until that is done.

    ::

        async def follow(connection: websocket.ClientConnection) -> None:
            await connection.send_json({"after": last_seen})
            async for message in connection:
                ...

        await websocket.keep_connected("wss://example.org/feed", follow)

    It is done when the handler returns although its WebSocket is still open, when the handler has
    closed it, or the server has with 1000, which says that there is nothing more to come. Where
    it has ended in any other way, and the handler has returned or raised because of that, a new
    one is opened: after a wait that grows with each failure and is drawn at random, so that
    clients that were lost together do not come back together. A WebSocket that was open for
    longer than the longest wait starts the row anew.

    :param url: as for :func:`open_websocket`, as are all arguments that are not named here.
    :param handler: is called with each new WebSocket.
    :param policy: how often, and after which waits; by default for ever (:data:`RECONNECT`).
    :param token: ends it, at any time.
    :raises WebSocketClosed: it was closed with a code that says that another attempt would end in
        the same way (1002, 1003, 1007 to 1010), or the policy has no attempts left.
    :raises UpgradeRefused: the server refuses, with a status that is no matter of time.
    :raises NetworkError: the policy has no attempts left.

    Any exception of the handler that does not tell of the end of its WebSocket comes out.
    """
    failures = 0
    with core.limit(None, token):
        while True:
            failure, seconds = await _run_once(url, handler, options)
            if failure is None:
                return
            if not _may_pass(failure):
                raise failure
            if seconds > policy.max_delay:
                failures = 0
            failures += 1
            delay = policy.next_delay(
                failures,
                chance=random.random(),  # noqa: S311 - nobody gains by guessing it
            )
            if delay is None:
                raise failure
            await trio.sleep(delay)


async def _run_once(
    url: str, handler: Callable[[ClientConnection], Awaitable[object]], options: OpenOptions
) -> tuple[Exception | None, float]:
    """Open a WebSocket and run the handler.

    :returns: why that has to be done again, if it has, and the seconds for which it was open.
    """
    opened: float | None = None
    try:
        async with open_websocket(url, **options) as connection:
            opened = trio.current_time()
            try:
                await handler(connection)
            except Exception as exc:
                if not connection.has_raised(exc):
                    raise
            ending = connection._ending
            if ending.by_us or ending.code in {None, CloseCode.NORMAL}:
                return None, 0.0
            return ending.why_no_sending(), trio.current_time() - opened
    except (NetworkError, OperationTimeout, http.UpgradeRefused) as exc:
        if opened is not None:
            raise
        return exc, 0.0


def _may_pass(failure: Exception) -> bool:
    """Tell whether another attempt may end in another way."""
    if isinstance(failure, http.UpgradeRefused):
        return failure.response.status in _WORTH_TRYING
    return not isinstance(failure, WebSocketClosed) or failure.code not in _FOR_GOOD
