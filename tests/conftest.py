"""What all tests share: hypothesis, signals, skips, garbage, and how long long tests go on."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Generator, Iterator
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
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell has it for its background
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the property tests, which try as many examples as they are let, as a sweep."""
    for item in items:
        if hypothesis.is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("sweep")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> Generator[None, object, object]:
    """Skip async tests for the reason that they give; pytest-trio skips them anew, for none."""
    try:
        return (yield)
    except pytest.skip.Exception as nameless:
        reason = nameless.__context__
        if not isinstance(reason, BaseExceptionGroup):
            raise
        while isinstance(reason, BaseExceptionGroup):
            (reason,) = reason.exceptions
        raise reason from None


def sweeps_all() -> bool:
    return os.environ.get("HELIANTHUS_SWEEP") == "all"


@pytest.fixture(autouse=True)
def garbage_of_its_own() -> Iterator[None]:
    """Collect what each test leaves behind, so that the test which leaks is the one that fails.

    What was there before is not looked at: the whole of it takes longer than most tests.
    """
    gc.freeze()
    yield
    gc.collect()
    gc.unfreeze()


@pytest.fixture(scope="session")
def soak_seconds() -> float:
    """How long a test marked ``soak`` goes on; ``nox -s soak -- 600`` sets it."""
    return float(os.environ.get("HELIANTHUS_SOAK_SECONDS", "5"))


@pytest.fixture
def socket_folder() -> Iterator[Path]:
    """A folder for unix sockets; the path of ``tmp_path`` is too long for them on macOS."""
    with tempfile.TemporaryDirectory(prefix="sockets-", dir="/tmp") as path:
        yield Path(path)
