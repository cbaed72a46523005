"""Commands that look at what a server does, and at its commands."""

from __future__ import annotations

from ..arguments import (
    choice,
    exclusive,
    integer,
    key,
    many,
    option,
    text,
)
from ..methods import Group, Method
from ..returns import INT, INT_OR_NONE, NOTHING, STR, STRS, TEXTS, Returns
from ..shapes import Declared, Shape

__all__ = ["COMMANDS", "DIAGNOSTICS"]

_LOG = "list[LoggedCommand[T]]"
_KINDS = ("SLOW", "LARGE-REQUEST", "LARGE-REPLY")
_kind = choice("kind", *_KINDS, doc="which of the three logs.")
_events = many("events", "str", 'names, such as ``"fork"``; all if not said.', least=0)

DIAGNOSTICS = Group(
    "diagnostics",
    "Diagnostics",
    (
        Method(
            "COMMANDLOG GET",
            (integer("count", "how many; -1: all.", least=-1), _kind),
            Returns(_LOG, "logged_commands"),
            "Return the last entries of a log of commands.",
        ),
        Method("COMMANDLOG HELP", (), TEXTS, "Return what there is to say of ``COMMANDLOG``."),
        Method("COMMANDLOG LEN", (_kind,), INT, "Count the entries of a log of commands."),
        Method("COMMANDLOG RESET", (_kind,), NOTHING, "Delete the entries of a log of commands."),
        Method("LATENCY DOCTOR", (), STR, "Return what may make the server slow, for people."),
        Method("LATENCY GRAPH", (text("event"),), STR, "Draw the latencies of an event."),
        Method("LATENCY HELP", (), TEXTS, "Return what there is to say of ``LATENCY``."),
        Method(
            "LATENCY HISTOGRAM",
            (many("commands", "str", "all if not said.", least=0),),
            Returns(
                "dict[str, dict[str, Any]]",
                "latency_histograms",
                "of each command ``calls`` and ``histogram_usec``.",
            ),
            "Return how long commands take.",
        ),
        Method(
            "LATENCY HISTORY",
            (text("event"),),
            Returns(
                "list[tuple[int, int]]", "event_times", "Unix times in seconds, and milliseconds."
            ),
            "Return when an event was slow.",
        ),
        Method(
            "LATENCY LATEST",
            (),
            Returns(
                "list[tuple[Any, ...]]",
                "latencies",
                "name, Unix time in seconds of the last, its and the longest latency in "
                "milliseconds, and what else the server adds.",
            ),
            "Return of each event when it was slow.",
        ),
        Method(
            "LATENCY RESET",
            (_events,),
            INT("how many were forgotten."),
            "Forget when events were slow.",
        ),
        Method(
            "LOLWUT",
            (
                Shape(
                    (Declared("version_numbers", "int", kind="star"),),
                    append=('if version_numbers:\n    request += (b"VERSION", *version_numbers)',),
                    docs=(
                        (
                            "version_numbers",
                            "of the server whose picture it is, and what that takes.",
                        ),
                    ),
                ),
            ),
            STR,
            "Return a picture made of letters, and the server's version.",
        ),
        Method("MEMORY DOCTOR", (), STR, "Return what may be wrong with memory, for people."),
        Method("MEMORY HELP", (), TEXTS, "Return what there is to say of ``MEMORY``."),
        Method("MEMORY MALLOC-STATS", (), STR, "Return what the allocator says."),
        Method("MEMORY PURGE", (), NOTHING, "Have the allocator give memory back."),
        Method(
            "MEMORY STATS",
            (),
            Returns("dict[str, Any]", "memory_stats"),
            "Return what memory is used for.",
        ),
        Method(
            "MEMORY USAGE",
            (
                key("key"),
                option("samples", "SAMPLES", "int", "how many items to look at; 0: all.", least=0),
            ),
            INT_OR_NONE("in bytes; ``None`` if it is not there."),
            "Estimate how much memory a key takes.",
        ),
        Method(
            "SLOWLOG GET",
            (option("num", "", "int", "how many; -1: all; 10 if not said.", least=-1),),
            Returns(_LOG, "logged_commands"),
            "Return the last commands that took long.",
        ),
        Method("SLOWLOG HELP", (), TEXTS, "Return what there is to say of ``SLOWLOG``."),
        Method("SLOWLOG LEN", (), INT, "Count the commands that took long."),
        Method("SLOWLOG RESET", (), NOTHING, "Forget the commands that took long."),
    ),
)

_INFOS = Returns("dict[str, dict[str, Any]]", "command_infos", "by name; subcommands inside.")
_names = many("names", "str", 'such as ``"get"`` or ``"config|get"``; all if not said.', least=0)

COMMANDS = Group(
    "command_infos",
    "What the server says of its commands",
    (
        Method("COMMAND", (), _INFOS, "Return what there is to know of all commands."),
        Method("COMMAND COUNT", (), INT, "Count the commands."),
        Method(
            "COMMAND DOCS",
            (_names,),
            Returns("dict[str, dict[str, Any]]", "command_docs"),
            "Return what commands are for.",
        ),
        Method(
            "COMMAND GETKEYS",
            (many("args", "Value", "a command, with its arguments."),),
            TEXTS,
            "Return the keys of a command.",
        ),
        Method(
            "COMMAND GETKEYSANDFLAGS",
            (many("args", "Value", "a command, with its arguments."),),
            Returns("list[tuple[T, list[str]]]", "keys_and_flags"),
            "Return the keys of a command, and how it uses each.",
        ),
        Method("COMMAND HELP", (), TEXTS, "Return what there is to say of ``COMMAND``."),
        Method(
            "COMMAND INFO",
            (_names,),
            _INFOS,
            "Return what there is to know of commands; what is none is left out.",
        ),
        Method(
            "COMMAND LIST",
            (
                exclusive("module", "category", "pattern"),
                option("module", 'FILTERBY", b"MODULE', "str", "only those of that module."),
                option("category", 'FILTERBY", b"ACLCAT', "str", "only those of that category."),
                option("pattern", 'FILTERBY", b"PATTERN', "str", "only those that match it."),
            ),
            STRS,
            "Return the names of all commands.",
        ),
    ),
)
