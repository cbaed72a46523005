# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Ranges of sorted sets: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._command_runner import CommandRunner, T
from .._command_table._sorted_set_ranges import (
    ZRANGE,
    ZRANGE_WITHSCORES,
    ZRANGEBYLEX,
    ZRANGEBYSCORE,
    ZRANGEBYSCORE_WITHSCORES,
    ZRANGESTORE,
    ZREMRANGEBYLEX,
    ZREMRANGEBYRANK,
    ZREMRANGEBYSCORE,
    ZREVRANGE,
    ZREVRANGE_WITHSCORES,
    ZREVRANGEBYLEX,
    ZREVRANGEBYSCORE,
    ZREVRANGEBYSCORE_WITHSCORES,
)
from .._requests import _sorted_set_ranges as request

if TYPE_CHECKING:
    from trio_helianthus.core import CancelToken

    from .._values import Key


class SortedSetRangesCommands(CommandRunner[T]):
    """Ranges of sorted sets."""

    @overload
    async def zrange(
        self,
        name: Key,
        start: Key | float,
        end: Key | float,
        *,
        desc: bool = False,
        withscores: Literal[False] = False,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]: ...
    @overload
    async def zrange(
        self,
        name: Key,
        start: Key | float,
        end: Key | float,
        *,
        desc: bool = False,
        withscores: Literal[True],
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, float]]: ...
    @overload
    async def zrange(
        self,
        name: Key,
        start: Key | float,
        end: Key | float,
        *,
        desc: bool = False,
        withscores: bool,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[tuple[T, float]]: ...
    async def zrange(
        self,
        name: Key,
        start: Key | float,
        end: Key | float,
        *,
        desc: bool = False,
        withscores: bool = False,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[tuple[T, float]]:
        """Return a range of a sorted set; it may be empty.

        :param start: an index; negative: from the end. See ``byscore``, ``bylex``.
        :param end: it is part of it.
        :param desc: from the highest to the lowest; then ``start`` is the higher bound.
        :param withscores: return pairs of member and score.
        :param byscore: ``start`` and ``end`` are scores.
        :param bylex: ``start`` and ``end`` are members.
        :param offset: leave out so many at the beginning.
        :param num: return so many at most; negative: all.
        :raises ValueError: there are both ``withscores`` and ``bylex``; there are both ``byscore``
            and ``bylex``; there is ``offset`` without ``byscore`` or ``bylex``; there is ``offset``
            without ``num``, or the other way round.
        """
        command = ZRANGE_WITHSCORES if withscores else ZRANGE
        return await self._run(
            command,
            request.zrange(
                name,
                start,
                end,
                desc=desc,
                withscores=withscores,
                byscore=byscore,
                bylex=bylex,
                offset=offset,
                num=num,
            ),
            timeout,
            token,
        )

    async def zrangebylex(
        self,
        name: Key,
        min: Key,
        max: Key,
        start: int | None = None,
        num: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]:
        """Return the members in a range, where all scores are the same.

        It is deprecated: use :meth:`zrange` with ``bylex``.

        :param min: ``"[a"``, ``"(a"`` without it, ``"-"`` or ``"+"``.
        :param max: likewise.
        :param start: leave out so many at the beginning.
        :param num: return so many at most; negative: all.
        :raises ValueError: there is ``start`` without ``num``, or the other way round.
        """
        return await self._run(
            ZRANGEBYLEX, request.zrangebylex(name, min, max, start, num), timeout, token
        )

    @overload
    async def zrangebyscore(
        self,
        name: Key,
        min: float | str,
        max: float | str,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]: ...
    @overload
    async def zrangebyscore(
        self,
        name: Key,
        min: float | str,
        max: float | str,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: Literal[True],
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, float]]: ...
    @overload
    async def zrangebyscore(
        self,
        name: Key,
        min: float | str,
        max: float | str,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: bool,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[tuple[T, float]]: ...
    async def zrangebyscore(
        self,
        name: Key,
        min: float | str,
        max: float | str,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[tuple[T, float]]:
        """Return the members with scores in a range.

        It is deprecated: use :meth:`zrange` with ``byscore``.

        :param min: a number, ``"(1.5"`` without it, ``"-inf"`` or ``"+inf"``.
        :param max: likewise.
        :param start: leave out so many at the beginning.
        :param num: return so many at most; negative: all.
        :param withscores: return pairs of member and score.
        :raises ValueError: there is ``start`` without ``num``, or the other way round.
        """
        command = ZRANGEBYSCORE_WITHSCORES if withscores else ZRANGEBYSCORE
        return await self._run(
            command,
            request.zrangebyscore(name, min, max, start, num, withscores=withscores),
            timeout,
            token,
        )

    async def zrangestore(
        self,
        dest: Key,
        name: Key,
        start: Key | float,
        end: Key | float,
        *,
        byscore: bool = False,
        bylex: bool = False,
        desc: bool = False,
        offset: int | None = None,
        num: int | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Store a range of a sorted set as another one.

        :param start: an index; negative: from the end. See ``byscore``, ``bylex``.
        :param end: it is part of it.
        :param byscore: ``start`` and ``end`` are scores.
        :param bylex: ``start`` and ``end`` are members.
        :param desc: from the highest to the lowest.
        :param offset: leave out so many at the beginning.
        :param num: return so many at most; negative: all.
        :returns: how many there are.
        :raises ValueError: there are both ``byscore`` and ``bylex``; there is ``offset`` without
            ``byscore`` or ``bylex``; there is ``offset`` without ``num``, or the other way round.
        """
        return await self._run(
            ZRANGESTORE,
            request.zrangestore(
                dest,
                name,
                start,
                end,
                byscore=byscore,
                bylex=bylex,
                desc=desc,
                offset=offset,
                num=num,
            ),
            timeout,
            token,
        )

    async def zremrangebylex(
        self,
        name: Key,
        min: Key,
        max: Key,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Remove the members in a range, where all scores are the same.

        :param min: ``"[a"``, ``"(a"`` without it, ``"-"`` or ``"+"``.
        :param max: likewise.
        :returns: how many there were.
        """
        return await self._run(ZREMRANGEBYLEX, (b"ZREMRANGEBYLEX", name, min, max), timeout, token)

    async def zremrangebyrank(
        self,
        name: Key,
        min: int,
        max: int,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Remove the members between two ranks.

        :param min: 0 is the first; negative: from the end.
        :param max: it is part of it.
        :returns: how many there were.
        """
        return await self._run(
            ZREMRANGEBYRANK, (b"ZREMRANGEBYRANK", name, min, max), timeout, token
        )

    async def zremrangebyscore(
        self,
        name: Key,
        min: float | str,
        max: float | str,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Remove the members with scores in a range.

        :param min: a number, ``"(1.5"`` without it, ``"-inf"`` or ``"+inf"``.
        :param max: likewise.
        :returns: how many there were.
        """
        return await self._run(
            ZREMRANGEBYSCORE, (b"ZREMRANGEBYSCORE", name, min, max), timeout, token
        )

    @overload
    async def zrevrange(
        self,
        name: Key,
        start: int,
        end: int,
        *,
        withscores: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]: ...
    @overload
    async def zrevrange(
        self,
        name: Key,
        start: int,
        end: int,
        *,
        withscores: Literal[True],
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, float]]: ...
    @overload
    async def zrevrange(
        self,
        name: Key,
        start: int,
        end: int,
        *,
        withscores: bool,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[tuple[T, float]]: ...
    async def zrevrange(
        self,
        name: Key,
        start: int,
        end: int,
        *,
        withscores: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[tuple[T, float]]:
        """Return the members between two ranks, the highest score first.

        It is deprecated: use :meth:`zrange` with ``desc``.

        :param start: 0 is the first; negative: from the end.
        :param end: it is part of it.
        :param withscores: return pairs of member and score.
        """
        command = ZREVRANGE_WITHSCORES if withscores else ZREVRANGE
        return await self._run(
            command, request.zrevrange(name, start, end, withscores=withscores), timeout, token
        )

    async def zrevrangebylex(
        self,
        name: Key,
        max: Key,
        min: Key,
        start: int | None = None,
        num: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]:
        """Return the members in a range, where all scores are the same, the last first.

        It is deprecated: use :meth:`zrange` with ``bylex`` and ``desc``.

        :param max: ``"[a"``, ``"(a"`` without it, ``"-"`` or ``"+"``.
        :param min: likewise.
        :param start: leave out so many at the beginning.
        :param num: return so many at most; negative: all.
        :raises ValueError: there is ``start`` without ``num``, or the other way round.
        """
        return await self._run(
            ZREVRANGEBYLEX, request.zrevrangebylex(name, max, min, start, num), timeout, token
        )

    @overload
    async def zrevrangebyscore(
        self,
        name: Key,
        max: float | str,
        min: float | str,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]: ...
    @overload
    async def zrevrangebyscore(
        self,
        name: Key,
        max: float | str,
        min: float | str,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: Literal[True],
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, float]]: ...
    @overload
    async def zrevrangebyscore(
        self,
        name: Key,
        max: float | str,
        min: float | str,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: bool,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[tuple[T, float]]: ...
    async def zrevrangebyscore(
        self,
        name: Key,
        max: float | str,
        min: float | str,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[tuple[T, float]]:
        """Return the members with scores in a range, the highest first.

        It is deprecated: use :meth:`zrange` with ``byscore`` and ``desc``.

        :param max: a number, ``"(1.5"`` without it, ``"-inf"`` or ``"+inf"``.
        :param min: likewise.
        :param start: leave out so many at the beginning.
        :param num: return so many at most; negative: all.
        :param withscores: return pairs of member and score.
        :raises ValueError: there is ``start`` without ``num``, or the other way round.
        """
        command = ZREVRANGEBYSCORE_WITHSCORES if withscores else ZREVRANGEBYSCORE
        return await self._run(
            command,
            request.zrevrangebyscore(name, max, min, start, num, withscores=withscores),
            timeout,
            token,
        )
