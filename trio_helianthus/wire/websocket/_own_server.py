"""The fast engine for servers: what they receive has masks, what they send has none."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from trio_helianthus.errors import RemoteProtocolError

from ._framing import LONG, SHORT, WHOLE_BINARY, WHOLE_TEXT, encode_header, medium_header
from ._mask import apply_mask
from ._own_engine import OwnConnection

if TYPE_CHECKING:
    from ._connection import Item
    from ._mask import Buffer

__all__ = ["OwnServerConnection"]

# The first two bytes of a message in one frame, as one number.
_TEXT: Final = WHOLE_TEXT << 8 | 0x80
_BINARY: Final = WHOLE_BINARY << 8 | 0x80
_MEDIUM_TEXT: Final = _TEXT + SHORT
_MEDIUM_BINARY: Final = _BINARY + SHORT
_LONG_TEXT: Final = _MEDIUM_TEXT + 1
_LONG_BINARY: Final = _MEDIUM_BINARY + 1

_SHORT_HEADER: Final = 8  # of all but the long ones
_number_and_mask: Final = Struct("!H4s").unpack_from
_long_and_mask: Final = Struct("!Q4s").unpack_from
_TEXT_HEADERS: Final = [encode_header(WHOLE_TEXT, length) for length in range(SHORT)]
_BINARY_HEADERS: Final = [encode_header(WHOLE_BINARY, length) for length in range(SHORT)]


class OwnServerConnection(OwnConnection):
    """A server's :class:`OwnConnection`."""

    __slots__ = ()

    def next_batch(self) -> list[Item]:
        items: list[Item] = []
        try:
            at = 0 if self._clean else self._begin(items)
            buffer = self._buffer
            end = len(buffer)
            while 0 <= at < end:
                last = end - _SHORT_HEADER if self._usual else -1
                while at <= last:
                    head, mask = _number_and_mask(buffer, at)
                    if head < _MEDIUM_TEXT:
                        start = at + 6
                        stop = start + head - _TEXT
                        if not start <= stop <= end:
                            break
                        items.append(apply_mask(buffer[start:stop], mask).decode())
                    elif head == _MEDIUM_TEXT:
                        length, mask = _number_and_mask(buffer, at + 2)
                        start = at + 8
                        stop = start + length
                        if stop > end or not SHORT <= length <= self._largest:
                            break
                        items.append(apply_mask(buffer[start:stop], mask).decode())
                    elif head == _LONG_TEXT and end - at >= 14:
                        length, mask = _long_and_mask(buffer, at + 2)
                        start = at + 14
                        stop = start + length
                        if stop > end or not LONG <= length <= self._largest:
                            break
                        items.append(apply_mask(buffer[start:stop], mask).decode())
                    elif _BINARY <= head < _MEDIUM_BINARY:
                        start = at + 6
                        stop = start + head - _BINARY
                        if stop > end:
                            break
                        items.append(apply_mask(buffer[start:stop], mask))
                    elif head == _MEDIUM_BINARY:
                        length, mask = _number_and_mask(buffer, at + 2)
                        start = at + 8
                        stop = start + length
                        if stop > end or not SHORT <= length <= self._largest:
                            break
                        items.append(apply_mask(buffer[start:stop], mask))
                    elif head == _LONG_BINARY and end - at >= 14:
                        length, mask = _long_and_mask(buffer, at + 2)
                        start = at + 14
                        stop = start + length
                        if stop > end or not LONG <= length <= self._largest:
                            break
                        items.append(apply_mask(buffer[start:stop], mask))
                    else:
                        break
                    at = stop
                if at == end:
                    break
                at = self._take_frame(items, buffer, at)
                if self._incoming.inflated > self._max_message_bytes:
                    break
            if at == end and self._clean:
                self._buffer = b""  # an idle connection holds nothing
            elif at >= 0:
                self._stop(buffer, at)
        except (RemoteProtocolError, UnicodeDecodeError) as exc:
            self._refuse(exc)
        if self._eof and not self.more:
            self._note_end()
        return items

    def send_text(self, text: str, /) -> bytes:
        if not self._plain:
            return super().send_text(text)
        try:
            payload = str.encode(text)
        except (UnicodeEncodeError, TypeError):
            return super().send_text(text)  # which has the words for it
        length = len(payload)
        if length < SHORT:
            return _TEXT_HEADERS[length] + payload
        if length < LONG:
            return medium_header(WHOLE_TEXT, SHORT, length) + payload
        return encode_header(WHOLE_TEXT, length) + payload

    def send_binary(self, data: Buffer, /) -> bytes:
        if not self._plain or data.__class__ is not bytes:
            return super().send_binary(data)
        length = len(data)
        if length < SHORT:
            return _BINARY_HEADERS[length] + data
        return encode_header(WHOLE_BINARY, length) + data

    def _frame(self, first: int, payload: bytes) -> bytes:
        return encode_header(first, len(payload)) + payload
