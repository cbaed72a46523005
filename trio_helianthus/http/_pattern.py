"""The pattern of a route, ``/users/{id:int}/posts``: cut into segments, matched, and filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import quote

import attrs

from ._converters import PATH, TEXT, Converter

__all__ = ["NO_PREFIX", "Mixed", "Part", "Pattern", "Segment", "Single", "parse_pattern"]

_SAFE = "!$&'()*+,;=:@~"
"""What a segment may hold as it is (:rfc:`3986` section 3.3)."""


@attrs.frozen
class Single:
    """A segment that is one placeholder."""

    converter: Converter

    def match(self, text: str) -> tuple[Any, ...]:
        """The value.

        :raises ValueError: the text does not fit.
        """
        return (self.converter.parse(text),)


@attrs.frozen
class Mixed:
    """A segment of fixed text and placeholders, such as ``{name}.{ext}``.

    :param texts: before, between and behind the placeholders, so one more than there are.
    """

    texts: tuple[str, ...]
    converters: tuple[Converter, ...]

    def match(self, text: str) -> tuple[Any, ...]:
        """The values; each search is linear and nothing is tried twice.

        Placeholders with a type end where the text behind them first comes, those for plain
        text where it comes last: ``{id:int}-{slug}`` takes ``7-a-b`` apart as 7 and ``a-b``,
        ``{name}.{ext}`` takes ``a.tar.gz`` apart as ``a.tar`` and ``gz``.

        :raises ValueError: the text does not fit.
        """
        start, end = len(self.texts[0]), len(text) - len(self.texts[-1])
        if start >= end or not (text.startswith(self.texts[0]) and text.endswith(self.texts[-1])):
            raise ValueError("other text")
        first, last = 0, len(self.converters) - 1
        front: list[str] = []
        back: list[str] = []
        while first < last and self.converters[first] is not TEXT:
            cut = text.index(self.texts[first + 1], start + 1, end)
            front.append(text[start:cut])
            first += 1
            start = cut + len(self.texts[first])
        while first < last:
            cut = text.rindex(self.texts[last], start, end - 1)
            back.append(text[cut + len(self.texts[last]) : end])
            last -= 1
            end = cut
        pieces = [*front, text[start:end], *reversed(back)]
        return tuple(
            converter.parse(piece)
            for converter, piece in zip(self.converters, map(_not_empty, pieces), strict=True)
        )


Part: TypeAlias = "Single | Mixed"
Segment: TypeAlias = "str | Part"


@attrs.frozen
class Pattern:
    """A pattern, cut.

    :param text: as it was written.
    :param segments: fixed text, decoded, or what a placeholder is in.
    :param names: of the placeholders, in order.
    :param rest: whether a last placeholder takes all that is left of the path; it is in
        ``names`` and not in ``segments``.
    """

    text: str
    segments: tuple[Segment, ...]
    names: tuple[str, ...]
    rest: bool

    def under(self, prefix: Pattern) -> Pattern:
        """This pattern behind a prefix.

        :raises ValueError: a name comes in both.
        """
        for name in self.names:
            if name in prefix.names:
                raise ValueError(f"placeholder {{{name}}} comes twice in {prefix.text + self.text}")
        return Pattern(
            prefix.text + self.text,
            prefix.segments + self.segments,
            prefix.names + self.names,
            self.rest,
        )

    @property
    def place(self) -> tuple[object, ...]:
        """The same for patterns that only differ in the names of their placeholders."""
        return self.segments, self.rest

    def is_same_as(self, other: Pattern) -> bool:
        """Whether both make the same URLs of the same values, whatever was written."""
        return self.place == other.place and self.names == other.names

    @property
    def fixed_path(self) -> str | None:
        """The path without placeholders as requests may write it; ``None`` where there are some.

        Also where requests have to encode it. Other ways to write it lead through the tree.
        """
        texts = [segment for segment in self.segments if isinstance(segment, str)]
        path = "/" + "/".join(texts)
        plain = texts and path.isascii() and "%" not in path
        return path if plain and len(texts) == len(self.segments) and not self.rest else None

    @property
    def parent(self) -> Pattern:
        """This pattern without its last segment."""
        return Pattern("", self.segments[:-1], (), rest=False)

    @property
    def path_before_last(self) -> str | None:
        """The fixed path before the last segment, where that is the only placeholder."""
        if self.rest or not self.segments or not isinstance(self.segments[-1], Single):
            return None
        return self.parent.fixed_path if len(self.segments) > 1 else ""

    def fill(self, params: Mapping[str, Any]) -> str:
        """The path with values in the places, percent-encoded.

        :raises ValueError: a value is missing, does not fit, or would not come back from the
            path as it is; ``.`` and ``..`` do not, since clients resolve them.
        """
        missing = [name for name in self.names if name not in params]
        if missing:
            raise ValueError(f"{self.text!r} needs a value for {', '.join(missing)}")
        values = iter([params[name] for name in self.names])
        path = "".join(f"/{_fill_segment(segment, values)}" for segment in self.segments)
        if not self.rest:
            return path
        rest = str(next(values))
        if any(text in {".", ".."} for text in rest.split("/")):
            raise ValueError(f"clients resolve the dots of {rest!r}")
        return f"{path}/{quote(rest, safe=_SAFE + '/')}"


NO_PREFIX: Final = Pattern("", (), (), rest=False)


def parse_pattern(pattern: str, converters: Mapping[str, Converter]) -> Pattern:
    """Cut a pattern into segments.

    :param pattern: starts with a slash; fixed text is written as it reads, not percent-encoded.
    :param converters: by the names that ``{name:converter}`` may use.
    :raises ValueError: says what is wrong with the pattern.
    """
    if not pattern.startswith("/"):
        raise ValueError(f"a route must start with '/': {pattern!r}")
    for character in "?#":
        if character in pattern:
            raise ValueError(f"a route is a path alone, without {character!r}: {pattern!r}")
    texts = pattern[1:].split("/")
    if "" in texts[:-1]:
        raise ValueError(f"a route has no empty segment: {pattern!r}")
    segments: list[Segment] = []
    names: list[str] = []
    rest = False
    for text in texts:
        if rest:
            raise ValueError(f"nothing can follow a path placeholder: {pattern!r}")
        pieces, found, kinds = _cut_segment(text, pattern, converters)
        for name in found:
            if name in names:
                raise ValueError(f"placeholder {{{name}}} comes twice in {pattern!r}")
            names.append(name)
        rest = PATH in kinds
        if not kinds:
            segments.append(text)
        elif pieces == ("", ""):
            segments.extend([] if rest else [Single(kinds[0])])
        elif rest:
            raise ValueError(f"a path placeholder fills its segment: {text!r} in {pattern!r}")
        else:
            _check_clear(pieces, kinds, pattern)
            segments.append(Mixed(pieces, kinds))
    return Pattern(pattern, tuple(segments), tuple(names), rest)


def _cut_segment(
    text: str, pattern: str, converters: Mapping[str, Converter]
) -> tuple[tuple[str, ...], list[str], tuple[Converter, ...]]:
    """The fixed texts of a segment, and names and converters of its placeholders."""
    first, *others = text.split("{")
    texts, names, kinds = [first], list[str](), list[Converter]()
    for other in others:
        inside, closed, behind = other.partition("}")
        name, typed, kind = inside.partition(":")
        if not closed:
            raise ValueError(f"a brace is not closed: {text!r} in {pattern!r}")
        if not name.isidentifier():
            raise ValueError(
                f"the name of a placeholder must be an identifier: {{{inside}}} in {pattern!r}"
            )
        if typed and kind not in converters:
            raise ValueError(
                f"{{{inside}}} in {pattern!r}: no converter {kind!r}, there are "
                + ", ".join(converters)
            )
        texts.append(behind)
        names.append(name)
        kinds.append(converters[kind] if typed else TEXT)
    if any("}" in fixed for fixed in texts):
        raise ValueError(f"a brace is not opened: {text!r} in {pattern!r}")
    return tuple(texts), names, tuple(kinds)


def _check_clear(texts: tuple[str, ...], kinds: tuple[Converter, ...], pattern: str) -> None:
    for place, between in enumerate(texts[1:-1], 1):
        if not between:
            raise ValueError(f"two placeholders need text between them: {pattern!r}")
        for neighbour in kinds[place - 1 : place + 1]:
            if set(between) & set(neighbour.contains):
                raise ValueError(f"where {between!r} cuts is not clear: {pattern!r}")


def _not_empty(piece: str) -> str:
    if not piece:
        raise ValueError("empty")
    return piece


def _fill_segment(segment: Segment, values: Iterator[Any]) -> str:
    if isinstance(segment, str):
        return quote(segment, safe=_SAFE)
    if isinstance(segment, Single):
        given = (next(values),)
        text = segment.converter.format(*given)
    else:
        given = tuple(next(values) for _ in segment.converters)
        text = segment.texts[0]
        for converter, value, behind in zip(
            segment.converters, given, segment.texts[1:], strict=True
        ):
            text += converter.format(value) + behind
    if text in {".", ".."}:
        raise ValueError(f"clients resolve the dots of {text!r}")
    try:
        if isinstance(segment, Mixed) and segment.match(text) != given:
            raise ValueError("it would be cut elsewhere")
        segment.match(text)
    except ValueError as exc:
        raise ValueError(f"{text!r} would not come back from the path: {exc}") from exc
    return quote(text, safe=_SAFE)
