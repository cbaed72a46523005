"""Sorted sets."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.redis.commands._calls import Call, Raises, Way, call, check_call
from trio_helianthus import redis

Z = ("ZADD z 1 a 2.5 b",)
TWO = (*Z, "ZADD y 10 b 20 c")
SAME = ("ZADD z 0 a 0 b 0 c",)
ONE = ("ZADD z 1 a",)


def scores(key: str, *wanted: tuple[bytes, float]) -> tuple[str, list[list[object]]]:
    return f"ZRANGE {key} 0 -1 WITHSCORES", [list(each) for each in wanted]


CALLS = [
    call("zadd", "z", {"a": 5, "c": 3}, answer=1, before=Z),
    call("zadd", "z", {"a": 5, "c": 3}, ch=True, xx=True, answer=1, before=Z),
    call("zadd", "z", {"a": 0}, gt=True, answer=0, before=Z, after=("ZSCORE z a", 1.0)),
    call("zadd", "z", {"a": 0}, lt=True, answer=0, before=Z, after=("ZSCORE z a", 0.0)),
    call("zadd", "z", {"a": 2}, incr=True, answer=3.0, before=Z),
    call("zadd", "z", {"a": 2}, incr=True, nx=True, answer=None, before=Z),
    call("zadd", "z", {"a": -math.inf}, incr=True, answer=-math.inf, before=Z),
    call("zcard", "z", answer=2, before=Z),
    call("zcount", "z", "(1", "+inf", answer=1, before=Z),
    call("zcount", "z", 0, 9.5, answer=2, before=Z),
    call("zincrby", "z", 1.5, "a", answer=2.5, before=Z),
    call("zlexcount", "z", "[b", "+", answer=2, before=SAME),
    call("zmscore", "z", ["a", "none"], answer=[1.0, None], before=Z),
    call("zrandmember", "z", answer=b"a", before=ONE),
    call("zrandmember", "none", answer=None),
    call("zrandmember", "z", -2, answer=[b"a", b"a"], before=ONE),
    call("zrandmember", "z", -2, withscores=True, answer=[(b"a", 1.0), (b"a", 1.0)], before=ONE),
    call("zrank", "z", "b", answer=1, before=Z),
    call("zrank", "z", "none", answer=None, before=Z),
    call("zrank", "z", "b", withscore=True, answer=(1, 2.5), before=Z),
    call("zrank", "z", "none", withscore=True, answer=None, before=Z),
    call("zrevrank", "z", "b", answer=0, before=Z),
    call("zrevrank", "z", "b", withscore=True, answer=(0, 2.5), before=Z),
    call("zrem", "z", "a", "none", answer=1, before=Z),
    call("zscan", "z", answer=(0, [(b"a", 1.0), (b"b", 2.5)]), before=Z),
    call("zscan", "z", 0, "b*", 5, answer=(0, [(b"b", 2.5)]), before=Z),
    call("zscan", "z", no_scores=True, answer=(0, [b"a", b"b"]), before=Z),
    call("zscore", "z", "b", answer=2.5, before=Z),
    call("zscore", "z", "none", answer=None, before=Z),
    # ranges
    call("zrange", "z", 0, -1, answer=[b"a", b"b"], before=Z),
    call("zrange", "none", 0, -1, answer=[]),
    call("zrange", "z", 0, -1, withscores=True, answer=[(b"a", 1.0), (b"b", 2.5)], before=Z),
    call("zrange", "none", 0, -1, withscores=True, answer=[]),
    call("zrange", "z", 0, 0, desc=True, answer=[b"b"], before=Z),
    call("zrange", "z", "(1", "+inf", byscore=True, answer=[b"b"], before=Z),
    call(
        "zrange",
        "z",
        "+inf",
        "-inf",
        byscore=True,
        desc=True,
        offset=1,
        num=1,
        withscores=True,
        answer=[(b"a", 1.0)],
        before=Z,
    ),
    call("zrange", "z", "(a", "[b", bylex=True, answer=[b"b"], before=SAME),
    call("zrangebylex", "z", "-", "[b", answer=[b"a", b"b"], before=SAME),
    call("zrangebylex", "z", "-", "+", 1, 1, answer=[b"b"], before=SAME),
    call("zrangebyscore", "z", 1, "(2.5", answer=[b"a"], before=Z),
    call(
        "zrangebyscore", "z", "-inf", "+inf", 1, 5, withscores=True, answer=[(b"b", 2.5)], before=Z
    ),
    call("zrangestore", "d", "z", 1, -1, answer=1, before=Z, after=scores("d", (b"b", 2.5))),
    call("zrangestore", "d", "z", 2, 0, byscore=True, desc=True, answer=1, before=Z),
    call("zremrangebylex", "z", "[a", "[b", answer=2, before=SAME),
    call("zremrangebyrank", "z", 0, 0, answer=1, before=Z, after=scores("z", (b"b", 2.5))),
    call("zremrangebyscore", "z", 2, "+inf", answer=1, before=Z, after=scores("z", (b"a", 1.0))),
    call("zrevrange", "z", 0, -1, answer=[b"b", b"a"], before=Z),
    call("zrevrange", "z", 0, 0, withscores=True, answer=[(b"b", 2.5)], before=Z),
    call("zrevrangebylex", "z", "+", "[b", answer=[b"c", b"b"], before=SAME),
    call("zrevrangebyscore", "z", 9, 2, answer=[b"b"], before=Z),
    call("zrevrangebyscore", "z", 9, 0, 1, 1, withscores=True, answer=[(b"a", 1.0)], before=Z),
    # taking
    call("bzmpop", 1, 2, ["none", "z"], min=True, answer=(b"z", [(b"a", 1.0)]), before=Z),
    call("bzmpop", 0.001, 1, ["none"], max=True, answer=None),
    call("bzpopmax", "z", answer=(b"z", b"b", 2.5), before=Z),
    call("bzpopmax", ["none"], 0.001, answer=None),
    call("bzpopmin", ["none", "z"], 1, answer=(b"z", b"a", 1.0), before=Z),
    call(
        "zmpop",
        2,
        ["none", "z"],
        max=True,
        count=5,
        answer=(b"z", [(b"b", 2.5), (b"a", 1.0)]),
        before=Z,
    ),
    call("zmpop", 1, ["none"], min=True, answer=None),
    call("zpopmax", "z", answer=[(b"b", 2.5)], before=Z),
    call("zpopmax", "z", 5, answer=[(b"b", 2.5), (b"a", 1.0)], before=Z),
    call("zpopmin", "z", answer=[(b"a", 1.0)], before=Z),
    call("zpopmin", "none", answer=[]),
    call("zpopmin", "none", 2, answer=[]),
    # several
    call("zdiff", ["z", "y"], answer=[b"a"], before=TWO),
    call("zdiff", ["z", "y"], withscores=True, answer=[(b"a", 1.0)], before=TWO),
    call("zdiffstore", "d", ["z", "y"], answer=1, before=TWO, after=scores("d", (b"a", 1.0))),
    call("zinter", ["z", "y"], answer=[b"b"], before=TWO),
    call("zinter", {"z": 2, "y": 1}, withscores=True, answer=[(b"b", 15.0)], before=TWO),
    call("zinter", ["z", "y"], "MAX", withscores=True, answer=[(b"b", 10.0)], before=TWO),
    call("zintercard", 2, ["z", "y"], answer=1, before=TWO),
    call("zintercard", 1, ["z"], 1, answer=1, before=TWO),
    call(
        "zinterstore", "d", ["z", "y"], "MIN", answer=1, before=TWO, after=scores("d", (b"b", 2.5))
    ),
    call("zunion", ["z", "y"], answer=[b"a", b"b", b"c"], before=TWO),
    call("zunion", ["z", "none"], withscores=True, answer=[(b"a", 1.0), (b"b", 2.5)], before=TWO),
    call(
        "zunionstore",
        "d",
        {"z": 2.0},
        answer=2,
        before=TWO,
        after=scores("d", (b"a", 2.0), (b"b", 5.0)),
    ),
    call("zunionstore", "d", ["z"], "SUM", answer=Raises("WRONGTYPE"), before=("SET z 1",)),
]


@pytest.mark.parametrize("each", CALLS, ids=str)
async def test_each_call_is_answered(each: Call, ways: dict[Way, redis.Redis[Any]]) -> None:
    await check_call(each, ways)
