# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Lent connections: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._command_runner import CommandRunner, T
from .._command_table._sessions import (
    ASKING,
    AUTH,
    CLIENT_CACHING,
    CLIENT_CAPA,
    CLIENT_IMPORT_SOURCE,
    CLIENT_NO_EVICT,
    CLIENT_NO_TOUCH,
    CLIENT_SETINFO,
    CLIENT_SETNAME,
    CLIENT_TRACKING,
    READONLY,
    READWRITE,
    SELECT,
    WAIT,
    WAITAOF,
)
from .._requests import _sessions as request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio_helianthus.core import CancelToken

    from .._values import Key


class SessionsCommands(CommandRunner[T]):
    """Lent connections."""

    async def asking(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Say that the next command follows an ``ASK`` redirection."""
        return await self._run(ASKING, (b"ASKING",), timeout, token)

    async def auth(
        self,
        password: str,
        username: str | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Log in as another user.

        :param username: ``default`` if not said.
        :raises RedisAuthenticationError: name or password are wrong.
        """
        return await self._run(AUTH, request.auth(password, username), timeout, token)

    async def client_caching(
        self, on: bool, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Say whether the keys of the next command are tracked."""
        return await self._run(
            CLIENT_CACHING, (b"CLIENT", b"CACHING", b"YES" if on else b"NO"), timeout, token
        )

    async def client_capa(
        self, *capabilities: str, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Say what this client can do.

        :param capabilities: such as ``"redirect"``.
        :raises ValueError: there are no ``capabilities``.
        """
        return await self._run(CLIENT_CAPA, request.client_capa(*capabilities), timeout, token)

    async def client_import_source(
        self,
        mode: Literal["ON", "OFF"],
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Say whether this connection imports data.

        :raises ValueError: ``mode`` is none of these.
        """
        return await self._run(
            CLIENT_IMPORT_SOURCE, request.client_import_source(mode), timeout, token
        )

    async def client_no_evict(
        self,
        mode: Literal["ON", "OFF"],
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Say whether the connection stays when memory is short.

        :raises ValueError: ``mode`` is none of these.
        """
        return await self._run(CLIENT_NO_EVICT, request.client_no_evict(mode), timeout, token)

    async def client_no_touch(
        self,
        mode: Literal["ON", "OFF"],
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Say whether reading keys does not count as using them.

        :raises ValueError: ``mode`` is none of these.
        """
        return await self._run(CLIENT_NO_TOUCH, request.client_no_touch(mode), timeout, token)

    async def client_setinfo(
        self,
        attr: Literal["LIB-NAME", "LIB-VER"],
        value: str,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Say which library this client is.

        :raises ValueError: ``attr`` is none of these.
        """
        return await self._run(CLIENT_SETINFO, request.client_setinfo(attr, value), timeout, token)

    async def client_setname(
        self, name: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Give the connection a name."""
        return await self._run(CLIENT_SETNAME, (b"CLIENT", b"SETNAME", name), timeout, token)

    async def client_tracking(
        self,
        on: bool = True,
        clientid: int | None = None,
        prefix: Iterable[Key] | None = None,
        *,
        bcast: bool = False,
        optin: bool = False,
        optout: bool = False,
        noloop: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Have the server tell when keys change that were read.

        :param clientid: send them to that connection.
        :param prefix: with ``bcast``: only keys that begin so.
        :param bcast: tell of all keys, not only of those that were read.
        :param optin: track only what follows :meth:`client_caching`.
        :param optout: do not track what follows :meth:`client_caching`.
        :param noloop: do not tell of what this connection has changed.
        :raises ValueError: ``prefix`` is empty.
        """
        return await self._run(
            CLIENT_TRACKING,
            request.client_tracking(
                on, clientid, prefix, bcast=bcast, optin=optin, optout=optout, noloop=noloop
            ),
            timeout,
            token,
        )

    async def readonly(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Say that this connection to a replica only reads."""
        return await self._run(READONLY, (b"READONLY",), timeout, token)

    async def readwrite(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Take back :meth:`readonly`."""
        return await self._run(READWRITE, (b"READWRITE",), timeout, token)

    async def select(
        self, index: int, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Change to another database.

        :raises ValueError: ``index`` is negative.
        """
        return await self._run(SELECT, request.select(index), timeout, token)

    async def wait(
        self, num_replicas: int, timeout: int, *, token: CancelToken | None = None
    ) -> int:
        """Wait until replicas have what this connection has written.

        :param timeout: how long, in milliseconds; 0: for ever.
        :returns: how many have it.
        :raises ValueError: ``num_replicas`` is negative; ``timeout`` is negative.
        """
        return await self._run(WAIT, request.wait(num_replicas, timeout), None, token)

    async def waitaof(
        self, num_local: int, num_replicas: int, timeout: int, *, token: CancelToken | None = None
    ) -> tuple[int, int]:
        """Wait until what this connection has written is on disks.

        :param num_local: 0 or 1: whether this server is meant.
        :param timeout: how long, in milliseconds; 0: for ever.
        :returns: how many have it: this server, and replicas.
        :raises ValueError: ``num_local`` is negative; ``num_replicas`` is negative; ``timeout`` is
            negative.
        """
        return await self._run(
            WAITAOF, request.waitaof(num_local, num_replicas, timeout), None, token
        )
