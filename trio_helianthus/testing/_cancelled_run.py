"""One run of a scenario, cancelled at one point or at none, and what is wrong with it."""

from __future__ import annotations

import inspect
import random
import sys
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import AsyncGeneratorType
from typing import Any, Final, TypeAlias, cast

import attrs
import trio

from trio_helianthus.core import checkpoint_budget

from ._leftovers import Leftovers
from ._scheduling_points import SchedulingPoints, WhichTasks
from ._trio_internals import seeded_scheduling
from ._watchdog import Watchdog, Watched
from ._whereabouts import whereabouts

Scenario: TypeAlias = (
    Callable[[], Awaitable[object]] | Callable[[trio.CancelScope], Awaitable[object]]
)
Check: TypeAlias = Callable[[], object]
MakeClock: TypeAlias = Callable[[], trio.abc.Clock]
Errors: TypeAlias = type[Exception] | tuple[type[Exception], ...]

GRACE_STEPS: Final = 20
"""How many turns system tasks have after the scenario, to notice that they are not needed."""


@attrs.frozen
class RunPlan:
    """What stays the same from one run of a sweep to the next."""

    scenario: Scenario
    check: Check | None
    children: WhichTasks | None
    may_raise: Errors
    budget: int | None
    clock: MakeClock | None
    watchdog: Watchdog


@attrs.define
class RunResult:
    """What one run has shown."""

    points: int = 0
    place: str | None = None
    problems: list[str] = attrs.Factory(list)
    error: BaseException | None = None
    ended: bool = True


def run_once(plan: RunPlan, seed: int, cancel_at: int | None) -> RunResult:
    """Run the scenario in a trio run of its own.

    :param cancel_at: the point at which to cancel; ``None`` lets it run to its end.
    :raises BaseException: what is no :exc:`Exception`, such as :exc:`KeyboardInterrupt`, or the
        way in which a test framework skips a test; also out of a group.
    """
    run = _CancelledRun(plan, seed, SchedulingPoints(cancel_at, plan.children))
    leftovers = Leftovers()
    error = None
    with _seeded(seed), leftovers.listening():
        try:
            trio.run(run.main, clock=plan.clock and plan.clock(), instruments=[run.points])
        except (Exception, BaseExceptionGroup, trio.Cancelled) as exc:  # noqa: ASYNC103 - after a run
            if (stop := _what_stops_the_program(exc)) is not None:
                raise stop from None  # noqa: ASYNC104 - the group has it as a member
            error = None if run.has_hung else exc
        finally:
            plan.watchdog.rest()
    return run.result(error, leftovers)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Leave nothing to chance, neither trio's nor that of :mod:`random`."""
    state = random.getstate()
    random.seed(seed)
    try:
        with seeded_scheduling(seed):
            yield
    finally:
        random.setstate(state)


def _what_stops_the_program(error: BaseException) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(_what_stops_the_program, error.exceptions)), None)
    return None if isinstance(error, (Exception, trio.Cancelled)) else error


class _CancelledRun:
    """The main task of a run, and what it has noticed."""

    def __init__(self, plan: RunPlan, seed: int, points: SchedulingPoints) -> None:
        self._seed = seed
        self.points = points
        self._plan = plan
        self._problems: list[str] = []
        self._generators: list[weakref.ref[AsyncGeneratorType[Any, Any]]] = []
        self._watched: Watched | None = None
        self._checking = False
        self._excused = False

    @property
    def has_hung(self) -> bool:
        """Whether it had to be ended."""
        return self._watched is not None and bool(self._watched.hung)

    async def main(self) -> None:
        """Do what each run does: the scenario, its check, and a look around."""
        self._watched = self._plan.watchdog.watch(
            f"seed {self._seed}, point {self.points.cancel_at}"
        )
        self._notice_async_generators()
        if self._plan.budget is not None:
            checkpoint_budget().limit = self._plan.budget
        with self._watched.scope:
            self.points.begin()
            try:
                await self._play()
            finally:
                self.points.end()
            if self._plan.check is not None:
                self._checking = True
                verdict = self._plan.check()
                if inspect.isawaitable(verdict):
                    await verdict
                self._checking = False
            if self.points.cancel_at is None:
                self._notice_what_has_no_points()
            await self._look_around()

    async def _play(self) -> None:
        try:
            if takes_scope(self._plan.scenario):
                with_scope = cast(
                    "Callable[[trio.CancelScope], Awaitable[object]]", self._plan.scenario
                )
                await with_scope(self.points.scope)
            else:
                alone = cast("Callable[[], Awaitable[object]]", self._plan.scenario)
                with self.points.scope:
                    await alone()
        except* self._tolerated():
            self._excused = True

    def _tolerated(self) -> Errors:
        """What may come out: a scenario that was not cancelled has no excuse."""
        return () if self.points.place is None else self._plan.may_raise

    def _notice_what_has_no_points(self) -> None:
        """Without points nothing would be cancelled, and all would seem well."""
        if not self.points.was_entered():
            self._problems.append("it never entered the scope that it was given")
        elif self.points.count == 0:
            there_are = ", ".join(sorted(self.points.not_chosen)) or "none"
            self._problems.append(f"children= chose none of its tasks; there are: {there_are}")

    async def _look_around(self) -> None:
        for _ in range(GRACE_STEPS):
            if not self.points.alive:
                break
            await trio.lowlevel.checkpoint()
        left = sorted(map(whereabouts, self.points.alive))
        self._problems += [f"a task is still alive: {place}" for place in left]
        for reference in self._generators:
            generator = reference()
            if generator is not None and generator.ag_frame is not None:
                self._problems.append(f"an async generator is still open: {generator!r}")

    def _notice_async_generators(self) -> None:
        """Trio's own hooks stay in place behind ours, and trio takes both away after the run."""
        hooks = sys.get_asyncgen_hooks()

        def first_iterated(generator: Any) -> None:
            self._generators.append(weakref.ref(generator))
            if hooks.firstiter is not None:
                hooks.firstiter(generator)

        sys.set_asyncgen_hooks(firstiter=first_iterated)

    def result(self, error: BaseException | None, leftovers: Leftovers) -> RunResult:
        """Sum up the run, which has ended."""
        problems = self._problems
        if self._watched is not None and self._watched.hung:
            what = "it hangs"
            if self._watched.crashed:
                what += ", and goes on when it is cancelled"
            problems, error = [f"{what}; its tasks are:\n{self._watched.hung}"], None
            return RunResult(self.points.count, self.points.place, problems, ended=False)
        if self.points.error is not None:
            problems, error = ["children() failed"], self.points.error
        elif error is not None:
            # Its traceback holds on to what the run had open, so nothing more can be told.
            what = "check()" if self._checking else "the scenario"
            problems = [f"{what} raised {type(error).__name__}: {error}"]
        else:
            if self.points.swallowed and not self._excused:
                problems.append("its Cancelled was swallowed: it never came out of the scope")
            problems += leftovers.found()
        return RunResult(self.points.count, self.points.place, problems, error)


def takes_scope(scenario: Scenario) -> bool:
    """Whether a scenario wants the scope that is cancelled, to enter it itself."""
    try:
        inspect.signature(scenario).bind()
    except TypeError:
        return True
    return False
