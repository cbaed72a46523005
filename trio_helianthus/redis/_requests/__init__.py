# Made by scripts/generate_redis_commands.py; changes belong there.
"""From Python arguments to what commands are on the wire; mistakes are raised."""

from __future__ import annotations
