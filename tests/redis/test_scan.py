"""Walking through keys, hashes, sets and sorted sets."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from tests.redis._scripted_server import open_scripted_server
from trio_helianthus import errors, redis, testing


async def test_all_keys_are_found_over_many_pages(client: redis.Redis[bytes]) -> None:
    names = {b"key:%d" % at for at in range(3000)}
    await client.mset(dict.fromkeys(names, 1))
    await client.set("other", 1)
    assert {key async for key in client.scan_iter(match="key:*", count=100)} == names
    assert {key async for key in client.scan_iter(count=7)} == {*names, b"other"}


async def test_keys_of_one_type(client: redis.Redis[bytes]) -> None:
    await client.set("text", 1)
    await client.sadd("set", 1)
    assert [key async for key in client.scan_iter(_type="set")] == [b"set"]


@pytest.mark.parametrize("size", [3, 2000])
async def test_what_a_key_holds_is_found(client: redis.Redis[bytes], size: int) -> None:
    numbers = range(size)
    await client.hset("hash", mapping={f"f{n}": n for n in numbers})
    await client.sadd("set", *numbers)
    await client.zadd("sorted", {str(n): n / 2 for n in numbers})
    fields = {b"f%d" % n: b"%d" % n for n in numbers}
    members = {b"%d" % n for n in numbers}
    assert dict([pair async for pair in client.hscan_iter("hash")]) == fields
    assert {field async for field in client.hscan_fields_iter("hash", count=50)} == set(fields)
    assert {member async for member in client.sscan_iter("set", count=50)} == members
    scores = {b"%d" % n: n / 2 for n in numbers}
    assert dict([pair async for pair in client.zscan_iter("sorted")]) == scores
    assert {member async for member in client.zscan_members_iter("sorted")} == members
    assert [pair async for pair in client.hscan_iter("hash", match="f1")] == [(b"f1", b"1")]


async def test_text_where_it_is_asked_for(redis_server: testing.RedisServer) -> None:
    async with redis.open_client(redis_server.url, decode_responses=True) as r:
        await r.hset("hash", "feld", "wert")
        assert [pair async for pair in r.hscan_iter("hash")] == [("feld", "wert")]
        assert [key async for key in r.scan_iter()] == ["hash"]


async def test_nothing_is_sent_before_it_is_wanted() -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        r.scan_iter()
        await trio.testing.wait_all_tasks_blocked()
        assert not any(b"SCAN" in command for v in server.visitors for command in v.commands)


async def test_a_wrong_type_is_told(client: redis.Redis[bytes]) -> None:
    await client.set("text", 1)
    with pytest.raises(errors.RedisWrongType):
        await client.sscan_iter("text").receive()
    with pytest.raises(ValueError, match="at least 1"):
        client.scan_iter(count=0)
    with pytest.raises(TypeError, match="whole number"):
        client.scan_iter(count=1.5)  # type: ignore[arg-type]


async def test_what_is_not_there_is_empty(client: redis.Redis[bytes]) -> None:
    with pytest.raises(trio.EndOfChannel):
        await client.hscan_iter("nothing").receive()
    scan = client.scan_iter()
    assert [key async for key in scan] == []
    with pytest.raises(trio.EndOfChannel):
        await scan.receive()


async def test_a_closed_scan(client: redis.Redis[bytes]) -> None:
    await client.mset({"a": 1, "b": 2})
    async with client.scan_iter() as scan:
        await scan.receive()
    with pytest.raises(trio.ClosedResourceError):
        await scan.receive()
    scan.close()
    await scan.aclose()


async def test_cancelling_loses_nothing(client: redis.Redis[bytes]) -> None:
    names = {b"key:%d" % at for at in range(200)}
    await client.mset(dict.fromkeys(names, 1))
    found: list[bytes] = []
    scan = client.scan_iter(count=10)
    cancelled = 0
    while True:
        with trio.CancelScope() as scope:
            if cancelled % 2 == 0:
                scope.cancel()
            try:
                found.append(await scan.receive())
            except trio.EndOfChannel:
                break
        cancelled += 1
    assert set(found) == names


async def test_one_task_at_a_time(client: redis.Redis[bytes]) -> None:
    await client.mset({"a": 1, "b": 2})
    scan = client.scan_iter()
    results: list[Any] = []

    async def receive() -> None:
        try:
            results.append(await scan.receive())
        except errors.ResourceBusy as exc:
            results.append(exc)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(receive)
        nursery.start_soon(receive)
    assert {type(each) for each in results} == {bytes, errors.ResourceBusy}
