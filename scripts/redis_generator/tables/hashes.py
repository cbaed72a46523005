"""Commands for hashes."""

from __future__ import annotations

from ..arguments import (
    check,
    exclusive,
    flag,
    integer,
    key,
    many,
    mapping,
    moment,
    number,
    one_or_more,
    option,
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
    TEXT_OR_NONE,
    TEXTS,
    TEXTS_OR_NONE,
    Returns,
)
from ..shapes import Declared, Shape
from .keys import expiry_condition, scan_options
from .strings import expiry

__all__ = ["HASHES", "HASH_EXPIRY"]


def fields(name: str = "fields", doc: str = "") -> tuple[Shape, ...]:
    """``FIELDS 2 a b``."""
    found = many(name, "Value", doc)
    return (
        Shape(append=(f'request += (b"FIELDS", len({name}), *{name})',)),
        Shape(found.declared, found.prepare, docs=found.docs, mistakes=found.mistakes),
    )


def only_fields(name: str = "fields") -> tuple[Shape, ...]:
    """The same where nothing stands before them."""
    return (word("FIELDS"), written(f"len({name})"), many(name, "Value"))


_MAPPING = Shape(
    (
        Declared("key", "Value | None", "None"),
        Declared("value", "Value | None", "None"),
        Declared("mapping", "Mapping[AnyValue, Value] | None", "None"),
        Declared("items", "Iterable[Value] | None", "None"),
    ),
    prepare=("pairs = fields_of(key, value, mapping, items)",),
    docs=(
        ("key", "a field, whose value is ``value``."),
        ("mapping", "fields and their values."),
        ("items", "fields and values by turns."),
    ),
    mistakes=("there is no field", "there is a field without a value"),
)
_SET_EXPIRY = expiry(keep=True)
_GONE = "-1 for a field that never expires, -2 for one that is not there."
_SET = (
    "for each field 1: set, 0: the condition does not hold, 2: deleted at once, as that is past, "
    "-2: no such field."
)

