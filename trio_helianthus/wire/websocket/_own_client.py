"""The fast engine for clients: what they send has masks, what they receive has none."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from trio_helianthus.errors import RemoteProtocolError

from ._framing import LONG, MASKED, SHORT, WHOLE_BINARY, WHOLE_TEXT, encode_header
from ._mask import apply_mask, next_mask
from ._own_engine import OwnConnection

if TYPE_CHECKING:
    from ._connection import Item

__all__ = ["OwnClientConnection"]

# The first two bytes of a message in one frame, as one number.
_TEXT: Final = WHOLE_TEXT << 8
_BINARY: Final = WHOLE_BINARY << 8
_MEDIUM_TEXT: Final = _TEXT + SHORT
_MEDIUM_BINARY: Final = _BINARY + SHORT
_LONG_TEXT: Final = _MEDIUM_TEXT + 1
_LONG_BINARY: Final = _MEDIUM_BINARY + 1

_SHORT_HEADER: Final = 4  # of all but the long ones
_number: Final = Struct("!H").unpack_from
_long: Final = Struct("!Q").unpack_from


class OwnClientConnection(OwnConnection):
    """A client's :class:`OwnConnection`."""

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
                    (head,) = _number(buffer, at)
                    if head < _MEDIUM_TEXT:
                        start = at + 2
                        stop = start + head - _TEXT
                        if not start <= stop <= end:
                            break
                        items.append(buffer[start:stop].decode())
                    elif head == _MEDIUM_TEXT:
                        (length,) = _number(buffer, at + 2)
                        start = at + 4
                        stop = start + length
                        if stop > end or not SHORT <= length <= self._largest:
                            break
                        items.append(buffer[start:stop].decode())
                    elif head == _LONG_TEXT and end - at >= 10:
                        (length,) = _long(buffer, at + 2)
                        start = at + 10
                        stop = start + length
                        if stop > end or not LONG <= length <= self._largest:
                            break
                        items.append(buffer[start:stop].decode())
                    elif _BINARY <= head < _MEDIUM_BINARY:
                        start = at + 2
                        stop = start + head - _BINARY
                        if stop > end:
                            break
                        items.append(buffer[start:stop])
                    elif head == _MEDIUM_BINARY:
                        (length,) = _number(buffer, at + 2)
                        start = at + 4
                        stop = start + length
                        if stop > end or not SHORT <= length <= self._largest:
                            break
                        items.append(buffer[start:stop])
                    elif head == _LONG_BINARY and end - at >= 10:
                        (length,) = _long(buffer, at + 2)
                        start = at + 10
                        stop = start + length
                        if stop > end or not LONG <= length <= self._largest:
                            break
                        items.append(buffer[start:stop])
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

    def _frame(self, first: int, payload: bytes) -> bytes:
        mask = next_mask()
        return encode_header(first, len(payload), MASKED) + mask + apply_mask(payload, mask)
