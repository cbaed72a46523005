"""What is decided by hand about commands: flags, and what is better than some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .methods import Variant

__all__ = ["INSTEAD", "flags_of", "key_specs", "policy"]

# They change what their connection is, or speak of what it has done.
STATEFUL: Final = {
    "ASKING",
    "AUTH",
    "CLIENT CACHING",
    "CLIENT CAPA",
    "CLIENT IMPORT-SOURCE",
    "CLIENT NO-EVICT",
    "CLIENT NO-TOUCH",
    "CLIENT REPLY",
    "CLIENT SETINFO",
    "CLIENT SETNAME",
    "CLIENT TRACKING",
    "CLUSTER SYNCSLOTS",
    "DISCARD",
    "EXEC",
    "HELLO",
    "MONITOR",
    "MULTI",
    "PSUBSCRIBE",
    "PSYNC",
    "PUNSUBSCRIBE",
    "QUIT",
    "READONLY",
    "READWRITE",
    "REPLCONF",
    "RESET",
    "SCRIPT DEBUG",
    "SELECT",
    "SSUBSCRIBE",
    "SUBSCRIBE",
    "SUNSUBSCRIBE",
    "SYNC",
    "UNSUBSCRIBE",
    "UNWATCH",
    "WAIT",
    "WAITAOF",
    "WATCH",
}

# They change nothing, though the server does not call them readonly, as they touch no keys.
REPEATABLE: Final = {
    "ACL CAT",
    "ACL DRYRUN",
    "ACL GENPASS",
    "ACL GETUSER",
    "ACL LIST",
    "ACL USERS",
    "ACL WHOAMI",
    "CLIENT GETNAME",
    "CLIENT GETREDIR",
    "CLIENT ID",
    "CLIENT INFO",
    "CLIENT LIST",
    "CLIENT TRACKINGINFO",
    "CLUSTER COUNT-FAILURE-REPORTS",
    "CLUSTER COUNTKEYSINSLOT",
    "CLUSTER GETKEYSINSLOT",
    "CLUSTER GETSLOTMIGRATIONS",
    "CLUSTER INFO",
    "CLUSTER KEYSLOT",
    "CLUSTER LINKS",
    "CLUSTER MYID",
    "CLUSTER MYSHARDID",
    "CLUSTER NODES",
    "CLUSTER REPLICAS",
    "CLUSTER SHARDS",
    "CLUSTER SLAVES",
    "CLUSTER SLOT-STATS",
    "CLUSTER SLOTS",
    "COMMAND",
    "COMMAND COUNT",
    "COMMAND DOCS",
    "COMMAND GETKEYS",
    "COMMAND GETKEYSANDFLAGS",
    "COMMAND INFO",
    "COMMAND LIST",
    "COMMANDLOG GET",
    "COMMANDLOG LEN",
    "CONFIG GET",
    "ECHO",
    "FUNCTION DUMP",
    "FUNCTION LIST",
    "FUNCTION STATS",
    "INFO",
    "LASTSAVE",
    "LATENCY DOCTOR",
    "LATENCY GRAPH",
    "LATENCY HISTOGRAM",
    "LATENCY HISTORY",
    "LATENCY LATEST",
    "MEMORY DOCTOR",
    "MEMORY MALLOC-STATS",
    "MEMORY STATS",
    "MODULE LIST",
    "PING",
    "PUBSUB CHANNELS",
    "PUBSUB NUMPAT",
    "PUBSUB NUMSUB",
    "PUBSUB SHARDCHANNELS",
    "PUBSUB SHARDNUMSUB",
    "ROLE",
    "SCRIPT EXISTS",
    "SCRIPT SHOW",
    "SENTINEL CKQUORUM",
    "SENTINEL GET-MASTER-ADDR-BY-NAME",
    "SENTINEL GET-PRIMARY-ADDR-BY-NAME",
    "SENTINEL INFO-CACHE",
    "SENTINEL MASTER",
    "SENTINEL MASTERS",
    "SENTINEL MYID",
    "SENTINEL PENDING-SCRIPTS",
    "SENTINEL PRIMARIES",
    "SENTINEL PRIMARY",
    "SENTINEL REPLICAS",
    "SENTINEL SENTINELS",
    "SENTINEL SLAVES",
    "SLOWLOG GET",
    "SLOWLOG LEN",
    "TIME",
}

BINARY: Final = {"DUMP", "FUNCTION DUMP"}
# They wait only when told to; there are constants of their own for that.
MAY_BLOCK: Final = {"XREAD", "XREADGROUP"}
# It waits for replicas, and its only answer is the end of the connection.
BLOCKS_TOO: Final = {"SHUTDOWN"}

# What the server calls unknown; the keys of others, that ``BY`` and ``GET`` make up, stay unknown.
UNKNOWN_KEYS: Final = {"SORT": ['KeySpec(keyword=b"STORE", start=2)']}

# What Redis or Valkey have deprecated, and what to use instead.
INSTEAD: Final = {
    "BRPOPLPUSH": ":meth:`blmove`",
    "CLUSTER SLAVES": ":meth:`cluster_replicas`",
    "CLUSTER SLOTS": ":meth:`cluster_shards`",
    "GEORADIUS": ":meth:`geosearch`, :meth:`geosearchstore`",
    "GEORADIUSBYMEMBER": ":meth:`geosearch`, :meth:`geosearchstore`",
    "GEORADIUSBYMEMBER_RO": ":meth:`geosearch`",
    "GEORADIUS_RO": ":meth:`geosearch`",
    "GETSET": ":meth:`set` with ``get``",
    "HMSET": ":meth:`hset`",
    "PSETEX": ":meth:`set` with ``px``",
    "RPOPLPUSH": ":meth:`lmove`",
    "SENTINEL GET-MASTER-ADDR-BY-NAME": ":meth:`sentinel_get_primary_addr_by_name`",
    "SENTINEL IS-MASTER-DOWN-BY-ADDR": ":meth:`sentinel_is_primary_down_by_addr`",
    "SENTINEL MASTER": ":meth:`sentinel_primary`",
    "SENTINEL MASTERS": ":meth:`sentinel_primaries`",
    "SENTINEL SLAVES": ":meth:`sentinel_replicas`",
    "SETEX": ":meth:`set` with ``ex``",
    "SETNX": ":meth:`set` with ``nx``",
    "SLAVEOF": ":meth:`replicaof`",
    "SUBSTR": ":meth:`getrange`",
    "ZRANGEBYLEX": ":meth:`zrange` with ``bylex``",
    "ZRANGEBYSCORE": ":meth:`zrange` with ``byscore``",
    "ZREVRANGE": ":meth:`zrange` with ``desc``",
    "ZREVRANGEBYLEX": ":meth:`zrange` with ``bylex`` and ``desc``",
    "ZREVRANGEBYSCORE": ":meth:`zrange` with ``byscore`` and ``desc``",
}


def flags_of(name: str, said: dict[str, Any], variant: Variant | None = None) -> list[str]:
    """Return the flags of a command, as :class:`CommandFlag` names them."""
    found = []
    if "readonly" in said["flags"]:
        found.append("READONLY")
    if ("blocking" in said["flags"] and name not in MAY_BLOCK) or name in BLOCKS_TOO:
        found.append("BLOCKING")
    if variant is not None:
        found += variant.flags
    if name in STATEFUL:
        found.append("STATEFUL")
    if "admin" in said["flags"]:
        found.append("ADMIN")
    if name in BINARY:
        found.append("RAW")
    if name in REPEATABLE or name.endswith(" HELP"):
        found.append("REPEATABLE")
    return found


def policy(said: dict[str, Any], which: str) -> str | None:
    """Return what the server's tips say of clusters, ``request`` or ``response``."""
    start = f"{which}_policy:"
    return next((tip.removeprefix(start) for tip in said["tips"] if tip.startswith(start)), None)


def key_specs(name: str, said: dict[str, Any]) -> list[str]:
    """Return where the keys stand, as code. Channels of shards count, as they have slots."""
    found = [
        _key_spec(spec) for spec in said["key_specs"] if spec["begin_search"]["type"] != "unknown"
    ]
    return found + UNKNOWN_KEYS.get(name, [])


def _key_spec(spec: dict[str, Any]) -> str:
    begin, find = spec["begin_search"], spec["find_keys"]
    parts = []
    if begin["type"] == "index":
        parts.append(str(begin["index"]))
    else:
        parts += [f'keyword=b"{begin["keyword"]}"', f"start={begin['startfrom']}"]
    if find["type"] == "keynum":
        parts += [f"count_at={find['keynumidx']}", f"first_at={find['firstkey']}"]
    elif find["lastkey"]:
        parts.append(f"last={find['lastkey']}")
    if find["keystep"] > 1:
        parts.append(f"step={find['keystep']}")
    if find.get("limit"):
        parts.append(f"limit={find['limit']}")
    return f"KeySpec({', '.join(parts)})"
