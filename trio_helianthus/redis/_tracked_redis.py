"""Client-side caching: what was read is kept until the server tells that it has changed."""

from __future__ import annotations

import math
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import attrs
from trio.lowlevel import checkpoint_if_cancelled

from trio_helianthus.core import checkpoint_budget, limit
from trio_helianthus.wire import resp

from ._commands import Commands
from ._finishing import find_command, finish
from ._keys import keys_of
from ._read_cache import ReadCache, copy_of
from ._recipe_keys import bytes_of
from ._recipe_numbers import check_count
from ._reports import command_operation
from ._slots import as_bytes
from ._tracking import Tracking

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from trio_helianthus.core import CancelToken

    from ._backend import Backend
    from ._command import Command
    from ._values import Key

__all__ = ["TrackedRedis", "TrackingStatistics"]

T = TypeVar("T", bytes, str)

# What depends on nothing but the keys: no times to live, no random members, no cursors.
_KEPT: Final = frozenset(
    {
        "BITCOUNT",
        "BITFIELD_RO",
        "BITPOS",
        "GETBIT",
        "GEODIST",
        "GEOHASH",
        "GEOPOS",
        "GEOSEARCH",
        "GEORADIUSBYMEMBER_RO",
        "GEORADIUS_RO",
        "HEXISTS",
        "HGET",
        "HGETALL",
        "HKEYS",
        "HLEN",
        "HMGET",
        "HSTRLEN",
        "HVALS",
        "PFCOUNT",
        "EXISTS",
        "TYPE",
        "LINDEX",
        "LLEN",
        "LPOS",
        "LRANGE",
        "SCARD",
        "SDIFF",
        "SINTER",
        "SINTERCARD",
        "SISMEMBER",
        "SMEMBERS",
        "SMISMEMBER",
        "SUNION",
        "ZRANGE",
        "ZRANGEBYLEX",
        "ZRANGEBYSCORE",
        "ZREVRANGE",
        "ZREVRANGEBYLEX",
        "ZREVRANGEBYSCORE",
        "ZDIFF",
        "ZINTER",
        "ZINTERCARD",
        "ZUNION",
        "ZCARD",
        "ZCOUNT",
        "ZLEXCOUNT",
        "ZMSCORE",
        "ZRANK",
        "ZREVRANK",
        "ZSCORE",
        "XLEN",
        "XRANGE",
        "XREVRANGE",
        "GET",
        "GETRANGE",
        "LCS",
        "MGET",
        "STRLEN",
        "SUBSTR",
    }
)

_CHANGE_ANYTHING: Final = frozenset(
    {"EVAL", "EVALSHA", "FCALL", "FLUSHALL", "FLUSHDB", "FUNCTION RESTORE", "SWAPDB"}
)
"""What may change keys that it does not name."""


@attrs.frozen(kw_only=True)
class TrackingStatistics:
    """What one :class:`TrackedRedis` keeps, and has done so far."""

    entries: int
    """Answers that are kept."""
    bytes: int
    """About how much memory they take."""
    hits: int
    """Reads that were answered from here."""
    misses: int
    """Reads that the server was asked."""
    joined: int
    """Reads that waited for the same of another task."""
    invalidations: int
    """Answers that were forgotten since a key had changed."""
    evictions: int
    """Answers that were forgotten since there were too many."""
    losses: int
    """How often everything was forgotten since a connection was lost."""


