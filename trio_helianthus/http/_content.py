"""What a call sends: ``content``, ``json``, ``data`` and ``files`` become one body."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any, Final, TypeAlias, cast

import attrs

from trio_helianthus.net import Buffer

from ._json import encode_json
from ._upload import Files, Part, Progress, ReadableFile, Upload, file_part, is_file, multipart
from ._url import Params, encode_pairs

__all__ = ["NO_BODY", "Body", "Content", "encode_body"]

Content: TypeAlias = "Buffer | str | os.PathLike[str] | ReadableFile | AsyncIterable[Buffer]"
"""What ``content=`` takes: bytes, text that is sent as UTF-8, a path, a file that is open for
reading bytes, or pieces that come one by one."""


@attrs.frozen
class Body:
    """The body of a request, and what its header fields say of it."""

    content: bytes | AsyncIterable[Buffer]
    media_type: str | None = None
    """``Content-Type``, where none is given; ``None`` where nobody can know."""
    length: int | None = None
    """``Content-Length``, or ``None`` where it is not known."""
    own_type: bool = False
    """Whether the body depends on its ``Content-Type``, so that no other one may be given."""


NO_BODY: Final = Body(b"", length=0)


def encode_body(
    content: Content | None,
    json: Any,
    data: Params | None,
    files: Files | None,
    progress: Progress | None,
) -> Body:
    """Make one body of the arguments of a call.

    :raises ValueError: for arguments that exclude each other, and what JSON cannot express.
    :raises TypeError: for content of a wrong type.
    :raises OSError: there is no such file.
    """
    kinds = (content is not None) + (json is not None) + (data is not None or files is not None)
    if kinds > 1:
        raise ValueError("give content, json, or data and files, not several of them")
    if kinds == 0:
        body = NO_BODY
    elif json is not None:
        body = _of_bytes(encode_json(json), "application/json")
    elif files is not None:
        body = _of_parts(*multipart(_fields(data or ()), files))
    elif data is not None:
        body = _form(data)
    else:
        body = _raw(cast("Content", content))
    return body if progress is None else _watched(body, progress)


def _raw(content: Content) -> Body:
    if isinstance(content, str):
        return _of_bytes(content.encode("utf-8"), "text/plain; charset=utf-8")
    if isinstance(content, bytes | bytearray | memoryview):
        return _of_bytes(bytes(content), None)
    if is_file(content):
        upload = Upload([file_part(content)])
        return Body(upload, None, upload.length)
    if isinstance(content, AsyncIterable):
        return Body(content)
    raise TypeError(
        "content is bytes, str, a Path, an open file or an async iterable of bytes, "
        f"not {type(content).__name__}"
    )


def _form(data: Params) -> Body:
    if isinstance(data, str | bytes):
        raise TypeError("data= takes the fields of a form; bytes and text go into content=")
    return _of_bytes(encode_pairs(data).encode("ascii"), "application/x-www-form-urlencoded")


def _of_bytes(content: bytes, media_type: str | None) -> Body:
    return Body(content, media_type, len(content))


def _of_parts(parts: list[Part], media_type: str) -> Body:
    if all(type(part) is Part for part in parts):
        content = b"".join(part.data for part in parts)
        return Body(content, media_type, len(content), own_type=True)
    upload = Upload(parts)
    return Body(upload, media_type, upload.length, own_type=True)


def _watched(body: Body, progress: Progress) -> Body:
    content = body.content
    if isinstance(content, Upload):
        watched = content.watched(progress)
    else:
        watched = Upload([file_part(content)], progress)
    return attrs.evolve(body, content=watched)


def _fields(data: Params) -> Iterable[tuple[str, str | bytes]]:
    """The fields of a form one by one, bytes as they are."""
    pairs = data.items() if isinstance(data, Mapping) else data
    for name, value in cast("Iterable[tuple[str, Any]]", pairs):
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, bool):
                yield name, "true" if one else "false"
            elif one is not None:
                yield name, one if isinstance(one, bytes) else str(one)
