"""Netstrings (https://cr.yp.to/proto/netstrings.txt): a length in decimal, a colon, a comma."""

from __future__ import annotations

from .._frames import MAX_FRAME_BYTES, FrameBuffer, FrameProtocol

__all__ = ["NetstringProtocol"]

_COMMA = 0x2C


class NetstringProtocol(FrameProtocol):
    """Each frame is written ``5:hello,``, and an empty one ``0:,``.

    A length has no leading zero and no sign, as the definition demands; the comma is checked.

    :param max_frame_bytes: how long a frame may be.
    """

    def __init__(self, *, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        super().__init__(max_frame_bytes=max_frame_bytes)
        self._most_digits = len(str(max_frame_bytes))

    def send(self, frame: FrameBuffer, /) -> bytes:
        return b"".join(self.send_buffers(frame))

    def send_buffers(self, frame: FrameBuffer, /) -> tuple[FrameBuffer, ...]:
        self._check_sent_length(frame)
        return b"%d:" % len(frame), frame, b","

    def _cut(self, frames: list[bytes], most: int) -> None:
        buffer, at = self._sliceable(), self._at
        received, needed = len(buffer), 1
        while len(frames) < most and at < received:
            # Looking for the colon in so few bytes again costs less than remembering it.
            head = bytes(buffer[at : at + self._most_digits + 1])
            digits, colon, _ = head.partition(b":")
            length = self._parse_length_untrusted(digits, whole=bool(colon))
            if length < 0:
                needed = received - at + 1
                break
            start = at + len(digits) + 1
            end = start + length
            if end >= received:
                needed = end - at + 1
                break
            if buffer[end] != _COMMA:
                self._refuse(f"no comma behind a netstring of {length} bytes")
                break
            frames.append(bytes(buffer[start:end]))
            at = end + 1
        self._at, self._needed = at, needed

    def _parse_length_untrusted(self, digits: bytes, *, whole: bool) -> int:
        """Read a length, or as much of it as is there.

        :param whole: the colon stands behind the digits.
        :returns: -1 where it is not all there, or was refused.
        """
        # int() would take signs, spaces and underscores as well.
        if not digits.isdigit() or (digits[:1] == b"0" and digits != b"0"):
            self._refuse(f"not the length of a netstring: {digits!r}")
        elif len(digits) > self._most_digits:
            self._refuse_length(f"at least {digits.decode()}")
        elif whole:
            length = int(digits)
            if length <= self.max_frame_bytes:
                return length
            self._refuse_length(length)
        return -1
