"""Commands that steer a server, and its access control."""

from __future__ import annotations

from ..arguments import (
    check,
    exclusive,
    flag,
    integer,
    key,
    many,
    option,
    text,
    together,
    value,
    word,
)
from ..methods import Group, LeftOut, Method, Variant
from ..returns import (
    ANY,
    INT,
    NOTHING,
    STR,
    STRS,
    TEXT,
    TEXTS,
    Returns,
)
from ..shapes import Declared, Shape

__all__ = ["ACCESS", "MODULES", "SERVERS"]

_asynchronous = Shape(
    (Declared("asynchronous", "bool", "False", "named"),),
    append=('if asynchronous:\n    request.append(b"ASYNC")',),
    docs=(("asynchronous", "give their memory back later, in the background."),),
)


def primary(command: str, details: str = "") -> Method:
    """``REPLICAOF host port`` or ``REPLICAOF NO ONE``."""
    return Method(
        command,
        (
            together("host", "port"),
            Shape(
                (Declared("host", "str | None", "None"), Declared("port", "int | None", "None")),
                append=(
                    (
                        'if host is None or port is None:\n    request += (b"NO", b"ONE")\n'
                        "else:\n    request += (host, port)"
                    ),
                ),
                docs=(("host", "without it, and ``port``, the server becomes a primary."),),
            ),
        ),
        NOTHING,
        "Make the server a replica of another one, or a primary.",
        details=details,
    )


SERVERS = Group(
    "servers",
    "Servers",
    (
        Method(
            "BGREWRITEAOF",
            (),
            STR("what is being done about it."),
            "Write the append-only file anew, in the background.",
        ),
        Method(
            "BGSAVE",
            (
                exclusive("schedule", "cancel", flags=("schedule", "cancel")),
                flag("schedule", doc="if that is not possible now, then later."),
                flag("cancel", doc="end one that runs or is scheduled."),
            ),
            STR("what is being done about it."),
            "Save the data, in the background.",
        ),
        Method(
            "CONFIG GET",
            (many("pattern", "Key", 'such as ``"maxmemory*"``.'),),
            Returns("dict[str, T]", "named"),
            "Return settings.",
        ),
        Method("CONFIG HELP", (), TEXTS, "Return what there is to say of ``CONFIG``."),
        Method("CONFIG RESETSTAT", (), NOTHING, "Set the statistics of ``INFO`` back to 0."),
        Method(
            "CONFIG REWRITE",
            (),
            NOTHING,
            "Write the settings to the configuration file.",
            raises=(("RedisError", "there is none, or it cannot be written."),),
        ),
        Method(
            "CONFIG SET",
            (
                key("name"),
                value(),
                Shape(
                    (Declared("args", "Value", kind="star"),),
                    prepare=(
                        'if len(args) % 2:\n    raise ValueError("the last setting has no value")',
                    ),
                    parts=("*args",),
                    docs=(("args", "more of them: names and values by turns."),),
                    mistakes=("there is a setting without a value",),
                ),
            ),
            NOTHING,
            "Change settings, all of them or none.",
        ),
        Method("DBSIZE", (), INT, "Count the keys of this database."),
        Method(
            "DEBUG",
            (many("args", "Value"),),
            ANY("as the protocol has it."),
            "Do something for the server's own tests, if it is allowed.",
        ),
        Method(
            "FAILOVER",
            (
                together("host", "port"),
                check(
                    "force and (host is None or timeout is None)",
                    "force needs host, port and timeout",
                    "there is ``force`` without what it needs",
                ),
                check(
                    "abort and (host is not None or timeout is not None)",
                    "abort stands alone",
                    "there is ``abort`` with anything else",
                ),
                Shape(
                    (
                        Declared("host", "str | None", "None"),
                        Declared("port", "int | None", "None"),
                    ),
                    docs=(("host", "the replica that takes over; any, if not said."),),
                ),
                Shape(
                    (Declared("timeout", "int | None", "None"),),
                    docs=(("timeout", "how long to wait for it, in milliseconds."),),
                ),
                Shape(
                    (
                        Declared("force", "bool", "False", "named"),
                        Declared("abort", "bool", "False", "named"),
                    ),
                    append=(
                        (
                            "if host is not None and port is not None:\n"
                            '    request += (b"TO", host, port)\n'
                            '    if force:\n        request.append(b"FORCE")'
                        ),
                        'if abort:\n    request.append(b"ABORT")',
                        (
                            'if timeout is not None:\n    at_least("timeout", timeout, 1)\n'
                            '    request += (b"TIMEOUT", timeout)'
                        ),
                    ),
                    docs=(
                        ("force", "when the time is over, do it anyway; some writes are lost."),
                        ("abort", "end one that is going on."),
                    ),
                    mistakes=("``timeout`` is less than 1",),
                ),
            ),
            NOTHING,
            "Have a replica take over from this server.",
        ),
        Method("FLUSHALL", (_asynchronous,), NOTHING, "Delete all keys of all databases."),
        Method("FLUSHDB", (_asynchronous,), NOTHING, "Delete all keys of this database."),
        Method(
            "INFO",
            (
                Shape(
                    (
                        Declared("section", "str | None", "None"),
                        Declared("args", "str", kind="star"),
                    ),
                    append=("if section is not None:\n    request += (section, *args)",),
                    docs=(
                        ("section", 'such as ``"memory"``; the most important ones if not said.'),
                        ("args", "more sections."),
                    ),
                ),
            ),
            Returns("dict[str, Any]", "info", "numbers as such, lists of them as dicts."),
            "Return what there is to know of the server.",
        ),
        Method(
            "LASTSAVE", (), INT("Unix time in seconds."), "Return when the data was last saved."
        ),
        primary("REPLICAOF"),
        Method("ROLE", (), Returns("Role", "role"), "Return what the server is in a replication."),
        Method("SAVE", (), NOTHING, "Save the data; the server does nothing else meanwhile."),
        Method(
            "SHUTDOWN",
            (
                exclusive("save", "nosave", flags=("save", "nosave")),
                check(
                    "abort and (save or nosave or now or force or safe or failover)",
                    "abort stands alone",
                    "there is ``abort`` with anything else",
                ),
                flag("save", doc="save the data, even if no saving is configured."),
                flag("nosave", doc="do not save the data."),
                flag("now", doc="do not wait for replicas."),
                flag("force", doc="even if the data cannot be saved."),
                flag("safe", doc="not while it would lose slots of a cluster."),
                flag("failover", doc="hand over to a replica before, in a cluster."),
                flag("abort", doc="stay: end a shutdown that is going on."),
            ),
            NOTHING,
            "End the server.",
            details="It is over when the server has closed the connection.",
            raises=(("RedisError", "the server stays, and says why."),),
            is_pipelined=False,
            ends_connection=True,
        ),
        primary("SLAVEOF"),
        Method(
            "SWAPDB",
            (integer("first", least=0), integer("second", least=0)),
            NOTHING,
            "Have two databases change places.",
        ),
        Method(
            "TIME",
            (),
            Returns("tuple[int, int]", "time", "Unix time in seconds, and microseconds."),
            "Return the server's time.",
        ),
    ),
    left_out=(
        LeftOut("MONITOR", "has no end: :meth:`~trio_helianthus.redis.Redis.monitor`"),
        LeftOut("PSYNC", "makes the connection a replica's"),
        LeftOut("REPLCONF", "is said by replicas"),
        LeftOut("SYNC", "makes the connection a replica's"),
    ),
)

