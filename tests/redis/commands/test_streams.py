"""Streams, and consumer groups."""

from __future__ import annotations

from typing import Any, cast

import pytest
import trio

from tests.redis.commands._calls import (
    ALONE,
    HELP,
    SOME_INT,
    SOME_TEXT,
    Call,
    Fits,
    Raises,
    Way,
    call,
    check_call,
)
from trio_helianthus import redis
from trio_helianthus.redis._replies import PendingEntry, PendingSummary

S = ("XADD s 1-1 f 1", "XADD s 2-1 f 2 g x")
FIRST = (b"1-1", {b"f": b"1"})
SECOND = (b"2-1", {b"f": b"2", b"g": b"x"})
GROUP = (*S, "XGROUP CREATE s g 0")
READ = (*GROUP, "XREADGROUP GROUP g c COUNT 1 STREAMS s >")
DELETED = (*READ, "XDEL s 1-1")


def has(**wanted: Any) -> Fits:
    """A map that has at least these."""

    def check(found: Any) -> bool:
        return type(found) is dict and all(
            found[name.replace("_", "-")]
            in (value, value.decode() if isinstance(value, bytes) else value)
            for name, value in wanted.items()
        )

    return Fits(check, str(wanted))


CALLS = [
    call("xadd", "s", {"f": 1}, answer=SOME_TEXT, after=("XLEN s", 1)),
    call("xadd", "s", {"f": 1, b"g": 2.5}, "5-5", answer=b"5-5", after=("XLEN s", 1)),
    call("xadd", "s", {"f": 1}, nomkstream=True, answer=None, after=("EXISTS s", 0)),
    call(
        "xadd",
        "s",
        {"f": 1},
        "9-1",
        1,
        approximate=False,
        answer=b"9-1",
        before=S,
        after=("XLEN s", 1),
    ),
    call(
        "xadd",
        "s",
        {"f": 1},
        "9-1",
        minid="2",
        approximate=False,
        answer=b"9-1",
        before=S,
        after=("XLEN s", 2),
    ),
    call("xadd", "s", {"f": 1}, "0-1", answer=Raises("ERR The ID specified"), before=S),
    call("xdel", "s", "1-1", "7-7", answer=1, before=S),
    call("xlen", "s", answer=2, before=S),
    call("xrange", "s", answer=[FIRST, SECOND], before=S),
    call("xrange", "s", "(1-1", "+", 5, answer=[SECOND], before=S),
    call("xrange", "none", answer=[]),
    call("xrevrange", "s", answer=[SECOND, FIRST], before=S),
    call("xrevrange", "s", "+", 2, 1, answer=[SECOND], before=S),
    call("xread", {"s": 0}, answer={b"s": [FIRST, SECOND]}, before=S),
    call("xread", {"s": "1-1", "none": 0}, 5, answer={b"s": [SECOND]}, before=S),
    call("xread", {"s": "$"}, answer={}, before=S),
    call("xread", {"s": "$"}, block=1, answer={}, before=S),
    call("xread", {"s": 0}, block=1, count=1, answer={b"s": [FIRST]}, before=S),
    call(
        "xsetid",
        "s",
        "9-9",
        answer=None,
        before=S,
        after=("XADD s 5-5 f 1", Fits(lambda answer: False)),
        ways=(),
    ),
    call("xsetid", "s", "9-9", 20, "3-3", answer=None, before=S),
    call("xtrim", "s", 1, approximate=False, answer=1, before=S, after=("XLEN s", 1)),
    call("xtrim", "s", minid="2-1", approximate=False, answer=1, before=S),
    call("xtrim", "s", 1, limit=100, answer=0, before=S),
    call("xinfo_help", answer=HELP),
    call(
        "xinfo_stream",
        "s",
        answer=has(length=2, first_entry=FIRST, groups=1),
        before=GROUP,
        ways=ALONE[:2],
    ),
    call("xinfo_stream", "s", answer=has(length=2, groups=0), before=S),
    call(
        "xinfo_stream",
        "s",
        full=True,
        count=1,
        answer=has(length=2, entries=[FIRST]),
        before=READ,
        ways=ALONE[:2],
    ),
    call("xinfo_groups", "s", answer=[has(name=b"g", consumers=1, pending=1)], before=READ),
    call("xinfo_consumers", "s", "g", answer=[has(name=b"c", pending=1)], before=READ),
    # groups
    call("xack", "s", "g", "1-1", "2-1", answer=1, before=READ),
    call("xautoclaim", "s", "g", "d", 0, answer=(b"0-0", [FIRST], []), before=READ),
    call("xautoclaim", "s", "g", "d", 0, "0", 10, answer=(b"0-0", [], [b"1-1"]), before=DELETED),
    call("xautoclaim", "s", "g", "d", 0, justid=True, answer=(b"0-0", [b"1-1"], []), before=READ),
    call("xclaim", "s", "g", "d", 0, ["1-1"], answer=[FIRST], before=READ),
    call("xclaim", "s", "g", "d", 0, ["1-1", "2-1"], justid=True, answer=[b"1-1"], before=READ),
    call(
        "xclaim",
        "s",
        "g",
        "d",
        0,
        ["2-1"],
        idle=5000,
        retrycount=7,
        force=True,
        lastid="2-1",
        answer=[SECOND],
        before=READ,
        after=(
            "XPENDING s g 2-1 2-1 1",
            Fits(lambda found: found[0][2] >= 5000 and found[0][3] == 7),
        ),
    ),
    call("xclaim", "s", "g", "d", 0, ["1-1"], time=1, answer=[FIRST], before=READ),
    call("xgroup_create", "s", "g", answer=None, before=S),
    call(
        "xgroup_create",
        "n",
        "g",
        0,
        mkstream=True,
        entries_read=0,
        answer=None,
        after=("XLEN n", 0),
    ),
    call("xgroup_create", "s", "g", answer=Raises("BUSYGROUP"), before=GROUP),
    call("xgroup_createconsumer", "s", "g", "c", answer=True, before=GROUP),
    call("xgroup_createconsumer", "s", "g", "c", answer=False, before=READ),
    call("xgroup_delconsumer", "s", "g", "c", answer=1, before=READ),
    call("xgroup_destroy", "s", "g", answer=True, before=GROUP),
    call("xgroup_destroy", "s", "g", answer=False, before=S),
    call("xgroup_help", answer=HELP),
    call("xgroup_setid", "s", "g", "2-1", 2, answer=None, before=GROUP),
    call("xpending", "s", "g", answer=PendingSummary(1, b"1-1", b"1-1", {b"c": 1}), before=READ),
    call("xpending", "s", "g", answer=PendingSummary(0, None, None, {}), before=GROUP),
    call(
        "xpending_range",
        "s",
        "g",
        "-",
        "+",
        10,
        answer=[PendingEntry(b"1-1", b"c", cast("int", SOME_INT), 1)],
        before=READ,
    ),
    call("xpending_range", "s", "g", "-", "+", 10, "d", answer=[], before=READ),
    call("xpending_range", "s", "g", "-", "+", 10, idle=100_000, answer=[], before=READ),
    call("xreadgroup", "g", "c", {"s": ">"}, answer={b"s": [FIRST, SECOND]}, before=GROUP),
    call("xreadgroup", "g", "c", {"s": ">"}, 1, noack=True, answer={b"s": [FIRST]}, before=GROUP),
    call("xreadgroup", "g", "c", {"s": "0"}, answer={b"s": [FIRST]}, before=READ),
    call("xreadgroup", "g", "c", {"s": "0"}, answer={b"s": [(b"1-1", {})]}, before=DELETED),
    call("xreadgroup", "g", "d", {"s": ">"}, block=1, answer={b"s": [SECOND]}, before=READ),
    call("xreadgroup", "g", "c", {"n": ">"}, answer=Raises("NOGROUP"), before=S),
]


