"""What all tests share: how hypothesis works here, and how long the long tests go on."""

from __future__ import annotations

import os
from typing import Final

import hypothesis
import pytest

FEW_SEEDS: Final = range(4)
ALL_SEEDS: Final = range(256)

# An example may wait for a busy machine; a failure has to be repeatable from its printed blob.
hypothesis.settings.register_profile("default", deadline=None, print_blob=True)
hypothesis.settings.register_profile(
    "sweep", parent=hypothesis.settings.get_profile("default"), max_examples=2000
)


def pytest_configure() -> None:
    hypothesis.settings.load_profile("sweep" if sweeps_all() else "default")


def sweeps_all() -> bool:
    return os.environ.get("HELIANTHUS_SWEEP") == "all"


@pytest.fixture(scope="session")
def sweep_seeds() -> range:
    """The seeds that a test marked ``sweep`` tries: a few, or all of them in ``nox -s sweep``."""
    return ALL_SEEDS if sweeps_all() else FEW_SEEDS


@pytest.fixture(scope="session")
def soak_seconds() -> float:
    """How long a test marked ``soak`` goes on; ``nox -s soak -- 600`` sets it."""
    return float(os.environ.get("HELIANTHUS_SOAK_SECONDS", "5"))
