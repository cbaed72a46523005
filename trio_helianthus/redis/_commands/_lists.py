# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Lists: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._command_runner import CommandRunner, T
from .._command_table._lists import (
    BLMOVE,
    BLMPOP,
    BLPOP,
    BRPOP,
    BRPOPLPUSH,
    LINDEX,
    LINSERT,
    LLEN,
    LMOVE,
    LMPOP,
    LPOP,
    LPOS,
    LPUSH,
    LPUSHX,
    LRANGE,
    LREM,
    LSET,
    LTRIM,
    RPOP,
    RPOPLPUSH,
    RPUSH,
    RPUSHX,
)
from .._requests import _lists as request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio_helianthus.core import CancelToken

    from .._values import Key, Value


class ListsCommands(CommandRunner[T]):
    """Lists."""

    async def blmove(
        self,
        first_list: Key,
        second_list: Key,
        timeout: float | None,
        src: Literal["LEFT", "RIGHT"] = "LEFT",
        dest: Literal["LEFT", "RIGHT"] = "RIGHT",
        *,
        token: CancelToken | None = None,
    ) -> T | None:
        """Move an item from a list to another one, as soon as there is one.

        It is sent on a connection of its own. If it is cancelled the server waits no longer.

        :param timeout: how long the server waits, in seconds; 0 or ``None``: for ever.
        :param src: which end is taken from.
        :param dest: which end is added to.
        :returns: what was moved; ``None`` if nothing came in time.
        :raises ValueError: ``src`` is none of these; ``dest`` is none of these; ``timeout`` is
            negative.
        """
        return await self._run(
            BLMOVE, request.blmove(first_list, second_list, timeout, src, dest), None, token
        )

    async def blmpop(
        self,
        timeout: float | None,
        numkeys: int,
        *args: Key,
        direction: Literal["LEFT", "RIGHT"],
        count: int | None = None,
        token: CancelToken | None = None,
    ) -> tuple[T, list[T]] | None:
        """Take items from the first of several lists that has any, as soon as one has.

        It is sent on a connection of its own. If it is cancelled the server waits no longer.

        :param timeout: how long the server waits, in seconds; 0 or ``None``: for ever.
        :param numkeys: how many keys there are.
        :param args: the keys.
        :param direction: which end is taken from.
        :param count: how many items at most.
        :returns: the key, and its items; ``None`` if nothing came in time.
        :raises ValueError: ``timeout`` is negative; the keys are not as many as ``numkeys`` says,
            or none; ``direction`` is none of these; ``count`` is less than 1.
        """
        return await self._run(
            BLMPOP,
            request.blmpop(timeout, numkeys, *args, direction=direction, count=count),
            None,
            token,
        )

    async def blpop(
        self,
        keys: Key | Iterable[Key],
        timeout: float | None = 0,
        *,
        token: CancelToken | None = None,
    ) -> tuple[T, T] | None:
        """Take the first item of the first of several lists that has any, as soon as one has.

        It is sent on a connection of its own. If it is cancelled the server waits no longer.

        :param keys: one, or a list.
        :param timeout: how long the server waits, in seconds; 0 or ``None``: for ever.
        :returns: the key, and its item; ``None`` if nothing came in time.
        :raises ValueError: ``keys`` is empty; ``timeout`` is negative.
        """
        return await self._run(BLPOP, request.blpop(keys, timeout), None, token)

    async def brpop(
        self,
        keys: Key | Iterable[Key],
        timeout: float | None = 0,
        *,
        token: CancelToken | None = None,
    ) -> tuple[T, T] | None:
        """Take the last item of the first of several lists that has any, as soon as one has.

        It is sent on a connection of its own. If it is cancelled the server waits no longer.

        :param keys: one, or a list.
        :param timeout: how long the server waits, in seconds; 0 or ``None``: for ever.
        :returns: the key, and its item; ``None`` if nothing came in time.
        :raises ValueError: ``keys`` is empty; ``timeout`` is negative.
        """
        return await self._run(BRPOP, request.brpop(keys, timeout), None, token)

    async def brpoplpush(
        self, src: Key, dst: Key, timeout: float | None = 0, *, token: CancelToken | None = None
    ) -> T | None:
        """Move the last item of a list to the beginning of another one, when there is one.

        It is deprecated: use :meth:`blmove`.

        It is sent on a connection of its own. If it is cancelled the server waits no longer.

        :param timeout: how long the server waits, in seconds; 0 or ``None``: for ever.
        :returns: what was moved; ``None`` if nothing came in time.
        :raises ValueError: ``timeout`` is negative.
        """
        return await self._run(BRPOPLPUSH, request.brpoplpush(src, dst, timeout), None, token)

    async def lindex(
        self,
        name: Key,
        index: int,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | None:
        """Return an item of a list.

        :param index: 0 is the first; negative: from the end.
        """
        return await self._run(LINDEX, (b"LINDEX", name, index), timeout, token)

    async def linsert(
        self,
        name: Key,
        where: Literal["BEFORE", "AFTER"],
        refvalue: Value,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Insert an item next to the first that is ``refvalue``.

        :returns: the new length; -1 if there is no ``refvalue``, 0 if there is no list.
        :raises ValueError: ``where`` is none of these.
        """
        return await self._run(
            LINSERT, request.linsert(name, where, refvalue, value), timeout, token
        )

    async def llen(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Return the length of a list; 0 without one."""
        return await self._run(LLEN, (b"LLEN", name), timeout, token)

    async def lmove(
        self,
        first_list: Key,
        second_list: Key,
        src: Literal["LEFT", "RIGHT"] = "LEFT",
        dest: Literal["LEFT", "RIGHT"] = "RIGHT",
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | None:
        """Move an item from a list to another one.

        :param src: which end is taken from.
        :param dest: which end is added to.
        :returns: what was moved; ``None`` if there is nothing.
        :raises ValueError: ``src`` is none of these; ``dest`` is none of these.
        """
        return await self._run(
            LMOVE, request.lmove(first_list, second_list, src, dest), timeout, token
        )

    async def lmpop(
        self,
        num_keys: int,
        *args: Key,
        direction: Literal["LEFT", "RIGHT"],
        count: int | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[T, list[T]] | None:
        """Take items from the first of several lists that has any.

        :param num_keys: how many keys there are.
        :param args: the keys.
        :param direction: which end is taken from.
        :param count: how many items at most.
        :returns: the key, and its items; ``None`` if there are none.
        :raises ValueError: the keys are not as many as ``num_keys`` says, or none; ``direction`` is
            none of these; ``count`` is less than 1.
        """
        return await self._run(
            LMPOP, request.lmpop(num_keys, *args, direction=direction, count=count), timeout, token
        )

    @overload
    async def lpop(
        self,
        name: Key,
        count: None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | None: ...
    @overload
    async def lpop(
        self,
        name: Key,
        count: int,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | None: ...
    async def lpop(
        self,
        name: Key,
        count: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | list[T] | None:
        """Take the first item of a list, or several.

        :param count: how many; then they come in a list.
        :returns: ``None`` if there is nothing.
        :raises ValueError: ``count`` is negative.
        """
        return await self._run(LPOP, request.lpop(name, count), timeout, token)

    @overload
    async def lpos(
        self,
        name: Key,
        value: Value,
        rank: int | None = None,
        count: None = None,
        maxlen: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int | None: ...
    @overload
    async def lpos(
        self,
        name: Key,
        value: Value,
        rank: int | None = None,
        *,
        count: int,
        maxlen: int | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[int]: ...
    async def lpos(
        self,
        name: Key,
        value: Value,
        rank: int | None = None,
        count: int | None = None,
        maxlen: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int | list[int] | None:
        """Find an item in a list.

        :param rank: skip matches: 2 begins with the second, -1 with the last, going backwards.
        :param count: how many, then in a list; 0: all.
        :param maxlen: look at so many items; 0: at all.
        :returns: the index; ``None`` if there is none.
        :raises ValueError: ``rank`` is 0; ``count`` is negative; ``maxlen`` is negative.
        """
        return await self._run(LPOS, request.lpos(name, value, rank, count, maxlen), timeout, token)

    async def lpush(
        self,
        name: Key,
        *values: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Insert items at the beginning of a list, the last one first.

        :returns: the new length.
        :raises ValueError: there are no ``values``.
        """
        return await self._run(LPUSH, request.lpush(name, *values), timeout, token)

    async def lpushx(
        self,
        name: Key,
        *values: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Insert items at the beginning of a list, if there is one.

        :returns: the new length.
        :raises ValueError: there are no ``values``.
        """
        return await self._run(LPUSHX, request.lpushx(name, *values), timeout, token)

    async def lrange(
        self,
        name: Key,
        start: int,
        end: int,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]:
        """Return a part of a list; it may be empty.

        :param start: 0 is the first; negative: from the end.
        :param end: it is part of it.
        """
        return await self._run(LRANGE, (b"LRANGE", name, start, end), timeout, token)

    async def lrem(
        self,
        name: Key,
        count: int,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Remove items that have this value.

        :param count: how many; 0: all; negative: from the end.
        :returns: how many there were.
        """
        return await self._run(LREM, (b"LREM", name, count, value), timeout, token)

    async def lset(
        self,
        name: Key,
        index: int,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Set an item of a list.

        :param index: 0 is the first; negative: from the end.
        :raises RedisError: there is no such list, or index.
        """
        return await self._run(LSET, (b"LSET", name, index, value), timeout, token)

    async def ltrim(
        self,
        name: Key,
        start: int,
        end: int,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Keep a part of a list only.

        :param start: 0 is the first; negative: from the end.
        :param end: it is part of it.
        """
        return await self._run(LTRIM, (b"LTRIM", name, start, end), timeout, token)

    @overload
    async def rpop(
        self,
        name: Key,
        count: None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | None: ...
    @overload
    async def rpop(
        self,
        name: Key,
        count: int,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | None: ...
    async def rpop(
        self,
        name: Key,
        count: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | list[T] | None:
        """Take the last item of a list, or several.

        :param count: how many; then they come in a list.
        :returns: ``None`` if there is nothing.
        :raises ValueError: ``count`` is negative.
        """
        return await self._run(RPOP, request.rpop(name, count), timeout, token)

    async def rpoplpush(
        self, src: Key, dst: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> T | None:
        """Move the last item of a list to the beginning of another one.

        It is deprecated: use :meth:`lmove`.

        :returns: what was moved; ``None`` if there is nothing.
        """
        return await self._run(RPOPLPUSH, (b"RPOPLPUSH", src, dst), timeout, token)

    async def rpush(
        self,
        name: Key,
        *values: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Append items to a list; without one, make it.

        :returns: the new length.
        :raises ValueError: there are no ``values``.
        """
        return await self._run(RPUSH, request.rpush(name, *values), timeout, token)

    async def rpushx(
        self,
        name: Key,
        *values: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Append items to a list, if there is one.

        :returns: the new length.
        :raises ValueError: there are no ``values``.
        """
        return await self._run(RPUSHX, request.rpushx(name, *values), timeout, token)
