# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Access control: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._command_runner import CommandRunner, T
from .._command_table._access import (
    ACL_CAT,
    ACL_DELUSER,
    ACL_DRYRUN,
    ACL_GENPASS,
    ACL_GETUSER,
    ACL_HELP,
    ACL_LIST,
    ACL_LOAD,
    ACL_LOG,
    ACL_LOG_RESET,
    ACL_SAVE,
    ACL_SETUSER,
    ACL_USERS,
    ACL_WHOAMI,
)
from .._requests import _access as request

if TYPE_CHECKING:
    from trio_helianthus.core import CancelToken

    from .._values import Value


class AccessCommands(CommandRunner[T]):
    """Access control."""

    async def acl_cat(
        self,
        category: str | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[str]:
        """Return the categories of commands.

        :param category: return the commands that are in it.
        """
        return await self._run(ACL_CAT, request.acl_cat(category), timeout, token)

    async def acl_deluser(
        self, *username: str, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Delete users, and close their connections.

        :returns: how many there were.
        :raises ValueError: there are no ``username``.
        """
        return await self._run(ACL_DELUSER, request.acl_deluser(*username), timeout, token)

    async def acl_dryrun(
        self,
        username: str,
        *args: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> str | None:
        """Return whether a user may run a command, without running it.

        :param args: a command, with its arguments.
        :returns: ``None`` if it is allowed; else why it is not.
        :raises ValueError: there are no ``args``.
        """
        return await self._run(ACL_DRYRUN, request.acl_dryrun(username, *args), timeout, token)

    async def acl_genpass(
        self,
        bits: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> str:
        """Make a password that nobody can guess.

        :param bits: how many bits; 256 if not said.
        :returns: hexadecimal digits.
        :raises ValueError: ``bits`` is less than 1.
        """
        return await self._run(ACL_GENPASS, request.acl_genpass(bits), timeout, token)

    async def acl_getuser(
        self, username: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, Any] | None:
        """Return what a user may do.

        :returns: ``None`` if there is none.
        """
        return await self._run(ACL_GETUSER, (b"ACL", b"GETUSER", username), timeout, token)

    async def acl_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``ACL``."""
        return await self._run(ACL_HELP, (b"ACL", b"HELP"), timeout, token)

    async def acl_list(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return all users, as the file of users has them."""
        return await self._run(ACL_LIST, (b"ACL", b"LIST"), timeout, token)

    async def acl_load(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Read the file of users again.

        :raises RedisError: there is none, or it has a mistake.
        """
        return await self._run(ACL_LOAD, (b"ACL", b"LOAD"), timeout, token)

    async def acl_log(
        self,
        count: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[dict[str, Any]]:
        """Return what was not allowed of late.

        :param count: how many; 10 if not said.
        :raises ValueError: ``count`` is negative.
        """
        return await self._run(ACL_LOG, request.acl_log(count), timeout, token)

    async def acl_log_reset(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Forget what was not allowed."""
        return await self._run(ACL_LOG_RESET, (b"ACL", b"LOG", b"RESET"), timeout, token)

    async def acl_save(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Write the file of users.

        :raises RedisError: there is none configured.
        """
        return await self._run(ACL_SAVE, (b"ACL", b"SAVE"), timeout, token)

    async def acl_setuser(
        self,
        username: str,
        *rules: str,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Make a user, or change what one may do.

        :param rules: such as ``"on"``, ``"+@read"``, ``"~cache:*"``, ``">password"``.
        """
        return await self._run(ACL_SETUSER, (b"ACL", b"SETUSER", username, *rules), timeout, token)

    async def acl_users(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return the names of all users."""
        return await self._run(ACL_USERS, (b"ACL", b"USERS"), timeout, token)

    async def acl_whoami(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> T:
        """Return the name of the user that the connection has."""
        return await self._run(ACL_WHOAMI, (b"ACL", b"WHOAMI"), timeout, token)
