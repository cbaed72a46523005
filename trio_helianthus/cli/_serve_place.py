"""``helianthus serve``: a place where one worker serves at a time, and what keeps one there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import attrs
import trio

from trio_helianthus.core import EXIT_CUT, Lifecycle, Service, open_background_nursery

from ._serve_child import start_child
from ._serve_process import say
from ._serve_restarts import RestartLimit
from ._serve_worker import CUT, READY, REPLACED, REPLACED_SECONDS

if TYPE_CHECKING:
    from ._serve_arguments import ServeOptions
    from ._serve_child import Child
    from ._serve_sockets import SharedPort

PATIENCE_SECONDS: Final = 2.0
"""How much longer than its own times a worker may take before the supervisor ends it."""
SAME_SIGNAL_SECONDS: Final = 0.2
"""How far apart a signal for all of a terminal's processes may reach two of them."""
LAST_WORDS_SECONDS: Final = 0.1
"""How long what a worker has said just before its end may take to be heard."""


@attrs.define(eq=False)
class Crew:
    """What the places of one supervisor share, and the processes that serve at them.

    :param restarts: of workers that died.
    :param children: the processes that run.
    :param starting: how many processes are just being started, and not in ``children`` yet.
    :param serves: whether all places once had a worker that served.
    :param exit_code: for the supervisor.
    """

    options: ServeOptions
    port: SharedPort
    service: Service
    lifecycle: Lifecycle
    restarts: RestartLimit
    places: list[Place] = attrs.Factory(list)
    children: set[Child] = attrs.Factory(set)
    starting: int = 0
    serves: bool = False
    exit_code: int = 0

    def add_place(self) -> Place:
        """Make one more place."""
        place = Place(self)
        self.places.append(place)
        return place

    def is_own(self, pid: int) -> bool:
        """Whether a process is, or may be, one of ours."""
        return bool(self.starting) or any(child.pid == pid for child in self.children)

    async def drains_soon(self) -> bool:
        """Whether what a worker was told we are just being told as well, as by Ctrl-C."""
        with trio.move_on_after(SAME_SIGNAL_SECONDS):
            await self.lifecycle.wait_draining()
        return self.service.draining

    def give_up(self, reason: str) -> None:
        """Stop, and say that it went wrong."""
        self.exit_code = EXIT_CUT
        self.lifecycle.drain(reason)


class Start:
    """The start of a worker, for whoever waits for it, and for reports."""

    def __init__(self) -> None:
        self.child: Child | None = None
        self._known = trio.Event()
        self._succeeded = False

    def tell(self, succeeded: bool) -> None:
        """Say how it went. Only the first word counts."""
        if not self._known.is_set():
            self._succeeded = succeeded
            self._known.set()

    async def succeeded(self) -> bool:
        """Wait until it is known whether the worker serves."""
        await self._known.wait()
        return self._succeeded

    def label(self) -> str:
        """Tell which worker it is."""
        return "a worker" if self.child is None else f"worker {self.child.pid}"


