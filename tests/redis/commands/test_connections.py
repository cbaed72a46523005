"""Connections: those of others, and the one that a task was lent."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from tests.redis.commands._calls import HELP, SOME_INT, Call, Fits, Raises, Way, call, check_call
from trio_helianthus import errors, redis, testing

CLIENT = Fits(
    lambda found: (
        found["id"].isdigit()
        and found["addr"].startswith("127.0.0.1:")
        and found["resp"] in ("2", "3")
    )
)

CALLS = [
    call("client_getname", answer=None),
    call("client_getredir", answer=-1),
    call("client_help", answer=HELP),
    call("client_id", answer=SOME_INT),
    call("client_info", answer=CLIENT),
    call("client_kill", "127.0.0.1:1", answer=Raises("ERR No such client")),
    call("client_kill_filter", [10**9], answer=0),
    call("client_kill_filter", None, "pubsub", user="default", skipme=True, maxage=10**6, answer=0),
    call("client_kill_filter", name="nobody", idle=10**6, db=7, ip="10.0.0.1", answer=0),
    call("client_list", answer=Fits(lambda found: len(found) >= 4 and CLIENT.check(found[0]))),
    call("client_list", "pubsub", answer=[]),
    call("client_list", client_id=[10**9], answer=[]),
    call("client_list", not_type="normal", lib_name="x", answer=[]),
    call("client_trackinginfo", answer={"flags": ["off"], "redirect": -1, "prefixes": []}),
    call("client_unblock", 10**9, answer=False),
    call("client_unblock", 10**9, error=True, answer=False),
    call("client_pause", 0, answer=None),
    call("client_pause", 0, all=False, answer=None),
    call("client_unpause", answer=None),
    call("echo", "x", answer=b"x"),
    call("echo", b"\xc3\xa4", answer="ä".encode()),
    call("ping", answer=True),
    call("ping", "x", answer=b"x"),
    # on connections that were lent
    call("asking", answer=Raises("ERR This instance has cluster support disabled")),
    call("auth", "x", answer=Raises("ERR AUTH <password> called without any password")),
    call("auth", "x", "nobody", answer=Raises("WRONGPASS")),
    call("auth", "secret", "tester", answer=None, before=("ACL SETUSER tester on >secret",)),
    call("client_caching", True, answer=Raises("ERR CLIENT CACHING can be called only when")),
    call("client_capa", "redirect", answer=None),
    call("client_import_source", "OFF", answer=None),
    call("client_no_evict", "ON", answer=None),
    call("client_no_touch", "off", answer=None),
    call("client_setinfo", "LIB-NAME", "tests", answer=None),
    call("client_setname", "tester", answer=None),
    call("client_tracking", answer=None, ways=(("lent", 3, False),)),
    call("client_tracking", False, answer=None),
    call("readonly", answer=None),
    call("readwrite", answer=None),
    call("select", 3, answer=None),
    call("select", 99, answer=Raises("ERR DB index is out of range")),
    call("wait", 0, 10, answer=0),
    call("waitaof", 0, 0, 10, answer=(0, 0)),
]


@pytest.mark.parametrize("each", CALLS, ids=str)
async def test_each_call_is_answered(each: Call, ways: dict[Way, redis.Redis[Any]]) -> None:
    await check_call(each, ways)


async def test_names_are_those_of_the_connection(r: redis.Redis[bytes]) -> None:
    async with r.connection() as connection:
        await connection.client_setname("mine")
        await connection.client_setinfo("LIB-VER", "1.0")
        assert await connection.client_getname() == b"mine"
        info = await connection.client_info()
        assert info["name"] == "mine"
        assert info["lib-ver"] == "1.0"
        assert [each["name"] for each in await r.client_list(name="mine")] == ["mine"]
    assert await r.client_getname() is None


async def test_another_database_is_that_of_the_connection(r: redis.Redis[bytes]) -> None:
    async with r.connection() as connection:
        await connection.select(5)
        await connection.set("a", 1)
        assert await connection.dbsize() == 1
    assert await r.dbsize() == 0


async def test_tracking_is_told_of(plain_server: testing.RedisServer) -> None:
    async with (
        redis.open_client(plain_server.url, protocol=3) as r,
        r.connection() as connection,
    ):
        await connection.client_tracking(bcast=True, prefix=["a:", "b:"], noloop=True)
        info = await connection.client_trackinginfo()
        assert set(info["flags"]) == {"on", "bcast", "noloop"}
        assert sorted(info["prefixes"]) == [b"a:", b"b:"]
        assert await connection.client_getredir() == 0
        await connection.client_tracking(False)
        await connection.client_tracking(optin=True)
        await connection.client_caching(True)


async def test_connections_of_others_can_be_closed(r: redis.Redis[bytes]) -> None:
    async with r.connection() as victim:
        info = await victim.client_info()
        await r.client_kill(info["addr"])
    async with r.connection() as victim:
        number = int((await victim.client_info())["id"])
        assert await r.client_kill_filter([number]) == 1


async def test_the_waiting_of_others_can_be_ended(r: redis.Redis[bytes]) -> None:
    async def wait_until_told() -> None:
        async with r.connection() as connection:
            waiting.append(int((await connection.client_info())["id"]))
            assert await connection.blpop("none") is None
            with pytest.raises(errors.RedisUnavailable, match="UNBLOCKED"):
                await connection.blpop("none")

    waiting: list[int] = []
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait_until_told)
            for error in (False, True):
                while not (waiting and await r.client_unblock(waiting[0], error=error)):  # noqa: ASYNC110
                    await trio.sleep(0.001)


async def test_clients_can_be_made_to_wait(r: redis.Redis[bytes]) -> None:
    await r.client_pause(100_000, all=False)
    assert await r.get("a") is None
    async with r.connection() as connection:
        with pytest.raises(errors.OperationTimeout):
            await connection.set("a", 1, timeout=0.02)
    await r.client_unpause()
    assert await r.set("a", 1) is True
