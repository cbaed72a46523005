"""Runs tests that ask for an ``engine``, or a ``role``, with each of them."""

from __future__ import annotations

import pytest

from tests.wire.websocket._frames import Role
from trio_helianthus.wire.websocket import Engine


@pytest.fixture(params=[Engine.OWN, Engine.WSPROTO], ids=lambda engine: engine.value)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    engine: Engine = request.param
    return engine


@pytest.fixture(params=list(Role), ids=lambda role: role.value)
def role(request: pytest.FixtureRequest) -> Role:
    """Each side of a connection in turn."""
    role: Role = request.param
    return role
