"""A message that many get: encoded once, and compressed once for each setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_helianthus.errors import LocalProtocolError

from ._deflate import compress_alone
from ._framing import BINARY, COMPRESSED, FINAL, TEXT, encode_header

if TYPE_CHECKING:
    from ._mask import Buffer

__all__ = ["PreparedMessage"]


class PreparedMessage:
    """A whole message that is encoded once, for :meth:`WebSocketConnection.send_prepared`.

    :param data: text, or bytes.
    :raises LocalProtocolError: the text has half of a surrogate pair in it.
    :raises TypeError: it is neither.
    """

    __slots__ = ("_compressed", "_plain", "data", "first", "payload")

    def __init__(self, data: str | Buffer) -> None:
        if isinstance(data, str):
            self.data: str | bytes = data
            self.payload: bytes = encode_text(data)
            self.first: int = FINAL | TEXT
        else:
            self.data = self.payload = binary(data)
            self.first = FINAL | BINARY
        self._plain: bytes | None = None
        self._compressed: dict[tuple[int, int, int], bytes | None] = {}

    def __repr__(self) -> str:
        return f"<PreparedMessage of {len(self.payload)} bytes>"

    def __len__(self) -> int:
        """How many bytes it has, before compression."""
        return len(self.payload)

    def plain_frame(self) -> bytes:
        """Return the frame of a server, uncompressed."""
        if self._plain is None:
            self._plain = encode_header(self.first, len(self.payload)) + self.payload
        return self._plain

    def compressed_frame(self, setting: tuple[int, int, int]) -> bytes | None:
        """Return the frame of a server, compressed with :attr:`Deflater.setting`.

        :returns: ``None`` where that is longer than :meth:`plain_frame`.
        """
        try:
            return self._compressed[setting]
        except KeyError:
            payload = compress_alone(self.payload, setting)
            frame = None
            if len(payload) <= len(self.payload):
                frame = encode_header(self.first | COMPRESSED, len(payload)) + payload
            self._compressed[setting] = frame
            return frame


def encode_text(text: str) -> bytes:
    """Return text in UTF-8.

    :raises LocalProtocolError: there is half of a surrogate pair in it.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as exc:
        raise LocalProtocolError(f"text that UTF-8 cannot say: {exc}") from exc


def binary(data: Buffer) -> bytes:
    """Return a copy of what is bytes-like.

    :raises TypeError: it is not.
    """
    try:
        return bytes(memoryview(data))
    except TypeError:
        kind = type(data).__name__
        what = "a binary message is" if kind == "str" else "a message is a str, or"
        raise TypeError(f"{what} made of bytes, not of {kind}") from None
