"""Commands for keys of any type."""

from __future__ import annotations

from ..arguments import (
    check,
    flag,
    integer,
    key,
    many,
    moment,
    option,
    options,
    plain,
    text,
    time_span,
    together,
)
from ..methods import Group, Method
from ..returns import (
    BOOL,
    BYTES_OR_NONE,
    INT,
    INT_OR_NONE,
    NOTHING,
    TEXT,
    TEXT_OR_NONE,
    TEXTS,
    Returns,
)
from ..shapes import Declared, Shape

__all__ = ["EXPIRY", "KEYS", "expiry_condition", "scan_options"]


def expiry_condition() -> tuple[Shape, ...]:
    """When an expiry is set."""
    return (
        check(
            "nx and (xx or gt or lt)",
            "nx excludes xx, gt and lt",
            "there is ``nx`` with another condition",
        ),
        check("gt and lt", "gt and lt exclude each other", "there are both ``gt`` and ``lt``"),
        flag("nx", doc="only if it never expires now."),
        flag("xx", doc="only if it expires now."),
        flag("gt", doc="only if that is later than now."),
        flag("lt", doc="only if that is sooner than now."),
    )


def scan_options(*, types: bool = False) -> tuple[Shape, ...]:
    """What all scans take."""
    shapes = [
        option("match", "MATCH", "Key", 'a pattern, such as ``"user:*"``.'),
        option("count", "COUNT", "int", "how much to look at; about so many are found.", least=1),
    ]
    if types:
        shapes.append(option("_type", "TYPE", "str", 'only keys of that type, such as ``"hash"``.'))
    return tuple(shapes)


_TTL = "-1 if it never expires, -2 if it is not there."
_SORT = (
    together("start", "num"),
    Shape(
        (Declared("start", "int | None", "None"), Declared("num", "int | None", "None")),
        append=(
            'if start is not None and num is not None:\n    request += (b"LIMIT", start, num)',
        ),
        docs=(("start", "leave out so many at the beginning."), ("num", "return so many at most.")),
    ),
    option("by", "BY", "Key", "a pattern of other keys, whose values are sorted by."),
    options("get", "GET", "Key", "patterns of other keys, whose values are returned."),
    flag("desc", doc="the largest first."),
    flag("alpha", doc="sort as text, not as numbers."),
)
_GROUPS = Returns("list[T | None]")

