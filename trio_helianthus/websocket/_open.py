"""The client's handshake: ``open_websocket``."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final, Unpack

from trio_helianthus import core, http
from trio_helianthus.errors import RemoteProtocolError
from trio_helianthus.wire import websocket as wire

from ._accept import DEFAULT_DEFLATE, DEFAULT_LIMITS, VERSION, names_of
from ._client_connection import ClientConnection

if TYPE_CHECKING:
    from ._limits import WebSocketLimits

__all__ = ["OPEN_SECONDS", "open_websocket"]

OPEN_SECONDS: Final = 30.0
"""How long it may take to open a WebSocket, unless told otherwise."""
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SCHEMES: Final = {"ws:": "http:", "wss:": "https:", "http:": "http:", "https:": "https:"}


@asynccontextmanager
async def open_websocket(
    url: str,
    *,
    subprotocols: Iterable[str] = (),
    headers: http.HeaderTypes = (),
    origin: str | None = None,
    deflate: wire.Deflate | None = DEFAULT_DEFLATE,
    limits: WebSocketLimits | None = None,
    wire_engine: wire.Engine = wire.Engine.AUTO,
    client: http.Client | None = None,
    timeout: float | None = None,
    token: core.CancelToken | None = None,
    **connections: Unpack[http.ConnectionOptions],
) -> AsyncIterator[ClientConnection]:
    """Open a WebSocket, which is closed when the body ends.

    ::

        async with websocket.open_websocket("wss://example.org/chat", timeout=5) as connection:
            await connection.send("hello")
            print(await connection.receive(timeout=5))

    At the end of the body it is closed with 1000, and the other side's answer waited for, up to
    ``close_timeout``. Where the body raises, or is cancelled, the connection is reset, so that the
    server knows at once.

    :param url: ``ws://`` or ``wss://``; ``http://`` and ``https://`` mean the same, as in browsers
        (WHATWG, WebSockets, section 3). With a ``client`` that has a base URL a path is enough. A
        user name and password in it are sent as credentials.
    :param subprotocols: those that this side speaks, the best first.
    :param headers: header fields of the request.
    :param origin: the ``Origin`` field, which browsers send and some servers want.
    :param deflate: how messages are compressed, if the server wants that; ``None`` for never.
    :param limits: what the server may cost; ``None`` means :class:`WebSocketLimits` as it stands.
    :param wire_engine: what parses the frames.
    :param client: makes the connection, with its cookies, credentials, proxies and TLS settings;
        it stays open until the body ends. ``None`` means one of its own.
    :param timeout: seconds until the WebSocket is open; ``None`` means :data:`OPEN_SECONDS`, or
        the client's default.
    :param token: gives up, until then.
    :param connections: how the connection is made, proxies and TLS; see
        :class:`~trio_helianthus.http.ConnectionOptions`. Not together with ``client``.
    :raises UpgradeRefused: the server answers, and does not change to WebSocket.
    :raises RemoteProtocolError: its answer to the handshake is wrong.
    :raises NetworkError: it cannot be reached.
    :raises OperationTimeout: it did not answer in time.
    :raises ValueError: for a URL of another kind, an invalid header, or a subprotocol that is no
        token or offered twice.
    :raises TypeError: one string for ``subprotocols``; connection settings beside a ``client``.

    A redirect is an answer like any other that is no WebSocket: it is not followed.
    """
    if client is not None and connections:
        raise TypeError(f"{', '.join(connections)}: settings of the client that is given")
    target, offered = _http_url(url), names_of(subprotocols, "subprotocols")
    key = wire.make_key()
    fields = _request_fields(headers, key, offered, origin, deflate)
    limits = DEFAULT_LIMITS if limits is None else limits
    async with AsyncExitStack() as stack:
        if client is None:
            client = await stack.enter_async_context(
                http.open_client(timeout=OPEN_SECONDS, **connections)
            )
        upgraded = await stack.enter_async_context(
            client.upgrade("websocket", target, headers=fields, timeout=timeout, token=token)
        )
        response = upgraded.response
        subprotocol, agreed = _check_answer(response.headers, key, offered, deflate)
        protocol = wire.client_connection(limits=limits.wire, engine=wire_engine, deflate=agreed)
        async with core.open_background_nursery() as background:
            connection = ClientConnection(
                upgraded.stream,
                protocol,
                limits,
                background.contained.start_soon,
                response=response,
                subprotocol=subprotocol,
                deflate=agreed,
            )
            try:
                try:
                    yield connection
                except BaseException:
                    connection._cut()
                    raise
                await connection.aclose()
            finally:
                connection._note_finished()


def _http_url(url: str) -> str:
    """Return the URL that the request goes to.

    :raises ValueError: it is of another kind.
    """
    if "#" in url:  # RFC 6455, section 3
        raise ValueError("the URL of a WebSocket has no fragment, which is what a # begins")
    scheme, colon, rest = url.partition(":")
    if not colon or "/" in scheme or "?" in scheme:
        return url  # for a client with a base URL
    known = _SCHEMES.get(scheme.lower() + colon)
    if known is None or not rest.startswith("//"):  # what follows may have a password in it
        raise ValueError(f"the URL of a WebSocket begins with ws:// or wss://, not with {scheme!r}")
    return known + rest


def _request_fields(
    headers: http.HeaderTypes,
    key: str,
    subprotocols: tuple[str, ...],
    origin: str | None,
    deflate: wire.Deflate | None,
) -> http.Headers:
    fields = http.Headers(headers)
    fields["Sec-WebSocket-Key"] = key
    fields["Sec-WebSocket-Version"] = VERSION
    if subprotocols:
        check_subprotocols(subprotocols)
        fields["Sec-WebSocket-Protocol"] = ", ".join(subprotocols)
    if origin is not None:
        fields["Origin"] = origin
    if deflate is not None:
        fields["Sec-WebSocket-Extensions"] = wire.offer_deflate(deflate)
    return fields


def check_subprotocols(names: tuple[str, ...]) -> None:
    """Check that names can be offered (RFC 6455, section 4.1).

    :raises ValueError: one is no token, or there twice.
    """
    for name in names:
        if not _TOKEN.fullmatch(name) or names.count(name) > 1:
            raise ValueError(f"a subprotocol is a token, and offered once, unlike {name!r}")


def _check_answer(
    headers: http.Headers, key: str, offered: tuple[str, ...], deflate: wire.Deflate | None
) -> tuple[str | None, wire.DeflateParameters | None]:
    """Check what the server says to the handshake (RFC 6455, section 4.1).

    :returns: the subprotocol, and the compression, that it has chosen.
    :raises RemoteProtocolError: it does not fit what it was asked.
    """
    for name, wanted in (("upgrade", "websocket"), ("connection", "upgrade")):
        said = ",".join(headers.get_all(name)).lower()
        if wanted not in [token.strip() for token in said.split(",")]:
            raise RemoteProtocolError(f"the server's {name.title()} is {said!r}, not {wanted!r}")
    tokens = [line.strip() for line in headers.get_all("sec-websocket-accept")]
    if tokens != [wire.accept_token(key)]:
        raise RemoteProtocolError("the server's Sec-WebSocket-Accept does not fit our key")
    chosen = headers.get_all("sec-websocket-protocol")
    if len(chosen) > 1 or any(name.strip() not in offered for name in chosen):
        raise RemoteProtocolError(f"the server chose a subprotocol that was not offered: {chosen}")
    extensions = ",".join(headers.get_all("sec-websocket-extensions"))
    agreed = None
    if extensions.strip():
        if deflate is None:
            raise RemoteProtocolError(f"the server uses an extension unasked: {extensions}")
        agreed = wire.confirm_deflate(extensions, deflate)
    return (chosen[0].strip() if chosen else None), agreed
