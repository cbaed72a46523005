"""The client's recipes: what several commands do together, proven in their how-tos."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ._cache import Cache, from_json, to_json
from ._cache_store import CacheStore, CacheTimes
from ._claim import Claim
from ._command_runner import CommandRunner
from ._lease import hold
from ._lease_scripts import LOCK, SEMAPHORE, LeaseScripts
from ._rate_limit import RateLimiter
from ._recipe_keys import as_text
from ._recipe_numbers import check_count, check_span
from ._wakeups import Wakeups

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from trio_helianthus.core import CancelToken

    from ._backend import Backend
    from ._lease import Lease
    from ._values import Key

__all__ = ["RecipeOperations"]

T = TypeVar("T", bytes, str)
V = TypeVar("V")

_SHORTEST_TTL = 0.05


class RecipeOperations(CommandRunner[T]):
    """What of the client is made of several commands."""

    _backend: Backend

    @asynccontextmanager
    async def lock(
        self,
        name: Key,
        *,
        ttl: float = 30.0,
        wait: float | None = None,
        extend: bool = True,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> AsyncIterator[Lease]:
        """Hold a lock while the body runs, so that no other process does the same meanwhile.

        ::

            async with r.lock("invoices") as lease:
                await write_invoices(fence=lease.token)

        Those who wait get it in the order in which they came. It ends by itself after ``ttl``
        seconds, so that one who dies keeps nobody waiting, and is extended in the background three
        times in each of them. **When it is lost the body is cancelled**: when the server did not
        extend it in time, or somebody has deleted it.

        No lock of this kind can promise that there is only one holder: a program may stand still
        longer than ``ttl``, and a server that fails over may forget. What must not be written by
        two has to compare :attr:`Lease.token`. See :doc:`/howto/redis-lock`.

        :param name: what it locks. The keys are ``lock:{name}``, and ``lock-fence:{name}`` with the
            last token.
        :param ttl: seconds for which it is held, at least 0.05; the time after which somebody
            else gets it when its holder has died.
        :param wait: how many seconds to wait while others hold it; 0: do not wait; ``None``: for
            ever.
        :param extend: whether to extend it; else the body has ``ttl`` seconds.
        :param timeout: seconds for getting it, whatever the reason.
        :param token: cancels getting it.
        :raises ResourceBusy: others had it for all of ``wait``.
        :raises LockLost: on leaving: it was lost, and the body was cancelled for that. What the
            body raises by itself comes out instead, with a note.
        :raises OperationTimeout: it was not ours within ``timeout``, or the server was away.
        :raises ValueError: ``name`` is empty, ``ttl`` too short, ``wait`` negative.

        Who is cancelled while it waits leaves nothing behind; if the server cannot be told within
        1 s, a lock that it may have got ends by itself. It is given back also when the body was
        cancelled, within 1 s.
        """
        check_span("ttl", ttl, _SHORTEST_TTL)
        claim = Claim(
            self._lock_scripts,
            self._wakeups,
            "lock",
            name,
            what=f"the lock {as_text(name)!r}",
            ttl=ttl,
        )
        async with hold(
            claim, self._backend, wait=wait, extend=extend, timeout=timeout, token=token
        ) as lease:
            yield lease

    @asynccontextmanager
    async def semaphore(
        self,
        name: Key,
        *,
        limit: int,
        ttl: float = 30.0,
        wait: float | None = None,
        extend: bool = True,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> AsyncIterator[Lease]:
        """Hold one of several permits while the body runs.

        ::

            async with r.semaphore("gpu", limit=4):
                await train()

        It is a :meth:`lock` that ``limit`` may hold at a time, and so with the order of those who
        wait, with extending and with losing it. Times are those of the server's clock.

        :param name: what it guards. The keys are ``semaphore:{name}`` and the like.
        :param limit: how many permits there are. Each caller's own counts: who comes with a larger
            one gets in where others wait.
        :param ttl: see :meth:`lock`, and so for the others.
        :raises ResourceBusy: there was none for all of ``wait``.
        :raises LockLost: on leaving: the permit was lost, and the body was cancelled for that.
        """
        check_span("ttl", ttl, _SHORTEST_TTL)
        check_count("limit", limit)
        claim = Claim(
            self._semaphore_scripts,
            self._wakeups,
            "semaphore",
            name,
            what=f"the permit of {as_text(name)!r}",
            ttl=ttl,
            limit=limit,
        )
        async with hold(
            claim, self._backend, wait=wait, extend=extend, timeout=timeout, token=token
        ) as lease:
            yield lease

    def rate_limiter(
        self,
        name: Key,
        *,
        limit: float,
        per: float,
        burst: float | None = None,
        max_wait: float = 60.0,
    ) -> RateLimiter:
        """Return a rate limiter that all processes share. Nothing is sent until it is used.

        ::

            limiter = r.rate_limiter("api", limit=100, per=60)
            if not (decision := await limiter.try_acquire(user)):
                print("again in", decision.retry_after, "seconds")

        :param name: the first part of its keys, ``rate:name:key``.
        :param limit: how many come in ``per`` seconds, evenly spread; it need not be whole.
        :param per: a time span, in seconds.
        :param burst: how many are allowed at once, at least 1; by default ``limit``.
        :param max_wait: for how many seconds one may wait for its turn; who would have to wait
            longer is refused.
        :raises ValueError: one of them makes no sense.
        """
        return RateLimiter(
            self,
            name,
            limit=limit,
            per=per,
            burst=max(1.0, limit) if burst is None else burst,
            max_wait=max_wait,
        )

    @overload
    def cache(
        self,
        name: str,
        *,
        ttl: float,
        stale_ttl: float = ...,
        negative_ttl: float | None = ...,
        early: float = ...,
        lock_ttl: float = ...,
        max_refreshes: int = ...,
    ) -> Cache[Any]: ...

    @overload
    def cache(
        self,
        name: str,
        *,
        ttl: float,
        stale_ttl: float = ...,
        negative_ttl: float | None = ...,
        early: float = ...,
        lock_ttl: float = ...,
        max_refreshes: int = ...,
        serialize: Callable[[V], bytes],
        deserialize: Callable[[bytes], V],
    ) -> Cache[V]: ...

    def cache(
        self,
        name: str,
        *,
        ttl: float,
        stale_ttl: float = 0.0,
        negative_ttl: float | None = None,
        early: float = 1.0,
        lock_ttl: float = 10.0,
        max_refreshes: int = 100,
        serialize: Callable[[Any], bytes] = to_json,
        deserialize: Callable[[bytes], Any] = from_json,
    ) -> Cache[Any]:
        """Return a cache that all processes share. Nothing is sent until it is used.

        ::

            users = r.cache("users", ttl=300)
            user = await users.get("7", load_user)

        What many want and is not there is loaded once: by one process, and there by one task.
        Make one object for each cache and keep it, as the tasks of a process find each other by it.

        :param name: the first part of its keys, ``cache:{name:key}``.
        :param ttl: for how many seconds a value is good.
        :param stale_ttl: for how many more it is returned while somebody loads it anew.
        :param negative_ttl: for how many seconds it is known that there is no such thing (``load``
            has returned ``None``); ``None``: it is not stored.
        :param early: how much sooner than needed values are loaded anew, in the background, so
            that nobody has to wait for it; 0: never; 1: best for most.
        :param lock_ttl: after how many seconds another process loads when the one that did so has
            died; loads may take longer.
        :param max_refreshes: how many may be loaded in the background at a time; others have to
            wait until they are asked for again.
        :param serialize: makes bytes of a value; by default JSON, which has no tuples or bytes.
        :param deserialize: makes a value of bytes. Where it raises :exc:`ValueError` the value is
            loaded anew.
        :raises ValueError: one of them makes no sense.
        """
        check_span("ttl", ttl, 0.001)
        check_span("stale_ttl", stale_ttl, 0)
        check_span("early", early, 0)
        check_span("lock_ttl", lock_ttl, _SHORTEST_TTL)
        check_count("max_refreshes", max_refreshes)
        if negative_ttl is not None:
            check_span("negative_ttl", negative_ttl, 0.001)
        if not name:
            raise ValueError("a cache's name is not empty")
        times = CacheTimes(
            ttl=ttl, stale_ttl=stale_ttl, negative_ttl=negative_ttl, lock_ttl=lock_ttl
        )
        store = CacheStore(self._backend, name, times, serialize, deserialize)
        return Cache(
            store,
            self._backend.nursery,
            name=name,
            early=early,
            max_refreshes=max_refreshes,
        )

    @cached_property
    def _wakeups(self) -> Wakeups:
        return Wakeups()

    @cached_property
    def _lock_scripts(self) -> LeaseScripts:
        return LeaseScripts(self, LOCK)

    @cached_property
    def _semaphore_scripts(self) -> LeaseScripts:
        return LeaseScripts(self, SEMAPHORE)
