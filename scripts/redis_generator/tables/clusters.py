"""Commands for clusters and sentinels."""

from __future__ import annotations

from ..arguments import (
    check,
    choice,
    chosen_option,
    flag,
    integer,
    key,
    many,
    option,
    text,
    value,
    word,
)
from ..methods import Group, LeftOut, Method, Variant
from ..returns import INT, NOTHING, STR, TEXTS, Returns
from ..shapes import Declared, Shape
from .keys import scan_options

__all__ = ["CLUSTERS", "SENTINELS", "SLOTS"]

_NODES = "list[ClusterNode]"
_node = text("node_id")
_slots = many("slots", "int")
_ranges = Shape(
    (Declared("slots", "int", kind="star"),),
    prepare=(
        (
            "if not slots or len(slots) % 2:\n"
            '    raise ValueError("slots are pairs: first and last of each range")'
        ),
    ),
    parts=("*slots",),
    docs=(("slots", "first and last of each range by turns."),),
    mistakes=("they are no pairs, or there are none",),
)
_mode = chosen_option("mode", "ASYNC", "SYNC", doc="whether to wait for it.")

CLUSTERS = Group(
    "clusters",
    "Clusters",
    (
        Method(
            "CLUSTER BUMPEPOCH",
            (),
            STR("what was done, and the epoch."),
            "Give what the server says of its slots a higher version.",
        ),
        Method(
            "CLUSTER COUNT-FAILURE-REPORTS",
            (_node,),
            INT,
            "Count who says that a server has failed.",
        ),
        Method(
            "CLUSTER FAILOVER",
            (
                chosen_option(
                    "option",
                    "FORCE",
                    "TAKEOVER",
                    doc="without the primary's, or without anybody's consent.",
                ),
            ),
            NOTHING,
            "Have a replica take over from its primary.",
        ),
        Method(
            "CLUSTER FORGET", (_node,), NOTHING, "Have the server forget another one for a minute."
        ),
        Method("CLUSTER HELP", (), TEXTS, "Return what there is to say of ``CLUSTER``."),
        Method(
            "CLUSTER INFO",
            (),
            Returns("dict[str, Any]", "info"),
            "Return the state of the cluster.",
        ),
        Method(
            "CLUSTER LINKS",
            (),
            Returns("list[dict[str, Any]]", "list_of_named"),
            "Return the connections to other servers.",
        ),
        Method(
            "CLUSTER MEET",
            (
                text("host"),
                integer("port"),
                option("bus_port", "", "int", "10000 more than ``port`` if not said."),
            ),
            NOTHING,
            "Have the server get to know another one.",
        ),
        Method("CLUSTER MYID", (), STR, "Return the server's ID."),
        Method("CLUSTER MYSHARDID", (), STR, "Return the ID of the server's shard."),
        Method("CLUSTER NODES", (), Returns(_NODES, "cluster_nodes"), "Return all servers."),
        Method(
            "CLUSTER REPLICAS",
            (_node,),
            Returns(_NODES, "cluster_replicas"),
            "Return the replicas of a primary.",
        ),
        Method(
            "CLUSTER REPLICATE",
            (
                Shape(
                    (Declared("node_id", "str | None"),),
                    append=(
                        (
                            'if node_id is None:\n    request += (b"NO", b"ONE")\n'
                            "else:\n    request.append(node_id)"
                        ),
                    ),
                    docs=(("node_id", "``None``: make it a primary."),),
                ),
            ),
            NOTHING,
            "Make the server a replica of another one.",
        ),
        Method(
            "CLUSTER RESET",
            (
                Shape(
                    (Declared("soft", "bool", "True", "named"),),
                    parts=('b"SOFT" if soft else b"HARD"',),
                    docs=(("soft", "else it also gets a new ID, and forgets its epochs."),),
                ),
            ),
            NOTHING,
            "Have the server leave the cluster and forget all others.",
        ),
        Method(
            "CLUSTER SAVECONFIG", (), NOTHING, "Write what the server knows of the cluster to disk."
        ),
        Method(
            "CLUSTER SET-CONFIG-EPOCH",
            (integer("epoch", least=0),),
            NOTHING,
            "Set the version of what a new server says of its slots.",
        ),
        Method(
            "CLUSTER SHARDS",
            (),
            Returns("list[dict[str, Any]]", "shards"),
            "Return all shards: ``slots`` as pairs of first and last, ``nodes``.",
        ),
        Method(
            "CLUSTER SLAVES",
            (_node,),
            Returns(_NODES, "cluster_replicas"),
            "Return the replicas of a primary.",
        ),
        Method(
            "CLUSTERSCAN",
            (
                key("cursor", "0, or what the last call has returned.", default='"0"'),
                *scan_options(types=True),
                option("slot", "SLOT", "int", "only keys of that slot.", least=0),
            ),
            Returns(
                "tuple[T, list[T]]",
                "scan_cluster",
                "the next cursor, which is ``0`` at the end; keys, of which there may be none.",
            ),
            "Return some of the keys of a cluster, and where to go on.",
        ),
    ),
    left_out=(LeftOut("CLUSTER SYNCSLOTS", "is said by servers that take slots over"),),
)

