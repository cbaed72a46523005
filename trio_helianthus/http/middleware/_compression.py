"""Compressed answers for clients that take them."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Final

import trio

from trio_helianthus.net import Buffer

from .._headers import Headers
from .._middleware_chain import CallNext
from .._pieces import bytes_of, closing
from .._request import Request
from .._response import Response
from ._encoders import CODINGS, Encoder, encoder_of, installed_codings
from ._field_lists import add_vary, elements, preferences

__all__ = ["Compression"]

THREAD_BYTES: Final = 128 * 1024
"""From which length on a body that is there as a whole is compressed in a thread."""
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

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Compress the answer where that is worth it and wanted."""
        response = await call_next(request)
        accepted = request.headers.get("accept-encoding", "")
        # Without a weight of 0 nobody refuses plain answers.
        if not ((self._worth_it(response) or "0" in accepted) and _may_be_encoded(response)):
            return response
        said = preferences(accepted)
        only_encoded = said.get("identity", said.get("*", 1.0)) == 0
        if not (only_encoded or self._worth_it(response)):
            return response
        add_vary(response.headers, "Accept-Encoding")
        coding = _choose(said, self._codings)
        if coding is not None:
            await _encode(response, coding)
        return response

    def _worth_it(self, response: Response) -> bool:
        if isinstance(response.body, bytes):
            size = len(response.body)
        else:
            given = response.headers.get("content-length", "")
            size = int(given) if given.isdecimal() and given.isascii() else self._minimum_size
        return size >= self._minimum_size and _shrinks(response.headers)


def _may_be_encoded(response: Response) -> bool:
    headers = response.headers
    return (
        response.body != b""
        and response.status not in {204, 206, 304}
        and not any(
            name in headers
            for name in ("content-encoding", "content-range", "content-digest", "repr-digest")
        )
        and _content_type(headers) != "text/event-stream"
        and "no-transform" not in elements(headers.get("cache-control", "").lower())
    )


def _shrinks(headers: Headers) -> bool:
    kind = _content_type(headers)
    return kind.startswith("text/") or kind in _TYPES or kind.endswith(("+json", "+xml"))


def _content_type(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _choose(said: dict[str, float], codings: tuple[str, ...]) -> str | None:
    """The coding that a client prefers (:rfc:`9110` section 12.5.3); ``None`` for none."""
    others = said.get("*", 0.0)
    weights = {
        coding: said.get(coding, said.get("x-gzip", others) if coding == "gzip" else others)
        for coding in codings
    }
    best = max(weights, key=weights.__getitem__, default=None)  # the first of equals
    if best is None or weights[best] == 0:
        return None
    return None if said.get("identity", 0.0) > weights[best] else best


async def _encode(response: Response, coding: str) -> None:
    headers = response.headers
    body = response.body
    headers["Content-Encoding"] = coding
    headers.pop("Accept-Ranges", None)
    headers.pop("Content-Length", None)
    etag = headers.get("etag", "")
    if etag.startswith('"'):
        headers["ETag"] = f"W/{etag}"
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
