# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Sorted sets: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._command_runner import CommandRunner, T
from .._command_table._sorted_sets import (
    ZADD,
    ZADD_INCR,
    ZCARD,
    ZCOUNT,
    ZINCRBY,
    ZLEXCOUNT,
    ZMSCORE,
    ZRANDMEMBER,
    ZRANDMEMBER_WITHSCORES,
    ZRANK,
    ZRANK_WITHSCORE,
    ZREM,
    ZREVRANK,
    ZREVRANK_WITHSCORE,
    ZSCAN,
    ZSCAN_NOSCORES,
    ZSCORE,
)
from .._requests import _sorted_sets as request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trio_helianthus.core import CancelToken

    from .._values import AnyValue, Key, Value


class SortedSetsCommands(CommandRunner[T]):
    """Sorted sets."""

    @overload
    async def zadd(
        self,
        name: Key,
        mapping: Mapping[AnyValue, float],
        *,
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: Literal[False] = False,
        gt: bool = False,
        lt: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int: ...
    @overload
    async def zadd(
        self,
        name: Key,
        mapping: Mapping[AnyValue, float],
        *,
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: Literal[True],
        gt: bool = False,
        lt: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> float | None: ...
    @overload
    async def zadd(
        self,
        name: Key,
        mapping: Mapping[AnyValue, float],
        *,
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: bool,
        gt: bool = False,
        lt: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int | float | None: ...
    async def zadd(
        self,
        name: Key,
        mapping: Mapping[AnyValue, float],
        *,
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: bool = False,
        gt: bool = False,
        lt: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int | float | None:
        """Add members to a sorted set, or change their scores.

        :param mapping: members and their scores.
        :param nx: only new members.
        :param xx: only those that are there.
        :param ch: count also those whose score has changed.
        :param incr: add to the score of the only member.
        :param gt: only scores that grow; new members are added.
        :param lt: only scores that shrink; new members are added.
        :returns: how many are new; with ``incr`` the new score, or ``None`` if the condition does
            not hold.
        :raises ValueError: ``mapping`` is empty; there is ``nx`` with another condition; there are
            both ``gt`` and ``lt``; there is ``incr`` with several members.
        """
        command = ZADD_INCR if incr else ZADD
        return await self._run(
            command,
            request.zadd(name, mapping, nx=nx, xx=xx, ch=ch, incr=incr, gt=gt, lt=lt),
            timeout,
            token,
        )

    async def zcard(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Count the members of a sorted set; 0 without one."""
        return await self._run(ZCARD, (b"ZCARD", name), timeout, token)

    async def zcount(
        self,
        name: Key,
        min: float | str,
        max: float | str,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Count the members with scores in a range.

        :param min: a number, ``"(1.5"`` without it, ``"-inf"`` or ``"+inf"``.
        :param max: likewise.
        """
        return await self._run(ZCOUNT, (b"ZCOUNT", name, min, max), timeout, token)

    async def zincrby(
        self,
        name: Key,
        amount: float,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> float:
        """Add to the score of a member, which is 0 if it is not there.

        :returns: the new score.
        """
        return await self._run(ZINCRBY, (b"ZINCRBY", name, amount, value), timeout, token)

    async def zlexcount(
        self,
        name: Key,
        min: Key,
        max: Key,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Count the members in a range, where all scores are the same.

        :param min: ``"[a"``, ``"(a"`` without it, ``"-"`` or ``"+"``.
        :param max: likewise.
        """
        return await self._run(ZLEXCOUNT, (b"ZLEXCOUNT", name, min, max), timeout, token)

    async def zmscore(
        self,
        key: Key,
        members: Iterable[Value],
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[float | None]:
        """Return the scores of several members; ``None`` stands for one that is not there.

        :raises ValueError: ``members`` is empty.
        """
        return await self._run(ZMSCORE, request.zmscore(key, members), timeout, token)

    @overload
    async def zrandmember(
        self,
        key: Key,
        count: None = None,
        *,
        withscores: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | None: ...
    @overload
    async def zrandmember(
        self,
        key: Key,
        count: int,
        *,
        withscores: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]: ...
    @overload
    async def zrandmember(
        self,
        key: Key,
        count: int,
        *,
        withscores: Literal[True],
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, float]]: ...
    async def zrandmember(
        self,
        key: Key,
        count: int | None = None,
        *,
        withscores: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | list[T] | list[tuple[T, float]] | None:
        """Return any member of a sorted set, or several.

        :param count: how many; negative: the same may come twice.
        :param withscores: return pairs of member and score.
        :raises ValueError: there is ``withscores`` without ``count``.
        """
        command = ZRANDMEMBER_WITHSCORES if withscores else ZRANDMEMBER
        return await self._run(
            command, request.zrandmember(key, count, withscores=withscores), timeout, token
        )

    @overload
    async def zrank(
        self,
        name: Key,
        value: Value,
        *,
        withscore: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int | None: ...
    @overload
    async def zrank(
        self,
        name: Key,
        value: Value,
        *,
        withscore: Literal[True],
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[int, float] | None: ...
    @overload
    async def zrank(
        self,
        name: Key,
        value: Value,
        *,
        withscore: bool,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int | tuple[int, float] | None: ...
    async def zrank(
        self,
        name: Key,
        value: Value,
        *,
        withscore: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int | tuple[int, float] | None:
        """Return where a member stands, the lowest score first.

        :param withscore: return its score, too.
        :returns: 0 is the first; ``None`` if it is not there.
        """
        command = ZRANK_WITHSCORE if withscore else ZRANK
        return await self._run(
            command, request.zrank(name, value, withscore=withscore), timeout, token
        )

    @overload
    async def zrevrank(
        self,
        name: Key,
        value: Value,
        *,
        withscore: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int | None: ...
    @overload
    async def zrevrank(
        self,
        name: Key,
        value: Value,
        *,
        withscore: Literal[True],
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[int, float] | None: ...
    @overload
    async def zrevrank(
        self,
        name: Key,
        value: Value,
        *,
        withscore: bool,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int | tuple[int, float] | None: ...
    async def zrevrank(
        self,
        name: Key,
        value: Value,
        *,
        withscore: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int | tuple[int, float] | None:
        """Return where a member stands, the highest score first.

        :param withscore: return its score, too.
        :returns: 0 is the first; ``None`` if it is not there.
        """
        command = ZREVRANK_WITHSCORE if withscore else ZREVRANK
        return await self._run(
            command, request.zrevrank(name, value, withscore=withscore), timeout, token
        )

    async def zrem(
        self,
        name: Key,
        *values: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Remove members from a sorted set.

        :returns: how many there were.
        :raises ValueError: there are no ``values``.
        """
        return await self._run(ZREM, request.zrem(name, *values), timeout, token)

    @overload
    async def zscan(
        self,
        name: Key,
        cursor: int = 0,
        match: Key | None = None,
        count: int | None = None,
        *,
        no_scores: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[int, list[tuple[T, float]]]: ...
    @overload
    async def zscan(
        self,
        name: Key,
        cursor: int = 0,
        match: Key | None = None,
        count: int | None = None,
        *,
        no_scores: Literal[True],
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[int, list[T]]: ...
    @overload
    async def zscan(
        self,
        name: Key,
        cursor: int = 0,
        match: Key | None = None,
        count: int | None = None,
        *,
        no_scores: bool,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[int, list[tuple[T, float]]] | tuple[int, list[T]]: ...
    async def zscan(
        self,
        name: Key,
        cursor: int = 0,
        match: Key | None = None,
        count: int | None = None,
        *,
        no_scores: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[int, list[tuple[T, float]]] | tuple[int, list[T]]:
        """Return some of the members of a sorted set, and where to go on.

        :param cursor: 0, or what the last call has returned.
        :param match: a pattern, such as ``"user:*"``.
        :param count: how much to look at; about so many are found.
        :param no_scores: return the members only.
        :returns: the next cursor, which is 0 at the end; members with their scores.
        :raises ValueError: ``count`` is less than 1.
        """
        command = ZSCAN_NOSCORES if no_scores else ZSCAN
        return await self._run(
            command, request.zscan(name, cursor, match, count, no_scores=no_scores), timeout, token
        )

    async def zscore(
        self,
        name: Key,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> float | None:
        """Return the score of a member.

        :returns: ``None`` if it is not there.
        """
        return await self._run(ZSCORE, (b"ZSCORE", name, value), timeout, token)
