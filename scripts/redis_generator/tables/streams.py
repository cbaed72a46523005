"""Commands for streams."""

from __future__ import annotations

from ..arguments import (
    check,
    exclusive,
    flag,
    integer,
    key,
    listed,
    many,
    option,
    plain,
    word,
)
from ..methods import Group, Method, Variant, by_flag
from ..returns import BOOL, INT, NOTHING, TEXT_OR_NONE, TEXTS, Returns
from ..shapes import Declared, Shape

__all__ = ["STREAMS", "STREAM_GROUPS"]

_ENTRIES = "list[tuple[T, dict[T, T]]]"
_group = key("groupname")
_consumer = key("consumername")


def stream_id(name: str, doc: str = "", *, default: str | None = None) -> Shape:
    """An ID of an entry."""
    return plain(name, "StreamId", doc, default=default)


def _trimming() -> tuple[Shape, ...]:
    return (
        exclusive("maxlen", "minid"),
        check(
            "limit is not None and not approximate",
            "limit needs approximate",
            "there is ``limit`` without ``approximate``",
        ),
    )


_TRIM = Shape(
    append=(
        (
            'if maxlen is not None:\n    at_least("maxlen", maxlen, 0)\n'
            '    request += (b"MAXLEN", b"~" if approximate else b"=", maxlen)'
        ),
        'if minid is not None:\n    request += (b"MINID", b"~" if approximate else b"=", minid)',
        'if limit is not None:\n    at_least("limit", limit, 0)\n    request += (b"LIMIT", limit)',
    ),
    mistakes=("``maxlen`` is negative", "``limit`` is negative"),
)
_MAXLEN = Declared("maxlen", "int | None", "None")
_APPROXIMATE = Declared("approximate", "bool", "True", "named")
_MINID = Declared("minid", "StreamId | None", "None")
_LIMIT = Declared("limit", "int | None", "None")
_TRIM_DOCS = (
    ("maxlen", "remove the oldest entries beyond so many."),
    ("approximate", "remove them where that is cheap: some more may stay."),
    ("minid", "remove entries with lower IDs."),
    ("limit", "look at so many entries at most; 0: at all."),
)
_FROM = 'from an ID; ``"("`` before it leaves it out, ``"-"`` is the lowest.'
_TO = 'to an ID; ``"("`` before it leaves it out, ``"+"`` is the highest.'
_count = option("count", "COUNT", "int", "how many at most.", least=0)
_block = option(
    "block",
    "BLOCK",
    "int",
    "how long the server waits for an entry, in milliseconds; 0: for ever.",
    least=0,
)
_STREAMS = (
    Shape(
        (Declared("streams", "Mapping[AnyKey, StreamId]"),),
        prepare=('pairs = pairs_of("streams", streams)',),
        mistakes=("``streams`` is empty",),
    ),
    Shape(append=('request += (b"STREAMS", *pairs[::2], *pairs[1::2])',)),
)
_BLOCKS = (
    "With ``block`` it is sent on a connection of its own. If it is cancelled the server waits no "
    "longer."
)
_READ = Returns(
    f"dict[T, {_ENTRIES}]",
    "entries_by_stream",
    "the entries of each stream that has any, IDs and fields.",
)

