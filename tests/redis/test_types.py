"""What type checkers know of answers: ``mypy`` reads this file, too."""

from __future__ import annotations

from typing import Any, assert_type

from tests.redis._recording import RecordingClient, RecordingQueue
from trio_helianthus.redis._replies import CommonParts, GeoMember, PendingSummary

Scores = list[tuple[bytes, float]]
Entries = list[tuple[bytes, dict[bytes, bytes]]]


async def test_answers_have_types() -> None:
    r = RecordingClient()
    assert_type(await r.get("k"), bytes | None)
    assert_type(await r.mget(["k", b"l"]), list[bytes | None])
    assert_type(await r.hgetall("k"), dict[bytes, bytes])
    assert_type(await r.smembers("k"), set[bytes])
    assert_type(await r.zscore("k", "m"), float | None)
    assert_type(await r.exists("k"), int)
    assert_type(await r.dump("k"), bytes | None)
    assert_type(await r.scan(), tuple[int, list[bytes]])
    assert_type(await r.xrange("k"), Entries)
    assert_type(await r.xread({"k": "0"}), dict[bytes, Entries])
    assert_type(await r.xpending("k", "g"), PendingSummary[bytes])
    assert_type(await r.blpop("k"), tuple[bytes, bytes] | None)
    assert_type(await r.config_get("*"), dict[str, bytes])
    assert_type(await r.eval("code", 0), Any)


async def test_answers_types_depend_on_options() -> None:
    r = RecordingClient()
    assert_type(await r.set("k", "v"), bool)
    assert_type(await r.set("k", "v", 5, nx=True), bool)
    assert_type(await r.set("k", "v", get=True), bytes | None)
    assert_type(await r.lpop("k"), bytes | None)
    assert_type(await r.lpop("k", 2), list[bytes] | None)
    assert_type(await r.spop("k"), bytes | None)
    assert_type(await r.spop("k", 2), set[bytes])
    assert_type(await r.lpos("k", "v"), int | None)
    assert_type(await r.lpos("k", "v", count=2), list[int])
    assert_type(await r.hrandfield("k"), bytes | None)
    assert_type(await r.hrandfield("k", 2), list[bytes])
    assert_type(await r.hrandfield("k", 2, withvalues=True), list[tuple[bytes, bytes]])
    assert_type(await r.hscan("k"), tuple[int, dict[bytes, bytes]])
    assert_type(await r.hscan("k", no_values=True), tuple[int, list[bytes]])
    assert_type(await r.zadd("k", {"m": 1}), int)
    assert_type(await r.zadd("k", {"m": 1}, incr=True), float | None)
    assert_type(await r.zrange("k", 0, -1), list[bytes])
    assert_type(await r.zrange("k", 0, -1, withscores=True), Scores)
    assert_type(await r.zrange("k", 0, -1, withscores=bool(r.sent)), list[bytes] | Scores)
    assert_type(await r.zrank("k", "m"), int | None)
    assert_type(await r.zrank("k", "m", withscore=True), tuple[int, float] | None)
    assert_type(await r.xclaim("k", "g", "c", 0, ["1"]), Entries)
    assert_type(await r.xclaim("k", "g", "c", 0, ["1"], justid=True), list[bytes])
    assert_type(await r.lcs("k", "l"), bytes)
    assert_type(await r.lcs("k", "l", len=True), int)
    assert_type(await r.lcs("k", "l", idx=True), CommonParts)
    assert_type(await r.geosearch("k", "m", radius=1), list[bytes])
    assert_type(await r.geosearch("k", "m", radius=1, withdist=True), list[GeoMember[bytes]])
    assert_type(await r.ping(), bool)
    assert_type(await r.ping("x"), bytes)


async def test_mappings_and_lists_of_any_kind_are_taken() -> None:
    r = RecordingClient()
    numbers: dict[str, int] = {"a": 1}
    scores: dict[bytes, float] = {b"a": 1.5}
    names: list[str] = ["a"]
    await r.mset(numbers)
    await r.hset("k", mapping=scores)
    await r.zadd("k", scores)
    await r.zunion(names)
    await r.zunion(numbers)
    await r.xread({"k": 0})
    await r.delete(*names)
    assert len(r.sent) == 7


def test_pipelines_are_chains() -> None:
    queue = RecordingQueue()
    assert_type(queue.set("k", 1).incr("k").get("k"), RecordingQueue)
    assert [command.name for command, _ in queue.sent] == ["SET", "INCR", "GET"]
