"""The lifespan of an app: one task that starts it up, lives as long as it serves, and ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto
from typing import Any, Final, Literal, TypeAlias

import trio

from trio_helianthus import core
from trio_helianthus.errors import OperationTimeout

from ._messages import ASGI_VERSION, AppError, ASGIApp, LifespanFailed, Message

__all__ = ["SHUTDOWN_SECONDS", "STARTUP_SECONDS", "LifespanMode", "open_lifespan"]

LifespanMode: TypeAlias = Literal["auto", "on", "off"]
"""Whether an app is told of start and end: if it listens, in any case, or never."""

STARTUP_SECONDS: Final = 60.0
SHUTDOWN_SECONDS: Final = 10.0
_SPEC_VERSION: Final = "2.0"  # of the lifespan part


class _Stage(Enum):
    UNASKED = auto()
    STARTING = auto()
    SERVING = auto()
    STOPPING = auto()
    STOPPED = auto()


@asynccontextmanager
async def open_lifespan(
    app: ASGIApp,
    mode: LifespanMode = "auto",
    *,
    startup_timeout: float = STARTUP_SECONDS,
    shutdown_timeout: float = SHUTDOWN_SECONDS,
) -> AsyncIterator[dict[str, Any]]:
    """Start an app up, and shut it down when the body has ended.

    :func:`serve` and :func:`transport` do this by themselves. It is there for an app that is
    mounted in a router::

        async with asgi.open_lifespan(app) as state:
            router.mount("/app", asgi.as_handler(app, state=state))
            await http.serve(router, 8000)

    The app's own part runs in a task of its own. Cancelling the body does not cancel that task:
    it gets ``lifespan.shutdown`` and ``shutdown_timeout`` seconds then, and only while it is
    still starting up it is cancelled at once. What fails in that task while the body runs, such
    as a background job that the app has started there, cancels the body and is raised here.

    :param app: the app.
    :param mode: ``"auto"`` goes on without where the app does not know lifespans, which it says
        by an exception or by returning; ``"on"`` takes that for a failure; ``"off"`` does
        nothing at all. An exception that comes after the app has taken ``lifespan.startup`` is
        reported (:func:`trio_helianthus.core.report_error`) in either case.
    :param startup_timeout: seconds until the app has to be ready.
    :param shutdown_timeout: seconds until it has to be done; it is cancelled then. That is no
        failure where it has said that it has shut down, and just goes on.
    :returns: the state that the app has filled, which each request gets a copy of.
    :raises LifespanFailed: the app says that it failed, or ``mode="on"`` and it does not know
        lifespans. Where the body was cancelled or has raised, a failure to shut down is reported
        instead.
    :raises OperationTimeout: one of the two took too long.
    :raises ValueError: for another mode.
    """
    if mode not in ("auto", "on", "off"):
        raise ValueError(f'lifespan is "auto", "on" or "off", not {mode!r}')
    if mode == "off":
        yield {}
        return
    async with core.open_background_nursery() as background:
        lifespan = _Lifespan(app, required=mode == "on")
        background.start_soon(lifespan.run, name="ASGI lifespan")
        try:
            await lifespan.start_up(startup_timeout)
            yield lifespan.state
        except BaseException:
            failure = await lifespan.shut_down(shutdown_timeout)  # noqa: ASYNC102 - shielded there
            if failure is not None:
                core.report_error(failure, where="the app's shutdown")
            raise
        if (failure := await lifespan.shut_down(shutdown_timeout)) is not None:
            raise failure


class _Lifespan:
    """One app's lifespan, as the task of the app and the task of the server see it."""

    def __init__(self, app: ASGIApp, *, required: bool) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._required = required
        self._stage = _Stage.UNASKED
        self._scope = trio.CancelScope(shield=True)
        self._started = trio.Event()
        self._stop = trio.Event()
        self._ended = trio.Event()
        self._failure: str | None = None
        self._error: Exception | None = None

    async def run(self) -> None:
        """Run the app's task."""
        scope = {
            "type": "lifespan",
            "asgi": {"version": ASGI_VERSION, "spec_version": _SPEC_VERSION},
            "state": self.state,
        }
        try:
            with self._scope:
                await self._app(scope, self._receive, self._send)
        except Exception as exc:
            if self._stage is _Stage.SERVING:
                raise
            if self._scope.cancel_called:
                core.report_error(exc, where="an app that was told to end at once")
            self._error = exc
        finally:
            self._ended.set()
            self._started.set()

    async def start_up(self, timeout: float) -> None:
        """Wait until the app is ready."""
        with trio.move_on_after(timeout) as waiting:
            await self._started.wait()
            if self._failure is not None:
                await self._ended.wait()  # for the exception that is the failure's cause
        if self._failure is not None:
            raise LifespanFailed(f"the app could not start: {self._failure}") from self._error
        if waiting.cancelled_caught:
            raise OperationTimeout(f"the app was not ready within {timeout:g} seconds")
        if self._stage is _Stage.SERVING:
            return
        if self._required:
            raise LifespanFailed("the app does not know lifespans") from self._error
        if self._stage is _Stage.STARTING and self._error is not None:
            # The specification has it go on, but this is hardly an app that knows no lifespans.
            core.report_error(self._error, where="the app's startup")
        self._stage = _Stage.STOPPED

    async def shut_down(self, timeout: float) -> Exception | None:
        """Wait until the app has ended; returns what went wrong."""
        if self._stage is not _Stage.SERVING:
            self._scope.cancel(reason="the app did not start up")
            return None
        self._stop.set()
        with trio.move_on_after(timeout, shield=True) as waiting:
            await self._ended.wait()
        self._scope.cancel(reason="the app's time to shut down is over")
        if self._failure is not None:
            return self._shutdown_failure(self._failure)
        if waiting.cancelled_caught and not self._has_shut_down:
            return OperationTimeout(f"the app did not shut down within {timeout:g} seconds")
        if self._error is not None:
            return self._shutdown_failure(repr(self._error))
        return None

    @property
    def _has_shut_down(self) -> bool:
        """Whether the app has said so, though its task may go on."""
        return self._stage is _Stage.STOPPED

    def _shutdown_failure(self, reason: str) -> LifespanFailed:
        failure = LifespanFailed(f"the app could not shut down: {reason}")
        failure.__cause__ = self._error
        return failure

    async def _receive(self) -> Message:
        if self._stage is _Stage.UNASKED:
            self._stage = _Stage.STARTING
            return {"type": "lifespan.startup"}
        if self._stage is not _Stage.STOPPED and self._failure is None:
            await self._stop.wait()
            if self._stage is _Stage.SERVING:
                self._stage = _Stage.STOPPING
                return {"type": "lifespan.shutdown"}
        if self._stage is not _Stage.STOPPING:
            self._ended.set()  # it asks for more than there is, so it has nothing else to do
        await trio.sleep_forever()
        raise AssertionError

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        word, _, outcome = kind.removeprefix("lifespan.").partition(".")
        expected = {_Stage.STARTING: "startup", _Stage.STOPPING: "shutdown"}.get(self._stage)
        if not kind.startswith("lifespan.") or outcome not in ("complete", "failed"):
            raise AppError(f"a lifespan has no message {kind!r}")
        if word != expected or self._failure is not None:
            raise AppError(f"{kind!r} was sent out of turn")
        if outcome == "failed":
            self._failure = message.get("message", "") or "it gives no reason"
        else:
            self._stage = _Stage.SERVING if word == "startup" else _Stage.STOPPED
        self._started.set()
        await trio.lowlevel.checkpoint()
