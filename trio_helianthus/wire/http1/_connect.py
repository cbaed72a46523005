"""How a connection is made: the one place that knows which engine is behind the face."""

from __future__ import annotations

from ._face import HTTP1Connection, Role
from ._h11_engine import H11Engine
from ._limits import DEFAULT_LIMITS, Limits

__all__ = ["client_connection", "server_connection"]


def server_connection(*, limits: Limits = DEFAULT_LIMITS) -> HTTP1Connection:
    """Make the server's side of a fresh connection.

    :param limits: what a client's message may cost us.
    """
    return H11Engine(Role.SERVER, limits)


def client_connection(*, limits: Limits = DEFAULT_LIMITS) -> HTTP1Connection:
    """Make the client's side of a fresh connection.

    :param limits: what a server's message may cost us.
    """
    return H11Engine(Role.CLIENT, limits)
