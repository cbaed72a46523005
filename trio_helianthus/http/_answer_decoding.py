"""Undoes the ``Content-Encoding`` of a client's answers, whole ones and streams."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.errors import LimitExceeded

from ._decoding import Decoder, codings_of
from ._response_body import DecodedBody

if TYPE_CHECKING:
    from ._client_response import ClientResponse, StreamedResponse
    from ._limits import ClientLimits

__all__ = ["decode_streamed", "decode_whole"]

_PIECE: Final = 16 * 1024
"""Encoded bytes that become nothing, without giving other tasks a turn."""
_CHECKPOINT_BYTES: Final = 512 * 1024
"""Encoded and decoded bytes after which they get it; a small piece counts as 1 KiB."""
_SMALL: Final = 1024


async def decode_whole(response: ClientResponse, limits: ClientLimits) -> None:
    """Replace an answer's content by what it was before it was encoded.

    :raises RemoteProtocolError: it is not in its coding; :class:`LimitExceeded` where it becomes
        too long.
    :raises MissingExtraError: the coding needs the extra ``http``.
    """
    codings = codings_of(response.headers.get("content-encoding", ""))
    if not codings or not response.content:
        return
    cap, work = limits.max_response_bytes, 0
    decoder = Decoder(codings, max_ratio=limits.max_decoded_ratio)
    encoded, content = response.content, bytearray()
    for start in range(0, len(encoded), _PIECE):
        part = encoded[start : start + _PIECE]
        work += len(part)
        for piece in chain(decoder.feed(part), (b"",)):  # also where nothing comes of it
            content += piece
            work += max(len(piece), _SMALL)
            if len(content) > cap:
                raise LimitExceeded(
                    f"the answer's body is longer than {cap} bytes",
                    limit_name="max_response_bytes",
                    limit=cap,
                )
            if work >= _CHECKPOINT_BYTES:
                work = 0
                await trio.lowlevel.checkpoint()
    decoder.finish()
    response.content = bytes(content)


def decode_streamed(response: StreamedResponse, limits: ClientLimits) -> None:
    """Let an answer's body be read as it was before it was encoded.

    :raises RemoteProtocolError: a coding is not known, or there are too many.
    :raises MissingExtraError: a coding needs the extra ``http``.
    """
    if codings := codings_of(response.headers.get("content-encoding", "")):
        decoder = Decoder(codings, max_ratio=limits.max_decoded_ratio)
        response._raw_body = response.body
        response.body = DecodedBody(response.body, decoder)