@pytest.mark.parametrize("each", [each for each in CALLS if each.ways], ids=str)
async def test_each_call_is_answered(each: Call, ways: dict[Way, redis.Redis[Any]]) -> None:
    await check_call(each, ways)


async def test_all_that_a_stream_has_is_decoded(r: redis.Redis[bytes]) -> None:
    await r.xadd("s", {"f": 1}, "1-1")
    await r.xgroup_create("s", "g", 0)
    await r.xreadgroup("g", "c", {"s": ">"})
    info = await r.xinfo_stream("s", full=True)
    assert info["entries"] == [(b"1-1", {b"f": b"1"})]
    (group,) = info["groups"]
    assert group["name"] == b"g"
    ((entry_id, consumer_name, _, deliveries),) = group["pending"]
    assert (entry_id, consumer_name, deliveries) == (b"1-1", b"c", 1)
    (consumer,) = group["consumers"]
    assert consumer["name"] == b"c"
    ((pending_id, _, pending_deliveries),) = consumer["pending"]
    assert (pending_id, pending_deliveries) == (b"1-1", 1)
    assert (await r.xinfo_stream("s"))["last-entry"] == (b"1-1", {b"f": b"1"})


async def test_reading_waits_for_an_entry(r: redis.Redis[bytes]) -> None:
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def write() -> None:
            while not any("xread" in each["cmd"] for each in await r.client_list()):  # noqa: ASYNC110
                await trio.sleep(0.001)
            await r.xadd("s", {"f": 1}, "1-1")

        with trio.fail_after(10):
            assert await r.xread({"s": "$"}, block=0) == {b"s": [(b"1-1", {b"f": b"1"})]}
