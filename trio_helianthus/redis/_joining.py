"""What is made of the answers of several servers to one command."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from trio_helianthus.errors import RedisError

if TYPE_CHECKING:
    from ._command import Command
    from ._routing import Part


def join(command: Command, parts: Sequence[Part], answers: Sequence[Any]) -> Any:
    """Return the answer of all parts together; an error is a value.

    Where one of them has failed that is the answer, though the others may have run, but for
    commands of which one success is enough.

    :param answers: raw, as the protocol has them.
    """
    errors = [answer for answer in answers if isinstance(answer, RedisError)]
    good = [answer for answer in answers if not isinstance(answer, RedisError)]
    if command.response_policy == "one_succeeded" and good:
        return good[0]
    if errors:
        errors[0].add_note(f"{len(errors)} of {len(answers)} servers have refused {command.name}")
        return errors[0]
    if len(good) == 1 and not parts[0].at:
        return good[0]
    special = _SPECIAL.get(command.name) or _POLICIES.get(command.response_policy or "")
    if special is not None:
        return special(good)
    if parts[0].at:
        return in_order(parts, good)
    return merge(good)


def in_order(parts: Sequence[Part], answers: Sequence[Any]) -> Any:
    """Return what stands for each key, in the order of the keys."""
    found: list[Any] = [None] * sum(len(part.at) for part in parts)
    for part, answer in zip(parts, answers, strict=True):
        if not isinstance(answer, list) or len(answer) != len(part.at):
            return list(answers)
        for at, each in zip(part.at, answer, strict=True):
            found[at] = each
    return found


def merge(answers: Sequence[Any]) -> Any:
    """Put lists behind each other, and maps together; anything else is a list of the answers."""
    if all(isinstance(answer, list) for answer in answers):
        return [each for answer in answers for each in answer]
    if all(isinstance(answer, dict) for answer in answers):
        return {name: each for answer in answers for name, each in answer.items()}
    return list(answers)


def _column(combine: Callable[[list[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
    """Combine numbers; of lists of them, those that stand at the same place."""

    def combined(answers: Sequence[Any]) -> Any:
        if all(isinstance(answer, list) for answer in answers):
            columns = zip(*answers, strict=False)
            return [combine(list(column)) for column in columns]
        return combine(list(answers))

    return combined


def _union(answers: Sequence[Any]) -> list[Any]:
    return list(dict.fromkeys(merge(answers)))


def _count_by_name(answers: Sequence[Any]) -> list[Any]:
    """Add up how many subscribers each channel has, from names and numbers by turns."""
    counts: dict[Any, int] = {}
    for answer in answers:
        is_map = isinstance(answer, dict)
        pairs = answer.items() if is_map else zip(answer[::2], answer[1::2], strict=True)
        for name, number in pairs:
            counts[name] = counts.get(name, 0) + number
    return [each for pair in counts.items() for each in pair]


def _any_key(answers: Sequence[Any]) -> Any:
    keys = [answer for answer in answers if answer is not None]
    return random.choice(keys) if keys else None  # noqa: S311 - any of them will do


_POLICIES: Final[dict[str, Callable[[Sequence[Any]], Any]]] = {
    "agg_logical_and": _column(lambda values: int(all(values))),
    "agg_logical_or": _column(lambda values: int(any(values))),
    "agg_max": _column(max),
    "agg_min": _column(min),
    "agg_sum": _column(sum),
    "all_succeeded": lambda answers: answers[0],
}
_SPECIAL: Final[dict[str, Callable[[Sequence[Any]], Any]]] = {
    "PUBSUB CHANNELS": _union,
    "PUBSUB NUMPAT": sum,
    "PUBSUB NUMSUB": _count_by_name,
    "PUBSUB SHARDCHANNELS": _union,
    "PUBSUB SHARDNUMSUB": _count_by_name,
    "RANDOMKEY": _any_key,
}
