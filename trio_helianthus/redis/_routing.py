"""Which of a cluster's servers a command is for: pure functions of the command and its keys."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

import attrs

from trio_helianthus.errors import (
    LocalProtocolError,
    RedisError,
    RedisExecutionAborted,
    RedisReadOnly,
    RedisRedirection,
    RedisUnavailable,
)

from ._command_table import COMMANDS
from ._keys import keys_of
from ._slots import SLOTS, slot_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trio_helianthus.wire import resp

    from ._backend import Request
    from ._command import Command
    from ._url import Place


class Audience(Enum):
    """Whom a command is for."""

    OWNER = "owner"
    """The server that has its keys; any primary if it has none."""
    PRIMARIES = "primaries"
    NODES = "nodes"


@attrs.frozen
class Part:
    """What one server is asked of a command."""

    args: Sequence[resp.Argument]
    slot: int | None = None
    """Who is asked: the server that has this slot; ``None``: any primary."""
    place: Place | None = None
    """Who is asked, where it has to be this server."""
    at: tuple[int, ...] = ()
    """Which of the command's keys these are, counted from 0, where it was split."""


class Step(Enum):
    """What to do after a refusal that says that nothing has run."""

    GIVE_UP = "give up"
    """Tell the caller."""
    MOVED = "moved"
    """Ask another node, which also has the slot from now on."""
    ASK = "ask"
    """Ask another node, this time."""
    WAIT = "wait"
    """Ask again a little later."""
    LOOK = "look"
    """Ask again a little later, and find out who has the slot meanwhile."""


def known_command(command: Command) -> Command:
    """Return what the table knows of a command that was put together without it."""
    is_known = command.keys or command.request_policy
    return command if is_known else COMMANDS.get(command.name, command)


def audience_of(command: Command) -> Audience:
    """Return whom a command is for.

    :raises LocalProtocolError: it walks through one server, so that it makes no sense here.
    """
    if command.name == "SCAN":
        raise LocalProtocolError(
            "SCAN walks through one server, and a cluster has several: use scan_iter()"
        )
    if command.name in _ANY:
        return Audience.OWNER
    if command.name in _PUBSUB:
        return Audience.NODES
    if command.request_policy == "all_nodes":
        return Audience.NODES
    return Audience.PRIMARIES if command.request_policy == "all_shards" else Audience.OWNER


def slot_of_command(command: Command, args: Sequence[resp.Argument]) -> int | None:
    """Return the slot of a command's keys, or ``None`` where it has no key.

    Of a command that is in no table, such as a module's, the first argument counts as key: if
    it is none, the server says where to ask instead.

    :raises LocalProtocolError: they are in several slots.
    :raises ValueError: the number of keys that they announce is none, or too large.
    """
    if command.name in _SLOT_AT and len(args) > _SLOT_AT[command.name]:
        return _checked_slot(args[_SLOT_AT[command.name]])
    if command.name in _KEY_LIKE or command.name not in COMMANDS:
        return slot_of(args[1]) if len(args) > 1 else None
    return slot_of_keys(command.name, keys_of(command, args))


def slot_of_keys(name: str, keys: Iterable[resp.Argument]) -> int | None:
    """Return the one slot that the keys are in.

    :param name: of the command, for the error.
    :raises LocalProtocolError: they are in several.
    """
    slot: int | None = None
    first: resp.Argument = b""
    for key in keys:
        here = slot_of(key)
        if slot is None:
            slot, first = here, key
        elif here != slot:
            raise LocalProtocolError(
                f"CROSSSLOT: {name} needs keys of one slot, and {first!r:.64} is in {slot},"
                f" {key!r:.64} in {here}; keys with the same {{tag}} are together"
            )
    return slot


def slot_of_requests(requests: Sequence[Request]) -> int | None:
    """Return the one slot of all keys of several commands.

    :raises LocalProtocolError: there are several, or a command is for several nodes.
    """
    slot: int | None = None
    for command, args in requests:
        known = known_command(command)
        if audience_of(known) is not Audience.OWNER and known.name != "PING":
            raise LocalProtocolError(
                f"{command.name} is for several nodes, and a transaction runs on one"
            )
        here = slot_of_command(known, args)
        if slot is None:
            slot = here
        elif here is not None and here != slot:
            raise LocalProtocolError(
                f"CROSSSLOT: the keys of a transaction are in one slot, and {command.name} has one"
                f" in {here}, others have theirs in {slot}; keys with the same {{tag}} are together"
            )
    return slot