class Place:
    """Where one worker serves at a time. Its sockets stay open from one worker to the next.

    A task keeps a worker here: it starts one, waits for its end, and starts the next one. Two do
    so while one worker replaces another. Without any, the sockets are closed, as nobody would
    accept what comes there.
    """

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._sockets: list[int] = []
        self._keepers = 0
        self.worker: Child | None = None
        """The one that serves here; ``None`` while there is none."""
        self.closed = False
        """Whether there is to be no worker any more."""

    async def start(self) -> bool:
        """Start a worker, in place of the one that is here; return whether it serves."""
        return await self.begin_start().succeeded()

    def begin_start(self, *, again: bool = False) -> Start:
        """Start a worker, without waiting.

        :param again: whether it is like one that has served, so that it is tried again if it does
            not start.
        """
        start = Start()
        self._crew.service.start_soon(self._keep, start, again, label=start.label)
        self._keepers += 1
        return start

    def close(self) -> None:
        """Have no worker here any more; the one that is here drains."""
        self.closed = True
        self._crew.places.remove(self)
        self._close_sockets()
        if self.worker is not None:
            self.worker.stop()

    async def _keep(self, start: Start, again: bool) -> None:
        """Keep a worker here until one was told to stop, or there is no use in the next one."""
        try:
            await self._keep_one(start, again)
        finally:
            self._keepers -= 1
            start.tell(succeeded=False)
            if not self._keepers:
                self._be_left()

    async def _keep_one(self, start: Start, served: bool) -> None:
        crew = self._crew
        while not crew.service.draining:
            if not self._sockets:
                self._sockets = crew.port.add_place()
            child = await self._run_one(start)
            if child is not None:
                if self.worker is child:
                    self.worker = None
                if child.told.is_set():
                    return
                if child.was_stopped and await crew.drains_soon():
                    return
            if child is not None and child.ready.is_set():
                served = True
                say(f"worker {child.pid} died: {child.ending()}")
            else:
                say("a worker did not start")
                if not served or crew.options.reload:
                    return
            pause = crew.restarts.pause(trio.current_time())
            if pause == math.inf:
                if not crew.options.reload and child is not None and child.ready.is_set():
                    crew.give_up("workers die too often")
                return
            with trio.move_on_after(pause):
                await crew.lifecycle.wait_draining()

    def _be_left(self) -> None:
        """Take note that nobody keeps a worker here any more."""
        crew = self._crew
        if crew.service.draining:
            return
        if crew.options.reload:
            say("waiting for a change")  # the sockets stay: whoever asks now waits for it, too
            return
        self._close_sockets()
        if not any(place._keepers for place in crew.places):
            if crew.serves:
                crew.give_up("no worker is left")
        elif crew.serves and not self.closed:
            say("the other workers go on without it")

    def _close_sockets(self) -> None:
        self._crew.port.remove_place(self._sockets)
        self._sockets = []

    # ------------------------------------------------------------ one process

    async def _run_one(self, start: Start) -> Child | None:
        """Run one process to its end; ``None`` if the system lets none start."""
        crew = self._crew
        crew.starting += 1
        try:
            child = await start_child(crew.options, self._sockets)
        except OSError as exc:
            say(f"no process can be started: {exc}")
            return None
        finally:
            crew.starting -= 1
        crew.children.add(child)
        start.child = child
        try:
            if crew.service.draining:
                child.stop()
            silent = trio.Event()
            async with open_background_nursery() as background:
                background.start_soon(self._hear, child, start, silent)
                background.start_soon(self._end_if_late, child)
                await child.wait_end()
                if crew.service.draining and child.cut:  # not if it was before all were to stop
                    crew.exit_code = EXIT_CUT
                with trio.move_on_after(LAST_WORDS_SECONDS):
                    await silent.wait()
        finally:
            if child.exit_code is None:
                await self._cut(child)  # noqa: ASYNC102 - shielded and timed in there
            crew.children.remove(child)
            child.close()
        return child

    async def _hear(self, child: Child, start: Start, silent: trio.Event) -> None:
        """Do what the words of a worker are about, until it says no more."""
        while word := await child.hear():
            if word == READY:
                self._take(child)
                start.tell(succeeded=True)
            elif not child.told.is_set() and not await self._crew.drains_soon():
                self._stand_in(child)
        silent.set()

    def _take(self, child: Child) -> None:
        """Let a worker have this place, and the one before it go."""
        child.ready.set()
        old, self.worker = self.worker, child
        say(f"worker {child.pid} serves")
        if old is not None:
            old.tell(REPLACED)
        if self.closed:
            child.stop()

    def _stand_in(self, child: Child) -> None:
        """Start the next worker while this one, which somebody else has told to stop, drains."""
        if self._crew.restarts.pause(trio.current_time()) < math.inf:
            say(f"worker {child.pid} was told to stop, though not by its supervisor")
            child.told.set()
            self.begin_start(again=True)

    async def _end_if_late(self, child: Child) -> None:
        """End a worker that takes too long to start, or to stop when it was told to."""
        options = self._crew.options
        with trio.move_on_after(options.start_timeout + PATIENCE_SECONDS):
            await child.ready.wait()
        if child.ready.is_set():
            await child.told.wait()
            own = REPLACED_SECONDS + options.drain_timeout + options.stop_timeout
            await trio.sleep(own + PATIENCE_SECONDS)
        did = "stop" if child.ready.is_set() else "start"
        say(f"worker {child.pid} would not {did}, and is killed")
        child.kill()

    async def _cut(self, child: Child) -> None:
        child.tell(CUT)
        with trio.move_on_after(self._crew.options.stop_timeout + PATIENCE_SECONDS, shield=True):
            await child.wait_end()
        if child.exit_code is None:
            say(f"worker {child.pid} would not stop, and is killed")
            child.kill()
            with trio.CancelScope(shield=True):
                await child.wait_end()
        self._crew.exit_code = EXIT_CUT
