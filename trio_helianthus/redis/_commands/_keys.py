# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Keys of any type: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._command_runner import CommandRunner, T
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

    from trio_helianthus.core import CancelToken

    from .._values import Key


class KeysCommands(CommandRunner[T]):
    """Keys of any type."""

    async def copy(
        self,
        source: Key,
        destination: Key,
        destination_db: int | None = None,
        *,
        replace: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Copy the value of a key to another key.

        :param destination_db: a database other than this one.
        :param replace: even if there is something already.
        :returns: whether it was copied.
        :raises ValueError: ``destination_db`` is negative.
        """
        return await self._run(
            COPY, request.copy(source, destination, destination_db, replace=replace), timeout, token
        )

    async def delete(
        self, *names: Key, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Delete keys.

        :returns: how many there were.
        :raises ValueError: there are no ``names``.
        """
        return await self._run(DEL, request.delete(*names), timeout, token)

    async def dump(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> bytes | None:
        """Return the value of a key as the server stores it.

        :returns: what :meth:`restore` takes, always as bytes.
        """
        return await self._run(DUMP, (b"DUMP", name), timeout, token)

    async def exists(
        self, *names: Key, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Count which of the keys are there.

        :raises ValueError: there are no ``names``.
        """
        return await self._run(EXISTS, request.exists(*names), timeout, token)

    async def keys(
        self, pattern: Key = "*", *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return all keys that match a pattern.

        The server does nothing else meanwhile: :meth:`scan` is better in production.
        """
        return await self._run(KEYS, (b"KEYS", pattern), timeout, token)

    async def migrate(
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
        token: CancelToken | None = None,
    ) -> bool:
        """Move keys to another server.

        :param keys: one, or a list.
        :param timeout: how long the other server may be silent, in milliseconds.
        :param copy: leave them here, too.
        :param replace: even if they are there already.
        :param auth: the other server's password.
        :param username: its user.
        :returns: whether there was anything to move.
        :raises ValueError: ``keys`` is empty; ``destination_db`` is negative; there is ``username``
            without ``auth``.
        """
        return await self._run(
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
            None,
            token,
        )

    async def move(
        self, name: Key, db: int, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> bool:
        """Move a key to another database.

        :returns: whether it was moved.
        :raises ValueError: ``db`` is negative.
        """
        return await self._run(MOVE, request.move(name, db), timeout, token)

    async def object_encoding(
        self, key: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> T | None:
        """Return how the value of a key is stored.

        :returns: ``None`` if it is not there.
        """
        return await self._run(OBJECT_ENCODING, (b"OBJECT", b"ENCODING", key), timeout, token)

    async def object_freq(
        self, key: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int | None:
        """Return how often a key is used, under a policy of least frequent use.

        :returns: ``None`` if it is not there.
        """
        return await self._run(OBJECT_FREQ, (b"OBJECT", b"FREQ", key), timeout, token)

    async def object_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``OBJECT``."""
        return await self._run(OBJECT_HELP, (b"OBJECT", b"HELP"), timeout, token)

    async def object_idletime(
        self, key: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int | None:
        """Return for how long a key was not used.

        :returns: in seconds; ``None`` if it is not there.
        """
        return await self._run(OBJECT_IDLETIME, (b"OBJECT", b"IDLETIME", key), timeout, token)

    async def object_refcount(
        self, key: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int | None:
        """Return how many references to its value a key has.

        :returns: ``None`` if it is not there.
        """
        return await self._run(OBJECT_REFCOUNT, (b"OBJECT", b"REFCOUNT", key), timeout, token)

    async def randomkey(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> T | None:
        """Return any key.

        :returns: ``None`` if there is none.
        """
        return await self._run(RANDOMKEY, (b"RANDOMKEY",), timeout, token)

    async def rename(
        self, src: Key, dst: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Rename a key, whatever the other one was before.

        :raises RedisError: there is no such key.
        """
        return await self._run(RENAME, (b"RENAME", src, dst), timeout, token)

    async def renamenx(
        self, src: Key, dst: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> bool:
        """Rename a key, if the other one is not there.

        :returns: whether it was renamed.
        :raises RedisError: there is no such key.
        """
        return await self._run(RENAMENX, (b"RENAMENX", src, dst), timeout, token)

    async def restore(
        self,
        name: Key,
        ttl: int,
        value: bytes,
        *,
        replace: bool = False,
        absttl: bool = False,
        idletime: int | None = None,
        frequency: int | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Make a key of what :meth:`dump` has returned.

        :param ttl: when it expires, in milliseconds; 0: never.
        :param value: from :meth:`dump`.
        :param replace: even if there is something already.
        :param absttl: ``ttl`` is a Unix time in milliseconds.
        :param idletime: for how many seconds it was not used.
        :param frequency: how often it is used, 0 to 255.
        :raises ValueError: ``ttl`` is negative; ``idletime`` is negative; ``frequency`` is
            negative.
        :raises RedisError: ``BUSYKEY``: there is something already.
        """
        return await self._run(
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
            timeout,
            token,
        )

    async def restore_asking(
        self,
        name: Key,
        ttl: int,
        value: bytes,
        *,
        replace: bool = False,
        absttl: bool = False,
        idletime: int | None = None,
        frequency: int | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Do what :meth:`restore` does, on a cluster's server that imports the slot.

        Servers use it among themselves.

        :param ttl: when it expires, in milliseconds; 0: never.
        :param value: from :meth:`dump`.
        :param replace: even if there is something already.
        :param absttl: ``ttl`` is a Unix time in milliseconds.
        :param idletime: for how many seconds it was not used.
        :param frequency: how often it is used, 0 to 255.
        :raises ValueError: ``ttl`` is negative; ``idletime`` is negative; ``frequency`` is
            negative.
        """
        return await self._run(
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
            timeout,
            token,
        )

    async def scan(
        self,
        cursor: int = 0,
        match: Key | None = None,
        count: int | None = None,
        _type: str | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[int, list[T]]:
        """Return some of the keys, and where to go on.

        :param cursor: 0, or what the last call has returned.
        :param match: a pattern, such as ``"user:*"``.
        :param count: how much to look at; about so many are found.
        :param _type: only keys of that type, such as ``"hash"``.
        :returns: the next cursor, which is 0 at the end; keys, of which there may be none.
        :raises ValueError: ``count`` is less than 1.
        """
        return await self._run(SCAN, request.scan(cursor, match, count, _type), timeout, token)

    async def sort(
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
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T | None] | int:
        """Sort a list, set or sorted set.

        :param start: leave out so many at the beginning.
        :param num: return so many at most.
        :param by: a pattern of other keys, whose values are sorted by.
        :param get: patterns of other keys, whose values are returned.
        :param desc: the largest first.
        :param alpha: sort as text, not as numbers.
        :param store: store the result as a list there.
        :returns: the items; with ``store`` how many there are.
        :raises ValueError: there is ``start`` without ``num``, or the other way round; ``get`` is
            empty.
        """
        return await self._run(
            SORT,
            request.sort(name, start, num, by, get, desc=desc, alpha=alpha, store=store),
            timeout,
            token,
        )

    async def sort_ro(
        self,
        key: Key,
        start: int | None = None,
        num: int | None = None,
        by: Key | None = None,
        get: Iterable[Key] | None = None,
        *,
        desc: bool = False,
        alpha: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T | None]:
        """Sort a list, set or sorted set, without storing the result.

        :param start: leave out so many at the beginning.
        :param num: return so many at most.
        :param by: a pattern of other keys, whose values are sorted by.
        :param get: patterns of other keys, whose values are returned.
        :param desc: the largest first.
        :param alpha: sort as text, not as numbers.
        :raises ValueError: there is ``start`` without ``num``, or the other way round; ``get`` is
            empty.
        """
        return await self._run(
            SORT_RO,
            request.sort_ro(key, start, num, by, get, desc=desc, alpha=alpha),
            timeout,
            token,
        )

    async def touch(
        self, *names: Key, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Mark keys as used.

        :returns: how many there are.
        :raises ValueError: there are no ``names``.
        """
        return await self._run(TOUCH, request.touch(*names), timeout, token)

    async def type(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> T:
        """Return the type of a key, such as ``string`` or ``hash``.

        :returns: ``none`` if it is not there.
        """
        return await self._run(TYPE, (b"TYPE", name), timeout, token)

    async def unlink(
        self, *names: Key, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Delete keys; their memory is given back later, in the background.

        :returns: how many there were.
        :raises ValueError: there are no ``names``.
        """
        return await self._run(UNLINK, request.unlink(*names), timeout, token)
