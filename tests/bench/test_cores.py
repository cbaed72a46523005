"""The server and the load generator get cores that share nothing, where there are such."""

from __future__ import annotations

import sys

import pytest

from trio_helianthus.bench._cores import choose_cores, pick_cores, thread_siblings


def test_the_first_two_cores_are_taken() -> None:
    cores = pick_cores({5, 3, 4}, str)

    assert (cores.server, cores.load) == (3, 4)
    assert cores.why == "server on core 3, load on core 4"


def test_two_threads_of_one_physical_core_are_avoided() -> None:
    cores = pick_cores({0, 1, 2, 3}, lambda core: f"{core // 2 * 2},{core // 2 * 2 + 1}")

    assert (cores.server, cores.load) == (0, 2)


def test_two_threads_of_one_physical_core_are_better_than_one() -> None:
    cores = pick_cores({0, 1}, lambda _: "0-1")

    assert (cores.server, cores.load) == (0, 1)
    assert "two threads of one physical core" in cores.why


def test_a_single_core_is_for_both_and_that_is_said() -> None:
    cores = pick_cores({0}, str)

    assert cores.server is cores.load is None
    assert cores.why == "not pinned: there is only one core"


def test_a_system_that_cannot_pin_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    assert choose_cores().server is None
    assert choose_cores().why.startswith("not pinned")


def test_a_core_whose_threads_are_unknown_stands_alone() -> None:
    assert thread_siblings(1 << 20) == str(1 << 20)
