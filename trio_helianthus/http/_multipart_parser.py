"""``multipart/form-data`` without I/O: bytes in, parts out, every count kept (RFC 7578)."""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import unquote

import attrs

from trio_helianthus.errors import MissingExtraError

from ._form_limits import FormLimits
from ._http_errors import HTTPError
from ._media_type import parse_parameters

__all__ = ["MultipartParser", "PartEnd", "PartEvent", "PartHead", "boundary_of"]

_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
"""``boundary`` of :rfc:`2046` section 5.1.1."""
_OF_BROWSERS: Final = re.compile(r'form-data; name="([^"\\]*)"(?:; filename="([^"\\]*)")?')
"""What browsers write, in one go."""
MAX_PART_HEADERS: Final = 16
"""Header fields of one part; nobody sends more than four."""

_Fields: TypeAlias = "tuple[tuple[bytes, bytes], ...]"


class PartHead(NamedTuple):
    """A part begins; its data follow."""

    name: str
    filename: str | None
    """As it was sent; ``None`` for what is no file."""
    content_type: str
    fields: _Fields


@attrs.frozen
class PartEnd:
    """A part is complete."""


PART_END: Final = PartEnd()
PartEvent: TypeAlias = PartHead | bytes | PartEnd


def boundary_of(content_type: str) -> bytes:
    """The boundary that a ``Content-Type`` names.

    :raises HTTPError: 400 where it is missing or malformed.
    """
    boundary = parse_parameters(content_type)[1].get("boundary", "")
    if _BOUNDARY.fullmatch(boundary) is None:
        raise HTTPError(400, "the boundary of the form is missing or malformed")
    return boundary.encode("ascii")


class MultipartParser:
    """Gives of the bytes that it is fed :class:`PartHead`, ``bytes`` and :class:`PartEnd`.

    :param limits: of these, the numbers of parts and the size of their header fields.
    :raises MissingExtraError: python-multipart is not installed.
    """

    def __init__(self, boundary: bytes, limits: FormLimits) -> None:
        make, options, self._malformed, silent = _installed()
        self._parts = parts = _Parts(limits)
        self._parser: Any = make(
            boundary,
            {
                "on_part_begin": parts.begin_part,
                "on_header_field": parts.add_name,
                "on_header_value": parts.add_value,
                "on_header_end": parts.end_field,
                "on_headers_finished": parts.end_head,
                "on_part_data": parts.add_data,
                "on_part_end": parts.end_part,
                "on_end": parts.end,
            },
            **options,
        )
        self._parser.logger = silent  # what clients send wrongly is answered, not logged

    @property
    def finished(self) -> bool:
        """Whether the last boundary has come."""
        return self._parts.finished

    def feed(self, data: bytes) -> list[PartEvent]:
        """Parse some bytes; what they bring.

        :raises HTTPError: 400 where they are malformed, 413 above a limit.
        """
        if self._parts.finished:
            return []  # an epilogue, which nobody wants
        self._parts.events = events = list[PartEvent]()
        try:
            self._parser.write(data)
        except self._malformed as exc:
            raise HTTPError(400, "the form is malformed") from exc
        return events


class _Parts:
    """What the parser calls. It does not know the parser, so nothing refers in circles."""

    def __init__(self, limits: FormLimits) -> None:
        self.finished = False
        self.events: list[PartEvent] = []
        self._limits = limits
        self._fields_left = limits.max_fields
        self._files_left = limits.max_files
        self._header_left = 0
        self._fields: list[tuple[bytes, bytes]] = []
        self._name = self._value = b""

    def begin_part(self) -> None:
        self._fields.clear()
        self._header_left = self._limits.max_header_bytes

    def add_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._header_left -= end - start
        if self._header_left < 0:
            raise self._too_long()

    def add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._header_left -= end - start
        if self._header_left < 0:
            raise self._too_long()

    def _too_long(self) -> HTTPError:
        return HTTPError(413, f"the header of a part is over {self._limits.max_header_bytes} bytes")

    def end_field(self) -> None:
        if len(self._fields) >= MAX_PART_HEADERS:
            raise HTTPError(413, f"a part has more than {MAX_PART_HEADERS} header fields")
        if b"\n" in self._value or b"\0" in self._value:
            raise HTTPError(400, "the header of a part is malformed")
        self._fields.append((self._name, self._value.strip(b" \t")))
        self._name = self._value = b""

    def end_head(self) -> None:
        head = _head_of(tuple(self._fields))
        if head.filename is None:
            self._fields_left -= 1
            if self._fields_left < 0:
                raise HTTPError(413, f"the form has more than {self._limits.max_fields} fields")
        else:
            self._files_left -= 1
            if self._files_left < 0:
                raise HTTPError(413, f"the form has more than {self._limits.max_files} files")
        self.events.append(head)

    def add_data(self, data: bytes, start: int, end: int) -> None:
        if end > start:
            self.events.append(data[start:end])

    def end_part(self) -> None:
        self.events.append(PART_END)

    def end(self) -> None:
        self.finished = True


@cache
def _installed() -> tuple[Any, dict[str, Any], type[Exception], Any]:
    try:
        from python_multipart import multipart
        from python_multipart.exceptions import MultipartParseError
    except ImportError:
        raise MissingExtraError("http", "python-multipart") from None
    parser: Any = multipart.MultipartParser
    # Newer versions have limits of their own, which cannot be told from malformed bytes.
    known = inspect.signature(parser).parameters
    options = {name: 2**31 for name in ("max_header_count", "max_header_size") if name in known}
    silent = parser(b"-").logger.getChild("silent")
    silent.disabled = True
    return parser, options, MultipartParseError, silent


def _head_of(fields: _Fields) -> PartHead:
    disposition = content_type = None
    for raw_name, value in fields:
        lowered = raw_name.lower()
        if lowered == b"content-disposition" and disposition is None:
            disposition = value.decode("utf-8", "replace")
        elif lowered == b"content-type" and content_type is None:
            content_type = value.decode("utf-8", "replace")
    name, filename = _names_of(disposition or "")
    return PartHead(name, filename, content_type or "", fields)


def _names_of(disposition: str) -> tuple[str, str | None]:
    """The names of the field and of the file, ``None`` for what is none.

    :raises HTTPError: 400 for another thing than a field, or one without a name.
    """
    if (found := _OF_BROWSERS.fullmatch(disposition)) is not None:
        name, filename = found.groups()
        return _unescape(name), filename if filename is None else _unescape(filename)
    kind, parameters = parse_parameters(disposition)
    name = _parameter(parameters, "name")
    if kind != "form-data" or name is None:
        raise HTTPError(400, "a part of the form has no name")
    return name, _parameter(parameters, "filename")


def _parameter(parameters: dict[str, str], name: str) -> str | None:
    """A name; also where it is written as :rfc:`7578` section 4.2 forbids it and some do."""
    if name in parameters:
        return _unescape(parameters[name])
    extended = parameters.get(f"{name}*")
    return None if extended is None else unquote(extended.rpartition("'")[2], "utf-8", "replace")


def _unescape(text: str) -> str:
    """Undo the three escapes that browsers make in names; there are no others."""
    if "%" not in text:
        return text
    return re.sub("%(22|0[DdAa])", lambda found: chr(int(found[1], 16)), text)
