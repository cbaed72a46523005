"""Which engine there is, and what is made with it."""

from __future__ import annotations

from typing import Final

from trio_helianthus.errors import MissingExtraError

from ._client import ClientConnection
from ._encoding import CommandEncoder, encode_command
from ._engine import Engine
from ._limits import DEFAULT_LIMITS, Limits
from ._own_client import OwnClientConnection
from ._short_encoding import encoder_with_shortcut

__all__ = ["client_connection", "command_encoder"]


def client_connection(
    *, limits: Limits = DEFAULT_LIMITS, engine: Engine = Engine.AUTO
) -> ClientConnection:
    """Make the client's side of a connection.

    :param limits: what a server's answers may cost us.
    :param engine: what parses.
    :raises MissingExtraError: the engine is not installed.
    """
    encode = command_encoder(engine)
    if encode is _OWN_ENCODER:
        return OwnClientConnection(limits, encode)
    from ._hiredis_client import HiredisClientConnection

    return HiredisClientConnection(limits, encode)


def command_encoder(engine: Engine = Engine.AUTO) -> CommandEncoder:
    """Return the fastest encoder that ``engine`` has. All of them write and refuse the same.

    :raises MissingExtraError: it is not installed.
    """
    if engine is Engine.OWN:
        return _OWN_ENCODER
    try:
        from ._hiredis_encoding import encode_command_by_hiredis
    except ImportError:
        if engine is Engine.AUTO:
            return _OWN_ENCODER
        raise MissingExtraError("speed", "hiredis") from None
    return encoder_with_shortcut(encode_command_by_hiredis)


_OWN_ENCODER: Final = encoder_with_shortcut(encode_command)
