"""Real clusters and watched servers, in processes of their own."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import attrs
import trio

from trio_helianthus import net, redis, testing
from trio_helianthus.redis._slots import SLOTS, slot_of

NODE_TIMEOUT = 1.0
"""After so many seconds without a sign a node counts as failed."""
DOWN_AFTER = 1.0
"""The same, for sentinels."""
_READY_SECONDS = 60.0
_BATCH = 100


async def wait_until(check: Callable[[], Awaitable[bool]], what: str) -> None:
    """Look again and again."""
    with trio.move_on_after(_READY_SECONDS):
        while not await check():  # noqa: ASYNC110 - nothing tells of it
            await trio.sleep(0.02)
        return
    raise TimeoutError(f"not within {_READY_SECONDS} seconds: {what}")


@attrs.frozen(eq=False)
class RealCluster:
    """A cluster: the primaries first, then a replica of each."""

    servers: list[testing.RedisServer]
    primaries: int
    ids: dict[int, bytes] = attrs.field(factory=dict)
    """The servers' names in the cluster, by port."""

    @property
    def url(self) -> str:
        return "redis://" + ",".join(f"{each.host}:{each.port}" for each in self.servers)

    def replica_of(self, server: testing.RedisServer) -> testing.RedisServer:
        """The replica that one of the first primaries had in the beginning."""
        return self.servers[self.servers.index(server) + self.primaries]

    def server_at(self, port: int) -> testing.RedisServer:
        return next(server for server in self.servers if server.port == port)

    async def form(self) -> None:
        """Make a cluster of the servers."""
        first, *others = self.servers
        for number, server in enumerate(self.servers):
            self.ids[server.port] = await server.execute("CLUSTER", "MYID")
            await server.execute("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for number, server in enumerate(self.servers[: self.primaries]):
            ends = [SLOTS * each // self.primaries for each in (number, number + 1)]
            await server.execute("CLUSTER", "ADDSLOTSRANGE", ends[0], ends[1] - 1)
        for server in others:
            _, bus = await server.execute("CONFIG", "GET", "cluster-port")
            await first.execute("CLUSTER", "MEET", server.host, server.port, bus)
        await wait_until(self._all_know_all, "all nodes know each other")
        for number, server in enumerate(self.servers[self.primaries :]):
            primary = self.servers[number % self.primaries]
            await server.execute("CLUSTER", "REPLICATE", self.ids[primary.port])
        await self.wait_until_ok()

    async def _all_know_all(self) -> bool:
        for server in self.servers:
            nodes = await server.execute("CLUSTER", "NODES")
            lines = nodes.decode().splitlines()
            if len(lines) < len(self.servers) or "handshake" in nodes.decode():
                return False
        return True

    async def wait_until_ok(self) -> None:
        """Wait until all slots are served, and all replicas are in sync."""

        async def is_ok() -> bool:
            for server in self.servers:
                if server.pid is None:
                    continue
                state = await server.execute("CLUSTER", "INFO")
                role = await server.execute("ROLE")
                if b"cluster_state:ok" not in state:
                    return False
                if role[0] == b"slave" and role[3] != b"connected":
                    return False
                shards = await server.execute("CLUSTER", "SLOTS")
                if any(len(shard) < 4 for shard in shards):
                    return False
            return True

        await wait_until(is_ok, "the cluster is served, with replicas")

    async def primary_of(self, key: str) -> testing.RedisServer:
        """Return who has a key, as the first server that runs knows."""
        slot = slot_of(key)
        asked = next(server for server in self.servers if server.pid is not None)
        for first, last, (_, port, *_), *_ in await asked.execute("CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return self.server_at(port)
        raise LookupError(key)

    async def move_slots(
        self,
        slots: Iterable[int],
        *,
        source: testing.RedisServer,
        target: testing.RedisServer,
        pause: float = 0.0,
    ) -> None:
        """Move slots with their keys while the cluster is used.

        :param pause: seconds for which each slot is halfway.
        """
        to, by = self.ids[target.port], self.ids[source.port]
        async with redis.open_client(target.url) as new, redis.open_client(source.url) as old:
            for slot in slots:
                await new.execute("CLUSTER", "SETSLOT", slot, "IMPORTING", by)
                await old.execute("CLUSTER", "SETSLOT", slot, "MIGRATING", to)
                while keys := await old.execute("CLUSTER", "GETKEYSINSLOT", slot, _BATCH):
                    half = keys[: (len(keys) + 1) // 2]
                    await old.execute(
                        "MIGRATE", target.host, target.port, "", 0, 5000, "KEYS", *half
                    )
                    await trio.sleep(pause)
                for each in (new, old):
                    await each.execute("CLUSTER", "SETSLOT", slot, "NODE", to)


@asynccontextmanager
async def open_real_cluster(
    primaries: int = 3, *, password: str | None = None
) -> AsyncIterator[RealCluster]:
    """Start a cluster of so many primaries, and as many replicas."""
    settings = {
        "cluster-enabled": "yes",
        "cluster-node-timeout": str(round(NODE_TIMEOUT * 1000)),
        "cluster-require-full-coverage": "no",
        "cluster-replica-validity-factor": "0",
        "repl-diskless-sync-delay": "0",
        "repl-ping-replica-period": "1",
    }
    if password is not None:
        settings["primaryauth"] = password
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(_open_node(settings, password))
            for _ in range(2 * primaries)
        ]
        cluster = RealCluster(servers, primaries)
        await cluster.form()
        yield cluster


@asynccontextmanager
async def _open_node(
    settings: dict[str, str], password: str | None
) -> AsyncIterator[testing.RedisServer]:
    (listener,) = await net.listen_tcp(0, host="127.0.0.1")
    port = str(listener.address[1])  # else it is the other one and 10000, which may be too much
    await listener.aclose()
    settings = {**settings, "cluster-port": port}
    async with testing.open_redis_server(settings=settings, password=password) as server:
        yield server


@attrs.frozen(eq=False)
class RealSentinels:
    """A primary, its replicas, and the sentinels that watch them."""

    servers: list[testing.RedisServer]
    sentinels: list[testing.RedisServer]
    name: str = "main"

    @property
    def url(self) -> str:
        return "redis://" + ",".join(f"{each.host}:{each.port}" for each in self.sentinels)

    async def primary(self) -> testing.RedisServer:
        """Return who is primary, as the first sentinel says."""
        address = await self.sentinels[0].execute("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.name)
        return next(server for server in self.servers if server.port == int(address[1]))

    async def wait_until_ok(self) -> None:
        """Wait until the sentinels know each other and the replicas, which are in sync."""

        async def is_ok() -> bool:
            for sentinel in self.sentinels:
                others = await sentinel.execute("SENTINEL", "SENTINELS", self.name)
                replicas = await sentinel.execute("SENTINEL", "REPLICAS", self.name)
                if len(others) < len(self.sentinels) - 1 or len(replicas) < len(self.servers) - 1:
                    return False
                for replica in replicas:
                    fields = dict(zip(replica[::2], replica[1::2], strict=True))
                    if fields[b"master-link-status"] != b"ok" or fields[b"flags"] != b"slave":
                        return False
            return True

        await wait_until(is_ok, "the sentinels know all")


@asynccontextmanager
async def open_real_sentinels(
    replicas: int = 2, sentinels: int = 3
) -> AsyncIterator[RealSentinels]:
    """Start a primary with replicas, and sentinels that watch them."""
    settings = {"repl-diskless-sync-delay": "0", "repl-ping-replica-period": "1"}
    async with AsyncExitStack() as stack:

        async def start(settings: dict[str, str | list[str]]) -> testing.RedisServer:
            opening = testing.open_redis_server(settings=settings)
            return await stack.enter_async_context(opening)

        primary = await start({**settings})
        at = [primary.host, str(primary.port)]
        servers = [primary]
        servers += [await start({**settings, "replicaof": at}) for _ in range(replicas)]
        watching = [
            await stack.enter_async_context(_open_sentinel(primary)) for _ in range(sentinels)
        ]
        found = RealSentinels(servers, watching)
        await found.wait_until_ok()
        yield found


@asynccontextmanager
async def _open_sentinel(primary: testing.RedisServer) -> AsyncIterator[testing.RedisServer]:
    program = testing.find_redis_server()
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="sentinel", ignore_cleanup_errors=True) as directory:
        config = Path(directory) / "sentinel.conf"
        config.write_text(
            f"sentinel monitor main {primary.host} {primary.port} 2\n"
            f"sentinel down-after-milliseconds main {round(DOWN_AFTER * 1000)}\n"
            "sentinel failover-timeout main 5000\n"
        )
        # A sentinel is the same program; its configuration, which it changes, comes first.
        script = Path(directory) / "sentinel"
        script.write_text(f'#!/bin/sh\nexec "{program}" "{config}" "$@" --sentinel\n')
        script.chmod(0o700)
        async with testing.open_redis_server(program=script) as server:
            yield server
