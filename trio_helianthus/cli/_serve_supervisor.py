"""``helianthus serve``: the supervisor, which starts, watches, restarts and replaces workers."""

from __future__ import annotations

import math
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Final

import attrs
import trio

from trio_helianthus.core import (
    EXIT_CUT,
    Lifecycle,
    Service,
    current_lifecycle,
    open_background_nursery,
    open_service,
    open_signals,
    run,
)

from ._serve_child import start_child
from ._serve_reload import check_reload, watch_files
from ._serve_restarts import RestartLimit
from ._serve_sockets import open_port
from ._serve_systemd import Notifier
from ._serve_worker import CUT, DRAIN, REPLACED

if TYPE_CHECKING:
    from ._serve_arguments import ServeOptions
    from ._serve_child import Child
    from ._serve_sockets import SharedPort

PATIENCE_SECONDS: Final = 2.0
"""How much longer than its own times a worker may take before the supervisor ends it."""

SAME_SIGNAL_SECONDS: Final = 0.2
"""How far apart a signal for all of a terminal's processes may reach two of them."""


def supervise(options: ServeOptions) -> int:
    """Keep workers running until told to stop.

    :returns: the exit code: 0 if all workers drained, 1 if one was cut, if none could start, or
        if they died too often.
    :raises MissingExtraError: ``--reload`` needs the extra ``serve``.
    """
    if options.reload:
        check_reload()
    exit_codes: list[int] = []
    drained = run(
        _supervise,
        options,
        exit_codes,
        # Workers keep their times themselves; these are for one that does not.
        drain_timeout=options.drain_timeout + options.stop_timeout + PATIENCE_SECONDS,
        stop_timeout=options.stop_timeout + 2 * PATIENCE_SECONDS,
    )
    return max(drained, *exit_codes, 0)


async def _supervise(options: ServeOptions, exit_codes: list[int]) -> None:
    lifecycle = current_lifecycle()
    assert lifecycle is not None
    with closing(await open_port(options)) as port, open_service("workers") as service:
        supervisor = _Supervisor(options, port, service, lifecycle, exit_codes)
        service.on_drain(supervisor.drain)
        async with open_background_nursery() as background:
            background.start_soon(supervisor.hear_signals)
            if options.reload:
                background.start_soon(supervisor.hear_changes)
            await service.run(supervisor.work)


@attrs.define(eq=False)
class _Place:
    """Where one worker serves at a time.

    :param sockets: descriptors, which stay open from one worker to the next.
    :param worker: the one that serves here; ``None`` while there is none.
    """

    sockets: list[int]
    worker: Child | None = None


class _Start:
    """The start of a worker, for whoever waits for it, and for reports."""

    def __init__(self) -> None:
        self.child: Child | None = None
        self._known = trio.Event()
        self._succeeded = False

    def tell(self, succeeded: bool) -> None:
        if not self._known.is_set():
            self._succeeded = succeeded
            self._known.set()

    async def succeeded(self) -> bool:
        await self._known.wait()
        return self._succeeded

    def label(self) -> str:
        return "a worker" if self.child is None else f"worker {self.child.pid}"


