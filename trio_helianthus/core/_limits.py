"""The two limits of every operation, ``timeout=`` and ``token=``, and what each one raises."""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.errors import OperationCancelled, OperationTimeout

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType

    from ._token import CancelToken

_NO_LIMIT: Final = nullcontext()


def limit(timeout: float | None, token: CancelToken | None) -> AbstractContextManager[None]:
    """Return a context manager that holds its body to a timeout and a cancel token.

    Client operations put their whole work under it. Precedence, when several things happen at
    once: an outer scope's :exc:`trio.Cancelled` passes untouched, then the token, then the
    timeout. Where neither limit applies no scope is made.

    :param timeout: seconds for the whole body; ``None`` and ``math.inf`` mean no limit. With 0
        the first checkpoint in the body is the last.
    :param token: cancels the body; ``None`` means no token.
    :raises OperationTimeout: on leaving, if the time was up before the body got to its end.
    :raises OperationCancelled: if the token is cancelled on entering, or cut the body short.
    :raises ValueError: the timeout is negative or not a number.
    """
    if token is None and (timeout is None or timeout == math.inf):
        return _NO_LIMIT
    return Limit(timeout, token)


def remaining_time() -> float:
    """Return the seconds until the effective deadline of the calling task.

    This is what goes on the wire with a call: a duration, so that clocks need not agree.

    :returns: seconds, at least 0; ``math.inf`` where no deadline applies.
    """
    return max(0.0, trio.current_effective_deadline() - trio.current_time())


def check_seconds(name: str, value: float) -> None:
    """Refuse a duration that is negative or not a number."""
    if not value >= 0:  # this way round it catches NaN as well
        raise ValueError(f"{name} must be a number of seconds >= 0, not {value!r}")


class Limit:
    """A cancel scope that turns its own cancellation into an ordinary exception."""

    __slots__ = ("_key", "_scope", "_timeout", "_token")

    def __init__(self, timeout: float | None, token: CancelToken | None) -> None:
        if timeout is not None:
            check_seconds("timeout", timeout)
        self._timeout = timeout
        self._token = token

    @trio.lowlevel.enable_ki_protection
    def __enter__(self) -> None:
        token = self._token
        if token is not None and token.cancelled and trio.current_effective_deadline() != -math.inf:
            token.check()
        timeout = math.inf if self._timeout is None else self._timeout
        self._scope = trio.CancelScope(relative_deadline=timeout)
        self._scope.__enter__()
        if timeout == 0:
            # trio looks at deadlines only when it schedules; an expired one counts at once.
            self._scope.cancel(reason="the timeout is 0")
        if token is not None:
            self._key = token._bind(self._scope)

    @trio.lowlevel.enable_ki_protection
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        token = self._token
        if token is not None:
            token._unbind(self._key)
        # The scope lets everything but its own cancellation pass, outer cancellation above all.
        if not self._scope.__exit__(exc_type, exc, traceback) or not self._scope.cancelled_caught:
            return
        if token is not None and token.cancelled:
            raise OperationCancelled(reason=token.reason) from None
        raise OperationTimeout(seconds=self._timeout) from None
