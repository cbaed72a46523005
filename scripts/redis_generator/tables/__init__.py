"""What is kept by hand: the shape of each method, and what is said of it."""

from __future__ import annotations

from .clusters import CLUSTERS, SENTINELS, SLOTS
from .connections import CONNECTIONS, SESSIONS
from .diagnostics import COMMANDS, DIAGNOSTICS
from .hashes import HASH_EXPIRY, HASHES
from .keys import EXPIRY, KEYS
from .lists import LISTS, SETS
from .places import GEO, GEO_RADIUS, HYPERLOGLOGS
from .running import FUNCTIONS, MESSAGES, SCRIPTS
from .servers import ACCESS, MODULES, SERVERS
from .sorted_sets import SORTED_SET_POPS, SORTED_SET_RANGES, SORTED_SET_UNIONS, SORTED_SETS
from .streams import STREAM_GROUPS, STREAMS
from .strings import BITMAPS, STRINGS

__all__ = ["GROUPS"]

GROUPS = (
    KEYS,
    EXPIRY,
    STRINGS,
    BITMAPS,
    HASHES,
    HASH_EXPIRY,
    LISTS,
    SETS,
    SORTED_SETS,
    SORTED_SET_RANGES,
    SORTED_SET_POPS,
    SORTED_SET_UNIONS,
    STREAMS,
    STREAM_GROUPS,
    GEO,
    GEO_RADIUS,
    HYPERLOGLOGS,
    MESSAGES,
    SCRIPTS,
    FUNCTIONS,
    CONNECTIONS,
    SESSIONS,
    SERVERS,
    ACCESS,
    MODULES,
    DIAGNOSTICS,
    COMMANDS,
    CLUSTERS,
    SLOTS,
    SENTINELS,
)
