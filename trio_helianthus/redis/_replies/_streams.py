"""Answers of the commands for streams: entries, groups, what is pending."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import attrs

from ._pairs import in_pairs, named, pairs_to_dict

__all__ = [
    "PendingEntry",
    "PendingSummary",
    "claimed",
    "claimed_ids",
    "entries",
    "entries_by_stream",
    "pending_entries",
    "pending_summary",
    "stream_info",
]

T = TypeVar("T", bytes, str)


@attrs.frozen
class PendingSummary(Generic[T]):
    """What a consumer group has read and not acknowledged: the answer of ``XPENDING``."""

    count: int
    """How many entries."""
    first: T | None
    """The lowest ID among them."""
    last: T | None
    """The highest ID among them."""
    consumers: dict[T, int]
    """How many each consumer has, of those that have any."""


@attrs.frozen
class PendingEntry(Generic[T]):
    """An entry that was read and not acknowledged."""

    id: T
    """The entry's ID."""
    consumer: T
    """Who has read it."""
    idle: int
    """How long ago it was handed out, in milliseconds."""
    deliveries: int
    """How often it was handed out."""


def entries(answer: Any) -> list[tuple[Any, dict[Any, Any]]]:
    """Return entries: their IDs and fields. One that was deleted since has no fields."""
    return [(each[0], pairs_to_dict(each[1])) for each in answer or () if each is not None]


def entries_by_stream(answer: Any) -> dict[Any, list[tuple[Any, dict[Any, Any]]]]:
    """Return the entries of each stream: a list of pairs (RESP2), or a map (RESP3), or nothing."""
    if answer is None:
        return {}
    pairs = answer.items() if isinstance(answer, dict) else answer
    return {stream: entries(found) for stream, found in pairs}


def claimed(answer: Any) -> tuple[Any, list[tuple[Any, dict[Any, Any]]], list[Any]]:
    """Return what ``XAUTOCLAIM`` got: where to go on, entries, IDs of entries that are deleted."""
    return answer[0], entries(answer[1]), answer[2] if len(answer) > 2 else []


def claimed_ids(answer: Any) -> tuple[Any, list[Any], list[Any]]:
    """Return the same with IDs only."""
    return answer[0], answer[1], answer[2] if len(answer) > 2 else []


def pending_summary(answer: Any) -> PendingSummary[Any]:
    """Return the short form of ``XPENDING``."""
    count, first, last, consumers = answer
    return PendingSummary(count, first, last, {name: int(has) for name, has in consumers or ()})


def pending_entries(answer: Any) -> list[PendingEntry[Any]]:
    """Return the long form of ``XPENDING``."""
    return [PendingEntry(*each) for each in answer]


def stream_info(answer: Any) -> dict[str, Any]:
    """Return what ``XINFO STREAM`` says; with ``FULL`` there are groups and consumers in it."""
    info = named(answer)
    for name in ("first-entry", "last-entry"):
        if info.get(name) is not None:
            (info[name],) = entries([info[name]])
    if isinstance(info.get("entries"), list):
        info["entries"] = entries(info["entries"])
    if isinstance(info.get("groups"), list):
        info["groups"] = [_group(group) for group in info["groups"]]
    return info


def _group(answer: Any) -> dict[str, Any]:
    group = named(answer)
    group["pending"] = [tuple(each) for each in group.get("pending", ())]
    group["consumers"] = [_consumer(each) for each in group.get("consumers", ())]
    return group


def _consumer(answer: Any) -> dict[str, Any]:
    consumer = dict(in_pairs(named(answer)))
    consumer["pending"] = [tuple(each) for each in consumer.get("pending", ())]
    return consumer
