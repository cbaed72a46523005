"""Sentinels."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from tests.redis.commands._calls import (
    HELP,
    SOME_STR,
    Call,
    Fits,
    Raises,
    as_text,
    ask,
    assert_fits,
    call,
    open_ways,
)
from trio_helianthus import errors, net, redis, testing

NONE = Raises("ERR No such master with that name")
PRIMARY = Fits(
    lambda found: (
        type(found) is dict
        and found["name"] == "main"
        and found["ip"] == "127.0.0.1"
        and found["quorum"] == "1"
    )
)
ADDRESS = Fits(
    lambda found: type(found) is tuple and found[0] == "127.0.0.1" and type(found[1]) is int
)
IS_UP = Fits(
    lambda found: (
        type(found) is tuple
        and found[0] is False
        and type(found[1]) is str
        and type(found[2]) is int
    )
)

CALLS = [
    call("ping", answer=True),
    call(
        "role", answer=Fits(lambda found: found.kind == "sentinel" and found.primaries == ["main"])
    ),
    call("sentinel_ckquorum", "main", answer=SOME_STR),
    call("sentinel_ckquorum", "none", answer=NONE),
    call("sentinel_config_get", "resolve*", answer={"resolve-hostnames": "no"}),
    call("sentinel_config_set", "announce-port", 0, answer=None),
    call(
        "sentinel_debug",
        answer=Fits(
            lambda found: type(found) is dict and "ping-period" in {name.lower() for name in found}
        ),
    ),
    call("sentinel_debug", "ping-period", 1000, answer=None),
    call("sentinel_failover", "none", answer=NONE),
    call("sentinel_failover", "main", answer=Raises("NOGOODSLAVE")),
    call("sentinel_failover", "main", coordinated=True, answer=Raises("NOGOODSLAVE")),
    call("sentinel_flushconfig", answer=None),
    call("sentinel_get_master_addr_by_name", "main", answer=ADDRESS),
    call("sentinel_get_primary_addr_by_name", "main", answer=ADDRESS),
    call("sentinel_get_primary_addr_by_name", "none", answer=None),
    call("sentinel_help", answer=HELP),
    call("sentinel_is_master_down_by_addr", "127.0.0.1", 1, 0, answer=IS_UP),
    call("sentinel_is_primary_down_by_addr", "127.0.0.1", 1, 0, "*", answer=IS_UP),
    call("sentinel_master", "main", answer=PRIMARY),
    call("sentinel_masters", answer=[PRIMARY]),
    call("sentinel_monitor", "main", "127.0.0.1", 1, 1, answer=Raises("ERR Duplicate master name")),
    call("sentinel_myid", answer=Fits(lambda found: type(found) is str and len(found) == 40)),
    call("sentinel_pending_scripts", answer=[]),
    call("sentinel_primaries", answer=[PRIMARY]),
    call("sentinel_primary", "main", answer=PRIMARY),
    call("sentinel_primary", "none", answer=NONE),
    call("sentinel_remove", "none", answer=NONE),
    call("sentinel_replicas", "main", answer=[]),
    call("sentinel_reset", "none", answer=0),
    call("sentinel_sentinels", "main", answer=[]),
    call("sentinel_set", "main", "down-after-milliseconds", 5000, answer=None),
    call(
        "sentinel_simulate_failure",
        "help",
        answer=Fits(lambda found: "crash-after-election" in str(found)),
    ),
    call("sentinel_slaves", "main", answer=[]),
]


@pytest.fixture
async def sentinel_url(plain_server: testing.RedisServer, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a sentinel that watches the plain server, as ``main``."""
    program = testing.find_redis_server()
    assert program is not None
    with socket.socket() as spare:
        spare.bind(("127.0.0.1", 0))
        port = spare.getsockname()[1]
    config = tmp_path / "sentinel.conf"
    config.write_text(
        f'port {port}\nbind 127.0.0.1\ndir "{tmp_path}"\n'
        f"sentinel monitor main 127.0.0.1 {plain_server.port} 1\n"
    )
    words = [str(program), str(config), "--sentinel"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)  # noqa: ASYNC220 - it returns at once
    try:
        with trio.fail_after(20):
            while True:
                try:
                    async with await net.connect_tcp("127.0.0.1", port):
                        break
                except errors.NetworkError:
                    await trio.sleep(0.01)
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("each", CALLS, ids=str)
async def test_each_call_is_answered(each: Call, sentinel_url: str) -> None:
    async with open_ways(sentinel_url) as clients:
        for way in each.ways:
            if way[0] == "transaction":
                continue  # sentinels know none
            wanted = as_text(each.answer) if way[2] else each.answer
            assert_fits(await ask(each, way, clients[way]), wanted, str(way))


@pytest.mark.parametrize("protocol", [3, 2])
async def test_primaries_are_watched_or_not(
    sentinel_url: str, plain_server: testing.RedisServer, protocol: int
) -> None:
    async with redis.open_client(sentinel_url, protocol=protocol) as r:
        await r.sentinel_monitor("other", "127.0.0.1", plain_server.port, 2)
        assert {each["name"] for each in await r.sentinel_primaries()} == {"main", "other"}
        with pytest.raises(errors.RedisError, match="NOQUORUM"):
            await r.sentinel_ckquorum("other")
        assert await r.sentinel_reset("o*") == 1
        await r.sentinel_remove("other")
        with trio.fail_after(20):
            infos = await r.sentinel_info_cache("main")
            while infos["main"][0][1] is None:
                await trio.sleep(0.02)
                infos = await r.sentinel_info_cache("main")
        age, info = infos["main"][0]
        assert age >= 0
        assert info is not None
        assert info["role"] == "master"
