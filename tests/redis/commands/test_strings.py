"""Strings and bitmaps."""

from __future__ import annotations

from typing import Any

import pytest

from tests.redis.commands._calls import Call, Fits, Raises, Way, call, check_call
from trio_helianthus import redis
from trio_helianthus.redis._bitfield import BitField
from trio_helianthus.redis._replies import CommonPart, CommonParts

A = ("SET a 1",)
TEXT = ("SET t hello",)
LIVES = Fits(lambda ttl: 0 < ttl <= 100, "1 to 100")

CALLS = [
    call("append", "a", "bc", answer=3, before=A, after=("GET a", b"1bc")),
    call("decr", "a", answer=0, before=A),
    call("decr", "a", 5, answer=-4, before=A),
    call("decrby", "a", 2, answer=-1, before=A),
    call("decr", "t", answer=Raises("ERR value is not an integer"), before=TEXT),
    call("delifeq", "a", 1, answer=True, before=A, after=("EXISTS a", 0)),
    call("delifeq", "a", 2, answer=False, before=A, after=("EXISTS a", 1)),
    call("get", "a", answer=b"1", before=A),
    call("get", b"none", answer=None),
    call("getdel", "a", answer=b"1", before=A, after=("EXISTS a", 0)),
    call("getex", "a", 100, answer=b"1", before=A, after=("TTL a", LIVES)),
    call("getex", "a", persist=True, answer=b"1", before=("SET a 1 EX 5",), after=("TTL a", -1)),
    call("getrange", "t", 1, -2, answer=b"ell", before=TEXT),
    call("getrange", "none", 0, -1, answer=b""),
    call("getset", "a", 2, answer=b"1", before=A),
    call("getset", "a", 2, answer=None),
    call("incr", "a", answer=2, before=A),
    call("incr", "a", 41, answer=42, before=A),
    call("incrby", "a", -3, answer=-2, before=A),
    call("incrbyfloat", "a", 0.5, answer=1.5, before=A),
    call("lcs", "t", "u", answer=b"ello", before=("SET t hello", "SET u yellow")),
    call("lcs", "t", "u", len=True, answer=4, before=("SET t hello", "SET u yellow")),
    call(
        "lcs",
        "t",
        "u",
        idx=True,
        answer=CommonParts([CommonPart((1, 4), (1, 4))], 4),
        before=("SET t hello", "SET u yellow"),
    ),
    call(
        "lcs",
        "t",
        "u",
        idx=True,
        withmatchlen=True,
        answer=CommonParts([CommonPart((1, 4), (1, 4), 4)], 4),
        before=("SET t hello", "SET u yellow"),
    ),
    call("mget", ["a", "none", "t"], answer=[b"1", None, b"hello"], before=A + TEXT),
    call("mset", {"a": 1, b"b": b"2"}, answer=None, after=("MGET a b", [b"1", b"2"])),
    call("msetex", {"a": 1, "b": 2}, 100, answer=True, after=("TTL b", LIVES)),
    call("msetex", {"a": 2, "b": 2}, nx=True, answer=False, before=A, after=("GET a", b"1")),
    call("msetex", {"a": 2}, xx=True, answer=True, before=A, after=("GET a", b"2")),
    call(
        "msetex",
        {"a": 2},
        keepttl=True,
        answer=True,
        before=("SET a 1 EX 100",),
        after=("TTL a", LIVES),
    ),
    call("msetnx", {"b": 1}, answer=True),
    call("msetnx", {"a": 2, "b": 1}, answer=False, before=A, after=("EXISTS b", 0)),
    call("psetex", "a", 100_000, 1, answer=None, after=("TTL a", LIVES)),
    call("set", "a", "x", answer=True, after=("GET a", b"x")),
    call("set", "a", "x", 100, answer=True, after=("TTL a", LIVES)),
    call("set", "a", "x", px=100_000, answer=True, after=("TTL a", LIVES)),
    call("set", "a", "x", nx=True, answer=False, before=A, after=("GET a", b"1")),
    call("set", "a", "x", xx=True, answer=False),
    call("set", "a", "x", get=True, answer=b"1", before=A, after=("GET a", b"x")),
    call("set", "a", "x", get=True, answer=None),
    call("set", "a", "x", nx=True, get=True, answer=b"1", before=A, after=("GET a", b"1")),
    call(
        "set",
        "a",
        "x",
        keepttl=True,
        answer=True,
        before=("SET a 1 EX 100",),
        after=("TTL a", LIVES),
    ),
    call("set", "a", "x", ifeq=1, answer=True, before=A),
    call("set", "a", "x", ifeq=2, answer=False, before=A),
    call("setex", "a", 100, 1, answer=None, after=("TTL a", LIVES)),
    call("setnx", "a", 1, answer=True),
    call("setnx", "a", 1, answer=False, before=A),
    call("setrange", "t", 1, "i", answer=5, before=TEXT, after=("GET t", b"hillo")),
    call("strlen", "t", answer=5, before=TEXT),
    call("substr", "t", 1, answer=b"ello", before=TEXT),
    # bitmaps
    call("bitcount", "t", answer=21, before=TEXT),
    call("bitcount", "t", 0, 0, answer=3, before=TEXT),
    call("bitcount", "t", 0, 3, "BIT", answer=2, before=TEXT),
    call(
        "bitfield",
        "b",
        BitField().set("u8", 0, 255).overflow("FAIL").incrby("u8", 0, 1).get("u8", "#0"),
        answer=[0, None, 255],
    ),
    call("bitfield_ro", "t", "u8", 0, [("u4", "#2")], answer=[104, 6], before=TEXT),
    call("bitop", "and", "d", "a", "t", answer=5, before=A + TEXT),
    call("bitop", "not", "d", "a", answer=1, before=A, after=("GET d", b"\xce")),
    call("bitpos", "t", 1, answer=1, before=TEXT),
    call("bitpos", "t", 0, 1, 2, "BIT", answer=-1, before=TEXT),
    call("getbit", "t", 1, answer=1, before=TEXT),
    call("setbit", "b", 7, 1, answer=0, after=("GET b", b"\x01")),
]


@pytest.mark.parametrize("each", CALLS, ids=str)
async def test_each_call_is_answered(each: Call, ways: dict[Way, redis.Redis[Any]]) -> None:
    await check_call(each, ways)
