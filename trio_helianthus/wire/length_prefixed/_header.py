"""Frames that tell their length somewhere in a header, as most binary protocols do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_helianthus.errors import LocalProtocolError

from .._frames import MAX_FRAME_BYTES, FrameBuffer, FrameProtocol

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HeaderProtocol"]


class HeaderProtocol(FrameProtocol):
    """Each frame begins with a header of fixed size, from which the size of the rest is known.

    A frame is received and sent with its header, which may hold more than a length. PostgreSQL's
    messages, a type and then a length that counts itself::

        HeaderProtocol(5, lambda header: int.from_bytes(header[1:], "big") - 4)

    :param header_size: how many bytes the header takes, at least 1.
    :param rest_size: a function that is given the header, as the peer sent it, and returns how
        many bytes belong to the frame behind it. A :exc:`ValueError` refuses the header.
    :param max_frame_bytes: how long a frame may be, header included.
    :raises ValueError: ``header_size`` is less than 1, or leaves no room for a frame.
    """

    def __init__(
        self,
        header_size: int,
        rest_size: Callable[[bytes], int],
        *,
        max_frame_bytes: int = MAX_FRAME_BYTES,
    ) -> None:
        super().__init__(max_frame_bytes=max_frame_bytes)
        if not 1 <= header_size <= max_frame_bytes:
            raise ValueError(
                f"header_size must be between 1 and max_frame_bytes, not {header_size}"
            )
        self._header_size = self._needed = header_size
        self._rest_size = rest_size

    def send(self, frame: FrameBuffer, /) -> bytes:
        self._check_sent(frame)
        return bytes(frame)

    def send_buffers(self, frame: FrameBuffer, /) -> tuple[FrameBuffer, ...]:
        self._check_sent(frame)
        return (frame,)

    def _check_sent(self, frame: FrameBuffer) -> None:
        self._check_sent_length(frame)
        header = bytes(frame[: self._header_size])
        if len(header) < self._header_size:
            raise LocalProtocolError(f"a frame without the {self._header_size} bytes of its header")
        try:
            expected = self._header_size + self._rest_size(header)
        except ValueError as exc:
            raise LocalProtocolError(f"a header that the format does not know: {exc}") from exc
        if len(frame) != expected:
            raise LocalProtocolError(f"a frame of {len(frame)} bytes whose header says {expected}")

    def _cut(self, frames: list[bytes], most: int) -> None:
        buffer, at, header_size = self._sliceable(), self._at, self._header_size
        received, needed = len(buffer), header_size
        while len(frames) < most and at + header_size <= received:
            try:
                rest = self._rest_size(bytes(buffer[at : at + header_size]))
            except ValueError as exc:
                self._refuse(f"a header that the format does not know: {exc}")
                break
            if rest < 0:
                self._refuse(f"a header that says that {rest} bytes follow")
                break
            size = header_size + rest
            if size > self.max_frame_bytes:
                self._refuse_length(size)
                break
            if at + size > received:
                needed = size
                break
            frames.append(bytes(buffer[at : at + size]))
            at += size
        self._at, self._needed = at, needed
