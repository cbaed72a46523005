"""Where the keys of a command stand among its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ._command import Command
    from ._values import Value

__all__ = ["ALL_KEYS", "ONE_KEY", "SECOND_KEY", "TWO_KEYS", "KeySpec", "keys_of"]


@attrs.frozen(eq=False)
class KeySpec:
    """One of the places where a command has keys, as the server describes it.

    The first key stands at ``index``, or behind ``keyword``.
    """

    index: int = 0
    """Counted from the command's first word, which is 0."""
    keyword: bytes = b""
    """In capitals; it is looked for in either case."""
    start: int = 1
    """Where looking for the keyword begins; negative: from the end, and backwards."""
    last: int = 0
    """The last key, counted from the first; negative: from the end, -1 being the last argument."""
    step: int = 1
    """How far a key is from the next one."""
    limit: int = 0
    """With ``last=-1``: keys are the first half (2), third (3), ... of what follows."""
    count_at: int | None = None
    """Where it says how many keys there are, counted from where the first is expected."""
    first_at: int = 0
    """With ``count_at``: where the first key stands, counted likewise."""

    @property
    def only_at(self) -> int:
        """Where the only key stands; -1 if there may be several, or they have to be looked for."""
        return self.index if not self.keyword and self.count_at is None and not self.last else -1


ONE_KEY: Final = (KeySpec(1),)
SECOND_KEY: Final = (KeySpec(2),)
TWO_KEYS: Final = (KeySpec(1), KeySpec(2))
ALL_KEYS: Final = (KeySpec(1, last=-1),)


def keys_of(command: Command, args: Sequence[Value]) -> list[Value]:
    """Return the keys among the arguments of a command; channels of shards count as such.

    :param args: with the command's words in front.
    :raises ValueError: the number of keys that they announce is none, or too large.
    """
    at = command.key_at
    if at >= 0:
        return [args[at]] if at and at < len(args) else []
    special = _SPECIAL.get(command.name)
    if special is not None:
        return special(args)
    return [key for spec in command.keys for key in _find(spec, args)]


def _find(spec: KeySpec, args: Sequence[Value]) -> Sequence[Value]:
    first = spec.index if not spec.keyword else _behind(spec.keyword, spec.start, args)
    if not 0 < first < len(args):
        return []
    if spec.count_at is not None:
        count = _count(args[first + spec.count_at])
        first += spec.first_at
        end = first + (count - 1) * spec.step + 1
        if end > len(args):
            raise ValueError(f"the command announces {count} keys, and has fewer arguments")
        return args[first : max(end, first) : spec.step]
    if spec.last >= 0:
        end = first + spec.last + 1
    elif spec.limit > 1:
        end = first + (len(args) - first) // spec.limit
    else:
        end = len(args) + spec.last + 1
    return args[first : end : spec.step]


def _behind(keyword: bytes, start: int, args: Sequence[Value]) -> int:
    """Return where what follows a keyword stands; 0 if it is not there."""
    places = range(start, len(args)) if start >= 0 else range(len(args) + start, 0, -1)
    return next((at + 1 for at in places if _word(args[at]) == keyword), 0)


def _word(arg: Value) -> bytes:
    if isinstance(arg, str):
        arg = arg.encode("utf-8", "surrogateescape")
    return arg.upper() if isinstance(arg, bytes) else b""


def _count(arg: Value) -> int:
    try:
        count = int(bytes(arg)) if isinstance(arg, (bytearray, memoryview)) else int(arg)
    except ValueError:
        count = -1
    if count < 0:
        raise ValueError(f"{arg!r} is no number of keys")
    return count


def _sorted_keys(args: Sequence[Value]) -> list[Value]:
    """Find those of SORT: what is sorted, and where the result is stored."""
    keys, at = list(args[1:2]), 2
    stored: list[Value] = []
    while at < len(args):
        word = _word(args[at])
        if word == b"STORE":
            stored = list(args[at + 1 : at + 2])
        at += _ARGUMENTS_OF.get(word, 0) + 1
    return keys + stored


def _migrated_keys(args: Sequence[Value]) -> list[Value]:
    """Find those of MIGRATE: one in the third place, or, where that is empty, all behind KEYS."""
    if len(args) > 3 and args[3] not in ("", b""):
        return [args[3]]
    at = 6
    while at < len(args):
        word = _word(args[at])
        if word == b"KEYS":
            return list(args[at + 1 :])
        at += _ARGUMENTS_OF.get(word, 0) + 1
    return list(args[3:4])


_ARGUMENTS_OF: Final = {b"LIMIT": 2, b"GET": 1, b"BY": 1, b"STORE": 1, b"AUTH": 1, b"AUTH2": 2}
# Their tables say only that there may be more keys.
_SPECIAL: Final[dict[str, Callable[[Sequence[Value]], list[Value]]]] = {
    "SORT": _sorted_keys,
    "SORT_RO": lambda args: list(args[1:2]),
    "MIGRATE": _migrated_keys,
}
