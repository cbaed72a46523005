# Made by scripts/generate_redis_commands.py; changes belong there.
"""All commands as methods."""

from __future__ import annotations

from .._command_runner import T
from ._access import AccessCommands
from ._bitmaps import BitmapsCommands
from ._clusters import ClustersCommands
from ._command_infos import CommandInfosCommands
from ._connections import ConnectionsCommands
from ._diagnostics import DiagnosticsCommands
from ._expiry import ExpiryCommands
from ._functions import FunctionsCommands
from ._geo import GeoCommands
from ._geo_radius import GeoRadiusCommands
from ._hash_expiry import HashExpiryCommands
from ._hashes import HashesCommands
from ._hyperloglogs import HyperloglogsCommands
from ._keys import KeysCommands
from ._lists import ListsCommands
from ._messages import MessagesCommands
from ._modules import ModulesCommands
from ._scripts import ScriptsCommands
from ._sentinels import SentinelsCommands
from ._servers import ServersCommands
from ._sessions import SessionsCommands
from ._sets import SetsCommands
from ._slots import SlotsCommands
from ._sorted_set_pops import SortedSetPopsCommands
from ._sorted_set_ranges import SortedSetRangesCommands
from ._sorted_set_unions import SortedSetUnionsCommands
from ._sorted_sets import SortedSetsCommands
from ._stream_groups import StreamGroupsCommands
from ._streams import StreamsCommands
from ._strings import StringsCommands

__all__ = ["Commands", "ConnectionCommands"]


class Commands(
    KeysCommands[T],
    ExpiryCommands[T],
    StringsCommands[T],
    BitmapsCommands[T],
    HashesCommands[T],
    HashExpiryCommands[T],
    ListsCommands[T],
    SetsCommands[T],
    SortedSetsCommands[T],
    SortedSetRangesCommands[T],
    SortedSetPopsCommands[T],
    SortedSetUnionsCommands[T],
    StreamsCommands[T],
    StreamGroupsCommands[T],
    GeoCommands[T],
    GeoRadiusCommands[T],
    HyperloglogsCommands[T],
    MessagesCommands[T],
    ScriptsCommands[T],
    FunctionsCommands[T],
    ConnectionsCommands[T],
    ServersCommands[T],
    AccessCommands[T],
    ModulesCommands[T],
    DiagnosticsCommands[T],
    CommandInfosCommands[T],
    ClustersCommands[T],
    SlotsCommands[T],
    SentinelsCommands[T],
):
    """All commands that any connection takes."""


class ConnectionCommands(Commands[T], SessionsCommands[T]):
    """All commands, also those that change the connection that they are sent on."""
