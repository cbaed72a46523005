"""Commands for scripts, functions and messages."""

from __future__ import annotations

from ..arguments import (
    chosen_option,
    flag,
    key,
    many,
    option,
    plain,
    value,
)
from ..methods import Group, LeftOut, Method
from ..returns import ANY, BOOLS, INT, NOTHING, STR, TEXT, TEXTS, Returns
from ..shapes import Declared, Shape

__all__ = ["FUNCTIONS", "MESSAGES", "SCRIPTS"]

_CODE = "str | bytes"
_KEYS_AND_ARGS = (
    Shape(
        (Declared("numkeys", "int"),),
        prepare=('at_least("numkeys", numkeys, 0)',),
        parts=("numkeys",),
        docs=(("numkeys", "how many keys there are."),),
        mistakes=("``numkeys`` is negative",),
    ),
    Shape(
        (Declared("keys_and_args", "Value", kind="star"),),
        prepare=(
            (
                "if numkeys > len(keys_and_args):\n"
                '    raise ValueError(f"there are only {len(keys_and_args)} keys and args")'
            ),
        ),
        parts=("*keys_and_args",),
        docs=(("keys_and_args", "the keys, then everything else."),),
        mistakes=("there are fewer keys than ``numkeys`` says",),
    ),
)
_RESULT = ANY("what it returns, as the protocol has it.")
_script = plain("script", _CODE, "Lua.")
_sha = plain("sha", "Key", "the script's SHA1, as :meth:`script_load` returns it.")
_ASYNC = chosen_option("mode", "ASYNC", "SYNC", doc="whether to wait for it.")
_SEE = "See :meth:`register_script` for what is easier."

SCRIPTS = Group(
    "scripts",
    "Scripts",
    (
        Method("EVAL", (_script, *_KEYS_AND_ARGS), _RESULT, "Run a Lua script.", details=_SEE),
        Method(
            "EVAL_RO",
            (_script, *_KEYS_AND_ARGS),
            _RESULT,
            "Run a Lua script that writes nothing.",
            details=_SEE,
        ),
        Method(
            "EVALSHA",
            (_sha, *_KEYS_AND_ARGS),
            _RESULT,
            "Run a script that the server has.",
            details=_SEE,
            raises=(("RedisNoScript", "the server has no such script."),),
        ),
        Method(
            "EVALSHA_RO",
            (_sha, *_KEYS_AND_ARGS),
            _RESULT,
            "Run a script that the server has, and that writes nothing.",
            details=_SEE,
            raises=(("RedisNoScript", "the server has no such script."),),
        ),
        Method(
            "SCRIPT EXISTS",
            (many("args", "Key", "SHA1 hashes."),),
            BOOLS,
            "Return of each hash whether the server has its script.",
        ),
        Method(
            "SCRIPT FLUSH",
            (chosen_option("sync_type", "ASYNC", "SYNC", doc="whether to wait for it."),),
            NOTHING,
            "Delete all scripts.",
        ),
        Method("SCRIPT HELP", (), TEXTS, "Return what there is to say of ``SCRIPT``."),
        Method(
            "SCRIPT KILL",
            (),
            NOTHING,
            "End the script that runs, if it has written nothing.",
            raises=(
                ("RedisError", "none runs (``NOTBUSY``), or it has written (``UNKILLABLE``)."),
            ),
        ),
        Method("SCRIPT LOAD", (_script,), STR("its SHA1."), "Have the server keep a script."),
        Method(
            "SCRIPT SHOW",
            (_sha,),
            TEXT,
            "Return the source of a script.",
            raises=(("RedisNoScript", "the server has no such script."),),
        ),
    ),
    left_out=(
        LeftOut("SCRIPT DEBUG", "makes the connection a debugger's, with a protocol of its own"),
    ),
)

_function = key("function")

