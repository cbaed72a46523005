"""Commands for lists and sets."""

from __future__ import annotations

from ..arguments import (
    check,
    choice,
    integer,
    key,
    many,
    one_or_more,
    option,
    value,
)
from ..methods import Group, Method, Variant, by_option
from ..returns import (
    BOOL,
    BOOLS,
    INT,
    NOTHING,
    TEXT_OR_NONE,
    TEXT_SET,
    TEXTS,
    Returns,
)
from ..shapes import Declared, Shape
from .keys import scan_options

__all__ = ["COUNT_LIMIT", "LISTS", "SETS", "blocking", "numbered_keys"]


def blocking(*, default: str | None = None) -> Shape:
    """How long the server waits."""
    return Shape(
        (Declared("timeout", "float | None", default),),
        prepare=("wait = block_seconds(timeout)",),
        parts=("wait",),
        docs=(("timeout", "how long the server waits, in seconds; 0 or ``None``: for ever."),),
        mistakes=("``timeout`` is negative",),
    )


def numbered_keys(number: str = "numkeys", name: str = "keys", kind: str = "Key") -> Shape:
    """``2 a b`` of a number and a list."""
    return Shape(
        (Declared(number, "int"), Declared(name, f"Iterable[{kind}]")),
        prepare=(f'listed = numbered("{name}", {name}, {number})',),
        parts=(number, "*listed"),
        docs=((number, f"how many ``{name}`` there are."),),
        mistakes=(f"``{name}`` are not as many as ``{number}`` says, or none",),
    )


COUNT_LIMIT = Shape(
    (Declared("limit", "int", "0"),),
    prepare=('at_least("limit", limit, 0)',),
    append=('if limit:\n    request += (b"LIMIT", limit)',),
    docs=(("limit", "count so many at most; 0: all."),),
    mistakes=("``limit`` is negative",),
)


def numbered_args(number: str) -> tuple[Shape, Shape]:
    """``2 a b`` of a number and arguments that are given one by one."""
    return (
        Shape(
            (Declared(number, "int"),),
            parts=(number,),
            docs=((number, "how many keys there are."),),
        ),
        Shape(
            (Declared("args", "Key", kind="star"),),
            prepare=(f'numbered("args", args, {number})',),
            parts=("*args",),
            docs=(("args", "the keys."),),
            mistakes=(f"the keys are not as many as ``{number}`` says, or none",),
        ),
    )


_ENDS = (
    choice("src", "LEFT", "RIGHT", default='"LEFT"', doc="which end is taken from."),
    choice("dest", "LEFT", "RIGHT", default='"RIGHT"', doc="which end is added to."),
)
_INDEX = "0 is the first; negative: from the end."
_POPPED = Returns("T | list[T] | None", "", "``None`` if there is nothing.")
_BY_COUNT = by_option("count", "int", "T | None", "list[T] | None")
_BLOCKS = "It is sent on a connection of its own. If it is cancelled the server waits no longer."
_POP_COUNT = option("count", "", "int", "how many; then they come in a list.", least=0)

