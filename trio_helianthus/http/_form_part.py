"""The parts of a multipart form as they arrive."""

from __future__ import annotations

from collections import deque
from typing import Final

from trio_helianthus.core import checkpoint_budget
from trio_helianthus.errors import ResourceClosed

from ._charset import charset_of
from ._filename import safe_filename
from ._form_limits import FormLimits
from ._headers import Headers
from ._http_errors import HTTPError
from ._media_type import parse_parameters
from ._multipart_parser import MultipartParser, PartEvent, PartHead
from ._request_body import RequestBody

__all__ = ["FormPart", "MultipartReader", "part_text"]

SLICE: Final = 64 * 1024
"""How much is parsed at once; malicious bytes take some ten milliseconds."""


class FormPart:
    """One part of a multipart form: read it, or iterate over it, before asking for the next."""

    def __init__(self, head: PartHead, reader: MultipartReader, limits: FormLimits) -> None:
        self.name: Final = head.name
        """Which field it is."""
        self.filename: Final = None if head.filename is None else safe_filename(head.filename)
        """The name of the file, made safe to store it under; ``None`` for what is no file."""
        self.raw_filename: Final = head.filename
        """The name as it was sent."""
        self.content_type: Final = parse_parameters(head.content_type)[0]
        """What the client says it is, without parameters; ``""`` where it says nothing."""
        self.headers: Final = Headers.from_wire(head.fields)
        """All header fields of the part."""
        self._head = head
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
        return part_text(self._head, await self.read(max_bytes=max_bytes))

    def __repr__(self) -> str:
        return f"<FormPart {self.name!r}>"


def part_text(head: PartHead, content: bytes | bytearray) -> str:
    """The content of a part as text.

    :raises HTTPError: 400 for an unknown character set.
    """
    if not head.content_type:
        return content.decode("utf-8", "replace")
    try:
        charset = charset_of(head.content_type)
    except LookupError as exc:
        raise HTTPError(400, "unknown character set in the form") from exc
    return content.decode(charset, "replace")


class MultipartReader:
    """Gives the parts of a body, one after the other.

    :raises MissingExtraError: python-multipart is not installed.
    """

    def __init__(self, body: RequestBody, boundary: bytes, limits: FormLimits) -> None:
        self._body = body
        self._limits = limits
        self._parser = MultipartParser(boundary, limits)
        self._received = b""
        self._parsed = 0
        self._events: deque[PartEvent] = deque()
        self._part: FormPart | None = None
        self._budget = checkpoint_budget()

    def __aiter__(self) -> MultipartReader:
        return self

    async def __anext__(self) -> FormPart:
        """The next part; what is left of the last one is skipped."""
        while (event := await self._next_event()) is not None:
            if isinstance(event, PartHead):
                self._part = FormPart(event, self, self._limits)
                return self._part
        self._part = None
        raise StopAsyncIteration

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

    async def _next_event(self) -> PartEvent | None:
        """What comes next; ``None`` at the end of the form."""
        if not self._events:
            self._events.extend(await self.next_events())
        return self._events.popleft() if self._events else None

    async def next_events(self) -> list[PartEvent]:
        """What the next bytes of the body bring; nothing at the end of the form.

        :raises HTTPError: as :meth:`Request.multipart` does.
        """
        while True:
            if self._parsed >= len(self._received):
                self._received, self._parsed = await self._body.receive_some(), 0
                if not self._received:
                    if not self._parser.finished:
                        raise HTTPError(400, "the form ends early")
                    return []
            start = self._parsed
            self._parsed += SLICE
            events = self._parser.feed(self._received[start : self._parsed])
            if self._budget.spend():
                await self._budget.refill()
            if events:
                return events
