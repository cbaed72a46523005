"""A client of a cluster: each command reaches the node that has its keys."""

from __future__ import annotations

import math
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.redis._scripted_cluster import (
    NOTHING,
    PORT,
    ScriptedCluster,
    ScriptedNode,
    open_scripted_cluster,
)
from trio_helianthus import errors, redis
from trio_helianthus.errors import redis_error
from trio_helianthus.redis._slots import slot_of
from trio_helianthus.redis._url import Place

A, B, C = "b", "c", "a"  # keys of the nodes 0, 1 and 2
PATIENT = redis.Timeouts(reconnect=60, health_check=math.inf)


@pytest.fixture(autouse=True)
def keys_are_where_the_tests_think() -> None:
    assert [slot_of(key) * 3 // 16384 for key in (A, B, C)] == [0, 1, 2]


def once(answers: dict[tuple[int, bytes], Any]) -> Any:
    """A script that gives each of these answers to one command of that node."""
    left = dict(answers)
    return lambda node, command: left.pop((node.number, command[0]), None)


async def test_commands_go_where_their_keys_are() -> None:
    async with open_scripted_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        assert [await r.execute("GET", key) for key in (A, B, C)] == [0, 1, 2]
        assert [await r.execute("JSON.GET", key) for key in (A, B, C)] == [0, 1, 2]
        assert await r.execute("EVAL", "return 1", 1, B) == 1
        assert [node.asked[0] for node in cluster.nodes] == [
            [b"GET", key.encode()] for key in (A, B, C)
        ]
        assert [len(node.asked) for node in cluster.nodes] == [2, 3, 2]
        assert cluster.looks == 1


async def test_nothing_but_one_node_is_connected_before_it_is_used() -> None:
    async with open_scripted_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        assert [len(node.visitors) for node in cluster.nodes] == [1, 0, 0]
        await r.execute("GET", B)
        assert [len(node.visitors) for node in cluster.nodes] == [1, 1, 0]
        assert r.statistics().connects == 1
        assert r.statistics().is_connected


async def test_a_slot_that_has_moved_is_followed_and_remembered(autojump_clock: MockClock) -> None:
    async with open_scripted_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        assert await r.execute("SET", A, 1) == 0
        cluster.owners[slot_of(A)] = 2
        assert await r.execute("SET", A, 1) == 2
        assert await r.execute("SET", A, 1) == 2
        assert len(cluster.nodes[0].asked) == 2
        await trio.sleep(2)
        assert cluster.looks == 2  # the whole map was looked at, once


async def test_a_redirection_without_a_host_stays_on_it() -> None:
    async with (
        open_scripted_cluster(
            script=once({(0, b"SET"): redis_error(f"MOVED {slot_of(A)} :{PORT + 2}")})
        ) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        cluster.owners[slot_of(A)] = 2
        assert await r.execute("SET", A, 1) == 2


async def test_a_node_that_nobody_has_told_of_is_followed() -> None:
    async with open_scripted_cluster(primaries=4) as cluster:
        cluster.owners = [slot * 3 // 16384 for slot in range(16384)]
        new = cluster.nodes.pop()
        async with redis.open_cluster(cluster.url) as r:
            assert await r.execute("SET", A, 1) == 0
            cluster.nodes.append(new)
            cluster.owners[slot_of(A)] = 3
            assert await r.execute("SET", A, 1) == 3


async def test_a_slot_that_is_being_moved_is_asked_for_each_time() -> None:
    def script(node: ScriptedNode, command: list[bytes]) -> Any:
        if command[0] == b"SET" and node.number == 0:
            return redis_error(f"ASK {slot_of(A)} 127.0.0.1:{PORT + 1}")
        if command[0] == b"SET" and node.asked[-2:-1] == [[b"ASKING"]]:
            return b"imported"
        return None

    async with (
        open_scripted_cluster(script=script) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        for _ in range(2):
            assert await r.execute("SET", A, 1) == b"imported"
        assert [command[0] for command in cluster.nodes[1].asked] == [b"ASKING", b"SET"] * 2
        assert cluster.nodes[1].visitors[-1].pieces <= 4  # both in one
        assert len(cluster.nodes[0].asked) == 2  # it is still the owner


@pytest.mark.parametrize(
    "line",
    [
        "TRYAGAIN Multiple keys request during rehashing of slot",
        "CLUSTERDOWN The cluster is down",
        "LOADING the dataset",
    ],
)
async def test_what_is_not_served_now_is_asked_for_a_little_later(
    line: str, autojump_clock: MockClock
) -> None:
    left = 4

    def script(node: ScriptedNode, command: list[bytes]) -> Any:
        nonlocal left
        if command[0] != b"SET" or not left:
            return None
        left -= 1
        return redis_error(line)

    async with (
        open_scripted_cluster(script=script) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        assert await r.execute("SET", A, 1) == 0
        assert len(cluster.nodes[0].asked) == 5
        assert trio.current_time() < 1


async def test_it_is_not_asked_for_ever(autojump_clock: MockClock) -> None:
    def script(node: ScriptedNode, command: list[bytes]) -> Any:
        return redis_error("CLUSTERDOWN The cluster is down") if command[0] == b"SET" else None

    async with (
        open_scripted_cluster(script=script) as cluster,
        redis.open_cluster(cluster.url, timeouts=redis.Timeouts(reconnect=3)) as r,
    ):
        start = trio.current_time()
        with pytest.raises(errors.RedisUnavailable, match="CLUSTERDOWN"):
            await r.execute("SET", A, 1)
        assert 3 <= trio.current_time() - start < 3.5
        assert await r.execute("GET", A) == 0
        assert len(cluster.nodes[0].asked) < 40


async def test_nodes_that_point_at_each_other_are_left_alone_soon(
    autojump_clock: MockClock,
) -> None:
    def script(node: ScriptedNode, command: list[bytes]) -> Any:
        other = PORT + (0 if node.number else 1)
        return (
            redis_error(f"MOVED {slot_of(A)} 127.0.0.1:{other}") if command[0] == b"SET" else None
        )

    async with (
        open_scripted_cluster(script=script) as cluster,
        redis.open_cluster(cluster.url, max_redirections=4) as r,
    ):
        with pytest.raises(errors.RedisRedirection, match="MOVED"):
            await r.execute("SET", A, 1)
        assert sum(len(node.asked) for node in cluster.nodes) == 5


async def test_an_error_of_the_command_comes_out_as_it_is() -> None:
    error = redis_error("WRONGTYPE x")
    async with (
        open_scripted_cluster(script=once({(0, b"SET"): error})) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        with pytest.raises(errors.RedisWrongType):
            await r.execute("SET", A, 1)
        assert len(cluster.nodes[0].asked) == 1


async def test_commands_with_keys_of_several_nodes_are_put_together() -> None:
    def script(node: ScriptedNode, command: list[bytes]) -> Any:
        if command[0] == b"MGET":
            return [b"%d:%b" % (node.number, key) for key in command[1:]]
        if command[0] in {b"DEL", b"DBSIZE"}:
            return len(command)
        if command[0] in {b"MSET", b"FLUSHALL"}:
            return "OK"
        return None

    async with (
        open_scripted_cluster(script=script) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        assert await r.execute("MGET", A, B, "{b}2", C) == [b"0:b", b"1:c", b"0:{b}2", b"2:a"]
        assert await r.execute("DEL", A, B, "{b}2", C) == 3 + 2 + 2
        assert await r.execute("MSET", A, 1, B, 2) == b"OK"
        assert await r.execute("DBSIZE") == 3
        assert await r.execute("FLUSHALL") == b"OK"
        assert [node.asked[-1] for node in cluster.nodes] == [[b"FLUSHALL"]] * 3
        assert await r.pipeline().add("MGET", A, B).add("DBSIZE").execute() == [
            [b"0:b", b"1:c"],
            3,
        ]


async def test_a_part_that_is_redirected_is_followed_alone() -> None:
    def script(node: ScriptedNode, command: list[bytes]) -> Any:
        if command[0] == b"MGET" and cluster.owner_of(slot_of(command[1])) == node.number:
            return [b"%d:%b" % (node.number, key) for key in command[1:]]
        return None

    async with (
        open_scripted_cluster(script=script) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        cluster.owners[slot_of(A)] = 2
        assert await r.execute("MGET", A, B, C) == [b"2:b", b"1:c", b"2:a"]
        assert len(cluster.nodes[1].asked) == 1


async def test_an_error_of_one_part_is_the_answer() -> None:
    async with (
        open_scripted_cluster(script=once({(1, b"FLUSHALL"): redis_error("ERR no")})) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        with pytest.raises(errors.RedisError, match="ERR no") as caught:
            await r.execute("FLUSHALL")
        assert caught.value.__notes__ == ["1 of 3 servers have refused FLUSHALL"]


@pytest.mark.parametrize(
    "args", [("SINTER", A, B), ("EVAL", "x", 2, A, B), ("SCAN", 0), ("SUBSCRIBE", "x")], ids=str
)
async def test_a_mistake_is_told_before_anything_is_sent(args: tuple[Any, ...]) -> None:
    async with open_scripted_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        with pytest.raises(errors.LocalProtocolError):
            await r.execute(*args)
        with pytest.raises(errors.LocalProtocolError):
            await r.pipeline().add("SET", A, 1).add(*args).execute()
        with pytest.raises(TypeError):
            await r.pipeline().add("SET", A, 1).add("SET", B, None).execute()  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            await r.execute("GET", None)  # type: ignore[arg-type]
        with pytest.raises(errors.LocalProtocolError, match="CROSSSLOT"):
            await r.pipeline(transaction=True).add("SET", A, 1).add("SET", B, 1).execute()
        assert cluster.asked() == {}


async def test_a_pipeline_is_split_and_its_order_restored() -> None:
    async with open_scripted_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        pipeline = r.pipeline()
        for key in (A, B, C) * 3:
            pipeline.add("GET", key)
        cluster.owners[slot_of(C)] = 1
        assert await pipeline.execute() == [0, 1, 1] * 3
        assert [len(node.asked) for node in cluster.nodes] == [3, 6, 3]
        assert cluster.nodes[0].visitors[-1].pieces <= 3  # they have come together


async def test_the_order_of_a_keys_commands_is_kept_where_they_are_redirected() -> None:
    async with open_scripted_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        await r.execute("GET", A)
        cluster.owners[slot_of(A)] = 2
        pipeline = r.pipeline()
        for number in range(20):
            pipeline.add("SET", A, number)
        assert await pipeline.execute() == [2] * 20
        assert [command[2] for command in cluster.nodes[2].asked] == [
            b"%d" % number for number in range(20)
        ]


async def test_a_transaction_that_was_refused_by_an_old_owner_runs_at_the_new_one() -> None:
    def script(node: ScriptedNode, command: list[bytes]) -> Any:
        if command[0] == b"EXEC":
            if cluster.owner_of(slot_of(A)) == node.number:
                return [node.number]
            return redis_error("EXECABORT Transaction discarded because of previous errors.")
        return None

    async with (
        open_scripted_cluster(script=script) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        assert await r.pipeline(transaction=True).add("SET", A, 1).execute() == [0]
        cluster.owners[slot_of(A)] = 1
        assert await r.pipeline(transaction=True).add("SET", A, 1).execute() == [1]

        async def write(tx: redis.Transaction[bytes]) -> None:
            await tx.execute("GET", A)
            tx.queue.add("SET", A, 1)

        assert (await r.transaction(write, A)).answers == [1]
        cluster.owners[slot_of(A)] = 2
        assert (await r.transaction(write, A)).answers == [2]


async def test_a_transaction_on_a_slot_that_is_being_moved_asks() -> None:
    def script(node: ScriptedNode, command: list[bytes]) -> Any:
        is_asked = [b"ASKING"] in node.asked
        if node.number == 0 and command[0] in {b"SET", b"WATCH"}:
            return redis_error(f"ASK {slot_of(A)} 127.0.0.1:{PORT + 1}")
        if node.number == 1 and is_asked and command[0] in {b"SET", b"WATCH"}:
            return "QUEUED"
        if command[0] == b"EXEC":
            return [b"done"] if is_asked else redis_error("EXECABORT x")
        return None

    async with (
        open_scripted_cluster(script=script) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        assert await r.pipeline(transaction=True).add("SET", A, 1).execute() == [b"done"]
        assert [command[0] for command in cluster.nodes[1].asked] == [
            b"ASKING",
            b"MULTI",
            b"SET",
            b"EXEC",
        ]

        async def write(tx: redis.Transaction[bytes]) -> None:
            tx.queue.add("SET", A, 1)

        assert (await r.transaction(write, A)).answers == [b"done"]
        assert [command[0] for command in cluster.nodes[1].asked[4:]] == [
            b"ASKING",
            b"WATCH",
            b"ASKING",
            b"MULTI",
            b"SET",
            b"EXEC",
        ]


async def test_what_blocks_is_redirected_too() -> None:
    async with open_scripted_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        assert await r.execute("BLPOP", A, 0) == 0
        cluster.owners[slot_of(A)] = 2
        assert await r.execute("BLPOP", A, 0) == 2
        assert await r.pipeline().add("BLPOP", A, 0).add("GET", B).execute() == [2, 1]


async def test_a_connection_is_lent_to_where_the_keys_are() -> None:
    async with open_scripted_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        async with r.connection(B, "{c}2") as connection:
            assert await connection.execute("GET", B) == 1
        with pytest.raises(errors.LocalProtocolError, match="CROSSSLOT"):
            async with r.connection(A, B):
                raise AssertionError
        assert r.statistics().sessions_lent == 0


@pytest.mark.parametrize("read_from", redis.ReadFrom)
async def test_replicas_answer_those_that_only_read(read_from: redis.ReadFrom) -> None:
    async with (
        open_scripted_cluster(replicas=2) as cluster,
        redis.open_cluster(cluster.url, read_from=read_from) as r,
    ):
        readers = {
            redis.ReadFrom.PRIMARY: {0},
            redis.ReadFrom.REPLICA: {3, 6},
            redis.ReadFrom.ANY: {0, 3, 6},
        }[read_from]
        assert {await r.execute("GET", A) for _ in range(6)} == readers
        assert {(await r.pipeline().add("GET", A).execute())[0] for _ in range(6)} == readers
        assert {await r.execute("SET", A, 1) for _ in range(6)} == {0}
        assert await r.pipeline().add("SET", A, 1).add("GET", A).execute() == [0, 0]
        for node in cluster.nodes:
            asks_as_replica = [b"READONLY"] in node.commands
            assert asks_as_replica == (node.number in readers - {0})


async def test_a_replica_that_is_lost_is_left_out(autojump_clock: MockClock) -> None:
    async with (
        open_scripted_cluster(replicas=2) as cluster,
        redis.open_cluster(cluster.url, read_from=redis.ReadFrom.REPLICA, timeouts=PATIENT) as r,
    ):
        assert {await r.execute("GET", A) for _ in range(4)} == {3, 6}
        await stop(cluster.nodes[3])
        assert {await r.execute("GET", A) for _ in range(4)} == {6}
        await stop(cluster.nodes[6])
        assert {await r.execute("GET", A) for _ in range(4)} == {0}
        assert trio.current_time() < 1


@pytest.mark.parametrize("line", ["LOADING x", "MASTERDOWN x"])
async def test_a_replica_that_does_not_serve_now_hands_on_to_the_primary(
    line: str, autojump_clock: MockClock
) -> None:
    def script(node: ScriptedNode, command: list[bytes]) -> Any:
        return redis_error(line) if node.number == 3 and command[0] == b"GET" else None

    async with (
        open_scripted_cluster(replicas=1, script=script) as cluster,
        redis.open_cluster(cluster.url, read_from=redis.ReadFrom.REPLICA) as r,
    ):
        assert await r.execute("GET", A) == 0
        assert await r.pipeline().add("GET", A).execute() == [0]


async def stop(node: ScriptedNode) -> None:
    """End a node with all its connections."""
    node.scope.cancel()
    for visitor in node.visitors:
        visitor.stream.reset()
    await wait_all_tasks_blocked()


def promote(cluster: ScriptedCluster, replica: int) -> None:
    """Have a replica take over."""
    node = cluster.nodes[replica]
    old, node.primary = node.primary, None
    assert old is not None
    cluster.nodes[old].health = b"fail"
    cluster.owners = [replica if owner == old else owner for owner in cluster.owners]


async def test_commands_wait_for_the_replica_that_takes_over(autojump_clock: MockClock) -> None:
    async with (
        open_scripted_cluster(replicas=1) as cluster,
        redis.open_cluster(cluster.url, timeouts=PATIENT) as r,
        trio.open_nursery() as nursery,
    ):
        assert await r.execute("SET", A, 1) == 0
        await stop(cluster.nodes[0])
        answers: list[Any] = []

        async def write(*args: Any) -> None:
            answers.append(await r.execute(*args))

        async def transact() -> None:
            async def change(tx: redis.Transaction[bytes]) -> None:
                await tx.execute("GET", A)

            answers.append((await r.transaction(change, A)).value)

        async def pipe() -> None:
            answers.append(await r.pipeline().add("SET", A, 1).add("SET", B, 1).execute())

        nursery.start_soon(write, "SET", A, 1)
        nursery.start_soon(write, "BLPOP", A, 0)
        nursery.start_soon(write, "FLUSHALL")
        nursery.start_soon(transact)
        nursery.start_soon(pipe)
        await trio.sleep(7)
        assert await r.execute("SET", B, 1) == 1  # the others are served
        assert answers == []
        promote(cluster, 3)
        start = trio.current_time()
        while len(answers) < 5:  # noqa: ASYNC110 - only a poll
            await trio.sleep(0.01)
        assert trio.current_time() - start < 0.5
        assert sorted(map(str, answers)) == ["3", "3", "3", "None", "[3, 1]"]
        assert cluster.looks < 120


async def test_they_do_not_wait_for_ever(autojump_clock: MockClock) -> None:
    async with (
        open_scripted_cluster() as cluster,
        redis.open_cluster(cluster.url, timeouts=redis.Timeouts(reconnect=3)) as r,
    ):
        await r.execute("SET", A, 1)
        await stop(cluster.nodes[0])
        start = trio.current_time()
        with pytest.raises(errors.OperationTimeout, match="for SET within 3"):
            await r.execute("SET", A, 1)
        assert 3 <= trio.current_time() - start < 4
        with pytest.raises(errors.OperationTimeout, match="for a connection within 3"):
            async with r.connection(A):
                raise AssertionError
        with pytest.raises(errors.OperationTimeout):
            await r.pipeline().add("GET", A).add("GET", B).execute()
        assert trio.current_time() - start < 12


async def test_a_frozen_primary_that_was_replaced_is_given_up(autojump_clock: MockClock) -> None:
    timeouts = redis.Timeouts(answer=600, reconnect=60, health_check=math.inf)
    async with (
        open_scripted_cluster(replicas=1) as cluster,
        redis.open_cluster(cluster.url, timeouts=timeouts) as r,
        trio.open_nursery() as nursery,
    ):
        assert await r.execute("SET", A, 1) == 0
        cluster.nodes[0].held = trio.Event()
        outcomes: dict[str, Any] = {}

        async def ask(*args: Any) -> None:
            try:
                outcomes[args[0]] = await r.execute(*args)
            except errors.OutcomeUnknown as exc:
                outcomes[args[0]] = exc.command

        nursery.start_soon(ask, "GET", A)
        nursery.start_soon(ask, "SET", A, 1)
        nursery.start_soon(ask, "BLPOP", A, 0)
        await trio.sleep(3)
        assert outcomes == {}
        promote(cluster, 3)
        await trio.sleep(3)
        assert outcomes == {"GET": 3, "SET": "SET", "BLPOP": "BLPOP"}
        assert await r.execute("SET", A, 1) == 3


@pytest.mark.parametrize("is_frozen", [True, False])
async def test_a_primary_that_has_become_a_replica_is_not_waited_for(
    is_frozen: bool, autojump_clock: MockClock
) -> None:
    timeouts = redis.Timeouts(answer=600, reconnect=60, health_check=math.inf)
    async with (
        open_scripted_cluster(replicas=1) as cluster,
        redis.open_cluster(cluster.url, timeouts=timeouts) as r,
        trio.open_nursery() as nursery,
    ):
        assert await r.execute("SET", A, 1) == 0
        if is_frozen:
            cluster.nodes[0].held = trio.Event()
        else:  # we cannot reach it; the others can
            await stop(cluster.nodes[0])
        answers: list[Any] = []

        async def read() -> None:
            answers.append(await r.execute("GET", A))

        nursery.start_soon(read)
        await trio.sleep(0.5)
        promote(cluster, 3)
        cluster.nodes[0].health, cluster.nodes[0].primary = b"online", 3
        await trio.sleep(3)
        assert answers == [3]
        nursery.cancel_scope.cancel()


async def test_what_is_under_way_at_a_node_that_has_left_has_a_second(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_scripted_cluster(replicas=1) as cluster,
        redis.open_cluster(cluster.url, timeouts=PATIENT) as r,
        trio.open_nursery() as nursery,
    ):
        assert await r.execute("SET", A, 1) == 0
        await r.execute("BLPOP", A, 0)
        held = cluster.nodes[0].held = trio.Event()
        outcomes: list[Any] = []

        async def write(command: str) -> None:
            try:
                outcomes.append(await r.execute(command, A, 1))
            except errors.OutcomeUnknown as exc:
                outcomes.append(exc.command)

        nursery.start_soon(write, "SET")
        nursery.start_soon(write, "BLPOP")
        await wait_all_tasks_blocked()
        promote(cluster, 3)
        r._backend.refresher.request()  # type: ignore[attr-defined]
        await trio.sleep(0.5)
        assert outcomes == []
        await trio.sleep(2)
        assert sorted(outcomes) == ["BLPOP", "SET"]
        held.set()


async def test_walks_stay_on_one_server() -> None:
    async with (
        open_scripted_cluster(replicas=2) as cluster,
        redis.open_cluster(cluster.url, read_from=redis.ReadFrom.REPLICA) as r,
    ):
        assert {await r.execute("HSCAN", A, 0) for _ in range(4)} == {0}


async def test_a_connection_that_lasts_is_made_to_who_has_the_slot_now() -> None:
    async with open_scripted_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        cluster.owners[slot_of(A)] = 2
        connection = await r._backend.connect(A)
        assert connection.stream.remote_address == ("127.0.0.1", PORT + 2)
        connection.close()


async def test_a_node_that_has_left_is_disconnected(autojump_clock: MockClock) -> None:
    async with open_scripted_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        await r.execute("SET", C, 1)
        cluster.owners = [min(owner, 1) for owner in cluster.owners]
        left = cluster.nodes.pop()
        left.script = lambda visitor, command: redis_error(
            f"MOVED {slot_of(C)} 127.0.0.1:{PORT + 1}"
        )
        assert await r.execute("SET", C, 1) == 1
        await trio.sleep(5)
        with pytest.raises((trio.BrokenResourceError, trio.ClosedResourceError)):
            await left.visitors[-1].stream.send_all(b"x")
        assert r.statistics().is_connected


async def test_a_stale_map_does_not_matter(autojump_clock: MockClock) -> None:
    async with open_scripted_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        cluster.announced = list(cluster.owners)
        cluster.owners[slot_of(A)] = 2
        for _ in range(5):
            assert await r.execute("SET", A, 1) == 2
            await trio.sleep(2)
        assert len(cluster.nodes[0].asked) <= 5


async def test_the_map_is_asked_from_others_when_nodes_are_gone(autojump_clock: MockClock) -> None:
    async with (
        open_scripted_cluster(replicas=1) as cluster,
        redis.open_cluster(f"redis://127.0.0.1:{PORT},127.0.0.1:{PORT + 1}", timeouts=PATIENT) as r,
    ):
        await r.execute("SET", A, 1)
        for number in (0, 1, 2):
            await stop(cluster.nodes[number])
        for number in (3, 4, 5):
            promote(cluster, number)
        assert [await r.execute("SET", key, 1) for key in (A, B, C)] == [3, 4, 5]


async def test_a_seed_that_is_not_there_is_skipped() -> None:
    async with open_scripted_cluster() as cluster:
        url = f"redis://127.0.0.1:1,127.0.0.1:{PORT + 1}"
        async with redis.open_cluster(url) as r:
            assert await r.execute("GET", A) == 0
        await stop(cluster.nodes[1])
        with pytest.raises(errors.ConnectionRefused):
            async with redis.open_cluster(url):
                raise AssertionError


async def test_a_server_that_is_no_cluster_says_so() -> None:
    error = redis_error("ERR This instance has cluster support disabled")
    async with open_scripted_cluster(script=once({(0, b"CLUSTER"): error})) as cluster:
        with pytest.raises(errors.RedisError, match="support disabled"):
            async with redis.open_cluster(cluster.url):
                raise AssertionError


async def test_servers_that_do_not_know_of_shards_are_asked_for_slots() -> None:
    def script(node: ScriptedNode, command: list[bytes]) -> Any:
        if command[:2] == [b"CLUSTER", b"SHARDS"]:
            return redis_error("ERR Unknown subcommand or wrong number of arguments for 'SHARDS'")
        if command[:2] == [b"CLUSTER", b"SLOTS"]:
            return [[0, 16383, [b"", PORT + 1, b"id"]]]
        return None if command[0] != b"GET" else node.number

    async with (
        open_scripted_cluster(script=script) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        assert await r.execute("GET", A) == 1


async def test_places_are_mapped() -> None:
    async with open_scripted_cluster() as cluster:
        for node in cluster.nodes:
            node.host = "10.0.0.7"
        asked: list[Place] = []

        def remap(place: Place) -> Place:
            asked.append(place)
            return Place("127.0.0.1", place.port)

        async with redis.open_cluster(cluster.url, remap=remap) as r:
            assert await r.execute("SET", A, 1) == 0
            cluster.owners[slot_of(A)] = 1
            assert await r.execute("SET", A, 1) == 1
        assert {place.host for place in asked} == {"10.0.0.7"}


async def test_a_lazy_client_does_not_wait_for_the_cluster(autojump_clock: MockClock) -> None:
    async with (
        open_scripted_cluster() as cluster,
        redis.open_cluster(cluster.url, lazy=True) as r,
    ):
        assert await r.execute("GET", A) == 0
    async with (
        open_scripted_cluster(),
        redis.open_cluster(
            "redis://127.0.0.1:1", lazy=True, timeouts=redis.Timeouts(reconnect=3)
        ) as r,
    ):
        for ask in (
            lambda: r.execute("GET", A),
            lambda: r.pipeline().add("GET", A).execute(),
            lambda: r.transaction(nothing, A),
        ):
            with pytest.raises(errors.OperationTimeout, match="within 3 seconds") as caught:
                await ask()
            assert isinstance(caught.value.__cause__, errors.NetworkError)


async def nothing(tx: redis.Transaction[bytes]) -> None:
    raise AssertionError


async def test_a_cancelled_pipeline_is_not_sent_where_it_was_not_yet(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_scripted_cluster() as cluster,
        redis.open_cluster(cluster.url, timeouts=PATIENT) as r,
    ):
        for key in (A, B, C):
            await r.execute("SET", key, 1)
        for node in cluster.nodes[:2]:
            await stop(node)
        with trio.move_on_after(1):
            await r.pipeline().add("SET", A, 2).add("SET", B, 2).add("SET", C, 2).execute()
        for node in cluster.nodes[:2]:
            cluster.start(node)
        for key in (A, B, C):
            await r.execute("SET", key, 3)
        values = [[command[2] for command in node.asked] for node in cluster.nodes]
        assert values == [[b"1", b"3"], [b"1", b"3"], [b"1", b"2", b"3"]]


@pytest.mark.parametrize(
    ("url", "options", "error"),
    [
        ("redis://h/1", {}, ValueError),
        ("unix:///x", {}, ValueError),
        ("redis://h", {"db": 3}, ValueError),
        ("redis://h", {"max_redirections": 0}, ValueError),
        ("redis://h", {"read_from": "any"}, TypeError),
        ("redis://h", {"something": 1}, TypeError),
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(
    url: str, options: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        redis.open_cluster(url, **options)


async def test_what_was_lost_with_its_connection_is_sent_again_only_if_it_reads() -> None:
    async with (
        open_scripted_cluster(script=hang_up_once()) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        assert await r.execute("GET", A) == 0  # sent again
        cluster.nodes[0].script = lambda visitor, _: (visitor.stream.reset(), NOTHING)[1]
        with pytest.raises(errors.OutcomeUnknown):
            await r.execute("SET", A, 1)


def hang_up_once() -> Any:
    done = False

    def script(node: ScriptedNode, command: list[bytes]) -> Any:
        nonlocal done
        if command[0] != b"GET" or done:
            return None
        done = True
        node.visitors[-1].stream.reset()
        return NOTHING

    return script


async def test_a_mistake_in_what_blocks_comes_out_before_anything_is_sent() -> None:
    async with open_scripted_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        with pytest.raises(TypeError):
            await r.pipeline().set(A, 1).add("BLPOP", B, object()).execute()  # type: ignore[arg-type]
        assert cluster.asked() == {}


@pytest.mark.parametrize(
    "error", ["TRYAGAIN not now", "MOVED 1 127.0.0.1:7002", "CLUSTERDOWN says the script"]
)
async def test_what_a_script_says_is_no_refusal_of_the_server(error: str) -> None:
    def script(node: ScriptedNode, command: list[bytes]) -> Any:
        return redis_error(error) if command[0] == b"EVAL" else None

    async with (
        open_scripted_cluster(script=script) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        with pytest.raises(errors.RedisError, match=error):
            await r.execute("EVAL", "incr", 1, B)
        (answer,) = await r.pipeline().add("EVAL", "incr", 1, B).execute(raise_errors=False)
        assert isinstance(answer, errors.RedisError)
        assert sum(len(node.asked) for node in cluster.nodes) == 2


async def test_a_script_is_sent_again_where_the_server_has_refused_it(
    autojump_clock: MockClock,
) -> None:
    refusals = {
        (1, b"EVAL"): redis_error("TRYAGAIN Multiple keys request during rehashing of slot")
    }
    async with (
        open_scripted_cluster(script=once(refusals)) as cluster,
        redis.open_cluster(cluster.url) as r,
    ):
        assert await r.execute("EVAL", "incr", 1, B) == 1
        slot = slot_of(B)
        cluster.owners[slot] = 2
        assert await r.execute("EVAL", "incr", 1, B) == 2


async def test_a_transaction_is_of_one_slot() -> None:
    async def write_elsewhere(tx: redis.Transaction[bytes]) -> None:
        tx.queue.set(B, 1)

    async with open_scripted_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        with pytest.raises(errors.LocalProtocolError, match="CROSSSLOT"):
            await r.transaction(write_elsewhere, A)
        names = {command[0] for node in cluster.nodes for command in node.asked}
        assert names == {b"WATCH"}


async def test_dead_letters_go_to_the_slot_of_their_stream() -> None:
    async with open_scripted_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        with pytest.raises(errors.LocalProtocolError, match="CROSSSLOT"):
            async with r.consumer(A, group="g", dead_letters=B):
                raise AssertionError
        assert cluster.asked() == {}


async def test_a_place_that_cannot_be_remapped_stays(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def remap(place: Place) -> Place:
        if place.port == PORT + 1:
            raise KeyError(place.host)
        return place

    async with (
        open_scripted_cluster() as cluster,
        redis.open_cluster(cluster.url, remap=remap) as r,
    ):
        assert [await r.execute("GET", key) for key in (A, B, C)] == [0, 1, 2]
    assert "remap of" in capsys.readouterr().err


async def test_a_node_that_was_late_once_is_a_node_like_others(autojump_clock: MockClock) -> None:
    timeouts = redis.Timeouts(connect=0.3)
    async with (
        open_scripted_cluster() as cluster,
        redis.open_cluster(cluster.url, timeouts=timeouts) as r,
    ):
        assert await r.execute("GET", B) == 1
        cluster.nodes[1].greets_after = 0.5
        with trio.move_on_after(0.4):
            await r.execute("BLPOP", B, 0)
        cluster.nodes[1].greets_after = 0.0
        assert await r.execute("BLPOP", B, 0) == 1
        await trio.sleep(2)
        looks = cluster.looks
        await trio.sleep(10)
        assert cluster.looks == looks


async def test_who_waits_for_a_connection_to_a_node_that_is_left_goes_on(
    autojump_clock: MockClock,
) -> None:
    def script(node: ScriptedNode, command: list[bytes]) -> Any:
        return NOTHING if command[0] == b"BLPOP" and node.number == 1 else None

    limits = redis.ClientLimits(max_sessions=1)
    async with (
        open_scripted_cluster(script=script) as cluster,
        redis.open_cluster(cluster.url, limits=limits, timeouts=PATIENT) as r,
        trio.open_nursery() as nursery,
    ):
        answers: list[Any] = []

        async def pop() -> None:
            try:
                answers.append(await r.execute("BLPOP", B, 0))
            except errors.OutcomeUnknown as exc:
                answers.append(type(exc))

        for _ in range(3):
            nursery.start_soon(pop)
        await wait_all_tasks_blocked()
        cluster.owners = [2 if owner == 1 else owner for owner in cluster.owners]
        cluster.nodes.pop(1)
        await r.execute("GET", B)
        with trio.move_on_after(20):
            while len(answers) < 3:  # noqa: ASYNC110
                await trio.sleep(0.1)
        assert answers.count(errors.OutcomeUnknown) == 1
        assert answers.count(2) == 2
