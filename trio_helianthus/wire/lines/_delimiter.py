"""Frames that end at a delimiter, which may be any bytes."""

from __future__ import annotations

from trio_helianthus.errors import LocalProtocolError

from .._frames import MAX_FRAME_BYTES, FrameBuffer, FrameProtocol

__all__ = ["DelimiterProtocol"]


class DelimiterProtocol(FrameProtocol):
    """Each frame ends where ``delimiter`` is found first.

    :param delimiter: at least one byte.
    :param unterminated: when the stream ends, take what stands behind the last delimiter, if
        anything, as a frame. Otherwise it is a frame that was cut, an error.
    :param max_frame_bytes: how long a frame may be, without its delimiter.
    :raises ValueError: the delimiter is empty.
    """

    def __init__(
        self,
        delimiter: bytes,
        *,
        unterminated: bool = False,
        max_frame_bytes: int = MAX_FRAME_BYTES,
    ) -> None:
        super().__init__(max_frame_bytes=max_frame_bytes)
        if not isinstance(delimiter, bytes):
            raise TypeError(f"the delimiter must be bytes, not {type(delimiter).__name__}")
        if not delimiter:
            raise ValueError("the delimiter must not be empty")
        self._delimiter = self._sent_delimiter = delimiter
        self._unterminated = unterminated
        self._window = max_frame_bytes + len(delimiter)  # where the delimiter has to end
        self._searched = 0  # from _at on, no delimiter begins in so many bytes

    def send(self, frame: FrameBuffer, /) -> bytes:
        self._check_sent_length(frame)
        self._check_sent(bytes(frame))
        return b"".join((frame, self._sent_delimiter))

    def send_buffers(self, frame: FrameBuffer, /) -> tuple[FrameBuffer, ...]:
        self._check_sent_length(frame)
        self._check_sent(bytes(frame))
        return frame, self._sent_delimiter

    def _check_sent(self, frame: bytes) -> None:
        delimiter = self._delimiter
        # The frame's end and the delimiter's beginning can make one as well: b"a" and b"aa".
        seam = frame[-len(delimiter) :] + delimiter
        if delimiter in frame or seam.find(delimiter) != len(seam) - len(delimiter):
            raise LocalProtocolError(f"a frame with the delimiter {delimiter!r} in it")

    def _cut(self, frames: list[bytes], most: int) -> None:
        buffer, sliceable, delimiter = self._buffer, self._sliceable(), self._delimiter
        while len(frames) < most and self._at < len(buffer):
            at = self._at
            found = buffer.find(delimiter, at + self._searched, at + self._window)
            if found < 0:
                if len(buffer) - at >= self._window:
                    self._refuse_length(f"at least {self.max_frame_bytes + 1}")
                self._searched = self._unfinished(len(buffer) - at)
                return
            self._searched = 0
            if not self._take(bytes(sliceable[at:found]), frames):
                return
            if most - len(frames) >= len(buffer) - self._at > 0:  # as many as there can be
                *pieces, rest = bytes(sliceable[self._at :]).split(delimiter)
                for piece in pieces:
                    if not self._take(piece, frames):
                        return
                self._searched = self._unfinished(len(rest))

    def _cut_end(self, frames: list[bytes]) -> None:
        if self._unterminated:
            # The rest is taken as if its ending had come, too.
            ending = self._sent_delimiter.removesuffix(self._delimiter)
            if self._take(bytes(self._sliceable()[self._at :]) + ending, frames):
                self._at = len(self._buffer)
        else:
            super()._cut_end(frames)

    def _unfinished(self, size: int) -> int:
        """How many of ``size`` bytes without a delimiter cannot be the beginning of one."""
        return max(0, size - len(self._delimiter) + 1)

    def _take(self, piece: bytes, frames: list[bytes]) -> bool:
        """Take what stands in front of a delimiter, unless it is refused."""
        frame = self._frame(piece)
        if frame is None:
            return False
        if len(frame) > self.max_frame_bytes:
            self._refuse_length(len(frame))
            return False
        frames.append(frame)
        self._at += len(piece) + len(self._delimiter)
        return True

    def _frame(self, piece: bytes) -> bytes | None:
        """Make a frame of what stands in front of a delimiter, or refuse it."""
        return piece
