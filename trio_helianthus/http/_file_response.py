"""A file as an answer: the whole, a part, several parts, or that it has not changed."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import trio

from ._conditional import Validators, failed_condition, range_applies
from ._content_types import content_type_of
from ._file_body import FileBody
from ._filename import content_disposition
from ._headers import Headers, HeaderTypes
from ._http_dates import format_http_date, parse_http_date
from ._opened_file import SMALL_FILE, OpenedFile, open_regular
from ._ranges import ByteRange, content_range, parse_range

if TYPE_CHECKING:
    from ._request import Request

__all__ = ["FileAnswer", "answer_with", "file_response", "opened"]

_T = TypeVar("_T")


class FileAnswer(NamedTuple):
    """What becomes a :class:`Response`, of which this module need not know."""

    status: int
    fields: Headers
    body: bytes | FileBody | _Parts = b""


async def file_response(
    path: str | os.PathLike[str],
    request: Request | None,
    *,
    download: bool | str,
    content_type: str | None,
    headers: HeaderTypes,
) -> FileAnswer:
    """The answer with a file; see :meth:`Response.file`."""
    file = await opened(partial(open_regular, path))
    try:
        fields = Headers(headers)
        if content_type is not None:
            fields["Content-Type"] = content_type
        name = Path(path).name
        fields.setdefault("Content-Type", content_type_of(name))
        if download:
            shown = name if download is True else download
            fields["Content-Disposition"] = content_disposition("attachment", shown)
        return answer_with(file, request, fields)
    except BaseException:
        file.close()
        raise


async def opened(open_it: Callable[[], _T]) -> _T:
    """Open a file in a thread; nothing is left open where that is cancelled."""
    return await trio.to_thread.run_sync(open_it)


def answer_with(file: OpenedFile, request: Request | None, fields: Headers) -> FileAnswer:
    """The answer with a file that is open; it is closed here, or with the answer.

    :param fields: what is known of it already; is taken over.
    """
    now = time.time()
    fields.setdefault("ETag", file.etag)
    # Not later than the answer itself, see RFC 9110 section 8.8.2.1.
    fields.setdefault("Last-Modified", format_http_date(min(file.modified, now)))
    fields.setdefault("Accept-Ranges", "bytes")
    if file.coding is not None:
        fields["Content-Encoding"] = file.coding
    if request is None:
        return _whole(file, fields)
    validators = Validators(fields["ETag"], parse_http_date(fields["Last-Modified"]))
    status = failed_condition(request.method, request.headers, validators)
    if status is not None:
        file.close()
        return _without_content(status, fields)
    ranges = _ranges_of(request, file.size, validators, now)
    if ranges == []:
        file.close()
        fields["Content-Range"] = content_range(None, file.size)
        return _without_content(416, fields)
    if request.method == "HEAD":
        file.close()
        fields["Content-Length"] = str(file.size)
        return FileAnswer(200, fields)
    if file.size > SMALL_FILE:
        request.when_answered(file.close)  # also where middleware drops the answer
    if ranges is None:
        return _whole(file, fields)
    if len(ranges) == 1:
        return _part(file, ranges[0], fields)
    return _parts(file, ranges, fields)


def _ranges_of(
    request: Request, size: int, validators: Validators, now: float
) -> list[ByteRange] | None:
    # Only GET has ranges, see RFC 9110 section 14.2.
    if request.method != "GET" or "range" not in request.headers:
        return None
    if not range_applies(request.headers, validators, now):
        return None
    return parse_range(request.headers["range"], size)


def _without_content(status: int, fields: Headers) -> FileAnswer:
    """An answer that only tells; 304 has all fields but those of the content it does not have."""
    for name in ("Content-Type", "Content-Encoding", "Content-Disposition"):
        fields.pop(name, None)
    if status != 304:
        fields.pop("Last-Modified", None)
    return FileAnswer(status, fields)


def _whole(file: OpenedFile, fields: Headers) -> FileAnswer:
    return FileAnswer(200, fields, _content(file, 0, file.size))


def _part(file: OpenedFile, part: ByteRange, fields: Headers) -> FileAnswer:
    start, stop = part
    fields["Content-Range"] = content_range(part, file.size)
    return FileAnswer(206, fields, _content(file, start, stop))


def _content(file: OpenedFile, start: int, stop: int) -> bytes | FileBody:
    """Small files are in memory already."""
    if file.size > SMALL_FILE:
        return FileBody(file.file, start, stop - start)
    file.file.seek(start)
    content = file.file.read(stop - start)
    file.close()
    return content


def _parts(file: OpenedFile, ranges: list[ByteRange], fields: Headers) -> FileAnswer:
    """Several parts in one answer (:rfc:`9110` section 14.6)."""
    boundary = secrets.token_hex(16)
    kind = fields["Content-Type"]
    heads = [
        f"\r\n--{boundary}\r\nContent-Type: {kind}\r\n"
        f"Content-Range: {content_range(part, file.size)}\r\n\r\n".encode("latin-1")
        for part in ranges
    ]
    heads[0] = heads[0][2:]
    end = f"\r\n--{boundary}--\r\n".encode("ascii")
    sizes = (stop - start for start, stop in ranges)
    fields["Content-Type"] = f"multipart/byteranges; boundary={boundary}"
    fields["Content-Length"] = str(sum(sizes) + sum(map(len, heads)) + len(end))
    return FileAnswer(206, fields, _Parts(file, ranges, heads, end))


class _Parts:
    """The body of an answer that has several parts of a file."""

    def __init__(
        self, file: OpenedFile, ranges: list[ByteRange], heads: list[bytes], end: bytes
    ) -> None:
        self._file = file
        self._left = list(zip(heads, ranges, strict=True))
        self._end = end
        self._pieces: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> _Parts:
        return self

    async def __anext__(self) -> bytes:
        if self._pieces is not None:
            async for piece in self._pieces:
                return piece
            self._pieces = None
        if self._left:
            head, (start, stop) = self._left.pop(0)
            self._pieces = aiter(FileBody(self._file.file, start, stop - start))
            return head
        if self._end:
            end, self._end = self._end, b""
            return end
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close the file."""
        self._file.close()