FUNCTIONS = Group(
    "functions",
    "Functions",
    (
        Method(
            "FCALL",
            (_function, *_KEYS_AND_ARGS),
            _RESULT,
            "Call a function.",
            details="See :meth:`register_library` for what is easier.",
        ),
        Method(
            "FCALL_RO",
            (_function, *_KEYS_AND_ARGS),
            _RESULT,
            "Call a function that writes nothing.",
            details="See :meth:`register_library` for what is easier.",
        ),
        Method(
            "FUNCTION DELETE",
            (key("library"),),
            NOTHING,
            "Delete a library.",
            raises=(("RedisError", "there is none."),),
        ),
        Method(
            "FUNCTION DUMP",
            (),
            Returns("bytes", "", "what :meth:`function_restore` takes, always as bytes."),
            "Return all libraries as the server stores them.",
        ),
        Method("FUNCTION FLUSH", (_ASYNC,), NOTHING, "Delete all libraries."),
        Method("FUNCTION HELP", (), TEXTS, "Return what there is to say of ``FUNCTION``."),
        Method(
            "FUNCTION KILL",
            (),
            NOTHING,
            "End the function that runs, if it has written nothing.",
            raises=(
                ("RedisError", "none runs (``NOTBUSY``), or it has written (``UNKILLABLE``)."),
            ),
        ),
        Method(
            "FUNCTION LIST",
            (
                option("library", "LIBRARYNAME", "Key", "a pattern of names."),
                flag("withcode", doc="return their sources, too."),
            ),
            Returns("list[dict[str, Any]]", "functions"),
            "Return the libraries, and their functions.",
        ),
        Method(
            "FUNCTION LOAD",
            (
                Shape(
                    (Declared("code", "str | bytes"),),
                    docs=(("code", "Lua, beginning with ``#!lua name=<library>``."),),
                ),
                flag("replace", doc="even if there is one of that name."),
                Shape(append=("request.append(code)",)),
            ),
            STR("the library's name."),
            "Load a library of functions.",
        ),
        Method(
            "FUNCTION RESTORE",
            (
                plain("payload", "bytes", "from :meth:`function_dump`."),
                chosen_option(
                    "policy",
                    "FLUSH",
                    "APPEND",
                    "REPLACE",
                    doc="what becomes of libraries that are there: deleted, in the way, or "
                    "replaced where they have the same name.",
                ),
            ),
            NOTHING,
            "Load what :meth:`function_dump` has returned.",
        ),
        Method(
            "FUNCTION STATS",
            (),
            Returns("dict[str, Any]", "functions_state"),
            "Return which function runs, and how many there are.",
        ),
    ),
)

_WHY = "listens to messages: :meth:`~trio_helianthus.redis.Redis.subscribe`"

MESSAGES = Group(
    "messages",
    "Messages",
    (
        Method(
            "PUBLISH",
            (key("channel"), value("message")),
            INT("how many got it; of a cluster, from this server."),
            "Send a message to a channel.",
        ),
        Method(
            "PUBSUB CHANNELS",
            (key("pattern", default='"*"'),),
            TEXTS,
            "Return the channels that somebody listens to.",
        ),
        Method("PUBSUB HELP", (), TEXTS, "Return what there is to say of ``PUBSUB``."),
        Method("PUBSUB NUMPAT", (), INT, "Count the patterns that somebody listens to."),
        Method(
            "PUBSUB NUMSUB",
            (many("args", "Key", "channels.", least=0),),
            Returns("dict[T, int]", "pairs_to_dict"),
            "Count who listens to each channel.",
        ),
        Method(
            "PUBSUB SHARDCHANNELS",
            (key("pattern", default='"*"'),),
            TEXTS,
            "Return the channels of shards that somebody listens to.",
        ),
        Method(
            "PUBSUB SHARDNUMSUB",
            (many("args", "Key", "channels.", least=0),),
            Returns("dict[T, int]", "pairs_to_dict"),
            "Count who listens to each channel of a shard.",
        ),
        Method(
            "SPUBLISH",
            (key("shard_channel"), value("message")),
            INT("how many got it."),
            "Send a message to a channel of a shard.",
        ),
    ),
    left_out=tuple(
        LeftOut(command, _WHY)
        for command in (
            "PSUBSCRIBE",
            "PUNSUBSCRIBE",
            "SSUBSCRIBE",
            "SUBSCRIBE",
            "SUNSUBSCRIBE",
            "UNSUBSCRIBE",
        )
    ),
)
