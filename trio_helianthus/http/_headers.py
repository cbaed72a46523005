"""Header fields of a message: case-insensitive names, several values for one, order kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TypeAlias, TypeVar, cast, overload

__all__ = ["HeaderTypes", "Headers"]

HeaderTypes: TypeAlias = "Mapping[str, str] | Iterable[tuple[str, str]]"
"""What every ``headers=`` argument takes: a mapping, or pairs of name and value."""

_Raw: TypeAlias = "tuple[tuple[bytes, bytes], ...]"
_Field: TypeAlias = "tuple[str, str, str]"
"""The name in lower case, the name as it was given, and the value."""

_T = TypeVar("_T")

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

    __slots__ = ("_fields", "_is_lower", "_origin", "_raw")

    def __init__(self, fields: HeaderTypes = ()) -> None:
        self._origin: Headers | None = None
        self._is_lower = False
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
        headers._is_lower = False
        headers._raw = fields if type(fields) is tuple else tuple(fields)
        return headers

    @classmethod
    def received(cls, fields: tuple[tuple[bytes, bytes], ...]) -> Headers:
        """Headers from pairs of bytes whose names are in lower case, as an engine gives them."""
        headers = cls.from_wire(fields)
        headers._is_lower = True
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

    def extend(self, fields: HeaderTypes) -> None:
        """Append fields and keep those of the same names.

        :raises ValueError: as the constructor does; headers are not checked again.
        """
        new = fields if isinstance(fields, Headers) else Headers(fields)
        self._replace([*self._decoded, *new._decoded])

    def copy(self) -> Headers:
        """Headers that can be changed without changing these."""
        headers = Headers.__new__(Headers)
        headers._raw = self._raw  # _share(self), without the call: it is made for each request
        headers._fields = fields = self._fields
        headers._is_lower = self._is_lower
        headers._origin = self if fields is None else None
        return headers

    def decode(self) -> None:
        """Decode every field now, for copies that are going to be made."""
        _ = self._decoded

    def _share(self, other: Headers) -> None:
        """Take the fields of another; no list of fields is ever changed, only replaced."""
        self._raw = other._raw
        self._fields = fields = other._fields
        self._is_lower = other._is_lower
        self._origin = other if fields is None else None

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
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: str) -> str: ...
    @overload
    def get(self, name: str, default: _T) -> str | _T: ...
    def get(self, name: str, default: str | _T | None = None) -> str | _T | None:
        """The value, or several joined as ``headers[name]`` joins them, or ``default``."""
        key = name.lower()
        found: str | None = None
        if self._fields is None:
            # Most handlers look at one or two fields of a dozen: those alone are decoded.
            raw_key = key.encode("latin-1", "replace")
            is_lower = self._is_lower
            for raw_name, raw_value in self._raw or ():
                if raw_name == raw_key or (not is_lower and raw_name.lower() == raw_key):
                    value = raw_value.decode("latin-1")
                    found = value if found is None else f"{found}, {value}"
        else:
            for known, _, value in self._fields:
                if known == key:
                    found = value if found is None else f"{found}, {value}"
        return default if found is None else found

    def __setitem__(self, name: str, value: str) -> None:
        new = _checked(name, value)
        key, fields = new[0], self._decoded
        for place, field in enumerate(fields):
            if field[0] == key:
                rest = [field for field in fields[place:] if field[0] != key]
                self._replace([*fields[:place], new, *rest])
                return
        self._replace([*fields, new])

    def __delitem__(self, name: str) -> None:
        key, fields = name.lower(), self._decoded
        kept = [field for field in fields if field[0] != key]
        if len(kept) == len(fields):
            raise KeyError(name)
        self._replace(kept)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

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