LISTS = Group(
    "lists",
    "Lists",
    (
        Method(
            "BLMOVE",
            (
                key("first_list"),
                key("second_list"),
                Shape(blocking().declared),
                *_ENDS,
                Shape(
                    prepare=blocking().prepare,
                    parts=blocking().parts,
                    docs=blocking().docs,
                    mistakes=blocking().mistakes,
                ),
            ),
            TEXT_OR_NONE("what was moved; ``None`` if nothing came in time."),
            "Move an item from a list to another one, as soon as there is one.",
            details=_BLOCKS,
        ),
        Method(
            "BLMPOP",
            (
                blocking(),
                *numbered_args("numkeys"),
                choice("direction", "LEFT", "RIGHT", doc="which end is taken from."),
                option("count", "COUNT", "int", "how many items at most.", least=1),
            ),
            Returns(
                "tuple[T, list[T]] | None",
                "popped_list",
                "the key, and its items; ``None`` if nothing came in time.",
            ),
            "Take items from the first of several lists that has any, as soon as one has.",
            details=_BLOCKS,
        ),
        Method(
            "BLPOP",
            (one_or_more(is_alone=True), blocking(default="0")),
            Returns(
                "tuple[T, T] | None",
                "pair",
                "the key, and its item; ``None`` if nothing came in time.",
            ),
            "Take the first item of the first of several lists that has any, as soon as one has.",
            details=_BLOCKS,
        ),
        Method(
            "BRPOP",
            (one_or_more(is_alone=True), blocking(default="0")),
            Returns(
                "tuple[T, T] | None",
                "pair",
                "the key, and its item; ``None`` if nothing came in time.",
            ),
            "Take the last item of the first of several lists that has any, as soon as one has.",
            details=_BLOCKS,
        ),
        Method(
            "BRPOPLPUSH",
            (key("src"), key("dst"), blocking(default="0")),
            TEXT_OR_NONE("what was moved; ``None`` if nothing came in time."),
            "Move the last item of a list to the beginning of another one, when there is one.",
            details=_BLOCKS,
        ),
        Method(
            "LINDEX", (key(), integer("index", _INDEX)), TEXT_OR_NONE, "Return an item of a list."
        ),
        Method(
            "LINSERT",
            (key(), choice("where", "BEFORE", "AFTER"), value("refvalue"), value()),
            INT("the new length; -1 if there is no ``refvalue``, 0 if there is no list."),
            "Insert an item next to the first that is ``refvalue``.",
        ),
        Method("LLEN", (key(),), INT, "Return the length of a list; 0 without one."),
        Method(
            "LMOVE",
            (key("first_list"), key("second_list"), *_ENDS),
            TEXT_OR_NONE("what was moved; ``None`` if there is nothing."),
            "Move an item from a list to another one.",
        ),
        Method(
            "LMPOP",
            (
                *numbered_args("num_keys"),
                choice("direction", "LEFT", "RIGHT", doc="which end is taken from."),
                option("count", "COUNT", "int", "how many items at most.", least=1),
            ),
            Returns(
                "tuple[T, list[T]] | None",
                "popped_list",
                "the key, and its items; ``None`` if there are none.",
            ),
            "Take items from the first of several lists that has any.",
        ),
        Method(
            "LPOP",
            (key(), _POP_COUNT),
            _POPPED,
            "Take the first item of a list, or several.",
            overloads=_BY_COUNT,
        ),
        Method(
            "LPOS",
            (
                key(),
                value(),
                check("rank == 0", "rank counts from 1, or from -1 backwards", "``rank`` is 0"),
                option(
                    "rank",
                    "RANK",
                    "int",
                    "skip matches: 2 begins with the second, -1 with the last, going backwards.",
                ),
                option("count", "COUNT", "int", "how many, then in a list; 0: all.", least=0),
                option("maxlen", "MAXLEN", "int", "look at so many items; 0: at all.", least=0),
            ),
            Returns("int | list[int] | None", "", "the index; ``None`` if there is none."),
            "Find an item in a list.",
            overloads=by_option("count", "int", "int | None", "list[int]"),
        ),
        Method(
            "LPUSH",
            (key(), many("values", "Value")),
            INT("the new length."),
            "Insert items at the beginning of a list, the last one first.",
        ),
        Method(
            "LPUSHX",
            (key(), many("values", "Value")),
            INT("the new length."),
            "Insert items at the beginning of a list, if there is one.",
        ),
        Method(
            "LRANGE",
            (key(), integer("start", _INDEX), integer("end", "it is part of it.")),
            TEXTS,
            "Return a part of a list; it may be empty.",
        ),
        Method(
            "LREM",
            (key(), integer("count", "how many; 0: all; negative: from the end."), value()),
            INT("how many there were."),
            "Remove items that have this value.",
        ),
        Method(
            "LSET",
            (key(), integer("index", _INDEX), value()),
            NOTHING,
            "Set an item of a list.",
            raises=(("RedisError", "there is no such list, or index."),),
        ),
        Method(
            "LTRIM",
            (key(), integer("start", _INDEX), integer("end", "it is part of it.")),
            NOTHING,
            "Keep a part of a list only.",
        ),
        Method(
            "RPOP",
            (key(), _POP_COUNT),
            _POPPED,
            "Take the last item of a list, or several.",
            overloads=_BY_COUNT,
        ),
        Method(
            "RPOPLPUSH",
            (key("src"), key("dst")),
            TEXT_OR_NONE("what was moved; ``None`` if there is nothing."),
            "Move the last item of a list to the beginning of another one.",
        ),
        Method(
            "RPUSH",
            (key(), many("values", "Value")),
            INT("the new length."),
            "Append items to a list; without one, make it.",
        ),
        Method(
            "RPUSHX",
            (key(), many("values", "Value")),
            INT("the new length."),
            "Append items to a list, if there is one.",
        ),
    ),
)

