"""A cache that all processes share, and that does not let them all load the same at once."""

from __future__ import annotations

import json
import random
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import attrs
import trio

from trio_helianthus.core import RetryPolicy, limit, operation, report_error
from trio_helianthus.errors import HelianthusError

from ._cache_entry import is_due
from ._flight import Flight

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from trio_helianthus.core import BackgroundNursery, CancelToken

    from ._cache_store import CacheStore, Found, Place
    from ._values import Key

__all__ = ["Cache", "CacheStatistics", "from_json", "to_json"]

V = TypeVar("V")
K = TypeVar("K", str, bytes)

_ASK_AGAIN: Final = RetryPolicy(initial_delay=0.01, factor=1.5, max_delay=0.1, jitter=0.5)
_MOST_LOADS: Final = 3


@attrs.frozen(kw_only=True)
class CacheStatistics:
    """What one :class:`Cache` object has done so far."""

    hits: int
    """Calls that found a value that was good."""
    stale_hits: int
    """Calls that found a value that was not quite good any more, and got it."""
    misses: int
    """Calls that found nothing."""
    loads: int
    """How often something was loaded, for these calls or in the background."""
    refreshes: int
    """Of those, how often in the background."""
    superseded: int
    """How often what was loaded was not stored, since it was deleted or set meanwhile."""
    unreadable: int
    """How often an entry was found that could not be read, which is a miss."""
    failed_stores: int
    """How often what was loaded could not be stored; the callers got it all the same."""
    loading: int
    """How many entries are being loaded now."""


