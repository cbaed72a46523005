"""Where one part of a message ends and the next begins: cuts what was received at the joints.

An engine is fed with nothing behind the part that it is parsing, so that limits and strictness are
exact however the bytes arrive, and what follows a message, or an upgrade, is still here untouched.
"""

from __future__ import annotations

from typing import Final, Protocol

from ._events import HeaderFields
from ._face import Role
from ._limits import Limits
from ._refusals import BadMessage, MessageTooLarge
from ._strictness import CHUNK_LINE, GOOD_LINES, fault_behind_good_lines

__all__ = ["Cutter", "HeadCutter", "UntilEndCutter", "body_cutter"]

_END: Final = b"\r\n\r\n"
_LONGEST_SIZE: Final = 16  # hexadecimal digits of a chunk size


class Cutter(Protocol):
    """Cuts one kind of part from the front of a buffer."""

    def cut(self, buffer: bytearray) -> bytes | None:
        """Remove and return a piece that belongs to this part, or ``None`` if there is none yet.

        :raises BadMessage: no continuation can make this a message that we accept.
        """
        ...


def _take(buffer: bytearray, count: int) -> bytes:
    if count >= len(buffer):
        piece = bytes(buffer)
        buffer.clear()
    else:
        piece = bytes(buffer[:count])
        del buffer[:count]
    return piece


class _FieldLines:
    """Finds the empty line behind header fields, and scans no byte twice."""

    def __init__(self, limits: Limits, *, lines_around: int) -> None:
        self._limits = limits
        self._lines_around = lines_around
        self._scanned = 0

    def cut(self, buffer: bytearray) -> bytes | None:
        cap = self._limits.max_head_bytes
        good = GOOD_LINES.match(buffer, self._scanned, cap)
        self._scanned = good.end() if good else 0
        rest = bytes(buffer[self._scanned : min(self._scanned + len(_END), cap)])
        if not _END.startswith(rest):
            raise BadMessage(fault_behind_good_lines(rest))
        if rest != _END:
            if len(buffer) >= cap:
                raise self._too_long(buffer)
            return None
        piece = _take(buffer, self._scanned + len(_END))
        self._scanned = 0
        if piece.count(b"\r\n") - self._lines_around > self._limits.max_headers:
            raise MessageTooLarge(
                "too many header fields",
                status_hint=431,
                limit_name="max_headers",
                limit=self._limits.max_headers,
            )
        return piece

    def _too_long(self, buffer: bytearray) -> MessageTooLarge:
        cap = self._limits.max_head_bytes
        start_line_fits = buffer.find(b"\r\n", 0, cap) != -1
        return MessageTooLarge(
            f"header fields do not end within {cap} bytes",
            status_hint=431 if start_line_fits else 414,
            limit_name="max_head_bytes",
            limit=cap,
        )


class HeadCutter:
    """Cuts a start line with its header fields and the empty line behind them."""

    def __init__(self, role: Role, limits: Limits) -> None:
        self._is_server = role is Role.SERVER
        self._may_skip_line = self._is_server
        self._lines = _FieldLines(limits, lines_around=2)

    def cut(self, buffer: bytearray) -> bytes | None:
        if not buffer:
            return None
        if self._is_server:
            # One empty line before a request is forgiven (RFC 9112, section 2.2).
            if self._may_skip_line and buffer.startswith(b"\r\n"):
                del buffer[:2]
                self._may_skip_line = False
        elif not b"HTTP/".startswith(buffer[:5]):
            raise BadMessage("this is no HTTP response")
        piece = self._lines.cut(buffer)
        if piece is not None:
            self._may_skip_line = self._is_server
        return piece


class _LengthCutter:
    """Cuts a body of known length."""

    def __init__(self, length: int) -> None:
        self._left = length

    def cut(self, buffer: bytearray) -> bytes | None:
        piece = _take(buffer, self._left)
        self._left -= len(piece)
        return piece or None


class UntilEndCutter:
    """Cuts a body that ends with the stream."""

    def cut(self, buffer: bytearray) -> bytes | None:
        return _take(buffer, len(buffer)) or None


class _ChunkedCutter:
    """Cuts chunk lines, chunks with the line end behind them, and the trailer section."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = 0
        self._extensions = 0
        self._scanned = 0
        self._trailer: _FieldLines | None = None

    def cut(self, buffer: bytearray) -> bytes | None:
        if self._left:
            piece = _take(buffer, self._left)
            self._left -= len(piece)
            return piece or None
        if self._trailer is None:
            return self._cut_line(buffer)
        if buffer.startswith(b"\r\n"):
            return _take(buffer, 2)
        return self._trailer.cut(buffer)

    def _cut_line(self, buffer: bytearray) -> bytes | None:
        end = buffer.find(b"\n", self._scanned) + 1
        if not end:
            self._scanned = len(buffer)
            if len(buffer) > _LONGEST_SIZE + self._allowance + len(b"\r"):
                raise self._extension_too_long()
            return None
        self._scanned = 0
        line = _take(buffer, end)
        match = CHUNK_LINE.fullmatch(line)
        if match is None:
            raise BadMessage("malformed chunk size or extension")
        self._extensions += len(match["extension"])
        if self._extensions > self._limits.max_chunk_extension_bytes:
            raise self._extension_too_long()
        size = int(match["size"], 16)
        if size:
            self._left = size + len(b"\r\n")
        else:
            self._trailer = _FieldLines(self._limits, lines_around=1)
        return line

    @property
    def _allowance(self) -> int:
        return self._limits.max_chunk_extension_bytes - self._extensions

    def _extension_too_long(self) -> MessageTooLarge:
        limit = self._limits.max_chunk_extension_bytes
        return MessageTooLarge(
            f"chunk extensions of more than {limit} bytes",
            status_hint=413,
            limit_name="max_chunk_extension_bytes",
            limit=limit,
        )


def body_cutter(headers: HeaderFields, limits: Limits) -> Cutter:
    """Choose the cutter of a message that has a body (RFC 9112, section 6.3).

    :param headers: of a head that passed the engine and the strictness checks.
    """
    for name, value in headers:
        if name == b"transfer-encoding":
            return _ChunkedCutter(limits)
        if name == b"content-length":
            return _LengthCutter(int(value))
    return UntilEndCutter()
