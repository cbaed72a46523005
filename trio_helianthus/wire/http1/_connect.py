"""How a connection is made: the one place that knows which parser it works with."""

from __future__ import annotations

from ._connection import HTTP1Connection
from ._cycle import Role
from ._engine import Engine, field_parser
from ._limits import DEFAULT_LIMITS, Limits

__all__ = ["client_connection", "server_connection"]


def server_connection(
    *, limits: Limits = DEFAULT_LIMITS, engine: Engine = Engine.AUTO
) -> HTTP1Connection:
    """Make the server's side of a fresh connection.

    :param limits: what a client's message may cost us.
    :param engine: what parses its header fields.
    :raises MissingExtraError: that engine is not installed.
    """
    return HTTP1Connection(Role.SERVER, limits, field_parser(engine))


def client_connection(
    *, limits: Limits = DEFAULT_LIMITS, engine: Engine = Engine.AUTO
) -> HTTP1Connection:
    """Make the client's side of a fresh connection.

    :param limits: what a server's message may cost us.
    :param engine: what parses its header fields.
    :raises MissingExtraError: that engine is not installed.
    """
    return HTTP1Connection(Role.CLIENT, limits, field_parser(engine))