def split(command: Command, args: Sequence[resp.Argument]) -> list[Part]:
    """Return what is asked of each server, so that a command with keys of several slots works.

    The parts do not run as one: others may read and write between them, and some may fail.

    :returns: one part for each slot, in the order of their first keys.
    :raises LocalProtocolError: the keys are in several slots, and it makes no sense in parts.
    :raises ValueError: the number of keys that they announce is none, or too large.
    """
    head, width, tail = 1, _WIDTHS.get(command.name), len(args)
    if command.name == "MSETEX":
        head, tail = 2, _end_of_pairs(args)
        # With a condition on the keys it is all or nothing.
        is_free = not any(_word(arg) in {b"NX", b"XX"} for arg in args[tail:])
        width = 2 if is_free else None
    if width is None or len(args) <= head or (tail - head) % width:
        return [Part(args, slot_of_command(command, args))]
    groups: dict[int, list[int]] = {}
    for at in range(head, tail, width):
        groups.setdefault(slot_of(args[at]), []).append(at)
    if len(groups) == 1:
        return [Part(args, next(iter(groups)))]
    parts: list[Part] = []
    for slot, places in groups.items():
        chosen = [arg for at in places for arg in args[at : at + width]]
        front = [args[0]] if head == 1 else [args[0], len(places)]
        which = tuple((place - head) // width for place in places)
        parts.append(Part((*front, *chosen, *args[tail:]), slot, at=which))
    return parts


def step_after(error: BaseException | None) -> Step:
    """Return what to do after an error.

    Of a transaction that was refused counts why its commands were.
    """
    if isinstance(error, RedisExecutionAborted):
        error = error.__cause__
    if isinstance(error, RedisRedirection):
        return Step.ASK if error.code == "ASK" else Step.MOVED
    if isinstance(error, RedisReadOnly):
        return Step.LOOK
    if isinstance(error, RedisUnavailable):
        if error.code == "UNBLOCKED" and _DEMOTED not in error.message:
            return Step.GIVE_UP  # somebody wanted it so
        return _UNAVAILABLE.get(error.code, Step.GIVE_UP)
    return Step.GIVE_UP


def is_from_script(command: Command, error: BaseException | None, slot: int | None) -> bool:
    """Whether an error that looks like a refusal may come out of the middle of a script.

    Scripts and functions return what they like; of theirs only the words of the servers count, and
    redirections of the slot that was asked for.
    """
    if command.name not in _SCRIPTS or not isinstance(error, RedisError):
        return False
    if isinstance(error, RedisRedirection):
        return slot is not None and error.slot != slot
    return not error.message.startswith(_REFUSALS)


def redirection(error: BaseException | None) -> RedisRedirection:
    """Return the redirection among an error's reasons, where :func:`step_after` has found one."""
    if isinstance(error, RedisExecutionAborted):
        error = error.__cause__
    assert isinstance(error, RedisRedirection)
    return error


def is_passing(answer: object) -> bool:
    """Whether an answer is an error after which to ask again."""
    return isinstance(answer, RedisError) and step_after(answer) is not Step.GIVE_UP


def _end_of_pairs(args: Sequence[resp.Argument]) -> int:
    try:
        count = int(args[1])
    except (IndexError, ValueError):
        count = 0
    if count < 1 or 2 + 2 * count > len(args):
        raise ValueError("MSETEX announces no keys, or more than it has")
    return 2 + 2 * count


def _checked_slot(arg: resp.Argument) -> int | None:
    try:
        slot = int(arg)
    except ValueError:
        return None  # the server says what is wrong
    return slot if 0 <= slot < SLOTS else None


def _word(arg: resp.Argument) -> bytes:
    data = arg.encode("utf-8", "surrogateescape") if isinstance(arg, str) else arg
    return data.upper() if isinstance(data, bytes) else b""


_WIDTHS: Final = {"DEL": 1, "EXISTS": 1, "MGET": 1, "MSET": 2, "TOUCH": 1, "UNLINK": 1}
"""Commands that can be split: how many arguments there are to a key, itself included."""
_ANY: Final = frozenset(
    {
        "FUNCTION STATS",
        "INFO",
        "LATENCY DOCTOR",
        "LATENCY GRAPH",
        "LATENCY HISTOGRAM",
        "LATENCY HISTORY",
        "LATENCY LATEST",
        "MEMORY DOCTOR",
        "MEMORY MALLOC-STATS",
        "MEMORY STATS",
    }
)
"""What tells of one server, and cannot be added up."""
_PUBSUB: Final = frozenset(
    {
        "PUBSUB CHANNELS",
        "PUBSUB NUMPAT",
        "PUBSUB NUMSUB",
        "PUBSUB SHARDCHANNELS",
        "PUBSUB SHARDNUMSUB",
    }
)
"""Each server knows of its own subscribers only."""
_SLOT_AT: Final = {"CLUSTER COUNTKEYSINSLOT": 2, "CLUSTER GETKEYSINSLOT": 2}
_KEY_LIKE: Final = frozenset({"CLUSTERSCAN"})
"""Commands whose cursor has a hash tag, by which it finds its server."""
_SCRIPTS: Final = frozenset({"EVAL", "EVALSHA", "EVALSHA_RO", "EVAL_RO", "FCALL", "FCALL_RO"})
_REFUSALS: Final = (
    "CLUSTERDOWN Hash slot not served",
    "CLUSTERDOWN The cluster is down",
    "LOADING Redis is loading",
    "LOADING Valkey is loading",
    "MASTERDOWN Link with MASTER is down",
    "READONLY Can not run script with write flag",
    "READONLY You can't write against a read only",
    "TRYAGAIN Multiple keys request during rehashing of slot",
)
"""How servers begin to refuse a script before it runs (``cluster.c``, ``server.c``)."""
_DEMOTED: Final = "instance state changed"
_UNAVAILABLE: Final = {
    "CLUSTERDOWN": Step.LOOK,
    "LOADING": Step.LOOK,
    "MASTERDOWN": Step.LOOK,
    "TRYAGAIN": Step.WAIT,
    "UNBLOCKED": Step.LOOK,
}
