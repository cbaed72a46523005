# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Several sorted sets: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._command_runner import CommandRunner, T
from .._command_table._sorted_set_unions import (
    ZDIFF,
    ZDIFF_WITHSCORES,
    ZDIFFSTORE,
    ZINTER,
    ZINTER_WITHSCORES,
    ZINTERCARD,
    ZINTERSTORE,
    ZUNION,
    ZUNION_WITHSCORES,
    ZUNIONSTORE,
)
from .._requests import _sorted_set_unions as request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trio_helianthus.core import CancelToken

    from .._values import AnyKey, Key


class SortedSetUnionsCommands(CommandRunner[T]):
    """Several sorted sets."""

    @overload
    async def zdiff(
        self,
        keys: Iterable[Key],
        *,
        withscores: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]: ...
    @overload
    async def zdiff(
        self,
        keys: Iterable[Key],
        *,
        withscores: Literal[True],
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, float]]: ...
    @overload
    async def zdiff(
        self,
        keys: Iterable[Key],
        *,
        withscores: bool,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[tuple[T, float]]: ...
    async def zdiff(
        self,
        keys: Iterable[Key],
        *,
        withscores: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[tuple[T, float]]:
        """Return the members of the first sorted set that are in none of the others.

        :param withscores: return pairs of member and score.
        :raises ValueError: ``keys`` is empty.
        """
        command = ZDIFF_WITHSCORES if withscores else ZDIFF
        return await self._run(command, request.zdiff(keys, withscores=withscores), timeout, token)

    async def zdiffstore(
        self,
        dest: Key,
        keys: Iterable[Key],
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Store the members of the first sorted set that are in none of the others.

        :returns: how many there are.
        :raises ValueError: ``keys`` is empty.
        """
        return await self._run(ZDIFFSTORE, request.zdiffstore(dest, keys), timeout, token)

    @overload
    async def zinter(
        self,
        keys: Iterable[Key] | Mapping[AnyKey, float],
        aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
        *,
        withscores: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]: ...
    @overload
    async def zinter(
        self,
        keys: Iterable[Key] | Mapping[AnyKey, float],
        aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
        *,
        withscores: Literal[True],
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, float]]: ...
    @overload
    async def zinter(
        self,
        keys: Iterable[Key] | Mapping[AnyKey, float],
        aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
        *,
        withscores: bool,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[tuple[T, float]]: ...
    async def zinter(
        self,
        keys: Iterable[Key] | Mapping[AnyKey, float],
        aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
        *,
        withscores: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[tuple[T, float]]:
        """Return the members that all sorted sets have.

        :param keys: a list, or a mapping of keys to the factors of their scores.
        :param aggregate: what becomes of a member's scores; their sum if not said.
        :param withscores: return pairs of member and score.
        :raises ValueError: ``keys`` is empty; ``aggregate`` is none of these.
        """
        command = ZINTER_WITHSCORES if withscores else ZINTER
        return await self._run(
            command, request.zinter(keys, aggregate, withscores=withscores), timeout, token
        )

    async def zintercard(
        self,
        numkeys: int,
        keys: Iterable[Key],
        limit: int = 0,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Count the members that all sorted sets have.

        :param numkeys: how many ``keys`` there are.
        :param limit: count so many at most; 0: all.
        :raises ValueError: ``keys`` are not as many as ``numkeys`` says, or none; ``limit`` is
            negative.
        """
        return await self._run(ZINTERCARD, request.zintercard(numkeys, keys, limit), timeout, token)

    async def zinterstore(
        self,
        dest: Key,
        keys: Iterable[Key] | Mapping[AnyKey, float],
        aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Store the members that all sorted sets have.

        :param keys: a list, or a mapping of keys to the factors of their scores.
        :param aggregate: what becomes of a member's scores; their sum if not said.
        :returns: how many there are.
        :raises ValueError: ``keys`` is empty; ``aggregate`` is none of these.
        """
        return await self._run(
            ZINTERSTORE, request.zinterstore(dest, keys, aggregate), timeout, token
        )

    @overload
    async def zunion(
        self,
        keys: Iterable[Key] | Mapping[AnyKey, float],
        aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
        *,
        withscores: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]: ...
    @overload
    async def zunion(
        self,
        keys: Iterable[Key] | Mapping[AnyKey, float],
        aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
        *,
        withscores: Literal[True],
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, float]]: ...
    @overload
    async def zunion(
        self,
        keys: Iterable[Key] | Mapping[AnyKey, float],
        aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
        *,
        withscores: bool,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[tuple[T, float]]: ...
    async def zunion(
        self,
        keys: Iterable[Key] | Mapping[AnyKey, float],
        aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
        *,
        withscores: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[tuple[T, float]]:
        """Return the members that any of the sorted sets has.

        :param keys: a list, or a mapping of keys to the factors of their scores.
        :param aggregate: what becomes of a member's scores; their sum if not said.
        :param withscores: return pairs of member and score.
        :raises ValueError: ``keys`` is empty; ``aggregate`` is none of these.
        """
        command = ZUNION_WITHSCORES if withscores else ZUNION
        return await self._run(
            command, request.zunion(keys, aggregate, withscores=withscores), timeout, token
        )

    async def zunionstore(
        self,
        dest: Key,
        keys: Iterable[Key] | Mapping[AnyKey, float],
        aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Store the members that any of the sorted sets has.

        :param keys: a list, or a mapping of keys to the factors of their scores.
        :param aggregate: what becomes of a member's scores; their sum if not said.
        :returns: how many there are.
        :raises ValueError: ``keys`` is empty; ``aggregate`` is none of these.
        """
        return await self._run(
            ZUNIONSTORE, request.zunionstore(dest, keys, aggregate), timeout, token
        )
