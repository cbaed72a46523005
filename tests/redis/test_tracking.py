"""Client-side caching: answered from memory, and never in an old form for long."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio
import trio.testing

from tests.redis._real_cluster import open_real_cluster
from tests.redis._scripted_server import open_scripted_server
from tests.redis.conftest import needs_server
from trio_helianthus import errors, redis, testing
from trio_helianthus.redis._read_cache import ReadCache, size_of
from trio_helianthus.redis._slots import SLOTS, slot_of

pytestmark = needs_server


@pytest.fixture
async def tracked(client: redis.Redis[bytes]) -> AsyncIterator[redis.TrackedRedis[bytes]]:
    async with client.tracking() as tracked:
        yield tracked


async def until(check: Any) -> None:
    with trio.fail_after(5):
        while not check():  # noqa: ASYNC110 - nothing tells of it
            await trio.sleep(0.001)


async def test_what_was_read_is_not_asked_for_again(
    client: redis.Redis[bytes], tracked: redis.TrackedRedis[bytes]
) -> None:
    await client.set("a", 1)
    await client.hset("h", mapping={"x": 1, "y": 2})
    await client.rpush("l", 1, 2)
    for _ in range(3):
        assert await tracked.get("a") == b"1"
        assert await tracked.mget("a", "b") == [b"1", None]
        assert await tracked.hgetall("h") == {b"x": b"1", b"y": b"2"}
        assert await tracked.lrange("l", 0, -1) == [b"1", b"2"]
        assert await tracked.execute("GET", "a") == b"1"
    statistics = tracked.statistics()
    assert (statistics.misses, statistics.hits, statistics.entries) == (4, 11, 4)
    assert 0 < statistics.bytes < 10_000


async def test_what_others_change_is_read_anew(
    client: redis.Redis[bytes], tracked: redis.TrackedRedis[bytes]
) -> None:
    for value in range(20):
        await client.set("a", value)
        with trio.fail_after(5):
            while await tracked.get("a") != b"%d" % value:  # noqa: ASYNC110
                await trio.sleep(0.001)
    assert tracked.statistics().invalidations >= 19


async def test_what_is_deleted_expires_or_is_emptied(
    client: redis.Redis[bytes], tracked: redis.TrackedRedis[bytes]
) -> None:
    await client.mset({"a": 1, "b": 2, "c": 3})
    await client.set("d", 4, px=200)
    assert await tracked.mget("a", "b") == [b"1", b"2"]
    assert await tracked.get("c") == b"3"
    assert await tracked.get("d") == b"4"
    assert await tracked.get("nothing") is None
    await client.delete("a")
    await until(lambda: tracked.statistics().entries <= 3)
    await until(lambda: tracked.statistics().entries <= 2)  # the server looks ten times a second
    await client.set("nothing", 1)
    await until(lambda: tracked.statistics().entries <= 1)
    await client.flushall()
    await until(lambda: tracked.statistics().entries == 0)
    assert await tracked.get("c") is None


async def test_who_writes_reads_what_it_has_written(
    tracked: redis.TrackedRedis[bytes],
) -> None:
    for value in range(200):
        await tracked.set("a", value)
        assert await tracked.get("a") == b"%d" % value
        await tracked.incr("a")
        assert await tracked.get("a") == b"%d" % (value + 1)
        assert await tracked.get("a") == b"%d" % (value + 1)


async def test_what_depends_on_more_than_keys_is_asked_for_each_time(
    client: redis.Redis[bytes], tracked: redis.TrackedRedis[bytes]
) -> None:
    await client.set("a", 1, ex=100)
    await client.sadd("s", 1, 2, 3)
    for _ in range(2):
        assert await tracked.ttl("a") > 0
        await tracked.srandmember("s")
        await tracked.ping()
        await tracked.scan()
    assert tracked.statistics().entries == tracked.statistics().hits == 0


async def test_answers_may_be_changed_by_whoever_gets_them(
    client: redis.Redis[bytes], tracked: redis.TrackedRedis[bytes]
) -> None:
    await client.rpush("l", 1)
    for _ in range(3):
        answer = await tracked.lrange("l", 0, -1)
        assert answer == [b"1"]
        answer.append(b"2")


async def test_text_where_it_is_asked_for(redis_server: testing.RedisServer) -> None:
    async with (
        redis.open_client(redis_server.url, decode_responses=True) as r,
        r.tracking() as tracked,
    ):
        await r.hset("h", "x", "ü")
        for _ in range(2):
            assert await tracked.hgetall("h") == {"x": "ü"}


async def test_tasks_that_want_the_same_ask_once(
    client: redis.Redis[bytes], tracked: redis.TrackedRedis[bytes]
) -> None:
    await client.set("a", 1)
    answers: list[Any] = []

    async def read() -> None:
        answers.append(await tracked.get("a"))

    async with trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(read)
    assert answers == [b"1"] * 50
    assert (tracked.statistics().misses, tracked.statistics().joined) == (1, 49)


async def test_cancelling_the_first_who_asks_leaves_the_others_alone(
    client: redis.Redis[bytes], tracked: redis.TrackedRedis[bytes]
) -> None:
    await client.set("a", 1)
    answers: list[Any] = []

    async def read(scope: trio.CancelScope) -> None:
        with scope:
            answers.append(await tracked.get("a"))

    async with trio.open_nursery() as nursery:
        scopes = [trio.CancelScope() for _ in range(5)]
        for scope in scopes:
            nursery.start_soon(read, scope)
        await trio.lowlevel.checkpoint()
        scopes[0].cancel()
        scopes[3].cancel()
    assert len(answers) >= 3
    assert set(answers) == {b"1"}
    assert await tracked.get("a") == b"1"


async def test_no_more_is_kept_than_allowed(client: redis.Redis[bytes]) -> None:
    async with client.tracking(max_entries=10) as tracked:
        for number in range(30):
            await tracked.get(f"k{number}")
            await tracked.get("k0")
        assert tracked.statistics().entries == 10
        assert tracked.statistics().evictions == 20
        hits = tracked.statistics().hits
        await tracked.get("k0")  # used again and again, so it has stayed
        await tracked.get("k29")
        assert tracked.statistics().hits == hits + 2
        await tracked.get("k1")
        assert tracked.statistics().hits == hits + 2
    await client.set("large", b"x" * 5000)
    async with client.tracking(max_bytes=4000) as tracked:
        assert len((await tracked.get("large")) or b"") == 5000
        assert tracked.statistics().entries == 0
        for number in range(30):
            await tracked.get(f"k{number}")
        assert 0 < tracked.statistics().bytes <= 4000


async def test_what_is_old_is_asked_for_again(client: redis.Redis[bytes]) -> None:
    async with client.tracking(max_age=0.02) as tracked:
        await tracked.get("a")
        await trio.sleep(0.03)
        await tracked.get("a")
        assert tracked.statistics().misses == 2
        tracked.clear()
        assert tracked.statistics().entries == tracked.statistics().bytes == 0


async def test_prefixes(client: redis.Redis[bytes]) -> None:
    await client.mset({"user:1": 1, "other": 2})
    async with client.tracking(prefixes=["user:", b"group:"]) as tracked:
        for _ in range(2):
            assert await tracked.get("user:1") == b"1"
            assert await tracked.get("other") == b"2"
            assert await tracked.mget("user:1", "other") == [b"1", b"2"]
        assert (tracked.statistics().entries, tracked.statistics().hits) == (1, 1)
        await client.set("user:1", 3)
        await until(lambda: not tracked.statistics().entries)
        assert await tracked.get("user:1") == b"3"


async def test_a_lost_connection_forgets_everything(
    redis_server: testing.RedisServer, client: redis.Redis[bytes]
) -> None:
    async with client.tracking() as tracked:
        await client.set("a", 1)
        assert await tracked.get("a") == b"1"
        await redis_server.kill_clients()
        await redis_server.execute("SET", "a", 2)
        await until(lambda: tracked.statistics().losses == 1)
        assert await tracked.get("a") == b"2"
        await redis_server.execute("SET", "a", 3)
        await until(lambda: not tracked.statistics().entries)
        assert await tracked.get("a") == b"3"


async def test_never_older_than_what_its_server_has_told(
    redis_server: testing.RedisServer, client: redis.Redis[bytes]
) -> None:
    """Writers raise numbers; a reader that has waited for the server's messages sees the last."""
    chance = random.Random(7)
    written = dict.fromkeys(range(5), 0)
    reads = 0
    async with client.tracking(max_entries=4) as tracked, trio.open_nursery() as nursery:

        async def write() -> None:
            while True:
                key = chance.randrange(5)
                written[key] = max(written[key], await client.incr(f"n{key}"))
                await trio.sleep(0.0002)

        async def read() -> None:
            nonlocal reads
            while True:
                key = chance.randrange(5)
                least = written[key]
                # Messages come in the order of the answers: who has been answered has been told.
                await tracked.ping()
                found = int(await tracked.get(f"n{key}") or 0)
                assert found >= least
                reads += 1

        async def disturb() -> None:
            while True:
                await trio.sleep(0.3)
                await redis_server.kill_clients()

        async def quietly(function: Any) -> None:
            while True:
                try:
                    await function()
                except errors.OutcomeUnknown:
                    pass

        for _ in range(3):
            nursery.start_soon(quietly, write)
            nursery.start_soon(quietly, read)
        nursery.start_soon(disturb)
        await trio.sleep(1.5)
        nursery.cancel_scope.cancel()
    assert reads > 300
    assert tracked.statistics().hits > 0


