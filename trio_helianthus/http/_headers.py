"""Header fields of a message: case-insensitive names, several values for one, order kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TypeAlias, cast

__all__ = ["HeaderTypes", "Headers"]

HeaderTypes: TypeAlias = "Mapping[str, str] | Iterable[tuple[str, str]]"
"""What every ``headers=`` argument takes: a mapping, or pairs of name and value."""

_Raw: TypeAlias = "tuple[tuple[bytes, bytes], ...]"
_Field: TypeAlias = "tuple[str, str, str]"
"""The name in lower case, the name as it was given, and the value."""

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""``token`` of :rfc:`9110` section 5.6.2."""

_VALUE = re.compile(r"(?:[\x21-\x7e\x80-\xff](?:[ \t\x21-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")
"""``field-value`` of :rfc:`9110` section 5.5: no control character, no space at either end."""


class Headers(MutableMapping[str, str]):
    """A multi-mapping of header fields, which keeps their order and the case they were given in.

    Looking a name up ignores case. ``headers["accept"]`` joins several fields of one name with
    a comma and a space, as :rfc:`9110` section 5.3 allows for every field but ``Set-Cookie``;
    :meth:`get_all` gives them one by one. Assigning replaces every field of that name,
    :meth:`add` appends one more. Length, iteration and :meth:`items` count a name once;
    :attr:`pairs` has every field as it goes over the wire.

    :param fields: a mapping, or pairs of name and value.
    :raises ValueError: for a name that is no token, or a value with a line break, another
        control character, a space at an end, or a character outside ISO 8859-1.
    """

    __slots__ = ("_fields", "_origin", "_raw")

    def __init__(self, fields: HeaderTypes = ()) -> None:
        self._origin: Headers | None = None
        self._raw: _Raw | None = None
        self._fields: list[_Field] | None = None
        if isinstance(fields, Headers):
            self._share(fields)
            return
        pairs = fields.items() if isinstance(fields, Mapping) else fields
        self._fields = [_checked(*pair) for pair in cast("Iterable[tuple[str, str]]", pairs)]

    @classmethod
    def from_wire(cls, fields: Iterable[tuple[bytes, bytes]]) -> Headers:
        """Headers from the pairs of bytes that a protocol engine has already checked."""
        headers = cls.__new__(cls)
        headers._origin = headers._fields = None
        headers._raw = fields if type(fields) is tuple else tuple(fields)
        return headers

    @property
    def raw(self) -> tuple[tuple[bytes, bytes], ...]:
        """The fields as pairs of bytes, in order; received names are in lower case."""
        if self._raw is None:
            self._raw = tuple(
                (name.encode("ascii"), value.encode("latin-1")) for _, name, value in self._decoded
            )
        return self._raw

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every field as a pair of name and value, in order, as it goes over the wire."""
        return [(name, value) for _, name, value in self._decoded]

    def get_all(self, name: str) -> list[str]:
        """The values of every field of this name, in order; empty where there is none."""
        key = name.lower()
        return [value for known, _, value in self._decoded if known == key]

    def add(self, name: str, value: str) -> None:
        """Append one field and keep those of the same name.

        :raises ValueError: as the constructor does.
        """
        self._replace([*self._decoded, _checked(name, value)])

    def copy(self) -> Headers:
        """Headers that can be changed without changing these."""
        return Headers(self)

    def _share(self, other: Headers) -> None:
        """Take the fields of another; no list of fields is ever changed, only replaced."""
        self._raw = other._raw
        self._fields = other._fields
        self._origin = other if other._fields is None else None

    def _replace(self, fields: list[_Field]) -> None:
        self._fields = fields
        self._raw = self._origin = None

    @property
    def _decoded(self) -> list[_Field]:
        if self._fields is None:
            if self._origin is not None and self._origin._raw is self._raw:
                self._fields = self._origin._decoded  # so that those who share decode once
            else:
                assert self._raw is not None
                self._fields = [_decode(name, value) for name, value in self._raw]
            self._origin = None
        return self._fields

    def __getitem__(self, name: str) -> str:
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        return values[0] if len(values) == 1 else ", ".join(values)

    def __setitem__(self, name: str, value: str) -> None:
        new = _checked(name, value)
        key, fields = new[0], self._decoded
        place = next((at for at, field in enumerate(fields) if field[0] == key), len(fields))
        rest = [field for field in fields[place:] if field[0] != key]
        self._replace([*fields[:place], new, *rest])

    def __delitem__(self, name: str) -> None:
        key, fields = name.lower(), self._decoded
        kept = [field for field in fields if field[0] != key]
        if len(kept) == len(fields):
            raise KeyError(name)
        self._replace(kept)

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        key = name.lower()
        return any(known == key for known, _, _ in self._decoded)

    def __iter__(self) -> Iterator[str]:
        seen = set[str]()
        for known, name, _ in self._decoded:
            if known not in seen:
                seen.add(known)
                yield name

    def __len__(self) -> int:
        return len({known for known, _, _ in self._decoded})

    def __eq__(self, other: object) -> bool:
        """Equal when the same fields come in the same order; case of names is ignored."""
        if not isinstance(other, Headers):
            return NotImplemented
        return self._comparable() == other._comparable()

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        return f"Headers({self.pairs!r})"

    def _comparable(self) -> list[tuple[str, str]]:
        return [(known, value) for known, _, value in self._decoded]


def _checked(name: str, value: str) -> _Field:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"invalid header name {name!r}")
    if _VALUE.fullmatch(value) is None:
        raise ValueError(f"invalid value {value!r} for header {name}")
    return name.lower(), name, value


def _decode(raw_name: bytes, raw_value: bytes) -> _Field:
    name = raw_name.decode("latin-1")
    return name.lower(), name, raw_value.decode("latin-1")
