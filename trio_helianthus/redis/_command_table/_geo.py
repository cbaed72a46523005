# Made by scripts/generate_redis_commands.py; changes belong there.
"""Places: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ONE_KEY, TWO_KEYS
from .._replies import geo_members, number, positions

GEOADD: Final = Command("GEOADD", keys=ONE_KEY)
GEODIST: Final = Command("GEODIST", CommandFlag.READONLY, decode=number, keys=ONE_KEY)
GEOHASH: Final = Command("GEOHASH", CommandFlag.READONLY, keys=ONE_KEY)
GEOPOS: Final = Command("GEOPOS", CommandFlag.READONLY, decode=positions, keys=ONE_KEY)
GEOSEARCH: Final = Command("GEOSEARCH", CommandFlag.READONLY, keys=ONE_KEY)
GEOSEARCHSTORE: Final = Command("GEOSEARCHSTORE", keys=TWO_KEYS)
GEOSEARCH_WITH: Final = Command("GEOSEARCH", CommandFlag.READONLY, decode=geo_members, keys=ONE_KEY)

COMMANDS: Final = (GEOADD, GEODIST, GEOHASH, GEOPOS, GEOSEARCH, GEOSEARCHSTORE)
"""One for each command."""