_user = text("username")
_list_of = "list[dict[str, Any]]"

ACCESS = Group(
    "access",
    "Access control",
    (
        Method(
            "ACL CAT",
            (option("category", "", "str", "return the commands that are in it."),),
            STRS,
            "Return the categories of commands.",
        ),
        Method(
            "ACL DELUSER",
            (many("username", "str"),),
            INT("how many there were."),
            "Delete users, and close their connections.",
        ),
        Method(
            "ACL DRYRUN",
            (_user, many("args", "Value", "a command, with its arguments.")),
            Returns("str | None", "dry_run", "``None`` if it is allowed; else why it is not."),
            "Return whether a user may run a command, without running it.",
        ),
        Method(
            "ACL GENPASS",
            (option("bits", "", "int", "how many bits; 256 if not said.", least=1),),
            STR("hexadecimal digits."),
            "Make a password that nobody can guess.",
        ),
        Method(
            "ACL GETUSER",
            (_user,),
            Returns("dict[str, Any] | None", "access_rules", "``None`` if there is none."),
            "Return what a user may do.",
        ),
        Method("ACL HELP", (), TEXTS, "Return what there is to say of ``ACL``."),
        Method("ACL LIST", (), TEXTS, "Return all users, as the file of users has them."),
        Method(
            "ACL LOAD",
            (),
            NOTHING,
            "Read the file of users again.",
            raises=(("RedisError", "there is none, or it has a mistake."),),
        ),
        Method(
            "ACL LOG",
            (option("count", "", "int", "how many; 10 if not said.", least=0),),
            Returns(_list_of, "access_log"),
            "Return what was not allowed of late.",
        ),
        Method(
            "ACL LOG",
            (word("RESET"),),
            NOTHING,
            "Forget what was not allowed.",
            name="acl_log_reset",
            variants=(Variant("", "RESET", "no_value"),),
        ),
        Method(
            "ACL SAVE",
            (),
            NOTHING,
            "Write the file of users.",
            raises=(("RedisError", "there is none configured."),),
        ),
        Method(
            "ACL SETUSER",
            (
                _user,
                many(
                    "rules",
                    "str",
                    'such as ``"on"``, ``"+@read"``, ``"~cache:*"``, ``">password"``.',
                    least=0,
                ),
            ),
            NOTHING,
            "Make a user, or change what one may do.",
        ),
        Method("ACL USERS", (), TEXTS, "Return the names of all users."),
        Method("ACL WHOAMI", (), TEXT, "Return the name of the user that the connection has."),
    ),
)

_ARGS = many("args", "Value", "arguments of the module.", least=0)

MODULES = Group(
    "modules",
    "Modules",
    (
        Method("MODULE HELP", (), TEXTS, "Return what there is to say of ``MODULE``."),
        Method(
            "MODULE LIST", (), Returns(_list_of, "modules"), "Return the modules that are loaded."
        ),
        Method("MODULE LOAD", (text("path"), _ARGS), NOTHING, "Load a module, if it is allowed."),
        Method(
            "MODULE LOADEX",
            (
                text("path"),
                Shape(
                    (Declared("options", "Mapping[str, Value] | None", "None"),),
                    append=(
                        'for pair in (options or {}).items():\n    request += (b"CONFIG", *pair)',
                    ),
                    docs=(("options", "settings of the module."),),
                ),
                Shape(
                    (Declared("args", "Iterable[Value]", "()"),),
                    append=(
                        "arguments = list(args)",
                        'if arguments:\n    request += (b"ARGS", *arguments)',
                    ),
                    docs=(("args", "arguments of the module."),),
                ),
            ),
            NOTHING,
            "Load a module with settings, if it is allowed.",
        ),
        Method("MODULE UNLOAD", (text("name"),), NOTHING, "Unload a module."),
    ),
)
