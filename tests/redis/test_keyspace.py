"""What happens to keys."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from tests.redis._scripted_server import Visitor, open_scripted_server
from tests.redis.test_subscriptions import confirming, until
from trio_helianthus import errors, redis, testing
from trio_helianthus.redis._keyspace_setting import missing_letters, text_of_setting


async def test_what_happens_to_keys_is_told(client: redis.Redis[bytes]) -> None:
    async with client.subscribe_keyspace("user:*", configure=True) as events:
        await client.set("other", 1)
        await client.set("user:1", 1, px=1)
        await client.delete("user:2")
        assert await events.receive(timeout=5) == redis.KeyEvent(b"user:1", "set", 0)
        assert await events.receive(timeout=5) == redis.KeyEvent(b"user:1", "expire", 0)
        await client.get("user:1")
        assert await events.receive(timeout=5) == redis.KeyEvent(b"user:1", "expired", 0)


async def test_only_the_events_that_are_asked_for(redis_server: testing.RedisServer) -> None:
    async with redis.open_client(redis_server.url, decode_responses=True, db=3) as r:
        async with r.subscribe_keyspace("*", events=["del"], configure=True) as events:
            await r.set("a\n", 1)
            await r.delete("a\n")
            assert await events.receive(timeout=5) == redis.KeyEvent("a\n", "del", 3)
        with pytest.raises(TypeError, match="events are a list"):
            async with r.subscribe_keyspace("*", events="del"):
                raise AssertionError


async def test_a_server_that_does_not_tell_of_keys(client: redis.Redis[bytes]) -> None:
    with pytest.raises(errors.LocalProtocolError, match="configure=True"):
        async with client.subscribe_keyspace("*"):
            raise AssertionError
    await client.config_set("notify-keyspace-events", "Ex")
    with pytest.raises(errors.LocalProtocolError, match="lacks 'K'"):
        async with client.subscribe_keyspace("*"):
            raise AssertionError
    async with client.subscribe_keyspace(configure=True):
        assert set(b"ExK") <= set((await client.config_get("notify*"))["notify-keyspace-events"])


async def test_a_user_that_may_not_ask_is_not_stopped_by_it(
    redis_server: testing.RedisServer,
) -> None:
    await redis_server.execute("CONFIG", "SET", "notify-keyspace-events", "KA")
    await redis_server.execute(
        "ACL", "SETUSER", "modest", "on", ">secret", "~*", "&*", "+@all", "-config"
    )
    async with (
        redis.open_client(redis_server.url, username="modest", password="secret") as r,
        r.subscribe_keyspace("k") as events,
    ):
        await r.set("k", 1)
        assert (await events.receive(timeout=5)).event == "set"


async def test_events_are_looked_for_in_the_setting(client: redis.Redis[bytes]) -> None:
    await client.config_set("notify-keyspace-events", "Kg")
    async with client.subscribe_keyspace("*", events=["del", "expire"]):
        pass
    with pytest.raises(errors.LocalProtocolError, match="lacks 'x'"):
        async with client.subscribe_keyspace("*", events=["del", "expired"]):
            raise AssertionError
    async with client.subscribe_keyspace("*", events=["expired", "new"], configure=True) as events:
        await client.set("a", 1)
        assert (await events.receive(timeout=5)).event == "new"


@pytest.mark.parametrize(
    ("setting", "events", "missing"),
    [
        ("", None, "KA"),
        ("E", None, "KA"),
        ("AE", None, "K"),
        ("Kx", None, ""),
        ("AK", {"set", "xadd", "expired", "evicted"}, ""),
        ("AK", {"keymiss"}, "m"),
        ("AK", {"new"}, ""),
        ("", {"set"}, "$K"),
        ("Kx", {"set", "del", "zadd", "expired"}, "$gz"),
        ("K", {"json.set"}, "A"),
        ("Kx", {"json.set"}, ""),
    ],
)
def test_what_a_setting_lacks(setting: str, events: set[str] | None, missing: str) -> None:
    wanted = None if events is None else frozenset(events)
    assert missing_letters(setting, wanted, is_certain=False) == missing


def test_what_servers_do_not_show_is_added_to_be_certain() -> None:
    assert missing_letters("AK", frozenset({"new"}), is_certain=True) == "n"
    assert missing_letters("AKm", frozenset({"new", "keymiss"}), is_certain=True) == "n"


@pytest.mark.parametrize("answer", [{}, [], None, 1, {b"notify-keyspace-events": None}], ids=repr)
def test_an_answer_without_the_setting_has_none(answer: Any) -> None:
    assert text_of_setting(answer) == ""


async def test_a_server_that_was_started_again_is_configured_again(
    fresh_redis_server: testing.RedisServer,
) -> None:
    async with (
        redis.open_client(fresh_redis_server.url) as r,
        r.subscribe_keyspace("k", configure=True) as events,
    ):
        await fresh_redis_server.kill()
        await fresh_redis_server.start()

        async def is_told() -> bool:
            await r.set("k", 1)
            return events.statistics().queued > 0

        await until(is_told)
        assert events.gaps == 1


async def test_a_server_that_has_forgotten_its_setting_is_told_of(
    fresh_redis_server: testing.RedisServer,
) -> None:
    await fresh_redis_server.execute("CONFIG", "SET", "notify-keyspace-events", "KA")
    async with (
        redis.open_client(fresh_redis_server.url) as r,
        r.subscribe_keyspace("k") as events,
    ):
        await fresh_redis_server.kill()
        await fresh_redis_server.start()
        with pytest.raises(errors.LocalProtocolError, match="configure=True"):
            await events.receive(timeout=10)
    assert r.statistics().subscriptions == 0


async def test_events_end_with_a_gap_where_that_is_wanted(
    client: redis.Redis[bytes], redis_server: testing.RedisServer
) -> None:
    async with client.subscribe_keyspace(configure=True, ends_when_lost=True) as events:
        await redis_server.execute("CLIENT", "KILL", "TYPE", "pubsub")
        with pytest.raises(errors.ConnectionReset):
            await events.receive(timeout=5)
    await until(lambda: is_quiet(client))


async def test_a_subscription_that_is_closed_leaves_no_task(
    redis_server: testing.RedisServer,
) -> None:
    async with redis.open_client(redis_server.url) as r, r.subscribe("x"):
        tasks = r._backend.nursery.contained.child_tasks
        async with r.subscribe_keyspace(configure=True):
            assert len(r._backend.nursery.contained.child_tasks) == len(tasks) + 1
        await until(lambda: r._backend.nursery.contained.child_tasks == tasks)


async def is_quiet(r: redis.Redis[bytes]) -> bool:
    return await r.execute("PUBSUB", "NUMPAT") == 0 and r.statistics().subscriptions == 0


async def test_keys_and_patterns_share_a_connection(client: redis.Redis[bytes]) -> None:
    async with (
        client.subscribe("x", patterns=["__keyspace@0__:k"]) as messages,
        client.subscribe_keyspace("k", configure=True) as events,
    ):
        connections = await client.execute("CLIENT", "LIST", "TYPE", "pubsub")
        assert connections.count(b"\n") == 1
        await client.set("k", 1)
        assert (await events.receive(timeout=5)).event == "set"
        assert (await messages.receive(timeout=5)).data == b"set"
    await until(lambda: is_quiet(client))


def test_watching_keys_may_be_cancelled_anywhere() -> None:
    def script(visitor: Visitor, command: list[bytes]) -> Any:
        if command[:2] == [b"CONFIG", b"GET"]:
            return {b"notify-keyspace-events": b""}
        return confirming(visitor, command)

    async def scenario(part: trio.CancelScope) -> None:
        async with (
            open_scripted_server(script=script) as server,
            redis.open_client(server.url) as r,
        ):
            with part:
                async with r.subscribe_keyspace("a", "b", configure=True):
                    assert [b"CONFIG", b"SET", b"notify-keyspace-events", b"KA"] in server.commands
            assert r.statistics().subscriptions == 0

    testing.cancel_sweep(scenario)
