"""Compression of messages (permessage-deflate, RFC 7692), with bounded memory."""

from __future__ import annotations

import zlib
from typing import Final

from attrs import field, frozen, validators

from trio_helianthus.errors import LimitExceeded, RemoteProtocolError

__all__ = ["Deflate", "DeflateParameters", "Deflater", "Inflater", "compress_alone"]

TAIL: Final = b"\x00\x00\xff\xff"
"""What each message would end with, and what is not sent (RFC 7692, section 7.2.1)."""
_EMPTY: Final = b"\x00"  # an empty message (section 7.2.3.6)
_SMALLEST_WINDOW: Final = 9
_MOST_FINAL_BLOCKS: Final = 16


def _bits(default: int) -> int:
    in_range = validators.and_(validators.ge(8), validators.le(15))
    bits: int = field(default=default, validator=in_range)
    return bits


@frozen(slots=True, kw_only=True)
class DeflateParameters:
    """How messages are compressed on a connection: what both sides agreed on, and our own part.

    A side that keeps its context refers to earlier messages, which compresses small ones well, and
    holds memory for each connection: ``2 ** window_bits`` bytes to decompress, and to compress
    ``2 ** (window_bits + 2) + 2 ** (mem_level + 9)``. Without, memory is held during a message.

    :param server_no_context_takeover: the server compresses each message by itself.
    :param client_no_context_takeover: the client compresses each message by itself.
    :param server_max_window_bits: how far back the server refers, as a power of 2; 8 to 15.
    :param client_max_window_bits: how far back the client refers.
    :param level: how hard we try: 1 is fast, 9 is small.
    :param mem_level: how much memory we compress with, 1 to 9.
    :param min_bytes: messages of ours that are smaller go uncompressed.

    A message that compression would make longer, such as an image, goes as it is (:rfc:`7692`
    section 6) where that costs no context: if it is a :class:`PreparedMessage`, or as long as the
    window, or if its side keeps no context. Others become longer by up to 6 bytes for each 2 KiB,
    which is less than the next ones would without what went before.
    """

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int = _bits(15)
    client_max_window_bits: int = _bits(15)
    level: int = field(default=6, validator=[validators.ge(0), validators.le(9)])
    mem_level: int = field(default=5, validator=[validators.ge(1), validators.le(9)])
    min_bytes: int = field(default=128, validator=validators.ge(0))


@frozen(slots=True, kw_only=True)
class Deflate(DeflateParameters):
    """What we want compression to be like; the same fields as :class:`DeflateParameters`.

    The windows are the largest that we want; the smaller default saves memory. That of the peer's
    own messages can only be asked for.
    """

    server_max_window_bits: int = _bits(12)
    client_max_window_bits: int = _bits(12)


class Deflater:
    """Compresses the messages of one side.

    The compressor is made for the first message, and let go behind each one if it is without
    context.
    """

    __slots__ = ("_bits", "_compressor", "_keeps", "_level", "_mem_level", "min_bytes")

    def __init__(self, parameters: DeflateParameters, *, is_client: bool) -> None:
        if is_client:
            self._bits = parameters.client_max_window_bits
            self._keeps = not parameters.client_no_context_takeover
        else:
            self._bits = parameters.server_max_window_bits
            self._keeps = not parameters.server_no_context_takeover
        self._level = parameters.level
        self._mem_level = parameters.mem_level
        self.min_bytes: Final = parameters.min_bytes
        self._compressor: zlib._Compress | None = None

    @property
    def setting(self) -> tuple[int, int, int]:
        """What :func:`compress_alone` needs to compress for the same peer."""
        return self._bits, self._level, self._mem_level

    def compress(self, data: bytes, end: bool) -> bytes:
        """Compress one frame; all of it comes out, so that nothing waits for the next frame."""
        if self._compressor is None:
            self._compressor = _compressor(self._bits, self._level, self._mem_level)
        compressed = self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        if not end:
            return compressed
        if not self._keeps:
            self._compressor = None
        # Nothing comes out when there is nothing new: then it is a block that is empty.
        return compressed.removesuffix(TAIL) or _EMPTY

    def compress_whole(self, message: bytes) -> bytes | None:
        """Compress a whole message.

        :returns: ``None`` where it shall go as it is, since it is small, or compression made it
            longer.
        """
        length = len(message)
        if length < self.min_bytes:
            return None
        compressed = self.compress(message, True)
        if len(compressed) <= length or (self._keeps and length < 1 << self._bits):
            return compressed
        # The peer will not see it, and of what went before, nothing is left in the window.
        self.start_anew()
        return None

    def start_anew(self) -> None:
        """Refer to nothing before: the peer has got something else than was compressed here."""
        self._compressor = None


def compress_alone(data: bytes, setting: tuple[int, int, int]) -> bytes:
    """Compress a whole message, without reference to one before, for any peer with that setting."""
    compressor = _compressor(*setting)
    compressed = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return compressed.removesuffix(TAIL)


def _compressor(bits: int, level: int, mem_level: int) -> zlib._Compress:
    # zlib makes no raw stream with a window of 8 bits. With 9 it refers back to 512 - 262 bytes at
    # most (MAX_DIST in its deflate.h), which a window of 8 bits has too.
    return zlib.compressobj(level, zlib.DEFLATED, -max(bits, _SMALLEST_WINDOW), mem_level)


class Inflater:
    """Decompresses what the peer sends, up to a size."""

    __slots__ = ("_bits", "_decompressor", "_keeps")

    def __init__(self, parameters: DeflateParameters, *, is_client: bool) -> None:
        if is_client:
            self._bits = parameters.server_max_window_bits
            self._keeps = not parameters.server_no_context_takeover
        else:
            self._bits = parameters.client_max_window_bits
            self._keeps = not parameters.client_no_context_takeover
        self._decompressor: zlib._Decompress | None = None

    def decompress(self, data: bytes, end: bool, room: int, limit: int) -> bytes:
        """Decompress the payload of one frame.

        :param end: whether it is the message's last.
        :param room: how many bytes may come out.
        :param limit: the limit that this is the rest of.
        :raises LimitExceeded: more would come out; one byte more was made, and let go.
        :raises RemoteProtocolError: it is not DEFLATE, or refers to something out of the window.
        """
        rest = data + TAIL if end else data
        pieces: list[bytes] = []
        # A block that says it is the last (section 7.2.3.4) ends the stream for zlib. It goes on
        # without context, which whoever ended a stream has not got either.
        for _ in range(_MOST_FINAL_BLOCKS):
            if self._decompressor is None:
                self._decompressor = zlib.decompressobj(-self._bits)
            decompressor = self._decompressor
            try:
                piece = decompressor.decompress(rest, max_length=room + 1)
            except zlib.error as exc:
                raise RemoteProtocolError(f"a message that is not compressed right: {exc}") from exc
            room -= len(piece)
            if room < 0:
                raise LimitExceeded(
                    f"a message with more than max_message_bytes={limit} bytes in it",
                    limit_name="max_message_bytes",
                    limit=limit,
                )
            pieces.append(piece)
            if not decompressor.eof:
                break
            rest = decompressor.unused_data
            self._decompressor = None
            if not rest or rest == TAIL:
                break
        else:
            raise RemoteProtocolError(f"more than {_MOST_FINAL_BLOCKS} blocks that are the last")
        if end and not self._keeps:
            self._decompressor = None
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
