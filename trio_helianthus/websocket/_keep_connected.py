"""``keep_connected``: a client that connects again whenever the connection is lost."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeAlias, Unpack

import trio

from trio_helianthus import core, http
from trio_helianthus.errors import (
    CertificateInvalid,
    NetworkError,
    OperationTimeout,
    WebSocketClosed,
)
from trio_helianthus.wire.websocket import CloseCode

from ._accept import names_of
from ._client_connection import ClientConnection
from ._open import open_websocket

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio_helianthus.wire import websocket as wire

    from ._limits import WebSocketLimits

__all__ = ["RECONNECT", "OnFailure", "OpenOptions", "keep_connected"]

RECONNECT: Final = core.RetryPolicy(max_attempts=10**9, initial_delay=1.0, max_delay=30.0)
"""After which waits :func:`keep_connected` connects again, unless told otherwise.

The first is drawn from a whole second, so that the clients of a server that was restarted do not
all come back at once (:rfc:`6455` section 7.2.3 wants some seconds).
"""
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
_WORTH_TRYING: Final = frozenset({408, 425, 429})
"""Statuses below 500 of a refused handshake that may pass."""


OnFailure: TypeAlias = Callable[[Exception, float], object]
"""What is told of a connection that was lost, or could not be made, and the seconds to wait."""


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
    on_failure: OnFailure | None = None,
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

    It is done when the handler returns although its WebSocket is still open, when this side has
    closed it, with whatever code, or the server has with 1000, which says that there is nothing
    more to come. Where it has ended in any other way, and the handler has returned or raised
    because of that, a new one is opened: after a wait that grows with each failure and is drawn at
    random, so that clients that were lost together do not come back together. A WebSocket that
    was open for longer than the policy's longest wait starts the row anew; one that opens and is
    lost at once does not.

    What would end in the same way the next time comes out at once:

    - close codes 1002, 1003, 1007, 1008, 1009 and 1010. All others are losses, an application's
      own too: a handler to which one of those says more raises an exception of its own;
    - a handshake refused with a status below 500 other than 408, 425 and 429, redirects included,
      be it by the server or by a proxy;
    - a handshake answer that is wrong, as one with a subprotocol that was not offered;
    - a server's certificate that does not verify;
    - a URL, or another argument, that is wrong.

    :param url: as for :func:`open_websocket`, as are all arguments that are not named here.
    :param handler: is called with each new WebSocket.
    :param policy: how often, and after which waits; by default for ever (:data:`RECONNECT`).
    :param on_failure: is called before each wait, with what has failed and the seconds to wait, so
        that somebody can be told. What it raises comes out.
    :param token: ends it, at any time.
    :raises WebSocketClosed: it was closed with a code of those, or the policy has no attempts left.
    :raises UpgradeRefused, ProxyRefused: the server, or a proxy, refuses with a status that is no
        matter of time, or the policy has no attempts left.
    :raises RemoteProtocolError: the server's answer to the handshake is wrong.
    :raises CertificateInvalid: the server's certificate does not verify.
    :raises NetworkError, OperationTimeout: the policy has no attempts left.
    :raises ValueError: as :func:`open_websocket`.

    Any exception of the handler that does not tell of the end of its WebSocket comes out.
    Cancelling it resets the connection.
    """
    for_each = _for_each_attempt(options)
    failures = 0
    with core.limit(None, token):
        while True:
            failure, seconds = await _run_once(url, handler, for_each)
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
            if on_failure is not None:
                on_failure(failure, delay)
            await trio.sleep(delay)


def _for_each_attempt(options: OpenOptions) -> OpenOptions:
    """Return the options without iterators, of which the first attempt would leave nothing."""
    options = options.copy()
    if "subprotocols" in options:
        options["subprotocols"] = names_of(options["subprotocols"], "subprotocols")
    if "headers" in options:
        options["headers"] = http.Headers(options["headers"])
    return options


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
            return connection._why_lost(), trio.current_time() - opened
    except (NetworkError, OperationTimeout, http.UpgradeRefused) as exc:
        if opened is not None:
            raise
        return exc, 0.0


def _may_pass(failure: Exception) -> bool:
    """Tell whether another attempt may end in another way."""
    match failure:
        case http.UpgradeRefused(response=http.ClientResponse(status=status)):
            return status >= 500 or status in _WORTH_TRYING
        case http.ProxyRefused(status=status):
            return status >= 500 or status in _WORTH_TRYING
        case WebSocketClosed(code=code):
            return code not in _FOR_GOOD
        case _:
            return not isinstance(failure, CertificateInvalid)
