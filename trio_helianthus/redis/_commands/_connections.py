# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Connections: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from .._command_runner import CommandRunner, T
from .._command_table._connections import (
    CLIENT_GETNAME,
    CLIENT_GETREDIR,
    CLIENT_HELP,
    CLIENT_ID,
    CLIENT_INFO,
    CLIENT_KILL,
    CLIENT_KILL_FILTER,
    CLIENT_LIST,
    CLIENT_PAUSE,
    CLIENT_TRACKINGINFO,
    CLIENT_UNBLOCK,
    CLIENT_UNPAUSE,
    ECHO,
    PING,
    PING_MESSAGE,
)
from .._requests import _connections as request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio_helianthus.core import CancelToken

    from .._values import Value


class ConnectionsCommands(CommandRunner[T]):
    """Connections."""

    async def client_getname(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> T | None:
        """Return the name of the connection; ``None`` if it has none."""
        return await self._run(CLIENT_GETNAME, (b"CLIENT", b"GETNAME"), timeout, token)

    async def client_getredir(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Return the connection that invalidations go to.

        :returns: its ID; 0: to this one, -1: there is no tracking.
        """
        return await self._run(CLIENT_GETREDIR, (b"CLIENT", b"GETREDIR"), timeout, token)

    async def client_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``CLIENT``."""
        return await self._run(CLIENT_HELP, (b"CLIENT", b"HELP"), timeout, token)

    async def client_id(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Return the server's number for the connection that the command was sent on."""
        return await self._run(CLIENT_ID, (b"CLIENT", b"ID"), timeout, token)

    async def client_info(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, str]:
        """Return what the server knows of the connection."""
        return await self._run(CLIENT_INFO, (b"CLIENT", b"INFO"), timeout, token)

    async def client_kill(
        self, address: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Close a connection.

        :param address: ``host:port``.
        :raises RedisError: there is none from there.
        """
        return await self._run(CLIENT_KILL, (b"CLIENT", b"KILL", address), timeout, token)

    async def client_kill_filter(
        self,
        _id: Iterable[int] | None = None,
        _type: str | None = None,
        user: str | None = None,
        addr: str | None = None,
        laddr: str | None = None,
        skipme: bool | None = None,
        maxage: int | None = None,
        *,
        name: str | None = None,
        idle: int | None = None,
        flags: str | None = None,
        lib_name: str | None = None,
        lib_ver: str | None = None,
        db: int | None = None,
        capa: str | None = None,
        ip: str | None = None,
        not_id: Iterable[int] | None = None,
        not_type: str | None = None,
        not_user: str | None = None,
        not_addr: str | None = None,
        not_laddr: str | None = None,
        not_name: str | None = None,
        not_flags: str | None = None,
        not_lib_name: str | None = None,
        not_lib_ver: str | None = None,
        not_db: int | None = None,
        not_capa: str | None = None,
        not_ip: str | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Close connections.

        :param _id: only these.
        :param _type: only those of a type: ``normal``, ``primary``, ``replica``, ``pubsub``.
        :param user: only those of that user.
        :param addr: only that one: ``host:port``.
        :param laddr: only those to that address of the server: ``host:port``.
        :param skipme: not the connection that asks.
        :param maxage: only those that are older, in seconds.
        :param name: only those with that name.
        :param idle: only those that were idle for so many seconds.
        :param flags: only those that have all these flags.
        :param lib_name: only those of that library.
        :param lib_ver: only those of that version of a library.
        :param db: only those to that database.
        :param capa: only those that claim these capabilities.
        :param ip: only those from that address.
        :param not_id: not these.
        :param not_type: not those of that type.
        :param not_user: not those of that user.
        :param not_addr: not that one.
        :param not_laddr: not those to that address of the server.
        :param not_name: not those with that name.
        :param not_flags: not those that have all these flags.
        :param not_lib_name: not those of that library.
        :param not_lib_ver: not those of that version of a library.
        :param not_db: not those to that database.
        :param not_capa: not those that claim these capabilities.
        :param not_ip: not those from that address.
        :returns: how many.
        :raises ValueError: ``_id`` is empty; ``maxage`` is negative; ``not_id`` is empty; nothing
            says which.
        """
        return await self._run(
            CLIENT_KILL_FILTER,
            request.client_kill_filter(
                _id,
                _type,
                user,
                addr,
                laddr,
                skipme,
                maxage,
                name=name,
                idle=idle,
                flags=flags,
                lib_name=lib_name,
                lib_ver=lib_ver,
                db=db,
                capa=capa,
                ip=ip,
                not_id=not_id,
                not_type=not_type,
                not_user=not_user,
                not_addr=not_addr,
                not_laddr=not_laddr,
                not_name=not_name,
                not_flags=not_flags,
                not_lib_name=not_lib_name,
                not_lib_ver=not_lib_ver,
                not_db=not_db,
                not_capa=not_capa,
                not_ip=not_ip,
            ),
            timeout,
            token,
        )

    async def client_list(
        self,
        _type: str | None = None,
        client_id: Iterable[int] | None = None,
        user: str | None = None,
        addr: str | None = None,
        laddr: str | None = None,
        skipme: bool | None = None,
        maxage: int | None = None,
        *,
        name: str | None = None,
        idle: int | None = None,
        flags: str | None = None,
        lib_name: str | None = None,
        lib_ver: str | None = None,
        db: int | None = None,
        capa: str | None = None,
        ip: str | None = None,
        not_id: Iterable[int] | None = None,
        not_type: str | None = None,
        not_user: str | None = None,
        not_addr: str | None = None,
        not_laddr: str | None = None,
        not_name: str | None = None,
        not_flags: str | None = None,
        not_lib_name: str | None = None,
        not_lib_ver: str | None = None,
        not_db: int | None = None,
        not_capa: str | None = None,
        not_ip: str | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[dict[str, str]]:
        """Return all connections.

        :param _type: only those of a type: ``normal``, ``primary``, ``replica``, ``pubsub``.
        :param client_id: only these.
        :param user: only those of that user.
        :param addr: only that one: ``host:port``.
        :param laddr: only those to that address of the server: ``host:port``.
        :param skipme: not the connection that asks.
        :param maxage: only those that are older, in seconds.
        :param name: only those with that name.
        :param idle: only those that were idle for so many seconds.
        :param flags: only those that have all these flags.
        :param lib_name: only those of that library.
        :param lib_ver: only those of that version of a library.
        :param db: only those to that database.
        :param capa: only those that claim these capabilities.
        :param ip: only those from that address.
        :param not_id: not these.
        :param not_type: not those of that type.
        :param not_user: not those of that user.
        :param not_addr: not that one.
        :param not_laddr: not those to that address of the server.
        :param not_name: not those with that name.
        :param not_flags: not those that have all these flags.
        :param not_lib_name: not those of that library.
        :param not_lib_ver: not those of that version of a library.
        :param not_db: not those to that database.
        :param not_capa: not those that claim these capabilities.
        :param not_ip: not those from that address.
        :raises ValueError: ``client_id`` is empty; ``maxage`` is negative; ``not_id`` is empty.
        """
        return await self._run(
            CLIENT_LIST,
            request.client_list(
                _type,
                client_id,
                user,
                addr,
                laddr,
                skipme,
                maxage,
                name=name,
                idle=idle,
                flags=flags,
                lib_name=lib_name,
                lib_ver=lib_ver,
                db=db,
                capa=capa,
                ip=ip,
                not_id=not_id,
                not_type=not_type,
                not_user=not_user,
                not_addr=not_addr,
                not_laddr=not_laddr,
                not_name=not_name,
                not_flags=not_flags,
                not_lib_name=not_lib_name,
                not_lib_ver=not_lib_ver,
                not_db=not_db,
                not_capa=not_capa,
                not_ip=not_ip,
            ),
            timeout,
            token,
        )

    async def client_pause(
        self, timeout: int, *, all: bool = True, token: CancelToken | None = None
    ) -> None:
        """Have the server let clients wait.

        :param timeout: for how long, in milliseconds.
        :param all: all commands; else only those that write.
        :raises ValueError: ``timeout`` is negative.
        """
        return await self._run(CLIENT_PAUSE, request.client_pause(timeout, all=all), None, token)

    async def client_trackinginfo(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, Any]:
        """Return what the server tracks for the connection."""
        return await self._run(CLIENT_TRACKINGINFO, (b"CLIENT", b"TRACKINGINFO"), timeout, token)

    async def client_unblock(
        self,
        client_id: int,
        *,
        error: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """End the waiting of another connection.

        :param error: have its command fail (``UNBLOCKED``), not time out.
        :returns: whether it was waiting.
        """
        return await self._run(
            CLIENT_UNBLOCK, request.client_unblock(client_id, error=error), timeout, token
        )

    async def client_unpause(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Have the server let clients wait no more."""
        return await self._run(CLIENT_UNPAUSE, (b"CLIENT", b"UNPAUSE"), timeout, token)

    async def echo(
        self, value: Value, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> T:
        """Return what was sent."""
        return await self._run(ECHO, (b"ECHO", value), timeout, token)

    @overload
    async def ping(
        self,
        message: None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool: ...
    @overload
    async def ping(
        self, message: Value, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> T: ...
    async def ping(
        self,
        message: Value | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool | T:
        """Return as soon as the server answers.

        :param message: what is to come back.
        :returns: ``True``, or the message.
        """
        command = PING_MESSAGE if message is not None else PING
        return await self._run(command, request.ping(message), timeout, token)
