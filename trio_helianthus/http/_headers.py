"""Header fields of a message: case-insensitive names, several values for one, order kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TypeAlias, TypeVar, cast, overload

__all__ = ["FieldContent", "HeaderTypes", "Headers", "places_of"]

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

    __slots__ = ("_content",)

    _content: FieldContent

    def __init__(self, fields: HeaderTypes = ()) -> None:
        if isinstance(fields, Headers):
            self._content = fields._content
            return
        pairs = fields.items() if isinstance(fields, Mapping) else fields
        checked = [_checked(*pair) for pair in cast("Iterable[tuple[str, str]]", pairs)]
        self._content = FieldContent(None, checked)

    @classmethod
    def from_wire(cls, fields: Iterable[tuple[bytes, bytes]]) -> Headers:
        """Headers from the pairs of bytes that a protocol engine has already checked."""
        headers = cls.__new__(cls)
        headers._content = FieldContent(fields if type(fields) is tuple else tuple(fields))
        return headers

    @classmethod
    def received(cls, fields: tuple[tuple[bytes, bytes], ...]) -> Headers:
        """Headers from pairs of bytes whose names are in lower case, as an engine gives them."""
        return FieldContent(fields, None, True).headers()

    @property
    def raw(self) -> tuple[tuple[bytes, bytes], ...]:
        """The fields as pairs of bytes, in order; received names are in lower case."""
        return self._content.raw

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
        return self._content.headers()

    def _replace(self, fields: list[_Field]) -> None:
        self._content = FieldContent(None, fields)

    @property
    def _decoded(self) -> list[_Field]:
        return self._content.decoded

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
        content = self._content
        by_name = content.by_name
        found = content.find(name.lower()) if by_name is None else by_name.get(name.lower())
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


class FieldContent:
    """Fields, in the forms in which they were wanted: never changed, and shared by all copies.

    :param raw: as bytes, or
    :param fields: as text.
    :param is_lower: the names are in lower case.
    :param places: where each name is among the raw ones.
    """

    __slots__ = ("_fields", "_is_lower", "_places", "_raw", "by_name")

    def __init__(
        self,
        raw: _Raw | None,
        fields: list[_Field] | None = None,
        is_lower: bool = False,
        places: Mapping[str, int] | None = None,
    ) -> None:
        self._is_lower = is_lower
        self._places = places
        self._raw = raw
        self._fields = fields
        self.by_name: dict[str, str] | None = None
        """Values by the names in lower case; several joined, as :meth:`find` gives them."""

    def headers(self) -> Headers:
        """Headers that begin with these."""
        headers = Headers.__new__(Headers)
        headers._content = self
        return headers

    def find(self, name: str) -> str | None:
        """The value of a name in lower case; several are joined."""
        if self._places is not None:
            place = self._places.get(name)
            return None if place is None else self.raw[place][1].decode("latin-1")
        if self._fields is None:
            # Most handlers look at one or two fields of a dozen: those alone are decoded.
            return self._find_raw(name.encode("latin-1", "replace"))
        found = [value for known, _, value in self._fields if known == name]
        return ", ".join(found) if found else None

    def _find_raw(self, name: bytes) -> str | None:
        if self._is_lower:
            found = [value for known, value in self.raw if known == name]
        else:
            found = [value for known, value in self.raw if known.lower() == name]
        return b", ".join(found).decode("latin-1") if found else None

    def decode(self) -> None:
        """Make finding cheap, and the first one dear."""
        if self.by_name is None:
            by_name: dict[str, str] = {}
            for name, _, value in self.decoded:
                by_name[name] = f"{by_name[name]}, {value}" if name in by_name else value
            self.by_name = by_name

    @property
    def decoded(self) -> list[_Field]:
        """Every field as text."""
        if self._fields is None:
            self._fields = [_decode(name, value) for name, value in self.raw]
        return self._fields

    @property
    def raw(self) -> _Raw:
        """Every field as bytes."""
        if self._raw is None:
            assert self._fields is not None
            self._raw = tuple(
                [(name.encode("ascii"), value.encode("latin-1")) for _, name, value in self._fields]
            )
        return self._raw


def places_of(fields: tuple[tuple[bytes, bytes], ...]) -> dict[str, int] | None:
    """Where each name is among received fields; ``None`` where one is there twice."""
    places = {name.decode("ascii"): place for place, (name, _) in enumerate(fields)}
    return places if len(places) == len(fields) else None


def _checked(name: str, value: str) -> _Field:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"invalid header name {name!r}")
    if _VALUE.fullmatch(value) is None:
        raise ValueError(f"invalid value {value!r} for header {name}")
    return name.lower(), name, value


def _decode(raw_name: bytes, raw_value: bytes) -> _Field:
    name = raw_name.decode("latin-1")
    return name.lower(), name, raw_value.decode("latin-1")
