"""A report begins with what one has to know of the machine."""

from __future__ import annotations

import platform

import pytest

from trio_helianthus.bench import _machine, machine_facts


def test_it_names_system_versions_and_counters() -> None:
    system, versions, counters = machine_facts()

    assert system.startswith(f"{platform.system()} {platform.release()}, ")
    assert "core" in system
    assert platform.python_version() in versions
    assert "trio_helianthus 0." in versions
    assert "counte" in counters


def test_what_is_not_installed_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_machine, "PACKAGES", ("trio", "no-such-package"))

    assert machine_facts()[1].endswith("no-such-package not installed")
