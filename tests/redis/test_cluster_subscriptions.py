"""Subscriptions in a cluster: shards that move, and keys, of which each node tells its own."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.redis._real_cluster import RealCluster, open_real_cluster, open_real_sentinels
from tests.redis._scripted_cluster import NOTHING, ScriptedNode, open_scripted_cluster
from tests.redis.conftest import needs_server
from tests.redis.test_subscriptions import until
from trio_helianthus import errors, redis
from trio_helianthus.errors import redis_error
from trio_helianthus.redis._slots import slot_of
from trio_helianthus.wire import resp

# Each of the first three nodes has one of these.
B, C, A = "b", "c", "a"


class Script:
    """Nodes that confirm what is theirs, and tell others where it is."""

    def __init__(self) -> None:
        self.setting = b"KA"
        self.down: set[int] = set()

    def __call__(self, node: ScriptedNode, command: list[bytes]) -> Any:
        name = command[0].lower()
        if name == b"config":
            return {b"notify-keyspace-events": self.setting}
        if not name.endswith(b"subscribe"):
            return None
        if name == b"ssubscribe":
            slot = slot_of(command[1])
            if node.number in self.down:
                return redis_error("CLUSTERDOWN The cluster is down")
            if (owner := node.cluster.owner_of(slot)) != node.number:
                return redis_error(f"MOVED {slot} 127.0.0.1:{7000 + owner}")
        visitor = next(each for each in reversed(node.visitors) if each.commands[-1] is command)
        for each in command[1:]:
            visitor.stream.send_nowait(visitor.protocol.send(resp.Push([name, each, 1])))
        return NOTHING


def subscribed(node: ScriptedNode) -> list[list[list[bytes]]]:
    return [
        each.commands for each in node.visitors if [b"SSUBSCRIBE"] in [c[:1] for c in each.commands]
    ]


async def test_there_is_one_connection_for_each_node(autojump_clock: MockClock) -> None:
    names = [f"channel:{number}" for number in range(100)]
    async with (
        open_scripted_cluster(script=Script()) as cluster,
        redis.open_cluster(cluster.url) as r,
        r.subscribe_shards(*names),
        r.subscribe_shards(*names),
    ):
        commands = [subscribed(node) for node in cluster.nodes]
        assert [len(each) for each in commands] == [1, 1, 1]
        assert sum(len(each) for (each,) in commands) == 100


async def test_a_channel_that_moves_leaves_the_others_alone(autojump_clock: MockClock) -> None:
    async with (
        open_scripted_cluster(script=Script()) as cluster,
        redis.open_cluster(cluster.url) as r,
        r.subscribe_shards(A) as moving,
        r.subscribe_shards(A, ends_when_lost=True) as strict,
        r.subscribe_shards("{a}1") as staying,
        r.subscribe_shards(B, C) as others,
    ):
        old = cluster.owner_of(slot_of(A))
        target = (old + 1) % 3
        cluster.owners[slot_of(A)] = target
        (visitor,) = [
            each for each in cluster.nodes[old].visitors if [b"SSUBSCRIBE", b"a"] in each.commands
        ]
        await visitor.answer(resp.Push([b"sunsubscribe", b"a", 1]))
        await trio.sleep(1)
        assert (moving.gaps, staying.gaps, others.gaps) == (1, 0, 0)
        with pytest.raises(errors.ConnectionReset, match="has moved"):
            await strict.receive()
        (there,) = subscribed(cluster.nodes[target])
        assert [b"SSUBSCRIBE", b"a"] in there
        assert len(subscribed(cluster.nodes[old])) == 1
        assert r.statistics().subscriptions == 3


async def test_who_comes_while_a_channel_moves_is_not_told_of_a_gap(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_scripted_cluster(script=Script()) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        cluster.owners[slot_of(A)] = (cluster.owner_of(slot_of(A)) + 1) % 3  # it was not told
        async with r.subscribe_shards(A, timeout=5) as messages:
            assert messages.gaps == 0


async def test_nodes_that_point_at_each_other_are_not_asked_without_end(
    autojump_clock: MockClock,
) -> None:
    def script(node: ScriptedNode, command: list[bytes]) -> Any:
        if command[0] == b"SSUBSCRIBE":
            return redis_error(f"MOVED {slot_of(command[1])} 127.0.0.1:{7000 + 1 - node.number}")
        return None

    async with (
        open_scripted_cluster(2, script=script) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        with pytest.raises(errors.OperationTimeout) as caught:
            async with r.subscribe_shards(A, timeout=5):
                raise AssertionError
        asked = [each for each in cluster.nodes[0].asked if each[0] == b"SSUBSCRIBE"]
        assert 5 < len(asked) < 200
        assert "MOVED" in caught.value.__notes__[0]


async def test_a_node_that_is_down_is_asked_again(autojump_clock: MockClock) -> None:
    script = Script()
    script.down = {0, 1, 2}
    async with (
        open_scripted_cluster(script=script) as cluster,
        redis.open_cluster(cluster.url) as r,
        trio.open_nursery() as nursery,
    ):

        async def listen() -> None:
            async with r.subscribe_shards(A, B, C) as messages:
                assert messages.gaps == 0

        nursery.start_soon(listen)
        await trio.sleep(2)
        script.down = set()


async def test_a_single_servers_client_does_not_follow(autojump_clock: MockClock) -> None:
    async with (
        open_scripted_cluster(script=Script()) as cluster,
        redis.open_client(cluster.url) as r,
    ):
        names = [name for name in (A, B, C) if cluster.owner_of(slot_of(name))]
        with pytest.raises(errors.RedisRedirection):
            async with r.subscribe_shards(names[0]):
                raise AssertionError


async def test_keys_are_watched_on_all_primaries(autojump_clock: MockClock) -> None:
    script = Script()
    async with (
        open_scripted_cluster(script=script) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        async with r.subscribe_keyspace("k*") as events:
            wanted = [b"PSUBSCRIBE", b"__keyspace@0__:k*"]
            assert all(wanted in node.asked for node in cluster.nodes)
            for node in cluster.nodes:
                (visitor,) = [each for each in node.visitors if wanted in each.commands]
                message = [b"pmessage", wanted[1], b"__keyspace@0__:k%d" % node.number, b"set"]
                await visitor.answer(resp.Push(message))
            keys = {(await events.receive(timeout=5)).key for _ in cluster.nodes}
            assert keys == {b"k0", b"k1", b"k2"}
        assert r.statistics().subscriptions == 0
        script.setting = b""
        with pytest.raises(errors.LocalProtocolError, match="configure=True"):
            async with r.subscribe_keyspace("k*"):
                raise AssertionError


async def test_keys_are_watched_where_they_go(autojump_clock: MockClock) -> None:
    script = Script()
    async with open_scripted_cluster(script=script) as cluster:
        last, cluster.owners = cluster.owners, [min(each, 1) for each in cluster.owners]
        async with (
            redis.open_cluster(cluster.url) as r,
            r.subscribe_keyspace("k*") as events,
            r.subscribe_keyspace("k*", ends_when_lost=True) as strict,
        ):
            wanted = [b"PSUBSCRIBE", b"__keyspace@0__:k*"]
            assert wanted not in cluster.nodes[2].asked
            cluster.owners = last  # nothing tells of it
            await trio.sleep(30)
            assert wanted in cluster.nodes[2].asked
            assert events.gaps == 1
            with pytest.raises(errors.ConnectionReset, match="other servers"):
                await strict.receive()
            script.setting = b""
            cluster.owners = [0 if each == 2 else each for each in last]
            await trio.sleep(30)
            assert events.gaps == 2
            cluster.owners = last
            with pytest.raises(errors.LocalProtocolError):
                await events.receive(timeout=30)


async def test_who_comes_before_a_channel_has_moved_moves_with_it(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_scripted_cluster(script=Script()) as cluster,
        redis.open_cluster(cluster.url) as r,
        r.subscribe_shards(A) as first,
    ):
        old = cluster.owner_of(slot_of(A))
        target = (old + 1) % 3
        cluster.owners[slot_of(A)] = target
        assert await r.execute("GET", A) == target  # now it is known, but not to the subscription
        async with r.subscribe_shards(A) as second:
            (visitor,) = [
                each
                for each in cluster.nodes[old].visitors
                if [b"SSUBSCRIBE", b"a"] in each.commands
            ]
            await visitor.answer(resp.Push([b"sunsubscribe", b"a", 1]))
            await trio.sleep(1)
            (visitor,) = [
                each
                for each in cluster.nodes[target].visitors
                if [b"SSUBSCRIBE", b"a"] in each.commands
            ]
            await visitor.answer(resp.Push([b"smessage", b"a", b"x"]))
            for messages in (first, second):
                assert (await messages.receive(timeout=1)).data == b"x"
                assert messages.statistics().queued == 0


async def test_the_channels_of_a_lost_node_go_where_its_slots_go(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_scripted_cluster(script=Script()) as cluster,
        redis.open_cluster(cluster.url) as r,
        r.subscribe_shards(A) as messages,
        r.subscribe_keyspace("k*") as events,
    ):
        old = cluster.owner_of(slot_of(A))
        target = (old + 1) % 3
        cluster.nodes[old].scope.cancel()
        cluster.nodes[old].health = b"fail"
        await trio.sleep(0.5)
        cluster.owners = [target if each == old else each for each in cluster.owners]
        await trio.sleep(10)
        assert messages.gaps == 1
        assert events.gaps >= 1
        (there,) = subscribed(cluster.nodes[target])
        assert [b"SSUBSCRIBE", b"a"] in there


@needs_server
async def test_a_real_cluster_tells_of_all_keys_and_of_shards() -> None:
    async with (
        open_real_cluster() as cluster,
        redis.open_cluster(cluster.url) as r,
        r.subscribe_keyspace("*", events=["set"], configure=True) as events,
        r.subscribe_shards(A, B, C, "{a}2") as shards,
    ):
        for key in (A, B, C):
            await r.set(key, 1)
            assert (await events.receive(timeout=10)).key == key.encode()
            await r.spublish(key, "x")
            assert (await shards.receive(timeout=10)).channel == key.encode()
        source = await cluster.primary_of(A)
        (target, *_) = [each for each in cluster.servers[:3] if each is not source]
        assert await connections(cluster) == [1, 1, 1]
        await cluster.move_slots([slot_of(A)], source=source, target=target)
        await until(lambda: reaches(r, A))
        await until(lambda: reaches(r, "{a}2"))
        assert shards.gaps == 2  # each of the two channels of that slot has moved
        await r.set(A, 1)
        assert (await events.receive(timeout=10)).key == A.encode()
        await source.kill()
        await until(lambda: reaches(r, A))

        async def is_told() -> bool:
            for number in range(20):
                try:
                    await r.set(f"key:{number}", 1)
                except errors.OutcomeUnknown:
                    pass
            await trio.sleep(0.1)
            return {await events.receive() for _ in range(events.statistics().queued)} >= {
                redis.KeyEvent(b"key:%d" % number, "set", 0) for number in range(20)
            }

        with trio.fail_after(60):
            while not await is_told():
                pass
        assert events.gaps >= 1


async def connections(cluster: RealCluster) -> list[int]:
    lists = [await each.execute("CLIENT", "LIST", "TYPE", "pubsub") for each in cluster.servers[:3]]
    return [each.count(b"\n") for each in lists]


async def reaches(r: redis.Redis[bytes], channel: str) -> bool:
    return await r.spublish(channel, "test") > 0


@needs_server
async def test_subscriptions_follow_the_primary_that_sentinels_name() -> None:
    async with (
        open_real_sentinels(1) as watched,
        redis.open_sentinel(watched.url, watched.name) as r,
        r.subscribe("news") as messages,
        r.subscribe_keyspace("k", configure=True) as events,
    ):
        primary = await watched.primary()
        primary.freeze()  # so that it tells nobody that it is lost
        await until(lambda: messages.gaps >= 1, 60)

        async def is_heard() -> bool:
            with trio.move_on_after(1):
                await r.publish("news", "x")
                await r.set("k", 1)
            return bool(messages.statistics().queued and events.statistics().queued)

        await until(is_heard, 60)
        primary.resume()
