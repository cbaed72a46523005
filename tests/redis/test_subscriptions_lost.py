"""Subscriptions whose connection is lost: made again, with the gap told."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.redis._scripted_server import Visitor, open_scripted_server
from tests.redis.test_subscriptions import confirming, reaches, until
from trio_helianthus import errors, redis, testing
from trio_helianthus.wire import resp


async def test_who_does_not_want_a_gap_gets_an_error_behind_what_is_queued(
    client: redis.Redis[bytes], redis_server: testing.RedisServer
) -> None:
    async with (
        client.subscribe("x", ends_when_lost=True) as strict,
        client.subscribe("x") as other,
    ):
        await client.publish("x", "before")
        await until(lambda: strict.statistics().queued == 1)
        await redis_server.execute("CLIENT", "KILL", "TYPE", "pubsub")
        await until(lambda: other.gaps == 1)
        assert (await strict.receive(timeout=5)).data == b"before"
        with pytest.raises(errors.ConnectionReset):
            await strict.receive(timeout=5)
        with pytest.raises(errors.ConnectionReset):
            await strict.add("y")
        await until(lambda: reaches(client, "x"))
        assert (await other.receive(timeout=5)).data == b"before"
        assert (await other.receive(timeout=5)).data == b"test"


async def test_reading_anew_after_each_gap_misses_nothing(
    client: redis.Redis[bytes], redis_server: testing.RedisServer
) -> None:
    """The pattern of the how-to: what is kept is what the server has, in the end."""
    seen = b""

    async def follow(*, task_status: trio.TaskStatus[None]) -> None:
        nonlocal seen
        while True:
            try:
                async with client.subscribe("changed", ends_when_lost=True) as changes:
                    seen = await client.get("config") or b""
                    task_status.started()
                    async for _ in changes:
                        seen = await client.get("config") or b""
            except errors.NetworkError:
                task_status = trio.TASK_STATUS_IGNORED

    def has_seen(number: int) -> bool:
        return seen == b"%d" % number

    async with trio.open_nursery() as nursery:
        await nursery.start(follow)
        for number in range(8):
            await redis_server.execute("CLIENT", "KILL", "TYPE", "pubsub")
            await client.set("config", number)
            await client.publish("changed", "")
            await until(partial(has_seen, number))
        nursery.cancel_scope.cancel()


async def test_a_frozen_server_is_found_out(fresh_redis_server: testing.RedisServer) -> None:
    timeouts = redis.Timeouts(health_check=0.3, answer=0.5)
    async with (
        redis.open_client(fresh_redis_server.url, timeouts=timeouts) as r,
        r.subscribe("x") as messages,
    ):
        fresh_redis_server.freeze()
        try:
            await until(lambda: messages.gaps >= 1)
        finally:
            fresh_redis_server.resume()

        async def is_heard() -> bool:
            await fresh_redis_server.execute("PUBLISH", "x", "y")
            return messages.statistics().queued > 0

        await until(is_heard)


@pytest.mark.parametrize("protocol", [3, 2])
async def test_a_message_that_is_too_large_is_a_gap(
    redis_server: testing.RedisServer, protocol: int
) -> None:
    limits = redis.ClientLimits(max_bulk_bytes=1000)
    async with (
        redis.open_client(redis_server.url, limits=limits, protocol=protocol) as r,
        r.subscribe("x", "y") as messages,
    ):
        await redis_server.execute("PUBLISH", "x", "z" * 1001)
        await until(lambda: messages.gaps == 1)
        await until(lambda: reaches(r, "y"))
        assert (await messages.receive(timeout=5)).channel == b"y"


async def test_thousands_of_channels_are_subscribed_to_again(
    client: redis.Redis[bytes], redis_server: testing.RedisServer
) -> None:
    names = [f"channel:{number}" for number in range(2500)]
    async with client.subscribe(*names, patterns=["p*"], max_items=5000) as messages:
        for _ in range(3):
            await redis_server.execute("CLIENT", "KILL", "TYPE", "pubsub")
        await until(lambda: messages.gaps >= 1)
        await until(lambda: reaches(client, names[-1]))
        await until(lambda: reaches(client, names[0]))
        while messages.statistics().queued:
            messages.receive_nowait()
        pipeline = client.pipeline()
        for name in names:
            pipeline.publish(name, "x")
        await until(lambda: reaches(client, "p1"))
        assert await pipeline.execute() == [1] * len(names)


async def test_a_server_that_talks_nonsense_is_not_asked_again_at_once(
    autojump_clock: MockClock,
) -> None:
    def script(visitor: Visitor, command: list[bytes]) -> Any:
        return resp.Push([b"message", b"x"]) if command[0] == b"SUBSCRIBE" else None

    async with open_scripted_server(script=script) as server, redis.open_client(server.url) as r:
        with pytest.raises(errors.OperationTimeout) as caught:
            async with r.subscribe("x", timeout=10):
                raise AssertionError
        assert 10 < len(server.visitors) < 200
        assert "not what a subscribed connection gets" in caught.value.__notes__[0]


async def test_what_is_asked_for_late_in_a_silence_gets_its_time(autojump_clock: MockClock) -> None:
    def script(visitor: Visitor, command: list[bytes]) -> Any:
        return confirming(visitor, command)

    timeouts = redis.Timeouts(health_check=10, answer=5)
    async with (
        open_scripted_server(script=script) as server,
        redis.open_client(server.url, timeouts=timeouts) as r,
        r.subscribe("x") as messages,
    ):
        await trio.sleep(9.9)
        server.held = trio.Event()  # it is slow from now on
        async with trio.open_nursery() as nursery:
            nursery.start_soon(messages.add, "y")
            await trio.sleep(1)
            server.held.set()
        assert messages.gaps == 0


async def test_who_listens_meanwhile_is_subscribed_with_the_others(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_scripted_server(script=confirming) as server,
        redis.open_client(server.url) as r,
        r.subscribe("x") as first,
    ):
        server.refuses = errors.RemoteProtocolError("away")
        server.visitors[1].stream.reset()
        async with trio.open_nursery() as nursery:

            async def listen() -> None:
                async with r.subscribe("y") as second:
                    assert second.gaps == 0

            nursery.start_soon(listen)
            nursery.start_soon(first.add, "z")
            await trio.sleep(3)
            server.refuses = None
        assert first.gaps == 1


async def test_a_channel_that_is_forbidden_later_ends_who_listens_to_it(
    redis_server: testing.RedisServer,
) -> None:
    rules = ["on", ">secret", "+@all", "resetchannels"]
    await redis_server.execute("ACL", "SETUSER", "reader", *rules, "&a", "&b")
    async with (
        redis.open_client(redis_server.url, username="reader", password="secret") as r,
        r.subscribe("a", "b") as both,
        r.subscribe("b") as allowed,
    ):
        await redis_server.execute("ACL", "SETUSER", "reader", *rules, "&b")  # disconnects, too
        with pytest.raises(errors.RedisPermissionDenied):
            await both.receive(timeout=5)
        await until(lambda: reaches(r, "b"))
        assert (await allowed.receive(timeout=5)).data == b"test"


def test_a_loss_may_meet_a_cancellation_anywhere() -> None:
    async def scenario(part: trio.CancelScope) -> None:
        async with (
            open_scripted_server(script=confirming) as server,
            redis.open_client(server.url) as r,
        ):
            with part:
                async with r.subscribe("x") as messages:
                    server.visitors[-1].stream.reset()
                    await messages.add("y")
            assert r.statistics().subscriptions == 0
            async with r.subscribe("x"):
                pass

    testing.cancel_sweep(scenario)


async def test_a_server_that_takes_nothing_is_left(autojump_clock: MockClock) -> None:
    timeouts = redis.Timeouts(answer=5)
    async with (
        open_scripted_server(script=confirming) as server,
        redis.open_client(server.url, timeouts=timeouts) as r,
        r.subscribe("x") as messages,
    ):
        server.held = trio.Event()
        names = [b"%d" % number + b"x" * 100_000 for number in range(100)]
        with pytest.raises(errors.OperationTimeout):
            await messages.add(*names, timeout=8)
        assert messages.gaps == 1
        server.held.set()


async def test_who_waits_for_a_confirmation_is_told_that_the_subscription_was_closed(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_scripted_server(script=confirming) as server,
        redis.open_client(server.url) as r,
        trio.open_nursery() as nursery,
    ):
        async with r.subscribe("x") as messages:
            server.held = trio.Event()

            async def add() -> None:
                began = trio.current_time()
                with pytest.raises(errors.ResourceClosed):
                    await messages.add("y")
                assert trio.current_time() == began + 1

            nursery.start_soon(add)
            await trio.sleep(1)
        asked = len(server.commands)
        with pytest.raises(errors.ResourceClosed):
            await messages.add("z")
        await wait_all_tasks_blocked()
        assert r.statistics().subscriptions == 0
        assert len(server.commands) <= asked + 1
        server.held.set()
