"""The query of a target: names and values, several values for one name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

__all__ = ["Query"]


class Query(Mapping[str, str]):
    """What stands behind the question mark, decoded as HTML forms write it.

    ``query["page"]`` is the first value of that name, :meth:`get_all` has them all. Percent
    signs and plus signs are decoded, text is UTF-8, and bytes that are none become U+FFFD.
    A name without a value has the empty string.

    :param text: the query without its question mark.
    """

    __slots__ = ("_pairs", "_values")

    def __init__(self, text: str = "") -> None:
        self._pairs = parse_qsl(text, keep_blank_values=True)
        self._values: dict[str, list[str]] = {}
        for name, value in self._pairs:
            self._values.setdefault(name, []).append(value)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every name and value, in order."""
        return list(self._pairs)

    def get_all(self, name: str) -> list[str]:
        """The values of this name, in order; empty where there is none."""
        return list(self._values.get(name, ()))

    def __getitem__(self, name: str) -> str:
        return self._values[name][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Query({self._pairs!r})"
