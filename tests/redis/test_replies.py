"""From answers, in the forms of RESP2 and RESP3, as bytes or text, to natural Python values."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.redis.commands._calls import as_text, is_same
from trio_helianthus.redis import _command_table
from trio_helianthus.redis import _replies as replies
from trio_helianthus.redis._command import Command

Decode = Callable[[Any], Any]
ENTRY = (b"1-1", {b"f": b"v"})
NODE_ID, OTHER_ID = "a" * 40, "b" * 40
NODE_LINES = (
    f"{NODE_ID} 127.0.0.1:7000@17000,first.example myself,master - 0 5 1 connected 0-5 7 "
    f"[8->-{OTHER_ID}] [9-<-{OTHER_ID}]\n"
    f"{OTHER_ID} ::1:7001@17001 slave,fail? {NODE_ID} 3 4 1 disconnected\n"
)
NODES = [
    replies.ClusterNode(
        NODE_ID,
        "127.0.0.1",
        7000,
        17000,
        "first.example",
        ["myself", "master"],
        None,
        0,
        5,
        1,
        True,
        [(0, 5), (7, 7)],
        {8: OTHER_ID},
        {9: OTHER_ID},
    ),
    replies.ClusterNode(
        OTHER_ID, "::1", 7001, 17001, "", ["slave", "fail?"], NODE_ID, 3, 4, 1, False, [], {}, {}
    ),
]
INFO = b"""# Server\r
redis_version:7.2\r
redis_git_sha1:00000000\r
uptime_in_seconds:5\r
ratio:0.25\r
drift:-3\r
percent:12.5%\r
code:007\r
colon:a:b\r
empty:\r
db0:keys=1,avg=0.5,name=x\r
module:name=one,ver=1\r
module:name=two,ver=2\r
junk\r
"""
INFOS = {
    "redis_version": "7.2",
    "redis_git_sha1": "00000000",
    "uptime_in_seconds": 5,
    "ratio": 0.25,
    "drift": -3,
    "percent": "12.5%",
    "code": "007",
    "colon": "a:b",
    "empty": "",
    "db0": {"keys": 1, "avg": 0.5, "name": "x"},
    "modules": [{"name": "one", "ver": 1}, {"name": "two", "ver": 2}],
}

# A decoder, its answers in RESP2 and RESP3 (the same, if there is one), and what becomes of them.
CASES: list[tuple[Decode, list[Any], Any]] = [
    (replies.no_value, [b"OK"], None),
    (replies.say_ok, [b"OK"], True),
    (replies.say_ok, [b"NOKEY"], False),
    (replies.boolean, [1, True], True),
    (replies.boolean, [0, False], False),
    (replies.all_booleans, [[1, 0]], [True, False]),
    (replies.is_something, [b"OK", b"PONG"], True),
    (replies.is_something, [None], False),
    (replies.number, [b"1.5", 1.5], 1.5),
    (replies.number, [b"-inf", -math.inf], -math.inf),
    (replies.number, [None], None),
    (replies.numbers, [[b"1", None], [1.0, None]], [1.0, None]),
    (replies.as_set, [[b"a", b"b"]], {b"a", b"b"}),
    (replies.pair, [[b"a", b"b"]], (b"a", b"b")),
    (replies.pair, [None], None),
    (replies.text, [b"a"], "a"),
    (replies.texts, [[b"a", b"b"]], ["a", "b"]),
    (replies.time, [[b"5", b"7"]], (5, 7)),
    (replies.dry_run, [b"OK"], None),
    (replies.dry_run, [b"no"], "no"),
    (replies.pairs_to_dict, [[b"a", b"1"], {b"a": b"1"}], {b"a": b"1"}),
    (replies.pairs_to_dict, [[], {}, None], {}),
    (replies.list_of_pairs, [[b"a", b"1"], [[b"a", b"1"]]], [(b"a", b"1")]),
    (replies.list_of_pairs, [[]], []),
    (replies.named, [[b"a", b"1"], {b"a": b"1"}], {"a": b"1"}),
    (replies.list_of_named, [[[b"a", 1]], [{b"a": 1}]], [{"a": 1}]),
    (replies.scored, [[b"a", b"1.5"], [[b"a", 1.5]]], [(b"a", 1.5)]),
    (replies.scored, [[b"a", 1.5]], [(b"a", 1.5)]),
    (replies.rank_and_score, [[3, b"1.5"], [3, 1.5]], (3, 1.5)),
    (replies.rank_and_score, [None], None),
    (replies.popped_with_score, [[b"z", b"a", b"1"], [b"z", b"a", 1.0]], (b"z", b"a", 1.0)),
    (replies.popped_with_score, [None], None),
    (replies.popped_scores, [[b"z", [[b"a", b"1"]]], [b"z", [[b"a", 1.0]]]], (b"z", [(b"a", 1.0)])),
    (replies.popped_scores, [None], None),
    (replies.popped_list, [[b"l", [b"a"]]], (b"l", [b"a"])),
    (replies.popped_list, [None], None),
    (replies.scan, [[b"5", [b"a"]]], (5, [b"a"])),
    (replies.scan_cluster, [[b"0-{a}-5", [b"a"]]], (b"0-{a}-5", [b"a"])),
    (replies.scan_fields, [[b"0", [b"f", b"v"]]], (0, {b"f": b"v"})),
    (replies.scan_scores, [[b"0", [b"a", b"1"]]], (0, [(b"a", 1.0)])),
    (
        replies.common_parts,
        [
            [b"matches", [[[1, 2], [3, 4], 2], [[0, 0], [1, 1]]], b"len", 3],
            {b"matches": [[[1, 2], [3, 4], 2], [[0, 0], [1, 1]]], b"len": 3},
        ],
        replies.CommonParts(
            [replies.CommonPart((1, 2), (3, 4), 2), replies.CommonPart((0, 0), (1, 1))], 3
        ),
    ),
    (
        replies.geo_members,
        [[[b"a", b"1.5", 7, [b"2.5", b"3.5"]]], [[b"a", 1.5, 7, [2.5, 3.5]]]],
        [replies.GeoMember(b"a", 1.5, 7, (2.5, 3.5))],
    ),
    (replies.geo_members, [[[b"a", 7]]], [replies.GeoMember(b"a", hash=7)]),
    (replies.positions, [[[b"1", b"2"], None], [[1.0, 2.0], None]], [(1.0, 2.0), None]),
    (replies.entries, [[[b"1-1", [b"f", b"v"]]]], [ENTRY]),
    (replies.entries, [[[b"1-1", None], None]], [(b"1-1", {})]),
    (replies.entries, [None, []], []),
    (
        replies.entries_by_stream,
        [[[b"s", [[b"1-1", [b"f", b"v"]]]]], {b"s": [[b"1-1", [b"f", b"v"]]]}],
        {b"s": [ENTRY]},
    ),
    (replies.entries_by_stream, [None], {}),
    (replies.claimed, [[b"0-0", [[b"1-1", [b"f", b"v"]]], [b"2-1"]]], (b"0-0", [ENTRY], [b"2-1"])),
    (replies.claimed, [[b"0-0", []]], (b"0-0", [], [])),
    (replies.claimed_ids, [[b"0-0", [b"1-1"], []]], (b"0-0", [b"1-1"], [])),
    (
        replies.pending_summary,
        [[2, b"1-1", b"2-1", [[b"c", b"2"]]]],
        replies.PendingSummary(2, b"1-1", b"2-1", {b"c": 2}),
    ),
    (replies.pending_summary, [[0, None, None, None]], replies.PendingSummary(0, None, None, {})),
    (
        replies.pending_entries,
        [[[b"1-1", b"c", 5, 1]]],
        [replies.PendingEntry(b"1-1", b"c", 5, 1)],
    ),
    (
        replies.stream_info,
        [[b"length", 0, b"first-entry", None, b"last-entry", [b"1-1", [b"f", b"v"]]]],
        {"length": 0, "first-entry": None, "last-entry": ENTRY},
    ),
    (replies.info, [INFO], INFOS),
    (replies.client_info, [b"id=1 name= cmd=a|b=c\n"], {"id": "1", "name": "", "cmd": "a|b=c"}),
    (replies.client_list, [b"id=1\nid=2\n"], [{"id": "1"}, {"id": "2"}]),
    (
        replies.tracking_info,
        [[b"flags", [b"off"], b"redirect", -1, b"prefixes", [b"a"]]],
        {"flags": ["off"], "redirect": -1, "prefixes": [b"a"]},
    ),
    (
        replies.logged_commands,
        [[[1, 2, 3, [b"GET"], b"127.0.0.1:5", b"me"]]],
        [replies.LoggedCommand(1, 2, 3, [b"GET"], "127.0.0.1:5", "me")],
    ),
    (replies.logged_commands, [[[1, 2, 3, [b"GET"]]]], [replies.LoggedCommand(1, 2, 3, [b"GET"])]),
    (
        replies.role,
        [[b"master", 7, [[b"::1", b"5", b"6"]]]],
        replies.Role("master", 7, [("::1", 5, 6)]),
    ),
    (
        replies.role,
        [[b"slave", b"::1", 5, b"sync", -1]],
        replies.Role("slave", -1, primary=("::1", 5), state="sync"),
    ),
    (replies.role, [[b"sentinel", [b"main"]]], replies.Role("sentinel", primaries=["main"])),
    (replies.access_rules, [None], None),
    (
        replies.access_rules,
        [[b"flags", [b"on"], b"keys", b"~*", b"selectors", [[b"keys", b"~x"]]]],
        {"flags": ["on"], "keys": b"~*", "selectors": [{"keys": b"~x"}]},
    ),
    (
        replies.access_log,
        [
            [[b"age-seconds", b"1.5", b"client-info", b"id=1"]],
            [{b"age-seconds": 1.5, b"client-info": b"id=1"}],
        ],
        [{"age-seconds": 1.5, "client-info": {"id": "1"}}],
    ),
    (
        replies.memory_stats,
        [
            [b"a", 1, b"b", b"1.5", b"db.0", [b"c", 2], b"d", b"word"],
            {b"a": 1, b"b": 1.5, b"db.0": {b"c": 2}, b"d": b"word"},
        ],
        {"a": 1, "b": 1.5, "db.0": {"c": 2}, "d": "word"},
    ),
    (replies.latencies, [[[b"fork", 1, 2, 3]]], [(b"fork", 1, 2, 3)]),
    (replies.event_times, [[[1, 2]]], [(1, 2)]),
    (
        replies.latency_histograms,
        [
            [b"set", [b"calls", 1, b"histogram_usec", [1, 2]]],
            {b"set": {b"calls": 1, b"histogram_usec": {1: 2}}},
        ],
        {"set": {"calls": 1, "histogram_usec": {1: 2}}},
    ),
    (
        replies.functions,
        [[[b"library_name", b"l", b"functions", [[b"name", b"f", b"flags", [b"no-writes"]]]]]],
        [{"library_name": b"l", "functions": [{"name": b"f", "flags": ["no-writes"]}]}],
    ),
    (
        replies.functions_state,
        [[b"running_script", [b"name", b"f"], b"engines", [b"LUA", [b"libraries_count", 1]]]],
        {"running_script": {"name": b"f"}, "engines": {"LUA": {"libraries_count": 1}}},
    ),
    (replies.modules, [[[b"name", b"m"]], [{b"name": b"m"}]], [{"name": b"m"}]),
    (replies.keys_and_flags, [[[b"a", [b"RO"]]]], [(b"a", ["RO"])]),
    (replies.command_infos, [[None]], {}),
    (
        replies.command_docs,
        [
            [
                b"get",
                [b"summary", b"x", b"arguments", [[b"name", b"key"]], b"history", [[b"1", b"y"]]],
            ],
            {
                b"get": {
                    b"summary": b"x",
                    b"arguments": [{b"name": b"key"}],
                    b"history": [[b"1", b"y"]],
                }
            },
        ],
        {"get": {"summary": b"x", "arguments": [{"name": b"key"}], "history": [(b"1", b"y")]}},
    ),
    (
        replies.command_docs,
        [[b"a", [b"doc_flags", [b"deprecated"], b"subcommands", [b"a|b", [b"since", b"1"]]]]],
        {"a": {"doc_flags": ["deprecated"], "subcommands": {"a|b": {"since": b"1"}}}},
    ),
    (replies.cluster_nodes, [NODE_LINES.encode()], NODES),
    (replies.cluster_replicas, [[line.encode() for line in NODE_LINES.splitlines()]], NODES),
    (
        replies.slot_ranges,
        [[[0, 5, [b"::1", 1, b"a", []], [None, 2, b"b", []]]]],
        [replies.SlotRange(0, 5, [("::1", 1, "a"), (None, 2, "b")])],
    ),
    (
        replies.shards,
        [
            [[b"slots", [0, 5, 7, 7], b"nodes", [[b"id", b"a"]]]],
            [{b"slots": [0, 5, 7, 7], b"nodes": [{b"id": b"a"}]}],
        ],
        [{"slots": [(0, 5), (7, 7)], "nodes": [{"id": b"a"}]}],
    ),
    (
        replies.slot_statistics,
        [[[5, [b"key-count", 1]]], [[5, {b"key-count": 1}]]],
        {5: {"key-count": 1}},
    ),
    (replies.named_texts, [[b"a", b"b"], {b"a": b"b"}], {"a": "b"}),
    (replies.named_texts_or_none, [b"OK"], None),
    (replies.named_texts_or_none, [[b"a", b"b"]], {"a": "b"}),
    (replies.listed_by_name, [[[b"a", b"b"]], [{b"a": b"b"}]], [{"a": "b"}]),
    (replies.address, [[b"::1", b"5"]], ("::1", 5)),
    (replies.address, [None], None),
    (replies.is_down, [[1, b"*", 0]], (True, "*", 0)),
    (
        replies.cached_infos,
        [[b"main", [[5, b"role:master"], [0, None]]]],
        {"main": [(5, {"role": "master"}), (0, None)]},
    ),
]


def label(case: tuple[Decode, list[Any], Any]) -> str:
    return case[0].__name__


@pytest.mark.parametrize("case", CASES, ids=label)
def test_both_forms_of_an_answer_become_the_same(case: tuple[Decode, list[Any], Any]) -> None:
    decode, answers, wanted = case
    for answer in answers:
        found = decode(answer)
        assert is_same(found, wanted), f"{found!r}, not {wanted!r}"


@pytest.mark.parametrize("case", CASES, ids=label)
def test_text_in_answers_is_taken_as_well(case: tuple[Decode, list[Any], Any]) -> None:
    decode, answers, wanted = case
    for answer in answers:
        found = decode(as_text(answer))
        assert is_same(found, as_text(wanted)), f"{found!r}, not {as_text(wanted)!r}"


@pytest.mark.parametrize("name", sorted(set(replies.__all__)))
def test_every_decoder_is_tried(name: str) -> None:
    member = getattr(replies, name)
    if not isinstance(member, type) and name != "in_pairs":
        assert member in {decode for decode, _, _ in CASES}


def test_every_decoder_belongs_to_a_command() -> None:
    modules = [module for module in vars(_command_table).values() if inspect.ismodule(module)]
    commands = [each for module in modules for each in vars(module).values()]
    used = {each.decode for each in commands if isinstance(each, Command)}
    decoders = {getattr(replies, name) for name in replies.__all__}
    unused = {each for each in decoders - used if not isinstance(each, type)}
    assert unused == {replies.in_pairs}


def test_text_that_is_no_utf8_is_told_of_all_the_same() -> None:
    assert replies.client_list(b"id=1 name=\xff") == [{"id": "1", "name": "\ufffd"}]