STREAMS = Group(
    "streams",
    "Streams",
    (
        Method(
            "XADD",
            (
                key(),
                Shape(
                    (Declared("fields", "Mapping[AnyValue, Value]"),),
                    prepare=('pairs = pairs_of("fields", fields)',),
                    mistakes=("``fields`` is empty",),
                ),
                *_trimming(),
                Shape(
                    (Declared("id", "StreamId", '"*"'), _MAXLEN, _APPROXIMATE),
                    docs=(("id", '``"*"``: the server makes one.'), *_TRIM_DOCS[:2]),
                ),
                flag("nomkstream", doc="only if the stream is there."),
                Shape((_MINID, _LIMIT), docs=_TRIM_DOCS[2:]),
                _TRIM,
                Shape(append=("request += (id, *pairs)",)),
            ),
            TEXT_OR_NONE("its ID; ``None`` with ``nomkstream`` and without a stream."),
            "Append an entry to a stream, which may be trimmed thereby.",
        ),
        Method(
            "XDEL",
            (key(), many("ids", "StreamId")),
            INT("how many there were."),
            "Delete entries of a stream.",
        ),
        Method(
            "XINFO CONSUMERS",
            (key(), _group),
            Returns("list[dict[str, Any]]", "list_of_named"),
            "Return the consumers of a group.",
        ),
        Method(
            "XINFO GROUPS",
            (key(),),
            Returns("list[dict[str, Any]]", "list_of_named"),
            "Return the groups of a stream.",
        ),
        Method("XINFO HELP", (), TEXTS, "Return what there is to say of ``XINFO``."),
        Method(
            "XINFO STREAM",
            (
                key(),
                check(
                    "count is not None and not full",
                    "count needs full",
                    "there is ``count`` without ``full``",
                ),
                flag("full", doc="return entries, groups and consumers, too."),
                option(
                    "count", "COUNT", "int", "with ``full``: how many entries; 0: all.", least=0
                ),
            ),
            Returns("dict[str, Any]", "stream_info"),
            "Return what there is to know of a stream.",
        ),
        Method("XLEN", (key(),), INT, "Count the entries of a stream; 0 without one."),
        Method(
            "XRANGE",
            (
                key(),
                stream_id("min", _FROM, default='"-"'),
                stream_id("max", _TO, default='"+"'),
                _count,
            ),
            Returns(_ENTRIES, "entries", "IDs and fields."),
            "Return entries of a stream.",
        ),
        Method(
            "XREAD",
            (*_STREAMS[:1], _count, _block, *_STREAMS[1:]),
            _READ,
            "Return what was added to streams behind an ID.",
            details='``streams`` maps keys to the ID that was seen last; ``"$"``: only what comes '
            f'from now on; ``"+"``: the last entry. {_BLOCKS}',
            variants=(Variant("block is not None", "BLOCK", "entries_by_stream", ("BLOCKING",)),),
        ),
        Method(
            "XREVRANGE",
            (
                key(),
                stream_id("max", _TO, default='"+"'),
                stream_id("min", _FROM, default='"-"'),
                _count,
            ),
            Returns(_ENTRIES, "entries", "IDs and fields."),
            "Return entries of a stream, the last first.",
        ),
        Method(
            "XSETID",
            (
                key(),
                stream_id("last_id"),
                option(
                    "entries_added", "ENTRIESADDED", "int", "how many there ever were.", least=0
                ),
                option(
                    "max_deleted_id", "MAXDELETEDID", "StreamId", "the highest that was deleted."
                ),
            ),
            NOTHING,
            "Set the last ID of a stream; servers use it among themselves.",
        ),
        Method(
            "XTRIM",
            (
                key(),
                *_trimming(),
                check(
                    "maxlen is None and minid is None",
                    "give maxlen or minid",
                    "there is neither ``maxlen`` nor ``minid``",
                ),
                Shape((_MAXLEN, _APPROXIMATE, _MINID, _LIMIT), docs=_TRIM_DOCS),
                _TRIM,
            ),
            INT("how many were removed."),
            "Remove the oldest entries of a stream.",
        ),
    ),
)

_READ_SO_FAR = option(
    "entries_read", "ENTRIESREAD", "int", "how many entries the group is said to have read."
)
_CLAIM_DOCS = "only those that were handed out so many milliseconds ago."