class Cache(Generic[V]):
    """Keeps values for a while, and loads what is missing; made by :meth:`Redis.cache`."""

    def __init__(
        self,
        store: CacheStore[V],
        nursery: BackgroundNursery,
        *,
        name: str,
        early: float,
        max_refreshes: int,
    ) -> None:
        self.name: Final = name
        """The first part of its keys."""
        self._store = store
        self._nursery = nursery
        self._early = early
        self._max_refreshes = max_refreshes
        self._flights: dict[bytes, Flight[V | None]] = {}
        self._refreshing: set[bytes] = set()
        self._hits = self._stale_hits = self._misses = 0
        self._loads = self._refreshes = self._superseded = self._failed_stores = 0

    async def get(
        self,
        key: K,
        load: Callable[[K], Awaitable[V | None]],
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> V | None:
        """Return the value of a key, from the cache, or else by loading it.

        ::

            user = await users.get("7", load_user)

        While it is loaded for somebody, others who want it wait for that: those of this process
        for the same call, those of other processes for what it stores. A value that is near its
        end, or stale, is returned at once, and loaded anew in the background.

        :param key: which one.
        :param load: async, called with the key. ``None`` means that there is no such thing; it is
            stored only with ``negative_ttl``.
        :param timeout: seconds, for the caller's wait.
        :param token: cancels the caller's wait.
        :raises OperationTimeout: the value was not there in time.
        :raises ValueError: ``key`` is empty.

        What ``load`` raises comes out, for all who wait, and is not stored; in the background it
        is reported (:func:`~trio_helianthus.core.report_error`). It runs in a task of its own.
        Being cancelled leaves others alone that wait for the same; if there are none the load is
        cancelled, too.
        """
        place = self._store.place_of(key)
        loading = partial(load, key)
        with operation("redis.cache"), limit(timeout, token):
            found = await self._store.read(place)
            if found is None:
                self._misses += 1
                return await self._join(place, loading)
            if found.fresh_seconds > 0:
                self._hits += 1
            else:
                self._stale_hits += 1
            if is_due(found.fresh_seconds, found.load_seconds, self._early, random.random()):  # noqa: S311
                self._refresh_soon(place, loading, found)
            return found.value

    def remember(
        self, load: Callable[[K], Awaitable[V | None]]
    ) -> Callable[[K], Coroutine[Any, Any, V | None]]:
        """Return a function that gets what it is called with from the cache; a decorator.

        ::

            @users.remember
            async def find_user(user_id: str) -> User | None: ...

            user = await find_user("7")

        :param load: see :meth:`get`.
        """

        @wraps(load)
        async def remembered(key: K) -> V | None:
            return await self.get(key, load)

        return remembered

    async def set(
        self,
        key: Key,
        value: V | None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Store a value. What is being loaded for the key is not stored any more.

        :param key: which one.
        :param value: ``None``: there is no such thing, with ``negative_ttl``; else it deletes.
        :param timeout: seconds.
        :param token: cancels it.
        """
        data, ms = self._store.encode(value, 0.0)
        if not ms:
            await self.delete(key, timeout=timeout, token=token)
            return
        place = self._store.place_of(key)
        with operation("redis.cache"), limit(timeout, token):
            await self._store.replace(place, data, ms)
        self._flights.pop(place.entry, None)

    async def delete(
        self, *keys: Key, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Delete values.

        What is being loaded for the keys, in whatever process, is not stored any more; for those
        who wait it is loaded again, up to three times.

        :param keys: which ones.
        :param timeout: seconds.
        :param token: cancels it.
        """
        places = [self._store.place_of(key) for key in keys]
        with operation("redis.cache"), limit(timeout, token):
            if places:
                await self._store.delete(places)
            else:
                await trio.lowlevel.checkpoint()
        for place in places:
            self._flights.pop(place.entry, None)

    def statistics(self) -> CacheStatistics:
        """Return what it has done so far."""
        return CacheStatistics(
            hits=self._hits,
            stale_hits=self._stale_hits,
            misses=self._misses,
            loads=self._loads,
            refreshes=self._refreshes,
            superseded=self._superseded,
            unreadable=self._store.unreadable,
            failed_stores=self._failed_stores,
            loading=len(self._flights) + len(self._refreshing),
        )

    async def _join(self, place: Place, load: Callable[[], Awaitable[V | None]]) -> V | None:
        """Wait for a load that goes on, or for a new one."""
        flight = self._flights.get(place.entry)
        if flight is None:

            def end(flight: Flight[V | None]) -> None:
                if self._flights.get(place.entry) is flight:
                    del self._flights[place.entry]

            self._flights[place.entry] = flight = Flight(end)
            flight.start(self._nursery, partial(self._get, place, load))
        return await flight.join()

    async def _get(self, place: Place, load: Callable[[], Awaitable[V | None]]) -> V | None:
        """Load, unless another process does; then wait for what it stores."""
        loader = self._store.new_loader()
        loads, refusals = 0, 0
        try:
            while True:
                is_ours, found = await self._store.claim(place, loader)
                if found is not None:
                    if is_ours:
                        await self._store.let_go(place, loader)
                    return found.value
                if is_ours:
                    loads += 1
                    value, was_wanted = await self._load(place, loader, load)
                    if was_wanted or loads == _MOST_LOADS:
                        return value
                else:
                    refusals += 1
                    await trio.sleep(_ASK_AGAIN.delay(refusals, random.random()))  # noqa: S311
        except BaseException:
            await self._store.let_go(place, loader)  # noqa: ASYNC102 - timed in there
            raise

    async def _load(
        self, place: Place, loader: str, load: Callable[[], Awaitable[V | None]]
    ) -> tuple[V | None, bool]:
        """Load and store; return the value, and whether nobody has deleted it meanwhile.

        After a failure the caller lets go.
        """
        store, keeping = self._store, trio.CancelScope()

        async def keep() -> None:
            with keeping:
                await store.keep_claim(place, loader)

        self._loads += 1
        started = trio.current_time()
        try:
            self._nursery.start_soon(keep, name="keep the mark of a load")
            value = await load()
            seconds = trio.current_time() - started
            try:
                was_wanted = await store.store(place, loader, value, seconds)
            except HelianthusError:
                self._failed_stores += 1
                await store.let_go(place, loader)
                return value, True
        finally:
            keeping.cancel(reason="it is loaded")
        self._superseded += not was_wanted
        return value, was_wanted

    def _refresh_soon(
        self, place: Place, load: Callable[[], Awaitable[V | None]], found: Found[V]
    ) -> None:
        """Load anew in the background, unless that goes on, or there is too much of it."""
        if place.entry in self._refreshing or len(self._refreshing) >= self._max_refreshes:
            return
        self._refreshing.add(place.entry)
        self._nursery.start_soon(self._refresh, place, load, found, name="refresh a Redis cache")

    async def _refresh(
        self, place: Place, load: Callable[[], Awaitable[V | None]], known: Found[V]
    ) -> None:
        loader = self._store.new_loader()
        try:
            is_ours, found = await self._store.claim(place, loader)
            if not is_ours:
                return
            if found is not None and found.fresh_seconds > known.fresh_seconds:
                await self._store.let_go(place, loader)  # somebody was faster
                return
            self._refreshes += 1
            try:
                await self._load(place, loader, load)
            except BaseException:
                await self._store.let_go(place, loader)  # noqa: ASYNC102 - timed in there
                raise
        except Exception as exc:
            report_error(exc, where=f"refreshing {place.entry!r} in the background")
        finally:
            self._refreshing.discard(place.entry)


def to_json(value: Any) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def from_json(data: bytes) -> Any:
    """Return what JSON says.

    :raises ValueError: it is none.
    """
    return json.loads(data)
