"""Cancels a scenario at each of its scheduling points, and looks for what goes wrong."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

import attrs
import trio

from ._cancelled_run import Check, Errors, MakeClock, RunPlan, RunResult, Scenario, run_once
from ._leftovers import cannot_look_for
from ._scheduling_points import WhichTasks
from ._trio_internals import lost_abilities
from ._watchdog import Watchdog

SWEEP_SEEDS: Final = (1, 2, 3)
"""The seeds of a full sweep; a quick one takes the first."""

SWEEP_POINTS: Final = 100
"""How many points of each seed a quick sweep tries at most."""

RUN_SECONDS: Final = 20.0
"""After how many real seconds a single run counts as hanging."""


class CancelSweepError(AssertionError):
    """A scenario went wrong at one of its points.

    The notes tell the point, which task was there and where, and the call that repeats it. The
    exception that came out, if there was one, is the cause.
    """

    def __init__(self, message: str, *, seed: int, point: int | None) -> None:
        super().__init__(message)
        self.seed: Final = seed
        """The seed of the run."""
        self.point: Final = point
        """The number of the point; ``None`` if the scenario fails without being cancelled."""


@attrs.frozen
class CancelSweepReport:
    """What a sweep has tried."""

    seeds: tuple[int, ...]
    """The seeds."""
    points: int
    """How many points the scenario has, with all seeds together."""
    runs: int
    """How often the scenario ran and was cancelled."""
    skipped: int
    """How many points were left out, because there were more than ``max_points``."""
    missed: int
    """How many runs ended before they came to their point, as real sockets and threads let them."""
    seconds: float
    """How long it took, in real time."""
    unchecked: tuple[str, ...]
    """What this platform, or this version of trio, did not let the sweep look for."""

    def __str__(self) -> str:
        seeds = "1 seed" if len(self.seeds) == 1 else f"{len(self.seeds)} seeds"
        said = f"{self.runs} of {self.points} points, {seeds}, {self.seconds:.1f} s"
        if self.skipped:
            said += f"; {self.skipped} skipped, evenly spread (HELIANTHUS_SWEEP=all tries them)"
        if self.missed:
            said += f"; {self.missed} no longer came"
        return "; ".join([said, *self.unchecked])


def cancel_sweep(
    scenario: Scenario,
    *,
    seeds: Iterable[int] | None = None,
    points: Iterable[int] | None = None,
    max_points: int | None = None,
    check: Check | None = None,
    children: bool | WhichTasks = False,
    may_raise: Errors = (),
    checkpoint_budget: int | None = None,
    clock: MakeClock | None = None,
    run_seconds: float = RUN_SECONDS,
) -> CancelSweepReport:
    """Run ``scenario`` to its end to count its points, then once for each with a cancel there.

    A point is a moment before or after a step of any of the scenario's tasks: so each wait is
    cancelled in the middle, and also when it has just succeeded and its task does not know yet.
    The first point is before the scenario begins. ::

        async def fetch_twice() -> None:
            async with open_pool(size=1) as pool:
                await pool.fetch()
                await pool.fetch()

        def test_the_pool_may_be_cancelled_anywhere() -> None:
            cancel_sweep(fetch_twice)

    A scenario that takes an argument is given the scope that is cancelled, and enters it itself.
    It goes on behind it, and can ask whether all is well::

        async def a_pool_is_never_stuck(part: trio.CancelScope) -> None:
            async with open_pool(size=1) as pool:
                with part:
                    await pool.fetch()
                assert pool.idle == 1

    After each run these are problems: an exception other than :exc:`trio.Cancelled` came out; the
    scenario kept ``Cancelled`` for itself; it, or its ``check``, failed or hangs; a task, async
    generator, thread, file or socket is left; a :exc:`ResourceWarning` or :exc:`RuntimeWarning`
    was given, as for a coroutine that nobody awaited; an exception could be raised nowhere.

    Each run is a :func:`trio.run` of its own, so this is called from a plain function. The seed
    puts tasks that are ready at the same time in an order that is the same each time, and
    :mod:`random` begins with it. The very first run is for nothing but to fill caches.

    :param scenario: an async function of no argument, or of a :class:`trio.CancelScope`. It may
        assert things itself.
    :param seeds: for the order of tasks and :mod:`random`; by default the first of
        ``SWEEP_SEEDS``.
    :param points: only these, as in the report of a failure; by default all.
    :param max_points: how many to try at most for each seed, evenly spread; by default
        ``SWEEP_POINTS``. With the environment variable ``HELIANTHUS_SWEEP=all`` the defaults are
        all of ``SWEEP_SEEDS`` and all points.
    :param check: called in the same run after the scenario, where nothing is cancelled any more;
        what it returns is awaited, if it can be.
    :param children: ``True`` does not cancel the scenario, but each task of its nurseries alone,
        at its own points; a function chooses which, and has to choose one. The scenario must then
        end by itself.
    :param may_raise: exceptions that may come out of a scenario that is cancelled, besides
        ``Cancelled``; alone or in groups.
    :param checkpoint_budget: the limit of :func:`trio_helianthus.core.checkpoint_budget`; with 1
        every operation has a schedule point, also those that normally skip it.
    :param clock: makes the clock of each run, such as ``lambda:
        trio.testing.MockClock(autojump_threshold=0)``; by default trio's own.
    :param run_seconds: real seconds after which a run hangs. It is cancelled then, shields or
        not, or ended by force after as many more, and where its tasks were is reported.
    :returns: what was tried.
    :raises CancelSweepError: at the first point that went wrong.
    :raises ValueError: no seed, or a limit below 1.
    :raises RuntimeError: called from within a trio run.
    """
    chosen_seeds = _seeds(seeds)
    limit = _max_points(max_points)
    chosen = None if points is None else sorted(set(points))
    if chosen and chosen[0] < 0:
        raise ValueError(f"points begin at 0, not at {chosen[0]}")
    if not run_seconds > 0:
        raise ValueError(f"run_seconds must be positive, not {run_seconds}")
    if trio.lowlevel.in_trio_run():
        raise RuntimeError("cancel_sweep makes trio runs of its own: call it outside of one")
    if checkpoint_budget is not None and checkpoint_budget < 1:
        raise ValueError(f"checkpoint_budget must be at least 1, not {checkpoint_budget}")
    which = (lambda _: True) if children is True else children or None
    began = time.monotonic()
    with _only_new_garbage(), Watchdog(run_seconds) as watchdog:
        plan = RunPlan(scenario, check, which, may_raise, checkpoint_budget, clock, watchdog)
        sweep = _Sweep(plan, chosen, limit)
        sweep.warm_up(chosen_seeds[0])
        for seed in chosen_seeds:
            sweep.sweep_seed(seed)
    return CancelSweepReport(
        seeds=chosen_seeds,
        points=sweep.points,
        runs=sweep.runs,
        skipped=sweep.skipped,
        missed=sweep.missed,
        seconds=time.monotonic() - began,
        unchecked=(*lost_abilities(), *cannot_look_for()),
    )


class _Sweep:
    """The runs of a sweep, counted."""

    def __init__(self, plan: RunPlan, points: Sequence[int] | None, limit: int | None) -> None:
        self.points = self.runs = self.skipped = self.missed = 0
        self._plan = plan
        self._chosen = points
        self._limit = limit

    def warm_up(self, seed: int) -> None:
        """Run the scenario once, so that what it keeps for ever is no leak of the next run."""
        result = self._run(seed, None, 0)
        if result.error is not None or not result.ended:
            raise self._failure(result, seed, None, 0) from result.error

    def sweep_seed(self, seed: int) -> None:
        """Run the scenario for all points that one seed has."""
        of = self._try(seed, None, 0).points
        todo = self._chosen if self._chosen is not None else spread(of, self._limit)
        for point in todo:
            self.missed += self._try(seed, point, of).place is None
        self.points += of
        self.runs += len(todo)
        self.skipped += of - len(todo) if self._chosen is None else 0

    def _try(self, seed: int, point: int | None, of: int) -> RunResult:
        result = self._run(seed, point, of)
        if result.problems:
            raise self._failure(result, seed, point, of) from result.error
        return result

    def _run(self, seed: int, point: int | None, of: int) -> RunResult:
        try:
            return run_once(self._plan, seed, point)
        except BaseException as exc:
            exc.add_note(f"cancel_sweep: seed {seed}, point {point} of {of}")
            raise

    def _failure(
        self, result: RunResult, seed: int, point: int | None, of: int
    ) -> CancelSweepError:
        error = CancelSweepError("; ".join(result.problems), seed=seed, point=point)
        if point is None or result.place is None:
            error.add_note(f"without being cancelled, seed {seed}")
        else:
            error.add_note(f"cancelled {result.place}: point {point} of {of}, seed {seed}")
        error.add_note(f"again: cancel_sweep({self._arguments(seed, point)})")
        return error

    def _arguments(self, seed: int, point: int | None) -> str:
        plan = self._plan
        arguments = [
            _name(plan.scenario),
            f"seeds=[{seed}]",
            f"points=[{'' if point is None else point}]",
        ]
        arguments += [
            f"{name}=..."
            for name in ("check", "children", "may_raise", "clock")
            if getattr(plan, name)
        ]
        if plan.budget is not None:
            arguments.append(f"checkpoint_budget={plan.budget}")
        return ", ".join(arguments)


def _name(scenario: object) -> str:
    if isinstance(scenario, partial):
        return f"partial({_name(scenario.func)}, ...)"
    return getattr(scenario, "__name__", repr(scenario))


@contextmanager
def _only_new_garbage() -> Iterator[None]:
    """Keep collections short: what exists now is not looked at.

    Where something is frozen already, it is for its owner to end that.
    """
    nothing_is_frozen = gc.get_freeze_count() == 0
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        if nothing_is_frozen:
            gc.unfreeze()


def _sweeps_all() -> bool:
    return os.environ.get("HELIANTHUS_SWEEP") == "all"


def _seeds(seeds: Iterable[int] | None) -> tuple[int, ...]:
    if seeds is None:
        return SWEEP_SEEDS if _sweeps_all() else SWEEP_SEEDS[:1]
    chosen = tuple(seeds)
    if not chosen:
        raise ValueError("seeds must not be empty")
    return chosen


def _max_points(max_points: int | None) -> int | None:
    if max_points is None:
        return None if _sweeps_all() else SWEEP_POINTS
    if max_points < 1:
        raise ValueError(f"max_points must be at least 1, not {max_points}")
    return max_points


def spread(count: int, limit: int | None) -> Sequence[int]:
    """Return at most ``limit`` of the numbers below ``count``, evenly spread."""
    if limit is None or count <= limit:
        return range(count)
    return [number * count // limit for number in range(limit)]
