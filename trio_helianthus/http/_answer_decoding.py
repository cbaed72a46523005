"""Undoes the ``Content-Encoding`` of a client's answers, whole ones and streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.errors import LimitExceeded

from ._decoding import Decoder, codings_of
from ._response_body import DecodedBody

if TYPE_CHECKING:
    from ._client_response import ClientResponse, StreamedResponse
    from ._limits import ClientLimits

__all__ = ["decode_streamed", "decode_whole"]

_PIECE: Final = 64 * 1024
"""Bytes that are decoded without giving other tasks a turn."""
_CHECKPOINT_BYTES: Final = 512 * 1024
"""Encoded and decoded bytes after which they get it."""


async def decode_whole(response: ClientResponse, limits: ClientLimits) -> None:
    """Replace an answer's content by what it was before it was encoded.

    :raises RemoteProtocolError: it is not in its coding; :class:`LimitExceeded` where it becomes
        too long.
    :raises MissingExtraError: the coding needs the extra ``http``.
    """
    codings = codings_of(response.headers.get("content-encoding", ""))
    if not codings or not response.content:
        return
    cap, due = limits.max_response_bytes, _CHECKPOINT_BYTES
    decoder = Decoder(codings, max_ratio=limits.max_decoded_ratio)
    encoded, content = response.content, bytearray()
    for start in range(0, len(encoded), _PIECE):
        for piece in decoder.feed(encoded[start : start + _PIECE]):
            content += piece
            if len(content) > cap:
                raise LimitExceeded(
                    f"the answer's body is longer than {cap} bytes",
                    limit_name="max_response_bytes",
                    limit=cap,
                )
        if start + len(content) >= due:
            due = start + len(content) + _CHECKPOINT_BYTES
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
