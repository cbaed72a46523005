"""Scripts, functions and messages."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from tests.redis.commands._calls import HELP, Call, Fits, Raises, Way, call, check_call
from trio_helianthus import errors, net, redis, testing

ECHO = "return ARGV[1]"
SHA = hashlib.sha1(ECHO.encode(), usedforsecurity=False).hexdigest()
LOADED = (("SCRIPT", "LOAD", ECHO),)
EMPTY = ("SCRIPT FLUSH",)
LIBRARY = """#!lua name=lib
redis.register_function{function_name='echo', callback=function(keys, args) return args[1] end,
                        flags={'no-writes'}, description='says it again'}
"""
NO_LIBRARY = ("FUNCTION FLUSH",)
WITH_LIBRARY = (*NO_LIBRARY, ("FUNCTION", "LOAD", LIBRARY))
ECHO_FUNCTION = {"name": b"echo", "description": b"says it again", "flags": ["no-writes"]}

CALLS = [
    call("eval", ECHO, 0, "x", answer=b"x"),
    call("eval", "return {KEYS[1], ARGV[1], 7, false}", 1, "k", "x", answer=[b"k", b"x", 7, None]),
    call("eval", "return redis.error_reply('MY own')", 0, answer=Raises("MY own")),
    call("eval_ro", ECHO, 0, "x", answer=b"x"),
    call(
        "eval_ro",
        "return redis.call('SET', KEYS[1], 1)",
        1,
        "k",
        answer=Raises("ERR Write commands"),
    ),
    call("evalsha", SHA, 0, "x", answer=b"x", before=LOADED),
    call("evalsha", SHA, 0, "x", answer=Raises("NOSCRIPT"), before=EMPTY),
    call("evalsha_ro", SHA, 0, "x", answer=b"x", before=LOADED),
    call("script_exists", SHA, "0" * 40, answer=[True, False], before=LOADED),
    call("script_flush", "SYNC", answer=None, before=LOADED, after=(f"SCRIPT EXISTS {SHA}", [0])),
    call("script_help", answer=HELP),
    call("script_kill", answer=Raises("NOTBUSY")),
    call("script_load", ECHO, answer=SHA, before=EMPTY, after=(f"SCRIPT EXISTS {SHA}", [1])),
    call("script_show", SHA, answer=ECHO.encode(), before=LOADED),
    call("fcall", "echo", 1, "k", "x", answer=b"x", before=WITH_LIBRARY),
    call("fcall", "none", 0, answer=Raises("ERR Function not found"), before=NO_LIBRARY),
    call("fcall_ro", "echo", 0, "x", answer=b"x", before=WITH_LIBRARY),
    call("function_delete", "lib", answer=None, before=WITH_LIBRARY, after=("FUNCTION LIST", [])),
    call("function_flush", "ASYNC", answer=None, before=WITH_LIBRARY, after=("FUNCTION LIST", [])),
    call("function_help", answer=HELP),
    call("function_kill", answer=Raises("NOTBUSY")),
    call("function_list", answer=[], before=NO_LIBRARY),
    call(
        "function_list",
        answer=[{"library_name": b"lib", "engine": b"LUA", "functions": [ECHO_FUNCTION]}],
        before=WITH_LIBRARY,
    ),
    call(
        "function_list",
        "l*",
        withcode=True,
        answer=Fits(lambda found: "register_function" in str(found[0]["library_code"])),
        before=WITH_LIBRARY,
    ),
    call("function_load", LIBRARY, answer="lib", before=NO_LIBRARY),
    call("function_load", LIBRARY, replace=True, answer="lib", before=WITH_LIBRARY),
    call(
        "function_load",
        LIBRARY,
        answer=Raises("ERR Library 'lib' already exists"),
        before=WITH_LIBRARY,
    ),
    call(
        "function_stats",
        answer={
            "running_script": None,
            "engines": {"LUA": {"libraries_count": 1, "functions_count": 1}},
        },
        before=WITH_LIBRARY,
    ),
    # messages
    call("publish", "nobody", "x", answer=0),
    call("spublish", "nobody", "x", answer=0),
    call("pubsub_channels", "nobody*", answer=[]),
    call("pubsub_help", answer=HELP),
    call("pubsub_numpat", answer=0),
    call("pubsub_numsub", answer={}),
    call("pubsub_numsub", "nobody", "none", answer={b"nobody": 0, b"none": 0}),
    call("pubsub_shardchannels", "nobody*", answer=[]),
    call("pubsub_shardnumsub", "nobody", answer={b"nobody": 0}),
]


@pytest.mark.parametrize("each", CALLS, ids=str)
async def test_each_call_is_answered(each: Call, ways: dict[Way, redis.Redis[Any]]) -> None:
    await check_call(each, ways)


async def test_libraries_that_were_dumped_can_be_restored(r: redis.Redis[bytes]) -> None:
    await r.function_flush()
    await r.function_load(LIBRARY)
    dumped = await r.function_dump()
    with pytest.raises(errors.RedisError, match="already exists"):
        await r.function_restore(dumped)
    await r.function_restore(dumped, "REPLACE")
    await r.function_restore(dumped, "FLUSH")
    assert [each["library_name"] for each in await r.function_list()] == [b"lib"]


async def test_dumped_libraries_stay_bytes_where_text_is_asked_for(
    plain_server: testing.RedisServer,
) -> None:
    async with redis.open_client(plain_server.url, decode_responses=True) as r:
        await r.function_load(LIBRARY, replace=True)
        assert isinstance(await r.function_dump(), bytes)


async def run_until_killed(run: Callable[[], Awaitable[object]]) -> None:
    with pytest.raises(errors.RedisError, match="killed"):
        await run()


async def kill_when_it_runs(kill: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            return await kill()
        except errors.RedisError as exc:
            if exc.code != "NOTBUSY":
                raise
            await trio.sleep(0.001)


async def test_a_script_that_runs_can_be_ended(r: redis.Redis[bytes]) -> None:
    await r.config_set("busy-reply-threshold", 1)
    with trio.fail_after(10):
        async with r.connection() as connection, trio.open_nursery() as nursery:
            nursery.start_soon(run_until_killed, lambda: r.eval("while true do end", 0))
            await kill_when_it_runs(connection.script_kill)


async def test_a_function_that_runs_can_be_told_of_and_ended(r: redis.Redis[bytes]) -> None:
    endless = (
        "#!lua name=loop\nredis.register_function('forever', function() while true do end end)"
    )
    await r.config_set("busy-reply-threshold", 1)
    await r.function_load(endless, replace=True)
    with trio.fail_after(10):
        async with r.connection() as connection, trio.open_nursery() as nursery:
            nursery.start_soon(run_until_killed, lambda: r.fcall("forever", 0))
            running = None
            while running is None:
                await trio.sleep(0.001)
                running = (await connection.function_stats())["running_script"]
            assert running["name"] == b"forever"
            assert running["duration_ms"] >= 0
            await kill_when_it_runs(connection.function_kill)


async def test_channels_that_somebody_listens_to(
    r: redis.Redis[bytes], plain_server: testing.RedisServer
) -> None:
    async with await net.connect_tcp("127.0.0.1", plain_server.port) as listener:
        for command in (b"SUBSCRIBE news", b"PSUBSCRIBE n*", b"SSUBSCRIBE shard"):
            await listener.send_all(command + b"\r\n")
            assert await listener.receive_some()
        assert await r.pubsub_channels("ne*") == [b"news"]
        assert await r.pubsub_numsub("news", "none") == {b"news": 1, b"none": 0}
        assert await r.pubsub_numpat() == 1
        assert await r.pubsub_shardchannels() == [b"shard"]
        assert await r.pubsub_shardnumsub("shard") == {b"shard": 1}
        assert await r.publish("news", "x") == 2
        assert await r.spublish("shard", "x") == 1