STREAM_GROUPS = Group(
    "stream_groups",
    "Consumer groups of streams",
    (
        Method(
            "XACK",
            (key(), _group, many("ids", "StreamId")),
            INT("how many were pending."),
            "Say that entries were dealt with.",
        ),
        Method(
            "XAUTOCLAIM",
            (
                key(),
                _group,
                _consumer,
                integer("min_idle_time", _CLAIM_DOCS, least=0),
                stream_id("start_id", "where to begin.", default='"0-0"'),
                option("count", "COUNT", "int", "how many to look at.", least=1),
                flag("justid", doc="return IDs only, and do not count it as a delivery."),
            ),
            Returns(
                f"tuple[T, {_ENTRIES}, list[T]] | tuple[T, list[T], list[T]]",
                "claimed",
                "where to go on, ``0-0`` at the end; the entries; the IDs of those that were "
                "deleted.",
            ),
            "Take over pending entries of consumers that seem to be gone.",
            variants=(Variant("justid", "JUSTID", "claimed_ids"),),
            overloads=by_flag(
                "justid", f"tuple[T, {_ENTRIES}, list[T]]", "tuple[T, list[T], list[T]]"
            ),
        ),
        Method(
            "XCLAIM",
            (
                key(),
                _group,
                _consumer,
                integer("min_idle_time", _CLAIM_DOCS, least=0),
                listed("message_ids", "StreamId"),
                option(
                    "idle",
                    "IDLE",
                    "int",
                    "say that it was handed out so many milliseconds ago.",
                    least=0,
                ),
                option("time", "TIME", "int", "the same as Unix time in milliseconds.", least=0),
                option("retrycount", "RETRYCOUNT", "int", "how often it was handed out.", least=0),
                flag("force", doc="also what is not pending."),
                flag("justid", doc="return IDs only, and do not count it as a delivery."),
                option("lastid", "LASTID", "StreamId", "the last ID of the group."),
            ),
            Returns(f"{_ENTRIES} | list[T]", "entries", "IDs and fields of what was taken over."),
            "Take over pending entries.",
            variants=(Variant("justid", "JUSTID"),),
            overloads=by_flag("justid", _ENTRIES, "list[T]"),
        ),
        Method(
            "XGROUP CREATE",
            (
                key(),
                _group,
                stream_id(
                    "id", 'what it has seen: ``"$"``, all that is there; 0, nothing.', default='"$"'
                ),
                flag("mkstream", doc="make the stream if it is not there."),
                _READ_SO_FAR,
            ),
            NOTHING,
            "Make a consumer group.",
            raises=(("RedisGroupExists", "there is one of that name."),),
        ),
        Method(
            "XGROUP CREATECONSUMER",
            (key(), _group, _consumer),
            BOOL("whether it is new."),
            "Make a consumer; reading does that, too.",
        ),
        Method(
            "XGROUP DELCONSUMER",
            (key(), _group, _consumer),
            INT("how many it had pending."),
            "Delete a consumer; what it had pending can be claimed no more.",
        ),
        Method(
            "XGROUP DESTROY",
            (key(), _group),
            BOOL("whether there was one."),
            "Delete a consumer group.",
        ),
        Method("XGROUP HELP", (), TEXTS, "Return what there is to say of ``XGROUP``."),
        Method(
            "XGROUP SETID",
            (key(), _group, stream_id("id", "what it has seen."), _READ_SO_FAR),
            NOTHING,
            "Set what a consumer group has seen.",
        ),
        Method(
            "XPENDING",
            (key(), _group),
            Returns("PendingSummary[T]", "pending_summary"),
            "Return how much a group has read and not acknowledged.",
        ),
        Method(
            "XPENDING",
            (
                key(),
                _group,
                Shape(
                    (
                        Declared("min", "StreamId"),
                        Declared("max", "StreamId"),
                        Declared("count", "int"),
                        Declared("consumername", "Key | None", "None"),
                    ),
                    prepare=('at_least("count", count, 0)',),
                    docs=(
                        ("min", _FROM),
                        ("max", _TO),
                        ("count", "how many at most."),
                        ("consumername", "only those of that consumer."),
                    ),
                    mistakes=("``count`` is negative",),
                ),
                option("idle", "IDLE", "int", _CLAIM_DOCS, least=0),
                Shape(
                    append=(
                        "request += (min, max, count)",
                        "if consumername is not None:\n    request.append(consumername)",
                    )
                ),
            ),
            Returns("list[PendingEntry[T]]", "pending_entries"),
            "Return entries that a group has read and not acknowledged.",
            name="xpending_range",
            variants=(Variant("", "RANGE", "pending_entries"),),
        ),
        Method(
            "XREADGROUP",
            (
                word("GROUP"),
                key("groupname"),
                key("consumername"),
                *_STREAMS[:1],
                _count,
                _block,
                flag("noack", doc="acknowledge them at once."),
                *_STREAMS[1:],
            ),
            _READ,
            "Return entries for a consumer of a group, which are pending until acknowledged.",
            details='``streams`` maps keys to ``">"``, what no consumer has got yet, or to an ID: '
            f"what this one has got behind it and not acknowledged. {_BLOCKS}",
            variants=(Variant("block is not None", "BLOCK", "entries_by_stream", ("BLOCKING",)),),
        ),
    ),
)
