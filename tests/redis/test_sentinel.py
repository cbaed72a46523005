"""Servers that sentinels watch: the client writes to whoever is primary now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.redis._load import TASKS, open_load
from tests.redis._real_cluster import open_real_sentinels
from tests.redis._scripted_server import NULL, ScriptedServer, Visitor
from tests.redis.conftest import needs_server
from trio_helianthus import errors, net, redis, testing
from trio_helianthus.errors import RemoteProtocolError, redis_error
from trio_helianthus.redis._sentinel_report import (
    Report,
    is_about,
    parse_promotion,
    parse_report,
    parse_switch,
)
from trio_helianthus.redis._sentinels import MAX_SENTINELS
from trio_helianthus.redis._url import Place

PATIENT = redis.Timeouts(reconnect=60)

# What sentinels say.


def described(host: str, port: int, **fields: str) -> dict[bytes, bytes]:
    told = {"ip": host, "port": str(port), "flags": "slave", "master-link-status": "ok", **fields}
    return {name.replace("_", "-").encode(): value.encode() for name, value in told.items()}


def flat(value: dict[bytes, bytes]) -> list[bytes]:
    return [each for pair in value.items() for each in pair]


def test_a_report_is_read() -> None:
    sentinels = [described("s2", 26379), described("s3", 26379)]
    replicas = [
        described("r1", 1),
        described("r2", 2, flags="slave,s_down,disconnected"),
        described("r3", 3, master_link_status="err"),
        described("r4", 4, flags="slave,o_down"),
        described("::1", 5),
    ]
    expected = Report(
        Place("10.0.0.1", 6379),
        (Place("s2", 26379), Place("s3", 26379)),
        (Place("r1", 1), Place("::1", 5)),
    )
    address = [b"10.0.0.1", b"6379"]
    assert parse_report(address, sentinels, replicas) == expected
    assert parse_report(address, [*map(flat, sentinels)], [*map(flat, replicas)]) == expected
    assert parse_report(None, [], []) == Report(None)


@pytest.mark.parametrize(
    ("address", "servers"),
    [
        (b"x", []),
        ([b"x"], []),
        ([b"x", 1], []),
        ([b"x", b"0"], []),
        ([b"x", b"-1"], []),
        ([b"x", b"65536"], []),
        ([b"x", b"9" * 5000], []),
        ([b"x", b"1"], b"x"),
        ([b"x", b"1"], [b"x"]),
        ([b"x", b"1"], [[b"ip"]]),
        ([b"x", b"1"], [{b"ip": b"x"}]),
        ([b"x", b"1"], [{b"ip": b"x", b"port": 1}]),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_junk_is_refused(address: Any, servers: Any) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_report(address, servers, [])
    if servers:
        with pytest.raises(RemoteProtocolError):
            parse_report(address, [], servers)


def test_events_are_read() -> None:
    assert parse_switch(b"main h 1 new 2", "main") == Place("new", 2)
    for other in (b"other h 1 new 2", b"main h 1", b"", b"main h 1 new x", b"\xff"):
        assert parse_switch(other, "main") is None
    assert parse_promotion(b"slave h:1 h 1 @ main old 2", "main") == Place("h", 1)
    for other in (b"slave h:1 h 1 @ other old 2", b"slave h:1 h x @ main old 2", b"", b"a b c d @"):
        assert parse_promotion(other, "main") is None
    assert is_about(b"slave h:1 h 1 @ main old 2", "main")
    assert is_about(b"master main h 1", "main")
    assert not is_about(b"slave h:1 h 1 @ other old 2", "main")
    assert not is_about(b"sentinel x h 1 @ other h 1", "main")


# What the client does.


@attrs.define(eq=False)
class Watched:
    """Servers and sentinels on a virtual network, that answer as the test says."""

    names: dict[int, str] = attrs.field(factory=dict)
    servers: dict[int, ScriptedServer] = attrs.field(factory=dict)
    sentinels: dict[int, ScriptedServer] = attrs.field(factory=dict)
    says: dict[int, int] = attrs.field(factory=dict)
    """Which primary each sentinel names, by port."""
    primaries: set[int] = attrs.field(factory=set)
    """Who calls itself primary."""
    replicas: list[int] = attrs.field(factory=list)
    """Whom the sentinels call replicas."""
    listening: list[Visitor] = attrs.field(factory=list)

    def answer(self, port: int, visitor: Visitor, command: list[bytes]) -> Any:
        if command[0] == b"ROLE":
            return [b"master" if port in self.primaries else b"slave", 0, []]
        if command[0] in {b"SET", b"EXEC", b"BLPOP"} and port not in self.primaries:
            return redis_error("READONLY You can't write against a read only replica.")
        if command[0] == b"EXEC":
            return [port]
        return port

    def tell(self, port: int, visitor: Visitor, command: list[bytes]) -> Any:
        if command[0] == b"SUBSCRIBE":
            self.listening.append(visitor)
            return [b"subscribe", command[1], 1]
        if command[2] != b"main":
            return NULL if command[1].startswith(b"GET") else redis_error("ERR No such master")
        if command[1] == b"SENTINELS":
            return [described("127.0.0.1", each) for each in self.sentinels if each != port]
        if command[1] == b"REPLICAS":
            return [described("127.0.0.1", each) for each in self.replicas]
        return [b"127.0.0.1", b"%d" % self.says[port]]

    def switch(self, old: int, new: int) -> None:
        self.primaries = {new}
        self.replicas = [old]
        self.says = dict.fromkeys(self.says, new)

    async def event(self, channel: str, data: str) -> None:
        for visitor in self.listening:
            await visitor.answer([b"message", channel.encode(), data.encode()])
        await wait_all_tasks_blocked()

    def asked(self, port: int) -> list[bytes]:
        return [command[0] for command in self.servers[port].commands if command[0] != b"ROLE"]


@asynccontextmanager
async def open_watched(
    servers: int = 2, sentinels: int = 2, kind: type[ScriptedServer] = ScriptedServer
) -> AsyncIterator[Watched]:
    """The first server, 7000, is primary; the sentinels are 26000 and so on."""
    watched = Watched()
    async with testing.open_virtual_network(), trio.open_nursery() as nursery:

        async def serve(port: int, script: Callable[..., Any]) -> ScriptedServer:
            server = kind(script=lambda visitor, command: script(port, visitor, command))
            await nursery.start(net.serve_tcp, server.handle, port)
            return server

        for port in range(7000, 7000 + servers):
            watched.servers[port] = await serve(port, watched.answer)
        for port in range(26000, 26000 + sentinels):
            watched.says[port] = 7000
            watched.sentinels[port] = await serve(port, watched.tell)
        watched.primaries = {7000}
        watched.replicas = list(range(7001, 7000 + servers))
        yield watched
        nursery.cancel_scope.cancel()


URL = "redis://127.0.0.1:26000"


async def test_the_primary_is_the_one_that_the_sentinels_name() -> None:
    async with open_watched() as watched, redis.open_sentinel(URL, "main") as r:
        assert await r.execute("SET", "k", 1) == 7000
        assert await r.execute("GET", "k") == 7000
        assert await r.execute("BLPOP", "k", 0) == 7000
        assert await r.pipeline().add("SET", "k", 1).add("GET", "k").execute() == [7000, 7000]
        assert await r.pipeline(transaction=True).add("SET", "k", 1).execute() == [7000]
        assert watched.asked(7001) == []
        await wait_all_tasks_blocked()
        assert len(watched.listening) == 2  # to the other sentinel, too
        assert r.statistics().is_connected


async def test_a_sentinel_that_is_away_is_skipped() -> None:
    async with open_watched():
        url = "redis://127.0.0.1:1,127.0.0.1:26001"
        async with redis.open_sentinel(url, "main") as r:
            assert await r.execute("SET", "k", 1) == 7000
        with pytest.raises(errors.ConnectionRefused):
            async with redis.open_sentinel("redis://127.0.0.1:1", "main"):
                raise AssertionError


async def test_a_name_that_is_not_watched_is_told() -> None:
    async with open_watched():
        with pytest.raises(errors.RedisError, match="does not watch 'other'"):
            async with redis.open_sentinel(URL, "other"):
                raise AssertionError


async def test_a_sentinel_that_is_behind_is_not_believed() -> None:
    async with open_watched() as watched:
        watched.switch(7000, 7001)
        watched.says[26000] = 7000
        async with redis.open_sentinel(f"{URL},127.0.0.1:26001", "main") as r:
            assert await r.execute("SET", "k", 1) == 7001
        watched.says[26001] = 7000
        with pytest.raises(errors.RedisUnavailable, match="is not primary"):
            async with redis.open_sentinel(URL, "main"):
                raise AssertionError


async def test_a_write_that_a_replica_has_refused_goes_to_the_new_primary(
    autojump_clock: MockClock,
) -> None:
    async with open_watched() as watched, redis.open_sentinel(URL, "main") as r:

        async def write(tx: redis.Transaction[bytes]) -> None:
            tx.queue.add("SET", "k", 1)

        for old, new in ((7000, 7001), (7001, 7000)) * 2:
            assert await r.execute("SET", "k", 1) == old
            watched.switch(old, new)
            outcomes: list[Any] = []

            async def note(awaitable: Any, outcomes: list[Any] = outcomes) -> None:
                outcomes.append(await awaitable)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(note, r.execute("SET", "k", 1))
                nursery.start_soon(note, r.execute("BLPOP", "k", 0))
                nursery.start_soon(note, r.pipeline().add("SET", "k", 1).execute())
                nursery.start_soon(note, r.pipeline(transaction=True).add("SET", "k", 1).execute())
            assert sorted(map(str, outcomes)) == sorted([f"{new}"] * 2 + [f"[{new}]"] * 2)
            watched.switch(new, old)
            watched.switch(old, new)
            assert (await r.transaction(write, "k")).answers == [new]
        assert trio.current_time() < 5


async def test_a_switch_is_followed_before_the_old_primary_is_gone() -> None:
    async with open_watched() as watched, redis.open_sentinel(URL, "main") as r:
        assert await r.execute("SET", "k", 1) == 7000
        await wait_all_tasks_blocked()
        watched.says = dict.fromkeys(watched.says, 7001)
        watched.primaries = {7000, 7001}  # the old one has not heard of it
        await watched.event("+switch-master", "other 127.0.0.1 7000 127.0.0.1 7001")
        assert await r.execute("SET", "k", 1) == 7000
        await watched.event("+switch-master", "main 127.0.0.1 7000 127.0.0.1 7001")
        assert await r.execute("SET", "k", 1) == 7001
        assert await r.execute("BLPOP", "k", 0) == 7001


async def test_a_new_primary_is_for_all_connections_whoever_has_found_it() -> None:
    async with open_watched() as watched, redis.open_sentinel(URL, "main") as r:
        assert await r.execute("SET", "k", 1) == 7000
        watched.says = dict.fromkeys(watched.says, 7001)
        watched.primaries = {7000, 7001}  # the old one has not heard of it
        assert await r.execute("BLPOP", "k", 0) == 7001
        assert await r.execute("SET", "k", 1) == 7001


async def test_a_promotion_is_awaited(autojump_clock: MockClock) -> None:
    async with open_watched() as watched, redis.open_sentinel(URL, "main") as r:
        assert await r.execute("SET", "k", 1) == 7000
        await wait_all_tasks_blocked()
        await watched.event(
            "+failover-state-wait-promotion",
            "slave 127.0.0.1:7001 127.0.0.1 7001 @ main 127.0.0.1 7000",
        )
        answers: list[Any] = []

        async def write() -> None:
            answers.append(await r.execute("SET", "k", 1))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(write)
            await trio.sleep(1)
            assert answers == []
            watched.primaries = {7000, 7001}
            start = trio.current_time()
        assert answers == [7001]
        assert trio.current_time() - start < 0.1


async def test_a_promotion_that_does_not_come_is_forgotten(autojump_clock: MockClock) -> None:
    async with (
        open_watched() as watched,
        redis.open_sentinel(URL, "main", timeouts=PATIENT) as r,
    ):
        await wait_all_tasks_blocked()
        await watched.event(
            "+failover-state-wait-promotion",
            "slave 127.0.0.1:7001 127.0.0.1 7001 @ main 127.0.0.1 7000",
        )
        assert await r.execute("SET", "k", 1) == 7000
        assert 1.5 < trio.current_time() < 4


async def test_what_is_under_way_at_the_old_primary_is_still_answered(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_watched() as watched,
        redis.open_sentinel(URL, "main", timeouts=PATIENT) as r,
    ):
        assert await r.execute("SET", "k", 1) == 7000
        await wait_all_tasks_blocked()
        watched.servers[7000].held = trio.Event()
        answers: dict[str, Any] = {}

        async def ask(*args: Any) -> None:
            try:
                answers[args[0]] = await r.execute(*args)
            except errors.OutcomeUnknown as exc:
                answers[args[0]] = exc.command

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, "INCR", "k")
            nursery.start_soon(ask, "LPUSH", "k", 1)
            await wait_all_tasks_blocked()
            watched.switch(7000, 7001)
            await watched.event("+switch-master", "main 127.0.0.1 7000 127.0.0.1 7001")
            assert await r.execute("SET", "k", 1) == 7001
            watched.servers[7000].held.set()
        assert answers == {"INCR": 7000, "LPUSH": 7000}
        assert await r.execute("BLPOP", "k", 0) == 7001  # its connection is kept
        watched.servers[7001].held = trio.Event()  # and this one is frozen
        answers.clear()
        async with trio.open_nursery() as nursery:
            for args in (("INCR", "k"), ("GET", "k"), ("BLPOP", "k", 0)):
                nursery.start_soon(ask, *args)
            await wait_all_tasks_blocked()
            watched.servers[7000].held = None
            watched.switch(7001, 7000)
            await watched.event("+switch-master", "main 127.0.0.1 7001 127.0.0.1 7000")
            start = trio.current_time()
        assert answers == {"INCR": "INCR", "GET": 7000, "BLPOP": "BLPOP"}
        assert trio.current_time() - start < 3


async def test_a_connection_to_a_frozen_primary_is_given_up_at_a_switch(
    autojump_clock: MockClock,
) -> None:
    timeouts = redis.Timeouts(connect=1000, reconnect=60)
    async with (
        open_watched() as watched,
        redis.open_sentinel(URL, "main", timeouts=timeouts) as r,
        trio.open_nursery() as nursery,
    ):
        await wait_all_tasks_blocked()
        server = watched.servers[7000]
        server.held = trio.Event()
        server.visitors[0].stream.reset()
        nursery.start_soon(r.execute, "SET", "k", 1)
        await trio.sleep(5)
        watched.switch(7000, 7001)
        await watched.event("+switch-master", "main 127.0.0.1 7000 127.0.0.1 7001")
        start = trio.current_time()
        assert await r.execute("SET", "k", 1) == 7001
        assert trio.current_time() - start < 0.5


@pytest.mark.parametrize("read_from", redis.ReadFrom)
async def test_replicas_answer_those_that_only_read(read_from: redis.ReadFrom) -> None:
    async with (
        open_watched(servers=3) as watched,
        redis.open_sentinel(URL, "main", read_from=read_from) as r,
    ):
        readers = {
            redis.ReadFrom.PRIMARY: {7000},
            redis.ReadFrom.REPLICA: {7001, 7002},
            redis.ReadFrom.ANY: {7000, 7001, 7002},
        }[read_from]
        assert {await r.execute("GET", "k") for _ in range(6)} == readers
        assert {(await r.pipeline().add("GET", "k").execute())[0] for _ in range(6)} == readers
        assert {await r.execute("SET", "k", 1) for _ in range(6)} == {7000}
        assert await r.pipeline().add("SET", "k", 1).add("GET", "k").execute() == [7000, 7000]
        assert watched.servers[7001].visitors == [] or read_from is not redis.ReadFrom.PRIMARY


async def test_replicas_come_and_go(autojump_clock: MockClock) -> None:
    async with (
        open_watched(servers=3) as watched,
        redis.open_sentinel(URL, "main", read_from=redis.ReadFrom.REPLICA) as r,
    ):
        assert {await r.execute("GET", "k") for _ in range(6)} == {7001, 7002}
        watched.replicas = [7002]
        await watched.event("+sdown", "slave 127.0.0.1:7001 127.0.0.1 7001 @ main 127.0.0.1 7000")
        await trio.sleep(1)
        assert {await r.execute("GET", "k") for _ in range(6)} == {7002}
        watched.replicas = []
        await watched.event("+sdown", "slave 127.0.0.1:7002 127.0.0.1 7002 @ main 127.0.0.1 7000")
        await trio.sleep(1)
        assert {await r.execute("GET", "k") for _ in range(6)} == {7000}
        watched.replicas = [7001]
        await watched.event("-sdown", "slave 127.0.0.1:7001 127.0.0.1 7001 @ main 127.0.0.1 7000")
        await trio.sleep(1)
        assert {await r.execute("GET", "k") for _ in range(6)} == {7001}


async def test_sentinels_that_are_gone_for_good_are_forgotten(autojump_clock: MockClock) -> None:
    async with open_watched() as watched, redis.open_sentinel(URL, "main") as r:
        known = watched.sentinels.copy()
        for turn in range(MAX_SENTINELS + 1):  # each time another one that is never there
            watched.sentinels = {**known, 30000 + turn: known[26000]}
            watched.sentinels.pop(26001)
            watched.switch(7000 + (turn + 1) % 2, 7000 + turn % 2)
            primary = 7000 + turn % 2
            await watched.event("+switch-master", f"main 127.0.0.1 1 127.0.0.1 {primary}")
            assert await r.execute("SET", "k", 1) == primary
            await trio.sleep(3)
        watched.sentinels, heard = known, len(watched.listening)
        known[26002] = known[26001]
        async with trio.open_nursery() as nursery:
            await nursery.start(net.serve_tcp, known[26002].handle, 26002)
            watched.switch(7000, 7001)
            await watched.event("+switch-master", "main 127.0.0.1 1 127.0.0.1 7001")
            assert await r.execute("SET", "k", 1) == 7001
            await trio.sleep(3)
            assert len(watched.listening) > heard
            nursery.cancel_scope.cancel()


async def test_sentinels_want_a_login_of_their_own() -> None:
    seen: list[list[bytes]] = []

    class Watching(ScriptedServer):
        async def react(self, visitor: Visitor, command: list[bytes]) -> None:
            seen.append(command)
            await ScriptedServer.react(self, visitor, command)

    async with (
        open_watched(kind=Watching),
        redis.open_sentinel(
            "redis://user:secret@127.0.0.1:26000/3",
            "main",
            sentinel_username="watcher",
            sentinel_password="other",
        ) as r,
    ):
        await r.execute("GET", "k")
    assert [b"HELLO", b"3", b"AUTH", b"watcher", b"other"] in seen
    assert [b"HELLO", b"3", b"AUTH", b"user", b"secret"] in seen
    assert seen.count([b"SELECT", b"3"]) == 1


async def test_places_are_mapped() -> None:
    async with open_watched() as watched:
        watched.says = dict.fromkeys(watched.says, 17000)

        def remap(place: Place) -> Place:
            return Place("127.0.0.1", place.port - 10000 if place.port == 17000 else place.port)

        async with redis.open_sentinel(URL, "main", remap=remap) as r:
            assert await r.execute("SET", "k", 1) == 7000


async def test_a_lazy_client_does_not_wait(autojump_clock: MockClock) -> None:
    async with open_watched() as watched:
        watched.primaries = set()
        async with redis.open_sentinel(
            URL, "main", lazy=True, read_from=redis.ReadFrom.ANY, timeouts=PATIENT
        ) as r:
            with pytest.raises(errors.OperationTimeout):
                await r.execute("SET", "k", 1, timeout=2)
            watched.primaries = {7000}
            assert await r.execute("SET", "k", 1) == 7000


@pytest.mark.parametrize(
    ("url", "name", "options", "error"),
    [
        ("redis://h", "", {}, ValueError),
        ("unix:///x", "main", {}, ValueError),
        ("redis://h", "main", {"read_from": "any"}, TypeError),
        ("redis://h", "main", {"something": 1}, TypeError),
        ("redis://h", "main", {"sentinel_username": "x"}, ValueError),
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(
    url: str, name: str, options: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        redis.open_sentinel(url, name, **options)


def test_opening_and_closing_may_be_cancelled_anywhere() -> None:
    async def scenario() -> None:
        async with (
            open_watched() as watched,
            redis.open_sentinel(URL, "main", read_from=redis.ReadFrom.ANY) as r,
        ):
            assert await r.execute("SET", "k", 1) == 7000
            watched.switch(7000, 7001)
            assert await r.execute("SET", "k", 1) == 7001

    testing.cancel_sweep(scenario)


# Real ones.


def recovered(what: str, seconds: float) -> None:
    """Tell how long it took, for those who run it with ``-s``; slow machines are no mistake."""
    print(f"{what}: {seconds:.2f} s")
    assert seconds < 25


@needs_server
async def test_a_killed_primary_is_replaced() -> None:
    async with (
        open_real_sentinels() as watched,
        redis.open_sentinel(watched.url, "main", timeouts=PATIENT) as r,
    ):
        async with open_load(r) as load:
            await watched.servers[0].kill()
            recovered("a primary was killed", await load.progress())
            await watched.servers[0].start()  # it comes back as a replica
            await load.progress()
        assert not load.errors
        assert await load.count_lost() <= TASKS


@needs_server
async def test_a_frozen_primary_is_replaced() -> None:
    async with (
        open_real_sentinels() as watched,
        redis.open_sentinel(
            watched.url, "main", read_from=redis.ReadFrom.REPLICA, timeouts=PATIENT
        ) as r,
    ):
        await r.execute("SET", "key", "value")
        for server in watched.servers[1:]:
            while await server.execute("DBSIZE") < 1:  # noqa: ASYNC110 - nothing tells of it
                await trio.sleep(0.01)
        watched.servers[0].freeze()
        start = trio.current_time()
        assert await r.execute("GET", "key") == b"value"
        with suppress(errors.OutcomeUnknown):  # what the frozen one got is not known
            await r.execute("SET", "key", "value")
        assert await r.execute("SET", "key", "value") == b"OK"
        recovered("a primary was frozen", trio.current_time() - start)
        watched.servers[0].resume()
        assert await r.execute("SET", "key", "value") == b"OK"


@needs_server
async def test_a_failover_that_somebody_wants_is_not_noticed() -> None:
    async with (
        open_real_sentinels() as watched,
        redis.open_sentinel(watched.url, "main", timeouts=PATIENT) as r,
    ):
        async with open_load(r) as load:
            await watched.sentinels[0].execute("SENTINEL", "FAILOVER", "main")
            while await watched.primary() is watched.servers[0]:
                await load.progress()
            await load.progress()
        assert (load.errors, sum(load.unknown)) == ({}, 0)
        # Sentinels do not pause the old primary: what it acknowledges while the new one is told
        # is lost. Of each task that can be one write.
        assert await load.count_lost() <= TASKS
        print(f"failover: slowest {load.slowest:.2f} s, lost {await load.count_lost()}")
