"""Fields that middleware adds to answers: as bytes, without taking apart what is there."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

from .._headers import Headers
from .._response import Response

__all__ = ["OwnFields", "RawFields", "RememberedChange", "names_of"]

MAX_REMEMBERED: Final = 256
"""Of how many different sets of fields is remembered what becomes of them."""

RawFields: TypeAlias = "tuple[tuple[bytes, bytes], ...]"


class OwnFields:
    """Sets some fields of answers, instead of those of their names that are there.

    :raises ValueError: a name that cannot be one.
    """

    def __init__(self, *names: str) -> None:
        self._names = tuple(name for name, _ in Headers([(name, "") for name in names]).raw)
        self._lower = frozenset(name.lower() for name in self._names)

    def put(self, response: Response, *values: bytes) -> None:
        """Set the fields.

        :param values: one for each name, and valid: nothing here checks them.
        """
        fields = response.raw_headers
        for name, _ in fields:
            if name.lower() in self._lower:
                fields = tuple(field for field in fields if field[0].lower() not in self._lower)
                break
        response.headers = Headers.from_wire((*fields, *zip(self._names, values, strict=True)))


class RememberedChange:
    """A change to the fields of answers, made once for all answers that have the same fields.

    :param change: gives the fields that an answer should have for those that it has; depends on
        nothing else but the text that it is given as well.
    """

    def __init__(self, change: Callable[[RawFields, str], RawFields]) -> None:
        self._change = change
        self._changed = lru_cache(MAX_REMEMBERED)(self._make)

    def apply(self, response: Response, text: str = "") -> None:
        """Change an answer."""
        response.share_headers(self._changed(response.raw_headers, text))

    def _make(self, fields: RawFields, text: str) -> Headers:
        return Headers.from_wire(self._change(fields, text))


def names_of(fields: RawFields) -> set[bytes]:
    """The names in lower case."""
    return {name.lower() for name, _ in fields}
