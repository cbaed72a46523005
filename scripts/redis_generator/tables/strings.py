"""Commands for strings and bitmaps."""

from __future__ import annotations

from ..arguments import (
    check,
    choice,
    chosen_option,
    exclusive,
    flag,
    integer,
    key,
    many,
    mapping,
    number,
    one_or_more,
    option,
    plain,
    time_span,
    value,
    word,
    written,
)
from ..methods import Group, Method, Overload, Variant, by_flag
from ..returns import (
    BOOL,
    FLOAT,
    INT,
    INTS,
    NOTHING,
    TEXT,
    TEXT_OR_NONE,
    TEXTS_OR_NONE,
    Returns,
)
from ..shapes import Declared, Shape

__all__ = ["BITMAPS", "STRINGS", "expiry"]


def expiry(*, persist: bool = False, keep: bool = False) -> tuple[Shape, ...]:
    """When something expires: one of four options, or one that says not to change it."""
    shapes = [
        option(
            "ex",
            "EX",
            "Duration",
            "expire after so many seconds, or a ``timedelta``.",
            convert="as_seconds",
        ),
        option("px", "PX", "Duration", "the same in milliseconds.", convert="as_milliseconds"),
        option(
            "exat",
            "EXAT",
            "Moment",
            "expire at that Unix time in seconds, or a ``datetime`` with a time zone.",
            convert="unix_seconds",
        ),
        option("pxat", "PXAT", "Moment", "the same in milliseconds.", convert="unix_milliseconds"),
    ]
    names, flags = ["ex", "px", "exat", "pxat"], []
    if persist:
        shapes.append(flag("persist", doc="expire never."))
        flags.append("persist")
    if keep:
        shapes.append(flag("keepttl", doc="leave alone when it expires."))
        flags.append("keepttl")
    return (exclusive(*names, *flags, flags=tuple(flags)), *shapes)


_SET_EXPIRY = expiry(keep=True)

