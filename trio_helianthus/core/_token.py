"""Cancel tokens: cancellation that can be handed around, from any thread, with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import ref

import trio

from trio_helianthus.errors import OperationCancelled

from ._limits import Limit

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

DEFAULT_REASON: Final = "cancelled"


class CancelToken:
    """A switch that is thrown once, from any thread, and cancels whatever depends on it.

    Pass a token to any operation (``token=``), or put several operations under one with
    :meth:`scope`. Cancelling is idempotent: the first reason stays.

    Laws that it keeps:

    1. ``cancelled`` never goes back to false, and ``reason`` never changes once it is set.
    2. A dependent adds itself first and looks at ``cancelled`` afterwards; :meth:`cancel` marks
       the token first and takes the dependents afterwards. So none is missed, and being told
       twice does no harm.
    3. Every step on shared state is one atomic dictionary operation: there is no lock that a
       garbage collection or another thread could find held.
    4. A parent holds its children weakly, a child holds its parents strongly: a child that
       nobody else holds disappears by itself.

    Any thread may cancel a token. A signal handler of the thread that runs trio may not, since
    it can interrupt trio between two of its own steps; it has :meth:`Portal.post` for that.
    """

    __slots__ = ("__weakref__", "_dependents", "_mark", "_parents")

    def __init__(self) -> None:
        self._mark: dict[None, tuple[object]] = {}
        self._dependents: dict[object, Callable[[], CancelToken | _BoundScope | None]] = {}
        self._parents: tuple[CancelToken, ...] = ()

    def __repr__(self) -> str:
        state = f"cancelled: {self.reason!r}" if self.cancelled else "not cancelled"
        return f"<CancelToken {state}>"

    @property
    def cancelled(self) -> bool:
        """Whether the token was cancelled; true from the moment :meth:`cancel` is called."""
        return bool(self._mark)

    @property
    def reason(self) -> object:
        """What the first :meth:`cancel` gave as its reason; ``None`` before that."""
        mark = self._mark.get(None)
        return None if mark is None else mark[0]

    def cancel(self, reason: object = DEFAULT_REASON) -> bool:
        """Cancel the token, its children, and every operation and scope that depends on them.

        Scopes of the calling trio run are cancelled before this returns; those of another run
        soon afterwards, through that run's trio token. A run that has ended is ignored.

        :param reason: anything; operations report it in ``OperationCancelled.reason``.
        :returns: whether this call was the one that cancelled the token.
        """
        text = str(reason)  # if this raises, nothing has happened yet
        was_first = self._set_mark(reason)
        pending: list[CancelToken] = [self] if was_first else []
        while pending:
            for dependent in pending.pop()._take_dependents():
                if isinstance(dependent, _BoundScope):
                    dependent.cancel(text)
                elif dependent._set_mark(reason):
                    pending.append(dependent)
        return was_first

    def child(self) -> CancelToken:
        """Return a token that is cancelled with this one, and can be cancelled without it."""
        return CancelToken.any(self)

    @staticmethod
    def any(*tokens: CancelToken) -> CancelToken:
        """Return a token that is cancelled as soon as any of ``tokens`` is, with its reason."""
        combined = CancelToken()
        combined._parents = tokens
        for parent in tokens:
            key = object()
            forget = _Forget(parent, key)
            parent._dependents[key] = ref(combined, forget)
            if parent.cancelled:
                combined.cancel(parent.reason)
        return combined

    def check(self) -> None:
        """Do nothing, or raise if the token was cancelled; for loops that never wait.

        :raises OperationCancelled: the token was cancelled.
        """
        if self._mark:
            raise OperationCancelled(reason=self.reason)

    async def wait(self) -> object:
        """Wait until the token is cancelled.

        :returns: the reason.

        Being cancelled by an outer scope has no effect on the token.
        """
        await trio.lowlevel.checkpoint()
        if not self._mark:
            with trio.CancelScope() as scope:
                key = self._bind(scope)
                try:
                    await trio.sleep_forever()
                finally:
                    self._unbind(key)
        return self.reason

    def scope(self) -> Limit:
        """Return a context manager whose body is cancelled when the token is.

        :raises OperationCancelled: on entering, if the token is cancelled already; on leaving,
            if the token cut the body short. A body that got to its end keeps its result.

        An outer scope's cancellation always passes untouched.
        """
        return Limit(None, self)

    def guard(self, reason: object = "the guarded block ended") -> Guard:
        """Return a context manager that cancels the token when its body ends, in any way."""
        return Guard(self, reason)

    def _set_mark(self, reason: object) -> bool:
        mark = (reason,)
        return self._mark.setdefault(None, mark) is mark

    def _take_dependents(self) -> list[CancelToken | _BoundScope]:
        taken = []
        while self._dependents:
            try:
                _, resolve = self._dependents.popitem()
            except KeyError:  # another thread was quicker
                break
            if (dependent := resolve()) is not None:
                taken.append(dependent)
        return taken

    def _bind(self, scope: trio.CancelScope) -> object:
        """Cancel ``scope``, which the current task has entered, when the token is cancelled."""
        bound = _BoundScope(scope)
        key = object()
        self._dependents[key] = lambda: bound
        if self._mark:
            bound.cancel(str(self.reason))
        return key

    def _unbind(self, key: object) -> None:
        self._dependents.pop(key, None)


class _BoundScope:
    """A scope with the run that it belongs to."""

    __slots__ = ("_run", "_scope")

    def __init__(self, scope: trio.CancelScope) -> None:
        self._scope = scope
        self._run = trio.lowlevel.current_trio_token()

    def cancel(self, reason: str) -> None:
        try:
            calling_run = trio.lowlevel.current_trio_token()
        except RuntimeError:  # not a thread of trio's
            calling_run = None
        if calling_run is self._run:
            self._scope.cancel(reason=reason)
            return
        try:
            self._run.run_sync_soon(self._cancel_later, reason)
        except trio.RunFinishedError:
            pass

    def _cancel_later(self, reason: str) -> None:
        self._scope.cancel(reason=reason)


class _Forget:
    """Removes a dead child from its parent, without keeping the parent alive."""

    __slots__ = ("_key", "_parent")

    def __init__(self, parent: CancelToken, key: object) -> None:
        self._parent = ref(parent)
        self._key = key

    def __call__(self, _: ref[CancelToken]) -> None:
        if (parent := self._parent()) is not None:
            parent._unbind(self._key)


class Guard:
    """Cancels a token on leaving; see :meth:`CancelToken.guard`."""

    __slots__ = ("_reason", "_token")

    def __init__(self, token: CancelToken, reason: object) -> None:
        self._token = token
        self._reason = reason

    def __enter__(self) -> CancelToken:
        return self._token

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._token.cancel(self._reason)
