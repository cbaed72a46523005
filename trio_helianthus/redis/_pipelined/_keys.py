# Made by scripts/generate_redis_commands.py; changes belong there.
"""Keys of any type: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
from .._command_table._keys import (
    COPY,
    DEL,
    DUMP,
    EXISTS,
    KEYS,
    MIGRATE,
    MOVE,
    OBJECT_ENCODING,
    OBJECT_FREQ,
    OBJECT_HELP,
    OBJECT_IDLETIME,
    OBJECT_REFCOUNT,
    RANDOMKEY,
    RENAME,
    RENAMENX,
    RESTORE,
    RESTORE_ASKING,
    SCAN,
    SORT,
    SORT_RO,
    TOUCH,
    TYPE,
    UNLINK,
)
from .._requests import _keys as request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._values import Key


class QueuedKeysCommands(CommandQueue[T]):
    """Keys of any type."""

    def copy(
        self,
        source: Key,
        destination: Key,
        destination_db: int | None = None,
        *,
        replace: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.copy`."""
        self._queue(COPY, request.copy(source, destination, destination_db, replace=replace))
        return self

    def delete(self, *names: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.delete`."""
        self._queue(DEL, request.delete(*names))
        return self

    def dump(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.dump`."""
        self._queue(DUMP, (b"DUMP", name))
        return self

    def exists(self, *names: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.exists`."""
        self._queue(EXISTS, request.exists(*names))
        return self

    def keys(self, pattern: Key = "*") -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.keys`."""
        self._queue(KEYS, (b"KEYS", pattern))
        return self

    def migrate(
        self,
        host: str,
        port: int,
        keys: Key | Iterable[Key],
        destination_db: int,
        timeout: int,
        *,
        copy: bool = False,
        replace: bool = False,
        auth: str | None = None,
        username: str | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.migrate`."""
        self._queue(
            MIGRATE,
            request.migrate(
                host,
                port,
                keys,
                destination_db,
                timeout,
                copy=copy,
                replace=replace,
                auth=auth,
                username=username,
            ),
        )
        return self

    def move(self, name: Key, db: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.move`."""
        self._queue(MOVE, request.move(name, db))
        return self

    def object_encoding(self, key: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.object_encoding`."""
        self._queue(OBJECT_ENCODING, (b"OBJECT", b"ENCODING", key))
        return self

    def object_freq(self, key: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.object_freq`."""
        self._queue(OBJECT_FREQ, (b"OBJECT", b"FREQ", key))
        return self

    def object_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.object_help`."""
        self._queue(OBJECT_HELP, (b"OBJECT", b"HELP"))
        return self

    def object_idletime(self, key: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.object_idletime`."""
        self._queue(OBJECT_IDLETIME, (b"OBJECT", b"IDLETIME", key))
        return self

    def object_refcount(self, key: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.object_refcount`."""
        self._queue(OBJECT_REFCOUNT, (b"OBJECT", b"REFCOUNT", key))
        return self

    def randomkey(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.randomkey`."""
        self._queue(RANDOMKEY, (b"RANDOMKEY",))
        return self

    def rename(self, src: Key, dst: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.rename`."""
        self._queue(RENAME, (b"RENAME", src, dst))
        return self

    def renamenx(self, src: Key, dst: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.renamenx`."""
        self._queue(RENAMENX, (b"RENAMENX", src, dst))
        return self

    def restore(
        self,
        name: Key,
        ttl: int,
        value: bytes,
        *,
        replace: bool = False,
        absttl: bool = False,
        idletime: int | None = None,
        frequency: int | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.restore`."""
        self._queue(
            RESTORE,
            request.restore(
                name,
                ttl,
                value,
                replace=replace,
                absttl=absttl,
                idletime=idletime,
                frequency=frequency,
            ),
        )
        return self

    def restore_asking(
        self,
        name: Key,
        ttl: int,
        value: bytes,
        *,
        replace: bool = False,
        absttl: bool = False,
        idletime: int | None = None,
        frequency: int | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.restore_asking`."""
        self._queue(
            RESTORE_ASKING,
            request.restore_asking(
                name,
                ttl,
                value,
                replace=replace,
                absttl=absttl,
                idletime=idletime,
                frequency=frequency,
            ),
        )
        return self

    def scan(
        self,
        cursor: int = 0,
        match: Key | None = None,
        count: int | None = None,
        _type: str | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.scan`."""
        self._queue(SCAN, request.scan(cursor, match, count, _type))
        return self

    def sort(
        self,
        name: Key,
        start: int | None = None,
        num: int | None = None,
        by: Key | None = None,
        get: Iterable[Key] | None = None,
        *,
        desc: bool = False,
        alpha: bool = False,
        store: Key | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sort`."""
        self._queue(
            SORT, request.sort(name, start, num, by, get, desc=desc, alpha=alpha, store=store)
        )
        return self

    def sort_ro(
        self,
        key: Key,
        start: int | None = None,
        num: int | None = None,
        by: Key | None = None,
        get: Iterable[Key] | None = None,
        *,
        desc: bool = False,
        alpha: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sort_ro`."""
        self._queue(SORT_RO, request.sort_ro(key, start, num, by, get, desc=desc, alpha=alpha))
        return self

    def touch(self, *names: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.touch`."""
        self._queue(TOUCH, request.touch(*names))
        return self

    def type(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.type`."""
        self._queue(TYPE, (b"TYPE", name))
        return self

    def unlink(self, *names: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.unlink`."""
        self._queue(UNLINK, request.unlink(*names))
        return self
