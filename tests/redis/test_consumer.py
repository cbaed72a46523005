"""Consumers of streams, with real servers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import trio

from tests.redis.conftest import needs_server
from trio_helianthus import errors, redis, testing

pytestmark = needs_server


async def add(r: redis.Redis[Any], count: int, stream: str = "orders") -> None:
    pipeline = r.pipeline()
    for number in range(count):
        pipeline.xadd(stream, {"n": number})
    await pipeline.execute()


async def pending(r: redis.Redis[Any], stream: str = "orders") -> int:
    return (await r.xpending(stream, "billing")).count


async def test_entries_come_and_are_acknowledged(client: redis.Redis[bytes]) -> None:
    await add(client, 250)
    numbers = []
    async with client.consumer("orders", group="billing", batch=40) as consumer:
        async for entry in consumer:
            async with entry:
                numbers.append(int(entry.fields[b"n"]))
                assert entry.stream == b"orders"
                assert entry.deliveries == 1
                assert entry.is_held
            assert not entry.is_held
            if len(numbers) == 250:
                break
    assert numbers == list(range(250))
    assert await pending(client) == 0
    assert await client.xinfo_consumers("orders", "billing") == []


async def test_text_where_it_is_asked_for(redis_server: testing.RedisServer) -> None:
    async with redis.open_client(redis_server.url, decode_responses=True) as r:
        await r.xadd("orders", {"drink": "tee"})
        async with r.consumer("orders", group="billing", name="me") as consumer:
            assert consumer.name == "me"
            async with await consumer.receive() as entry:
                assert (entry.stream, entry.fields) == ("orders", {"drink": "tee"})
                assert isinstance(entry.id, str)


async def test_what_is_added_later_comes_at_once(client: redis.Redis[bytes]) -> None:
    async with client.consumer("orders", group="billing", start="$") as consumer:
        for number in range(5):
            await client.xadd("orders", {"n": number})
            with trio.fail_after(5):
                async with await consumer.receive() as entry:
                    assert entry.fields == {b"n": b"%d" % number}


async def test_several_streams(client: redis.Redis[bytes]) -> None:
    await add(client, 5, "a")
    await add(client, 5, "b")
    found: list[tuple[bytes, int]] = []
    async with client.consumer("a", "b", group="billing", batch=3) as consumer:
        while len(found) < 10:
            async with await consumer.receive() as entry:
                found.append((entry.stream, int(entry.fields[b"n"])))
    assert sorted(found) == [(name, n) for name in (b"a", b"b") for n in range(5)]


async def test_consumers_share_and_work_at_a_time(client: redis.Redis[bytes]) -> None:
    await add(client, 200)
    seen: list[bytes] = []
    busy = most = 0
    done = trio.Event()

    async def handle(entry: redis.StreamEntry[bytes]) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await trio.sleep(0.001)
        busy -= 1
        seen.append(entry.fields[b"n"])
        if len(seen) == 200:
            done.set()

    async def consume(*, task_status: trio.TaskStatus[Any]) -> None:
        async with client.consumer("orders", group="billing", batch=10, max_items=20) as consumer:
            task_status.started(consumer)
            await consumer.run(handle, concurrency=4)
            statistics = consumer.statistics()
            assert statistics.acked == statistics.received > 0
            assert statistics.buffered == 0

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            consumers = [await nursery.start(consume) for _ in range(2)]
            await done.wait()
            for consumer in consumers:
                consumer.drain()
    assert len(set(seen)) == 200
    assert 4 < most <= 8
    assert await pending(client) == 0


async def test_a_failure_is_retried_and_then_a_dead_letter(client: redis.Redis[bytes]) -> None:
    await client.xadd("orders", {"n": 1, "what": "poison"})
    tries = []
    async with client.consumer(
        "orders", group="billing", name="me", retry_delay=0.05, max_deliveries=3
    ) as consumer:
        with trio.fail_after(10):
            for attempt in (1, 2, 3):
                entry = await consumer.receive()
                assert entry.deliveries == attempt
                tries.append(trio.current_time())
                with pytest.raises(ZeroDivisionError):
                    async with entry:
                        1 / 0  # noqa: B018
            await consumer.flush()
        ((letter_id, letter),) = await client.xrange("dead:{orders}")
        assert letter == {
            b"n": b"1",
            b"what": b"poison",
            b"dead-stream": b"orders",
            b"dead-id": entry.id,
            b"dead-group": b"billing",
            b"dead-consumer": b"me",
            b"dead-deliveries": b"3",
            b"dead-reason": b"ZeroDivisionError: division by zero",
        }
        assert letter_id
        assert (consumer.statistics().failed, consumer.statistics().dead) == (2, 1)
    assert [0.04 < b - a < 1 for a, b in pairwise(tries)] == [True, True]
    assert await pending(client) == 0
    assert await client.requeue_dead_letters("dead:{orders}", "orders") == 1
    assert (await client.xrevrange("orders", count=1))[0][1] == {b"n": b"1", b"what": b"poison"}
    assert await client.xlen("dead:{orders}") == 0


async def test_what_a_dead_consumer_had_is_claimed(client: redis.Redis[bytes]) -> None:
    await add(client, 10)
    await client.xgroup_create("orders", "billing", "0")
    await client.xreadgroup("billing", "dead", {"orders": ">"}, count=10)
    found: list[int] = []
    async with client.consumer("orders", group="billing", claim_idle=0.2, batch=3) as consumer:
        with trio.fail_after(10):
            while len(found) < 10:
                async with await consumer.receive() as entry:
                    found.append(int(entry.fields[b"n"]))
                    assert entry.deliveries == 2
        assert consumer.statistics().claimed == 10
    assert sorted(found) == list(range(10))


async def test_a_name_goes_on_where_it_was(client: redis.Redis[bytes]) -> None:
    await add(client, 300)
    await client.xgroup_create("orders", "billing", "0")
    await client.xreadgroup("billing", "me", {"orders": ">"}, count=250)
    found: list[tuple[int, int]] = []
    async with client.consumer("orders", group="billing", name="me", max_items=20) as consumer:
        with trio.fail_after(10):
            while len(found) < 300:
                async with await consumer.receive() as entry:
                    found.append((int(entry.fields[b"n"]), entry.deliveries))
    assert sorted(found) == [(n, 2 if n < 250 else 1) for n in range(300)]
    assert await pending(client) == 0
    assert len(await client.xinfo_consumers("orders", "billing")) == 1


async def test_long_work_is_not_claimed_by_others(client: redis.Redis[bytes]) -> None:
    await client.xadd("orders", {"n": 1})
    async with (
        client.consumer("orders", group="billing", claim_idle=0.2) as slow,
        client.consumer("orders", group="billing", claim_idle=0.2) as other,
    ):
        with trio.move_on_after(1.0):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(slow.receive)
                await other.receive()
        received = slow.statistics().received + other.statistics().received
        assert received == 1


async def test_what_was_claimed_by_others_is_told(client: redis.Redis[bytes]) -> None:
    await client.xadd("orders", {"n": 1})
    async with client.consumer("orders", group="billing", claim_idle=0.2) as consumer:
        entry = await consumer.receive()
        await client.xclaim("orders", "billing", "other", 0, [entry.id])
        with trio.fail_after(5):
            while entry.is_held:  # noqa: ASYNC110 - nothing tells of it
                await trio.sleep(0.01)
        entry.ack()
        entry.fail("too late")
        assert consumer.statistics().lost == 1
        assert await pending(client) == 1


async def test_leaving_gives_back_what_is_open(client: redis.Redis[bytes]) -> None:
    await add(client, 20)
    with pytest.raises(KeyError):
        async with client.consumer("orders", group="billing", name="first") as consumer:
            entries = [await consumer.receive() for _ in range(5)]
            entries[0].ack()
            raise KeyError
    assert await pending(client) == 19
    found = {}
    async with client.consumer("orders", group="billing") as consumer:
        with trio.fail_after(5):
            for _ in range(19):
                async with await consumer.receive() as entry:
                    found[int(entry.fields[b"n"])] = entry.deliveries
    # What nobody had received does not count as delivered.
    assert found == {n: 2 if n < 5 else 1 for n in range(1, 20)}


async def test_a_drain_lets_what_was_received_end(client: redis.Redis[bytes]) -> None:
    await add(client, 50)
    seen: list[bytes] = []
    async with client.consumer("orders", group="billing") as consumer:

        async def handle(entry: redis.StreamEntry[bytes]) -> None:
            if not seen:
                consumer.drain()
            seen.append(entry.id)
            await trio.sleep(0.01)

        with trio.fail_after(5):
            await consumer.run(handle, concurrency=3)
        with pytest.raises(trio.EndOfChannel):
            await consumer.receive()
        consumer.drain()
        await consumer.aclose()
    assert 1 <= len(seen) <= 3
    assert await pending(client) == 50 - len(seen)
    with pytest.raises(errors.ResourceClosed):
        await consumer.receive()


async def test_cancelling_a_body_gives_its_entry_back(client: redis.Redis[bytes]) -> None:
    await client.xadd("orders", {"n": 1})
    async with client.consumer("orders", group="billing") as consumer:
        with trio.move_on_after(0.05):
            async with await consumer.receive():
                await trio.sleep_forever()
        with trio.fail_after(5):
            async with await consumer.receive() as entry:
                assert entry.deliveries == 2


async def test_cancelling_receive_loses_nothing(client: redis.Redis[bytes]) -> None:
    found = []
    async with client.consumer("orders", group="billing") as consumer:
        for number in range(20):
            with trio.CancelScope() as scope:
                scope.cancel()
                found.append((await consumer.receive()).fields)
            await client.xadd("orders", {"n": number})
            with trio.move_on_after(0.001):
                entry = await consumer.receive()
                entry.ack()
                found.append(entry.fields)
        with trio.fail_after(5):
            while len(found) < 20:
                async with await consumer.receive() as entry:
                    found.append(entry.fields)
    assert sorted(int(fields[b"n"]) for fields in found) == list(range(20))


async def test_no_more_are_held_than_allowed(client: redis.Redis[bytes]) -> None:
    await add(client, 100)
    async with client.consumer("orders", group="billing", max_items=7, batch=5) as consumer:
        entries = [await consumer.receive() for _ in range(7)]
        with trio.move_on_after(0.2):
            await consumer.receive()
            pytest.fail("more than max_items")
        assert consumer.statistics().held == 7
        assert await pending(client) == 7
        entries[0].ack()
        with trio.fail_after(5):
            await consumer.receive()


@pytest.mark.parametrize("max_items", [1, 2, 5])
async def test_no_more_are_held_while_some_are_claimed_and_some_are_new(
    client: redis.Redis[bytes], max_items: int
) -> None:
    await add(client, 30)
    await client.xgroup_create("orders", "billing", "0")
    await client.xreadgroup("billing", "dead", {"orders": ">"}, count=15)
    seen: set[bytes] = set()
    async with client.consumer(
        "orders", group="billing", max_items=max_items, claim_idle=0.1, block=0.05
    ) as consumer:
        with trio.fail_after(20):
            while len(seen) < 30:
                async with await consumer.receive() as entry:
                    assert await pending(client) <= 15 + max_items
                    assert consumer.statistics().held <= max_items
                    seen.add(entry.id)
                    await trio.sleep(0.002)
    assert consumer.statistics().claimed >= 15


async def test_what_is_not_utf_8_comes_with_surrogates(redis_server: testing.RedisServer) -> None:
    async with redis.open_client(redis_server.url, decode_responses=True) as r:
        await r.xadd("orders", {"n": b"\xff"})
        await r.xadd(b"\xff-orders", {"n": "good"})
        async with r.consumer("orders", b"\xff-orders", group="billing") as consumer:
            seen = {}
            for _ in range(2):
                async with await consumer.receive() as entry:
                    seen[entry.stream] = entry.fields
        assert seen == {"orders": {"n": "\udcff"}, "\udcff-orders": {"n": "good"}}


async def test_what_was_handed_out_too_often_is_not_handed_out(client: redis.Redis[bytes]) -> None:
    await client.xadd("orders", {"n": 1})
    await client.xgroup_create("orders", "billing", "0")
    for _ in range(3):
        await client.xreadgroup("billing", "crashes", {"orders": ">"})
        await client.xclaim("orders", "billing", "crashes", 0, [(await ids(client))[0]])
    async with client.consumer(
        "orders", group="billing", claim_idle=0.1, max_deliveries=3, dead_letters="{orders}-bad"
    ) as consumer:
        with trio.move_on_after(1):
            await consumer.receive()
            pytest.fail("it was handed out again")
    ((_, letter),) = await client.xrange("{orders}-bad")
    assert letter[b"dead-reason"] == b"handed out 4 times, and never acknowledged"


async def never(_: object) -> None:
    pytest.fail("there is nothing to be handled")


async def ids(r: redis.Redis[bytes]) -> list[bytes]:
    return [each for each, _ in await r.xrange("orders")]


async def test_a_deleted_stream_begins_anew(client: redis.Redis[bytes]) -> None:
    async with client.consumer("orders", group="billing", block=0.1) as consumer:
        await client.delete("orders")
        await client.xadd("orders", {"n": 1})
        with trio.fail_after(5):
            async with await consumer.receive() as entry:
                assert entry.fields == {b"n": b"1"}


async def test_a_deleted_stream_ends_one_that_must_not_create(client: redis.Redis[bytes]) -> None:
    await client.xadd("orders", {"n": 1})
    await client.xgroup_create("orders", "billing", "$")
    async with client.consumer("orders", group="billing", create=False, block=0.1) as consumer:
        await client.delete("orders")
        with trio.fail_after(5), pytest.raises(errors.RedisError, match="NOGROUP"):
            await consumer.receive()


async def test_a_key_of_another_type_is_told(client: redis.Redis[bytes]) -> None:
    await client.set("orders", 1)
    with pytest.raises(errors.RedisWrongType):
        async with client.consumer("orders", group="billing"):
            pytest.fail("it is no stream")
    await client.delete("orders")
    async with client.consumer("orders", group="billing", block=0.1) as consumer:
        await client.set("orders", 1)
        with trio.fail_after(5), pytest.raises(errors.RedisWrongType):
            await consumer.run(never)


async def test_dead_letters_that_are_refused_end_the_consumer(client: redis.Redis[bytes]) -> None:
    await client.set("bad", 1)
    await client.xadd("orders", {"n": 1})
    async with client.consumer(
        "orders", group="billing", dead_letters="bad", max_deliveries=1
    ) as consumer:
        (await consumer.receive()).fail("no")
        with trio.fail_after(5), pytest.raises(errors.RedisError, match="WRONGTYPE"):
            await consumer.receive()
    assert await pending(client) == 1


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"group": ""}, ValueError, "not empty"),
        ({"group": 7}, TypeError, "str or bytes"),
        ({"group": "g", "claim_idle": 0}, ValueError, "claim_idle"),
        ({"group": "g", "batch": 0}, ValueError, "batch"),
        ({"group": "g", "max_items": 1}, ValueError, "max_items"),
        ({"group": "g", "max_deliveries": 0}, ValueError, "max_deliveries"),
        ({"group": "g", "retry_delay": 100}, ValueError, "retry_delay"),
        ({"group": "g", "block": 0}, ValueError, "block"),
    ],
)
async def test_mistakes_are_told(
    client: redis.Redis[bytes], options: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        async with client.consumer("a", "b", **options):
            pytest.fail("it was taken")
    with pytest.raises(ValueError, match="name a stream"):
        async with client.consumer(group="g"):
            pytest.fail("it was taken")


async def test_a_handlers_mistake_ends_only_its_entry(
    client: redis.Redis[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    await add(client, 3)
    async with client.consumer("orders", group="billing") as consumer:

        async def handle(entry: redis.StreamEntry[bytes]) -> None:
            if entry.fields[b"n"] == b"2":
                consumer.drain()
            if entry.fields[b"n"] == b"1":
                raise KeyError("no such customer")

        with trio.fail_after(5):
            await consumer.run(handle, concurrency=1)
        with pytest.raises(ValueError, match="concurrency"):
            await consumer.run(handle, concurrency=0)
    assert "no such customer" in capsys.readouterr().err
    assert await pending(client) == 1


async def test_what_all_have_acknowledged_is_trimmed(client: redis.Redis[bytes]) -> None:
    await add(client, 10)
    everything = await ids(client)
    await client.xgroup_create("orders", "billing", "0")
    await client.xgroup_create("orders", "shipping", "0")
    assert await client.trim_consumed("orders") == 0
    await client.xreadgroup("billing", "me", {"orders": ">"}, count=8)
    await client.xreadgroup("shipping", "me", {"orders": ">"}, count=10)
    await client.xack("orders", "shipping", *everything)
    await client.xack("orders", "billing", *everything[:4])
    assert await client.trim_consumed("orders") == 4
    assert await ids(client) == everything[4:]
    await client.xack("orders", "billing", *everything)
    assert await client.trim_consumed("orders") == 3
    assert await ids(client) == everything[7:]
    await client.xadd("nobody", {"n": 1})
    assert await client.trim_consumed("nobody") == 0
    with pytest.raises(errors.RedisError):
        await client.trim_consumed("nothing")


async def test_ids_of_any_length_are_compared(client: redis.Redis[bytes]) -> None:
    for entry_id in ("9-1", "10-1", "9007199254740993-9", "9007199254740993-10"):
        await client.xadd("orders", {"n": 1}, id=entry_id)
    await client.xgroup_create("orders", "a", "9007199254740993-10")
    await client.xgroup_create("orders", "b", "9007199254740993-9")
    assert await client.trim_consumed("orders") == 2
    assert await ids(client) == [b"9007199254740993-9", b"9007199254740993-10"]


async def test_what_is_no_dead_letter_is_not_moved(client: redis.Redis[bytes]) -> None:
    await client.xadd("dead", {"n": 1})
    with pytest.raises(errors.RedisError, match="no dead letter"):
        await client.requeue_dead_letters("dead", "orders")
    with pytest.raises(ValueError, match="count"):
        await client.requeue_dead_letters("dead", "orders", count=1001)
    assert await client.requeue_dead_letters("nothing", "orders") == 0


async def test_consumers_that_are_gone_are_forgotten(client: redis.Redis[bytes]) -> None:
    await add(client, 2)
    await client.xgroup_create("orders", "billing", "0")
    await client.xreadgroup("billing", "idle", {"orders": ">"}, count=1)
    await client.xack("orders", "billing", (await ids(client))[0])
    await client.xreadgroup("billing", "busy", {"orders": ">"}, count=1)
    async with client.consumer("orders", group="billing", name="me", forget_after=0) as consumer:
        with trio.fail_after(5):
            while {c["name"] for c in await client.xinfo_consumers("orders", "billing")} != {  # noqa: ASYNC110
                b"busy",
                consumer.name.encode(),
            }:
                await trio.sleep(0.01)
