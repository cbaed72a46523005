"""A mapping with several values for one name, as forms have it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

__all__ = ["MultiMapping"]

_V = TypeVar("_V")


class MultiMapping(Mapping[str, _V]):
    """``mapping["name"]`` is the first value of that name, :meth:`get_all` has them all."""

    __slots__ = ("_pairs", "_values")

    def __init__(self, pairs: Iterable[tuple[str, _V]] = ()) -> None:
        self._pairs = list(pairs)
        self._values: dict[str, list[_V]] = {}
        for name, value in self._pairs:
            self._values.setdefault(name, []).append(value)

    @property
    def pairs(self) -> list[tuple[str, _V]]:
        """Every name and value, in order."""
        return list(self._pairs)

    def get_all(self, name: str) -> list[_V]:
        """The values of this name, in order; empty where there is none."""
        return list(self._values.get(name, ()))

    def __getitem__(self, name: str) -> _V:
        return self._values[name][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._pairs!r})"
