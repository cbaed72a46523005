"""What the scripts beside this file count with: the public names of ``trio_helianthus.bench``."""

from __future__ import annotations

from typing import Final

from trio_helianthus.bench import Count, cost_of, cost_unit

__all__ = ["UNIT", "Count", "cost_of"]

UNIT: Final = cost_unit()
