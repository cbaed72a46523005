"""The lifecycle of a program: running, draining, stopped, and a report of how it ended."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import TYPE_CHECKING, Final

import attrs
import trio

from trio_helianthus.errors import ServiceDraining

from ._limits import check_seconds
from ._nursery import open_background_nursery
from ._service import DRAIN_SECONDS, STOP_SECONDS, DrainReport, Service, tell_of_drain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

EXIT_DRAINED: Final = 0
"""The exit code when all work finished by itself."""
EXIT_CUT: Final = 1
"""The exit code when some work had to be cancelled."""
UNWIND_SECONDS: Final = 0.1
"""How long the body may take to return after its last service ended at the drain deadline."""
MAX_NAMES_SHOWN: Final = 10
"""How many names a printed report lists of each kind."""

_current: ContextVar[Lifecycle | None] = ContextVar("trio_helianthus_lifecycle", default=None)


class LifecycleState(Enum):
    """Where a lifecycle stands. It only moves forward."""

    RUNNING = "running"
    DRAINING = "draining"
    STOPPED = "stopped"


@attrs.frozen
class LifecycleReport:
    """How a lifecycle ended.

    :param reason: why the drain began; ``None`` if the body just ended.
    :param services: one report for each service that was running when the drain began.
    :param body_cut: whether the body itself had to be cancelled.
    :param seconds: from the begin of the drain to the end; 0 without a drain.
    """

    reason: str | None
    services: tuple[DrainReport, ...]
    body_cut: bool
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 if everything finished by itself, 1 if something was cut."""
        clean = not self.body_cut and all(service.clean for service in self.services)
        return EXIT_DRAINED if clean else EXIT_CUT

    def __str__(self) -> str:
        verdict = "drained" if self.exit_code == EXIT_DRAINED else "cut"
        lines = [f"{verdict} in {self.seconds:.2f} s ({self.reason or 'the program ended'})"]
        for service in self.services:
            lines.append(
                f"  {service.name}: {service.finished} finished, {len(service.cut)} cut, "
                f"{len(service.stuck)} would not stop"
            )
            lines += _name_lines("cut", service.cut)
            lines += _name_lines("would not stop", service.stuck)
        if self.body_cut:
            lines.append("  main: cut")
        return "\n".join(lines)


class Lifecycle:
    """Drains the services of a program, in two phases, and reports.

    ``serve`` functions enrol their service in the enclosing lifecycle by themselves. On
    :meth:`drain` each stops taking new work and finishes what runs; at the deadline what still
    runs is cancelled, the services first and then the body. Get one from
    :func:`open_lifecycle`, or let :func:`run` make it.
    """

    def __init__(self, *, drain_timeout: float, stop_timeout: float) -> None:
        check_seconds("drain_timeout", drain_timeout)
        check_seconds("stop_timeout", stop_timeout)
        self.drain_timeout: Final = drain_timeout
        self.stop_timeout: Final = stop_timeout
        self._run = trio.lowlevel.current_trio_token()
        self._state = LifecycleState.RUNNING
        self._services: dict[Service, None] = {}
        self._ended_services: list[Service] = []
        self._draining = trio.Event()
        self._reason: str | None = None
        self._began = 0.0
        self._deadline_scope = trio.CancelScope()
        self._body_cut = False
        self._observers: list[Callable[[], object]] = []
        self._watchers: list[Callable[[float], object]] = []
        self._report: LifecycleReport | None = None

    def __repr__(self) -> str:
        return f"<Lifecycle {self._state.value}, {len(self._services)} services>"

    @property
    def state(self) -> LifecycleState:
        """Where it stands."""
        return self._state

    @property
    def report(self) -> LifecycleReport | None:
        """How it ended; ``None`` until it is stopped."""
        return self._report

    def drain(self, reason: str = "asked to stop", *, timeout: float | None = None) -> None:
        """Begin to drain, without waiting. Draining twice is fine: the earlier deadline counts.

        :param reason: for the report.
        :param timeout: seconds that running work may take; ``None`` means the lifecycle's own
            ``drain_timeout``.
        """
        if self._state is LifecycleState.STOPPED:
            return
        seconds = self.drain_timeout if timeout is None else timeout
        check_seconds("timeout", seconds)
        for watcher in self._watchers:
            watcher(seconds)
        for service in list(self._services):
            service.begin_drain(seconds)
        deadline = trio.current_time() + seconds
        self._deadline_scope.deadline = min(self._deadline_scope.deadline, deadline)
        if self._state is LifecycleState.RUNNING:
            self._state = LifecycleState.DRAINING
            self._reason = reason
            self._began = trio.current_time()
            self._draining.set()
            for observer in self._observers:
                tell_of_drain(observer, "lifecycle")

    def cut(self, reason: str = "told to stop at once") -> None:
        """Cancel everything now: a drain with no time left."""
        self.drain(reason, timeout=0)

    async def wait_draining(self) -> None:
        """Wait until a drain begins. This is where a program's body rests while it serves."""
        await self._draining.wait()

    def on_drain(self, observer: Callable[[], object]) -> None:
        """Call ``observer`` when a drain begins, or at once if it has begun.

        What it raises is reported (:func:`report_error`), and does not stop the drain.
        """
        if self._state is LifecycleState.RUNNING:
            self._observers.append(observer)
        else:
            tell_of_drain(observer, "lifecycle")

    @contextmanager
    def enrol(self, service: Service) -> Iterator[None]:
        """Drain ``service`` with this lifecycle while the body runs; for ``serve`` functions.

        :raises ServiceDraining: the lifecycle has left its running state.
        """
        if self._state is not LifecycleState.RUNNING:
            raise ServiceDraining(f"{service.name} was not started: the program is stopping")
        self._services[service] = None
        try:
            yield
        finally:
            del self._services[service]
            if self._state is not LifecycleState.RUNNING:
                self._ended_services.append(service)

    def still_running(self) -> tuple[str, ...]:
        """Return what services still run, by label. May be called from any thread."""
        return tuple(
            f"{service.name}: {label}"
            for service in list(self._services)
            for label in service.still_running()
        )

    async def _supervise(self, body: trio.CancelScope) -> None:
        """Cut the body when the drain deadline has passed and the services are done with it."""
        await self._draining.wait()
        with self._deadline_scope:
            await trio.sleep_forever()
        for service in list(self._services):
            if service._nursery is not None:  # else the body is still setting it up
                await service.drain(0)
        await trio.sleep(UNWIND_SECONDS)
        self._body_cut = True
        body.cancel(reason=f"the drain deadline has passed ({self._reason})")

    def _stop(self) -> None:
        reports = [service.report for service in self._ended_services]
        draining = self._state is LifecycleState.DRAINING
        self._report = LifecycleReport(
            reason=self._reason,
            services=tuple(report for report in reports if report is not None),
            body_cut=self._body_cut,
            seconds=trio.current_time() - self._began if draining else 0.0,
        )
        self._state = LifecycleState.STOPPED