SLOTS = Group(
    "slots",
    "Slots of clusters",
    (
        Method("CLUSTER ADDSLOTS", (_slots,), NOTHING, "Have the server serve slots."),
        Method(
            "CLUSTER ADDSLOTSRANGE", (_ranges,), NOTHING, "Have the server serve ranges of slots."
        ),
        Method("CLUSTER CANCELSLOTMIGRATIONS", (), NOTHING, "End all moves of slots."),
        Method("CLUSTER COUNTKEYSINSLOT", (integer("slot_id"),), INT, "Count the keys of a slot."),
        Method(
            "CLUSTER DELSLOTS", (_slots,), NOTHING, "Have the server not know who serves slots."
        ),
        Method(
            "CLUSTER DELSLOTSRANGE",
            (_ranges,),
            NOTHING,
            "Have the server not know who serves ranges of slots.",
        ),
        Method(
            "CLUSTER FLUSHSLOT", (integer("slot"), _mode), NOTHING, "Delete all keys of a slot."
        ),
        Method("CLUSTER FLUSHSLOTS", (), NOTHING, "Have the server not know who serves any slot."),
        Method(
            "CLUSTER GETKEYSINSLOT",
            (integer("slot"), integer("num_keys", "how many at most.", least=0)),
            TEXTS,
            "Return keys of a slot.",
            name="cluster_get_keys_in_slot",
        ),
        Method(
            "CLUSTER GETSLOTMIGRATIONS",
            (),
            Returns("list[dict[str, Any]]", "list_of_named"),
            "Return the moves of slots, those that go on and those that are over.",
        ),
        Method("CLUSTER KEYSLOT", (key("key"),), INT, "Return the slot of a key."),
        Method(
            "CLUSTER MIGRATESLOTS",
            (
                Shape(
                    (Declared("slots", "Iterable[tuple[int, int]]"), Declared("node_id", "str")),
                    prepare=('ranges = several("slots", slots)',),
                    parts=(
                        'b"SLOTSRANGE"',
                        "*[slot for ends in ranges for slot in ends]",
                        'b"NODE"',
                        "node_id",
                    ),
                    docs=(
                        ("slots", "ranges: the first and the last slot of each."),
                        ("node_id", "who is to have them."),
                    ),
                    mistakes=("there are no ``slots``",),
                ),
            ),
            NOTHING,
            "Move slots, with all their keys, to another server.",
        ),
        Method(
            "CLUSTER SETSLOT",
            (
                Shape(
                    (Declared("node_id", "str"), Declared("slot_id", "int")),
                    parts=("slot_id",),
                    docs=(("node_id", "the other server."),),
                ),
                choice(
                    "state",
                    "IMPORTING",
                    "MIGRATING",
                    "NODE",
                    doc="it comes from there, it goes there, or it is there.",
                ),
                Shape(parts=("node_id",)),
                option(
                    "timeout",
                    "TIMEOUT",
                    "int",
                    "how long to wait for replicas, in milliseconds.",
                    least=0,
                ),
            ),
            NOTHING,
            "Say where a slot comes from, goes to, or is.",
        ),
        Method(
            "CLUSTER SETSLOT",
            (
                integer("slot_id"),
                word("STABLE"),
                option(
                    "timeout",
                    "TIMEOUT",
                    "int",
                    "how long to wait for replicas, in milliseconds.",
                    least=0,
                ),
            ),
            NOTHING,
            "Say that a slot moves no more.",
            name="cluster_setslot_stable",
        ),
        Method(
            "CLUSTER SLOT-STATS",
            (
                check(
                    "(slots is None) == (orderby is None)",
                    "give slots or orderby",
                    "there is neither ``slots`` nor ``orderby``, or both",
                ),
                check(
                    "orderby is None and (limit is not None or desc)",
                    "limit and desc need orderby",
                    "there is ``limit`` without ``orderby``",
                ),
                Shape(
                    (Declared("slots", "tuple[int, int] | None", "None"),),
                    append=('if slots is not None:\n    request += (b"SLOTSRANGE", *slots)',),
                    docs=(("slots", "the first and the last."),),
                ),
                option("orderby", "ORDERBY", "str", 'a number, such as ``"key-count"``.'),
                option("limit", "LIMIT", "int", "so many at most.", least=1),
                flag("desc", doc="the largest first."),
            ),
            Returns("dict[int, dict[str, int]]", "slot_statistics"),
            "Return numbers for slots that the server serves.",
        ),
        Method(
            "CLUSTER SLOTS",
            (),
            Returns("list[SlotRange]", "slot_ranges"),
            "Return which servers have which slots.",
        ),
    ),
)

