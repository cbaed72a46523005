"""A handler's run: in a context of its own, and with a word before it waits."""

from __future__ import annotations

import types
from collections.abc import Callable, Coroutine, Generator
from contextvars import copy_context
from typing import Any, TypeAlias, TypeVar

__all__ = ["Waiting", "go_on_apart", "run_apart"]

_T = TypeVar("_T")

Waiting: TypeAlias = tuple[Coroutine[Any, Any, _T], Callable[..., Any], Any]
"""A coroutine that waits, what runs a function in its context, and what it has said to trio."""


async def run_apart(coroutine: Coroutine[Any, Any, _T], before_waiting: Callable[[], object]) -> _T:
    """Run a coroutine in this task, but in a copy of its context.

    What it sets in context variables ends with it, as it would in a task of its own, which costs
    many times more.

    :param before_waiting: is called each time that it is about to wait for something, so that
        nothing has to be made ready for a coroutine that never waits. It must not raise.
    """
    run = copy_context().run
    try:
        message = run(coroutine.send, None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # a _T, but typeshed has Any
    return await go_on_apart(coroutine, run, message, before_waiting)


@types.coroutine
def go_on_apart(
    coroutine: Coroutine[Any, Any, _T],
    run: Callable[..., Any],
    message: Any,
    before_waiting: Callable[[], object],
) -> Generator[Any, Any, _T]:
    """The rest of :func:`run_apart`, for a coroutine that waits.

    :param run: runs a function in its context.
    :param message: what it has said to trio.
    """
    try:
        while True:
            before_waiting()
            try:
                answer = yield message
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as exc:  # noqa: ASYNC103 - it is the coroutine's to raise
                message = run(coroutine.throw, exc)
            else:
                try:
                    message = run(coroutine.send, answer)
                finally:
                    del answer  # it may hold an error, whose traceback refers to this frame
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # a _T, but typeshed has Any
