"""``helianthus serve``: the supervisor, which starts, watches, restarts and replaces workers."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import trio

from trio_helianthus.core import (
    current_lifecycle,
    open_background_nursery,
    open_service,
    open_signals,
    run,
)

from ._serve_orphans import reap_orphans
from ._serve_place import PATIENCE_SECONDS, Crew
from ._serve_process import say
from ._serve_reload import check_reload, watch_files
from ._serve_restarts import RestartLimit
from ._serve_sockets import open_port
from ._serve_systemd import Notifier

if TYPE_CHECKING:
    from ._serve_arguments import ServeOptions
    from ._serve_process import Terminal


def supervise(options: ServeOptions, terminal: Terminal) -> int:
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
        terminal,
        exit_codes,
        # Workers keep their times themselves; these are for one that does not.
        drain_timeout=options.drain_timeout + options.stop_timeout + PATIENCE_SECONDS,
        stop_timeout=options.stop_timeout + 2 * PATIENCE_SECONDS,
    )
    return max(drained, *exit_codes, 0)


async def _supervise(options: ServeOptions, terminal: Terminal, exit_codes: list[int]) -> None:
    lifecycle = current_lifecycle()
    assert lifecycle is not None
    restarts = RestartLimit(options.max_restarts, options.restart_window)
    with closing(await open_port(options)) as port, open_service("workers") as service:
        crew = Crew(options, port, service, lifecycle, restarts)
        supervisor = _Supervisor(crew, terminal)
        service.on_drain(supervisor.drain)
        try:
            async with open_background_nursery() as background:
                background.start_soon(supervisor.hear_signals)
                background.start_soon(reap_orphans, crew.is_own)
                if options.reload:
                    background.start_soon(supervisor.hear_changes)
                await service.run(supervisor.work)
        finally:
            exit_codes.append(crew.exit_code)


class _Supervisor:
    """Does with its crew what it is told."""

    def __init__(self, crew: Crew, terminal: Terminal) -> None:
        self._crew = crew
        self._terminal = terminal
        self._notifier = Notifier()
        self._replacing = trio.Event()
        self._stopping = trio.Event()

    async def work(self) -> None:
        """Start the workers, and replace them whenever asked to."""
        crew = self._crew
        # The first one alone: what keeps it from starting would keep all of them.
        if await crew.add_place().start() and await self._start_others():
            self._announce()
        elif not crew.options.reload:
            crew.give_up("a worker did not start")
        while True:
            await self._replacing.wait()
            self._replacing = trio.Event()
            if not crew.serves:
                if await self._replace_all():
                    self._announce()
            else:
                self._notifier.reloading()
                await self._replace_all()
                self._notifier.ready()

    async def hear_signals(self) -> None:
        """Replace all workers on SIGHUP; one more on SIGTTIN, one less on SIGTTOU."""
        crew = self._crew
        with open_signals("SIGHUP", "SIGTTIN", "SIGTTOU") as signals:
            async for name in signals:
                if crew.service.draining:
                    continue
                if name == "SIGHUP" and self._terminal.is_gone():
                    crew.lifecycle.drain("SIGHUP, the terminal is gone")
                elif name == "SIGHUP":
                    self._replacing.set()
                elif name == "SIGTTOU":
                    self._remove_place()
                elif not await (place := crew.add_place()).start() and not crew.service.draining:
                    place.close()

    async def hear_changes(self) -> None:
        """Replace the worker whenever a file has changed."""
        async for files in watch_files(self._crew.options, self._stopping):
            more = f" and {len(files) - 1} more" if len(files) > 1 else ""
            say(f"{files[0]}{more} changed")
            self._replacing.set()
            for child in self._crew.children:
                if not child.ready.is_set():  # what is still starting is old now
                    child.told.set()
                    child.kill()

    def drain(self) -> None:
        """Take no more connections, and tell the workers."""
        self._stopping.set()
        self._notifier.stopping()
        self._crew.port.close()
        for child in self._crew.children:
            child.stop()

    def _remove_place(self) -> None:
        if len(self._crew.places) == 1:
            say("the last worker stays")
        else:
            self._crew.places[-1].close()

    async def _start_others(self) -> bool:
        more = (self._crew.options.workers or 1) - 1
        starts = [self._crew.add_place().begin_start() for _ in range(more)]
        return all([await start.succeeded() for start in starts])

    async def _replace_all(self) -> bool:
        """Replace workers one after the other: the new one is up before the old one drains."""
        for place in list(self._crew.places):
            if place.closed:
                continue
            old = place.worker
            if not await place.start():
                if old is not None and not self._replacing.is_set():
                    say("the other workers go on as they are")
                return False
            if old is not None:
                await old.ended.wait()
        return True

    def _announce(self) -> None:
        crew = self._crew
        crew.serves = True
        say(f"listening on {', '.join(crew.port.places(crew.options.scheme))}")
        self._notifier.ready()
