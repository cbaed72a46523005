"""Nurseries for background work: services that end last, and a client's tasks that never show."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVarTuple

import trio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

_Args = TypeVarTuple("_Args")


class ServiceNursery:
    """A trio nursery with a second kind of child: services, which work for the other tasks.

    :meth:`start_soon` and :meth:`start` run ordinary children, by trio's rules. Services are
    kept from cancellation until the body and all ordinary children have ended, in whatever way,
    and are cancelled then. A service that fails cancels the body and the ordinary children, and
    its exception comes out of the nursery in a group, as any child's does.
    """

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self._ordinary = 0
        self._services: set[trio.CancelScope] = set()
        self._ordinary_ended = trio.Event()
        self._services_cancelled = False

    @property
    def cancel_scope(self) -> trio.CancelScope:
        """The scope around body and children; cancelling it ends the services last, too."""
        return self._nursery.cancel_scope

    @property
    def child_tasks(self) -> frozenset[trio.lowlevel.Task]:
        """The running children of both kinds."""
        return self._nursery.child_tasks

    def start_soon(
        self,
        async_fn: Callable[[*_Args], Awaitable[object]],
        *args: *_Args,
        name: object = None,
    ) -> None:
        """Run an ordinary child; as :meth:`trio.Nursery.start_soon`."""
        self._ordinary += 1
        self._nursery.start_soon(self._run_ordinary, async_fn, args, name=name or async_fn)

    async def start(
        self, async_fn: Callable[..., Awaitable[object]], *args: object, name: object = None
    ) -> Any:
        """Run an ordinary child and wait until it says that it started; as trio's."""
        self._ordinary += 1
        return await self._nursery.start(
            self._start_ordinary, async_fn, args, name=name or async_fn
        )

    def start_service_soon(
        self,
        async_fn: Callable[[*_Args], Awaitable[object]],
        *args: *_Args,
        name: object = None,
    ) -> None:
        """Run a service."""
        self._nursery.start_soon(self._run_service, async_fn, args, name=name or async_fn)

    async def start_service(
        self, async_fn: Callable[..., Awaitable[object]], *args: object, name: object = None
    ) -> Any:
        """Run a service and wait until it says that it started.

        Until then it is cancelled with the caller, as in :meth:`trio.Nursery.start`.
        """
        return await self._nursery.start(self._start_service, async_fn, args, name=name or async_fn)

    async def _run_ordinary(
        self, async_fn: Callable[..., Awaitable[object]], args: tuple[object, ...]
    ) -> None:
        try:
            await async_fn(*args)
        finally:
            self._count_out()

    async def _start_ordinary(
        self,
        async_fn: Callable[..., Awaitable[object]],
        args: tuple[object, ...],
        *,
        task_status: trio.TaskStatus[Any],
    ) -> None:
        try:
            await async_fn(*args, task_status=task_status)
        finally:
            self._count_out()

    async def _run_service(
        self, async_fn: Callable[..., Awaitable[object]], args: tuple[object, ...]
    ) -> None:
        with trio.CancelScope(shield=True) as scope:
            self._add_service(scope)
            try:
                await async_fn(*args)
            finally:
                self._services.discard(scope)

    async def _start_service(
        self,
        async_fn: Callable[..., Awaitable[object]],
        args: tuple[object, ...],
        *,
        task_status: trio.TaskStatus[Any],
    ) -> None:
        with trio.CancelScope() as scope:
            self._add_service(scope)
            shielding_status = _ShieldOnceStarted(self._nursery, scope, task_status)
            try:
                await async_fn(*args, task_status=shielding_status)
            finally:
                self._services.discard(scope)

    def _add_service(self, scope: trio.CancelScope) -> None:
        self._services.add(scope)
        if self._services_cancelled:
            scope.cancel()

    def _count_out(self) -> None:
        self._ordinary -= 1
        if not self._ordinary:
            self._ordinary_ended.set()

    async def _wait_ordinary_ended(self) -> None:
        while self._ordinary:
            self._ordinary_ended = trio.Event()
            await self._ordinary_ended.wait()

    def _cancel_services(self) -> None:
        self._services_cancelled = True
        for scope in list(self._services):
            scope.cancel(reason="the service nursery's body and children have ended")


class _ShieldOnceStarted:
    """Passes ``started`` on, and from then on keeps outer cancellation from the service."""

    def __init__(
        self, nursery: trio.Nursery, scope: trio.CancelScope, task_status: trio.TaskStatus[Any]
    ) -> None:
        self._nursery = nursery
        self._scope = scope
        self._task_status = task_status
        self._task = trio.lowlevel.current_task()

    def started(self, value: Any = None) -> None:
        self._task_status.started(value)
        # Where the caller was cancelled, trio leaves the task with it, to end there.
        if self._task.parent_nursery is self._nursery:
            self._scope.shield = True


