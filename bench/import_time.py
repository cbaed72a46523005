"""What importing trio_helianthus costs beside importing trio: the ratio must stay below 1.2.

Run it by hand: ``python bench/import_time.py``. Each import is a process of its own, the
repetitions take turns, the table shows medians less an interpreter that imports nothing.
"""

from __future__ import annotations

import statistics
import sys
from typing import Final

from _counting import UNIT, cost_of

REPETITIONS: Final = 9
LIMIT: Final = 1.2
PROGRAMS: Final = (
    "pass",
    "import trio",
    "import trio_helianthus",
    "import trio_helianthus.net",
)


def main() -> int:
    """Print the table; return 1 if the limit is broken."""
    costs: dict[str, list[float]] = {program: [] for program in PROGRAMS}
    for _ in range(REPETITIONS):
        for program in PROGRAMS:
            costs[program].append(cost_of(sys.executable, "-c", program))
    nothing, trio, *ours = (statistics.median(costs[program]) for program in PROGRAMS)
    unit = "M instructions" if UNIT.startswith("k") else "CPU ms"
    print(f"| program | {unit} | ratio |\n|---|---:|---:|")
    for program, cost in zip(PROGRAMS[1:], (trio, *ours), strict=True):
        ratio = (cost - nothing) / (trio - nothing)
        print(f"| {program} | {(cost - nothing) / 1000:.0f} | {ratio:.2f} |")
    return int((ours[0] - nothing) / (trio - nothing) >= LIMIT)


if __name__ == "__main__":
    sys.exit(main())
