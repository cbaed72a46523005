"""What one has to know of the machine to read the figures."""

from __future__ import annotations

import os
import platform
import ssl
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from ._cores import choose_cores
from ._counting import perf_works

PACKAGES: Final = ("trio_helianthus", "trio", "uvloop")


def machine_facts(*packages: str) -> list[str]:
    """Return sentences about system, versions, cores and counters.

    :param packages: further ones whose versions matter.
    """
    cores = os.cpu_count() or 1
    return [
        ", ".join(
            [
                f"{platform.system()} {platform.release()}",
                platform.machine(),
                f"{cores} {'core' if cores == 1 else 'cores'}",
                choose_cores().why,
                *_busy_with_something_else(),
            ]
        ),
        ", ".join(
            [
                f"{platform.python_implementation()} {platform.python_version()}",
                ssl.OPENSSL_VERSION,
                *(f"{name} {_version(name)}" for name in (*PACKAGES, *packages)),
            ]
        ),
        "instructions are counted with perf" if perf_works() else "no instruction counters",
    ]


def _busy_with_something_else() -> list[str]:
    if sys.platform == "win32":
        return []
    return [f"load average {os.getloadavg()[0]:.1f} at the start"]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
