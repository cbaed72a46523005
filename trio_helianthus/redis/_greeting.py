"""What is said first on each connection: protocol, credentials, name, database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from trio_helianthus.core import report_error
from trio_helianthus.errors import (
    HelianthusError,
    NetworkError,
    RedisAuthenticationError,
    RedisError,
    RemoteProtocolError,
)

if TYPE_CHECKING:
    from ._connection import Connection
    from ._options import Credentials, Options

_LIBRARY: Final = "trio_helianthus"
_NO_HELLO: Final = ("ERR unknown command", "NOPROTO", "ERR unsupported protocol")


async def greet(connection: Connection, options: Options) -> None:
    """Agree on the protocol, log in, choose the database and say our name.

    RESP3 is asked for by ``HELLO``; a server that does not know it is spoken to in RESP2.

    :raises RedisError: the server refuses; a wrong password is a
        :exc:`~trio_helianthus.errors.RedisAuthenticationError`.
    """
    username, password = options.username, options.password
    if options.credentials is not None:
        username, password = await _ask(options.credentials)
    is_known = False
    if options.protocol == 3:
        is_known = await _hello(connection, username, password, options.client_name)
    commands: list[tuple[Any, ...]] = []
    if not is_known:
        if password is not None:
            commands.append(
                ("AUTH", password) if username is None else ("AUTH", username, password)
            )
        if options.client_name is not None:
            commands.append(("CLIENT", "SETNAME", options.client_name))
    if options.db:
        commands.append(("SELECT", options.db))
    needed = len(commands)
    if connection.client_id is None:
        commands.append(("CLIENT", "ID"))
    # Servers before 7.2 do not know it, and users may not be allowed to: it is a courtesy.
    commands.append(("CLIENT", "SETINFO", "LIB-NAME", _LIBRARY))
    answers = await connection.exchange(*commands)
    for answer in answers[:needed]:
        if isinstance(answer, RedisError):
            raise answer
    if connection.client_id is None and isinstance(answers[needed], int):
        connection.client_id = answers[needed]


async def _ask(credentials: Credentials) -> tuple[str | None, str]:
    """Ask the user's function; what it raises must not end what has nothing to do with it."""
    try:
        return await credentials()
    except HelianthusError:
        raise
    except Exception as exc:
        # Connections are made in the background, for everybody: nobody there could mend it.
        report_error(exc, where="credentials of a Redis client")
        failure = exc
    raise NetworkError(f"no credentials: {failure!r}", operation="connect") from failure


async def _hello(
    connection: Connection, username: str | None, password: str | None, name: str | None
) -> bool:
    """Ask for RESP3, and return whether the server knows it."""
    command: list[Any] = ["HELLO", 3]
    if password is not None:
        command += ["AUTH", "default" if username is None else username, password]
    if name is not None:
        command += ["SETNAME", name]
    (answer,) = await connection.exchange(command)
    if isinstance(answer, RedisAuthenticationError) and password is None:
        # Some servers want HELLO with a login, which there is none for: say what is missing.
        raise answer
    if isinstance(answer, RedisError):
        if answer.message.startswith(_NO_HELLO):
            return False
        raise answer
    if not isinstance(answer, dict):
        raise RemoteProtocolError(f"HELLO was answered by {type(answer).__name__}, not by a map")
    connection.protocol = 3
    connection.server = {_text(key): _plain(value) for key, value in answer.items()}
    client_id = connection.server.get("id")
    connection.client_id = client_id if isinstance(client_id, int) else None
    return True


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _plain(value: Any) -> Any:
    return _text(value) if isinstance(value, bytes) else value
