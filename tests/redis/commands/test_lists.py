"""Lists and sets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.redis.commands._calls import Call, Fits, Raises, Way, call, check_call
from trio_helianthus import redis

L = ("RPUSH l a b c",)
TWO = ("RPUSH l a b c", "RPUSH m x")
S = ("SADD s a b", "SADD t b c")
ONE = ("SADD s a",)


def items(key: str, *wanted: bytes) -> tuple[str, list[bytes]]:
    return f"LRANGE {key} 0 -1", list(wanted)


def members(*wanted: bytes) -> Fits:
    return Fits(
        lambda found: (
            sorted(each if isinstance(each, bytes) else each.encode() for each in found)
            == list(wanted)
        )
    )


CALLS = [
    call("blmove", "l", "m", 1, answer=b"a", before=TWO, after=items("m", b"x", b"a")),
    call(
        "blmove",
        "l",
        "m",
        1,
        "RIGHT",
        "LEFT",
        answer=b"c",
        before=TWO,
        after=items("m", b"c", b"x"),
    ),
    call("blmove", "none", "m", 0.001, answer=None),
    call(
        "blmpop",
        1,
        2,
        "none",
        "l",
        direction="LEFT",
        count=2,
        answer=(b"l", [b"a", b"b"]),
        before=L,
    ),
    call("blmpop", 0.001, 1, "none", direction="RIGHT", answer=None),
    call("blpop", ["none", "l"], answer=(b"l", b"a"), before=L),
    call("blpop", "none", 0.001, answer=None),
    call("brpop", "l", None, answer=(b"l", b"c"), before=L),
    call("brpop", ["none"], 0.001, answer=None),
    call("brpoplpush", "l", "m", answer=b"c", before=TWO, after=items("m", b"c", b"x")),
    call("brpoplpush", "none", "m", 0.001, answer=None),
    call("lindex", "l", -1, answer=b"c", before=L),
    call("lindex", "l", 9, answer=None, before=L),
    call(
        "linsert",
        "l",
        "BEFORE",
        "b",
        "x",
        answer=4,
        before=L,
        after=items("l", b"a", b"x", b"b", b"c"),
    ),
    call("linsert", "l", "after", "z", "x", answer=-1, before=L),
    call("llen", "l", answer=3, before=L),
    call("lmove", "l", "m", answer=b"a", before=TWO, after=items("m", b"x", b"a")),
    call("lmove", "none", "m", answer=None),
    call(
        "lmpop", 2, "none", "l", direction="RIGHT", count=2, answer=(b"l", [b"c", b"b"]), before=L
    ),
    call("lmpop", 1, "none", direction="LEFT", answer=None),
    call("lpop", "l", answer=b"a", before=L),
    call("lpop", "l", 2, answer=[b"a", b"b"], before=L),
    call("lpop", "none", answer=None),
    call("lpop", "none", 2, answer=None),
    call("lpos", "l", "b", answer=1, before=L),
    call("lpos", "l", "z", answer=None, before=L),
    call("lpos", "l", "a", 1, 0, 10, answer=[0], before=L),
    call("lpos", "l", "z", count=0, answer=[], before=L),
    call(
        "lpush", "l", "y", "z", answer=5, before=L, after=items("l", b"z", b"y", b"a", b"b", b"c")
    ),
    call("lpushx", "none", "y", answer=0),
    call("lrange", "l", 1, -1, answer=[b"b", b"c"], before=L),
    call("lrange", "none", 0, -1, answer=[]),
    call("lrem", "l", 0, "b", answer=1, before=L, after=items("l", b"a", b"c")),
    call("lset", "l", 1, "x", answer=None, before=L, after=items("l", b"a", b"x", b"c")),
    call("lset", "l", 9, "x", answer=Raises("ERR index out of range"), before=L),
    call("ltrim", "l", 1, 1, answer=None, before=L, after=items("l", b"b")),
    call("rpop", "l", answer=b"c", before=L),
    call("rpop", "l", 2, answer=[b"c", b"b"], before=L),
    call("rpoplpush", "l", "m", answer=b"c", before=TWO),
    call(
        "rpush", "l", 1, 2.5, answer=5, before=L, after=items("l", b"a", b"b", b"c", b"1", b"2.5")
    ),
    call("rpushx", "l", "x", answer=4, before=L),
    # sets
    call("sadd", "s", "b", "c", answer=1, before=S),
    call("scard", "s", answer=2, before=S),
    call("sdiff", "s", "t", answer={b"a"}, before=S),
    call("sdiffstore", "d", ["s", "t"], answer=1, before=S, after=("SMEMBERS d", members(b"a"))),
    call("sinter", ["s", "t"], answer={b"b"}, before=S),
    call("sinter", "s", "none", answer=set(), before=S),
    call("sintercard", 2, ["s", "t"], answer=1, before=S),
    call("sintercard", 1, ["s"], 1, answer=1, before=S),
    call("sinterstore", "d", "s", "t", answer=1, before=S, after=("SMEMBERS d", members(b"b"))),
    call("sismember", "s", "a", answer=True, before=S),
    call("sismember", "s", "z", answer=False, before=S),
    call("smembers", "s", answer={b"a", b"b"}, before=S),
    call("smismember", "s", ["a", "z"], answer=[True, False], before=S),
    call(
        "smove",
        "s",
        "t",
        "a",
        answer=True,
        before=S,
        after=("SMEMBERS t", members(b"a", b"b", b"c")),
    ),
    call("smove", "s", "t", "z", answer=False, before=S),
    call("spop", "s", answer=b"a", before=ONE),
    call("spop", "none", answer=None),
    call("spop", "s", 5, answer={b"a", b"b"}, before=S),
    call("spop", "none", 5, answer=set()),
    call("srandmember", "s", answer=b"a", before=ONE),
    call("srandmember", "s", -2, answer=[b"a", b"a"], before=ONE),
    call("srandmember", "none", answer=None),
    call("srandmember", "none", 2, answer=[]),
    call("srem", "s", "a", "z", answer=1, before=S),
    call("sscan", "s", answer=Fits(lambda found: found[0] == 0 and len(found[1]) == 2), before=S),
    call("sscan", "s", 0, "a*", 10, answer=(0, [b"a"]), before=S),
    call("sunion", "s", "t", answer={b"a", b"b", b"c"}, before=S),
    call("sunionstore", "d", "s", "t", answer=3, before=S),
]


@pytest.mark.parametrize("each", CALLS, ids=str)
async def test_each_call_is_answered(each: Call, ways: dict[Way, redis.Redis[Any]]) -> None:
    await check_call(each, ways)
