"""Which engine frames and parses, and how a connection is made with it."""

from __future__ import annotations

from enum import Enum

from ._connection import WebSocketConnection
from ._deflate import DeflateParameters
from ._limits import DEFAULT_LIMITS, Limits
from ._own_client import OwnClientConnection
from ._own_server import OwnServerConnection

__all__ = ["Engine", "client_connection", "server_connection"]


class Engine(Enum):
    """What parses frames, and writes them.

    Both take and refuse the same, with the same code, and give the same events for it.
    """

    AUTO = "auto"
    """:attr:`OWN`."""
    OWN = "own"
    """The fast one."""
    WSPROTO = "wsproto"
    """The reference: wsproto's frame decoder under the same rules."""


def server_connection(
    *,
    limits: Limits = DEFAULT_LIMITS,
    engine: Engine = Engine.AUTO,
    deflate: DeflateParameters | None = None,
) -> WebSocketConnection:
    """Make the server's side of a connection, after the opening handshake.

    :param limits: what a client's messages may cost us.
    :param engine: what frames and parses.
    :param deflate: what :func:`accept_deflate` has agreed on; ``None`` for no compression.
    """
    return _connection(limits, engine, deflate, is_client=False)


def client_connection(
    *,
    limits: Limits = DEFAULT_LIMITS,
    engine: Engine = Engine.AUTO,
    deflate: DeflateParameters | None = None,
) -> WebSocketConnection:
    """Make the client's side of a connection, after the opening handshake.

    :param limits: what a server's messages may cost us.
    :param engine: what frames and parses.
    :param deflate: what :func:`confirm_deflate` has agreed on; ``None`` for no compression.
    """
    return _connection(limits, engine, deflate, is_client=True)


def _connection(
    limits: Limits, engine: Engine, deflate: DeflateParameters | None, *, is_client: bool
) -> WebSocketConnection:
    if engine is not Engine.WSPROTO:
        own = OwnClientConnection if is_client else OwnServerConnection
        return own(limits, deflate, is_client=is_client)
    from ._wsproto_engine import WSProtoConnection

    return WSProtoConnection(limits, deflate, is_client=is_client)
