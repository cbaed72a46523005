"""What the client knows of a command: how it begins, where its keys are, what its answer means."""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import attrs

from ._text import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ._keys import KeySpec
    from ._values import Value

__all__ = ["NO_COMMAND", "Command", "CommandFlag", "RequestPolicy", "ResponsePolicy", "is_blocking"]

RequestPolicy: TypeAlias = Literal["all_nodes", "all_shards", "multi_shard", "special"]
"""Whom a client of a cluster sends a command to, if not to the one server that has its keys."""

ResponsePolicy: TypeAlias = Literal[
    "agg_logical_and",
    "agg_logical_or",
    "agg_max",
    "agg_min",
    "agg_sum",
    "all_succeeded",
    "one_succeeded",
    "special",
]
"""What a client of a cluster makes of the answers of several servers."""


class CommandFlag(IntFlag):
    """What a command does to the connection that it is sent on, and to the data."""

    NONE = 0
    READONLY = 1
    """It changes nothing, so it may be sent again, and to a replica."""
    BLOCKING = 2
    """The server may answer late, and what is behind it later still: it is sent on a connection of
    its own."""
    STATEFUL = 4
    """It changes what the connection is: only for those that :meth:`Redis.connection` lends."""
    ADMIN = 8
    """It steers the server itself."""
    RAW = 16
    """Its answer is binary by nature, and stays bytes where text is asked for."""
    REPEATABLE = 32
    """It changes nothing, but tells of the server itself: it may be sent again, to the same one."""


@attrs.frozen(eq=False)
class Command:
    """A command that the server knows."""

    name: str
    """As in the manual: ``"CLIENT LIST"``."""
    flags: CommandFlag = CommandFlag.NONE
    decode: Callable[[Any], Any] | None = None
    """Makes its answer a natural Python value; ``None``: it is one."""
    decode_text: Callable[[Any], Any] | None = attrs.field(init=False)
    """The same where strings are to be text."""
    words: tuple[bytes, ...] = attrs.field()
    """How its arguments begin."""
    keys: tuple[KeySpec, ...] = ()
    """Where its keys stand; :func:`keys_of` finds them."""
    key_at: int = attrs.field(init=False)
    """Where its only key stands, counted from the command's first word; 0: none; -1: several, or
    they have to be looked for."""
    # Asking an IntFlag for a flag costs more than all else that is done for a command.
    is_readonly: bool = attrs.field(init=False)
    """Whether it changes nothing."""
    is_repeatable: bool = attrs.field(init=False)
    """Whether it may be sent again after a lost connection."""
    may_block: bool = attrs.field(init=False)
    """Whether the server may let its answer wait."""
    is_stateful: bool = attrs.field(init=False)
    """Whether it changes the connection."""
    is_for_sessions: bool = attrs.field(init=False)
    """Whether it is not sent on a shared connection: it blocks, or changes the connection, or is to
    stop what the server does for somebody who may have sent it there."""
    request_policy: RequestPolicy | None = None
    """Of a cluster: whom it is sent to; ``None``: to the server that has the keys, else to any."""
    response_policy: ResponsePolicy | None = None
    """Of a cluster: what is made of several answers; ``None``: each stands for its own keys, or
    they are joined."""

    @decode_text.default
    def _decode_text(self) -> Callable[[Any], Any] | None:
        decode = self.decode
        if self.flags & CommandFlag.RAW:
            return decode
        return as_text if decode is None else lambda answer: decode(as_text(answer))

    @words.default
    def _words(self) -> tuple[bytes, ...]:
        return tuple(self.name.encode().split())

    @key_at.default
    def _key_at(self) -> int:
        if not self.keys:
            return 0
        return self.keys[0].only_at if len(self.keys) == 1 else -1

    @is_readonly.default
    def _is_readonly(self) -> bool:
        return bool(self.flags & CommandFlag.READONLY)

    @is_repeatable.default
    def _is_repeatable(self) -> bool:
        return bool(self.flags & _REPEATABLE)

    @may_block.default
    def _may_block(self) -> bool:
        return bool(self.flags & CommandFlag.BLOCKING)

    @is_stateful.default
    def _is_stateful(self) -> bool:
        return bool(self.flags & CommandFlag.STATEFUL)

    @is_for_sessions.default
    def _is_for_sessions(self) -> bool:
        return self.may_block or self.is_stateful or self.name in _KILLS


_REPEATABLE: Final = CommandFlag.READONLY | CommandFlag.REPEATABLE
_MAY_BLOCK: Final = frozenset({"XREAD", "XREADGROUP"})
_KILLS: Final = frozenset({"FUNCTION KILL", "SCRIPT KILL"})

NO_COMMAND: Final = Command("NONE")
"""Stands for a command where there is none yet."""


def is_blocking(command: Command, args: Sequence[Value]) -> bool:
    """Whether the server may let the answer wait: the command blocks, or these arguments say so.

    :param args: with the command's words in front.
    """
    if command.name not in _MAY_BLOCK:
        return command.may_block
    for arg in args[1:]:
        if isinstance(arg, (str, bytes, bytearray, memoryview)):
            word = (arg.encode("utf-8", "replace") if isinstance(arg, str) else bytes(arg)).upper()
            if word == b"STREAMS":
                return False
            if word == b"BLOCK":
                return True
    return False