class _Supervisor:
    """The places, and a task for each process."""

    def __init__(
        self,
        options: ServeOptions,
        port: SharedPort,
        service: Service,
        lifecycle: Lifecycle,
        exit_codes: list[int],
    ) -> None:
        self._options = options
        self._port = port
        self._service = service
        self._lifecycle = lifecycle
        self._exit_codes = exit_codes
        self._places: list[_Place] = []
        self._children: set[Child] = set()
        self._restarts = RestartLimit(options.max_restarts, options.restart_window)
        self._notifier = Notifier()
        self._replacing = trio.Event()
        self._stopping = trio.Event()

    async def work(self) -> None:
        """Start the workers, and replace them whenever asked to."""
        # The first one alone: what keeps it from starting would keep all of them.
        started = await self._start(self._add_place())
        if started:
            started = await self._start_others((self._options.workers or 1) - 1)
        if started:
            self._announce()
        elif self._options.reload:
            _say("waiting for a change")
        else:
            self._give_up("a worker did not start")
        while True:
            await self._replacing.wait()
            self._replacing = trio.Event()
            self._notifier.reloading()
            if await self._replace_all() and not started:
                started = True
                self._announce()
            self._notifier.ready()

    async def hear_signals(self) -> None:
        """Replace all workers on SIGHUP; one more on SIGTTIN, one less on SIGTTOU."""
        with open_signals("SIGHUP", "SIGTTIN", "SIGTTOU") as signals:
            async for name in signals:
                if self._service.draining:
                    return
                if name == "SIGHUP":
                    self._replacing.set()
                elif name == "SIGTTIN":
                    await self._start(self._add_place())
                else:
                    self._remove_place()

    async def hear_changes(self) -> None:
        """Replace the worker whenever a file has changed."""
        async for files in watch_files(self._options, self._stopping):
            more = f" and {len(files) - 1} more" if len(files) > 1 else ""
            _say(f"{files[0]}{more} changed")
            self._replacing.set()

    def drain(self) -> None:
        """Take no more connections, and tell the workers."""
        self._stopping.set()
        self._notifier.stopping()
        self._port.close()
        for child in self._children:
            child.tell(DRAIN)

    # ------------------------------------------------------------ places

    def _add_place(self) -> _Place:
        place = _Place(self._port.add_place())
        self._places.append(place)
        return place

    def _remove_place(self) -> None:
        if len(self._places) == 1:
            _say("the last worker stays")
            return
        place = self._places.pop()
        self._port.remove_place(place.sockets)
        if place.worker is not None:
            place.worker.tell(DRAIN)

    async def _start_others(self, count: int) -> bool:
        starts = [self._begin_start(self._add_place()) for _ in range(count)]
        return all([await start.succeeded() for start in starts])

    async def _start(self, place: _Place) -> bool:
        return await self._begin_start(place).succeeded()

    def _begin_start(self, place: _Place) -> _Start:
        start = _Start()
        self._service.start_soon(self._tend, place, start, label=start.label)
        return start

    async def _replace_all(self) -> bool:
        """Replace workers one after the other: the new one is up before the old one drains."""
        for place in list(self._places):
            if place not in self._places:
                continue
            old = place.worker
            if not await self._start(place):
                _say("the other workers go on as they are")
                return False
            if old is not None:
                await old.ended.wait()
        return True

    # ------------------------------------------------------------ one process

    async def _tend(self, place: _Place, start: _Start) -> None:
        """Keep a worker at a place, until one does not start, or was told to stop."""
        while not self._service.draining:
            ready, child = await self._run_child(place, start)
            if child is not None and child.told:
                self._exit_codes.append(EXIT_CUT if child.exit_code else 0)
                break
            if place.worker is child:
                place.worker = None
            if not ready:
                _say("a worker did not start")
                self._check_left()
                break
            assert child is not None
            if child.exit_code == 0 and await self._drains_soon():
                break
            _say(f"worker {child.pid} died: {child.ending()}")
            pause = self._restarts.pause(trio.current_time())
            if pause == math.inf:
                self._give_up("workers die too often")
                break
            with trio.move_on_after(pause):
                await self._lifecycle.wait_draining()
        start.tell(succeeded=False)

    async def _run_child(self, place: _Place, start: _Start) -> tuple[bool, Child | None]:
        """Run one process to its end; return whether it ever served."""
        try:
            child = await start_child(self._options, place.sockets)
        except OSError as exc:
            _say(f"no process can be started: {exc}")
            return False, None
        self._children.add(child)
        start.child = child
        ready = False
        try:
            if self._service.draining:
                child.tell(DRAIN)
            ready = await child.wait_ready()
            if ready:
                self._take_place(child, place)
                start.tell(succeeded=True)
            await child.wait_end()
        finally:
            if child.exit_code is None:
                await self._cut(child)  # noqa: ASYNC102 - shielded and timed in there
            self._children.remove(child)
            child.close()
        return ready, child

    async def _drains_soon(self) -> bool:
        """Whether what a worker was told we are just being told as well, as by Ctrl-C."""
        with trio.move_on_after(SAME_SIGNAL_SECONDS):
            await self._lifecycle.wait_draining()
        return self._service.draining

    def _take_place(self, child: Child, place: _Place) -> None:
        old, place.worker = place.worker, child
        _say(f"worker {child.pid} serves")
        if old is not None:
            old.tell(REPLACED)
        if place not in self._places:
            child.tell(DRAIN)

    async def _cut(self, child: Child) -> None:
        child.tell(CUT)
        with trio.move_on_after(self._options.stop_timeout + PATIENCE_SECONDS, shield=True):
            await child.wait_end()
        if child.exit_code is None:
            _say(f"worker {child.pid} would not stop, and is killed")
            child.kill()
            with trio.CancelScope(shield=True):
                await child.wait_end()
        self._exit_codes.append(EXIT_CUT)

    # ------------------------------------------------------------ what is told

    def _announce(self) -> None:
        _say(f"listening on {', '.join(self._port.places(self._options.scheme))}")
        self._notifier.ready()

    def _check_left(self) -> None:
        if not self._options.reload and all(place.worker is None for place in self._places):
            self._give_up("no worker is left")

    def _give_up(self, reason: str) -> None:
        self._exit_codes.append(EXIT_CUT)
        self._lifecycle.drain(reason)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
