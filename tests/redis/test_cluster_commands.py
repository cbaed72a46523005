"""What the commands' methods do against a real cluster that nothing happens to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from queue import Queue
from threading import Event, Thread
from typing import Any

import pytest
import trio

from tests.redis._real_cluster import RealCluster, open_real_cluster
from tests.redis.conftest import needs_server
from trio_helianthus import errors, redis
from trio_helianthus.redis._command_table import COMMANDS

pytestmark = needs_server

KEYS = [f"key:{number}" for number in range(30)]


@pytest.fixture(scope="module")
def real_cluster() -> Iterator[RealCluster]:
    clusters: Queue[RealCluster] = Queue()
    over = Event()

    async def keep() -> None:
        async with open_real_cluster(password="secret") as cluster:
            clusters.put(cluster)
            await trio.to_thread.run_sync(over.wait)

    thread = Thread(target=trio.run, args=[keep])
    thread.start()
    try:
        yield clusters.get(timeout=60)
    finally:
        over.set()
        thread.join()


@pytest.fixture(params=[3, 2], ids=["RESP3", "RESP2"])
async def r(
    request: pytest.FixtureRequest, real_cluster: RealCluster
) -> AsyncIterator[redis.Redis[bytes]]:
    async with redis.open_cluster(
        real_cluster.url, password="secret", protocol=request.param
    ) as client:
        await client.flushall()
        yield client


async def test_keys_of_all_nodes(r: redis.Redis[bytes], real_cluster: RealCluster) -> None:
    await r.mset({key: number for number, key in enumerate(KEYS)})
    sizes = [await server.execute("DBSIZE") for server in real_cluster.servers[:3]]
    assert sum(sizes) == 30
    assert all(sizes)
    assert await r.mget(KEYS) == [b"%d" % number for number in range(30)]
    assert await r.mget(KEYS[0], "nothing", KEYS[1]) == [b"0", None, b"1"]
    assert await r.dbsize() == 30
    assert await r.exists(*KEYS, "nothing") == 30
    assert await r.touch(*KEYS) == 30
    assert sorted(await r.keys("key:*")) == sorted(key.encode() for key in KEYS)
    assert (await r.randomkey() or b"").decode() in KEYS
    assert await r.delete(*KEYS[:10]) == 10
    assert await r.unlink(*KEYS[10:20]) == 10
    assert await r.dbsize() == 10
    await r.flushall()
    assert await r.dbsize() == 0
    assert await r.randomkey() is None


async def test_scripts_and_functions_are_known_to_all(r: redis.Redis[bytes]) -> None:
    source = "return {KEYS[1], ARGV[1]}"
    sha = await r.script_load(source)
    for key in KEYS[:6]:
        assert await r.evalsha(sha, 1, key, "x") == [key.encode(), b"x"]
    assert await r.script_exists(sha, "0" * 40) == [True, False]
    await r.script_flush()
    script = r.register_script(source)
    for key in KEYS[:6]:
        assert await script([key], ["x"]) == [key.encode(), b"x"]
    library = r.register_library(
        "#!lua name=mine\nserver.register_function('mine', function(keys) return keys[1] end)"
    )
    for key in KEYS[:6]:
        assert await library.call("mine", [key]) == key.encode()
    await r.execute("FUNCTION", "FLUSH")


async def test_what_concerns_several_nodes(
    r: redis.Redis[bytes], real_cluster: RealCluster
) -> None:
    assert await r.ping() in {True, b"PONG"}
    await r.config_set("slowlog-max-len", 77)
    for server in real_cluster.servers:
        assert (await server.execute("CONFIG", "GET", "slowlog-max-len"))[1] == b"77"
    async with r.subscribe("news"):
        assert await r.pubsub_channels() == [b"news"]
        numbers = await r.execute("PUBSUB", "NUMSUB", "news", "x")
        assert numbers == [b"news", 1, b"x", 0]
    assert await r.execute("INFO", "server")
    assert await r.execute("CLUSTER", "KEYSLOT", "foo") == 12182


async def test_every_kind_of_value(r: redis.Redis[bytes]) -> None:
    for key in KEYS[:6]:
        await r.set(key, "value", ex=60)
        assert await r.get(key) == b"value"
        assert 0 < await r.ttl(key) <= 60
        await r.hset(f"{{{key}}}:hash", mapping={"a": 1, "b": 2})
        assert await r.hgetall(f"{{{key}}}:hash") == {b"a": b"1", b"b": b"2"}
        await r.zadd(f"{{{key}}}:zset", {"a": 1.5})
        assert await r.zrange(f"{{{key}}}:zset", 0, -1, withscores=True) == [(b"a", 1.5)]
        await r.xadd(f"{{{key}}}:stream", {"f": "v"})
        assert await r.xlen(f"{{{key}}}:stream") == 1
        await r.sadd(f"{{{key}}}:1", "a", "b")
        await r.sadd(f"{{{key}}}:2", "b", "c")
        assert list(await r.sinter(f"{{{key}}}:1", f"{{{key}}}:2")) == [b"b"]
        await r.rename(f"{{{key}}}:1", f"{{{key}}}:3")


async def test_pipelines(r: redis.Redis[bytes]) -> None:
    pipeline = r.pipeline()
    for number, key in enumerate(KEYS):
        pipeline.set(key, number)
    pipeline.mget(KEYS).dbsize()
    *_, values, size = await pipeline.execute()
    assert values == [b"%d" % number for number in range(30)]
    assert size == 30
    pipeline.lpush(KEYS[0], "x").get(KEYS[1])
    refused, value = await pipeline.execute(raise_errors=False)
    assert isinstance(refused, errors.RedisWrongType)
    assert value == b"1"


async def test_a_walk_through_all_nodes(r: redis.Redis[bytes]) -> None:
    await r.mset(dict.fromkeys(KEYS, 1))
    found: list[Any] = []
    for begin in await r._backend.scan_targets():
        cursor: Any = 0
        while cursor is not None:
            cursor, keys = await begin(COMMANDS["SCAN"], (b"SCAN", cursor))
            found += keys
            cursor = None if cursor == b"0" else cursor
    assert sorted(found) == sorted(key.encode() for key in KEYS)


async def test_mistakes(r: redis.Redis[bytes]) -> None:
    for call in (
        lambda: r.rename("a", "b"),
        lambda: r.msetnx({"a": 1, "b": 2}),
        lambda: r.sinter("a", "b"),
        lambda: r.eval("return 1", 2, "a", "b"),
        r.scan,
    ):
        with pytest.raises(errors.LocalProtocolError):
            await call()


async def test_shards(r: redis.Redis[bytes]) -> None:
    async with r.subscribe_shards(*KEYS[:6]) as news:
        for key in KEYS[:6]:
            assert await r.spublish(key, "hello") == 1
            message = await news.receive()
            assert (message.channel, message.data) == (key.encode(), b"hello")


async def test_text(real_cluster: RealCluster) -> None:
    async with redis.open_cluster(
        real_cluster.url, password="secret", decode_responses=True, read_from=redis.ReadFrom.REPLICA
    ) as client:
        await client.mset({"a": "ä", "b": "ö"})
        with trio.fail_after(20):
            while await client.mget("a", "b") != ["ä", "ö"]:  # noqa: ASYNC110 - replicas are behind
                await trio.sleep(0.01)


async def test_a_wrong_password_is_told(real_cluster: RealCluster) -> None:
    with pytest.raises(errors.RedisAuthenticationError):
        async with redis.open_cluster(real_cluster.url, password="wrong"):
            raise AssertionError


async def test_a_single_server_is_no_cluster(redis_server: Any) -> None:
    with pytest.raises(errors.RedisError, match="cluster support disabled"):
        async with redis.open_cluster(redis_server.url):
            raise AssertionError
