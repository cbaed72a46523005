"""Who takes part in the Redis benchmark, and what is to be shown by it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import attrs

from ._goals import Goal
from ._redis_loads import RedisLoad

if TYPE_CHECKING:
    from collections.abc import Iterable

_L = RedisLoad
_ALL: Final = frozenset(RedisLoad)
_COMMANDS: Final = _ALL - {_L.PUBSUB}


@attrs.frozen
class RedisPeer:
    """A client.

    Its program is started as ``*command load port``. It prints a line when it is ready, does for
    as many seconds as each line that it reads says what the load is, and prints then what it has
    found as JSON: ``count``, ``seconds``, and ``p50`` and ``p99`` in milliseconds.

    :param name: what it is called in the table and on the command line.
    :param command: its program, with arguments.
    :param loads: in which it takes part.
    :param packages: what it needs that may not be installed.
    """

    name: str
    command: tuple[str, ...]
    loads: frozenset[RedisLoad] = _ALL
    packages: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        """The packages that it needs and that are not installed."""
        return [package for package in self.packages if find_spec(package) is None]


def _trio(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"{__package__}._redis_trio_clients", *arguments)


def _asyncio(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"{__package__}._redis_asyncio_clients", *arguments)


REDIS_PEERS: Final = (
    RedisPeer("helianthus", _trio("hiredis"), packages=("hiredis",)),
    RedisPeer("helianthus-own", _trio("own")),
    RedisPeer("redis-py", _asyncio("redis-py", "asyncio"), packages=("redis", "hiredis")),
    RedisPeer(
        "redis-py-uvloop", _asyncio("redis-py", "uvloop"), packages=("redis", "hiredis", "uvloop")
    ),
    RedisPeer("coredis-trio", _trio("coredis"), _COMMANDS, ("coredis",)),
    RedisPeer("valkey-glide", _asyncio("glide", "asyncio"), _COMMANDS, ("glide",)),
)
"""Every client that takes part, ours first."""


def find_redis_peers(names: Iterable[str]) -> list[RedisPeer]:
    """Return the peers of these names, in the order in which they are known.

    :raises ValueError: there is no such peer.
    """
    wanted = set(names)
    if unknown := wanted - {peer.name for peer in REDIS_PEERS}:
        known = ", ".join(peer.name for peer in REDIS_PEERS)
        raise ValueError(f"no such peer: {', '.join(sorted(unknown))} (there are {known})")
    return [peer for peer in REDIS_PEERS if peer.name in wanted]


REDIS_GOALS: Final = (
    Goal(_L.GET_1, "helianthus", "redis-py", 0.5),
    *(
        Goal(load, "helianthus", "redis-py-uvloop", 0.1)
        for load in (_L.GET_50, _L.GET_200, _L.SET_50, _L.SET_200, _L.INCR_50, _L.INCR_200)
    ),
    Goal(_L.XADD_50, "helianthus", "redis-py", 1 / 6),
    Goal(_L.PIPELINE, "helianthus", "redis-py", 1 / 6),
)
"""What the library is to reach with Redis, in CPU time of the client."""