HASHES = Group(
    "hashes",
    "Hashes",
    (
        Method(
            "HDEL",
            (key(), many("keys", "Value")),
            INT("how many there were."),
            "Delete fields of a hash.",
        ),
        Method("HEXISTS", (key(), value("key")), BOOL, "Return whether a hash has a field."),
        Method(
            "HGET",
            (key(), value("key")),
            TEXT_OR_NONE("``None`` if there is none."),
            "Return the value of a field.",
        ),
        Method(
            "HGETALL",
            (key(),),
            Returns("dict[T, T]", "pairs_to_dict"),
            "Return all fields of a hash, and their values; an empty dict without one.",
        ),
        Method(
            "HGETDEL",
            (key(), *only_fields("keys")),
            TEXTS_OR_NONE,
            "Return the values of fields, and delete these.",
        ),
        Method(
            "HGETEX",
            (key(), *expiry(persist=True), *fields("keys")),
            TEXTS_OR_NONE,
            "Return the values of fields, and change when these expire.",
        ),
        Method(
            "HINCRBY",
            (key(), value("key"), integer("amount", default="1")),
            INT("the new number."),
            "Add to a number in a field, which is 0 if it is not there.",
        ),
        Method(
            "HINCRBYFLOAT",
            (key(), value("key"), number("amount", default="1.0")),
            FLOAT("the new number."),
            "Add to a number in a field that has a fraction, and is 0 if it is not there.",
        ),
        Method("HKEYS", (key(),), TEXTS, "Return all fields of a hash."),
        Method("HLEN", (key(),), INT, "Count the fields of a hash."),
        Method(
            "HMGET",
            (key(), one_or_more("keys", "Value")),
            TEXTS_OR_NONE("in the order of the fields."),
            "Return the values of several fields; ``None`` stands for one that is not there.",
        ),
        Method(
            "HMSET",
            (key(), mapping("mapping", "AnyValue, Value")),
            NOTHING,
            "Set fields of a hash.",
        ),
        Method(
            "HRANDFIELD",
            (
                key("key"),
                check(
                    "withvalues and count is None",
                    "withvalues needs a count",
                    "there is ``withvalues`` without ``count``",
                ),
                option("count", "", "int", "how many; negative: the same may come twice."),
                flag("withvalues", doc="return pairs of field and value."),
            ),
            Returns("T | list[T] | list[tuple[T, T]] | None"),
            "Return any field of a hash, or several.",
            variants=(Variant("withvalues", "WITHVALUES", "list_of_pairs"),),
            overloads=(
                Overload(
                    {"count": "None = None", "withvalues": "Literal[False] = False"}, "T | None"
                ),
                Overload({"count": "int", "withvalues": "Literal[False] = False"}, "list[T]"),
                Overload({"count": "int", "withvalues": "Literal[True]"}, "list[tuple[T, T]]"),
            ),
        ),
        Method(
            "HSCAN",
            (
                key(),
                integer("cursor", "0, or what the last call has returned.", default="0"),
                *scan_options(),
                flag("no_values", "NOVALUES", "return the fields only."),
            ),
            Returns(
                "tuple[int, dict[T, T]] | tuple[int, list[T]]",
                "scan_fields",
                "the next cursor, which is 0 at the end; fields and values.",
            ),
            "Return some of the fields of a hash, and where to go on.",
            variants=(Variant("no_values", "NOVALUES", "scan"),),
            overloads=by_flag("no_values", "tuple[int, dict[T, T]]", "tuple[int, list[T]]"),
        ),
        Method(
            "HSET",
            (key(), _MAPPING, written("*pairs")),
            INT("how many fields are new."),
            "Set fields of a hash.",
        ),
        Method(
            "HSETEX",
            (
                key(),
                _MAPPING,
                exclusive("nx", "xx", flags=("nx", "xx")),
                exclusive("fnx", "fxx", flags=("fnx", "fxx")),
                *_SET_EXPIRY,
                flag("nx", doc="only if there is no such hash."),
                flag("xx", doc="only if there is such a hash."),
                flag("fnx", doc="only if none of the fields is there."),
                flag("fxx", doc="only if all of the fields are there."),
                Shape(append=('request += (b"FIELDS", len(pairs) // 2, *pairs)',)),
            ),
            BOOL("whether they were set."),
            "Set fields of a hash that expire.",
        ),
        Method(
            "HSETNX",
            (key(), value("key"), value()),
            BOOL("whether it was set."),
            "Set a field if it is not there.",
        ),
        Method(
            "HSTRLEN",
            (key(), value("key")),
            INT,
            "Return the length of a field's value in bytes; 0 without one.",
        ),
        Method("HVALS", (key(),), TEXTS, "Return all values of a hash."),
    ),
)

HASH_EXPIRY = Group(
    "hash_expiry",
    "When fields of hashes expire",
    (
        Method(
            "HEXPIRE",
            (key(), time_span("seconds", "as_seconds"), *expiry_condition(), *fields()),
            INTS(_SET),
            "Have fields of a hash expire.",
        ),
        Method(
            "HEXPIREAT",
            (key(), moment("unix_time_seconds", "unix_seconds"), *expiry_condition(), *fields()),
            INTS(_SET),
            "Have fields of a hash expire at a point in time.",
        ),
        Method(
            "HEXPIRETIME",
            (key("key"), *only_fields()),
            INTS("Unix times in seconds; " + _GONE),
            "Return when fields of a hash expire.",
        ),
        Method(
            "HPERSIST",
            (key(), *only_fields()),
            INTS("for each field 1: done, -1: it never expired, -2: no such field."),
            "Have fields of a hash never expire.",
        ),
        Method(
            "HPEXPIRE",
            (key(), time_span("milliseconds", "as_milliseconds"), *expiry_condition(), *fields()),
            INTS(_SET),
            "Have fields of a hash expire.",
        ),
        Method(
            "HPEXPIREAT",
            (
                key(),
                moment("unix_time_milliseconds", "unix_milliseconds"),
                *expiry_condition(),
                *fields(),
            ),
            INTS(_SET),
            "Have fields of a hash expire at a point in time.",
        ),
        Method(
            "HPEXPIRETIME",
            (key("key"), *only_fields()),
            INTS("Unix times in milliseconds; " + _GONE),
            "Return when fields of a hash expire.",
        ),
        Method(
            "HPTTL",
            (key("key"), *only_fields()),
            INTS("in milliseconds; " + _GONE),
            "Return how long fields of a hash will live.",
        ),
        Method(
            "HTTL",
            (key("key"), *only_fields()),
            INTS("in seconds; " + _GONE),
            "Return how long fields of a hash will live.",
        ),
    ),
)
