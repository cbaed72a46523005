"""What protocols of whole frames share: the buffer, the end, the limit and the batch form."""

from __future__ import annotations

import copy
import sys
from abc import ABC, abstractmethod
from enum import Enum
from typing import Final, TypeAlias

from trio_helianthus.errors import LimitExceeded, LocalProtocolError, RemoteProtocolError

from ._contract import NEED_DATA, NeedData

__all__ = ["END_OF_STREAM", "MAX_FRAME_BYTES", "EndOfStream", "FrameBuffer", "FrameProtocol"]

FrameBuffer: TypeAlias = "bytes | bytearray | memoryview"
"""What can be sent as a frame; the items of a ``memoryview`` are single bytes."""

MAX_FRAME_BYTES: Final = 1024 * 1024
"""How long a frame may be, unless told otherwise."""


class EndOfStream(Enum):
    """The type of :data:`END_OF_STREAM`, for annotations."""

    END_OF_STREAM = "END_OF_STREAM"

    def __repr__(self) -> str:
        return self.name


END_OF_STREAM: Final = EndOfStream.END_OF_STREAM
"""The peer has ended its stream, and ended it between two frames."""


class FrameProtocol(ABC):
    """A wire protocol whose events are whole frames, as ``bytes``; the same for both roles.

    Keeps the contract of :class:`WireProtocol`. A frame is told when all of it is there; no frame
    means :data:`NEED_DATA`, and behind the last one comes :data:`END_OF_STREAM`. An end in the
    middle of a frame is a :exc:`~trio_helianthus.errors.RemoteProtocolError`, a frame that is too
    long a :exc:`~trio_helianthus.errors.LimitExceeded`, before the frame is there.

    What one side sends, the other can receive, if both were made alike: the limit is for both.

    :param max_frame_bytes: how long a frame may be, at least 1.
    :raises ValueError: ``max_frame_bytes`` is less than 1.
    """

    def __init__(self, *, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        if max_frame_bytes < 1:
            raise ValueError(f"max_frame_bytes must be at least 1, not {max_frame_bytes}")
        self.max_frame_bytes: Final = max_frame_bytes
        # Received bytes; those before _at are parsed. It is bytes while frames can be cut from
        # what one receive brought, and a bytearray while a long frame grows by short pieces.
        self._buffer: bytes | bytearray = b""
        self._at = 0
        self._needed = 1  # from _at on; with fewer bytes there is no frame
        self._eof = False
        self._refusal: RemoteProtocolError | None = None

    def receive_data(self, data: bytes, /) -> None:
        """Hand over bytes that came from the peer; empty ``data`` does nothing.

        :raises LocalProtocolError: after :meth:`receive_eof`.
        """
        if not data:
            return
        if self._eof:
            raise LocalProtocolError("received data behind the end of the stream")
        if not self._buffer:
            self._buffer = bytes(data)  # as it is, if it is bytes
            return
        rest = len(self._buffer) - self._at
        if rest <= len(data):
            # A rest is copied at most once for as many bytes that came, so the sum stays linear.
            self._buffer = b"".join((memoryview(self._buffer)[self._at :], data))
        elif isinstance(self._buffer, bytearray):
            del self._buffer[: self._at]
            self._buffer += data
        else:
            self._buffer = bytearray(memoryview(self._buffer)[self._at :])
            self._buffer += data
        self._at = 0

    def receive_eof(self) -> None:
        """Say that the peer has ended its stream. Saying it twice changes nothing."""
        self._eof = True

    def next_event(self) -> bytes | EndOfStream | NeedData:
        """Parse and return the next frame.

        :returns: a frame, or :data:`NEED_DATA`, or :data:`END_OF_STREAM`, again and again.
        :raises LimitExceeded: a frame is longer than ``max_frame_bytes``.
        :raises RemoteProtocolError: the peer broke the format, or ended in the middle of a frame.
        """
        frames = self._next_frames(1)
        if frames:
            return frames[0]
        if self._refusal is not None:
            raise copy.copy(self._refusal)
        return END_OF_STREAM if self._eof else NEED_DATA

    def next_frames(self) -> list[bytes]:
        """Parse and return all frames that are there: :meth:`next_event` in a batch.

        :returns: frames in their order. An empty list means that :meth:`next_event` has no frame
            either, and tells why.
        """
        return self._next_frames(sys.maxsize)

    @abstractmethod
    def send(self, frame: FrameBuffer, /) -> bytes:
        """Return the bytes that tell ``frame`` to the peer, in one piece: for small frames.

        :raises LocalProtocolError: the frame is longer than ``max_frame_bytes``, or the format
            cannot say it.
        """

    @abstractmethod
    def send_buffers(self, frame: FrameBuffer, /) -> tuple[FrameBuffer, ...]:
        """Return what :meth:`send` does, but around ``frame`` itself, for a gathered send.

        :returns: up to three buffers, of which one is ``frame``, which is not copied.
        :raises LocalProtocolError: as for :meth:`send`.
        """

    @property
    def refused(self) -> bool:
        """Whether the peer is known to have broken the format, or the limit.

        True also while frames in front of it are to be had: :meth:`next_event` raises behind them.
        """
        return self._refusal is not None

    @property
    def missing(self) -> int:
        """How many bytes have to come, at least, until there can be another frame; at least 1.

        Only a hint for how much to receive: it follows what the peer announced, up to the limit.
        """
        return max(1, self._needed - self.buffered)

    @property
    def buffered(self) -> int:
        """How many received bytes are waiting to be parsed."""
        return len(self._buffer) - self._at

    @property
    def trailing_data(self) -> tuple[bytes, bool]:
        """What was received but not parsed, and whether the stream ended behind it."""
        return bytes(memoryview(self._buffer)[self._at :]), self._eof

    @abstractmethod
    def _cut(self, frames: list[bytes], most: int) -> None:
        """Cut up to ``most`` frames from ``_buffer``, and move ``_at`` behind them.

        Called only when ``_needed`` bytes are there. Sets ``_needed`` to what the frame behind
        them takes, as far as it is known. Does not raise, but calls :meth:`_refuse`.
        """

    def _cut_end(self, frames: list[bytes]) -> None:
        """Take or refuse what stands behind the last frame when the stream has ended."""
        self._refuse(f"the stream ended in a frame, after {self.buffered} bytes of it")

    def _next_frames(self, most: int) -> list[bytes]:
        frames: list[bytes] = []
        if self._refusal is None and len(self._buffer) - self._at >= self._needed:
            self._cut(frames, most)
            if self._at == len(self._buffer):
                self._buffer, self._at = b"", 0  # an idle connection holds nothing
        if self._eof and self._refusal is None and len(frames) < most and self.buffered:
            self._cut_end(frames)
        return frames

    def _sliceable(self) -> bytes | memoryview:
        """Give the buffer in the form of which ``bytes(form[a:b])`` copies once."""
        buffer = self._buffer
        return buffer if type(buffer) is bytes else memoryview(buffer)

    def _check_sent_length(self, frame: FrameBuffer) -> None:
        if len(frame) > self.max_frame_bytes:
            raise LocalProtocolError(
                f"a frame of {len(frame)} bytes, more than "
                f"max_frame_bytes={self.max_frame_bytes} allows"
            )

    def _refuse(self, reason: str) -> None:
        self._refusal = RemoteProtocolError(reason)

    def _refuse_length(self, told: object) -> None:
        """Refuse a frame for its length.

        :param told: the length, or what is known of it, for a person to read.
        """
        self._refusal = LimitExceeded(
            f"a frame of {told} bytes, more than max_frame_bytes={self.max_frame_bytes} allows",
            limit_name="max_frame_bytes",
            limit=self.max_frame_bytes,
        )
