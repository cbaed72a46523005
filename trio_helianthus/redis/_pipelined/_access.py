# Made by scripts/generate_redis_commands.py; changes belong there.
"""Access control: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
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
    from .._values import Value


class QueuedAccessCommands(CommandQueue[T]):
    """Access control."""

    def acl_cat(self, category: str | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.acl_cat`."""
        self._queue(ACL_CAT, request.acl_cat(category))
        return self

    def acl_deluser(self, *username: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.acl_deluser`."""
        self._queue(ACL_DELUSER, request.acl_deluser(*username))
        return self

    def acl_dryrun(self, username: str, *args: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.acl_dryrun`."""
        self._queue(ACL_DRYRUN, request.acl_dryrun(username, *args))
        return self

    def acl_genpass(self, bits: int | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.acl_genpass`."""
        self._queue(ACL_GENPASS, request.acl_genpass(bits))
        return self

    def acl_getuser(self, username: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.acl_getuser`."""
        self._queue(ACL_GETUSER, (b"ACL", b"GETUSER", username))
        return self

    def acl_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.acl_help`."""
        self._queue(ACL_HELP, (b"ACL", b"HELP"))
        return self

    def acl_list(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.acl_list`."""
        self._queue(ACL_LIST, (b"ACL", b"LIST"))
        return self

    def acl_load(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.acl_load`."""
        self._queue(ACL_LOAD, (b"ACL", b"LOAD"))
        return self

    def acl_log(self, count: int | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.acl_log`."""
        self._queue(ACL_LOG, request.acl_log(count))
        return self

    def acl_log_reset(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.acl_log_reset`."""
        self._queue(ACL_LOG_RESET, (b"ACL", b"LOG", b"RESET"))
        return self

    def acl_save(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.acl_save`."""
        self._queue(ACL_SAVE, (b"ACL", b"SAVE"))
        return self

    def acl_setuser(self, username: str, *rules: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.acl_setuser`."""
        self._queue(ACL_SETUSER, (b"ACL", b"SETUSER", username, *rules))
        return self

    def acl_users(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.acl_users`."""
        self._queue(ACL_USERS, (b"ACL", b"USERS"))
        return self

    def acl_whoami(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.acl_whoami`."""
        self._queue(ACL_WHOAMI, (b"ACL", b"WHOAMI"))
        return self
