"""What servers say of themselves, and of their commands."""

from __future__ import annotations

from typing import Any

import pytest

from tests.redis.commands._calls import (
    ALONE,
    HELP,
    SOME_INT,
    SOME_STR,
    Call,
    Fits,
    Raises,
    Way,
    call,
    check_call,
)
from trio_helianthus import redis
from trio_helianthus.redis._replies import LoggedCommand

A = ("SET a 1",)


def is_log(found: list[Any]) -> bool:
    last = found[0]
    return (
        isinstance(last, LoggedCommand)
        and last.time > 1_700_000_000
        and type(last.amount) is int
        and last.args[0] in (b"SET", "SET")
        and last.client_address.startswith("127.0.0.1:")
        and last.client_name == ""
    )


LOGGED = ("CONFIG SET slowlog-log-slower-than 0", "SLOWLOG RESET", "SET a 1")

CALLS = [
    call("commandlog_get", 5, "SLOW", answer=Fits(is_log), before=LOGGED, ways=ALONE),
    call("commandlog_get", -1, "large-request", answer=[]),
    call("commandlog_help", answer=HELP),
    call("commandlog_len", "SLOW", answer=SOME_INT),
    call("commandlog_len", "LARGE-REPLY", answer=0),
    call("commandlog_reset", "LARGE-REPLY", answer=None),
    call("latency_doctor", answer=SOME_STR),
    call("latency_graph", "none", answer=Raises("ERR No samples available")),
    call("latency_help", answer=HELP),
    call(
        "latency_histogram",
        "set",
        answer={
            "set": Fits(
                lambda found: (
                    found["calls"] >= 1 and all(type(n) is int for n in found["histogram_usec"])
                )
            )
        },
        before=A,
    ),
    call("latency_histogram", "none", answer={}),
    call("latency_history", "none", answer=[]),
    call("latency_latest", answer=[], before=("LATENCY RESET",)),
    call("latency_reset", answer=0, before=("LATENCY RESET",)),
    call("latency_reset", "none", answer=0),
    call("lolwut", answer=Fits(lambda found: type(found) is str and "ver" in found)),
    call("lolwut", 5, 1, 1, answer=SOME_STR),
    call("memory_doctor", answer=SOME_STR),
    call("memory_help", answer=HELP),
    call("memory_malloc_stats", answer=SOME_STR),
    call("memory_purge", answer=None),
    call(
        "memory_stats",
        answer=Fits(
            lambda found: (
                type(found["peak.allocated"]) is int
                and type(found["dataset.percentage"]) is float
                and type(found["db.0"]) is dict
                and all(type(each) is int for each in found["db.0"].values())
            )
        ),
        before=A,
    ),
    call("memory_usage", "a", answer=SOME_INT, before=A),
    call("memory_usage", "a", 0, answer=SOME_INT, before=A),
    call("memory_usage", "none", answer=None),
    call("slowlog_get", answer=Fits(is_log), before=LOGGED, ways=ALONE),
    call("slowlog_get", 1, answer=Fits(lambda found: len(found) == 1), before=A, ways=ALONE),
    call("slowlog_help", answer=HELP),
    call("slowlog_len", answer=SOME_INT),
    call("slowlog_reset", answer=None),
    # commands
    call(
        "command",
        answer=Fits(
            lambda found: (
                found["get"]["arity"] == 2 and "config|get" in found["config"]["subcommands"]
            )
        ),
    ),
    call("command_count", answer=SOME_INT),
    call(
        "command_docs",
        "get",
        "config",
        answer=Fits(
            lambda found: (
                list(found) in (["get", "config"], ["config", "get"])
                and found["get"]["arguments"][0]["name"] in (b"key", "key")
                and "config|get" in found["config"]["subcommands"]
            )
        ),
    ),
    call(
        "command_docs",
        "xadd",
        answer=Fits(lambda found: type(found["xadd"]["history"][0]) is tuple),
    ),
    call("command_docs", "none", answer={}),
    call("command_getkeys", "MSET", "a", 1, "b", 2, answer=[b"a", b"b"]),
    call("command_getkeys", "PING", answer=Raises("ERR The command has no key arguments")),
    call("command_getkeysandflags", "SET", "a", 1, answer=[(b"a", ["OW", "update"])]),
    call("command_help", answer=HELP),
    call(
        "command_info",
        "get",
        "none",
        answer={
            "get": {
                "name": "get",
                "arity": 2,
                "flags": ["readonly", "fast"],
                "first_key": 1,
                "last_key": 1,
                "key_step": 1,
                "categories": ["@read", "@string", "@fast"],
                "tips": [],
                "key_specs": [
                    {
                        "flags": ["RO", "access"],
                        "begin_search": {"type": "index", "spec": {"index": 1}},
                        "find_keys": {
                            "type": "range",
                            "spec": {"lastkey": 0, "keystep": 1, "limit": 0},
                        },
                    }
                ],
                "subcommands": {},
            }
        },
    ),
    call("command_list", answer=Fits(lambda found: "get" in found and "config|get" in found)),
    call(
        "command_list",
        category="hyperloglog",
        answer=Fits(lambda found: "pfadd" in found and "get" not in found),
    ),
    call(
        "command_list",
        pattern="xre*",
        answer=Fits(lambda found: sorted(found) == ["xread", "xreadgroup", "xrevrange"]),
    ),
    call("command_list", module="none", answer=[]),
]


@pytest.mark.parametrize("each", CALLS, ids=str)
async def test_each_call_is_answered(each: Call, ways: dict[Way, redis.Redis[Any]]) -> None:
    await check_call(each, ways)


async def test_latencies_are_decoded(r: redis.Redis[bytes]) -> None:
    await r.latency_reset()
    await r.debug("SLEEP", 0.01)
    latest = await r.latency_latest()
    ((event, at, last, longest, *_),) = [each for each in latest if each[0] == b"command"]
    assert event == b"command"
    assert at > 1_700_000_000
    assert longest >= last >= 5
    history = await r.latency_history("command")
    assert history[-1][0] == at
    assert "command" in await r.latency_graph("command")
    assert await r.latency_reset("command") == 1
