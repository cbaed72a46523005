"""Compressed answers for clients that take them."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from functools import lru_cache
from typing import Final

import attrs
import trio

from trio_helianthus.net import Buffer

from .._headers import Headers
from .._middleware_chain import CallNext
from .._pieces import bytes_of, closing
from .._request import Request
from .._response import Response
from ._added_fields import RawFields, RememberedChange
from ._encoders import CODINGS, Encoder, encoder_of, installed_codings
from ._field_lists import add_vary, elements, preferences

__all__ = ["Compression"]

THREAD_BYTES: Final = 128 * 1024
"""From which length on a body that is there as a whole is compressed in a thread."""
MAX_REMEMBERED: Final = 256
"""Of how many different fields of requests and of answers is remembered what they mean."""
MAX_REMEMBERED_LENGTH: Final = 256
"""Characters of such a field of a request; longer ones are read each time."""
_NOT_WITH: Final = ("content-encoding", "content-range", "content-digest", "repr-digest")
"""Fields that would not be true any more of a body that is encoded."""
_TYPES: Final = frozenset(
    [
        "application/ecmascript",
        "application/javascript",
        "application/json",
        "application/manifest+json",
        "application/rtf",
        "application/wasm",
        "application/x-javascript",
        "application/x-ndjson",
        "application/xml",
        "font/otf",
        "font/ttf",
        "image/bmp",
        "image/svg+xml",
        "image/x-icon",
    ]
)


class Compression:
    """Compresses answers with the coding that the client prefers, of those that we have.

    ::

        Compression(minimum_size=500)

    What changes: ``Content-Encoding`` and ``Vary``; a strong ``ETag`` becomes a weak one and
    ``Accept-Ranges`` goes, since the bytes are others. What comes piece by piece goes out piece by
    piece. What is left alone: bodies that are short, of a type that does not shrink, have a
    ``Content-Encoding`` already, are a part of something (206), have a digest, or say
    ``Cache-Control: no-transform``; streams of server-sent events, where the memory of
    a compressor for every client costs more than it saves; and what a handler sends by itself.

    Where a page holds a secret, such as a token against forged requests, together with
    what a stranger can choose, its compressed length tells of the secret (BREACH). Mask the
    secret anew in every answer, or keep such pages from being compressed.

    :param minimum_size: in bytes; what is shorter is not worth it. It does not count for a body
        whose length is not known.
    :param codings: of ``"zstd"``, ``"br"`` and ``"gzip"``, the best first, for clients that do not
        care; without it all that are installed (the extra ``http`` has them).
    :raises ValueError: for a coding that is not one of these.
    :raises MissingExtraError: a coding that was asked for needs a package.
    """

    def __init__(self, *, minimum_size: int = 500, codings: Iterable[str] | None = None) -> None:
        self._minimum_size = minimum_size
        self._codings = installed_codings() if codings is None else tuple(codings)
        for coding in self._codings:
            if coding not in CODINGS:
                raise ValueError(f"unknown coding {coding!r}, there are {', '.join(CODINGS)}")
            encoder_of(coding)  # is it there?

        self._remembered = lru_cache(MAX_REMEMBERED)(self._decide)

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Compress the answer where that is worth it and wanted."""
        response = await call_next(request)
        if response.status == 304:
            _confirm(response, request)
        elif (coding := self._coding_for(request, response)) is not None:
            _ENCODING.apply(response, coding)
            if coding and _has_body(response):
                await _encode(response, coding)
        return response

    def _coding_for(self, request: Request, response: Response) -> str | None:
        """What to encode an answer with; ``None`` for what is sent as it is, whoever asks, and
        the empty string for what is only sent so to this client.
        """
        accepted = request.headers.get("accept-encoding", "")
        may_refuse = "0" in accepted  # without a weight of 0 nobody refuses plain answers
        is_large = _size(response, self._minimum_size) >= self._minimum_size
        if not (is_large or may_refuse):
            return None
        content = _look_at(response.raw_headers)
        worth_it = is_large and content.shrinks
        if not (worth_it or may_refuse) or not content.may_be_encoded:
            return None
        if response.status == 206 or not (_has_body(response) or request.method == "HEAD"):
            return None
        is_short = len(accepted) <= MAX_REMEMBERED_LENGTH
        wanted = (self._remembered if is_short else self._decide)(accepted)
        return wanted.coding if worth_it or wanted.only_encoded else None

    def _decide(self, accepted: str) -> _Wanted:
        """What a client prefers (:rfc:`9110` section 12.5.3)."""
        said = preferences(accepted)
        only_encoded = said.get("identity", said.get("*", 1.0)) == 0
        others = said.get("*", 0.0)
        weights = {
            coding: said.get(coding, said.get("x-gzip", others) if coding == "gzip" else others)
            for coding in self._codings
        }
        best = max(weights, key=weights.__getitem__, default="")  # the first of equals
        if not best or weights[best] == 0 or said.get("identity", 0.0) > weights[best]:
            best = ""
        return _Wanted(best, only_encoded)