STRINGS = Group(
    "strings",
    "Strings",
    (
        Method(
            "APPEND",
            (key("key"), value()),
            INT("the new length in bytes."),
            "Append to a string; without one, make it.",
        ),
        Method(
            "DECR",
            (key(), integer("amount", default="1")),
            INT("the new number."),
            "Subtract from a number, which is 0 if it is not there.",
            instead=("amount != 1", "DECRBY", '(b"DECRBY", name, amount)'),
        ),
        Method(
            "DECRBY",
            (key(), integer("amount", default="1")),
            INT("the new number."),
            "Subtract from a number, which is 0 if it is not there.",
        ),
        Method(
            "DELIFEQ",
            (key(), value()),
            BOOL("whether it was deleted."),
            "Delete a key if it has this very value.",
        ),
        Method("GET", (key(),), TEXT_OR_NONE("``None`` if there is none."), "Return a string."),
        Method("GETDEL", (key(),), TEXT_OR_NONE, "Return a string, and delete it."),
        Method(
            "GETEX",
            (key(), *expiry(persist=True)),
            TEXT_OR_NONE,
            "Return a string, and change when it expires.",
        ),
        Method(
            "GETRANGE",
            (
                key("key"),
                integer("start", "the first byte; negative: from the end."),
                integer("end", "the last byte, which is part of it."),
            ),
            TEXT,
            "Return a part of a string; it may be empty.",
        ),
        Method(
            "GETSET",
            (key(), value()),
            TEXT_OR_NONE("what it was."),
            "Set a string, and return what it was.",
        ),
        Method(
            "INCR",
            (key(), integer("amount", default="1")),
            INT("the new number."),
            "Add to a number, which is 0 if it is not there.",
            instead=("amount != 1", "INCRBY", '(b"INCRBY", name, amount)'),
        ),
        Method(
            "INCRBY",
            (key(), integer("amount", default="1")),
            INT("the new number."),
            "Add to a number, which is 0 if it is not there.",
        ),
        Method(
            "INCRBYFLOAT",
            (key(), number("amount", default="1.0")),
            FLOAT("the new number."),
            "Add to a number that has a fraction, and is 0 if it is not there.",
        ),
        Method(
            "LCS",
            (
                key("key1"),
                key("key2"),
                check(
                    "len and idx",
                    "len and idx exclude each other",
                    "there are both ``len`` and ``idx``",
                ),
                flag("len", doc="return only how long it is."),
                flag("idx", doc="return where its parts stand in both strings."),
                option(
                    "minmatchlen",
                    "MINMATCHLEN",
                    "int",
                    "leave out parts shorter than this.",
                    least=0,
                ),
                flag("withmatchlen", doc="say how long each part is."),
            ),
            Returns(
                "T | int | CommonParts",
                "",
                "the subsequence itself, or what ``len`` or ``idx`` ask for.",
            ),
            "Find the longest common subsequence of two strings.",
            variants=(Variant("idx", "IDX", "common_parts"),),
            overloads=(
                Overload({"len": "Literal[False] = False", "idx": "Literal[False] = False"}, "T"),
                Overload({"len": "Literal[True]", "idx": "Literal[False] = False"}, "int"),
                Overload({"len": "Literal[False] = False", "idx": "Literal[True]"}, "CommonParts"),
            ),
        ),
        Method(
            "MGET",
            (one_or_more(),),
            TEXTS_OR_NONE("in the order of the keys."),
            "Return several strings; ``None`` stands for what is no string.",
        ),
        Method(
            "MSET",
            (mapping("mapping", "AnyKey, Value", "keys and values."),),
            NOTHING,
            "Set several strings, all at once.",
        ),
        Method(
            "MSETEX",
            (
                written("len(pairs) // 2"),
                mapping("mapping", "AnyKey, Value", "keys and values."),
                exclusive("nx", "xx", flags=("nx", "xx")),
                _SET_EXPIRY[0],
                *_SET_EXPIRY[1:5],
                flag("nx", doc="only if none of the keys is there."),
                flag("xx", doc="only if all of the keys are there."),
                *_SET_EXPIRY[5:],
            ),
            BOOL("whether they were set."),
            "Set several strings, all at once, which expire together.",
        ),
        Method(
            "MSETNX",
            (mapping("mapping", "AnyKey, Value", "keys and values."),),
            BOOL("whether they were set."),
            "Set several strings if none of the keys is there.",
        ),
        Method(
            "PSETEX",
            (key(), time_span("time_ms", "as_milliseconds"), value()),
            NOTHING,
            "Set a string that expires; :meth:`set` does it with ``px``.",
        ),
        Method(
            "SET",
            (
                key(),
                value(),
                check(
                    "nx + xx + (ifeq is not None) > 1",
                    "nx, xx and ifeq exclude each other",
                    "there are several of ``nx``, ``xx``, ``ifeq``",
                ),
                _SET_EXPIRY[0],
                *_SET_EXPIRY[1:3],
                flag("nx", doc="only if the key is not there."),
                flag("xx", doc="only if the key is there."),
                _SET_EXPIRY[5],
                flag("get", doc="return what it was."),
                *_SET_EXPIRY[3:5],
                option("ifeq", "IFEQ", "Value", "only if it has this very value."),
            ),
            Returns(
                "bool | T | None",
                "is_something",
                "whether it was set; with ``get`` what it was before.",
            ),
            "Set a string, whatever the key was before.",
            variants=(Variant("get", "GET"),),
            overloads=by_flag("get", "bool", "T | None"),
            has_shortcut=True,
        ),
        Method(
            "SETEX",
            (key(), time_span("time", "as_seconds"), value()),
            NOTHING,
            "Set a string that expires; :meth:`set` does it with ``ex``.",
        ),
        Method(
            "SETNX",
            (key(), value()),
            BOOL("whether it was set."),
            "Set a string if the key is not there.",
        ),
        Method(
            "SETRANGE",
            (key(), integer("offset", "in bytes.", least=0), value()),
            INT("the new length in bytes."),
            "Overwrite a part of a string, which grows by zero bytes as needed.",
        ),
        Method("STRLEN", (key(),), INT, "Return the length of a string in bytes; 0 without one."),
        Method(
            "SUBSTR",
            (
                key(),
                integer("start", "the first byte; negative: from the end."),
                integer("end", "the last byte, which is part of it.", default="-1"),
            ),
            TEXT,
            "Return a part of a string.",
        ),
    ),
)

