# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Connections: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
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

    from .._values import Value


class QueuedConnectionsCommands(CommandQueue[T]):
    """Connections."""

    def client_getname(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.client_getname`."""
        self._queue(CLIENT_GETNAME, (b"CLIENT", b"GETNAME"))
        return self

    def client_getredir(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.client_getredir`."""
        self._queue(CLIENT_GETREDIR, (b"CLIENT", b"GETREDIR"))
        return self

    def client_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.client_help`."""
        self._queue(CLIENT_HELP, (b"CLIENT", b"HELP"))
        return self

    def client_id(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.client_id`."""
        self._queue(CLIENT_ID, (b"CLIENT", b"ID"))
        return self

    def client_info(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.client_info`."""
        self._queue(CLIENT_INFO, (b"CLIENT", b"INFO"))
        return self

    def client_kill(self, address: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.client_kill`."""
        self._queue(CLIENT_KILL, (b"CLIENT", b"KILL", address))
        return self

    def client_kill_filter(
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
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.client_kill_filter`."""
        self._queue(
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
        )
        return self

    def client_list(
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
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.client_list`."""
        self._queue(
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
        )
        return self

    def client_pause(self, timeout: int, *, all: bool = True) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.client_pause`."""
        self._queue(CLIENT_PAUSE, request.client_pause(timeout, all=all))
        return self

    def client_trackinginfo(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.client_trackinginfo`."""
        self._queue(CLIENT_TRACKINGINFO, (b"CLIENT", b"TRACKINGINFO"))
        return self

    def client_unblock(self, client_id: int, *, error: bool = False) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.client_unblock`."""
        self._queue(CLIENT_UNBLOCK, request.client_unblock(client_id, error=error))
        return self

    def client_unpause(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.client_unpause`."""
        self._queue(CLIENT_UNPAUSE, (b"CLIENT", b"UNPAUSE"))
        return self

    def echo(self, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.echo`."""
        self._queue(ECHO, (b"ECHO", value))
        return self

    def ping(self, message: Value | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.ping`."""
        command = PING_MESSAGE if message is not None else PING
        self._queue(command, request.ping(message))
        return self