_name = text("service_name", "of the primary, as it was configured.")
_SERVERS = Returns("list[dict[str, str]]", "listed_by_name")
_SERVER = Returns("dict[str, str]", "named_texts")
_ADDRESS = Returns("tuple[str, int] | None", "address", "``None`` if it is not watched.")
_DOWN = Returns(
    "tuple[bool, str, int]",
    "is_down",
    "whether it is, whom this sentinel votes for, and in which epoch.",
)
_BY_ADDRESS = (
    text("ip"),
    integer("port"),
    integer("current_epoch"),
    text("runid", '``"*"``: do not ask for its vote.', default='"*"'),
)

SENTINELS = Group(
    "sentinels",
    "Sentinels",
    (
        Method(
            "SENTINEL CKQUORUM",
            (_name,),
            STR("what it says when all is well."),
            "Return whether enough sentinels are there to replace a primary.",
            raises=(("RedisError", "there are not."),),
        ),
        Method(
            "SENTINEL CONFIG",
            (word("GET"), text("pattern", default='"*"')),
            Returns("dict[str, str]", "named_texts"),
            "Return settings of the sentinel.",
            name="sentinel_config_get",
            variants=(Variant("", "GET", "named_texts"),),
        ),
        Method(
            "SENTINEL CONFIG",
            (word("SET"), text("name"), value()),
            NOTHING,
            "Change a setting of the sentinel.",
            name="sentinel_config_set",
        ),
        Method(
            "SENTINEL DEBUG",
            (many("args", "Value", "names and values by turns; none: return all.", least=0),),
            Returns("dict[str, str] | None", "named_texts_or_none"),
            "Return or change the sentinel's times, in milliseconds.",
        ),
        Method(
            "SENTINEL FAILOVER",
            (text("service_name"), flag("coordinated", doc="with the primary's help.")),
            NOTHING,
            "Have a replica take over, without asking other sentinels.",
        ),
        Method("SENTINEL FLUSHCONFIG", (), NOTHING, "Write the sentinel's configuration file."),
        Method(
            "SENTINEL GET-MASTER-ADDR-BY-NAME", (_name,), _ADDRESS, "Return where a primary is."
        ),
        Method(
            "SENTINEL GET-PRIMARY-ADDR-BY-NAME", (_name,), _ADDRESS, "Return where a primary is."
        ),
        Method("SENTINEL HELP", (), TEXTS, "Return what there is to say of ``SENTINEL``."),
        Method(
            "SENTINEL INFO-CACHE",
            (many("names", "str"),),
            Returns(
                "dict[str, list[tuple[int, dict[str, Any] | None]]]",
                "cached_infos",
                "of each server: milliseconds since, and what it said.",
            ),
            "Return what servers have last said of themselves.",
        ),
        Method(
            "SENTINEL IS-MASTER-DOWN-BY-ADDR",
            _BY_ADDRESS,
            _DOWN,
            "Return whether this sentinel thinks that a primary is down.",
        ),
        Method(
            "SENTINEL IS-PRIMARY-DOWN-BY-ADDR",
            _BY_ADDRESS,
            _DOWN,
            "Return whether this sentinel thinks that a primary is down.",
        ),
        Method("SENTINEL MASTER", (_name,), _SERVER, "Return what is known of a primary."),
        Method("SENTINEL MASTERS", (), _SERVERS, "Return what is known of all primaries."),
        Method(
            "SENTINEL MONITOR",
            (
                text("name"),
                text("ip"),
                integer("port"),
                integer("quorum", "how many sentinels have to agree that it is down.", least=1),
            ),
            NOTHING,
            "Watch a primary.",
        ),
        Method("SENTINEL MYID", (), STR, "Return the sentinel's ID."),
        Method(
            "SENTINEL PENDING-SCRIPTS",
            (),
            Returns("list[dict[str, Any]]", "list_of_named"),
            "Return the scripts that wait or run.",
        ),
        Method("SENTINEL PRIMARIES", (), _SERVERS, "Return what is known of all primaries."),
        Method("SENTINEL PRIMARY", (_name,), _SERVER, "Return what is known of a primary."),
        Method("SENTINEL REMOVE", (text("name"),), NOTHING, "Watch a primary no more."),
        Method(
            "SENTINEL REPLICAS", (_name,), _SERVERS, "Return what is known of a primary's replicas."
        ),
        Method(
            "SENTINEL RESET",
            (text("pattern"),),
            INT("how many."),
            "Forget what is known of primaries, and look again.",
        ),
        Method(
            "SENTINEL SENTINELS", (_name,), _SERVERS, "Return what is known of the other sentinels."
        ),
        Method(
            "SENTINEL SET",
            (text("name"), text("option"), value("value")),
            NOTHING,
            "Change how a primary is watched.",
        ),
        Method(
            "SENTINEL SIMULATE-FAILURE",
            (many("modes", "str", least=0),),
            Returns("Any"),
            "Have the sentinel crash on purpose, for tests.",
        ),
        Method(
            "SENTINEL SLAVES", (_name,), _SERVERS, "Return what is known of a primary's replicas."
        ),
    ),
)
