# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Sets: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from .._command_runner import CommandRunner, T
from .._command_table._sets import (
    SADD,
    SCARD,
    SDIFF,
    SDIFFSTORE,
    SINTER,
    SINTERCARD,
    SINTERSTORE,
    SISMEMBER,
    SMEMBERS,
    SMISMEMBER,
    SMOVE,
    SPOP,
    SPOP_COUNT,
    SRANDMEMBER,
    SREM,
    SSCAN,
    SUNION,
    SUNIONSTORE,
)
from .._requests import _sets as request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio_helianthus.core import CancelToken

    from .._values import Key, Value


class SetsCommands(CommandRunner[T]):
    """Sets."""

    async def sadd(
        self,
        name: Key,
        *values: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Add members to a set; without one, make it.

        :returns: how many are new.
        :raises ValueError: there are no ``values``.
        """
        return await self._run(SADD, request.sadd(name, *values), timeout, token)

    async def scard(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Count the members of a set; 0 without one."""
        return await self._run(SCARD, (b"SCARD", name), timeout, token)

    async def sdiff(
        self,
        keys: Key | Iterable[Key],
        *args: Key,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> set[T]:
        """Return the members of the first set that are in none of the others.

        :param keys: of sets, one by one, or one list.
        :raises ValueError: ``keys`` is empty.
        """
        return await self._run(SDIFF, request.sdiff(keys, *args), timeout, token)

    async def sdiffstore(
        self,
        dest: Key,
        keys: Key | Iterable[Key],
        *args: Key,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Store the members of the first set that are in none of the others.

        :param keys: of sets, one by one, or one list.
        :returns: how many there are.
        :raises ValueError: ``keys`` is empty.
        """
        return await self._run(SDIFFSTORE, request.sdiffstore(dest, keys, *args), timeout, token)

    async def sinter(
        self,
        keys: Key | Iterable[Key],
        *args: Key,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> set[T]:
        """Return the members that all sets have.

        :param keys: of sets, one by one, or one list.
        :raises ValueError: ``keys`` is empty.
        """
        return await self._run(SINTER, request.sinter(keys, *args), timeout, token)

    async def sintercard(
        self,
        numkeys: int,
        keys: Iterable[Key],
        limit: int = 0,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Count the members that all sets have.

        :param numkeys: how many ``keys`` there are.
        :param limit: count so many at most; 0: all.
        :raises ValueError: ``keys`` are not as many as ``numkeys`` says, or none; ``limit`` is
            negative.
        """
        return await self._run(SINTERCARD, request.sintercard(numkeys, keys, limit), timeout, token)

    async def sinterstore(
        self,
        dest: Key,
        keys: Key | Iterable[Key],
        *args: Key,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Store the members that all sets have.

        :param keys: of sets, one by one, or one list.
        :returns: how many there are.
        :raises ValueError: ``keys`` is empty.
        """
        return await self._run(SINTERSTORE, request.sinterstore(dest, keys, *args), timeout, token)

    async def sismember(
        self,
        name: Key,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Return whether a set has a member."""
        return await self._run(SISMEMBER, (b"SISMEMBER", name, value), timeout, token)

    async def smembers(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> set[T]:
        """Return all members of a set."""
        return await self._run(SMEMBERS, (b"SMEMBERS", name), timeout, token)

    async def smismember(
        self,
        name: Key,
        values: Value | Iterable[Value],
        *args: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[bool]:
        """Return of each value whether a set has it.

        :param values: one by one, or one list.
        :raises ValueError: ``values`` is empty.
        """
        return await self._run(SMISMEMBER, request.smismember(name, values, *args), timeout, token)

    async def smove(
        self,
        src: Key,
        dst: Key,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Move a member from a set to another one.

        :returns: whether it was there.
        """
        return await self._run(SMOVE, (b"SMOVE", src, dst, value), timeout, token)

    @overload
    async def spop(
        self,
        name: Key,
        count: None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | None: ...
    @overload
    async def spop(
        self,
        name: Key,
        count: int,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> set[T]: ...
    async def spop(
        self,
        name: Key,
        count: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | set[T] | None:
        """Take any member of a set, or several.

        :param count: how many; then they come in a set.
        :returns: ``None`` if there is nothing.
        :raises ValueError: ``count`` is negative.
        """
        command = SPOP_COUNT if count is not None else SPOP
        return await self._run(command, request.spop(name, count), timeout, token)

    @overload
    async def srandmember(
        self,
        name: Key,
        number: None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | None: ...
    @overload
    async def srandmember(
        self,
        name: Key,
        number: int,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]: ...
    async def srandmember(
        self,
        name: Key,
        number: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | list[T] | None:
        """Return any member of a set, or several.

        :param number: how many; then they come in a list. Negative: the same may come twice.
        :returns: ``None`` if there is nothing.
        """
        return await self._run(SRANDMEMBER, request.srandmember(name, number), timeout, token)

    async def srem(
        self,
        name: Key,
        *values: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Remove members from a set.

        :returns: how many there were.
        :raises ValueError: there are no ``values``.
        """
        return await self._run(SREM, request.srem(name, *values), timeout, token)

    async def sscan(
        self,
        name: Key,
        cursor: int = 0,
        match: Key | None = None,
        count: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[int, list[T]]:
        """Return some of the members of a set, and where to go on.

        :param cursor: 0, or what the last call has returned.
        :param match: a pattern, such as ``"user:*"``.
        :param count: how much to look at; about so many are found.
        :returns: the next cursor, which is 0 at the end; members.
        :raises ValueError: ``count`` is less than 1.
        """
        return await self._run(SSCAN, request.sscan(name, cursor, match, count), timeout, token)

    async def sunion(
        self,
        keys: Key | Iterable[Key],
        *args: Key,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> set[T]:
        """Return the members that any of the sets has.

        :param keys: of sets, one by one, or one list.
        :raises ValueError: ``keys`` is empty.
        """
        return await self._run(SUNION, request.sunion(keys, *args), timeout, token)

    async def sunionstore(
        self,
        dest: Key,
        keys: Key | Iterable[Key],
        *args: Key,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Store the members that any of the sets has.

        :param keys: of sets, one by one, or one list.
        :returns: how many there are.
        :raises ValueError: ``keys`` is empty.
        """
        return await self._run(SUNIONSTORE, request.sunionstore(dest, keys, *args), timeout, token)
