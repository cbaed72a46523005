"""Hashes, and when their fields expire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.redis.commands._calls import Call, Fits, Raises, Way, call, check_call
from trio_helianthus import redis

H = ("HSET h f 1 g x",)
ONE = ("HSET h f 1",)
DYING = (*H, "HPEXPIRE h 1000000 FIELDS 1 f")
LATER = datetime.now(UTC) + timedelta(seconds=900)
TTLS = Fits(lambda ttls: len(ttls) == 3 and 800 < ttls[0] <= 1000 and ttls[1:] == [-1, -2])
TTLS_MS = Fits(
    lambda ttls: len(ttls) == 3 and 800_000 < ttls[0] <= 1_000_000 and ttls[1:] == [-1, -2]
)
TIMES = Fits(lambda at: len(at) == 3 and 1_700_000_000 < at[0] < 3e9 and at[1:] == [-1, -2])
TIMES_MS = Fits(lambda at: len(at) == 3 and 1_700_000_000_000 < at[0] < 3e12 and at[1:] == [-1, -2])
TTL = ("HTTL h FIELDS 1 f", Fits(lambda ttls: 0 < ttls[0] <= 1000))

CALLS = [
    call("hdel", "h", "f", "none", answer=1, before=H, after=("HKEYS h", [b"g"])),
    call("hexists", "h", "f", answer=True, before=H),
    call("hexists", "h", "none", answer=False, before=H),
    call("hget", "h", "f", answer=b"1", before=H),
    call("hget", "h", "none", answer=None, before=H),
    call("hgetall", "h", answer={b"f": b"1", b"g": b"x"}, before=H),
    call("hgetall", "none", answer={}),
    call("hgetdel", "h", "f", "none", answer=[b"1", None], before=H, after=("HKEYS h", [b"g"])),
    call("hgetdel", "none", "f", answer=[None]),
    call("hgetex", "h", "f", "none", ex=100, answer=[b"1", None], before=H, after=TTL),
    call(
        "hgetex",
        "h",
        "f",
        persist=True,
        answer=[b"1"],
        before=DYING,
        after=("HTTL h FIELDS 1 f", [-1]),
    ),
    call("hgetex", "none", "f", answer=[None]),
    call("hincrby", "h", "f", answer=2, before=H),
    call("hincrby", "h", "f", -3, answer=-2, before=H),
    call("hincrbyfloat", "h", "f", 0.25, answer=1.25, before=H),
    call("hincrbyfloat", "h", "g", answer=Raises("ERR hash value is not a float"), before=H),
    call("hkeys", "h", answer=[b"f", b"g"], before=H),
    call("hlen", "h", answer=2, before=H),
    call("hmget", "h", ["g", "none"], answer=[b"x", None], before=H),
    call("hmset", "h", {"a": 1, b"b": 2.5}, answer=None, after=("HMGET h a b", [b"1", b"2.5"])),
    call("hrandfield", "h", answer=b"f", before=ONE),
    call("hrandfield", "none", answer=None),
    call("hrandfield", "h", -3, answer=[b"f", b"f", b"f"], before=ONE),
    call("hrandfield", "h", -2, withvalues=True, answer=[(b"f", b"1"), (b"f", b"1")], before=ONE),
    call("hrandfield", "none", 2, withvalues=True, answer=[]),
    call("hscan", "h", answer=(0, {b"f": b"1", b"g": b"x"}), before=H),
    call("hscan", "h", 0, "g*", 10, answer=(0, {b"g": b"x"}), before=H),
    call("hscan", "h", no_values=True, answer=(0, [b"f", b"g"]), before=H),
    call("hset", "h", "f", "v", answer=0, before=H, after=("HGET h f", b"v")),
    call("hset", "h", mapping={"f": 2, "n": 3}, answer=1, before=H),
    call("hset", "h", items=["m", 2, "n", 3], answer=2, before=H),
    call("hsetex", "h", "f", "v", ex=100, answer=True, after=TTL),
    call("hsetex", "h", mapping={"f": 1}, fnx=True, answer=False, before=H),
    call(
        "hsetex",
        "h",
        mapping={"f": 2},
        fxx=True,
        keepttl=True,
        answer=True,
        before=DYING,
        after=TTL,
    ),
    call("hsetex", "h", mapping={"f": 2}, nx=True, answer=False, before=H),
    call("hsetex", "h", mapping={"f": 2}, xx=True, answer=True, before=H),
    call("hsetnx", "h", "f", 2, answer=False, before=H),
    call("hsetnx", "h", "n", 2, answer=True, before=H),
    call("hstrlen", "h", "f", answer=1, before=H),
    call("hvals", "h", answer=[b"1", b"x"], before=H),
    # when fields expire
    call("hexpire", "h", 100, "f", "none", answer=[1, -2], before=H, after=TTL),
    call("hexpire", "h", timedelta(seconds=100), "f", nx=True, answer=[0], before=DYING),
    call("hexpire", "h", 0, "f", answer=[2], before=H),
    call("hexpireat", "h", LATER, "f", answer=[1], before=H, after=TTL),
    call("hpexpire", "h", 100_000, "f", lt=True, answer=[1], before=DYING, after=TTL),
    call("hpexpireat", "h", LATER, "f", xx=True, answer=[0], before=H),
    call("hpersist", "h", "f", "g", "none", answer=[1, -1, -2], before=DYING),
    call("hexpiretime", "h", "f", "g", "none", answer=TIMES, before=DYING),
    call("hpexpiretime", "h", "f", "g", "none", answer=TIMES_MS, before=DYING),
    call("httl", "h", "f", "g", "none", answer=TTLS, before=DYING),
    call("hpttl", "h", "f", "g", "none", answer=TTLS_MS, before=DYING),
]


@pytest.mark.parametrize("each", CALLS, ids=str)
async def test_each_call_is_answered(each: Call, ways: dict[Way, redis.Redis[Any]]) -> None:
    await check_call(each, ways)
