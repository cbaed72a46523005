"""Hands the check that every wire protocol must pass to its tests."""

from __future__ import annotations

from typing import Any

import pytest

from trio_helianthus import testing


@pytest.fixture(scope="session")
def check_protocol() -> Any:
    """Give :func:`trio_helianthus.testing.check_protocol` to tests."""
    return testing.check_protocol
