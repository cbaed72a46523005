"""What all tests share: how hypothesis works here, and how long the long tests go on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# An example may wait for a busy machine; a failure has to be repeatable from its printed blob.
hypothesis.settings.register_profile("default", deadline=None, print_blob=True)
hypothesis.settings.register_profile(
    "sweep", parent=hypothesis.settings.get_profile("default"), max_examples=2000
)


def pytest_configure() -> None:
    hypothesis.settings.load_profile("sweep" if sweeps_all() else "default")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the property tests, which try as many examples as they are let, as a sweep."""
    for item in items:
        if hypothesis.is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("sweep")


def sweeps_all() -> bool:
    return os.environ.get("HELIANTHUS_SWEEP") == "all"


@pytest.fixture(scope="session")
def soak_seconds() -> float:
    """How long a test marked ``soak`` goes on; ``nox -s soak -- 600`` sets it."""
    return float(os.environ.get("HELIANTHUS_SOAK_SECONDS", "5"))


@pytest.fixture
def socket_folder() -> Iterator[Path]:
    """A folder for unix sockets; the path of ``tmp_path`` is too long for them on macOS."""
    with tempfile.TemporaryDirectory(prefix="sockets-", dir="/tmp") as path:
        yield Path(path)
