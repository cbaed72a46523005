"""The ``helianthus`` command: a demonstration of the library, its benchmarks, and a server for
your applications.
"""

from __future__ import annotations

from ._main import main as main

__all__ = ["main"]
