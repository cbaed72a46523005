"""``helianthus serve``: an application as long as it serves, from its start to its end."""

from __future__ import annotations

import inspect
import math
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import trio

from trio_helianthus.core import current_lifecycle
from trio_helianthus.errors import HelianthusError, OperationTimeout, ServiceDraining

from ._serve_app import AppNotFound, kind_of, print_own

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ._serve_arguments import Interface

T = TypeVar("T")


class AppFailed(HelianthusError):
    """An application could not start, go on, or end. What it raised was printed."""


@asynccontextmanager
async def open_app(
    found: object, place: str, interface: Interface
) -> AsyncIterator[tuple[Any, Interface]]:
    """Make an application of what was found, as long as the body runs.

    :param found: as :func:`load_app` returns it. What can be awaited is awaited, and an async
        context manager entered; the result is the application.
    :param place: what to call it in messages.
    :param interface: what kind it is said to be.
    :returns: the application, and what kind it is.
    :raises AppNotFound: what was found leads to none.
    :raises AppFailed: it did not open, or what it has opened failed, or did not close.
    """
    is_open = False
    try:
        async with AsyncExitStack() as stack:
            if inspect.isawaitable(found):
                found = await found
            if isinstance(found, AbstractAsyncContextManager):
                found = await stack.enter_async_context(found)
            kind = kind_of(found, place, interface)
            is_open = True
            yield found, kind
    except Exception as exc:
        sole = _sole(exc)
        # Of ours, and not of the application's own code: the message tells enough.
        if isinstance(sole, HelianthusError if is_open else AppNotFound):
            raise sole from None
        print_own(exc)
    else:
        return
    raise AppFailed(f"{place} failed: see the traceback above")


def _sole(exc: Exception) -> Exception:
    """Take what is alone in a group out of it: a nursery of the application has put it there."""
    while isinstance(exc, ExceptionGroup) and len(exc.exceptions) == 1:
        exc = exc.exceptions[0]
    return exc


@asynccontextmanager
async def open_in_time(
    opening: AbstractAsyncContextManager[T], *, start_timeout: float, stop_timeout: float
) -> AsyncIterator[T]:
    """Open something for the time that a program serves, and close it behind that.

    A drain that begins before it is open ends the opening: nothing is lost by that. Closing it
    is shielded from cancellation.

    :param opening: what is opened.
    :param start_timeout: seconds to open it.
    :param stop_timeout: seconds to close it.
    :returns: what comes of opening it.
    :raises OperationTimeout: it took longer, and was cancelled.
    :raises ServiceDraining: a drain began before it was open.
    """
    lifecycle = current_lifecycle()
    assert lifecycle is not None
    is_open = gave_up = False

    def give_up() -> None:
        nonlocal gave_up
        if not is_open:
            gave_up = True
            scope.cancel(reason="told to stop before the application was ready")

    # One scope around all, as what is opened may leave scopes of its own open in this task.
    with trio.CancelScope(deadline=trio.current_time() + start_timeout) as scope:
        lifecycle.on_drain(give_up)
        async with opening as opened:
            is_open = True
            scope.deadline = math.inf
            try:
                yield opened
            finally:
                scope.deadline = trio.current_time() + stop_timeout
                scope.shield = True
    if gave_up:
        raise ServiceDraining("the application was not started: the program is stopping")
    if scope.cancelled_caught:
        state, seconds = ("end", stop_timeout) if is_open else ("start", start_timeout)
        raise OperationTimeout(f"the application did not {state} within {seconds:g} seconds")
