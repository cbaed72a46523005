"""Channels, patterns and channels of shards, against a real server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.redis._scripted_server import NOTHING, Visitor, open_scripted_server
from trio_helianthus import core, errors, redis, testing
from trio_helianthus.errors import redis_error
from trio_helianthus.wire import resp


async def until(condition: Callable[[], Any], seconds: float = 10) -> None:
    """Wait for something that another process brings about."""
    with trio.fail_after(seconds):
        while True:
            answer = condition()
            if not isinstance(answer, bool):
                answer = await answer
            if answer:
                return
            await trio.sleep(0.005)


async def test_what_is_published_comes(client: redis.Redis[bytes]) -> None:
    async with client.subscribe("news", b"\xff\x00") as messages:
        assert await client.publish("news", "hello") == 1
        assert await client.publish(b"\xff\x00", b"\r\n\x00") == 1
        assert await messages.receive(timeout=5) == redis.Message(b"news", b"hello")
        assert await messages.receive(timeout=5) == redis.Message(b"\xff\x00", b"\r\n\x00")


async def test_patterns_say_which_one_it_was(client: redis.Redis[bytes]) -> None:
    async with client.subscribe("user:1", patterns=["user:*"]) as messages:
        assert await client.publish("user:1", "x") == 2
        received = [await messages.receive(timeout=5), await messages.receive(timeout=5)]
    assert redis.Message(b"user:1", b"x") in received
    assert redis.Message(b"user:1", b"x", b"user:*") in received


async def test_text_is_decoded(redis_server: testing.RedisServer) -> None:
    async with redis.open_client(redis_server.url, decode_responses=True) as r:
        async with r.subscribe("grüße", patterns=["gr*"]) as messages:
            await r.publish("grüße", b"\xff")
            first, second = await messages.receive(timeout=5), await messages.receive(timeout=5)
        assert {first.pattern, second.pattern} == {None, "gr*"}
        assert first.channel == "grüße"
        assert first.data.encode(errors="surrogateescape") == b"\xff"


async def test_channels_of_shards(client: redis.Redis[bytes]) -> None:
    async with client.subscribe_shards("s1", "s2") as messages:
        assert await client.spublish("s1", "x") == 1
        assert await messages.receive(timeout=5) == redis.Message(b"s1", b"x")
        messages.remove("s1")
        await messages.add("s3", timeout=5)
        assert await client.spublish("s3", "y") == 1
        assert await messages.receive(timeout=5) == redis.Message(b"s3", b"y")


async def test_many_listen_over_one_connection_and_nothing_stays(
    client: redis.Redis[bytes],
) -> None:
    async def listen(n: int, *, task_status: trio.TaskStatus[None]) -> None:
        async with client.subscribe("all", f"own:{n}") as messages:
            task_status.started()
            assert await messages.receive(timeout=10) == redis.Message(b"all", b"x")

    async with trio.open_nursery() as nursery:
        for n in range(50):
            await nursery.start(listen, n)
        assert client.statistics().subscriptions == 50
        connections = await client.execute("CLIENT", "LIST", "TYPE", "pubsub")
        assert connections.count(b"\n") == 1
        assert await client.publish("all", "x") == 1
    await until(lambda: is_silent(client, "all"))
    assert client.statistics().subscriptions == 0


async def is_silent(r: redis.Redis[bytes], channel: str) -> bool:
    numbers = await r.execute("PUBSUB", "NUMSUB", channel)
    return (list(numbers.values()) if isinstance(numbers, dict) else numbers[1:]) == [0]


async def test_thousands_of_channels(client: redis.Redis[bytes]) -> None:
    names = [f"channel:{n}" for n in range(3000)]
    async with client.subscribe(*names, max_items=5000) as messages:
        pipeline = client.pipeline()
        for name in names:
            pipeline.publish(name, "x")
        assert await pipeline.execute() == [1] * 3000
        received = {(await messages.receive(timeout=5)).channel for _ in names}
    assert received == {name.encode() for name in names}


async def test_a_slow_subscriber_loses_its_own_messages_only(client: redis.Redis[bytes]) -> None:
    async with (
        client.subscribe("x", max_items=3) as oldest,
        client.subscribe("x", max_items=3, overflow=core.Overflow.DROP_NEWEST) as newest,
        client.subscribe("x", max_items=3, overflow=core.Overflow.DISCONNECT) as over,
        client.subscribe("x") as quick,
    ):
        for n in range(6):
            await client.publish("x", n)
        await until(lambda: quick.statistics().queued == 6)
        assert [(await oldest.receive()).data for _ in range(3)] == [b"3", b"4", b"5"]
        assert [(await newest.receive()).data for _ in range(3)] == [b"0", b"1", b"2"]
        assert [(await over.receive()).data for _ in range(3)] == [b"0", b"1", b"2"]
        with pytest.raises(errors.SubscriberTooSlow):
            await over.receive()
        assert (oldest.dropped, newest.dropped, quick.dropped) == (3, 3, 0)


async def test_a_subscription_changes_while_it_runs(client: redis.Redis[bytes]) -> None:
    async with client.subscribe() as messages:
        await messages.add("a", patterns=["b*"], timeout=5)
        await messages.add("a")  # it is there
        assert await client.publish("a", "1") == 1
        assert await client.publish("b1", "2") == 1
        assert [(await messages.receive(timeout=5)).data for _ in range(2)] == [b"1", b"2"]
        messages.remove("a", patterns=["b*"])
        messages.remove("never")
        await until(lambda: is_silent(client, "a"))
        await messages.add("a", timeout=5)
        assert await client.publish("a", "3") == 1
        assert (await messages.receive(timeout=5)).data == b"3"


@pytest.mark.parametrize("mistake", [1, None, ["x"]], ids=str)
async def test_a_channel_is_text(client: redis.Redis[bytes], mistake: Any) -> None:
    with pytest.raises(TypeError, match="a channel is str or bytes"):
        async with client.subscribe(mistake):
            raise AssertionError
    with pytest.raises(TypeError, match="patterns are a list"):
        async with client.subscribe(patterns="user:*"):
            raise AssertionError
    with pytest.raises(ValueError, match="max_items"):
        async with client.subscribe("x", max_items=0):
            raise AssertionError


@pytest.mark.parametrize("protocol", [3, 2])
async def test_a_channel_that_is_forbidden_leaves_the_others_alone(
    redis_server: testing.RedisServer, protocol: int
) -> None:
    await redis_server.execute(
        "ACL", "SETUSER", "reader", "on", ">secret", "+@all", "resetchannels", "&open:*"
    )
    async with (
        redis.open_client(
            redis_server.url, username="reader", password="secret", protocol=protocol
        ) as r,
        r.subscribe("open:1") as messages,
    ):
        with pytest.raises(errors.RedisPermissionDenied):
            await messages.add("open:2", "secret")
        with pytest.raises(errors.RedisPermissionDenied):
            async with r.subscribe("secret"):
                raise AssertionError
        assert await r.publish("open:1", "x") == 1
        assert await messages.receive(timeout=5) == redis.Message(b"open:1", b"x")
        await messages.add("open:2", timeout=5)
        assert r.statistics().subscriptions == 1


async def test_a_lost_connection_is_made_again_and_the_gap_is_told(
    client: redis.Redis[bytes], redis_server: testing.RedisServer
) -> None:
    async with client.subscribe("x", patterns=["y*"]) as messages, client.subscribe("x") as other:
        assert (messages.gaps, other.gaps) == (0, 0)
        await redis_server.execute("CLIENT", "KILL", "TYPE", "pubsub")
        await until(lambda: (messages.gaps, other.gaps) == (1, 1))
        await until(lambda: reaches(client, "x"))
        await client.publish("y1", "back")
        data = b""
        while data != b"back":
            data = (await messages.receive(timeout=5)).data


async def reaches(r: redis.Redis[bytes], channel: str) -> bool:
    return await r.publish(channel, "test") > 0


async def test_a_server_that_is_started_again_is_subscribed_to_again(
    fresh_redis_server: testing.RedisServer,
) -> None:
    async with redis.open_client(fresh_redis_server.url) as r, r.subscribe("x") as messages:
        await fresh_redis_server.kill()
        await until(lambda: messages.gaps == 1)
        await fresh_redis_server.start()
        await until(lambda: reaches(r, "x"))
        assert (await messages.receive(timeout=5)).data == b"test"


async def test_a_subscription_ends_with_its_client(redis_server: testing.RedisServer) -> None:
    ended: list[type[BaseException]] = []

    async def listen(r: redis.Redis[bytes], *, task_status: trio.TaskStatus[None]) -> None:
        try:
            async with r.subscribe("x") as messages:
                task_status.started()
                await messages.receive()
        except errors.ResourceClosed as exc:
            ended.append(type(exc))

    async with trio.open_nursery() as nursery, redis.open_client(redis_server.url) as r:
        await nursery.start(listen, r)  # noqa: ASYNC111 - that is tested
        await nursery.start(listen, r)  # noqa: ASYNC111 - that is tested
    assert ended == [errors.ResourceClosed] * 2


@pytest.mark.parametrize("protocol", [3, 2])
async def test_a_server_that_falls_silent_is_left(autojump_clock: MockClock, protocol: int) -> None:
    silent: list[int] = []

    def script(visitor: Visitor, command: list[bytes]) -> Any:
        if visitor.number in silent:
            return NOTHING
        if command[0] == b"SUBSCRIBE":
            return resp.Push([b"subscribe", command[1], 1])
        if command[0] == b"PING" and visitor.protocol.protocol == 2:
            return [b"pong", b""]
        return None

    timeouts = redis.Timeouts(health_check=10, answer=2)
    async with (
        open_scripted_server(script=script) as server,
        redis.open_client(server.url, protocol=protocol, timeouts=timeouts) as r,
        r.subscribe("x") as messages,
    ):
        await trio.sleep(35)
        assert messages.gaps == 0
        subscribing = server.visitors[1]
        assert subscribing.commands.count([b"PING"]) >= 2
        silent.append(2)
        await trio.sleep(30)
        assert messages.gaps == 1
        last = server.visitors[-1]
        assert [b"SUBSCRIBE", b"x"] in last.commands


async def test_a_subscription_that_is_not_confirmed_gives_up(autojump_clock: MockClock) -> None:
    def script(_: Visitor, command: list[bytes]) -> Any:
        return NOTHING if command[0] == b"SUBSCRIBE" else None

    async with open_scripted_server(script=script) as server, redis.open_client(server.url) as r:
        with pytest.raises(errors.OperationTimeout, match="not confirmed it within 3"):
            async with r.subscribe("x", timeout=3):
                raise AssertionError
        with pytest.raises(errors.OperationTimeout, match="not confirmed it within 15"):
            async with r.subscribe("x"):
                raise AssertionError
        assert r.statistics().subscriptions == 0


async def test_a_password_that_was_changed_ends_subscriptions(autojump_clock: MockClock) -> None:
    def script(_: Visitor, command: list[bytes]) -> Any:
        if command[0] == b"SUBSCRIBE":
            return resp.Push([b"subscribe", command[1], 1])
        return None

    async with (
        open_scripted_server(script=script) as server,
        redis.open_client(server.url) as r,
        r.subscribe("x") as messages,
    ):
        server.refuses = redis_error("WRONGPASS invalid username-password pair")
        for visitor in server.visitors:
            visitor.stream.reset()
        with pytest.raises(errors.RedisAuthenticationError):
            await messages.receive()


async def test_a_connection_that_nobody_needs_is_closed_after_a_while(
    autojump_clock: MockClock,
) -> None:
    def script(_: Visitor, command: list[bytes]) -> Any:
        if command[0] in {b"SUBSCRIBE", b"UNSUBSCRIBE"}:
            return resp.Push([command[0].lower(), command[1], 1])
        return None

    async with open_scripted_server(script=script) as server, redis.open_client(server.url) as r:
        for _ in range(3):
            async with r.subscribe("x"):
                pass
            await trio.sleep(0.5)
        assert len(server.visitors) == 2
        await trio.sleep(5)
        async with r.subscribe("x"):
            assert len(server.visitors) == 3


def test_subscribing_may_be_cancelled_anywhere() -> None:
    def script(visitor: Visitor, command: list[bytes]) -> Any:
        if command[0] in {b"SUBSCRIBE", b"UNSUBSCRIBE"}:
            return resp.Push([command[0].lower(), command[1], 1])
        if command[0] == b"PUBLISH":
            for each in server_visitors:
                if [b"SUBSCRIBE", b"x"] in each.commands:
                    message = resp.Push([b"message", b"x", command[2]])
                    each.stream.send_nowait(each.protocol.send(message))
            return 1
        return None

    server_visitors: list[Visitor] = []

    async def scenario(part: trio.CancelScope) -> None:
        nonlocal server_visitors
        async with (
            open_scripted_server(script=script) as server,
            redis.open_client(server.url) as r,
        ):
            server_visitors = server.visitors
            with part:
                async with r.subscribe("x") as messages:
                    await r.execute("PUBLISH", "x", "1")
                    assert (await messages.receive()).data == b"1"
                    await messages.add("y")
            assert r.statistics().subscriptions == 0
            async with r.subscribe("x") as messages:
                await r.execute("PUBLISH", "x", "2")
                assert (await messages.receive()).data == b"2"

    testing.cancel_sweep(scenario)


def confirming(visitor: Visitor, command: list[bytes]) -> Any:
    """Confirm subscriptions, as a server would."""
    name, *names = command
    if not name.lower().endswith(b"subscribe"):
        return None
    for count, each in enumerate(names, 1):
        visitor.stream.send_nowait(visitor.protocol.send(resp.Push([name.lower(), each, count])))
    return NOTHING


async def test_what_is_refused_leaves_nothing_behind(redis_server: testing.RedisServer) -> None:
    await redis_server.execute(
        "ACL", "SETUSER", "reader", "on", ">secret", "+@all", "resetchannels", "&open"
    )
    async with (
        redis.open_client(redis_server.url, username="reader", password="secret") as r,
        r.subscribe() as messages,
    ):
        with pytest.raises(errors.RedisPermissionDenied):
            await messages.add("open", patterns=["open*"])
        assert r.statistics().subscriptions == 0
        await until(lambda: is_silent(r, "open"))
        await messages.add("open")
        assert await r.publish("open", "x") == 1


async def test_two_tasks_may_add_the_same(client: redis.Redis[bytes]) -> None:
    async with client.subscribe() as messages:

        async def add() -> None:
            await messages.add("x", timeout=5)
            assert await client.publish("x", "1") == 1

        async with trio.open_nursery() as nursery:
            nursery.start_soon(add)
            nursery.start_soon(add)
        assert messages.statistics().queued == 2


async def test_who_adds_the_same_as_one_who_gives_up_has_it(client: redis.Redis[bytes]) -> None:
    async with client.subscribe() as messages:
        scope = trio.CancelScope()

        async def give_up() -> None:
            with scope:
                await messages.add("x", "y")
            assert scope.cancelled_caught

        async def add() -> None:
            await messages.add("x", timeout=5)

        async with trio.open_nursery() as nursery:
            for each in (give_up, add):  # making the connection takes longer than this
                nursery.start_soon(each)
                await trio.lowlevel.checkpoint()
                await trio.lowlevel.checkpoint()
            scope.cancel()
        assert await client.publish("x", "1") == 1
        assert await client.publish("y", "1") == 0
        assert (await messages.receive()).data == b"1"


async def test_what_was_left_stays_left_while_messages_come(client: redis.Redis[bytes]) -> None:
    rounds = 200

    async def publish(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        while True:
            pipeline = client.pipeline()
            for _ in range(20):
                pipeline.publish("x", "y")
            await pipeline.execute()

    async with client.subscribe("x", max_items=10) as steady, trio.open_nursery() as nursery:
        await nursery.start(publish)
        for _ in range(rounds):
            async with client.subscribe("x") as messages:
                assert (await messages.receive(timeout=10)).data == b"y"
            with pytest.raises(errors.ResourceClosed):
                messages.receive_nowait()
        assert client.statistics().subscriptions == 1
        assert steady.dropped > 0
        assert steady.gaps == 0
        nursery.cancel_scope.cancel()


async def test_a_closed_subscription_takes_nothing_more(client: redis.Redis[bytes]) -> None:
    async with client.subscribe("x") as messages:
        pass
    with pytest.raises(errors.ResourceClosed):
        await messages.add("x")
    assert client.statistics().subscriptions == 0


async def test_one_that_was_too_slow_takes_nothing_more(client: redis.Redis[bytes]) -> None:
    overflow = core.Overflow.DISCONNECT
    async with client.subscribe("x", max_items=1, overflow=overflow) as messages:
        await client.publish("x", "1")
        await client.publish("x", "2")
        await until(lambda: client.statistics().subscriptions == 0)
        with pytest.raises(errors.SubscriberTooSlow):
            await messages.add("y")


async def test_a_closed_client_takes_no_subscriptions(redis_server: testing.RedisServer) -> None:
    async with redis.open_client(redis_server.url) as r:
        pass
    with pytest.raises(errors.ResourceClosed, match="client was closed"):
        async with r.subscribe("x"):
            raise AssertionError
    with pytest.raises(errors.ResourceClosed):
        async with r.subscribe_shards("x"):
            raise AssertionError


async def test_who_is_cancelled_before_asks_for_nothing(client: redis.Redis[bytes]) -> None:
    token = core.CancelToken()
    token.cancel("enough")
    with pytest.raises(errors.OperationCancelled):
        async with client.subscribe("x", token=token):
            raise AssertionError
    with trio.move_on_after(0) as scope:
        async with client.subscribe("x"):
            raise AssertionError
    assert scope.cancelled_caught
    assert await client.execute("PUBSUB", "CHANNELS") == []


async def test_a_name_that_is_too_long_is_not_sent(redis_server: testing.RedisServer) -> None:
    limits = redis.ClientLimits(max_command_bytes=100)
    async with redis.open_client(redis_server.url, limits=limits) as r, r.subscribe("x") as other:
        with pytest.raises(errors.LocalProtocolError, match="too long"):
            async with r.subscribe("y" * 101):
                raise AssertionError
        assert await r.publish("x", "1") == 1
        assert other.gaps == 0


async def test_a_timeout_says_what_is_in_the_way(autojump_clock: MockClock) -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        server.refuses = redis_error("ERR max number of clients reached")
        with pytest.raises(errors.OperationTimeout, match="within 2 seconds") as caught:
            async with r.subscribe("x", timeout=2):
                raise AssertionError
        assert "max number of clients" in caught.value.__notes__[0]


@pytest.mark.parametrize("kind", ["channels", "shards"])
def test_any_kind_of_subscribing_may_be_cancelled_anywhere(kind: str) -> None:
    async def scenario(part: trio.CancelScope) -> None:
        async with (
            open_scripted_server(script=confirming) as server,
            redis.open_client(server.url) as r,
        ):
            subscribe = r.subscribe if kind == "channels" else r.subscribe_shards
            with part:
                async with subscribe("x") as messages, subscribe("x", "y"):
                    await messages.add("z")
                    messages.remove("x")
                    await messages.add("x")
            assert r.statistics().subscriptions == 0

    testing.cancel_sweep(scenario)
