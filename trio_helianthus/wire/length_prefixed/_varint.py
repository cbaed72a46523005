"""Lengths as base 128 varints (LEB128), in the form in which protobuf delimits its messages."""

from __future__ import annotations

from .._frames import MAX_FRAME_BYTES, FrameBuffer, FrameProtocol

__all__ = ["VarintProtocol"]


class VarintProtocol(FrameProtocol):
    """Each frame stands behind its length, seven bits to a byte, the lowest first.

    Protobuf's libraries call it *delimited* (``writeDelimitedTo``, ``serialize_length_prefixed``).
    The eighth bit says that another byte follows. Only the shortest form of a length is accepted:
    ``80 00`` is no 0, though protobuf's own parsers take it.

    :param max_frame_bytes: how long a frame may be.
    """

    def __init__(self, *, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        super().__init__(max_frame_bytes=max_frame_bytes)
        self._most_digits = len(encode_varint(max_frame_bytes))

    def send(self, frame: FrameBuffer, /) -> bytes:
        self._check_sent_length(frame)
        return encode_varint(len(frame)) + frame

    def send_buffers(self, frame: FrameBuffer, /) -> tuple[FrameBuffer, ...]:
        self._check_sent_length(frame)
        return encode_varint(len(frame)), frame

    def _cut(self, frames: list[bytes], most: int) -> None:
        buffer, at = self._sliceable(), self._at
        received, needed = len(buffer), 1
        while len(frames) < most and at < received:
            length, start = buffer[at], at + 1
            if length > 0x7F:
                length = self._parse_length_untrusted(buffer, at)
                if length < 0:
                    needed = received - at + 1
                    break
                start = at + (length.bit_length() + 6) // 7
            if length > self.max_frame_bytes:
                self._refuse_length(length)
                break
            end = start + length
            if end > received:
                needed = end - at
                break
            frames.append(bytes(buffer[start:end]))
            at = end
        self._at, self._needed = at, needed

    def _parse_length_untrusted(self, buffer: bytes | memoryview, at: int) -> int:
        """Read a length of several bytes.

        :returns: -1 where it is not all there, or was refused.
        """
        length = 0
        digits = buffer[at : at + self._most_digits]
        for index, byte in enumerate(digits):
            length |= (byte & 0x7F) << 7 * index
            if byte == 0:
                self._refuse(f"a length that is not in its shortest form: {bytes(digits).hex(' ')}")
                return -1
            if byte < 0x80:
                return length
        if len(digits) == self._most_digits:
            self._refuse_length(f"at least {1 << 7 * self._most_digits}")
        return -1


def encode_varint(number: int) -> bytes:
    """Write a number that is not negative, seven bits to a byte, the lowest first."""
    if number < 0x80:
        return bytes((number,))
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)
