"""The ``helianthus`` command: a demonstration of the library, and its benchmarks."""

from __future__ import annotations

from ._main import main as main

__all__ = ["main"]
