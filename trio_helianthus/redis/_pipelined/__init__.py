# Made by scripts/generate_redis_commands.py; changes belong there.
"""All commands as methods of pipelines."""

from __future__ import annotations

from .._command_runner import T
from ._access import QueuedAccessCommands
from ._bitmaps import QueuedBitmapsCommands
from ._clusters import QueuedClustersCommands
from ._command_infos import QueuedCommandInfosCommands
from ._connections import QueuedConnectionsCommands
from ._diagnostics import QueuedDiagnosticsCommands
from ._expiry import QueuedExpiryCommands
from ._functions import QueuedFunctionsCommands
from ._geo import QueuedGeoCommands
from ._geo_radius import QueuedGeoRadiusCommands
from ._hash_expiry import QueuedHashExpiryCommands
from ._hashes import QueuedHashesCommands
from ._hyperloglogs import QueuedHyperloglogsCommands
from ._keys import QueuedKeysCommands
from ._lists import QueuedListsCommands
from ._messages import QueuedMessagesCommands
from ._modules import QueuedModulesCommands
from ._scripts import QueuedScriptsCommands
from ._sentinels import QueuedSentinelsCommands
from ._servers import QueuedServersCommands
from ._sets import QueuedSetsCommands
from ._slots import QueuedSlotsCommands
from ._sorted_set_pops import QueuedSortedSetPopsCommands
from ._sorted_set_ranges import QueuedSortedSetRangesCommands
from ._sorted_set_unions import QueuedSortedSetUnionsCommands
from ._sorted_sets import QueuedSortedSetsCommands
from ._stream_groups import QueuedStreamGroupsCommands
from ._streams import QueuedStreamsCommands
from ._strings import QueuedStringsCommands

__all__ = ["QueuedCommands"]


class QueuedCommands(
    QueuedKeysCommands[T],
    QueuedExpiryCommands[T],
    QueuedStringsCommands[T],
    QueuedBitmapsCommands[T],
    QueuedHashesCommands[T],
    QueuedHashExpiryCommands[T],
    QueuedListsCommands[T],
    QueuedSetsCommands[T],
    QueuedSortedSetsCommands[T],
    QueuedSortedSetRangesCommands[T],
    QueuedSortedSetPopsCommands[T],
    QueuedSortedSetUnionsCommands[T],
    QueuedStreamsCommands[T],
    QueuedStreamGroupsCommands[T],
    QueuedGeoCommands[T],
    QueuedGeoRadiusCommands[T],
    QueuedHyperloglogsCommands[T],
    QueuedMessagesCommands[T],
    QueuedScriptsCommands[T],
    QueuedFunctionsCommands[T],
    QueuedConnectionsCommands[T],
    QueuedServersCommands[T],
    QueuedAccessCommands[T],
    QueuedModulesCommands[T],
    QueuedDiagnosticsCommands[T],
    QueuedCommandInfosCommands[T],
    QueuedClustersCommands[T],
    QueuedSlotsCommands[T],
    QueuedSentinelsCommands[T],
):
    """All commands that can stand in a pipeline."""
