"""A cache: loaded once for all who want it, early, stale while it is, and never after a delete."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio

from tests.redis.conftest import needs_server
from tests.redis.recipes._processes import until
from trio_helianthus import core, errors, redis, testing
from trio_helianthus.redis._cache_store import Found


@pytest.fixture
async def other(redis_server: testing.RedisServer) -> AsyncIterator[redis.Redis[str]]:
    """A client of another program, which wants text."""
    async with redis.open_client(redis_server.url, decode_responses=True) as r:
        yield r


class Source:
    """Where values come from, slowly: ``<key> <number of the load>``."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.loads = 0
        self.cancelled = 0
        self.began = trio.Event()
        self.gate = trio.Event()
        if is_open:
            self.gate.set()

    async def load(self, key: str) -> str:
        self.loads += 1
        number = self.loads
        self.began.set()
        try:
            await self.gate.wait()
        except trio.Cancelled:
            self.cancelled += 1
            raise
        return f"{key} {number}"


@pytest.fixture
async def source() -> Source:
    return Source()


@pytest.fixture
async def slow() -> Source:
    return Source(is_open=False)


def users(r: redis.Redis[Any], **options: Any) -> redis.Cache[Any]:
    return r.cache("users", **{"ttl": 60, "early": 0, **options})


async def no_mark(r: redis.Redis[Any]) -> None:
    async def is_gone() -> bool:
        return not await r.exists("cache-loading:{users:7}")

    await until(is_gone)


async def test_what_was_loaded_is_kept(
    client: redis.Redis[bytes], other: redis.Redis[str], source: Source
) -> None:
    cache = users(client)
    assert await cache.get("7", source.load) == "7 1"
    assert await cache.get("7", source.load) == "7 1"
    assert await users(other).get("7", source.load) == "7 1"
    assert await cache.get("8", source.load) == "8 2"
    statistics = cache.statistics()
    assert (statistics.hits, statistics.misses, statistics.loads) == (1, 2, 2)
    assert statistics.loading == 0
    assert 59_000 < await client.pttl("cache:{users:7}") <= 60_000
    assert not await client.exists("cache-loading:{users:7}")


async def test_all_who_want_it_wait_for_one_load(
    client: redis.Redis[bytes], other: redis.Redis[str], slow: Source
) -> None:
    got = []

    async def get(cache: redis.Cache[Any]) -> None:
        got.append(await cache.get("7", slow.load))

    caches = users(client), users(other)
    async with trio.open_nursery() as nursery:
        for cache in caches:
            for _ in range(50):
                nursery.start_soon(get, cache)
        await slow.began.wait()

        async def all_wait() -> bool:
            return all(cache.statistics().misses == 50 for cache in caches)

        await until(all_wait)
        assert sum(cache.statistics().loading for cache in caches) == 2
        slow.gate.set()
    assert got == ["7 1"] * 100
    assert slow.loads == 1
    assert sum(cache.statistics().loads for cache in caches) == 1
    await no_mark(client)


async def test_one_who_is_cancelled_leaves_the_others_alone(
    client: redis.Redis[bytes], slow: Source
) -> None:
    cache = users(client)
    scope = trio.CancelScope()
    got = []

    async def first() -> None:
        with scope:
            await cache.get("7", slow.load)

    async def second() -> None:
        got.append(await cache.get("7", slow.load))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(first)
        await slow.began.wait()
        nursery.start_soon(second)

        async def both_wait() -> bool:
            return cache.statistics().misses == 2

        await until(both_wait)
        await trio.testing.wait_all_tasks_blocked(0.02)
        scope.cancel()
        await trio.testing.wait_all_tasks_blocked(0.02)
        slow.gate.set()
    assert got == ["7 1"]
    assert slow.cancelled == 0


async def test_when_nobody_waits_any_more_the_load_is_cancelled(
    client: redis.Redis[bytes], slow: Source
) -> None:
    cache = users(client)
    with pytest.raises(errors.OperationTimeout):
        await cache.get("7", slow.load, timeout=0.1)
    await no_mark(client)
    assert slow.cancelled == 1
    assert cache.statistics().loading == 0
    slow.gate.set()
    assert await cache.get("7", slow.load) == "7 2"


