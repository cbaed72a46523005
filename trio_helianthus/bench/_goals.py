"""Goals: what ours shall cost at most beside another's, and whether it does."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

import attrs

from ._columns import head, line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_COLUMNS: Final = {"load": -11, "ours": -17, "theirs": -21, "ratio": 6, "at most": 7, "": -7}

L = TypeVar("L", bound=enum.StrEnum)


@attrs.frozen
class Goal(Generic[L]):
    """What a figure of ours shall be at most, relative to another's.

    :param load: of which load.
    :param ours: the name of a peer.
    :param theirs: the name of another.
    :param at_most: the ratio of their figures.
    :param figure: which one it is, by the name of its attribute.
    :param their_figure: the other's, where that is another one.
    """

    load: L
    ours: str
    theirs: str
    at_most: float
    figure: str = "cost"
    their_figure: str | None = None


@attrs.frozen
class GoalResult:
    """How far a goal is reached.

    :param goal: what was to be reached.
    :param ratio: ours relative to the other's, or ``None`` if one has no figures.
    """

    goal: Goal[Any]
    ratio: float | None

    @property
    def reached(self) -> bool:
        """Whether it is known to be reached."""
        return self.ratio is not None and self.ratio <= self.goal.at_most


class _Peer(Protocol):
    @property
    def name(self) -> str: ...


class Judged(Protocol):
    """A result of a benchmark that has goals."""

    @property
    def load(self) -> enum.StrEnum:
        """What was measured."""
        ...

    @property
    def peer(self) -> _Peer:
        """Who was measured."""
        ...

    @property
    def figures(self) -> object | None:
        """What was found, if anything was."""
        ...


def judge(results: Sequence[Judged], goals: Iterable[Goal[Any]]) -> list[GoalResult]:
    """Compare results with the goals whose two peers are among them.

    :param results: of one benchmark.
    :param goals: those of the same benchmark.
    """
    found = {(result.load, result.peer.name): result.figures for result in results}
    judged = []
    for goal in goals:
        pair = (goal.load, goal.ours), (goal.load, goal.theirs)
        if found.keys() >= set(pair):
            ours = getattr(found[pair[0]], goal.figure, None)
            theirs = getattr(found[pair[1]], goal.their_figure or goal.figure, None)
            judged.append(GoalResult(goal, ours / theirs if ours and theirs else None))
    return judged


def goals_table(judged: Sequence[GoalResult]) -> list[str]:
    """Return the table of goals in Markdown; no line if there are none."""
    if not judged:
        return []
    return [*head(_COLUMNS), *map(_row, judged)]


def _row(result: GoalResult) -> str:
    goal = result.goal
    verdict = "unknown" if result.ratio is None else "reached" if result.reached else "MISSED"
    cells = [
        str(goal.load),
        _named(goal.ours, goal.figure),
        _named(goal.theirs, goal.their_figure or goal.figure),
    ]
    cells += ["-" if result.ratio is None else f"{result.ratio:.3f}", f"{goal.at_most:.3f}"]
    return line([*cells, verdict], _COLUMNS)


def _named(peer: str, figure: str) -> str:
    return peer if figure == "cost" else f"{peer} {figure}"
