# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Taking from sorted sets: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
from .._command_table._sorted_set_pops import BZMPOP, BZPOPMAX, BZPOPMIN, ZMPOP, ZPOPMAX, ZPOPMIN
from .._requests import _sorted_set_pops as request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._values import Key


class QueuedSortedSetPopsCommands(CommandQueue[T]):
    """Taking from sorted sets."""

    def bzmpop(
        self,
        timeout: float | None,
        numkeys: int,
        keys: Iterable[Key],
        *,
        min: bool = False,
        max: bool = False,
        count: int = 1,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.bzmpop`."""
        self._queue(BZMPOP, request.bzmpop(timeout, numkeys, keys, min=min, max=max, count=count))
        return self

    def bzpopmax(self, keys: Key | Iterable[Key], timeout: float | None = 0) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.bzpopmax`."""
        self._queue(BZPOPMAX, request.bzpopmax(keys, timeout))
        return self

    def bzpopmin(self, keys: Key | Iterable[Key], timeout: float | None = 0) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.bzpopmin`."""
        self._queue(BZPOPMIN, request.bzpopmin(keys, timeout))
        return self

    def zmpop(
        self,
        num_keys: int,
        keys: Iterable[Key],
        *,
        min: bool = False,
        max: bool = False,
        count: int = 1,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zmpop`."""
        self._queue(ZMPOP, request.zmpop(num_keys, keys, min=min, max=max, count=count))
        return self

    def zpopmax(self, name: Key, count: int | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zpopmax`."""
        self._queue(ZPOPMAX, request.zpopmax(name, count))
        return self

    def zpopmin(self, name: Key, count: int | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zpopmin`."""
        self._queue(ZPOPMIN, request.zpopmin(name, count))
        return self
