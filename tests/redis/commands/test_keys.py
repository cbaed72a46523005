"""Keys of any type, and when they expire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.redis.commands._calls import (
    ALONE,
    HELP,
    SOME_INT,
    Call,
    Fits,
    Raises,
    Way,
    call,
    check_call,
)
from trio_helianthus import errors, redis, testing

A = ("SET a 1",)
DYING = ("SET a 1 EX 1000",)
SOON = Fits(lambda ttl: 0 < ttl <= 100, "1 to 100")
LATER = datetime.now(UTC) + timedelta(days=1)
DAY = Fits(lambda ttl: 43_200 < ttl <= 86_401, "a day")  # from when the tests were collected
NOW = Fits(lambda at: 1_700_000_000 < at < 3_000_000_000, "seconds")
NOW_MS = Fits(lambda at: 1_700_000_000_000 < at < 3_000_000_000_000, "milliseconds")
NUMBERS = ("RPUSH l 3 1 2", "MSET w_1 30 w_2 20 w_3 10")


def names(*wanted: bytes) -> Fits:
    return Fits(
        lambda keys: (
            isinstance(keys, list)
            and sorted(key if isinstance(key, bytes) else key.encode() for key in keys)
            == list(wanted)
        ),
        f"{wanted}",
    )


CALLS = [
    call("copy", "a", "b", answer=True, before=A, after=("GET b", b"1")),
    call("copy", "a", "b", answer=False, before=("MSET a 1 b 2",), after=("GET b", b"2")),
    call("copy", "a", "b", replace=True, answer=True, before=("MSET a 1 b 2",)),
    call("copy", "a", "a", 3, answer=True, before=A),
    call("delete", "a", b"none", answer=1, before=A, after=("EXISTS a", 0)),
    call("dump", "none", answer=None),
    call("exists", "a", "a", "none", answer=2, before=A),
    call("keys", answer=names(b"a", b"l"), before=(*A, "RPUSH l 1")),
    call("keys", "x*", answer=[]),
    call("move", "a", 4, answer=True, before=A, after=("EXISTS a", 0)),
    call("move", "none", 4, answer=False),
    call("object_encoding", "a", answer=b"int", before=A),
    call("object_encoding", "none", answer=None),
    call("object_freq", "a", answer=Raises("ERR An LFU"), before=A),
    call("object_help", answer=HELP),
    call("object_idletime", "a", answer=SOME_INT, before=A),
    call("object_refcount", "a", answer=SOME_INT, before=A),
    call("randomkey", answer=b"a", before=A),
    call("randomkey", answer=None),
    call("rename", "a", "b", answer=None, before=A, after=("EXISTS b", 1)),
    call("rename", "none", "b", answer=Raises("ERR no such key")),
    call("renamenx", "a", "b", answer=True, before=A),
    call("renamenx", "a", "b", answer=False, before=("MSET a 1 b 2",)),
    call("restore", "a", 0, b"junk", answer=Raises("ERR DUMP payload version or checksum")),
    call("restore_asking", "a", 0, b"junk", answer=Raises("ERR DUMP payload version or checksum")),
    call("sort", "l", answer=[b"1", b"2", b"3"], before=NUMBERS),
    call("sort", "l", 1, 1, "w_*", ["#", "w_*", "x_*"], answer=[b"2", b"20", None], before=NUMBERS),
    call("sort", "l", desc=True, alpha=True, answer=[b"3", b"2", b"1"], before=NUMBERS),
    call(
        "sort",
        "l",
        store="d",
        answer=3,
        before=NUMBERS,
        after=("LRANGE d 0 -1", [b"1", b"2", b"3"]),
    ),
    call("sort_ro", "l", desc=True, answer=[b"3", b"2", b"1"], before=NUMBERS),
    call("touch", "a", "none", answer=1, before=A),
    call("type", "a", answer=b"string", before=A),
    call("type", "none", answer=b"none"),
    call("unlink", "a", "none", answer=1, before=A, after=("EXISTS a", 0)),
    call("scan", count=1000, answer=(0, names(b"a", b"l")), before=(*A, "RPUSH l 1")),
    call("scan", 0, "a*", 1000, "string", answer=(0, [b"a"]), before=A),
    # when they expire
    call("expire", "a", 100, answer=True, before=A, after=("TTL a", SOON)),
    call("expire", "a", timedelta(seconds=100), answer=True, before=A, after=("TTL a", SOON)),
    call("expire", "none", 100, answer=False),
    call("expire", "a", 100, nx=True, answer=False, before=DYING),
    call("expire", "a", 100, xx=True, lt=True, answer=True, before=DYING),
    call("expireat", "a", LATER, answer=True, before=A, after=("TTL a", DAY)),
    call("expireat", "a", 1, answer=True, before=A, after=("EXISTS a", 0)),
    call("expiretime", "a", answer=NOW, before=DYING),
    call("expiretime", "a", answer=-1, before=A),
    call("expiretime", "none", answer=-2),
    call("persist", "a", answer=True, before=DYING, after=("TTL a", -1)),
    call("persist", "a", answer=False, before=A),
    call("pexpire", "a", 100_000, answer=True, before=A, after=("TTL a", SOON)),
    call("pexpire", "a", 100_000, gt=True, answer=False, before=DYING),
    call("pexpireat", "a", LATER, answer=True, before=A, after=("TTL a", DAY)),
    call("pexpiretime", "a", answer=NOW_MS, before=DYING),
    call("pttl", "a", answer=Fits(lambda ttl: 990_000 < ttl <= 1_000_000), before=DYING),
    call("ttl", "a", answer=Fits(lambda ttl: 990 < ttl <= 1000), before=DYING),
    call("ttl", "a", answer=-1, before=A),
    call("ttl", "none", answer=-2),
    call("migrate", "127.0.0.1", 1, "none", 0, 100, answer=False),
    call("migrate", "127.0.0.1", 1, ["a"], 0, 100, answer=Raises("IOERR"), before=A, ways=ALONE),
]


@pytest.mark.parametrize("each", CALLS, ids=str)
async def test_each_call_is_answered(each: Call, ways: dict[Way, redis.Redis[Any]]) -> None:
    await check_call(each, ways)


async def test_what_was_dumped_can_be_restored(r: redis.Redis[bytes]) -> None:
    await r.set("a", b"\xff\x00")
    dumped = await r.dump("a")
    assert isinstance(dumped, bytes)
    with pytest.raises(errors.RedisError, match="BUSYKEY"):
        await r.restore("a", 0, dumped)
    await r.restore("a", 5000, dumped, replace=True)
    assert await r.get("a") == b"\xff\x00"
    assert 0 < await r.pttl("a") <= 5000
    await r.restore("b", 0, dumped, idletime=100)
    assert await r.object_idletime("b") in {100, 101}
    await r.restore_asking("c", 0, dumped)
    assert await r.exists("c") == 1


async def test_what_was_dumped_stays_bytes_where_text_is_asked_for(
    plain_server: testing.RedisServer,
) -> None:
    async with redis.open_client(plain_server.url, decode_responses=True) as r:
        await r.flushall()
        await r.set("a", "text")
        dumped = await r.dump("a")
        assert isinstance(dumped, bytes)
        await r.restore("b", 0, dumped)
        assert await r.get("b") == "text"


async def test_how_often_a_key_is_used(fresh: redis.Redis[bytes]) -> None:
    await fresh.config_set("maxmemory-policy", "allkeys-lfu")
    await fresh.set("a", 1)
    assert SOME_INT.check(await fresh.object_freq("a"))


async def test_keys_can_be_moved_to_another_server(r: redis.Redis[bytes]) -> None:
    await r.mset({"a": 1, "b": 2})
    async with testing.open_redis_server() as other:
        assert await r.migrate("127.0.0.1", other.port, ["a", "b"], 0, 5000, copy=True) is True
        assert await other.execute("MGET", "a", "b") == [b"1", b"2"]
        await r.set("a", 3)
        with pytest.raises(errors.RedisError, match="BUSYKEY"):
            await r.migrate("127.0.0.1", other.port, "a", 0, 5000)
        assert await r.migrate("127.0.0.1", other.port, "a", 0, 5000, replace=True) is True
        assert await other.execute("GET", "a") == b"3"
    assert await r.exists("a", "b") == 1


async def test_keys_can_be_moved_to_a_server_with_a_password(r: redis.Redis[bytes]) -> None:
    await r.mset({"a": 1, "b": 2})
    users = ["mover on >secret ~* +@all"]
    async with testing.open_redis_server(password="other", users=users) as other:
        with pytest.raises(errors.RedisError, match="NOAUTH"):
            await r.migrate("127.0.0.1", other.port, "a", 0, 5000)
        assert await r.migrate("127.0.0.1", other.port, "a", 0, 5000, auth="other") is True
        where = ("127.0.0.1", other.port)
        assert await r.migrate(*where, "b", 0, 5000, auth="secret", username="mover") is True
        assert await other.execute("MGET", "a", "b") == [b"1", b"2"]


async def test_all_keys_are_found_by_scans(r: redis.Redis[bytes]) -> None:
    await r.mset({f"key {n}": n for n in range(500)})
    cursor, found, rounds = 0, set[bytes](), 0
    while True:
        cursor, keys = await r.scan(cursor, count=50)
        found.update(keys)
        rounds += 1
        if not cursor:
            break
    assert rounds > 5
    assert found == {f"key {n}".encode() for n in range(500)}