class TrackedRedis(Commands[T]):
    """The commands of a client, of which those that read are answered from memory where that is
    known to be up to date; made by :meth:`Redis.tracking`.
    """

    def __init__(
        self,
        backend: Backend,
        cache: ReadCache,
        *,
        prefixes: tuple[bytes, ...],
        is_text: bool,
    ) -> None:
        self._backend = backend
        self._cache = cache
        self._prefixes = prefixes
        self._is_text = is_text
        self._encode = resp.command_encoder(backend.options.engine)
        self._budget = checkpoint_budget()

    async def execute(
        self,
        *args: resp.Argument,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> Any:
        """Run any command; see :meth:`Redis.execute`."""
        return await self._run(find_command(args), args, timeout, token)

    def clear(self) -> None:
        """Forget what is kept."""
        self._cache.clear()

    def statistics(self) -> TrackingStatistics:
        """Return what is kept, and what was done so far."""
        cache = self._cache
        return TrackingStatistics(
            entries=len(cache),
            bytes=cache.bytes,
            hits=cache.hits,
            misses=cache.misses,
            joined=cache.joined,
            invalidations=cache.invalidations,
            evictions=cache.evictions,
            losses=cache.losses,
        )

    async def _run(
        self,
        command: Command,
        args: tuple[resp.Argument, ...],
        timeout: float | None,
        token: CancelToken | None,
    ) -> Any:
        with command_operation(command), limit(timeout, token):
            if command.name in _KEPT:
                answer = await self._read(command, args)
            else:
                answer = await self._pass_on(command, args)
        return finish(command, answer, is_text=self._is_text)

    async def _pass_on(self, command: Command, args: Sequence[resp.Argument]) -> Any:
        """Send a command that is not answered from here."""
        if command.is_readonly:
            return await self._backend.begin(command, args)
        keys = tuple(map(as_bytes, keys_of(command, args)))
        try:
            return await self._backend.begin(command, args)
        finally:
            # The server tells of it behind the answer; whoever has written wants to read that.
            if keys:
                self._cache.invalidate(keys)
            elif command.name in _CHANGE_ANYTHING:
                self._cache.clear()

    async def _read(self, command: Command, args: Sequence[resp.Argument]) -> Any:
        cache, data = self._cache, self._encode(args)
        while True:
            if (entry := cache.find(data)) is not None:
                await checkpoint_if_cancelled()
                cache.hits += 1
                answer = copy_of(entry.answer)
                if self._budget.spend():
                    await self._budget.refill()
                return answer
            load = cache.find_load(data)
            if load is None:
                return await self._load(command, args, data)
            await load.done.wait()
            if load.answer and not load.is_void:
                cache.joined += 1
                return copy_of(load.answer[0])

    async def _load(self, command: Command, args: Sequence[resp.Argument], data: bytes) -> Any:
        cache = self._cache
        keys = tuple(dict.fromkeys(map(as_bytes, keys_of(command, args))))
        cache.misses += 1
        if not keys or not all(key.startswith(self._prefixes or b"") for key in keys):
            return await self._backend.begin(command, args)
        load = cache.begin(data, keys)
        try:
            answer = await self._backend.begin(command, args)
            load.answer.append(answer)
        finally:
            cache.end(data, load)
        return copy_of(answer)


class TrackingOperations(Generic[T]):
    """What of the client caches on its side."""

    _backend: Backend
    _is_text: bool

    @asynccontextmanager
    async def tracking(
        self,
        *,
        prefixes: Iterable[Key] = (),
        max_entries: int = 10_000,
        max_bytes: int = 64 * 1024 * 1024,
        max_age: float = 300.0,
    ) -> AsyncIterator[TrackedRedis[T]]:
        """Keep what is read in memory until the server tells that it has changed.

        ::

            async with r.tracking() as tracked:
                user = await tracked.hgetall("user:7")
                user = await tracked.hgetall("user:7")  # asks nobody

        It has connections of its own, with the options of the client, but in RESP3, on which the
        server is told to track (``CLIENT TRACKING``,
        https://valkey.io/topics/client-side-caching/). All commands may be run on it. Those that
        read, and depend on nothing but their keys, are answered from memory where possible; one
        that several tasks want at a time is sent once. What is written here is not read here in its
        old form; what others write is, until the server's message has come.

        When a connection is lost, or slots of a cluster move, everything is forgotten. A move is
        found out within 5 seconds, a connection that is lost without a sign after
        ``timeouts.health_check`` and ``timeouts.answer``: answers may be too old by that much, or
        by ``max_age`` if that is less. Servers do not tell of ``SWAPDB``.

        :param prefixes: be told of all keys that begin so, whoever reads them, and keep nothing
            else: the server need not remember then who has read what.
        :param max_entries: how many answers are kept.
        :param max_bytes: about how much memory they may take. What is larger is not kept.
        :param max_age: for how many seconds one is kept.
        :raises LocalProtocolError: the server knows no RESP3.
        :raises RedisError: the server refuses to track.
        :raises NetworkError: it cannot be reached.
        :raises ValueError: a limit makes no sense.
        """
        check_count("max_entries", max_entries)
        check_count("max_bytes", max_bytes)
        if not 0 < max_age <= math.inf:
            raise ValueError(f"max_age must be a positive number of seconds, not {max_age!r}")
        if isinstance(prefixes, (str, bytes)):
            raise TypeError("prefixes are a list, not one string")
        cache = ReadCache(max_entries=max_entries, max_bytes=max_bytes, max_age=max_age)
        starts = tuple(map(bytes_of, prefixes))
        options = attrs.evolve(self._backend.options, protocol=3, tracking=Tracking(cache, starts))
        async with self._backend.open_twin(options) as backend:
            yield TrackedRedis(backend, cache, prefixes=starts, is_text=self._is_text)