async def test_a_server_that_cannot_track_is_told_at_once(
    redis_server: testing.RedisServer,
) -> None:
    await redis_server.execute("ACL", "SETUSER", "guest", "on", ">pw", "~*", "+@all", "-client")
    url = redis_server.url.replace("redis://", "redis://guest:pw@")
    async with redis.open_client(url) as r:
        with pytest.raises(errors.RedisPermissionDenied):
            async with r.tracking():
                pytest.fail("it tracks")
    async with (
        open_scripted_server(knows_hello=False) as server,
        redis.open_client(server.url) as s,
    ):
        with pytest.raises(errors.LocalProtocolError, match="RESP3"):
            async with s.tracking():
                pytest.fail("it tracks")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"max_entries": 0}, ValueError),
        ({"max_bytes": 0}, ValueError),
        ({"max_age": 0}, ValueError),
        ({"prefixes": "user:"}, TypeError),
        ({"prefixes": [7]}, TypeError),
        ({"prefixes": [""]}, ValueError),
    ],
)
async def test_mistakes_are_told(
    client: redis.Redis[bytes], options: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        async with client.tracking(**options):
            pytest.fail("it was taken")


async def test_a_cluster_tells_too() -> None:
    async with (
        open_real_cluster() as cluster,
        redis.open_cluster(cluster.url) as r,
        r.tracking() as tracked,
    ):
        keys = [f"key:{number}" for number in range(30)]
        for value in (1, 2):
            await r.mset(dict.fromkeys(keys, value))
            with trio.fail_after(5):
                while await tracked.mget(keys) != [b"%d" % value] * 30:  # noqa: ASYNC110
                    await trio.sleep(0.001)
                for key in keys:
                    while await tracked.get(key) != b"%d" % value:  # noqa: ASYNC110
                        await trio.sleep(0.001)
        with trio.fail_after(5):
            hits = tracked.statistics().hits
            while tracked.statistics().hits == hits:  # a message about a write may still come
                assert await tracked.mget(keys) == [b"2"] * 30


def test_what_is_told_while_it_is_asked_for_is_not_kept() -> None:
    async def main() -> None:
        cache = ReadCache(max_entries=2, max_bytes=10_000, max_age=60)
        load = cache.begin(b"GET a", (b"a",))
        assert cache.find_load(b"GET a") is load
        cache.invalidate([b"a"])
        assert cache.find_load(b"GET a") is None
        newer = cache.begin(b"GET a", (b"a",))
        newer.answer.append(b"2")
        cache.end(b"GET a", newer)
        load.answer.append(b"1")
        cache.end(b"GET a", load)
        entry = cache.find(b"GET a")
        assert entry is not None
        assert entry.answer == b"2"
        cache.clear()
        assert cache.find(b"GET a") is None

    trio.run(main)


def test_sizes() -> None:
    assert size_of(b"x" * 1000) < size_of([b"x" * 1000]) < size_of({b"y" * 1000: [b"x" * 1000]})


@pytest.mark.sweep
def test_nothing_stale_is_kept_wherever_it_is_cancelled(
    shared_server: testing.RedisServer,
) -> None:
    async def scenario(part: trio.CancelScope) -> None:
        async with redis.open_client(shared_server.url) as r, r.tracking() as tracked:
            await r.mset({"a": 1, "b": 1})
            with part:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(tracked.get, "a")
                    nursery.start_soon(tracked.get, "a")
                    nursery.start_soon(tracked.incr, "a")
                    nursery.start_soon(tracked.mget, "a", "b")
                    nursery.start_soon(r.incr, "b")
                await tracked.get("a")
            await tracked.ping()  # what was sent there before has run
            expected = await r.mget("a", "b")
            await tracked.ping()  # and what it has changed was told
            assert [await tracked.get("a"), await tracked.get("b")] == expected
            assert await tracked.mget("a", "b") == expected

    testing.cancel_sweep(scenario)


async def test_a_key_that_is_named_twice(
    client: redis.Redis[bytes], tracked: redis.TrackedRedis[bytes]
) -> None:
    await client.set("k", 1)
    assert await tracked.mget("k", "k") == [b"1", b"1"]
    assert await tracked.exists("k", "k") == 2
    await client.set("k", 2)
    with trio.fail_after(5):
        while await tracked.mget("k", "k") != [b"2", b"2"]:  # noqa: ASYNC110
            await trio.sleep(0.001)
    tracked.clear()
    assert tracked.statistics().entries == 0


async def test_what_is_sorted_by_other_keys_is_not_kept(
    client: redis.Redis[bytes], tracked: redis.TrackedRedis[bytes]
) -> None:
    await client.rpush("l", "a", "b")
    await client.mset({"w_a": 1, "w_b": 2})
    assert await tracked.sort_ro("l", by="w_*", alpha=True) == [b"a", b"b"]
    await client.set("w_a", 3)
    assert await tracked.sort_ro("l", by="w_*", alpha=True) == [b"b", b"a"]


async def test_what_changes_keys_without_naming_them_clears_all(
    client: redis.Redis[bytes], tracked: redis.TrackedRedis[bytes]
) -> None:
    await client.set("k", 1)
    for change in (
        lambda: tracked.swapdb(0, 1),
        lambda: tracked.eval("return 1", 0),
        tracked.flushdb,
    ):
        await tracked.get("k")
        assert tracked.statistics().entries == 1
        await change()
        assert tracked.statistics().entries == 0
    await client.flushall()


async def test_a_slot_that_moves_takes_with_it_what_was_kept() -> None:
    async with (
        open_real_cluster() as cluster,
        redis.open_cluster(cluster.url) as r,
        r.tracking() as tracked,
    ):
        primaries = cluster.servers[:3]
        old = primaries[slot_of("a") * 3 // SLOTS]
        new = next(server for server in primaries if server is not old)
        assert await tracked.get("a") is None
        for server in (new, *primaries):
            await server.execute("CLUSTER", "SETSLOT", slot_of("a"), "NODE", cluster.ids[new.port])
        await r.set("a", "new")
        with trio.fail_after(10):
            while await tracked.get("a") != b"new":  # noqa: ASYNC110
                await trio.sleep(0.05)
