"""The old names of :func:`trio_helianthus.testing.cancel_sweep`, until every test uses that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import trio

from trio_helianthus.testing import cancel_sweep

Scenario: TypeAlias = Callable[[], Awaitable[object]]
ScenarioWithScope: TypeAlias = Callable[[trio.CancelScope], Awaitable[object]]
MakeClock: TypeAlias = Callable[[], trio.abc.Clock]


def cancel_at_each_point(scenario: Scenario, *, clock: MakeClock | None = None) -> int:
    """Sweep ``scenario``; return how many points it has."""
    return cancel_sweep(scenario, clock=clock).points


def cancel_part_at_each_point(
    scenario: ScenarioWithScope, *, clock: MakeClock | None = None
) -> int:
    """Sweep the part of ``scenario`` that is inside of the scope it is given."""
    return cancel_sweep(scenario, clock=clock).points