@asynccontextmanager
async def open_lifecycle(
    *, drain_timeout: float = DRAIN_SECONDS, stop_timeout: float = STOP_SECONDS
) -> AsyncIterator[Lifecycle]:
    """Make a lifecycle for what the body serves.

    Leaving the body ends it; :meth:`Lifecycle.drain` makes the body's servers return, so that a
    body that waits for them gets to its end. A body that does not is cancelled after the drain
    deadline, and the context manager then leaves without an exception: the report tells. So it
    does when a server was to be started after the drain began, which :exc:`ServiceDraining` says.

    :param drain_timeout: seconds that running work may take after a drain began.
    :param stop_timeout: seconds that cancelled work may take to clean up before it counts as
        stuck.
    """
    lifecycle = Lifecycle(drain_timeout=drain_timeout, stop_timeout=stop_timeout)
    token = _current.set(lifecycle)
    try:
        async with open_background_nursery() as background:
            with trio.CancelScope() as body:
                background.start_soon(lifecycle._supervise, body)
                try:
                    yield lifecycle
                except (ServiceDraining, BaseExceptionGroup) as exc:
                    if lifecycle.state is LifecycleState.RUNNING or not _only_draining(exc):
                        raise
    finally:
        _current.reset(token)
        lifecycle._stop()


@contextmanager
def open_service(name: str, *, lifecycle: Lifecycle | None = None) -> Iterator[Service]:
    """Make the service of a ``serve`` function, enrolled in its lifecycle while the body runs.

    :param name: appears in reports.
    :param lifecycle: ``None`` means the one that encloses the calling task, if there is one.
    :raises ServiceDraining: the lifecycle is draining or has stopped.
    """
    lifecycle = lifecycle or current_lifecycle()
    if lifecycle is None:
        yield Service(name)
        return
    service = Service(
        name, drain_timeout=lifecycle.drain_timeout, stop_timeout=lifecycle.stop_timeout
    )
    with lifecycle.enrol(service):
        yield service


def current_lifecycle() -> Lifecycle | None:
    """Return the lifecycle that encloses the calling task, if any.

    A trio run that was started from within another one, in a thread, inherits its context, but
    not its lifecycle, which belongs to the other thread.
    """
    lifecycle = _current.get()
    if lifecycle is None or not trio.lowlevel.in_trio_run():
        return None
    return lifecycle if lifecycle._run is trio.lowlevel.current_trio_token() else None


def _only_draining(exc: BaseException) -> bool:
    if isinstance(exc, BaseExceptionGroup):
        return exc.split(ServiceDraining)[1] is None
    return isinstance(exc, ServiceDraining)


def _name_lines(what: str, names: tuple[str, ...]) -> list[str]:
    lines = [f"    {what}: {name}" for name in names[:MAX_NAMES_SHOWN]]
    if len(names) > MAX_NAMES_SHOWN:
        lines.append(f"    {what}: and {len(names) - MAX_NAMES_SHOWN} more")
    return lines