_BIT_RANGE = (
    check("start is None and end is not None", "end needs a start", "there is ``end`` only"),
    check(
        "end is None and mode is not None",
        "mode needs start and end",
        "there is ``mode`` without a range",
    ),
    option("start", "", "int", "where to begin; negative: from the end."),
    option("end", "", "int", "where to end; it is part of it."),
    chosen_option(
        "mode", "BYTE", "BIT", doc="what ``start`` and ``end`` count; bytes if not said."
    ),
)

BITMAPS = Group(
    "bitmaps",
    "Bitmaps",
    (
        Method(
            "BITCOUNT", (key("key"), *_BIT_RANGE), INT, "Count the bits of a string that are 1."
        ),
        Method(
            "BITFIELD",
            (
                key("key"),
                Shape(
                    (Declared("operations", "BitField"),),
                    prepare=('if not operations:\n    raise ValueError("there is nothing to do")',),
                    parts=("*operations",),
                    docs=(("operations", "what to do, one after the other."),),
                    mistakes=("there are no ``operations``",),
                ),
            ),
            Returns(
                "list[int | None]",
                "",
                "a number for each operation; ``None`` where it would have overflowed.",
            ),
            "Read and write numbers of any width in a string.",
            details='::\n\n    counts = redis.BitField().get("u8", 0).incrby("u8", 8, 1)\n'
            '    await r.bitfield("key", counts)',
        ),
        Method(
            "BITFIELD_RO",
            (
                key("key"),
                word("GET"),
                plain("encoding", "str", 'such as ``"u8"`` or ``"i16"``.'),
                plain("offset", "int | str", 'in bits, or ``"#n"``: the n-th of that width.'),
                Shape(
                    declared=(Declared("items", "Iterable[tuple[str, int | str]]", "()"),),
                    append=('for each in items:\n    request += (b"GET", *each)',),
                    docs=(("items", "more of them: encoding and offset."),),
                ),
            ),
            INTS,
            "Read numbers of any width from a string.",
        ),
        Method(
            "BITOP",
            (
                choice("operation", "AND", "OR", "XOR", "NOT"),
                key("dest"),
                many("keys"),
                check(
                    'operation.upper() == "NOT" and len(keys) != 1',
                    "NOT takes one key",
                    "it is ``NOT``, and there are several keys",
                ),
            ),
            INT("its length in bytes."),
            "Combine strings bit by bit, and store the result.",
        ),
        Method(
            "BITPOS",
            (
                key("key"),
                integer("bit", "0 or 1."),
                check("bit not in (0, 1)", "bit is 0 or 1", "``bit`` is not 0 or 1"),
                *_BIT_RANGE,
            ),
            INT("counted from the string's first bit; -1 if there is none."),
            "Find the first bit that is 1, or 0.",
        ),
        Method("GETBIT", (key(), integer("offset", "in bits.")), INT, "Return a bit of a string."),
        Method(
            "SETBIT",
            (
                key(),
                integer("offset", "in bits.", least=0),
                integer("value", "0 or 1."),
                check("value not in (0, 1)", "value is 0 or 1", "``value`` is not 0 or 1"),
            ),
            INT("what it was."),
            "Set a bit of a string, which grows as needed.",
        ),
    ),
)
