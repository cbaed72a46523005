# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Taking from sorted sets: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._command_runner import CommandRunner, T
from .._command_table._sorted_set_pops import BZMPOP, BZPOPMAX, BZPOPMIN, ZMPOP, ZPOPMAX, ZPOPMIN
from .._requests import _sorted_set_pops as request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio_helianthus.core import CancelToken

    from .._values import Key


class SortedSetPopsCommands(CommandRunner[T]):
    """Taking from sorted sets."""

    async def bzmpop(
        self,
        timeout: float | None,
        numkeys: int,
        keys: Iterable[Key],
        *,
        min: bool = False,
        max: bool = False,
        count: int = 1,
        token: CancelToken | None = None,
    ) -> tuple[T, list[tuple[T, float]]] | None:
        """Take members from the first of several sorted sets that has any, as soon as one has.

        It is sent on a connection of its own. If it is cancelled the server waits no longer.

        :param timeout: how long the server waits, in seconds; 0 or ``None``: for ever.
        :param numkeys: how many ``keys`` there are.
        :param min: take the lowest scores.
        :param max: take the highest scores.
        :param count: how many at most.
        :returns: the key, and members with their scores; ``None`` if there are none.
        :raises ValueError: ``timeout`` is negative; ``keys`` are not as many as ``numkeys`` says,
            or none; there is neither ``min`` nor ``max``, or both; ``count`` is less than 1.
        """
        return await self._run(
            BZMPOP,
            request.bzmpop(timeout, numkeys, keys, min=min, max=max, count=count),
            None,
            token,
        )

    async def bzpopmax(
        self,
        keys: Key | Iterable[Key],
        timeout: float | None = 0,
        *,
        token: CancelToken | None = None,
    ) -> tuple[T, T, float] | None:
        """Take the member with the highest score, of the first set that has any.

        It is sent on a connection of its own. If it is cancelled the server waits no longer.

        :param keys: one, or a list.
        :param timeout: how long the server waits, in seconds; 0 or ``None``: for ever.
        :returns: key, member and score; ``None`` if nothing came in time.
        :raises ValueError: ``keys`` is empty; ``timeout`` is negative.
        """
        return await self._run(BZPOPMAX, request.bzpopmax(keys, timeout), None, token)

    async def bzpopmin(
        self,
        keys: Key | Iterable[Key],
        timeout: float | None = 0,
        *,
        token: CancelToken | None = None,
    ) -> tuple[T, T, float] | None:
        """Take the member with the lowest score, of the first set that has any.

        It is sent on a connection of its own. If it is cancelled the server waits no longer.

        :param keys: one, or a list.
        :param timeout: how long the server waits, in seconds; 0 or ``None``: for ever.
        :returns: key, member and score; ``None`` if nothing came in time.
        :raises ValueError: ``keys`` is empty; ``timeout`` is negative.
        """
        return await self._run(BZPOPMIN, request.bzpopmin(keys, timeout), None, token)

    async def zmpop(
        self,
        num_keys: int,
        keys: Iterable[Key],
        *,
        min: bool = False,
        max: bool = False,
        count: int = 1,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[T, list[tuple[T, float]]] | None:
        """Take members from the first of several sorted sets that has any.

        :param num_keys: how many ``keys`` there are.
        :param min: take the lowest scores.
        :param max: take the highest scores.
        :param count: how many at most.
        :returns: the key, and members with their scores; ``None`` if there are none.
        :raises ValueError: ``keys`` are not as many as ``num_keys`` says, or none; there is neither
            ``min`` nor ``max``, or both; ``count`` is less than 1.
        """
        return await self._run(
            ZMPOP, request.zmpop(num_keys, keys, min=min, max=max, count=count), timeout, token
        )

    async def zpopmax(
        self,
        name: Key,
        count: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, float]]:
        """Take the members with the highest scores.

        :param count: how many; 1 if not said.
        :raises ValueError: ``count`` is negative.
        """
        return await self._run(ZPOPMAX, request.zpopmax(name, count), timeout, token)

    async def zpopmin(
        self,
        name: Key,
        count: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, float]]:
        """Take the members with the lowest scores.

        :param count: how many; 1 if not said.
        :raises ValueError: ``count`` is negative.
        """
        return await self._run(ZPOPMIN, request.zpopmin(name, count), timeout, token)
