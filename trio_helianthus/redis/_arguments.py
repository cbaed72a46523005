"""What commands' methods check and convert before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._values import Duration, Moment, Value

V = TypeVar("V")

_ONE_VALUE: Final = (str, bytes, bytearray, memoryview)
_SECOND: Final = timedelta(seconds=1)
_MILLISECOND: Final = timedelta(milliseconds=1)


def several(name: str, values: Iterable[V]) -> list[V]:
    """Return what an argument lists, of which there has to be something.

    :raises TypeError: it is one text, or no list.
    :raises ValueError: it is empty.
    """
    if isinstance(values, _ONE_VALUE):
        raise TypeError(f"{name} is a list, not one {type(values).__name__}")
    found = list(values)
    if not found:
        raise ValueError(f"{name} is empty")
    return found


def one_or_several(
    name: str, first: Value | Iterable[Value], others: Iterable[Value] = ()
) -> list[Value]:
    """Return what was given one by one, or as a list, of which there has to be something.

    :raises ValueError: there is nothing.
    """
    if isinstance(first, (*_ONE_VALUE, int, float)):
        return [first, *others]
    found = [*first, *others]
    if not found:
        raise ValueError(f"{name} is empty")
    return found


def numbered(name: str, values: Iterable[V], number: int) -> list[V]:
    """Return what an argument lists, and check that it is as many as the caller says.

    :raises ValueError: it is not, or there is nothing.
    """
    found = several(name, values)
    if len(found) != number:
        raise ValueError(f"{name} has {len(found)} items, not {number}")
    return found


def pairs_of(name: str, mapping: Mapping[Any, Any]) -> list[Any]:
    """Return keys and values of a mapping by turns.

    :raises TypeError: it is none.
    :raises ValueError: it is empty.
    """
    try:
        items = mapping.items()
    except AttributeError:
        raise TypeError(f"{name} is a mapping, not a {type(mapping).__name__}") from None
    found = [each for pair in items for each in pair]
    if not found:
        raise ValueError(f"{name} is empty")
    return found


def scores_of(name: str, mapping: Mapping[Any, Any]) -> list[Any]:
    """Return values and keys of a mapping by turns, as ``ZADD`` wants scores and members."""
    found = pairs_of(name, mapping)
    found[::2], found[1::2] = found[1::2], found[::2]
    return found


def fields_of(
    key: Value | None,
    value: Value | None,
    mapping: Mapping[Any, Any] | None,
    items: Iterable[Value] | None,
) -> list[Value]:
    """Return the fields and values that a hash is to have, by turns.

    :raises ValueError: there are none, or there is a field without a value.
    """
    if (key is None) != (value is None):
        raise ValueError("key and value go together")
    found: list[Value] = [] if key is None or value is None else [key, value]
    if items is not None:
        more = several("items", items)
        if len(more) % 2:
            raise ValueError("items are fields and values by turns: the last field has no value")
        found += more
    if mapping is not None:
        found += pairs_of("mapping", mapping)
    if not found:
        raise ValueError("no field: give key and value, mapping, or items")
    return found


def weighted(keys: Iterable[Value] | Mapping[Any, float]) -> tuple[list[Value], list[float]]:
    """Return keys, and their weights, if they have any."""
    if isinstance(keys, Mapping):
        found = pairs_of("keys", keys)
        return found[::2], found[1::2]
    return several("keys", keys), []


def word_of(name: str, word: str, words: Iterable[str]) -> bytes:
    """Return a word in capitals, if it is one of those that the command knows.

    :raises TypeError: it is no text.
    :raises ValueError: it is not.
    """
    if not isinstance(word, str):
        raise TypeError(f"{name} is text, not {type(word).__name__}")
    upper = word.upper()
    if upper not in words:
        raise ValueError(f"{name} is one of {', '.join(words)}, not {word!r}")
    return upper.encode()


def at_least(name: str, value: float, least: float) -> None:
    """Check a number.

    :raises ValueError: it is too small.
    """
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value!r}")


def as_seconds(value: Duration) -> int:
    """Return a time span in seconds, rounded up."""
    return -(-value // _SECOND) if isinstance(value, timedelta) else value


def as_milliseconds(value: Duration) -> int:
    """Return a time span in milliseconds, rounded up."""
    return -(-value // _MILLISECOND) if isinstance(value, timedelta) else value


def unix_seconds(value: Moment) -> int:
    """Return a point in time as Unix time in seconds, rounded up.

    :raises ValueError: it has no time zone.
    """
    return -(-_since_1970(value) // _SECOND) if isinstance(value, datetime) else value


def unix_milliseconds(value: Moment) -> int:
    """Return a point in time as Unix time in milliseconds, rounded up.

    :raises ValueError: it has no time zone.
    """
    return -(-_since_1970(value) // _MILLISECOND) if isinstance(value, datetime) else value


def _since_1970(value: datetime) -> timedelta:
    if value.tzinfo is None:
        raise ValueError("a datetime needs a time zone: datetime.now(timezone.utc), for example")
    return value - _EPOCH


_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def block_seconds(timeout: float | None) -> float:
    """Return for how long a server is to wait, which takes 0 for ever.

    :raises ValueError: it is negative.
    """
    if timeout is None:
        return 0
    at_least("timeout", timeout, 0)
    return timeout