@asynccontextmanager
async def open_service_nursery() -> AsyncIterator[ServiceNursery]:
    """Open a nursery whose service tasks outlive its body and its ordinary children.

    Leaving it waits for the ordinary children, then cancels the services and waits for them.
    Exceptions come out as from :func:`trio.open_nursery`, in one exception group.
    """
    async with trio.open_nursery(strict_exception_groups=True) as nursery:
        services = ServiceNursery(nursery)
        try:
            yield services
        except BaseException:
            nursery.cancel_scope.cancel(reason="the service nursery's body raised")
            raise
        finally:
            try:
                # Bounded by the ordinary children, which outer cancellation does reach.
                with trio.CancelScope(shield=True):
                    await services._wait_ordinary_ended()
            finally:
                services._cancel_services()


class BackgroundNursery:
    """Where a client's own tasks run; see :func:`open_background_nursery`."""

    def __init__(
        self, nursery: trio.Nursery, body: trio.CancelScope, failures: list[BaseException]
    ) -> None:
        self._nursery = nursery
        self._body = body
        self._failures = failures

    @property
    def cancel_scope(self) -> trio.CancelScope:
        """The scope around body and tasks."""
        return self._nursery.cancel_scope

    @property
    def contained(self) -> trio.Nursery:
        """The nursery underneath, for tasks that let no ordinary exception out.

        They are spared a coroutine, through which each of their steps would pass.
        """
        return self._nursery

    def start_soon(
        self,
        async_fn: Callable[[*_Args], Awaitable[object]],
        *args: *_Args,
        name: object = None,
    ) -> None:
        """Run a background task, which is cancelled when the body ends."""
        self._nursery.start_soon(self._run, async_fn, args, name=name or async_fn)

    async def _run(
        self, async_fn: Callable[..., Awaitable[object]], args: tuple[object, ...]
    ) -> None:
        try:
            awaitable = async_fn(*args)
            del args  # a future among them may get the exception, which refers to this frame
            await awaitable
        except BaseException as exc:  # noqa: ASYNC103 - raised when the nursery has ended
            failure = without_cancelled(exc)
            if failure is None:
                raise
            self._failures.append(failure)
            self._body.cancel(reason=f"a background task failed: {failure!r}")
            del failure  # its traceback refers to this frame


@asynccontextmanager
async def open_background_nursery() -> AsyncIterator[BackgroundNursery]:
    """Open a nursery for tasks that a client needs and its user should not have to know of.

    The body's own exception comes out as it is, never in a group; a background failure beside it
    is added as a note. A background failure alone cancels the body and comes out as itself.
    When the body has ended, the background tasks are cancelled.
    """
    body_error: BaseException | None = None
    injected: BaseException | None = None
    failures: list[BaseException] = []
    body = trio.CancelScope()
    try:
        async with trio.open_nursery(strict_exception_groups=True) as nursery:
            background = BackgroundNursery(nursery, body, failures)
            try:
                with body:
                    yield background
            except BaseException as exc:  # noqa: ASYNC103 - raised when the nursery has ended
                if without_cancelled(exc) is None:
                    raise  # whoever was cancelled takes it: the nursery's own scope, or one outside
                body_error = exc
            nursery.cancel_scope.cancel(reason="what they are for has ended")
    except BaseException as exc:  # noqa: ASYNC103 - raised below
        # The tasks let nothing but Cancelled through; trio can add a KeyboardInterrupt.
        injected = _first_leaf(without_cancelled(exc) or exc)
    outcome = _outcome(body_error, injected, failures)
    # Exceptions should not hold, by their tracebacks, what holds them.
    failures.clear()
    del body_error, injected
    if outcome is not None:
        try:
            _raise_as_it_is(outcome)
        finally:
            del outcome


def _outcome(
    body_error: BaseException | None,
    injected: BaseException | None,
    failures: list[BaseException],
) -> BaseException | None:
    """Choose the exception that comes out, and let it tell of the others."""
    candidates = [error for error in (body_error, injected, *failures) if error is not None]
    # A failure wins over a Cancelled beside it, as it would when raised during cancellation.
    errors = [error for error in candidates if without_cancelled(error) is not None]
    errors.sort(key=lambda error: isinstance(error, Exception))  # a KeyboardInterrupt wins over all
    for other in errors[1:]:
        if other is not errors[0]:
            errors[0].add_note(f"in the background: {other!r}")
    return next(iter(errors or candidates), None)


def _raise_as_it_is(error: BaseException) -> NoReturn:
    context = error.__context__
    try:
        raise error
    finally:
        error.__context__ = context  # "raise" has put the body's Cancelled there
        del error, context


def without_cancelled(exc: BaseException) -> BaseException | None:
    """Return what remains of an exception when trio's cancellation is taken out of it."""
    if isinstance(exc, trio.Cancelled):
        return None
    if isinstance(exc, BaseExceptionGroup):
        cancelled, rest = exc.split(trio.Cancelled)
        return exc if cancelled is None else rest
    return exc


def _first_leaf(exc: BaseException) -> BaseException:
    while isinstance(exc, BaseExceptionGroup):
        exc = exc.exceptions[0]
    return exc