@attrs.frozen
class _Wanted:
    """What a client wants.

    :param coding: empty for none of ours.
    :param only_encoded: whether it refuses what is not encoded.
    """

    coding: str
    only_encoded: bool


@attrs.frozen
class _Content:
    """What the fields of an answer say of its body."""

    may_be_encoded: bool
    shrinks: bool


@lru_cache(MAX_REMEMBERED)
def _look_at(fields: RawFields) -> _Content:
    headers = Headers.from_wire(fields)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return _Content(
        kind != "text/event-stream"
        and not any(name in headers for name in _NOT_WITH)
        and "no-transform" not in elements(headers.get("cache-control", "").lower()),
        kind.startswith("text/") or kind in _TYPES or kind.endswith(("+json", "+xml")),
    )


def _size(response: Response, unknown: int) -> int:
    """How long the body is, or would be in the answer to ``HEAD``."""
    if response.body and isinstance(response.body, bytes):
        return len(response.body)
    default = 0 if response.body == b"" else unknown
    given = response.headers.get("content-length", "")
    return int(given) if given.isdecimal() and given.isascii() else default


def _has_body(response: Response) -> bool:
    return not isinstance(response.body, bytes) or response.body != b""


def _mark(fields: RawFields, coding: str) -> RawFields:
    """Say what happens to the body, which is other bytes then."""
    headers = Headers.from_wire(fields)
    add_vary(headers, "Accept-Encoding")
    if coding:
        headers["Content-Encoding"] = coding
        headers.pop("Accept-Ranges", None)
        headers.pop("Content-Length", None)
        etag = headers.get("etag", "")
        if etag.startswith('"'):
            headers["ETag"] = f"W/{etag}"
    return headers.raw


_ENCODING: Final = RememberedChange(_mark)


def _confirm(response: Response, request: Request) -> None:
    """Name in a 304 what the client has: caches look for it by this name."""
    etag = response.headers.get("etag", "")
    if etag.startswith('"') and f"W/{etag}" in request.headers.get("if-none-match", ""):
        response.headers["ETag"] = f"W/{etag}"
        add_vary(response.headers, "Accept-Encoding")


async def _encode(response: Response, coding: str) -> None:
    body = response.body
    if not isinstance(body, bytes):
        response.body = _EncodedBody(body, encoder_of(coding))
    elif len(body) < THREAD_BYTES:
        response.body = _encode_whole(coding, body)
    else:
        response.body = await trio.to_thread.run_sync(_encode_whole, coding, body)


def _encode_whole(coding: str, body: bytes) -> bytes:
    encoder = encoder_of(coding)
    return encoder.compress(body) + encoder.finish()


class _EncodedBody:
    """A body that is compressed on its way; each piece can be read when it arrives."""

    def __init__(self, pieces: AsyncIterable[Buffer], encoder: Encoder) -> None:
        self._pieces = pieces
        self._iterator = aiter(pieces)
        self._encoder: Encoder | None = encoder

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while self._encoder is not None:
            try:
                piece = bytes_of(await anext(self._iterator))
            except StopAsyncIteration:
                encoder, self._encoder = self._encoder, None
                return encoder.finish()
            if data := self._encoder.compress(piece) + self._encoder.flush():
                return data
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close what is compressed."""
        async with closing(self._pieces):
            self._encoder = None
