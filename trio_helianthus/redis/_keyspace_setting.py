"""The setting by which servers tell of keys (``notify-keyspace-events``), and what it lacks."""

from __future__ import annotations

from typing import Any, Final

SETTING: Final = "notify-keyspace-events"
"""Its name."""
KEYSPACE: Final = "K"
"""The letter for telling it in channels that are named after keys."""
_EVERYTHING: Final = "A"
_NOT_IN_EVERYTHING: Final = frozenset("mn")
# https://valkey.io/topics/notifications: which letter has which events. Lists, sets, hashes, sorted
# sets and streams call nearly all of theirs after the command, whose first letter it is.
_LETTERS: Final = {
    "expired": "x",
    "evicted": "e",
    "keymiss": "m",
    "new": "n",
    **dict.fromkeys(
        (
            "copy_to",
            "del",
            "expire",
            "move_from",
            "move_to",
            "persist",
            "rename_from",
            "rename_to",
            "restore",
        ),
        "g",
    ),
    **dict.fromkeys(("append", "incrby", "incrbyfloat", "set", "setbit", "setrange"), "$"),
    **dict.fromkeys(("linsert", "lpop", "lpush", "lrem", "lset", "ltrim", "rpop", "rpush"), "l"),
    **dict.fromkeys(("sadd", "spop", "srem"), "s"),
    **dict.fromkeys(("hdel", "hexpire", "hexpired", "hincrby", "hincrbyfloat", "hset"), "h"),
    **dict.fromkeys(("zadd", "zincr", "zrem"), "z"),
    **dict.fromkeys(("xadd", "xdel", "xsetid", "xtrim"), "t"),
}


def missing_letters(setting: str, events: frozenset[str] | None, *, is_certain: bool) -> str:
    """Return what has to be added to a setting so that servers tell of some events.

    :param events: ``None`` for any.
    :param is_certain: count ``n`` as missing also where it may be there: servers do not show it
        beside ``A``.
    """
    present = set(setting)
    if _EVERYTHING in present:
        present |= set(_LETTERS.values()) - _NOT_IN_EVERYTHING
        if not is_certain:
            present.add("n")
    # Nobody knows which letter an event has that is not in the table: any will do.
    needed = set() if events is None else {_LETTERS[each] for each in events if each in _LETTERS}
    missing = "".join(sorted({KEYSPACE, *needed} - present))
    if not needed and not present - {"K", "E"}:
        missing += _EVERYTHING
    return missing


def text_of_setting(answer: Any) -> str:
    """Return the value that ``CONFIG GET`` has answered, in RESP2 or RESP3."""
    match answer:
        case {b"notify-keyspace-events": bytes(value)} | [_, bytes(value)]:
            return value.decode(errors="replace")
        case _:
            return ""
