"""Where the keys of commands stand, and what else is known of commands."""

from __future__ import annotations

from typing import Any

import pytest

from trio_helianthus.redis._command import Command, CommandFlag, is_blocking
from trio_helianthus.redis._command_table import COMMANDS
from trio_helianthus.redis._command_table._streams import XREAD, XREAD_BLOCK
from trio_helianthus.redis._keys import KeySpec, keys_of

CASES: list[tuple[str, list[Any]]] = [
    ("GET a", ["a"]),
    ("GET", []),
    ("PING a", []),
    ("OBJECT ENCODING a", ["a"]),
    ("RENAME a b", ["a", "b"]),
    ("DEL a b c", ["a", "b", "c"]),
    ("DEL", []),
    ("MSET a 1 b 2", ["a", "b"]),
    ("MSETEX 2 a 1 b 2 EX 5", ["a", "b"]),
    ("BLPOP a b 0", ["a", "b"]),
    ("BLMPOP 0 2 a b LEFT", ["a", "b"]),
    ("EVAL code 2 a b c", ["a", "b"]),
    ("EVAL code 0 a b", []),
    ("FCALL f 1 a b", ["a"]),
    ("BITOP AND d a b", ["d", "a", "b"]),
    ("ZUNIONSTORE d 2 a b WEIGHTS 1 2", ["d", "a", "b"]),
    ("XREAD COUNT 5 STREAMS a b 0 0", ["a", "b"]),
    ("xread streams a 0", ["a"]),
    ("XREADGROUP GROUP streams c STREAMS a >", ["a"]),
    ("XREAD COUNT 5", []),
    ("GEORADIUS a 1 2 3 km STORE b", ["a", "b"]),
    ("GEORADIUS a 1 2 3 km STOREDIST b", ["a", "b"]),
    ("GEORADIUS a 1 2 3 km", ["a"]),
    ("SORT a", ["a"]),
    ("SORT a BY store LIMIT 0 5 GET store STORE b", ["a", "b"]),
    ("SORT a STORE b STORE c", ["a", "c"]),
    ("SORT_RO a BY store", ["a"]),
    ("MIGRATE h 1 a 0 5", ["a"]),
    ("MIGRATE h 1  0 5 AUTH keys KEYS a b", ["a", "b"]),
    ("MIGRATE h 1  0 5 COPY AUTH2 u keys KEYS a", ["a"]),
    ("SPUBLISH shard x", ["shard"]),
    ("SSUBSCRIBE one two", ["one", "two"]),
]


def command_of(words: list[Any]) -> Command:
    first, two = words[0].upper(), " ".join(words[:2]).upper()
    return COMMANDS.get(two) or COMMANDS[first]


@pytest.mark.parametrize(("line", "keys"), CASES, ids=[line for line, _ in CASES])
def test_keys_are_found(line: str, keys: list[Any]) -> None:
    words = line.split(" ")
    command = command_of(words)
    assert keys_of(command, words) == keys
    assert keys_of(command, [word.encode() for word in words]) == [key.encode() for key in keys]


@pytest.mark.parametrize("count", ["x", -1, b"1.5", "3"])
def test_a_wrong_number_of_keys_is_told(count: Any) -> None:
    with pytest.raises(ValueError, match="keys"):
        keys_of(COMMANDS["EVAL"], ("EVAL", "code", count, "a", "b"))


def test_a_number_of_keys_may_be_of_any_type() -> None:
    for count in (2, "2", b"2", bytearray(b"2"), memoryview(b"2")):
        assert keys_of(COMMANDS["EVAL"], ("EVAL", "code", count, "a", "b")) == ["a", "b"]


def test_the_only_key_of_a_command_is_known_without_looking() -> None:
    assert COMMANDS["GET"].key_at == 1
    assert COMMANDS["OBJECT ENCODING"].key_at == 2
    assert COMMANDS["PING"].key_at == 0
    assert COMMANDS["DEL"].key_at == COMMANDS["RENAME"].key_at == COMMANDS["XREAD"].key_at == -1
    assert Command("ANY", keys=(KeySpec(keyword=b"KEYS"),)).key_at == -1


def test_flags_are_those_of_the_server_and_ours() -> None:
    assert COMMANDS["GET"].flags == CommandFlag.READONLY
    assert COMMANDS["SET"].flags == CommandFlag.NONE
    assert COMMANDS["DUMP"].flags == CommandFlag.READONLY | CommandFlag.RAW
    assert COMMANDS["CONFIG SET"].flags == CommandFlag.ADMIN
    assert COMMANDS["CONFIG GET"].flags == CommandFlag.ADMIN | CommandFlag.REPEATABLE
    assert COMMANDS["WAIT"].flags == CommandFlag.BLOCKING | CommandFlag.STATEFUL
    assert COMMANDS["SHUTDOWN"].flags == CommandFlag.BLOCKING | CommandFlag.ADMIN


def test_what_is_repeatable_changes_nothing() -> None:
    changing = {
        "SET",
        "INCR",
        "EVAL",
        "FCALL",
        "PUBLISH",
        "XREADGROUP",
        "GETEX",
        "SPOP",
        "CONFIG SET",
        "ACL LOG",
    }
    assert not any(COMMANDS[name].is_repeatable for name in changing)
    assert all(COMMANDS[name].is_repeatable for name in ("GET", "EVAL_RO", "PING", "INFO", "XREAD"))
    assert COMMANDS["GET"].is_readonly
    assert not COMMANDS["PING"].is_readonly
    assert not [
        command.name
        for command in COMMANDS.values()
        if command.is_repeatable and command.flags & CommandFlag.STATEFUL
    ]


def test_commands_block_if_their_arguments_say_so() -> None:
    assert is_blocking(COMMANDS["BLPOP"], ("BLPOP", "a", 0))
    assert not is_blocking(COMMANDS["GET"], ("GET", "block"))
    assert is_blocking(XREAD, ("XREAD", "COUNT", 1, "block", 0, "STREAMS", "a", 0))
    assert not is_blocking(XREAD, (b"XREAD", b"STREAMS", "BLOCK", 0))
    assert not is_blocking(
        COMMANDS["XREADGROUP"], ("XREADGROUP", "GROUP", "g", "c", "STREAMS", "a", 0)
    )
    assert not is_blocking(XREAD, ("XREAD", 5))
    assert XREAD_BLOCK.flags & CommandFlag.BLOCKING
    assert not XREAD.flags & CommandFlag.BLOCKING


def test_policies_for_clusters_are_the_servers_tips() -> None:
    assert COMMANDS["DBSIZE"].request_policy == "all_shards"
    assert COMMANDS["DBSIZE"].response_policy == "agg_sum"
    assert COMMANDS["MGET"].request_policy == "multi_shard"
    assert COMMANDS["MGET"].response_policy is None
    assert COMMANDS["GET"].request_policy is None


def test_each_command_is_found_by_its_name() -> None:
    assert all(name == command.name for name, command in COMMANDS.items())
    assert COMMANDS["CLIENT LIST"].words == (b"CLIENT", b"LIST")
    assert "CLIENT" not in COMMANDS
    assert len(COMMANDS) > 400
