"""Portals: how foreign threads get work into a trio run, in order and at little cost."""

from __future__ import annotations

import inspect
from collections import deque
from concurrent.futures import Future, InvalidStateError
from contextlib import asynccontextmanager
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, TypeVar, TypeVarTuple, overload

import attrs
import trio

from trio_helianthus.errors import PortalStopped

from ._instrument import report_error
from ._limits import limit
from ._nursery import BackgroundNursery, open_background_nursery, without_cancelled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

    from ._token import CancelToken

_T = TypeVar("_T")
_Args = TypeVarTuple("_Args")

POSTS_PER_PASS: Final = 64
"""How many posts run in a row before trio's other tasks get their turn."""
TIDY_FROM: Final = 64
"""How many delayed posts there have to be before cancelled ones among them are thrown out."""


@attrs.frozen
class PortalStatistics:
    """What a portal has done so far.

    :param posted: posts that were accepted, of all kinds.
    :param wake_ups: how often trio was woken for them; a burst of posts counts once.
    :param waiting: posts that have not run yet; delayed ones not counted.
    :param delayed: delayed posts that are not due yet.
    """

    posted: int
    wake_ups: int
    waiting: int
    delayed: int


class DelayedPost:
    """A post that is not due yet."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[[], object]) -> None:
        self._call: Callable[[], object] | None = call

    @property
    def cancelled(self) -> bool:
        """Whether it is not going to run: it was cancelled, or has run."""
        return self._call is None

    def cancel(self) -> None:
        """Drop it, if it has not run yet. May be called from any thread, and twice."""
        self._call = None

    def _run(self) -> None:
        if (call := self._call) is not None:
            self._call = None
            call()


class Portal:
    """Takes calls from foreign threads, and from signal handlers, into one trio run.

    All methods but :meth:`wait_stopped` may be called from any thread. Calls run one after the
    other in the order in which they came. The queue has no limit of its own: a post never waits,
    so that a signal handler or an audio callback may post; whoever produces without end uses
    :meth:`call`, which waits for its result and so cannot run ahead.
    """

    def __init__(self, background: BackgroundNursery) -> None:
        self._background = background
        self._run = trio.lowlevel.current_trio_token()
        self._posts: deque[Callable[[], object]] = deque()
        self._delayed: list[tuple[float, int, DelayedPost]] = []
        self._delayed_order = count()
        self._tidy_at = TIDY_FROM
        # Re-entrant, as a signal handler may post while its own thread is in here.
        self._lock = RLock()
        self._wake_requested = False
        self._wake_up = trio.Event()
        self._stopping = False
        # Shielded: the body may be waiting, for certain, for a thread that waits for its call.
        self._pumping = trio.CancelScope(shield=True)
        self._stopped = trio.Event()
        self._posted = 0
        self._wake_ups = 0

    def post(self, fn: Callable[[*_Args], object], *args: *_Args) -> None:
        """Have ``fn(*args)`` called in the trio thread soon, without waiting for it.

        :param fn: a synchronous function. If it raises, the portal's ``async with`` block is
            cancelled and the exception comes out of it.
        :raises TypeError: ``fn`` is an async function; those go through :meth:`submit`.
        :raises PortalStopped: the portal was stopped; ``fn`` is not going to be called.
        """
        _check_synchronous(fn)
        with self._lock:
            if self._stopping:
                raise PortalStopped("the portal was stopped")
            self._posts.append(partial(fn, *args))
            self._posted += 1
            self._request_wake_up()

    def post_delayed(
        self, seconds: float, fn: Callable[[*_Args], object], *args: *_Args
    ) -> DelayedPost:
        """Have ``fn(*args)`` called in ``seconds`` from now; stopping the portal drops it.

        :param seconds: at least 0, counted on trio's clock from when trio takes the post.
        :returns: a handle with ``cancel()``.
        :raises PortalStopped: as for :meth:`post`.
        """
        if not 0 <= seconds < inf:
            raise ValueError(f"seconds must be a finite number >= 0, not {seconds!r}")
        _check_synchronous(fn)
        delayed = DelayedPost(partial(fn, *args))
        self.post(self._add_delayed, seconds, delayed)
        return delayed

    @overload
    def submit(
        self,
        fn: Callable[[*_Args], Awaitable[_T]],
        *args: *_Args,
        timeout: float | None = ...,
        token: CancelToken | None = ...,
    ) -> Future[_T]: ...

    @overload
    def submit(
        self,
        fn: Callable[[*_Args], _T],
        *args: *_Args,
        timeout: float | None = ...,
        token: CancelToken | None = ...,
    ) -> Future[_T]: ...

    def submit(
        self,
        fn: Callable[..., Any],
        *args: object,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> Future[Any]:
        """Have ``fn(*args)`` called in the trio thread, and return a future for its result.

        :param fn: a function, synchronous or async. What it raises goes into the future.
        :param timeout: seconds for an async function, from when it starts.
        :param token: cancels an async function.
        :returns: a future. Cancelling it cancels the async function; leaving the portal's block
            lets it fail with :exc:`PortalStopped`.
        :raises PortalStopped: as for :meth:`post`.
        """
        future: Future[Any] = Future()
        self.post(self._start, future, partial(fn, *args), timeout, token)
        return future

    @overload
    def call(
        self,
        fn: Callable[[*_Args], Awaitable[_T]],
        *args: *_Args,
        timeout: float | None = ...,
        token: CancelToken | None = ...,
    ) -> _T: ...

    @overload
    def call(
        self,
        fn: Callable[[*_Args], _T],
        *args: *_Args,
        timeout: float | None = ...,
        token: CancelToken | None = ...,
    ) -> _T: ...

    def call(
        self,
        fn: Callable[..., Any],
        *args: object,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> Any:
        """Call ``fn(*args)`` in the trio thread, wait, and return its result or raise its error.

        The arguments are those of :meth:`submit`.

        :raises OperationTimeout: an async function took longer than ``timeout``.
        :raises OperationCancelled: the token was cancelled.
        :raises PortalStopped: the portal was stopped, or closed before there was a result.
        :raises RuntimeError: called in the trio thread, which would wait for itself.
        """
        if trio.lowlevel.in_trio_run() and trio.lowlevel.current_trio_token() is self._run:
            raise RuntimeError("Portal.call would wait for its own thread; call the function")
        future: Future[Any] = self.submit(fn, *args, timeout=timeout, token=token)
        try:
            return future.result()
        finally:
            future.cancel()  # for a KeyboardInterrupt; without effect where there is a result
            del future  # the exception in it refers to this frame

    def stop(self) -> None:
        """Take no more posts; run those that were taken, then let :meth:`wait_stopped` return.

        Stopping twice is fine.
        """
        with self._lock:
            if not self._stopping:
                self._stopping = True
                self._request_wake_up()

    async def wait_stopped(self) -> None:
        """Wait until :meth:`stop` was called and the posts that came before it have run."""
        await self._stopped.wait()

    def statistics(self) -> PortalStatistics:
        """Return what the portal has done so far."""
        return PortalStatistics(self._posted, self._wake_ups, len(self._posts), len(self._delayed))

    def _request_wake_up(self) -> None:
        if not self._wake_requested:
            self._wake_requested = True
            self._wake_ups += 1
            self._run.run_sync_soon(self._wake)

    def _wake(self) -> None:
        self._wake_up.set()

    async def _pump(self) -> None:
        with self._pumping:
            await self._run_all()
        self._stopped.set()

    async def _run_all(self) -> None:
        while not (self._stopping and not self._posts):
            self._wake_up = trio.Event()
            with self._lock:  # posts from here on ask for a wake-up of their own
                self._wake_requested = False
            self._run_posts(POSTS_PER_PASS)
            self._run_due()
            if self._posts or self._stopping:
                await trio.lowlevel.checkpoint()
            else:
                next_due = self._delayed[0][0] if self._delayed else inf
                with trio.CancelScope(deadline=next_due):
                    await self._wake_up.wait()

    def _close(self) -> None:
        """Stop and run what is left, all of it: a thread may be waiting for its call."""
        self.stop()
        self._pumping.cancel(reason="the portal was closed")
        errors = []
        while self._posts:
            try:
                self._run_posts(inf)
            except BaseException as exc:  # noqa: ASYNC103 - raised below, when all posts have run
                errors.append(exc)
        self._stopped.set()
        for error in errors[1:]:
            report_error(error, where="a post to a portal that was being closed")
        if errors:
            raise errors[0]

    def _run_posts(self, at_most: float) -> None:
        done = 0
        while self._posts and done < at_most:
            self._posts.popleft()()
            done += 1

    def _add_delayed(self, seconds: float, delayed: DelayedPost) -> None:
        if len(self._delayed) >= self._tidy_at:
            self._delayed = [entry for entry in self._delayed if not entry[2].cancelled]
            heapify(self._delayed)
            self._tidy_at = max(TIDY_FROM, 2 * len(self._delayed))
        entry = (trio.current_time() + seconds, next(self._delayed_order), delayed)
        heappush(self._delayed, entry)

    def _run_due(self) -> None:
        now = trio.current_time()
        while self._delayed and self._delayed[0][0] <= now and not self._stopping:
            heappop(self._delayed)[2]._run()

    def _start(
        self,
        future: Future[Any],
        call: Callable[[], Any],
        timeout: float | None,
        token: CancelToken | None,
    ) -> None:
        if future.cancelled():
            _notify_cancelled(future)
            return
        try:
            value = call()
        except Exception as exc:
            _settle(future, exc)
            del future  # the exception in it refers to this frame
            return
        except BaseException as exc:
            _settle(future, exc)
            del future
            raise
        if inspect.iscoroutine(value):
            self._background.start_soon(self._finish, future, value, timeout, token)
        else:
            _settle(future, None, value)

    async def _finish(
        self,
        future: Future[Any],
        coroutine: Coroutine[Any, Any, object],
        timeout: float | None,
        token: CancelToken | None,
    ) -> None:
        with trio.CancelScope() as scope:
            future.add_done_callback(partial(self._cancel_if_asked, scope))
            try:
                with limit(timeout, token):
                    value = await coroutine
            except BaseException as exc:  # noqa: ASYNC103 - ordinary errors are the caller's
                error = without_cancelled(exc)
                _settle(future, error or PortalStopped("the portal was closed during the call"))
                if not isinstance(error, Exception):
                    raise
                del error
            else:
                _settle(future, None, value)
            finally:
                coroutine.close()  # the token may have been cancelled before it began
                del future  # the exception in it refers to this frame

    def _cancel_if_asked(self, scope: trio.CancelScope, future: Future[Any]) -> None:
        if future.cancelled():
            try:
                self._run.run_sync_soon(scope.cancel)
            except trio.RunFinishedError:
                pass


def _check_synchronous(fn: Callable[..., object]) -> None:
    if inspect.iscoroutinefunction(fn):
        raise TypeError(f"a post is a synchronous function; submit and call take {fn!r}, too")


def _settle(future: Future[Any], error: BaseException | None, value: object = None) -> None:
    try:
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)
    except InvalidStateError:
        _notify_cancelled(future)


def _notify_cancelled(future: Future[Any]) -> None:
    """Tell :func:`concurrent.futures.wait` and its like that a future's owner cancelled it."""
    future.set_running_or_notify_cancel()


@asynccontextmanager
async def open_portal() -> AsyncIterator[Portal]:
    """Open a portal into the current trio run.

    Leaving the block stops the portal, runs the posts that it has taken, and cancels the async
    calls that still run. A program that only serves foreign threads waits in the block with
    ``await portal.wait_stopped()``.
    """
    async with open_background_nursery() as background:
        portal = Portal(background)
        background.start_soon(portal._pump)
        try:
            yield portal
        finally:
            portal._close()
