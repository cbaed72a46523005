"""Keyspace notifications: what happens to keys, as the server tells it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

from trio_helianthus.errors import LocalProtocolError, RedisError

from ._messages import KeyEvent
from ._subscription import RedisSubscription

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ._command_runner import CommandRunner
    from ._messages import Message

__all__ = ["KeyspaceSubscription"]

T = TypeVar("T", bytes, str)
_CHANNEL: Final = re.compile(rb"__keyspace@([0-9]+)__:(.*)", re.DOTALL)
_SETTING: Final = "notify-keyspace-events"


class KeyspaceSubscription(RedisSubscription[KeyEvent[T]]):
    """Receives what happens to keys; made by :meth:`Redis.subscribe_keyspace`."""


def channel_pattern(db: int | None, pattern: bytes) -> bytes:
    """Return the pattern of channels that tell of keys; ``None``: of all databases."""
    return b"__keyspace@%b__:%b" % (b"*" if db is None else b"%d" % db, pattern)


def event_maker(
    events: Iterable[str] | None, *, is_text: bool
) -> Callable[[Message[Any]], KeyEvent[Any] | None]:
    """Return what makes an event of a message, or nothing where it is not asked for."""
    if isinstance(events, str):
        raise TypeError("events are a list, not one string")
    wanted = None if events is None else frozenset(events)

    def make(message: Message[Any]) -> KeyEvent[Any] | None:
        channel, data = message.channel, message.data
        if isinstance(channel, str):
            channel = channel.encode(errors="surrogateescape")
        match = _CHANNEL.fullmatch(channel)
        event = data if isinstance(data, str) else data.decode(errors="replace")
        if match is None or (wanted is not None and event not in wanted):
            return None
        key = match[2].decode(errors="surrogateescape") if is_text else match[2]
        return KeyEvent(key, event, int(match[1]))

    return make


async def check_setting(runner: CommandRunner[Any], *, configure: bool) -> None:
    """Find out whether the server tells of keys, and have it do so if that is wanted.

    :raises LocalProtocolError: it does not.
    """
    from ._finishing import find_command

    async def run(*args: str) -> Any:
        return await runner._run(find_command(args), args, None, None)

    try:
        answer = await run("CONFIG", "GET", _SETTING)
    except RedisError:
        return  # not every user may ask, and not every service lets one
    value = list(answer.values() if isinstance(answer, dict) else answer[1:])
    flags = value[0] if value else ""
    flags = flags.decode() if isinstance(flags, bytes) else str(flags)
    missing = "" if "K" in flags else "K"
    if not set(flags) - set("KE"):
        missing += "A"
    if not missing:
        return
    if not configure:
        raise LocalProtocolError(
            f"the server does not tell of keys: {_SETTING} is {flags!r}; set it, to 'KA' for"
            " instance, or give configure=True"
        )
    await run("CONFIG", "SET", _SETTING, flags + missing)
