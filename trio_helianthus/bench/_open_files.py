"""How many files a process may have open: as many as the system lets it."""

from __future__ import annotations

import sys
from contextlib import suppress


def allow_open_files() -> None:
    """Raise the soft limit on open files to the hard one, where there are such limits."""
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        # macOS calls the hard limit infinite and refuses it.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