KEYS = Group(
    "keys",
    "Keys of any type",
    (
        Method(
            "COPY",
            (
                key("source"),
                key("destination"),
                option("destination_db", "DB", "int", "a database other than this one.", least=0),
                flag("replace", doc="even if there is something already."),
            ),
            BOOL("whether it was copied."),
            "Copy the value of a key to another key.",
        ),
        Method("DEL", (many("names"),), INT("how many there were."), "Delete keys.", name="delete"),
        Method(
            "DUMP",
            (key(),),
            BYTES_OR_NONE("what :meth:`restore` takes, always as bytes."),
            "Return the value of a key as the server stores it.",
        ),
        Method("EXISTS", (many("names"),), INT, "Count which of the keys are there."),
        Method(
            "KEYS",
            (key("pattern", default='"*"'),),
            TEXTS,
            "Return all keys that match a pattern.",
            details="The server does nothing else meanwhile: :meth:`scan` is better in production.",
        ),
        Method(
            "MIGRATE",
            (
                text("host"),
                integer("port"),
                Shape(
                    (Declared("keys", "Key | Iterable[Key]"),),
                    prepare=('listed = one_or_several("keys", keys)',),
                    parts=('b""',),
                    docs=(("keys", "one, or a list."),),
                    mistakes=("``keys`` is empty",),
                ),
                integer("destination_db", least=0),
                integer("timeout", "how long the other server may be silent, in milliseconds."),
                flag("copy", doc="leave them here, too."),
                flag("replace", doc="even if they are there already."),
                check(
                    "username is not None and auth is None",
                    "username needs auth",
                    "there is ``username`` without ``auth``",
                ),
                Shape(
                    (
                        Declared("auth", "str | None", "None"),
                        Declared("username", "str | None", "None"),
                    ),
                    append=(
                        (
                            "if auth is not None and username is None:\n"
                            '    request += (b"AUTH", auth)\n'
                            "elif auth is not None and username is not None:\n"
                            '    request += (b"AUTH2", username, auth)'
                        ),
                    ),
                    docs=(("auth", "the other server's password."), ("username", "its user.")),
                ),
                Shape(append=('request += (b"KEYS", *listed)',)),
            ),
            Returns("bool", "say_ok", "whether there was anything to move."),
            "Move keys to another server.",
        ),
        Method(
            "MOVE",
            (key(), integer("db", least=0)),
            BOOL("whether it was moved."),
            "Move a key to another database.",
        ),
        Method(
            "OBJECT ENCODING",
            (key("key"),),
            TEXT_OR_NONE("``None`` if it is not there."),
            "Return how the value of a key is stored.",
        ),
        Method(
            "OBJECT FREQ",
            (key("key"),),
            INT_OR_NONE("``None`` if it is not there."),
            "Return how often a key is used, under a policy of least frequent use.",
        ),
        Method("OBJECT HELP", (), TEXTS, "Return what there is to say of ``OBJECT``."),
        Method(
            "OBJECT IDLETIME",
            (key("key"),),
            INT_OR_NONE("in seconds; ``None`` if it is not there."),
            "Return for how long a key was not used.",
        ),
        Method(
            "OBJECT REFCOUNT",
            (key("key"),),
            INT_OR_NONE("``None`` if it is not there."),
            "Return how many references to its value a key has.",
        ),
        Method("RANDOMKEY", (), TEXT_OR_NONE("``None`` if there is none."), "Return any key."),
        Method(
            "RENAME",
            (key("src"), key("dst")),
            NOTHING,
            "Rename a key, whatever the other one was before.",
            raises=(("RedisError", "there is no such key."),),
        ),
        Method(
            "RENAMENX",
            (key("src"), key("dst")),
            BOOL("whether it was renamed."),
            "Rename a key, if the other one is not there.",
            raises=(("RedisError", "there is no such key."),),
        ),
        Method(
            "RESTORE",
            (
                key(),
                integer("ttl", "when it expires, in milliseconds; 0: never.", least=0),
                plain("value", "bytes", "from :meth:`dump`."),
                flag("replace", doc="even if there is something already."),
                flag("absttl", doc="``ttl`` is a Unix time in milliseconds."),
                option(
                    "idletime", "IDLETIME", "int", "for how many seconds it was not used.", least=0
                ),
                option("frequency", "FREQ", "int", "how often it is used, 0 to 255.", least=0),
            ),
            NOTHING,
            "Make a key of what :meth:`dump` has returned.",
            raises=(("RedisError", "``BUSYKEY``: there is something already."),),
        ),
        Method(
            "RESTORE-ASKING",
            (
                key(),
                integer("ttl", "when it expires, in milliseconds; 0: never.", least=0),
                plain("value", "bytes", "from :meth:`dump`."),
                flag("replace", doc="even if there is something already."),
                flag("absttl", doc="``ttl`` is a Unix time in milliseconds."),
                option(
                    "idletime", "IDLETIME", "int", "for how many seconds it was not used.", least=0
                ),
                option("frequency", "FREQ", "int", "how often it is used, 0 to 255.", least=0),
            ),
            NOTHING,
            "Do what :meth:`restore` does, on a cluster's server that imports the slot.",
            details="Servers use it among themselves.",
        ),
        Method(
            "SCAN",
            (
                integer("cursor", "0, or what the last call has returned.", default="0"),
                *scan_options(types=True),
            ),
            Returns(
                "tuple[int, list[T]]",
                "scan",
                "the next cursor, which is 0 at the end; keys, of which there may be none.",
            ),
            "Return some of the keys, and where to go on.",
        ),
        Method(
            "SORT",
            (
                key(),
                *_SORT,
                option("store", "STORE", "Key", "store the result as a list there."),
            ),
            Returns("list[T | None] | int", "", "the items; with ``store`` how many there are."),
            "Sort a list, set or sorted set.",
            overloads=(),
        ),
        Method(
            "SORT_RO",
            (key("key"), *_SORT),
            Returns("list[T | None]"),
            "Sort a list, set or sorted set, without storing the result.",
        ),
        Method("TOUCH", (many("names"),), INT("how many there are."), "Mark keys as used."),
        Method(
            "TYPE",
            (key(),),
            TEXT("``none`` if it is not there."),
            "Return the type of a key, such as ``string`` or ``hash``.",
        ),
        Method(
            "UNLINK",
            (many("names"),),
            INT("how many there were."),
            "Delete keys; their memory is given back later, in the background.",
        ),
    ),
)

EXPIRY = Group(
    "expiry",
    "When keys expire",
    (
        Method(
            "EXPIRE",
            (key(), time_span("time", "as_seconds"), *expiry_condition()),
            BOOL("whether it was set: not if there is no such key."),
            "Have a key expire.",
        ),
        Method(
            "EXPIREAT",
            (key(), moment("when", "unix_seconds"), *expiry_condition()),
            BOOL("whether it was set: not if there is no such key."),
            "Have a key expire at a point in time.",
        ),
        Method(
            "EXPIRETIME",
            (key("key"),),
            INT("Unix time in seconds; " + _TTL),
            "Return when a key expires.",
        ),
        Method(
            "PERSIST", (key(),), BOOL("whether it would have expired."), "Have a key never expire."
        ),
        Method(
            "PEXPIRE",
            (key(), time_span("time", "as_milliseconds"), *expiry_condition()),
            BOOL("whether it was set: not if there is no such key."),
            "Have a key expire.",
        ),
        Method(
            "PEXPIREAT",
            (key(), moment("when", "unix_milliseconds"), *expiry_condition()),
            BOOL("whether it was set: not if there is no such key."),
            "Have a key expire at a point in time.",
        ),
        Method(
            "PEXPIRETIME",
            (key("key"),),
            INT("Unix time in milliseconds; " + _TTL),
            "Return when a key expires.",
        ),
        Method(
            "PTTL", (key(),), INT("in milliseconds; " + _TTL), "Return how long a key will live."
        ),
        Method("TTL", (key(),), INT("in seconds; " + _TTL), "Return how long a key will live."),
    ),
)
