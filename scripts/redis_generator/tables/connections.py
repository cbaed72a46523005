"""Commands for connections: what any has, and what changes the one that they are sent on."""

from __future__ import annotations

from ..arguments import (
    choice,
    flag,
    integer,
    many,
    option,
    options,
    text,
    value,
)
from ..methods import Group, LeftOut, Method, Variant, by_option
from ..returns import BOOL, INT, NOTHING, TEXT, TEXTS, Returns
from ..shapes import Declared, Shape

__all__ = ["CONNECTIONS", "SESSIONS"]

_TYPES = ("normal", "primary", "replica", "pubsub", "master", "slave")
_OWN = ":meth:`~trio_helianthus.redis.Redis.connection` lends one"


def _yes_or_no(name: str, token: str, doc: str) -> Shape:
    return Shape(
        (Declared(name, "bool | None", "None"),),
        append=(
            f'if {name} is not None:\n    request += (b"{token}", b"YES" if {name} else b"NO")',
        ),
        docs=((name, doc),),
    )


def _filters(*, types: str) -> tuple[Shape, ...]:
    """What connections are chosen by."""
    names = (
        ("user", "USER", "str", "only those of that user."),
        ("addr", "ADDR", "str", "only that one: ``host:port``."),
        ("laddr", "LADDR", "str", "only those to that address of the server: ``host:port``."),
    )
    more = (
        ("name", "NAME", "str", "only those with that name."),
        ("idle", "IDLE", "int", "only those that were idle for so many seconds."),
        ("flags", "FLAGS", "str", "only those that have all these flags."),
        ("lib_name", "LIB-NAME", "str", "only those of that library."),
        ("lib_ver", "LIB-VER", "str", "only those of that version of a library."),
        ("db", "DB", "int", "only those to that database."),
        ("capa", "CAPA", "str", "only those that claim these capabilities."),
        ("ip", "IP", "str", "only those from that address."),
        ("not_id", "NOT-ID", "", "not these."),
        ("not_type", "NOT-TYPE", types, "not those of that type."),
        ("not_user", "NOT-USER", "str", "not those of that user."),
        ("not_addr", "NOT-ADDR", "str", "not that one."),
        ("not_laddr", "NOT-LADDR", "str", "not those to that address of the server."),
        ("not_name", "NOT-NAME", "str", "not those with that name."),
        ("not_flags", "NOT-FLAGS", "str", "not those that have all these flags."),
        ("not_lib_name", "NOT-LIB-NAME", "str", "not those of that library."),
        ("not_lib_ver", "NOT-LIB-VER", "str", "not those of that version of a library."),
        ("not_db", "NOT-DB", "int", "not those to that database."),
        ("not_capa", "NOT-CAPA", "str", "not those that claim these capabilities."),
        ("not_ip", "NOT-IP", "str", "not those from that address."),
    )

    def shape(name: str, token: str, kind: str, doc: str) -> Shape:
        if not kind:
            return options(name, token, "int", doc, each=False)
        return option(name, token, kind, doc)

    return (
        *(shape(*each) for each in names),
        _yes_or_no("skipme", "SKIPME", "not the connection that asks."),
        option("maxage", "MAXAGE", "int", "only those that are older, in seconds.", least=0),
        Shape(
            (Declared("name", "str | None", "None", "named"),),
            append=('if name is not None:\n    request += (b"NAME", name)',),
            docs=(("name", "only those with that name."),),
        ),
        *(shape(*each) for each in more[1:]),
    )


_type = option(
    "_type",
    "TYPE",
    "str",
    "only those of a type: ``normal``, ``primary``, ``replica``, ``pubsub``.",
)

CONNECTIONS = Group(
    "connections",
    "Connections",
    (
        Method(
            "CLIENT GETNAME",
            (),
            Returns("T | None"),
            "Return the name of the connection; ``None`` if it has none.",
        ),
        Method(
            "CLIENT GETREDIR",
            (),
            INT("its ID; 0: to this one, -1: there is no tracking."),
            "Return the connection that invalidations go to.",
        ),
        Method("CLIENT HELP", (), TEXTS, "Return what there is to say of ``CLIENT``."),
        Method(
            "CLIENT ID",
            (),
            INT,
            "Return the server's number for the connection that the command was sent on.",
        ),
        Method(
            "CLIENT INFO",
            (),
            Returns("dict[str, str]", "client_info"),
            "Return what the server knows of the connection.",
        ),
        Method(
            "CLIENT KILL",
            (text("address", "``host:port``."),),
            NOTHING,
            "Close a connection.",
            raises=(("RedisError", "there is none from there."),),
        ),
        Method(
            "CLIENT KILL",
            (
                options("_id", "ID", "int", "only these.", each=False),
                _type,
                *_filters(types="str"),
                Shape(
                    append=(
                        'if len(request) == 2:\n    raise ValueError("say which connections")',
                    ),
                    mistakes=("nothing says which",),
                ),
            ),
            INT("how many."),
            "Close connections.",
            name="client_kill_filter",
            variants=(Variant("", "FILTER"),),
        ),
        Method(
            "CLIENT LIST",
            (
                _type,
                options("client_id", "ID", "int", "only these.", each=False),
                *_filters(types="str"),
            ),
            Returns("list[dict[str, str]]", "client_list"),
            "Return all connections.",
        ),
        Method(
            "CLIENT PAUSE",
            (
                integer("timeout", "for how long, in milliseconds.", least=0),
                Shape(
                    (Declared("all", "bool", "True", "named"),),
                    append=('request.append(b"ALL" if all else b"WRITE")',),
                    docs=(("all", "all commands; else only those that write."),),
                ),
            ),
            NOTHING,
            "Have the server let clients wait.",
        ),
        Method(
            "CLIENT TRACKINGINFO",
            (),
            Returns("dict[str, Any]", "tracking_info"),
            "Return what the server tracks for the connection.",
        ),
        Method(
            "CLIENT UNBLOCK",
            (
                integer("client_id"),
                flag("error", "ERROR", "have its command fail (``UNBLOCKED``), not time out."),
            ),
            BOOL("whether it was waiting."),
            "End the waiting of another connection.",
        ),
        Method("CLIENT UNPAUSE", (), NOTHING, "Have the server let clients wait no more."),
        Method("ECHO", (value(),), TEXT, "Return what was sent."),
        Method(
            "PING",
            (option("message", "", "Value", "what is to come back."),),
            Returns("bool | T", "is_something", "``True``, or the message."),
            "Return as soon as the server answers.",
            variants=(Variant("message is not None", "MESSAGE"),),
            overloads=by_option("message", "Value", "bool", "T"),
        ),
    ),
    left_out=(
        LeftOut("CLIENT REPLY", "lets commands have no answers"),
        LeftOut("HELLO", "is said by :func:`~trio_helianthus.redis.open_client`"),
        LeftOut("QUIT", "is not needed: a connection is closed"),
        LeftOut("RESET", "undoes what :func:`~trio_helianthus.redis.open_client` has agreed on"),
    ),
)