_MANY_SETS = (one_or_more(doc="of sets, one by one, or one list."),)

SETS = Group(
    "sets",
    "Sets",
    (
        Method(
            "SADD",
            (key(), many("values", "Value")),
            INT("how many are new."),
            "Add members to a set; without one, make it.",
        ),
        Method("SCARD", (key(),), INT, "Count the members of a set; 0 without one."),
        Method(
            "SDIFF",
            _MANY_SETS,
            TEXT_SET,
            "Return the members of the first set that are in none of the others.",
        ),
        Method(
            "SDIFFSTORE",
            (key("dest"), *_MANY_SETS),
            INT("how many there are."),
            "Store the members of the first set that are in none of the others.",
        ),
        Method("SINTER", _MANY_SETS, TEXT_SET, "Return the members that all sets have."),
        Method(
            "SINTERCARD",
            (
                numbered_keys(),
                COUNT_LIMIT,
            ),
            INT,
            "Count the members that all sets have.",
        ),
        Method(
            "SINTERSTORE",
            (key("dest"), *_MANY_SETS),
            INT("how many there are."),
            "Store the members that all sets have.",
        ),
        Method("SISMEMBER", (key(), value()), BOOL, "Return whether a set has a member."),
        Method("SMEMBERS", (key(),), TEXT_SET, "Return all members of a set."),
        Method(
            "SMISMEMBER",
            (key(), one_or_more("values", "Value")),
            BOOLS,
            "Return of each value whether a set has it.",
        ),
        Method(
            "SMOVE",
            (key("src"), key("dst"), value()),
            BOOL("whether it was there."),
            "Move a member from a set to another one.",
        ),
        Method(
            "SPOP",
            (key(), option("count", "", "int", "how many; then they come in a set.", least=0)),
            Returns("T | set[T] | None", "", "``None`` if there is nothing."),
            "Take any member of a set, or several.",
            variants=(Variant("count is not None", "COUNT", "as_set"),),
            overloads=by_option("count", "int", "T | None", "set[T]"),
        ),
        Method(
            "SRANDMEMBER",
            (
                key(),
                option(
                    "number",
                    "",
                    "int",
                    "how many; then they come in a list. Negative: the same may come twice.",
                ),
            ),
            Returns("T | list[T] | None", "", "``None`` if there is nothing."),
            "Return any member of a set, or several.",
            overloads=by_option("number", "int", "T | None", "list[T]"),
        ),
        Method(
            "SREM",
            (key(), many("values", "Value")),
            INT("how many there were."),
            "Remove members from a set.",
        ),
        Method(
            "SSCAN",
            (
                key(),
                integer("cursor", "0, or what the last call has returned.", default="0"),
                *scan_options(),
            ),
            Returns(
                "tuple[int, list[T]]", "scan", "the next cursor, which is 0 at the end; members."
            ),
            "Return some of the members of a set, and where to go on.",
        ),
        Method("SUNION", _MANY_SETS, TEXT_SET, "Return the members that any of the sets has."),
        Method(
            "SUNIONSTORE",
            (key("dest"), *_MANY_SETS),
            INT("how many there are."),
            "Store the members that any of the sets has.",
        ),
    ),
)
