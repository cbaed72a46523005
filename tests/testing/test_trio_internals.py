"""A trio that has changed takes an ability away, and the sweep says which."""

from __future__ import annotations

import attrs
import pytest
import trio
from trio._core import _run, _run_context, _thread_cache

from trio_helianthus.testing import _trio_internals, cancel_sweep


async def three_steps() -> None:
    for _ in range(3):
        await trio.lowlevel.checkpoint()


@attrs.define
class NothingWeKnow:
    """What a class of trio may look like one day."""


def test_this_trio_has_everything() -> None:
    assert _trio_internals.lost_abilities() == ()


@pytest.mark.parametrize("name", ["_r", "_ALLOW_DETERMINISTIC_SCHEDULING"])
def test_without_a_shuffler_the_order_is_trios_own(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_run, name, None)
    with _trio_internals.seeded_scheduling(1):
        assert getattr(_run, name) is None
    (lost,) = _trio_internals.lost_abilities()
    assert lost == (
        f"the order of tasks did not follow the seed (trio {trio.__version__} has changed)"
    )


def test_the_report_says_what_was_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_run, "_ALLOW_DETERMINISTIC_SCHEDULING", None)
    report = cancel_sweep(three_steps)
    assert report.runs == 7
    assert any("did not follow the seed" in sentence for sentence in report.unchecked)
    assert "did not follow the seed" in str(report)


def test_every_other_loss_has_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trio, "CancelScope", NothingWeKnow)
    monkeypatch.setattr(trio.lowlevel, "Task", NothingWeKnow)
    monkeypatch.setattr(_run, "Runner", NothingWeKnow)
    monkeypatch.setattr(_thread_cache, "THREAD_CACHE", None)
    lost = " ".join(_trio_internals.lost_abilities())
    assert "points outside of the scenario's scope" in lost
    assert "swallows Cancelled" in lost
    assert "shielded tasks" in lost
    assert "go on for ever" in lost
    assert "threads that trio keeps" in lost


async def test_objects_we_do_not_know_are_left_alone() -> None:
    stranger = NothingWeKnow()
    assert _trio_internals.is_entered(stranger)  # type: ignore[arg-type]
    assert _trio_internals.cancellation_given_to(stranger) is None  # type: ignore[arg-type]
    _trio_internals.lift_shields(stranger)  # type: ignore[arg-type]


def test_a_run_that_we_do_not_know_is_not_crashed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_run_context, "GLOBAL_RUN_CONTEXT", None)
    _trio_internals.crash_run([])


def test_without_a_thread_cache_no_thread_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_thread_cache, "THREAD_CACHE", None)
    assert _trio_internals.idle_threads() == set()
