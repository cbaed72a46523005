"""From answers, in the forms of RESP2 and RESP3, to natural Python values.

Strings in them are ``bytes``, or ``str`` where the client decodes; both are taken. Keys of maps
that the server has named are ``str`` always.
"""

from __future__ import annotations

from ._cluster import ClusterNode as ClusterNode
from ._cluster import SlotRange as SlotRange
from ._cluster import address as address
from ._cluster import cached_infos as cached_infos
from ._cluster import cluster_nodes as cluster_nodes
from ._cluster import cluster_replicas as cluster_replicas
from ._cluster import is_down as is_down
from ._cluster import listed_by_name as listed_by_name
from ._cluster import named_texts as named_texts
from ._cluster import named_texts_or_none as named_texts_or_none
from ._cluster import shards as shards
from ._cluster import slot_ranges as slot_ranges
from ._cluster import slot_statistics as slot_statistics
from ._collections import popped_list as popped_list
from ._collections import popped_scores as popped_scores
from ._collections import popped_with_score as popped_with_score
from ._collections import rank_and_score as rank_and_score
from ._collections import scan as scan
from ._collections import scan_cluster as scan_cluster
from ._collections import scan_fields as scan_fields
from ._collections import scan_scores as scan_scores
from ._collections import scored as scored
from ._command_docs import command_docs as command_docs
from ._command_docs import command_infos as command_infos
from ._command_docs import keys_and_flags as keys_and_flags
from ._geo import GeoMember as GeoMember
from ._geo import geo_members as geo_members
from ._geo import positions as positions
from ._info import client_info as client_info
from ._info import client_list as client_list
from ._info import info as info
from ._info import tracking_info as tracking_info
from ._pairs import in_pairs as in_pairs
from ._pairs import list_of_named as list_of_named
from ._pairs import list_of_pairs as list_of_pairs
from ._pairs import named as named
from ._pairs import pairs_to_dict as pairs_to_dict
from ._plain import all_booleans as all_booleans
from ._plain import as_set as as_set
from ._plain import boolean as boolean
from ._plain import dry_run as dry_run
from ._plain import is_something as is_something
from ._plain import no_value as no_value
from ._plain import number as number
from ._plain import numbers as numbers
from ._plain import pair as pair
from ._plain import say_ok as say_ok
from ._plain import text as text
from ._plain import texts as texts
from ._plain import time as time
from ._server import LoggedCommand as LoggedCommand
from ._server import Role as Role
from ._server import access_log as access_log
from ._server import access_rules as access_rules
from ._server import event_times as event_times
from ._server import functions as functions
from ._server import functions_state as functions_state
from ._server import latencies as latencies
from ._server import latency_histograms as latency_histograms
from ._server import logged_commands as logged_commands
from ._server import memory_stats as memory_stats
from ._server import modules as modules
from ._server import role as role
from ._streams import PendingEntry as PendingEntry
from ._streams import PendingSummary as PendingSummary
from ._streams import claimed as claimed
from ._streams import claimed_ids as claimed_ids
from ._streams import entries as entries
from ._streams import entries_by_stream as entries_by_stream
from ._streams import pending_entries as pending_entries
from ._streams import pending_summary as pending_summary
from ._streams import stream_info as stream_info
from ._strings import CommonPart as CommonPart
from ._strings import CommonParts as CommonParts
from ._strings import common_parts as common_parts

__all__ = [
    "ClusterNode",
    "CommonPart",
    "CommonParts",
    "GeoMember",
    "LoggedCommand",
    "PendingEntry",
    "PendingSummary",
    "Role",
    "SlotRange",
    "access_log",
    "access_rules",
    "address",
    "all_booleans",
    "as_set",
    "boolean",
    "cached_infos",
    "claimed",
    "claimed_ids",
    "client_info",
    "client_list",
    "cluster_nodes",
    "cluster_replicas",
    "command_docs",
    "command_infos",
    "common_parts",
    "dry_run",
    "entries",
    "entries_by_stream",
    "event_times",
    "functions",
    "functions_state",
    "geo_members",
    "in_pairs",
    "info",
    "is_down",
    "is_something",
    "keys_and_flags",
    "latencies",
    "latency_histograms",
    "list_of_named",
    "list_of_pairs",
    "listed_by_name",
    "logged_commands",
    "memory_stats",
    "modules",
    "named",
    "named_texts",
    "named_texts_or_none",
    "no_value",
    "number",
    "numbers",
    "pair",
    "pairs_to_dict",
    "pending_entries",
    "pending_summary",
    "popped_list",
    "popped_scores",
    "popped_with_score",
    "positions",
    "rank_and_score",
    "role",
    "say_ok",
    "scan",
    "scan_cluster",
    "scan_fields",
    "scan_scores",
    "scored",
    "shards",
    "slot_ranges",
    "slot_statistics",
    "stream_info",
    "text",
    "texts",
    "time",
    "tracking_info",
]
