"""Commands that steer servers, and their access control and modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trio

from tests.redis.commands._calls import (
    HELP,
    SOME_INT,
    SOME_STR,
    SOME_TEXT,
    Call,
    Fits,
    Raises,
    Way,
    call,
    check_call,
)
from tests.redis.conftest import needs_server
from trio_helianthus import errors, redis, testing
from trio_helianthus.redis._replies import Role

NO_FILE = Raises("ERR This instance is not configured to use an ACL file")
USER = ("ACL SETUSER tester on >secret ~app:* &chat +@read",)
GONE = ("ACL DELUSER tester",)
NOBODY = (*GONE, "ACL LOG RESET")


def is_info(found: dict[str, object]) -> bool:
    return (
        isinstance(found["connected_clients"], int)
        and isinstance(found["mem_fragmentation_ratio"], (int, float))
        and found["server_mode"] == "standalone"
        and isinstance(found["valkey_version"], str)
        and "# Server" not in found
    )


CALLS = [
    call(
        "config_get",
        "maxmemory-pol*",
        "hz",
        answer={"hz": b"10", "maxmemory-policy": b"noeviction"},
    ),
    call("config_get", "none", answer={}),
    call("config_help", answer=HELP),
    call("config_resetstat", answer=None),
    call("config_rewrite", answer=Raises("ERR The server is running without a config file")),
    call("config_set", "hz", 10, "maxmemory-samples", 5, answer=None),
    call("config_set", "none", 1, answer=Raises("ERR Unknown option")),
    call("dbsize", answer=2, before=("MSET a 1 b 2",)),
    call("debug", "OBJECT", "a", answer=SOME_TEXT, before=("SET a 1",)),
    call("flushall", answer=None, before=("SET a 1",), after=("DBSIZE", 0)),
    call("flushall", asynchronous=True, answer=None, before=("SET a 1",), after=("DBSIZE", 0)),
    call("flushdb", answer=None, before=("SET a 1",), after=("DBSIZE", 0)),
    call("flushdb", asynchronous=True, answer=None, before=("SET a 1",), after=("DBSIZE", 0)),
    call("info", answer=Fits(is_info)),
    call(
        "info",
        "keyspace",
        answer={"db0": Fits(lambda db: db["keys"] == 1 and db["expires"] == 0)},
        before=("SET a 1",),
    ),
    call(
        "info",
        "server",
        "clients",
        answer=Fits(lambda found: "maxclients" in found and "role" not in found),
    ),
    call("lastsave", answer=SOME_INT),
    call("replicaof", answer=None),
    call("slaveof", answer=None),
    call("role", answer=Role("master", 0, [])),
    call("failover", answer=Raises("ERR FAILOVER requires connected replicas")),
    call("failover", abort=True, answer=Raises("ERR No failover in progress")),
    call("shutdown", abort=True, answer=Raises("ERR No shutdown in progress")),
    call("swapdb", 5, 6, answer=None),
    call(
        "time",
        answer=Fits(
            lambda found: (
                type(found) is tuple and found[0] > 1_700_000_000 and type(found[1]) is int
            )
        ),
    ),
    # access control
    call("acl_cat", answer=Fits(lambda found: "read" in found)),
    call("acl_cat", "hyperloglog", answer=Fits(lambda found: "pfadd" in found)),
    call("acl_deluser", "tester", "nobody", answer=1, before=USER),
    call("acl_dryrun", "tester", "GET", "app:a", answer=None, before=USER),
    call("acl_dryrun", "tester", "SET", "app:a", 1, answer=SOME_STR, before=USER),
    call("acl_genpass", answer=Fits(lambda found: type(found) is str and len(found) == 64)),
    call("acl_genpass", 5, answer=Fits(lambda found: type(found) is str and len(found) == 2)),
    call("acl_getuser", "nobody", answer=None),
    call("acl_help", answer=HELP),
    call(
        "acl_list",
        answer=Fits(lambda found: len(found) == 1 and "user default" in str(found)),
        before=GONE,
    ),
    call("acl_load", answer=NO_FILE),
    call("acl_log", answer=[], before=NOBODY),
    call("acl_log", 5, answer=[], before=NOBODY),
    call("acl_log_reset", answer=None),
    call("acl_save", answer=NO_FILE),
    call("acl_setuser", "tester", answer=None, before=GONE),
    call(
        "acl_setuser",
        "tester",
        "on",
        "+get",
        "~*",
        answer=None,
        before=GONE,
        after=("ACL DRYRUN tester GET a", b"OK"),
    ),
    call("acl_setuser", "tester", "junk", answer=Raises("ERR Error in ACL SETUSER modifier")),
    call("acl_users", answer=[b"default"], before=GONE),
    call("acl_whoami", answer=b"default"),
    # modules
    call("module_help", answer=HELP),
    call(
        "module_list",
        answer=Fits(lambda found: [each["name"] for each in found] in ([b"lua"], ["lua"])),
    ),
    call("module_load", "/none.so", "x", answer=Raises("ERR Error loading the extension")),
    call(
        "module_loadex",
        "/none.so",
        {"a": 1},
        ["x"],
        answer=Raises("ERR Error loading the extension"),
    ),
    call("module_unload", "none", answer=Raises("ERR Error unloading module")),
]


@pytest.mark.parametrize("each", CALLS, ids=str)
async def test_each_call_is_answered(each: Call, ways: dict[Way, redis.Redis[Any]]) -> None:
    await check_call(each, ways)


async def test_a_user_s_rules_are_decoded(r: redis.Redis[bytes]) -> None:
    await r.acl_setuser("tester", "reset", "on", ">secret", "~app:*", "&chat", "+get", "(+set ~x)")
    rules = await r.acl_getuser("tester")
    assert rules is not None
    assert "on" in rules["flags"]
    assert len(rules["passwords"]) == 1
    assert rules["keys"] == b"~app:*"
    assert rules["channels"] == b"&chat"
    assert b"+get" in rules["commands"]
    (selector,) = rules["selectors"]
    assert selector["keys"] == b"~x"


async def test_what_was_not_allowed_is_logged(
    r: redis.Redis[bytes], plain_server: testing.RedisServer
) -> None:
    await r.acl_setuser("tester", "reset", "on", ">secret", "+get")
    await r.acl_log_reset()
    url = plain_server.url.replace("redis://", "redis://tester:secret@")
    async with redis.open_client(url) as other:
        with pytest.raises(errors.RedisPermissionDenied):
            await other.get("a")
    entries = await r.acl_log()
    entry = next(each for each in entries if each["object"] == b"a")
    assert entry["reason"] == b"key"
    assert isinstance(entry["age-seconds"], float)
    assert entry["client-info"]["user"] == "tester"
    await r.acl_log_reset()
    assert await r.acl_log() == []


async def test_data_can_be_saved(fresh: redis.Redis[bytes]) -> None:
    saved = await fresh.lastsave()
    await fresh.save()
    assert await fresh.lastsave() >= saved
    assert "saving started" in (await fresh.bgsave()).lower()
    while (await fresh.info("persistence"))["rdb_bgsave_in_progress"]:  # noqa: ASYNC110
        await trio.sleep(0.001)
    assert "rewriting started" in (await fresh.bgrewriteaof()).lower()
    await fresh.bgsave(schedule=True)
    with_cancel = await fresh.bgsave(cancel=True)
    assert isinstance(with_cancel, str)


@needs_server
async def test_users_can_be_written_to_a_file_and_read_again(tmp_path: Path) -> None:
    users = tmp_path / "users.acl"
    users.write_text("user default on nopass ~* &* +@all\n")
    async with (
        testing.open_redis_server(settings={"aclfile": str(users)}) as server,
        redis.open_client(server.url) as r,
    ):
        await r.acl_setuser("tester", "on", "+get")
        await r.acl_save()
        assert "user tester" in users.read_text()
        await r.acl_deluser("tester")
        await r.acl_load()
        assert b"tester" in await r.acl_users()


@needs_server
@pytest.mark.parametrize("protocol", [3, 2])
async def test_servers_become_replicas_and_primaries(protocol: int) -> None:
    async with (
        testing.open_redis_server(settings={"repl-diskless-sync-delay": "0"}) as first,
        testing.open_redis_server(settings={"repl-diskless-sync-delay": "0"}) as second,
        redis.open_client(first.url, protocol=protocol) as one,
        redis.open_client(second.url, protocol=protocol) as two,
    ):
        with trio.fail_after(20):
            await two.replicaof("127.0.0.1", first.port)
            while (await two.role()).state != "connected":  # noqa: ASYNC110
                await trio.sleep(0.01)
            replica = await two.role()
            assert replica.kind == "slave"
            assert replica.primary == ("127.0.0.1", first.port)
            primary = await one.role()
            while not primary.replicas:
                await trio.sleep(0.01)
                primary = await one.role()
            assert primary.kind == "master"
            ((host, port, offset),) = primary.replicas
            assert (host, port) == ("127.0.0.1", second.port)
            assert offset >= 0
            async with one.connection() as connection:
                await connection.set("a", 1)
                assert await connection.wait(1, 5000) == 1
                assert await connection.waitaof(0, 0, 10) == (0, 0)
            await one.failover(timeout=5000)
            while (await one.role()).kind != "slave":  # noqa: ASYNC110
                await trio.sleep(0.01)
            assert (await two.role()).kind == "master"
            await one.slaveof()
            assert (await one.role()).kind == "master"


async def test_a_server_that_shuts_down_answers_by_its_end(
    fresh_server: testing.RedisServer,
) -> None:
    async with redis.open_client(fresh_server.url) as r:
        await r.set("a", 1)
        await r.shutdown(nosave=True, now=True)
    with pytest.raises(errors.NetworkError):
        async with redis.open_client(fresh_server.url):
            pass
