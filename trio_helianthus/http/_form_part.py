"""The parts of a multipart form as they arrive."""

from __future__ import annotations

from typing import Any, Final

import attrs
from attrs import validators

from trio_helianthus.core import checkpoint_budget
from trio_helianthus.errors import ResourceClosed

from ._charset import charset_of
from ._headers import Headers
from ._http_errors import HTTPError
from ._media_type import parse_parameters
from ._multipart_parser import MultipartParser, PartEnd, PartHead
from ._request_body import RequestBody

__all__ = ["FormLimits", "FormPart", "MultipartReader"]

SLICE: Final = 16 * 1024
"""How much is parsed at once; malicious bytes take a few milliseconds."""


def _count(default: int) -> Any:
    return attrs.field(default=default, validator=[validators.instance_of(int), validators.ge(1)])


@attrs.frozen(kw_only=True)
class FormLimits:
    """What a form may cost; above a limit the answer is 413.

    All of it together is no longer than the server's ``max_body_bytes``.

    :raises ValueError: for a number below 1.
    """

    max_fields: int = _count(1000)
    """Fields that are no files."""
    max_files: int = _count(100)
    """Files."""
    max_field_bytes: int = _count(1024 * 1024)
    """The value of one field, and its name."""
    max_fields_bytes: int = _count(4 * 1024 * 1024)
    """All values of fields together, which are in memory."""
    max_file_bytes: int = _count(1024 * 1024 * 1024)
    """One file."""
    max_header_bytes: int = _count(8 * 1024)
    """The header fields of one part."""
    spool_bytes: int = _count(256 * 1024)
    """How much of each file stays in memory; longer ones go to a temporary file."""


class FormPart:
    """One part of a multipart form: read it, or iterate over it, before asking for the next."""

    def __init__(self, head: PartHead, reader: MultipartReader, limits: FormLimits) -> None:
        self.name: Final = head.name
        """Which field it is."""
        self.filename: Final = head.filename
        """The name of the file, made safe to store it under; ``None`` for what is no file."""
        self.raw_filename: Final = head.raw_filename
        """The name as it was sent."""
        self.content_type: Final = parse_parameters(head.content_type)[0]
        """What the client says it is, without parameters; ``""`` where it says nothing."""
        self.headers: Final[Headers] = head.headers
        """All header fields of the part."""
        self._full_content_type = head.content_type
        self._reader = reader
        self._limits = limits

    def __aiter__(self) -> FormPart:
        return self

    async def __anext__(self) -> bytes:
        """The next bytes of the content.

        :raises ResourceClosed: the next part was asked for.
        :raises HTTPError: as :meth:`Request.multipart` does.
        """
        if data := await self._reader.next_data(self):
            return data
        raise StopAsyncIteration

    async def read(self, *, max_bytes: int | None = None) -> bytes:
        """Wait for all of it.

        :param max_bytes: a cap; the limit for a file or a field where it is left out.
        :raises HTTPError: 413 above the cap, and as :meth:`Request.multipart` does.
        """
        if max_bytes is None:
            limits = self._limits
            max_bytes = limits.max_field_bytes if self.filename is None else limits.max_file_bytes
        content = bytearray()
        while data := await self._reader.next_data(self):
            content += data
            if len(content) > max_bytes:
                raise HTTPError(413, f"{self.name!r} is longer than {max_bytes} bytes")
        return bytes(content)

    async def text(self, *, max_bytes: int | None = None) -> str:
        """As :meth:`read`, decoded; what is no text in its character set becomes U+FFFD.

        :raises HTTPError: 400 for an unknown character set.
        """
        if not self._full_content_type:
            return (await self.read(max_bytes=max_bytes)).decode("utf-8", "replace")
        try:
            charset = charset_of(self._full_content_type)
        except LookupError as exc:
            raise HTTPError(400, "unknown character set in the form") from exc
        return (await self.read(max_bytes=max_bytes)).decode(charset, "replace")

    def __repr__(self) -> str:
        return f"<FormPart {self.name!r}>"


class MultipartReader:
    """Gives the parts of a body, one after the other.

    :raises MissingExtraError: python-multipart is not installed.
    """

    def __init__(self, body: RequestBody, boundary: bytes, limits: FormLimits) -> None:
        self._body = body
        self._limits = limits
        self._parser = MultipartParser(boundary, max_header_bytes=limits.max_header_bytes)
        self._unparsed = b""
        self._part: FormPart | None = None
        self._files_left = limits.max_files
        self._fields_left = limits.max_fields
        self._budget = checkpoint_budget()

    def __aiter__(self) -> MultipartReader:
        return self

    async def __anext__(self) -> FormPart:
        """The next part; what is left of the last one is skipped."""
        while True:
            event = await self._next_event()
            if event is None:
                self._part = None
                raise StopAsyncIteration
            if isinstance(event, PartHead):
                self._count(event)
                self._part = FormPart(event, self, self._limits)
                return self._part

    async def next_data(self, part: FormPart) -> bytes:
        """The next bytes of a part; ``b""`` at its end."""
        if part is not self._part:
            if self._part is None:
                return b""
            raise ResourceClosed("the next part of the form was asked for")
        event = await self._next_event()
        if isinstance(event, bytes):
            return event
        self._part = None
        return b""

    async def _next_event(self) -> PartHead | bytes | PartEnd | None:
        """What comes next; ``None`` at the end of the form."""
        while (event := self._parser.next_event()) is None:
            if not self._unparsed:
                self._unparsed = await self._body.receive_some()
            if not self._unparsed:
                if not self._parser.finished:
                    raise HTTPError(400, "the form ends early")
                return None
            part, self._unparsed = self._unparsed[:SLICE], self._unparsed[SLICE:]
            self._parser.feed(part)
            if self._budget.spend():
                await self._budget.refill()
        return event

    def _count(self, head: PartHead) -> None:
        if head.filename is None:
            self._fields_left -= 1
            if self._fields_left < 0:
                raise HTTPError(413, f"the form has more than {self._limits.max_fields} fields")
        else:
            self._files_left -= 1
            if self._files_left < 0:
                raise HTTPError(413, f"the form has more than {self._limits.max_files} files")