async def test_what_a_cancelled_load_raises_is_reported(
    client: redis.Redis[bytes], slow: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(key: str) -> str:
        try:
            return await slow.load(key)
        finally:
            raise KeyError("the connection was left open")

    with pytest.raises(errors.OperationTimeout):
        await users(client).get("7", fail, timeout=0.1)
    await no_mark(client)
    assert "left open" in capsys.readouterr().err


async def test_a_token_ends_the_wait(client: redis.Redis[bytes], slow: Source) -> None:
    token = core.CancelToken()
    async with trio.open_nursery() as nursery:

        async def get() -> None:
            with pytest.raises(errors.OperationCancelled):
                await users(client).get("7", slow.load, token=token)

        nursery.start_soon(get)
        await slow.began.wait()
        token.cancel("no more")


async def test_what_load_raises_comes_out_for_all_and_is_not_kept(
    client: redis.Redis[bytes], slow: Source
) -> None:
    cache = users(client)
    raised = []

    async def fail(key: str) -> str:
        await slow.load(key)
        raise KeyError(key)

    async def get() -> None:
        with pytest.raises(KeyError) as caught:
            await cache.get("7", fail)
        raised.append(caught.value)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(get)

        async def all_wait() -> bool:
            return cache.statistics().misses == 3 and slow.loads == 1

        await until(all_wait)
        slow.gate.set()
    assert len(raised) == 3
    await no_mark(client)
    assert not await client.exists("cache:{users:7}")
    assert await cache.get("7", slow.load) == "7 2"


async def test_a_loader_that_died_is_replaced(client: redis.Redis[bytes], source: Source) -> None:
    await client.set("cache-loading:{users:7}", "somebody", px=200)
    before = trio.current_time()
    assert await users(client).get("7", source.load) == "7 1"
    assert 0.1 < trio.current_time() - before < 5


async def test_loads_may_take_longer_than_the_mark_lasts(
    client: redis.Redis[bytes], other: redis.Redis[str], slow: Source
) -> None:
    got = []

    async def get(r: redis.Redis[Any]) -> None:
        got.append(await users(r, lock_ttl=0.1).get("7", slow.load))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(get, client)
        await slow.began.wait()
        nursery.start_soon(get, other)
        await trio.sleep(0.4)
        slow.gate.set()
    assert got == ["7 1", "7 1"]


async def test_what_is_deleted_while_it_is_loaded_is_loaded_again(
    client: redis.Redis[bytes], other: redis.Redis[str], slow: Source
) -> None:
    cache = users(client)
    got = []

    async def get() -> None:
        got.append(await cache.get("7", slow.load))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(get)
        await slow.began.wait()
        await users(other).delete("7")
        slow.gate.set()
    assert got == ["7 2"]
    assert cache.statistics().superseded == 1
    assert await cache.get("7", slow.load) == "7 2"


async def test_who_comes_after_a_delete_does_not_join_a_load_from_before(
    client: redis.Redis[bytes], slow: Source
) -> None:
    cache = users(client)
    got = []

    async def get() -> None:
        got.append(await cache.get("7", slow.load))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(get)
        await slow.began.wait()
        await cache.delete("7")
        slow.began = trio.Event()
        nursery.start_soon(get)
        await slow.began.wait()
        slow.gate.set()
    assert "7 1" not in got


async def test_it_gives_up_loading_again_what_is_always_deleted(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    loads = 0

    async def load(key: str) -> int:
        nonlocal loads
        loads += 1
        await users(other).delete(key)
        return loads

    assert await users(client).get("7", load) == 3
    assert not await client.exists("cache:{users:7}")
    await no_mark(client)


async def test_what_is_set_while_it_is_loaded_wins(
    client: redis.Redis[bytes], other: redis.Redis[str], slow: Source
) -> None:
    got = []

    async def get() -> None:
        got.append(await users(client).get("7", slow.load))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(get)
        await slow.began.wait()
        await users(other).set("7", "newer")
        slow.gate.set()
    assert got == ["newer"]
    assert await users(other).get("7", slow.load) == "newer"
    assert slow.loads == 1


async def test_a_stale_value_is_returned_while_one_loads_anew(
    client: redis.Redis[bytes], other: redis.Redis[str], slow: Source
) -> None:
    caches = [users(r, ttl=0.05, stale_ttl=20) for r in (client, other)]
    await caches[0].set("7", "old")
    await trio.sleep(0.06)
    for _ in range(5):
        for cache in caches:
            assert await cache.get("7", slow.load) == "old"
    await slow.began.wait()
    assert sum(cache.statistics().stale_hits for cache in caches) == 10
    slow.gate.set()

    async def is_new() -> bool:
        return bool(await caches[0].get("7", slow.load) != "old")

    await until(is_new)
    assert sum(cache.statistics().refreshes for cache in caches) == slow.loads


async def test_many_who_find_a_stale_value_ask_for_one_refresh(
    client: redis.Redis[bytes], slow: Source
) -> None:
    cache = users(client, ttl=0.05, stale_ttl=20)
    await cache.set("7", "old")
    await trio.sleep(0.06)
    assert await cache.get("7", slow.load) == "old"
    await slow.began.wait()
    before = client.statistics().commands
    for _ in range(20):
        assert await cache.get("7", slow.load) == "old"
    assert client.statistics().commands - before == 2 * 20  # GET and PTTL
    slow.gate.set()


async def test_a_refresh_that_somebody_else_has_done_is_left_out(
    client: redis.Redis[bytes], source: Source
) -> None:
    cache = users(client)
    await cache.set("7", "new")
    place = cache._store.place_of("7")
    await cache._refresh(place, lambda: source.load("7"), Found("old", 0.5, 0.1))
    assert source.loads == 0
    await no_mark(client)


async def test_a_value_near_its_end_is_loaded_anew_in_the_background(
    client: redis.Redis[bytes], source: Source
) -> None:
    cache = users(client, early=1e9)  # as if loading took for years
    assert await cache.get("7", source.load) == "7 1"
    assert await cache.get("7", source.load) == "7 1"

    async def is_new() -> bool:
        return bool(await users(client).get("7", source.load) == "7 2")

    await until(is_new)
    assert cache.statistics().refreshes >= 1
    await no_mark(client)


async def test_no_more_than_so_many_are_loaded_in_the_background(
    client: redis.Redis[bytes], slow: Source
) -> None:
    cache = users(client, ttl=0.05, stale_ttl=20, max_refreshes=2)
    for key in "abcd":
        await cache.set(key, "old")
    await trio.sleep(0.06)
    for key in "abcd":
        assert await cache.get(key, slow.load) == "old"
    assert cache.statistics().loading == 2
    slow.gate.set()


async def test_a_refresh_that_fails_is_reported_and_ends_nothing(
    client: redis.Redis[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    cache = users(client, ttl=0.05, stale_ttl=20)
    await cache.set("7", "old")
    await trio.sleep(0.06)

    async def fail(key: str) -> str:
        raise KeyError("no such row")

    assert await cache.get("7", fail) == "old"

    async def is_over() -> bool:
        return cache.statistics().refreshes == 1 and cache.statistics().loading == 0

    await until(is_over)
    assert "no such row" in capsys.readouterr().err
    assert await cache.get("7", fail) == "old"
    await until(is_over_again(cache))
    await no_mark(client)


def is_over_again(cache: redis.Cache[Any]) -> Any:
    async def check() -> bool:
        return cache.statistics().refreshes == 2 and cache.statistics().loading == 0

    return check


async def test_nothing_is_kept_only_if_it_is_wanted(client: redis.Redis[bytes]) -> None:
    loads = 0

    async def load(key: str) -> None:
        nonlocal loads
        loads += 1

    for _ in range(2):
        assert await users(client).get("7", load) is None
    assert loads == 2
    assert not await client.exists("cache:{users:7}", "cache-loading:{users:7}")
    for _ in range(2):
        assert await users(client, negative_ttl=5).get("7", load) is None
    assert loads == 3
    assert 4000 < await client.pttl("cache:{users:7}") <= 5000


async def test_values_are_set_and_deleted(client: redis.Redis[bytes], source: Source) -> None:
    cache = users(client, negative_ttl=5)
    await cache.set("7", {"name": "Ada"})
    assert await cache.get("7", source.load) == {"name": "Ada"}
    await cache.set("7", None)
    assert await cache.get("7", source.load) is None
    await cache.set("8", 1)
    await cache.delete("7", b"8", "9")
    await cache.delete()
    assert not await client.keys("*")
    await users(client).set("7", 1)
    await users(client).set("7", None)
    assert not await client.keys("*")
    assert source.loads == 0


async def test_it_is_a_decorator(client: redis.Redis[bytes], source: Source) -> None:
    @users(client).remember
    async def find_user(user_id: str) -> str:
        """Find it."""
        return await source.load(user_id)

    assert await find_user("7") == await find_user("7") == "7 1"
    assert find_user.__name__ == "find_user"
    assert find_user.__doc__ == "Find it."


async def test_values_are_made_of_bytes_as_the_caller_says(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    async def load(key: str) -> bytes:
        return b"\xff\x00 " + key.encode()

    for r in (client, other):
        cache = r.cache("raw", ttl=5, serialize=bytes, deserialize=bytes)
        for _ in range(2):
            assert await cache.get("7", load) == b"\xff\x00 7"


@pytest.mark.parametrize("junk", [b"junk", b"hc1 + 1 1 {", b"hc1 + 1 1 \xff"])
async def test_what_cannot_be_read_is_loaded_anew(
    client: redis.Redis[bytes], source: Source, junk: bytes
) -> None:
    await client.set("cache:{users:7}", junk)
    cache = users(client)
    assert await cache.get("7", source.load) == "7 1"
    assert cache.statistics().unreadable >= 1
    assert await cache.get("7", source.load) == "7 1"


async def test_an_entry_of_another_type_is_told(client: redis.Redis[bytes], source: Source) -> None:
    await client.rpush("cache:{users:7}", "x")
    with pytest.raises(errors.RedisWrongType):
        await users(client).get("7", source.load)
    assert source.loads == 0


async def test_what_cannot_be_written_down_is_the_callers_mistake(
    client: redis.Redis[bytes],
) -> None:
    async def load(key: str) -> object:
        return object()

    with pytest.raises(TypeError, match="JSON"):
        await users(client).get("7", load)
    with pytest.raises(TypeError, match="JSON"):
        await users(client).set("7", object())
    await no_mark(client)


@needs_server
async def test_what_cannot_be_stored_is_returned_all_the_same() -> None:
    limits = redis.ClientLimits(max_command_bytes=2000)
    async with (
        testing.open_redis_server() as server,
        redis.open_client(server.url, limits=limits) as r,
    ):

        async def load(key: str) -> str:
            return key * 3000

        cache = users(r)
        assert await cache.get("7", load) == "7" * 3000
        assert cache.statistics().failed_stores == 1
        await no_mark(r)


async def test_a_server_that_goes_away_is_told(fresh_redis_server: testing.RedisServer) -> None:
    server = fresh_redis_server
    source = Source()
    timeouts = redis.Timeouts(reconnect=0.3)
    async with redis.open_client(server.url, timeouts=timeouts) as r:
        cache = users(r)
        assert await cache.get("7", source.load) == "7 1"
        await server.kill()
        with pytest.raises(errors.HelianthusError):
            await cache.get("7", source.load)
        await server.start()
        assert await cache.get("7", source.load) == "7 1"


async def test_values_stay_right_while_connections_are_lost(
    fresh_redis_server: testing.RedisServer,
) -> None:
    server = fresh_redis_server
    unknown = 0

    async def load(key: str) -> str:
        await trio.sleep(0.005)
        return f"value of {key}"

    async def use(r: redis.Redis[bytes], number: int) -> None:
        nonlocal unknown
        cache = users(r, lock_ttl=0.3, ttl=0.1)
        for each in range(30):
            key = str((each + number) % 7)
            assert await cache.get(key, load) == f"value of {key}"
            try:
                await cache.delete(key)
            except errors.OutcomeUnknown:
                unknown += 1

    async def kill() -> None:
        while True:
            await server.kill_clients()
            await trio.sleep(0.02)

    async with redis.open_client(server.url) as r, trio.open_nursery() as killing:
        killing.start_soon(kill)
        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                for number in range(10):
                    nursery.start_soon(use, r, number)
        killing.cancel_scope.cancel()
    assert unknown < 200


async def test_closing_the_client_ends_the_wait_for_a_load(
    redis_server: testing.RedisServer, slow: Source
) -> None:
    async with trio.open_nursery() as nursery, redis.open_client(redis_server.url) as r:

        async def get() -> None:
            with pytest.raises(errors.ResourceClosed):
                await users(r).get("7", slow.load)

        nursery.start_soon(get)
        await slow.began.wait()


async def test_thousands_come_when_it_has_ended_and_it_is_loaded_once(
    client: redis.Redis[bytes], other: redis.Redis[str], source: Source
) -> None:
    caches = [users(r, ttl=0.2, early=1.0) for r in (client, other)]
    most = 0
    over = trio.current_time() + 1

    async def read(cache: redis.Cache[Any]) -> None:
        nonlocal most
        while trio.current_time() < over:
            await cache.get("7", source.load)
            most += 1

    async with trio.open_nursery() as nursery:
        for number in range(50):
            nursery.start_soon(read, caches[number % 2])
    assert source.loads <= 8  # five times 0.2 s, and some early
    assert most > 100 * source.loads


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"ttl": 0}, ValueError),
        ({"ttl": float("inf")}, ValueError),
        ({"stale_ttl": -1}, ValueError),
        ({"negative_ttl": 0}, ValueError),
        ({"early": -1}, ValueError),
        ({"lock_ttl": 0}, ValueError),
        ({"max_refreshes": 0}, ValueError),
        ({"max_refreshes": 1.5}, TypeError),
    ],
)
async def test_a_cache_that_makes_no_sense_is_refused(
    client: redis.Redis[bytes], options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        users(client, **options)


async def test_mistakes_are_told_before_anything_is_sent(
    client: redis.Redis[bytes], source: Source
) -> None:
    with pytest.raises(ValueError, match="not empty"):
        client.cache("", ttl=5)
    before = client.statistics().commands
    wrong: Any = 7
    for key, error in (("", ValueError), (wrong, TypeError)):
        with pytest.raises(error):
            await users(client).get(key, source.load)
        with pytest.raises(error):
            await users(client).delete("7", key)
        with pytest.raises(error):
            await users(client).set(key, 1)
    assert client.statistics().commands == before
