"""Tries something again, as long as it makes sense."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

import trio

from ._limits import limit, remaining_time
from ._retry_policy import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._retry_budget import RetryBudget
    from ._token import CancelToken

    WhichErrors: TypeAlias = (
        type[Exception] | tuple[type[Exception], ...] | Callable[[Exception], bool]
    )

_T = TypeVar("_T")
_DEFAULT_POLICY: Final = RetryPolicy()


async def retry(
    async_fn: Callable[[], Awaitable[_T]],
    *,
    on: WhichErrors,
    policy: RetryPolicy = _DEFAULT_POLICY,
    hint: Callable[[Exception], float | None] | None = None,
    budget: RetryBudget | None = None,
    timeout: float | None = None,
    token: CancelToken | None = None,
) -> _T:
    """Call a function until it returns, or its error shall come out.

    ::

        rows = await core.retry(fetch_rows, on=errors.NetworkError, timeout=10)

    All attempts and waits are held to one deadline, the earliest of ``timeout`` and the scopes
    around the call. Where the next wait would not end before it, the last error comes out at once
    and not a timeout later on. The error that comes out has a note that tells of the attempts.

    Use it only for what may be done twice, and at one floor of a program: retries of retries
    multiply.

    :param async_fn: does one attempt.
    :param on: which errors are worth another attempt: classes, or a function that decides. Any
        other comes out at once, as cancellation does.
    :param policy: how often, and after which waits.
    :param hint: finds in an error how many seconds the other side asked to wait, as servers do by
        ``Retry-After``; ``None`` if it did not.
    :param budget: what retries are paid from; without means the error comes out.
    :param timeout: seconds for all attempts; ``None`` is no limit.
    :param token: ends it, at any time.
    :returns: what the function returned.
    :raises OperationTimeout: the time was up in the middle of an attempt.
    :raises OperationCancelled: the token was cancelled.
    """
    worth_it = _decider(on)
    with limit(timeout, token):
        if budget is not None:
            budget.deposit()
        began, failures = trio.current_time(), 0
        while True:
            try:
                return await async_fn()
            except Exception as exc:
                if not worth_it(exc):
                    raise
                failures += 1
                delay = policy.next_delay(
                    failures,
                    chance=random.random(),  # noqa: S311 - nobody gains by guessing it
                    hint=None if hint is None else hint(exc),
                    time_left=remaining_time(),
                )
                if delay is None or (budget is not None and not budget.withdraw()):
                    exc.add_note(_account(failures, trio.current_time() - began))
                    raise
            await trio.sleep(delay)


def _account(attempts: int, seconds: float) -> str:
    times = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    return f"retry: gave up after {times} in {seconds:.3g} seconds"


def _decider(on: WhichErrors) -> Callable[[Exception], bool]:
    if isinstance(on, (type, tuple)):
        classes = on
        return lambda error: isinstance(error, classes)
    return on
