"""Runs tests that ask for an ``engine`` with each of them."""

from __future__ import annotations

import pytest

from trio_helianthus.wire.http1 import Engine


@pytest.fixture(params=[Engine.H11, Engine.HTTPTOOLS], ids=lambda engine: engine.value)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn; skips the one that is not installed."""
    engine: Engine = request.param
    if engine is Engine.HTTPTOOLS:
        pytest.importorskip("httptools", reason="needs the extra 'speed'")
    return engine
