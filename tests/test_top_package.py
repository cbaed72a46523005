"""``import trio_helianthus`` opens areas when they are asked for."""

from __future__ import annotations

from importlib.metadata import version

import pytest

import trio_helianthus


@pytest.mark.parametrize("name", trio_helianthus.__all__)
def test_every_area_is_an_attribute(name: str) -> None:
    assert getattr(trio_helianthus, name).__name__ == f"trio_helianthus.{name}"
    assert name in dir(trio_helianthus)


def test_it_knows_its_version() -> None:
    assert trio_helianthus.__version__ == version("trio_helianthus")


def test_what_it_has_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'websockets'"):
        _ = trio_helianthus.websockets  # type: ignore[attr-defined]