def _switch(command: str, summary: str) -> Method:
    return Method(command, (choice("mode", "ON", "OFF"),), NOTHING, summary)


def _tracking(name: str, *before: Shape, summary: str) -> Method:
    return Method(
        "CLIENT TRACKING",
        (
            *before,
            option("clientid", "REDIRECT", "int", "send them to that connection."),
            options("prefix", "PREFIX", "Key", "with ``bcast``: only keys that begin so."),
            flag("bcast", doc="tell of all keys, not only of those that were read."),
            flag("optin", doc="track only what follows :meth:`client_caching`."),
            flag("optout", doc="do not track what follows :meth:`client_caching`."),
            flag("noloop", doc="do not tell of what this connection has changed."),
        ),
        NOTHING,
        summary,
        name=name,
    )


SESSIONS = Group(
    "sessions",
    "Lent connections",
    (
        Method("ASKING", (), NOTHING, "Say that the next command follows an ``ASK`` redirection."),
        Method(
            "AUTH",
            (
                text("password"),
                Shape(
                    (Declared("username", "str | None", "None"),),
                    append=("if username is not None:\n    request.insert(1, username)",),
                    docs=(("username", "``default`` if not said."),),
                ),
            ),
            NOTHING,
            "Log in as another user.",
            raises=(("RedisAuthenticationError", "name or password are wrong."),),
        ),
        Method(
            "CLIENT CACHING",
            (Shape((Declared("on", "bool"),), parts=('b"YES" if on else b"NO"',)),),
            NOTHING,
            "Say whether the keys of the next command are tracked.",
        ),
        Method(
            "CLIENT CAPA",
            (many("capabilities", "str", 'such as ``"redirect"``.'),),
            NOTHING,
            "Say what this client can do.",
        ),
        _switch("CLIENT IMPORT-SOURCE", "Say whether this connection imports data."),
        _switch("CLIENT NO-EVICT", "Say whether the connection stays when memory is short."),
        _switch("CLIENT NO-TOUCH", "Say whether reading keys does not count as using them."),
        Method(
            "CLIENT SETINFO",
            (choice("attr", "LIB-NAME", "LIB-VER"), text("value")),
            NOTHING,
            "Say which library this client is.",
        ),
        Method("CLIENT SETNAME", (text("name"),), NOTHING, "Give the connection a name."),
        _tracking(
            "client_tracking",
            Shape((Declared("on", "bool", "True"),), parts=('b"ON" if on else b"OFF"',)),
            summary="Have the server tell when keys change that were read.",
        ),
        Method("READONLY", (), NOTHING, "Say that this connection to a replica only reads."),
        Method("READWRITE", (), NOTHING, "Take back :meth:`readonly`."),
        Method("SELECT", (integer("index", least=0),), NOTHING, "Change to another database."),
        Method(
            "WAIT",
            (
                integer("num_replicas", least=0),
                integer("timeout", "how long, in milliseconds; 0: for ever.", least=0),
            ),
            INT("how many have it."),
            "Wait until replicas have what this connection has written.",
        ),
        Method(
            "WAITAOF",
            (
                integer("num_local", "0 or 1: whether this server is meant.", least=0),
                integer("num_replicas", least=0),
                integer("timeout", "how long, in milliseconds; 0: for ever.", least=0),
            ),
            Returns("tuple[int, int]", "pair", "how many have it: this server, and replicas."),
            "Wait until what this connection has written is on disks.",
        ),
    ),
    is_stateful=True,
    left_out=(
        LeftOut("DISCARD", "ends a transaction: :meth:`~trio_helianthus.redis.Redis.transaction`"),
        LeftOut(
            "EXEC",
            "ends a transaction: :meth:`~trio_helianthus.redis.Redis.pipeline`, "
            ":meth:`~trio_helianthus.redis.Redis.transaction`",
        ),
        LeftOut(
            "MULTI",
            "begins a transaction: :meth:`~trio_helianthus.redis.Redis.pipeline`, "
            ":meth:`~trio_helianthus.redis.Redis.transaction`",
        ),
        LeftOut("UNWATCH", "is part of :meth:`~trio_helianthus.redis.Redis.transaction`"),
        LeftOut("WATCH", "is part of :meth:`~trio_helianthus.redis.Redis.transaction`"),
    ),
)
