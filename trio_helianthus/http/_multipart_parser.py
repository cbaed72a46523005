"""``multipart/form-data`` without I/O: bytes in, parts out, every count kept (RFC 7578)."""

from __future__ import annotations

import inspect
import re
from collections import deque
from functools import cache
from typing import Any, Final

import attrs

from trio_helianthus.errors import MissingExtraError

from ._filename import safe_filename
from ._headers import Headers
from ._http_errors import HTTPError
from ._media_type import parse_parameters

__all__ = ["MultipartParser", "PartEnd", "PartHead", "boundary_of"]

_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
"""``boundary`` of :rfc:`2046` section 5.1.1."""
MAX_PART_HEADERS: Final = 16
"""Header fields of one part; nobody sends more than four."""


@attrs.frozen
class PartHead:
    """A part begins; its data follow."""

    name: str
    raw_filename: str | None
    """As it was sent; ``None`` for what is no file."""
    filename: str | None
    """Made safe."""
    content_type: str
    headers: Headers


@attrs.frozen
class PartEnd:
    """A part is complete."""


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

    :param max_header_bytes: names and values of the header fields of one part.
    :raises MissingExtraError: python-multipart is not installed.
    """

    def __init__(self, boundary: bytes, *, max_header_bytes: int) -> None:
        try:
            from python_multipart import multipart
            from python_multipart.exceptions import MultipartParseError
        except ImportError:
            raise MissingExtraError("http", "python-multipart") from None
        self.finished = False
        """Whether the last boundary has come."""
        self._events: deque[PartHead | bytes | PartEnd] = deque()
        self._malformed = MultipartParseError
        self._max_header_bytes = max_header_bytes
        self._header_bytes = 0
        self._fields: list[tuple[bytes, bytes]] = []
        self._name = bytearray()
        self._value = bytearray()
        callbacks: Any = {
            "on_part_begin": self._begin_part,
            "on_header_field": self._add_name,
            "on_header_value": self._add_value,
            "on_header_end": self._end_field,
            "on_headers_finished": self._end_head,
            "on_part_data": self._add_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }
        options = _without_limits(multipart.MultipartParser)
        self._parser = multipart.MultipartParser(boundary, callbacks, **options)
        # What clients send wrongly is answered, not logged.
        self._parser.logger = self._parser.logger.getChild("silent")
        self._parser.logger.disabled = True

    def feed(self, data: bytes) -> None:
        """Parse some bytes.

        :raises HTTPError: 400 where they are malformed, 413 above a limit.
        """
        if self.finished:
            return  # an epilogue, which nobody wants
        try:
            self._parser.write(data)
        except self._malformed as exc:
            raise HTTPError(400, "the form is malformed") from exc

    def next_event(self) -> PartHead | bytes | PartEnd | None:
        """What comes next; ``None`` while more has to be fed."""
        return self._events.popleft() if self._events else None

    def _begin_part(self) -> None:
        self._fields.clear()
        self._header_bytes = 0

    def _add_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._count(end - start)

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._count(end - start)

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > self._max_header_bytes:
            raise HTTPError(413, f"the header of a part is over {self._max_header_bytes} bytes")

    def _end_field(self) -> None:
        if len(self._fields) >= MAX_PART_HEADERS:
            raise HTTPError(413, f"a part has more than {MAX_PART_HEADERS} header fields")
        self._fields.append((bytes(self._name), bytes(self._value.strip(b" \t"))))
        self._name.clear()
        self._value.clear()

    def _end_head(self) -> None:
        self._events.append(_head_of(self._fields))

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if end > start:
            self._events.append(data[start:end])

    def _end_part(self) -> None:
        self._events.append(PartEnd())

    def _end(self) -> None:
        self.finished = True


@cache
def _without_limits(parser: Any) -> dict[str, Any]:
    """Newer versions have limits of their own, which cannot be told from malformed bytes."""
    known = inspect.signature(parser).parameters
    return {name: 2**31 for name in ("max_header_count", "max_header_size") if name in known}


def _head_of(fields: list[tuple[bytes, bytes]]) -> PartHead:
    texts = [
        (name.decode("ascii", "replace").lower(), value.decode("utf-8", "replace"))
        for name, value in fields
    ]
    values = dict(reversed(texts))
    kind, parameters = parse_parameters(values.get("content-disposition", ""))
    name = parameters.get("name")
    if kind != "form-data" or name is None:
        raise HTTPError(400, "a part of the form has no name")
    sent = parameters.get("filename")
    raw_filename = None if sent is None else _unescape(sent)
    return PartHead(
        name=_unescape(name),
        raw_filename=raw_filename,
        filename=None if raw_filename is None else safe_filename(raw_filename),
        content_type=values.get("content-type", ""),
        headers=Headers.from_wire(fields),
    )


def _unescape(text: str) -> str:
    """Undo the three escapes that browsers make in names; there are no others."""
    if "%" not in text:
        return text
    return re.sub("%(22|0[DdAa])", lambda found: chr(int(found[1], 16)), text)
